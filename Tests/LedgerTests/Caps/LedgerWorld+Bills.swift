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
    var certificates = [SampleBill.national]
    /// 適用区分
    var limitClass: String?

    static let national = "130001 nanbyo"
    static let local = "132101 kodomo"

    private var insurance: String {
        certificates.map { name in
            let words = name.split(separator: " ")
            return
                #"{"coverage":{"identifier":{"system":"urn:tsunagi:certificate-type:\#(words[0])","#
                + #""value":"\#(words[1])"}}}"#
        }.joined(separator: ",")
    }

    func submitted(_ visit: OpenedVisit, by caller: Caller) throws -> SubmittedBill {
        let extra =
            collected.map {
                #",{"url":"urn:tsunagi:StructureDefinition:collected","valueMoney":{"value":\#($0)}}"#
            } ?? ""
        let told =
            limitClass.map {
                #",{"url":"urn:tsunagi:StructureDefinition:limit-class","valueString":"\#($0)"}"#
            } ?? ""
        let text = """
            {"resourceType":"Claim","extension":[\
            {"url":"urn:tsunagi:StructureDefinition:visit","valueString":"\(visit.id.text)"},\
            {"url":"urn:tsunagi:StructureDefinition:insurance-share",\
            "valueInteger":\(percent)}\(extra)\(told)],\
            "identifier":[{"system":"urn:test","value":"\(identifier)"}],"status":"\(status)",\
            "use":"\(use)","patient":{"reference":"Patient/\(visit.patient)"},\
            "billablePeriod":{"start":"\(day.text)","end":"\(day.text)"},"created":"\(day.text)",\
            "insurance":[\(insurance)],"total":{"value":\(cost)}}
            """
        return try SubmittedBill(reading: Array(text.utf8), institution: caller.party)
    }
}

/// What a test throws where a gateway would die.
struct Died: Error {}

extension LedgerWorld {
    static let institutions = [clinic, pharmacy, hospital]

    /// Somebody with a rare disease, their certificate and its cap, and a visit at each
    /// institution; with a cap of its own, a certificate of their town as well.
    func chronic(_ name: String, cap: Int, local: Int? = nil) async throws -> [OpenedVisit] {
        let someone = Someone(name: name)
        try await welcome(someone)
        let row = SampleRow(
            type: "nanbyo", key: "h1", segment: "C1", recipient: "1234566", from: "2019-01-01",
            to: "2099-12-31", cap: cap,
            designated: Self.institutions.map(\.party.code).joined(separator: ";"))
        let report = try await register([row], of: someone, by: Self.tokyo, key: name)
        try #require(report.receipt.counts[.applied] == 1)
        if let local {
            let row = SampleRow(from: "2019-01-01", to: "2099-12-31", cap: local)
            let report = try await register([row], of: someone, key: name + " local")
            try #require(report.receipt.counts[.applied] == 1)
        }
        var visits: [OpenedVisit] = []
        for caller in Self.institutions {
            visits.append(
                try await openVisit(someone, nonce: "\(name) \(caller.party.code)", by: caller))
        }
        return visits
    }

    /// Another gateway on the same database.
    func anotherGateway() async throws -> Ledger {
        let other = Ledger(
            .init(gateway: owner.with(user: "tsunagi_gateway"), office: nil),
            logger: TestPostgres.logger)
        try await other.prepare()
        return other
    }

    /// A bill on one certificate.
    func settle(
        _ bill: SampleBill, _ visit: OpenedVisit, by caller: Caller
    ) async throws -> BillVersion {
        try await settle(bill, visit, by: caller, through: ledger).first
    }

    /// `dies`: after everything was decided, before anything is committed.
    func settle(
        _ bill: SampleBill, _ visit: OpenedVisit, by caller: Caller, dies: Bool = false,
        through ledger: Ledger
    ) async throws -> BillLines {
        let rules = try ledger.rules.current()
        let sent = try bill.submitted(visit, by: caller)
        let settled = try await ledger.settleBill(
            caller, sent, in: visit.id, rules: rules, isPatient: { _, _ in false },
            answer: { _ in
                if dies { throw Died() }
                return []
            })
        return settled.bill.held.lines
    }
}
