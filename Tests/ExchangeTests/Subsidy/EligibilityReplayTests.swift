import Exchange
import TestSupport
import Testing

@Suite struct EligibilityReplayTests {
    static let types: [(body: String, type: String)] = [
        (SubsidyCase.koganei, "kodomo"), (SubsidyCase.koganei, "hitorioya"),
        (SubsidyCase.koganei, "shogai"), (SubsidyCase.tokyo, "nanbyo"),
        (SubsidyCase.tokyo, "shoman"), (SubsidyCase.tokyo, "seishintsuin"),
        (SubsidyCase.hirakata, "kodomo"), (SubsidyCase.osaka, "nanbyo"),
    ]

    /// A resident with up to a dozen versions, known on days around the decision.
    static func random(_ numbers: inout Seeded) -> SubsidyCase {
        var situation = SubsidyCase()
        let kinds = ["subsidy", "subsidy-mental", "immunization"]
        situation.consents = Set(kinds.filter { _ in Int.random(in: 0..<4, using: &numbers) > 0 })
        let today = SubsidyCase.day("2026-06-15").daysSince1970
        let day = { (numbers: inout Seeded) in
            CalendarDay(daysSince1970: today + Int.random(in: -40...40, using: &numbers)).text
        }
        let known = { (numbers: inout Seeded) in
            "2026-06-\(Int.random(in: 11...19, using: &numbers))T00:00:00Z"
        }
        for version in 1...Int.random(in: 1...12, using: &numbers) {
            let (body, type) = types[Int.random(in: 0..<types.count, using: &numbers)]
            let ends = [day(&numbers), day(&numbers)].sorted()
            situation.entitlements.append(
                SubsidyCase.row(
                    version, body, type, key: "h\(Int.random(in: 0...1, using: &numbers))",
                    subKey: Bool.random(using: &numbers) ? nil : "s", from: ends[0], to: ends[1],
                    known: known(&numbers), isDeleted: Int.random(in: 0..<5, using: &numbers) == 0,
                    isUnderReview: Int.random(in: 0..<5, using: &numbers) == 0,
                    isRefundOnly: Bool.random(using: &numbers),
                    designated: Bool.random(using: &numbers) ? SubsidyCase.institution : nil))
        }
        for version in 2...Int.random(in: 2...4, using: &numbers) {
            let bodies = [SubsidyCase.koganei, SubsidyCase.hirakata, Residence.nowhere]
            situation.residences.append(
                SubsidyCase.lives(
                    in: bodies[Int.random(in: 0..<3, using: &numbers)], from: day(&numbers),
                    version: version, known: known(&numbers)))
        }
        for body in [SubsidyCase.koganei, SubsidyCase.tokyo] {
            situation.bodies.append(
                SubsidyCase.standing(body, since: day(&numbers), asOf: known(&numbers)))
        }
        return situation
    }

    @Test(arguments: Seeded.seeds(300))
    func `the order of facts never matters`(seed: UInt64) throws {
        var numbers = Seeded(seed)
        var situation = Self.random(&numbers)
        let first = try situation.bytes()
        for _ in 0..<5 {
            situation.entitlements.shuffle(using: &numbers)
            situation.residences.shuffle(using: &numbers)
            situation.bodies.shuffle(using: &numbers)
            #expect(try situation.bytes() == first)
        }
    }

    @Test(arguments: Seeded.seeds(300))
    func `what became known later never changes an answer`(seed: UInt64) throws {
        var numbers = Seeded(seed)
        let later = Self.random(&numbers)
        var then = later
        then.entitlements.removeAll { $0.knownAt > then.decidedAt }
        then.residences.removeAll { $0.knownAt > then.decidedAt }
        then.bodies.removeAll { $0.asOf.map { $0 > then.decidedAt } ?? false }
        #expect(try later.bytes() == then.bytes())
        #expect(try later.answer() == then.answer())
    }

    @Test(arguments: Seeded.seeds(300))
    func `the versions used are enough to decide again`(seed: UInt64) throws {
        var numbers = Seeded(seed)
        var situation = Self.random(&numbers)
        situation.entitlements.removeAll(where: \.isUnderReview)
        let answer = try situation.answer()
        let used = Set(answer.versionsUsed)
        // A deleted row is used by its absence: its older versions must stay away too.
        situation.entitlements.removeAll { !used.contains($0.version) }
        #expect(try situation.answer().items == answer.items)
    }

