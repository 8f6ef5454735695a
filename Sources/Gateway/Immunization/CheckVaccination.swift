import Exchange
import Hummingbird
import Ledger

/// 接種前の確認: `POST /fhir/Immunization/$check`, within a visit that is open
/// (`profiles/fhir/OperationDefinition-Immunization-check.json`). The history is what every
/// institution recorded and what the clinic adds to it; of one who did not agree, nothing is known.
extension GatewayParts {
    func checkVaccination(_ asking: Asking) async throws -> Response {
        let book = try ledger.rules.current()
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let body = try await asking.request.body(
            .json, atMost: BodyLimits.vaccinationBytesMax)
        let question = try NeedleRequest(reading: Array(body.readableBytesView), rules)
        let names = names(for: asking.caller.party)
        let (_, bytes) = try await asking.answer(as: \.self) { records in
            let visit = try records.vaccinationVisit(
                question.visitID, of: question.patientID, item: "patient", rules: book)
            guard visit.term.isOpen(at: records.now) else { throw Refusal.visitEnded }
            let facts =
                visit.isConsented
                ? try records.vaccinationFacts(of: visit.person, rules: book) : .nothing
            // Of one who did not agree nothing is saved either.
            guard visit.isConsented || question.responseIDs.isEmpty else {
                throw Refusal.recordUnknown
            }
            let saved = try question.responseIDs.map {
                try records.submittedScreening(named: $0, of: visit.person, rules, names)
            }
            var question = question
            question.responses += saved.map(\.newest.response)
            records.enter(
                visit.person, visit: visit.visit,
                basis: facts.basis(rulesVersion: book.version, responses: saved))
            return checkBeforeNeedle(
                question, of: facts.person(at: records.now, rules), today: records.now.dayInJapan,
                rules
            ).render(rulesVersion: book.version, rules)
        }
        return .fhir(.ok, bytes)
    }
}
