import Exchange
import Hummingbird
import Ledger

/// 接種前の確認: `POST /fhir/Immunization/$check`, within a visit that is open
/// (`profiles/fhir/OperationDefinition-Immunization-check.json`).
extension GatewayParts {
    func checkVaccination(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let body = try await asking.request.body(
            .json, atMost: BodyLimits.vaccinationBytesMax)
        let request = try NeedleRequest(reading: Array(body.readableBytesView), rules)
        return .fhir(
            .ok,
            try await asking.check(
                request, rules: book, names: names(for: asking.caller.party)))
    }

    /// Throws `.rulesUnknown` where the rules in force are of a release without them.
    func immunizationRules() throws -> ImmunizationRules {
        guard let rules = try ledger.rules.current().immunization else {
            throw Refusal.rulesUnknown
        }
        return rules
    }
}
