import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 記録の検索: a municipality finds its own entries and those of its residents, an auditor all of them; and
/// whoever was shown is on the record.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct AuditSearchTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func search(_ party: Party, _ fields: [(String, String)] = []) async throws
        -> FoundPage
    {
        try await gateway.searchLog(party, fields)
    }

    private static let key = "patient.identifier"

    private static func named(_ key: String) -> (String, String) {
        (Self.key, "urn:tsunagi:municipality-identity-key|\(key)")
    }

    /// A family that the town knows by a key, with a visit and a check behind it.
    private func known(in town: Party = Cast.town) async throws -> (key: String, card: SoftwareCard)
    {
        let (resident, card) = try await gateway.settleFamily(in: town)
        let key = "A-\(resident.index)"
        if town == Cast.town { try await gateway.invite(resident, key: key) }
        let visit = try await gateway.openVisit(card)
        try await gateway.check(visit).expect(200)
        return (key, card)
    }

    @Test func `a municipality finds what it did and what was done with its residents' data`()
        async throws
    {
        let (key, card) = try await known()
        _ = try await gateway.send(
            Cast.portal, "GET", "/fhir/Consent", headers: [gateway.session(of: card)])
        try await gateway.index()
        let found = try await search(Cast.town, [Self.named(key)])
        // Neither what the resident does nor the card feed is the municipality's to see.
        #expect(
            found.events.map(\.purpose) == [
                "register-entitlements", "register-vaccination-targets", "open-visit",
                "check-eligibility",
            ])
        #expect(Set(found.events.map(\.patient)).count == 1)
        #expect(found.next == nil)
        #expect(found.events.allSatisfy { $0.position != nil })
    }

    @Test func `another municipality knows no such resident, nor what happened elsewhere`()
        async throws
    {
        let (key, _) = try await known()
        try await gateway.expect(.recordUnknown, of: .searchAccessLog, from: Cast.otherTown) {
            try await gateway.search(
                Cast.otherTown, FoundPage.path, [Self.named(key)])
        }
        _ = try await known(in: Cast.otherTown)
        try await gateway.index()
        let theirs = try await search(Cast.otherTown, [("_count", "100")])
        #expect(!theirs.events.isEmpty)
        #expect(theirs.events.allSatisfy { $0.party != Cast.town.uri })
    }

    @Test func `who moved away in silence is not followed by the former municipality`() async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let key = "A-\(resident.index)"
        try await gateway.invite(resident, key: key)
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: gateway.clock.today)
        ])
        _ = try await gateway.openVisit(card)
        try await gateway.index()
        let found = try await search(Cast.town, [Self.named(key)])
        #expect(!found.events.contains { $0.purpose == "open-visit" })
        #expect(found.events.map(\.purpose).contains("register-entitlements"))
    }

    @Test func `pages neither skip nor repeat while entries arrive, and come to an end`()
        async throws
    {
        let (_, card) = try await known()
        try await gateway.index()
        var positions: [Int] = []
        var next: String? = FoundPage.path
        var pages = 0
        let until = try await gateway.count("select size from log.head")
        while let path = next, pages < 200 {
            let page = try await gateway.searchLog(Cast.auditor, [("_count", "7")], at: path)
            positions += page.events.compactMap(\.position)
            next = page.next
            pages += 1
            // Somebody is at work meanwhile, and each page is an entry itself.
            _ = try await gateway.openVisit(card)
            try await gateway.seal()
        }
        #expect(next == nil && pages > 2)
        let entries = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select p.position from log.position p join log.access_entry e on e.entry = p.entry
                    where p.position < $1 order by 1
                    """), [.int(until)]
            ).map { try $0.int(0) }
        }
        #expect(positions == entries)
    }

    @Test func `everybody shown is on the record, and which entries they were shown`() async throws
    {
        _ = try await known()
        _ = try await known()
        try await gateway.index()
        var page: FoundPage?
        let entries = try await gateway.entries {
            page = try await search(Cast.town, [("purpose", "open-visit"), ("_count", "100")])
        }
        let shown = try #require(page)
        let patients = Set(shown.events.compactMap(\.patient))
        #expect(patients.count >= 2 && entries.count == patients.count)
        #expect(
            entries.allSatisfy {
                $0.purpose == "search-access-log" && $0.hasPerson
                    && $0.basis?.hasPrefix("positions ") == true
            })
        let none = try await gateway.entries {
            _ = try await search(Cast.town, [("date", "le2001-01-01")])
        }
        #expect(none.map(\.hasPerson) == [false])
    }

    @Test func `whoever was asked for by name is on the record, found or not`() async throws {
        let (key, card) = try await known()
        try await gateway.index()
        let fields = [Self.named(key), ("date", "le2001-01-01")]
        let entries = try await gateway.entries {
            let found = try await search(Cast.town, fields)
            #expect(found.events.isEmpty)
        }
        #expect(entries.map(\.hasPerson) == [true])
        let list = try await gateway.send(
            Cast.portal, "GET", "/fhir/AuditEvent?_count=100",
            headers: [gateway.session(of: card)])
        #expect(list.text.contains("search-access-log"))
    }

    @Test func `an auditor sees everything but names, by ids that nobody else has`() async throws {
        let (key, _) = try await known()
        try await gateway.index()
        let town = try await search(Cast.town, [Self.named(key)])
        let visit = try #require(town.events.first { $0.purpose == "open-visit" })
        let all = try await gateway.allFound(Cast.auditor)
        let same = try #require(all.first { $0.position == visit.position })
        // Nor is the entry's id the number of the answer that the institution has.
        let position = try #require(visit.position)
        let entry = try #require(try await gateway.entries(at: [position]).first)
        #expect(Set([same.id, visit.id, entry]).count == 3)
        let again = try await search(Cast.town, [Self.named(key)])
        #expect(again.events.contains { $0.id == visit.id && $0.position == visit.position })
        #expect(same.patient != nil && same.patient != visit.patient)
        #expect(same.visit != nil && same.visit != visit.visit)
        #expect(all.contains { $0.patient == nil })
        let text = all.map(\.text).joined()
        #expect(!text.contains("見本 住民") && !text.contains("ミホン"))
        try await gateway.expect(.unknownItem(Self.key), of: nil, from: Cast.auditor) {
            try await gateway.search(Cast.auditor, FoundPage.path, [Self.named(key)])
        }
    }

    static let narrowings: [(fields: [(String, String)], holds: @Sendable (FoundEvent) -> Bool)] = [
        ([("purpose", "check-eligibility")], { $0.purpose == "check-eligibility" }),
        ([("outcome", "4")], { $0.outcome == "4" }), ([("outcome", "0")], { $0.outcome == "0" }),
        ([("address", Cast.clinic.uri)], { $0.party == Cast.clinic.uri }),
        (
            [("date", "ge\(TestClock().today.text)"), ("date", "le\(TestClock().today.text)")],
            { $0.day == TestClock().today }
        ),
    ]

    @Test(arguments: narrowings.indices) func `a search is narrowed`(_ place: Int) async throws {
        let (_, card) = try await known()
        let visit = try await gateway.openVisit(card)
        _ = try await gateway.check(visit, day: gateway.clock.today.adding(days: 400))
        try await gateway.index()
        let (fields, holds) = Self.narrowings[place]
        let found = try await search(Cast.town, fields + [("_count", "100")])
        #expect(!found.events.isEmpty && found.events.allSatisfy(holds))
    }

    @Test(arguments: ["lt\(TestClock().today.text)", "gt\(TestClock().today.text)"])
    func `what happened today is not of another day`(_ date: String) async throws {
        let (key, _) = try await known()
        try await gateway.index()
        #expect(try await !search(Cast.town, [Self.named(key)]).events.isEmpty)
        #expect(try await search(Cast.town, [Self.named(key), ("date", date)]).events.isEmpty)
    }

    static let wrong: [(String, String, Refusal)] = [
        ("date", "2026-02-30", .malformed("date")), ("date", "xx2026-02-01", .malformed("date")),
        ("purpose", "curiosity", .malformed("purpose")), ("outcome", "8", .malformed("outcome")),
        ("address", "somebody", .malformed("address")), ("_count", "101", .malformed("_count")),
        ("_count", "0", .malformed("_count")), (Self.key, "1", .malformed(Self.key)),
        ("name", "x", .unknownItem("name")), ("_cursor", "1-2", .unknownItem("_cursor")),
    ]

    @Test(arguments: wrong)
    func `what cannot be searched for is refused by name`(
        _ name: String, _ value: String, _ refusal: Refusal
    ) async throws {
        try await gateway.expect(refusal, of: nil, from: Cast.town) {
            try await gateway.search(Cast.town, FoundPage.path, [(name, value)])
        }
    }

    @Test(arguments: ["9-3", "3", "-1-3", "1-99999999999999999999"])
    func `a place in no log is refused`(_ cursor: String) async throws {
        try await gateway.expect(.malformed("_cursor"), of: nil, from: Cast.town) {
            try await gateway.search(Cast.town, "\(FoundPage.path)?_cursor=\(cursor)", [])
        }
    }

    @Test(arguments: [Cast.town, Cast.auditor])
    func `past the end of the log nothing is found`(_ party: Party) async throws {
        for place in [Int.max, Int.max - 1] {
            let found = try await gateway.searchLog(
                party, [], at: "\(FoundPage.path)?_cursor=\(place)-\(Int.max)")
            #expect(found.events.isEmpty && found.next == nil)
        }
    }

    @Test(arguments: [Cast.authority, Cast.ombudsman, Cast.statistics])
    func `nobody else searches`(_ party: Party) async throws {
        try await gateway.expect(.notYourPurpose, of: .searchAccessLog, from: party) {
            try await gateway.search(party, FoundPage.path, [])
        }
    }
}
