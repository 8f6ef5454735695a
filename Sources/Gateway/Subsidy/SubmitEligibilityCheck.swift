import Exchange
import Hummingbird
import Ledger

/// 資格確認: https://hl7.org/fhir/R4/coverageeligibilityrequest.html, `$submit`.
///
/// One request, one answer, one entry. The answer's id is its entry's id.
extension GatewayParts {
    func submitEligibilityCheck(_ request: Request, _ context: GatewayContext) async throws
        -> Response
    {
        let caller = try request.caller(context)
        let body = try await request.body(.json, atMost: BodyLimits.checkBytesMax)
        let asked = try EligibilityQuestion(
            reading: Array(body.readableBytesView), institution: caller.party)
        let rules = try ledger.rules.current().subsidy
        let visit = try RecordID(asked.visitID, item: "visit")
        let answered = try await ledger.access(caller, .checkEligibility, visit: visit) { records in
            let isMeant =
                asked.patientID == records.patient
                || pairwise(records.person, for: caller.party).contains(asked.patientID)
            guard isMeant else { throw Refusal.malformed("patient.reference") }
            let question = asked.about(patient: records.patient)
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
