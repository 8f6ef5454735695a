import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 会計 as an institution sends it to the ledger.
struct SampleBill: Sendable, Hashable {
    var identifier: String
    var use = "claim"
    var status = "active"
    var cost = 30_000
    var percent = 30
    var collected: Int?
    var day: CalendarDay

    func submitted(_ visit: OpenedVisit, by caller: Caller) throws -> SubmittedBill {
        let extra =
            collected.map {
                #",{"url":"urn:tsunagi:StructureDefinition:collected","valueMoney":{"value":\#($0)}}"#
            } ?? ""
        let text = """
            {"resourceType":"Claim","extension":[\
            {"url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id.text)"},\
            {"url":"urn:tsunagi:StructureDefinition:insurance-share","valueInteger":\(percent)}\(extra)],\
            "identifier":[{"system":"urn:test","value":"\(identifier)"}],"status":"\(status)",\
            "use":"\(use)","patient":{"reference":"Patient/\(visit.patient)"},\
            "billablePeriod":{"start":"\(day.text)","end":"\(day.text)"},"created":"\(day.text)",\
            "insurance":[{"coverage":{"identifier":{"system":"urn:tsunagi:certificate-type:130001",\
            "value":"nanbyo"}}}],"total":{"value":\(cost)}}
            """
        return try SubmittedBill(reading: Array(text.utf8), institution: caller.party)
    }
}

/// What a test throws where a gateway would die.
struct Died: Error {}

extension LedgerWorld {
    static let institutions = [clinic, pharmacy, hospital]

    /// Somebody with a rare disease, their certificate and its cap, and a visit at each
    /// institution.
    func chronic(_ name: String, cap: Int) async throws -> [OpenedVisit] {
        let someone = Someone(name: name)
        try await welcome(someone)
        let row = SampleRow(
            type: "nanbyo", key: "h1", segment: "C1", recipient: "1234566", from: "2019-01-01",
            to: "2099-12-31", cap: cap,
            designated: Self.institutions.map(\.party.code).joined(separator: ";"))
        let report = try await register([row], of: someone, by: Self.tokyo, key: name)
        try #require(report.receipt.counts[.applied] == 1)
        var visits: [OpenedVisit] = []
        for caller in Self.institutions {
            visits.append(
                try await openVisit(someone, nonce: "\(name) \(caller.party.code)", by: caller))
        }
        return visits
    }

    /// `dies`: after everything was decided, before anything is committed.
    func settle(
        _ bill: SampleBill, _ visit: OpenedVisit, by caller: Caller, dies: Bool = false
    ) async throws -> BillVersion {
        let rules = try ledger.rules.current()
        let sent = try bill.submitted(visit, by: caller)
        return try await ledger.access(
            caller, .settleBill, reading: .bill(visit.id, of: caller.party)
        ) { records in
            let settled = try records.settle(sent, rules: rules) { _, _ in false }
            if dies { throw Died() }
            return settled.held.newest
        }
    }
}
