import Exchange
import Hummingbird
import Ledger
import Trust

/// 自治体検診対象者情報登録 (postMunicipalCheckupRegistrationTasks): PMH's own JSON array, v1.0.0; the same
/// task and row results as the subsidy registration.
extension GatewayParts {
    func registerCheckupTargets(_ asking: Asking) async throws -> Response {
        try await registration(
            asking, field: "municipal-checkup", read: readMunicipalCheckupRows,
            apply: { records, task, rows in
                let keys = keys.ring
                let numbered = rows.map {
                    NumberedCheckupRow(numberHash: numberHash($0.number, keys), row: $0)
                }
                return try records.registerCheckupTargets(task, numbered)
            })
    }
}
