import Exchange
import Hummingbird
import Ledger

/// 資格確認: https://hl7.org/fhir/R4/coverageeligibilityrequest.html, `$submit`.
///
/// One request, one answer, one entry. The answer's id is its entry's id.
extension GatewayParts {
    func submitEligibilityCheck(_ asking: Asking) async throws -> Response {
        let body = try await asking.request.body(.json, atMost: BodyLimits.checkBytesMax)
        let asked = try EligibilityQuestion(
            reading: Array(body.readableBytesView), institution: asking.caller.party)
        let rules = try ledger.rules.current().subsidy
        let visit = try RecordID(asked.visitID, item: "extension(visit)")
        let answered = try await asking.access(visit: visit, on: asked.serviceDate) { records in
            let question = try named(asked, records)
            try records.term.requireAnswer(for: question.serviceDate, at: records.now)
            let answer = answerEligibility(question, records.facts, rules)
            let id = records.entry.text
            return Answered(
                body: answer.render(
                    id: id, requestID: id, question: question, created: records.now, rules: rules),
                basis: EligibilityBasis(question, records.facts, rulesVersion: rules.version).text)
        }
        return .fhir(.ok, answered.body)
    }

    /// The question by the id that the visit was opened under, by which it is replayed. The
    /// institution may ask by any id it was ever given for the resident.
    private func named(_ asked: EligibilityQuestion, _ records: borrowing VisitRecords)
        throws(Refusal) -> EligibilityQuestion
    {
        if asked.patientID == records.patient { return asked }
        let ids = pairwise(records.person, for: asked.institution)
        guard ids.contains(asked.patientID) else { throw .patientDiffers("patient.reference") }
        return asked.about(patient: records.patient)
    }
}
