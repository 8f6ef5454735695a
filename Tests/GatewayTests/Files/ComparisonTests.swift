import Exchange
import TestSupport
import Testing
import Trust

/// 下見の記録: what a file that is only compared tells of a resident beyond what its sender said itself has an
/// entry, as it has when the file is applied; and where it has none, nothing is told.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ComparisonTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private struct Told {
        let answer: TLSClient.Answer
        /// Entries that name somebody.
        let persons: [RunningGateway.EntryRow]

        /// `2 childIdentityKey not-own-resident`, of each row that has something to say.
        var findings: [String] {
            answer.results.flatMap { result in
                result.findings.map {
                    "\(result["line"]?.int ?? 0) \($0["item"]?.string ?? "") "
                        + "\($0["code"]?.string ?? "")"
                }
            }
        }
    }

    private func told(
        _ body: () async throws -> TLSClient.Answer
    ) async throws -> Told {
        var answer: TLSClient.Answer?
        let entries = try await gateway.entries { answer = try await body() }
        return Told(answer: try #require(answer), persons: entries.filter(\.hasPerson))
    }

    private func compare(
        _ bytes: [UInt8], as layout: String, by party: Party = Cast.town
    ) async throws -> Told {
        try await told {
            let sent = try await gateway.upload(bytes, as: layout, "dryRun=true", by: party)
            try sent.expect(202)
            return try await gateway.settled(sent.text("file"), as: layout, by: party)
        }
    }

    // MARK: 保護者・後見

    private func words(_ rows: [(child: String, guardian: String)]) -> [UInt8] {
        let header = "更新区分,本人の自治体別本人キー,保護者の自治体別本人キー,関係区分,開始日,終了日,親権喪失フラグ\r\n"
        let lines = rows.map { "1,\($0.child),\($0.guardian),2,2026-04-01,,0\r\n" }
        return Array((header + lines.joined()).utf8)
    }

    /// A child and who might be its guardian, under keys of the town.
    private func family() async throws -> (child: TestResident, guardian: TestResident) {
        let child = try await gateway.settle(years: 3).resident
        let guardian = try await gateway.settle(years: 40).resident
        for resident in [child, guardian] { try await gateway.invite(resident, key: key(resident)) }
        return (child, guardian)
    }

    private func key(_ resident: TestResident) -> String { "C-\(resident.index)" }

    @Test func `whoever a guardianship that is only compared tells of has an entry, and no other`()
        async throws
    {
        let (here, away, parted) = (
            try await family(), try await family(), try await family()
        )
        try await gateway.feed([
            away.child.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        // Custody that another municipality took away, of a child who lives here.
        try await gateway.registerGuardianships(
            [
                gateway.guardianship(
                    of: parted.child, by: parted.guardian, isCustodyLost: true)
            ], by: Cast.otherTown)
        let held = try await gateway.count("select count(*) from exchange.guardianship")
        let refused = [
            (key(away.child), key(away.guardian), "2 childIdentityKey not-own-resident", 1),
            (key(parted.child), key(parted.guardian), "2 isCustodyLost custody-lost", 2),
            // Of a key that is nobody's, the same words and no entry.
            ("nobody", key(here.guardian), "2 childIdentityKey not-own-resident", 0),
            (key(here.child), "nobody", "2 guardianIdentityKey not-own-resident", 0),
        ]
        for (child, guardian, finding, count) in refused {
            let file = words([(child, guardian)])
            let compared = try await compare(file, as: "guardianships")
            #expect(compared.findings == [finding])
            #expect(compared.persons.count == count, "\(finding)")
            #expect(
                compared.persons.allSatisfy {
                    $0.purpose == "register-guardianships" && $0.outcome == "ok"
                })
            // Sent in earnest it tells the same.
            let applied = try await told {
                try await gateway.take(file, as: "guardianships", field: "maternal")
            }
            #expect(applied.findings == [finding])
            #expect(applied.persons.count == count, "applied: \(finding)")
        }
        // What would be taken tells that the child lives here and that nobody took custody away.
        let file = words([(key(here.child), key(here.guardian))])
        let open = try await compare(file, as: "guardianships")
        #expect(open.answer.number("additions", in: "effect") == 1, "\(open.answer.text)")
        #expect(open.persons.count == 2)
        #expect(try await gateway.count("select count(*) from exchange.guardianship") == held)
        let taken = try await told {
            try await gateway.take(file, as: "guardianships", field: "maternal")
        }
        #expect(taken.answer.number("additions") == 1 && taken.persons.count == 2)
        let again = try await compare(file, as: "guardianships")
        #expect(again.answer.number("unchanged", in: "effect") == 1, "\(again.answer.text)")
        #expect(again.persons.count == 2)
    }

    // MARK: 受給資格

    private func cells(
        _ resident: TestResident, _ changes: [String: String] = [:]
    ) -> [String: String] {
        resident.cells(today.adding(days: -10), today.adding(days: 300), changes)
    }

    private static let another = [
        "氏名": "別人　太郎", "氏名カナ": "ベツジン　タロウ", "生年月日": "1950-01-01", "性別": "1",
    ]

    @Test func `that somebody else says otherwise of a number is told on the record`() async throws
    {
        let resident = gateway.people.next()
        let first = try await gateway.take(
            NightFile([cells(resident)]).bytes(), by: Cast.otherTown)
        try #require(first.number("additions") == 1, "\(first.text)")
        let mistaken = NightFile([cells(resident, Self.another)]).bytes()
        let compared = try await compare(mistaken, as: "entitlements")
        #expect(compared.answer.number("underReview", in: "effect") == 1)
        #expect(compared.findings == ["2 basicFiveInfo under-review"])
        #expect(compared.persons.map(\.purpose) == ["register-entitlements"])
        #expect(compared.persons.map(\.outcome) == ["ok"])
        let persons = try await gateway.count("select count(*) from exchange.person")
        // Of a number that nobody knows the file alone contradicts itself: nobody is told of, or made.
        let fresh = gateway.people.next()
        let twice = NightFile([
            cells(fresh), cells(fresh, Self.another.merging(["履歴キー": "2"]) { $1 }),
        ]).bytes()
        let contradicting = try await compare(twice, as: "entitlements")
        #expect(contradicting.answer.number("underReview", in: "effect") == 1)
        #expect(contradicting.persons.isEmpty)
        #expect(try await gateway.count("select count(*) from exchange.person") == persons)
    }

    /// What others hold of a resident under the same name changes no word of what a comparison tells.
    @Test
    func `of a resident whom others alone hold a comparison tells what it tells of a stranger`()
        async throws
    {
        let (known, stranger) = (gateway.people.next(), gateway.people.next())
        for history in ["1", "9"] {
            let held = try await gateway.take(
                NightFile([cells(known, ["履歴キー": history])]).bytes(), by: Cast.otherTown)
            try #require(held.number("additions") == 1, "\(held.text)")
        }
        let variants: [[String: String]] = [[:], ["削除フラグ": "1"], ["公費受給者番号": "R-1"]]
        for changes in variants {
            var effects: [JSONObject?] = []
            var findings: [[String]] = []
            for resident in [known, stranger] {
                let compared = try await compare(
                    NightFile([cells(resident, changes)]).bytes(), as: "entitlements")
                effects.append(compared.answer.json["effect"]?.object?.without("hash"))
                findings.append(compared.findings)
                #expect(compared.persons.isEmpty, "\(changes)")
            }
            try #require(effects[0] != nil)
            #expect(effects[0] == effects[1], "\(changes)")
            #expect(findings[0] == findings[1], "\(changes)")
        }
    }
}
