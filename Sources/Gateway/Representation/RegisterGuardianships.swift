import Exchange
import Hummingbird
import Ledger
import Trust

/// 保護者・後見の登録: `POST /guardianship/registration-tasks`, with the task and row results of every
/// registration. What a row takes away is over before this answers (民法834条, 834条の2).
extension GatewayParts {
    func registerGuardianships(_ asking: Asking) async throws -> Response {
        guard let rules = try asking.actingRules() else { throw Refusal.rulesUnknown }
        return try await registration(
            asking, field: "guardianship",
            read: { body throws(Refusal) in try readGuardianshipRows(body, rules) },
            apply: { records, task, rows in
                let keys = keys.ring
                let numbered = rows.map { NumberedGuardianshipRow($0) { $0.hash(keys) } }
                return try records.registerGuardianships(task, numbered)
            })
    }
}
