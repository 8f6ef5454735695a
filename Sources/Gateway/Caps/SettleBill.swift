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
        let visit = try RecordID(sent.visitID, item: "visit")
        return try await shown(asking, reading: .bill(visit, of: party)) { [self] records in
            try records.settle(sent, rules: rules) { id, person in
                pairwise(person, for: party).contains(id)
            }
        }
    }

    /// `GET /fhir/ClaimResponse/{id}`: a bill of this institution's own as it now is; a reservation
    /// that has lapsed says so.
    func readBill(_ asking: Asking) async throws -> Response {
        let id = try asking.context.recordID()
        return try await shown(asking) { records in
            let held = try records.ownBill(id)
            records.enter(held.person, visit: held.visit)
            return SettledBill(held: held, isQuote: false)
        }
    }

    private func shown(
        _ asking: Asking, reading first: FirstReading = .nothing,
        _ body: @escaping @Sendable (inout Records) throws -> SettledBill
    ) async throws -> Response {
        let (_, bytes) = try await asking.answer(reading: first, as: \.self) { records in
            let settled = try body(&records)
            return settled.held.newest.render(
                as: settled.held.patient, visitID: settled.held.visit.text,
                isQuote: settled.isQuote, at: records.now)
        }
        return .fhir(.ok, bytes)
    }
}
