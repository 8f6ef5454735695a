import Exchange
import Testing

/// 代理関係: in what whom somebody may act for, by age and ground.
@Suite struct RelationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let born: String
        let grounds: [Relation.Ground]
        let open: Set<String>

        init(_ name: String, _ born: String, _ grounds: [Relation.Ground], _ open: Set<String>) {
            testDescription = name
            self.born = born
            self.grounds = grounds
            self.open = open
        }
    }

    static let every: Set<String> = [
        "subsidy", "subsidy-mental", "immunization", "maternal", "maternal-sensitive",
    ]
    static let sensitive = delegation(["subsidy", "subsidy-mental", "maternal-sensitive"])

    static func delegation(_ codes: [String]) -> Relation.Ground {
        .delegation(Set(codes.compactMap { try? ConsentKind($0) }))
    }

    /// As of 2026-06-15.
    static let cases: [Case] = [
        Case("a mother of a baby", "2026-01-01", [.guardian("2")], every),
        Case("a mother on the last day of fourteen", "2011-06-16", [.guardian("2")], every),
        Case("a mother on the day of fifteen", "2011-06-15", [.guardian("2")], []),
        Case("a guardian of a minor of seventeen", "2008-06-16", [.guardian("4")], []),
        Case(
            "a child of fifteen who shares", "2011-06-15",
            [.guardian("1"), delegation(["immunization"])], ["immunization"]),
        Case("what a child can share with nobody", "2011-06-15", [sensitive], ["subsidy"]),
        Case("a child of fourteen can share nothing", "2011-06-16", [sensitive], []),
        Case("a father of somebody of eighteen", "2008-06-15", [.guardian("1")], []),
        Case(
            "of age, all that is shared", "2008-06-15", [sensitive],
            ["subsidy", "subsidy-mental", "maternal-sensitive"]),
        Case("a guardian of an adult", "1940-01-01", [.guardian("6")], every),
        Case(
            "a guardian of an adult, on the day of eighteen", "2008-06-15", [.guardian("6")], every),
        Case("a guardian of an adult, of somebody younger", "2008-06-17", [.guardian("6")], []),
        Case("a guardian of an adult, of a birth that nobody knows", "不明", [.guardian("6")], []),
        Case("a birth that nobody knows", "不明", [.guardian("2"), sensitive], []),
        Case("of an uncertain day the first one counts", "2011-06-00", [.guardian("2")], []),
        Case("an unknown kind of guardian", "2026-01-01", [.guardian("9")], []),
        Case("nobody", "2026-01-01", [], []),
    ]

    private static let today = SubsidyCase.day("2026-06-15")

    private static func open(_ row: Case, from: String = "2020-01-01", to: String? = nil) throws
        -> Set<String>
    {
        let rules = try #require(Profiles.book.acting)
        let relations = row.grounds.map {
            Relation(
                ground: $0, from: SubsidyCase.day(from), to: to.map { SubsidyCase.day($0) })
        }
        let represented = Represented(birth: try BirthDate(row.born), relations: relations)
        return Set(represented.openKinds(on: today, rules).map(\.code))
    }

    @Test(arguments: cases)
    func `the age decides, kind by kind`(_ row: Case) throws {
        #expect(try Self.open(row) == row.open)
    }

    @Test(arguments: cases)
    func `before its first day and after its last nothing is open`(_ row: Case) throws {
        #expect(try Self.open(row, to: "2026-06-15") == row.open)
        #expect(try Self.open(row, to: "2026-06-14").isEmpty)
        #expect(try Self.open(row, from: "2026-06-16").isEmpty)
    }

    @Test func `a guardian ends at eighteen however long a kind is a guardian's`() throws {
        let path = "access/consent-kinds.json"
        let late = Profiles.replacing(
            path, #""childDecidesFromAge": 15"#, #""childDecidesFromAge": 20"#)
        let rules = try #require(try RuleBook(reading: late, version: "v").acting)
        let mother = Relation(
            ground: .guardian("2"), from: SubsidyCase.day("2020-01-01"), to: nil)
        for (born, isOpen) in [("2008-06-16", true), ("2008-06-15", false)] {
            let kinds = Represented(birth: try BirthDate(born), relations: [mother])
                .openKinds(on: Self.today, rules)
            #expect(kinds.contains(try ConsentKind("subsidy")) == isOpen)
        }
    }

    @Test func `a purpose asks for one of its kinds, or for all of them`() throws {
        let rules = try #require(Profiles.book.acting)
        let all = Set(try Self.every.map { try ConsentKind($0) })
        let one: Set = [try ConsentKind("immunization")]
        #expect(rules.narrowed(.readOwnVaccinations, to: one) == one)
        #expect(rules.narrowed(.readOwnEntitlements, to: one) == nil)
        #expect(rules.narrowed(.readOwnVisits, to: all) == all)
        #expect(rules.narrowed(.readOwnVisits, to: all.subtracting(one)) == nil)
        for purpose in [Purpose.delegate, .beginActingSession, .readOwnRepresentatives] {
            #expect(rules.narrowed(purpose, to: all) == nil, "\(purpose)")
        }
    }
}