    @Test func `an answer of an earlier day does not know the correction`() throws {
        var situation = SubsidyCase()
        situation.entitlements = [
            SubsidyCase.row(1),
            SubsidyCase.row(2, to: "2026-05-31", known: "2026-06-20T00:00:00Z"),
        ]
        #expect(try situation.lines().first == "132101/kodomo entitled #1")
        situation.decidedAt = SubsidyCase.instant("2026-06-20T00:00:00Z")
        #expect(try situation.lines().contains("132101/kodomo ended 2026-05-31"))
    }

    // MARK: Order of application

    @Test func `schemes apply by law number, then prefecture, then municipality, refunds last`()
        throws
    {
        var situation = SubsidyCase()
        situation.consents = ["subsidy", "subsidy-mental"]
        let here = SubsidyCase.institution
        situation.entitlements = [
            SubsidyCase.row(1, SubsidyCase.koganei, "kodomo"),
            SubsidyCase.row(2, SubsidyCase.koganei, "shogai"),
            SubsidyCase.row(3, SubsidyCase.koganei, "hitorioya", isRefundOnly: true),
            SubsidyCase.row(4, SubsidyCase.tokyo, "nanbyo", designated: here),
            SubsidyCase.row(5, SubsidyCase.tokyo, "shoman", designated: here),
            SubsidyCase.row(6, SubsidyCase.tokyo, "seishintsuin", designated: here),
        ]
        #expect(
            try situation.lines() == [
                "130001/seishintsuin entitled #1", "130001/shoman entitled #2",
                "130001/nanbyo entitled #3", "132101/shogai entitled #4",
                "132101/kodomo entitled #5", "132101/hitorioya entitled-refund-only #6",
            ])
    }

    @Test func `each further certificate of one scheme has its own line`() throws {
        var situation = SubsidyCase()
        situation.entitlements = [
            SubsidyCase.row(1, subKey: "a"), SubsidyCase.row(2, subKey: "b"),
            SubsidyCase.row(3, subKey: "c", to: "2026-05-31"),
        ]
        let held = try situation.answer().items.filter { $0.outcome.isHeld }
        #expect(held.map(\.certificate?.version) == [1, 2])
        #expect(held.map(\.order) == [1, 2])
    }

    // MARK: Warnings

    @Test(arguments: [(71, false), (72, false), (73, true)])
    func `an answer is stale past the hours of the rules`(hours: Int, isStale: Bool) throws {
        var situation = SubsidyCase()
        let asOf = situation.decidedAt.adding(seconds: Int64(-hours * 3600))
        situation.bodies[0] = BodyStanding(
            body: SubsidyCase.koganei, connectedSince: SubsidyCase.day("2025-04-01"), asOf: asOf)
        let expected: [EligibilityWarning] =
            isStale ? [.stale(body: SubsidyCase.koganei, asOf: asOf)] : []
        #expect(try situation.answer().warnings == expected)
    }

    @Test(arguments: [
        ("2026-06-14", false), ("2026-06-15", true), ("2026-09-13", true), ("2026-09-14", false),
    ])
    func `a card that ends within ninety days is told`(last: String, isSoon: Bool) throws {
        var situation = SubsidyCase()
        situation.cardValidTo = last
        let expected: [EligibilityWarning] =
            isSoon ? [.cardExpiresSoon(on: SubsidyCase.day(last))] : []
        #expect(try situation.answer().warnings == expected)
    }

    // MARK: Bodies

    @Test(arguments: [
        ("132101", "130001"), ("272108", "270008"), ("222216", "220001"), ("232025", "230006"),
        ("011002", "010006"), ("472018", "470007"),
    ])
    func `the prefecture of a municipality is computed`(code: String, prefecture: String) {
        #expect(ResponsibleBodies(municipality: code)?.prefecture == prefecture)
        #expect(ResponsibleBodies.isPrefecture(prefecture))
        #expect(!ResponsibleBodies.isPrefecture(code))
    }

    @Test(arguments: ["000000", "13210", "13210a", ""])
    func `what names no municipality has no bodies`(code: String) {
        #expect(ResponsibleBodies(municipality: code) == nil)
    }
}
