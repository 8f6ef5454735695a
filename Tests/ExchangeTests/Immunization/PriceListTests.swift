import Exchange
import Testing

/// 単価表: no dose ever has two prices on one day, in whatever order its rows come.
@Suite struct PriceListTests {
    private static func key(_ from: String, _ vaccine: String? = nil, _ programme: String = "mr")
        throws -> RegisteredPrice.Key
    {
        .init(service: programme, vaccine: vaccine, from: try CalendarDay(from))
    }

    private static func price(
        _ key: RegisteredPrice.Key, _ yen: Int?, to: String? = nil, version: Int = 1
    ) throws -> RegisteredPrice {
        RegisteredPrice(
            municipality: "132101", key: key, terms: try terms(yen, to: to), version: version,
            knownAt: Instant(microseconds: 0))
    }

    private static func terms(_ yen: Int?, to: String?) throws -> RegisteredPrice.Terms? {
        let to = try to.map { try CalendarDay($0) }
        return yen.map { .init(unitYen: $0, copaymentYen: 0, to: to) }
    }

    /// A row as it came: JSON of what differs from a price of MR from 2026-04-01 on.
    private static func row(_ change: [String: String?]) throws -> PriceRow {
        try #require(try read([change]).first).get()
    }

    private static func read(_ changes: [[String: String?]]) throws
        -> [Result<PriceRow, RowRefusal>]
    {
        let rows = changes.map { change in
            var items: [String: String?] = [
                "modificationSeg": #""1""#, "programme": #""mr""#, "priceFrom": #""2026-04-01""#,
                "unitYen": "11070", "copaymentYen": "70",
            ]
            for (name, value) in change { items.updateValue(value, forKey: name) }
            let members = items.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
            return "{" + members.sorted().joined(separator: ",") + "}"
        }
        let body = "[" + rows.joined(separator: ",") + "]"
        return try VaccinationCase.rules().priced.readRows(Array(body.utf8))
    }

