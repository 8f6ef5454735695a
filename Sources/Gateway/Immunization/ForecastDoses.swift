import Exchange
import Hummingbird
import Ledger

/// 接種の判定と予定: HL7 Immunization Decision Support Forecast (http://hl7.org/fhir/us/immds), within a visit: every
/// dose that is held or told, judged by the law of its day, and what is due next.
extension GatewayParts {
    /// `POST /fhir/$immds-forecast`. Of one who did not agree, nothing is known.
    func forecastDoses(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        let rules = try immunizationRules()
        let party = asking.caller.party
        let body = try await asking.request.body(.json, atMost: BodyLimits.vaccinationBytesMax)
        let request = try ForecastRequest(reading: Array(body.readableBytesView), rules)
        guard let visitID = request.visitID else { throw Refusal.missing("parameter(visit)") }
        let (_, bytes) = try await asking.answer(as: \.self) { records in
            let visit = try records.vaccinationVisit(
                visitID, of: request.patientID, item: "patient", rules: book)
            guard visit.term.isOpen(at: records.now) else { throw Refusal.visitEnded }
            let facts =
                visit.isConsented
                ? try records.vaccinationFacts(
                    of: visit.person, withPregnancies: visit.tellsOfEndings(book), rules: book)
                : .nothing
            records.enter(
                visit.person, visit: visit.visit, basis: facts.basis(rulesVersion: book.version))
            return forecastVaccinations(
                request, of: facts.person(on: request.assessed, at: records.now, rules),
                references: facts.references(rules, ownedBy: party), rules
            ).render(rules)
        }
        return .fhir(.ok, bytes)
    }
}
