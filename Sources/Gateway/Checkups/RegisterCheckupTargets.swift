import Exchange
import Hummingbird
import Ledger
import Trust

/// 自治体検診対象者情報登録 (postMunicipalCheckupRegistrationTasks): PMH's own JSON array, v1.0.0; the same
/// task and row results as the subsidy registration.
extension GatewayParts {
    func registerCheckupTargets(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        let key = try request.idempotencyKey()
        return try await registration(
            request, context, for: .registerCheckupTargets, read: readMunicipalCheckupRows,
            apply: { body in
                let task = body.task(field: "municipal-checkup", key: key)
                let keys = keys.ring
                return try await ledger.access(body.caller, .registerCheckupTargets) { records in
                    let rows = body.accepted.map {
                        NumberedCheckupRow(numberHash: numberHash($0.number, keys), row: $0)
                    }
                    return try records.registerCheckupTargets(task, rows)
                }
            })
    }
}
