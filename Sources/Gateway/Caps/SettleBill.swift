import Exchange
import Hummingbird
import Ledger

/// 窓口負担: https://hl7.org/fhir/R4/claim.html `$submit`, within a visit: quote, reserve, confirm and
/// void of what a patient pays, held against one monthly cap over all institutions.
extension GatewayParts {
    /// `POST /fhir/Claim/$submit`: once for each number of the institution's own, however often it
    /// is sent.
    func settleBill(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let body = try await asking.request.body(.json, atMost: BodyLimits.checkBytesMax)
        let party = asking.caller.party
        let sent = try SubmittedBill(reading: Array(body.readableBytesView), institution: party)
        let visit = try RecordID(sent.visitID, item: "extension(visit)")
        let (_, bytes) = try await asking.settle(
            sent, in: visit, rules: rules,
            isPatient: { [self] id, person in pairwise(person, for: party).contains(id) },
            answer: \.bytes)
        return .fhir(.ok, bytes)
    }

    /// `GET /fhir/ClaimResponse/{id}`: a bill of this institution's own as it now is; a reservation
    /// that has lapsed says so.
    func readBill(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        let (_, bytes) = try await asking.answer(as: \.bytes) { records in
            let held = try records.ownBill(id)
            records.enter(held.person, visit: held.visit)
            return SettledBill(held: held, isQuote: false, at: records.now)
        }
        return .fhir(.ok, bytes)
    }
}

extension SettledBill {
    fileprivate var bytes: [UInt8] {
        held.lines.render(
            as: held.patient, visitID: held.visit.text, isQuote: isQuote, at: at)
    }
}
