import Exchange
import Hummingbird
import Ledger
import Trust

/// 妊娠届・出生の届出の登録: `POST /maternal-health/registration-tasks`, with the task and row results of every
/// registration.
extension GatewayParts {
    func registerNotifications(_ asking: Asking) async throws -> Response {
        let (book, rules) = try maternalRules()
        return try await registration(
            asking, field: "maternal-health",
            read: { bytes throws(Refusal) in try readMaternalNotificationRows(bytes, rules) },
            apply: { records, task, rows in
                let keys = keys.ring
                let numbered = rows.map {
                    NumberedNotificationRow(
                        numberHash: numberHash($0.number, keys), row: $0)
                }
                return try records.registerNotifications(task, numbered, rules: book)
            })
    }
}
