import Exchange
import Hummingbird
import Ledger

/// 資格確認: https://hl7.org/fhir/R4/coverageeligibilityrequest.html, `$submit`.
///
/// One request, one answer, one entry. The answer's id is its entry's id.
extension GatewayParts {
    func submitEligibilityCheck(_ asking: Asking) async throws -> Response {
        let body = try await asking.request.body(.json, atMost: BodyLimits.checkBytesMax)
        let question = try EligibilityQuestion(
            reading: Array(body.readableBytesView), institution: asking.caller.party)
        let rules = try ledger.rules.current().subsidy
        let visit = try RecordID(question.visitID, item: "visit")
        let answered = try await asking.access(visit: visit) { records in
            guard question.patientID == records.patient else {
                throw Refusal.malformed("patient.reference")
            }
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
}
