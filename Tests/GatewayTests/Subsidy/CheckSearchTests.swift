import Exchange
import TestSupport
import Testing
import Trust

/// 自機関への回答の検索: what an institution was told is found by visit, patient and day, by itself and by nobody
/// else, as it was told.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckSearchTests {
    static let path = "/fhir/CoverageEligibilityResponse/_search"
    static let requestPath = "/fhir/CoverageEligibilityRequest/_search"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct Asked {
        let card: SoftwareCard
        let visit: RunningGateway.Visit
        let answers: [TLSClient.Answer]

        var ids: [String] { answers.map { $0.text("id") } }
    }

    /// A resident who is entitled, and a clinic that asked so often, of today and of days before.
    private func asked(_ count: Int = 1) async throws -> Asked {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        let visit = try await gateway.openVisit(card)
        var answers: [TLSClient.Answer] = []
        for _ in 0..<count { answers.append(try await gateway.check(visit)) }
        #expect(answers.allSatisfy { $0.outcome(of: "kodomo") == "entitled" })
        return Asked(card: card, visit: visit, answers: answers)
    }

    private func search(
        _ fields: [(String, String)], by party: Party = Cast.clinic, at path: String = Self.path
    ) async throws -> TLSClient.Answer {
        try await gateway.search(party, path, fields)
    }

    private func found(
        _ fields: [(String, String)], by party: Party = Cast.clinic
    ) async throws -> [String] {
        let answer = try await search(fields, by: party)
        try answer.expect(200)
        return Self.ids(answer)
    }

    private static func ids(_ answer: TLSClient.Answer) -> [String] {
        answer.entries.compactMap { $0["id"]?.string }
    }

    private var today: String { gateway.clock.today.text }

    @Test func `what was told is found by visit, patient and day, as it was told`() async throws {
        let asked = try await asked(2)
        let later = try await gateway.openVisit(asked.card)
        let other = try await gateway.check(later)
        let all = asked.ids + [other.text("id")]
        let id = String(later.patient.dropFirst("Patient/".count))
        let searches: [(fields: [(String, String)], ids: [String])] = [
            ([("visit", asked.visit.id)], asked.ids), ([("visit", later.id)], [all[2]]),
            ([("patient", asked.visit.patient)], all), ([("patient", id)], all),
            ([("patient", id), ("visit", later.id)], [all[2]]),
            ([("patient", id), ("created", today)], all),
            ([("patient", id), ("created", "ge\(today)"), ("created", "le\(today)")], all),
            ([("patient", id), ("created", "gt\(today)")], []),
            ([("visit", later.id), ("created", "lt\(today)")], []),
        ]
        // Before any of it is sealed, and after.
        for _ in 0..<2 {
            for row in searches {
                #expect(try await found(row.fields) == row.ids, "\(row.fields)")
            }
            let page = try await search([("visit", asked.visit.id)])
            #expect(page.entries == asked.answers.map(\.json))
            try await gateway.seal()
        }
    }

    @Test func `questions are found as their answers are`() async throws {
        let asked = try await asked()
        let page = try await search([("visit", asked.visit.id)], at: Self.requestPath)
        try page.expect(200)
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/CoverageEligibilityRequest/\(asked.ids[0])")
        #expect(page.entries == [read.json])
        #expect(page.text.contains("/fhir/CoverageEligibilityRequest/\(asked.ids[0])\""))
    }

    @Test func `by day every resident's answers are found, and each resident is on the record`()
        async throws
    {
        let (one, two) = (try await asked(2), try await asked())
        let entries = try await gateway.entries {
            let page = try await search([("created", today), ("_count", "100")])
            let told = one.ids + two.ids
            #expect(Self.ids(page).filter { told.contains($0) } == told)
            let patients = page.entries.compactMap { $0["patient"]?.object?["reference"]?.string }
            gateway.expectMoreEntries(Set(patients).count - 1)
        }
        #expect(Set(entries.map(\.purpose)) == ["read-eligibility"])
        #expect(Set(entries.map(\.hasPerson)) == [true])
        let bases = entries.compactMap(\.basis)
        #expect(bases.contains(one.ids.joined(separator: " ")))
        #expect(bases.contains(two.ids[0]))
        let none = try await gateway.entries {
            let later = try await found([("created", "gt\(today)")])
            #expect(later == [])
        }
        #expect(none.map(\.purpose) == ["read-eligibility"] && none.map(\.hasPerson) == [false])
    }

    @Test func `pages follow one another while answers arrive`() async throws {
        let asked = try await asked(3)
        let fields = [("patient", asked.visit.patient), ("_count", "2")]
        let first = try await search(fields)
        #expect(Self.ids(first) == Array(asked.ids.prefix(2)))
        let next = try #require(first.next)
        #expect(!next.contains(String(asked.visit.patient.dropFirst("Patient/".count))))
        let late = try await gateway.check(asked.visit)
        let second = try await search(fields, at: next)
        #expect(Self.ids(second) == [asked.ids[2], late.text("id")])
        #expect(second.next == nil)
    }

    @Test func `another institution finds nothing of it, and its own`() async throws {
        let asked = try await asked()
        let elsewhere = try await gateway.openVisit(asked.card, at: Cast.pharmacy)
        let own = try await gateway.check(elsewhere, by: Cast.pharmacy)
        var bodies: Set<[UInt8]> = []
        let nobody = "00000000-0000-4000-8000-000000000000"
        for fields in [
            [("visit", asked.visit.id)], [("patient", asked.visit.patient)], [("visit", nobody)],
            [("patient", elsewhere.patient), ("visit", asked.visit.id)],
        ] {
            let refused = try await gateway.expect(
                .recordUnknown, of: .readEligibility, from: Cast.pharmacy
            ) { try await search(fields, by: Cast.pharmacy) }
            bodies.insert(refused.body)
        }
        #expect(bodies.count == 1)
        #expect(
            try await found([("patient", elsewhere.patient)], by: Cast.pharmacy)
                == [own.text("id")])
        #expect(
            try await found([("created", today)], by: Cast.pharmacy) == [own.text("id")])
        #expect(try await found([("visit", asked.visit.id)]) == asked.ids)
    }

    @Test func `what was taken back is as if it had not been asked`() async throws {
        let asked = try await asked()
        let token = try await gateway.session(of: asked.card)
        let kinds = JSONObject([.init(name: "consents", value: .array([.string("subsidy")]))])
        try await gateway.send(
            Cast.portal, "POST", "/visits/\(asked.visit.id)/withdraw", headers: [token],
            body: .object(kinds)
        ).expect(204)
        #expect(try await found([("visit", asked.visit.id)]) == [])
        let told = try await gateway.check(asked.visit)
        #expect(try await found([("visit", asked.visit.id)]) == [told.text("id")])
    }

    static let wrong: [(fields: [(String, String)], refusal: Refusal)] = [
        ([], .missing("created")), ([("visit", "")], .missing("created")),
        ([("visit", "1")], .malformed("visit")), ([("subject", "x")], .unknownItem("subject")),
        ([("created", "yesterday")], .malformed("created")),
        ([("created", "ne2026-04-01")], .malformed("created")),
        ([("created", "2026-04-01"), ("_count", "0")], .malformed("_count")),
        ([("patient", "x"), ("patient", "y")], .duplicateItem("patient")),
        ([("patient", "a%00")], .malformed("patient")),
        ([("patient", "123456789018")], .individualNumberNotAllowed("patient")),
    ]

    @Test(arguments: wrong.indices)
    func `a search that is wrong in itself is refused`(_ index: Int) async throws {
        let (fields, refusal) = Self.wrong[index]
        for path in [Self.path, Self.requestPath] {
            let purpose: Purpose? = refusal.isEntered ? .readEligibility : nil
            try await gateway.expect(refusal, of: purpose, from: Cast.clinic) {
                try await search(fields, at: path)
            }
        }
    }

    @Test(arguments: ["1", "-1-00000000-0000-4000-8000-000000000000", "1-x"])
    func `a cursor that nobody gave is refused`(_ cursor: String) async throws {
        try await gateway.expect(.malformed("_cursor"), of: nil, from: Cast.clinic) {
            try await search([("created", today)], at: "\(Self.path)?_cursor=\(cursor)")
        }
    }

    @Test func `a cursor of times to come says nothing`() async throws {
        let asked = try await asked()
        let cursor = "9223372036854775807-\(asked.ids[0])"
        let page = try await search(
            [("visit", asked.visit.id)], at: "\(Self.path)?_cursor=\(cursor)")
        #expect(page.status == 200 && page.entries.isEmpty)
    }
}