    static let rows: [(change: [String: String?], finding: String)] = [
        (["modificationSeg": #""3""#], "modificationSeg format"),
        (["programme": #""no-such""#], "programme unknown-code"),
        (["vaccine": #""bcg""#], "vaccine unknown-code"),
        (["priceFrom": nil], "priceFrom required"),
        (["priceTo": #""2026-03-31""#], "priceTo date-order"),
        (["unitYen": nil], "unitYen required"), (["unitYen": "0"], "unitYen format"),
        (["unitYen": "200001"], "unitYen format"), (["unitYen": "10.5"], "unitYen format"),
        (["unitYen": #""11070""#], "unitYen format"),
        (["copaymentYen": "11071"], "copaymentYen format"),
        (["copaymentYen": "-1"], "copaymentYen format"),
        (["subsidyYen": "11001"], "subsidyYen contradicts"),
        (["priceTo": #""123456789018""#], "priceTo format"),
        (["ageFrom": "151"], "ageFrom format"),
        (["ageFrom": "65", "ageTo": "64"], "ageTo format"),
        (["copaymentClass": #""rich""#], "copaymentClass unknown-code"),
    ]

    @Test(arguments: rows.indices)
    func `a row that is wrong is refused by its item`(_ index: Int) throws {
        let (change, finding) = Self.rows[index]
        let refusal = #expect(throws: RowRefusal.self) { try Self.row(change) }
        let found = refusal?.findings.first { $0.severity == .error }
        #expect(found.map { "\($0.item) \($0.code.rawValue)" } == finding)
    }

    @Test func `what a price needs is what it is told by`() throws {
        let row = try Self.row(["vaccine": #""mr""#, "subsidyYen": "11000"])
        #expect(row.key == (try Self.key("2026-04-01", "mr")))
        #expect(row.terms?.subsidyYen == 11_000)
        // 任意接種の助成.
        let voluntary = try Self.row(["programme": #""voluntary-mumps""#, "vaccine": #""mumps""#])
        #expect(voluntary.key == (try Self.key("2026-04-01", "mumps", "voluntary-mumps")))
        let removed = try Self.row([
            "modificationSeg": #""2""#, "unitYen": nil, "copaymentYen": nil,
        ])
        #expect(removed.terms == nil)
    }

    /// Against one price of any MR from 2026-04-01 to 2027-03-31, version 7.
    static let changes: [(change: [String: String?], comes: PriceList.Change)] = [
        (["priceTo": #""2027-03-31""#, "unitYen": "9000"], .changed(version: 7)),
        (["priceTo": #""2027-03-31""#, "copaymentYen": "0"], .unchanged(version: 7)),
        (["modificationSeg": #""2""#], .ended(version: 7)),
        (["modificationSeg": #""2""#, "priceFrom": #""2026-04-02""#], .unchanged(version: nil)),
        (["priceFrom": #""2027-03-31""#], .contradicts),
        (["priceFrom": #""2027-04-01""#], .added),
        (["priceFrom": #""2026-03-01""#, "priceTo": #""2026-03-31""#], .added),
        (["priceFrom": #""2026-03-01""#, "priceTo": #""2026-04-01""#], .contradicts),
        (["priceFrom": #""2026-03-01""#], .contradicts),
        // 一つのワクチンの単価は、すべてのワクチンの単価と並び立たない。
        (["vaccine": #""mr""#], .contradicts),
        (["programme": #""bcg""#], .added),
        // 自己負担の区分: beside everybody's price stands that of some.
        (["copaymentClass": #""tax-exempt""#], .added),
        (["ageFrom": "65"], .added),
    ]

    @Test(arguments: changes.indices)
    func `a row is held against what stands`(_ index: Int) throws {
        let (change, comes) = Self.changes[index]
        var list = PriceList([
            try Self.price(
                Self.key("2026-04-01"), 11_070, to: "2027-03-31", version: 7)
        ])
        var row = change
        if row["copaymentYen"] == nil { row["copaymentYen"] = "0" }
        #expect(list.take([try Self.row(row)]) == [comes])
    }

    @Test func `the old price ends in the sending that brings the new one, in any order`() throws {
        let rows = try Self.read([
            ["priceFrom": #""2027-04-01""#, "unitYen": "12000"],
            ["priceTo": #""2027-03-31""#],
        ]).map { try $0.get() }
        for order in [rows, rows.reversed()] {
            var list = PriceList([
                RegisteredPrice(
                    municipality: "132101", key: try Self.key("2026-04-01"),
                    terms: .init(unitYen: 11_070, copaymentYen: 70, to: nil), version: 1,
                    knownAt: Instant(microseconds: 0))
            ])
            #expect(Set(list.take(order)) == [.added, .changed(version: 1)])
        }
        var alone = PriceList([try Self.price(Self.key("2026-04-01"), 11_070)])
        #expect(alone.take([rows[0]]) == [.contradicts])
    }

    @Test func `what was said after the moment of a file stands, and so does what was taken back`()
        throws
    {
        let key = try Self.key("2026-04-01")
        let price = try Self.price(key, 11_070, to: "2027-03-31", version: 7)
        let row = try Self.row(["unitYen": "9000", "copaymentYen": "0"])
        var list = PriceList([price], newer: [key])
        #expect(list.take([row]) == [.newerStands(version: 7)])
        let gone = try Self.row(["modificationSeg": #""2""#])
        #expect(list.take([gone]) == [.newerStands(version: 7)])
        let same = try Self.row(["priceTo": #""2027-03-31""#, "copaymentYen": "0"])
        #expect(list.take([same]) == [.unchanged(version: 7)])
        var emptied = PriceList([], newer: [key])
        #expect(emptied.take([row]) == [.newerStands(version: nil)])
    }

    @Test func `for some there is one price on a day, too`() throws {
        var list = PriceList([])
        let sent: [[String: String?]] = [
            ["ageFrom": "60", "ageTo": "64"], ["ageFrom": "65"],
            ["ageFrom": "64", "ageTo": "70", "priceFrom": #""2026-05-01""#],
            ["ageFrom": "64", "ageTo": "70", "copaymentClass": #""tax-exempt""#],
        ]
        let rows = try Self.read(sent).map { try $0.get() }
        #expect(list.take(rows) == [.added, .added, .contradicts, .added])
        #expect(
            rows.map(\.key.audience.text) == ["60-64", "65-150", "64-70", "64-70 tax-exempt"])
        for row in rows {
            #expect(try PriceAudience(row.key.audience.text) == row.key.audience)
        }
        #expect(throws: Refusal.self) { try PriceAudience("70-64") }
    }

    @Test func `one key said twice counts once`() throws {
        var list = PriceList([])
        let rows = try Self.read([[:], ["unitYen": "1000"]]).map { try $0.get() }
        #expect(list.take(rows) == [.added, .saidTwice])
    }
}
