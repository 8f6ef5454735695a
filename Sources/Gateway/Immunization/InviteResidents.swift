import Exchange
import Hummingbird
import Ledger
import Trust

/// 予防接種の案内: whom a municipality invites.
extension GatewayParts {
    /// `POST /immunization/registration-tasks`: each row invites a resident to a schedule, who finds a
    /// notice; the same task and row results as the other registrations.
    func registerVaccinationTargets(_ asking: Asking) async throws -> Response {
        let rules = try immunizationRules()
        let town = asking.caller.party.code
        return try await registration(
            asking, field: "immunization",
            read: { body throws(Refusal) in
                try readVaccinationTargetRows(body, rules, in: town)
            },
            apply: { records, task, rows in
                let keys = keys.ring
                let numbered = rows.map {
                    NumberedTargetRow(numberHash: numberHash($0.number, keys), row: $0)
                }
                return try records.registerVaccinationTargets(task, numbered)
            })
    }
}
