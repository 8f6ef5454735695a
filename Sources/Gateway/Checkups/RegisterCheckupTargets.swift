import Exchange
import Hummingbird
import Ledger

/// 自治体検診対象者情報登録 (postMunicipalCheckupRegistrationTasks): PMH's own JSON array, v1.0.0; the same task and row
/// results as the subsidy registration.
extension GatewayParts {
    func registerCheckupTargets(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        let body = try await registration(
            request, context, for: .registerCheckupTargets, read: readMunicipalCheckupRows)
        let rows = body.accepted.map {
            NumberedCheckupRow(numberHash: numberHash($0.number), row: $0)
        }
        let task = try body.task(field: "municipal-checkup", key: request.idempotencyKey())
        let receipt = try await ledger.access(body.caller, .registerCheckupTargets) { records in
            try records.registerCheckupTargets(task, rows)
        }
        return .json(.accepted, receipt.json)
    }
}
