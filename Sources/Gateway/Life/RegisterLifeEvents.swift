import Exchange
import Hummingbird
import Ledger
import Trust

/// 住民異動の登録: `POST /life-events/registration-tasks`, with the task and row results of every registration.
/// Homes, death and the ends of entitlements follow in the same commit (住民基本台帳法22条〜24条). Whose record it is,
/// one officer alone does not say.
extension GatewayParts {
    func registerLifeEvents(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let agreement = try ledger.rules.mergeAgreement(by: asking.officer)
        return try await registration(
            asking, field: "life-event", read: readLifeEventRows,
            apply: { records, task, rows in
                let keys = keys.ring
                let numbered = rows.map { row in
                    NumberedLifeEvent(
                        row, number: row.number.map { $0.hash(keys) },
                        merged: row.merged?.number.map { $0.hash(keys) })
                }
                return try records.registerLifeEvents(task, numbered, agreement, rules: rules)
            })
    }
}
