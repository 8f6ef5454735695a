import Exchange
import Testing

@Suite struct LayoutTests {
    static let path = "layouts/entitlements.json"

    @Test func `every layout loads, and stands from its first day on`() throws {
        let layouts = Profiles.book.layouts
        let codes = layouts.all.map(\.code)
        #expect(
            Set(codes)
                == [
                    "entitlements", "entitlements-full", "scheme-masters", "residence-moves",
                    "immunization-seasons", "past-doses",
                    "vaccination-targets", "vaccination-prices", "checkup-tickets",
                    "checkup-targets", "checkup-results", "sensitive-checkup-results",
                    "checkup-prices",
                    "guardianships",
                    "card-bindings",
                    "national-local-schemes", "payment-lists",
                ])
        #expect(try layouts.layout("entitlements", on: CalendarDay("2026-03-31")) == nil)
        #expect(try FileSample.layout("entitlements").endsWhatIsMissing(isMending: false) == false)
        #expect(try FileSample.layout("entitlements-full").endsWhatIsMissing(isMending: false))
        #expect(layouts.all.allSatisfy { !$0.source.text.isEmpty })
        let confidential = layouts.all.filter(\.isConfidential)
        #expect(confidential.map(\.code) == ["sensitive-checkup-results"])
        // Files of one field wait for each other: the open ones are never told of the others.
        let field = try FileSample.layout("sensitive-checkup-results").field
        #expect(layouts.all.filter { $0.field == field } == confidential)
    }

    @Test func `the national master has the published columns in their order`() throws {
        let layout = try FileSample.layout("national-local-schemes")
        let published = try Vectors.rows("scheme-master-columns")
        #expect(layout.columns.count == 94 && layout.header == .none && !layout.isKeyUnique)
        for (column, item) in zip(layout.columns, published) {
            #expect(column.item == "item" + (try item.requiredString("item")))
            #expect(column.name.hasPrefix(try item.requiredString("name")))
        }
    }

    @Test func `a file without header is read by position, and mended too`() throws {
        var cells = [String](repeating: "", count: 94)
        cells[0] = "架空市子ども医療"
        cells[2] = "13"
        cells[7] = "88130017"
        cells[9] = "20260401"
        cells[10] = "99991231"
        let good = cells.joined(separator: ",")
        cells[9] = "20260231"
        let text = "\u{FEFF}\(good)\r\n\(good)\r\n\(cells.joined(separator: ","))\r\n"
        let outcome = try FileSample.check(text, "national-local-schemes")
        #expect(outcome.rows.map(\.isRefused) == [false, false, true])
        #expect(try outcome.rows[0].day("item11") == CalendarDay("9999-12-31"))
        let errors = ErrorFileTests.errors(of: outcome)
        let mended = try FileSample.check(
            errors.replacing("'20260231", with: "20260401").replacing("20260231", with: "20260401"),
            "national-local-schemes")
        #expect(mended.isMending && mended.counts.accepted == 1 && mended.rows[0].origin?.line == 3)
    }

    @Test func `a card feed file is read by the rules of the feed`() throws {
        let text = """
            通番,種別,個人番号,発行者,証明書の番号,有効期間開始,有効期間終了,前の発行者,前の証明書の番号,市区町村コード,異動日
            1,residence,123456789018,,,,,,,131041,2026-04-01
            2,bind,,,,,,,,,
            3,revoke,,MAA=,0a,,,,,,
            """
        let outcome = try FileSample.check(text, "card-bindings")
        #expect(outcome.rows.map(\.isRefused) == [false, true, false])
        #expect(
            outcome.rows[1].findings.map(\.item) == [
                "myNumber", "issuer", "serial", "validFrom", "validTo",
            ])
    }

    @Test(arguments: [
        ("checkup-results", CheckupCompartment.open), ("sensitive-checkup-results", .sensitive),
    ])
    func `a file of mass checkups holds every item of its compartment as the rules have it`(
        code: String, compartment: CheckupCompartment
    ) throws {
        let layout = try FileSample.layout(code)
        let rules = try #require(Profiles.book.maternal)
        let checkup = try #require(layout.column("checkup"))
        guard case .code(let checkups) = layout.columns[checkup].type else {
            Issue.record("checkups are no codes")
            return
        }
        let day = try CalendarDay("2026-04-01")
        var expected: Set<String> = []
        for code in checkups.map(\.code) {
            let pregnancy = rules.pregnancy
            let items: [String]? =
                code == pregnancy.checkup
                ? pregnancy.items.map(\.code) + pregnancy.tests.flatMap(\.items)
                : rules.checkup(code, on: day)?.items.map(\.code)
            let named = try #require(items)
            expected.formUnion(
                named.filter { rules.items.isSensitive($0) == (compartment == .sensitive) })
        }
        #expect(expected == Set(layout.columns.map(\.item).filter { rules.items[$0] != nil }))
        for column in layout.columns {
            guard let item = rules.items[column.item] else { continue }
            #expect(column.name == item.name.ja)
            let isSame =
                switch (item.kind, column.type) {
                case (.quantity(let quantity), .decimal(let range)): quantity.range == range
                case (.choice(let choices), .code(let codes)):
                    choices.map(\.code) == codes.map(\.code)
                        && choices.map(\.name) == codes.map(\.name)
                case (.day, .day): true
                case (.text(let most), .text(let charactersMax, mayHoldLines: false)):
                    most == charactersMax
                default: false
                }
            #expect(isSame, "\(column.item)")
        }
    }

    static let faults: [(old: String, new: String, path: String)] = [
        ("\"type\": \"payer-number\"", "\"type\": \"payer\"", "columns[8].type"),
        ("\"name\": \"氏名カナ\"", "\"name\": \"氏名\"", "columns[3].name"),
        ("\"item\": \"segment\"", "\"item\": \"incomeSegment\"", "columns[13].item"),
        ("\"extent\": \"difference\"", "\"extent\": \"all\"", "extent"),
        ("\"header\": \"names-in-any-order\"", "\"header\": \"yes\"", "header"),
        ("\"cp932\"", "\"sjis\"", "encodings"), ("\"iso\"", "\"us\"", "dayForms"),
        ("\"verified\": \"unverified\"", "\"verified\": \"yes\"", "verified"),
        ("\"from\": \"validFrom\"", "\"from\": \"segment\"", "periods[0].from"),
        (
            "\"changedPercentMax\": 20", "\"changedPercentMax\": 200",
            "confirmation.changedPercentMax"
        ),
        ("\"unique\": true", "\"unique\": 1", "key.unique"),
        ("\"wished\"", "\"maybe\"", "columns[3].required"),
        ("\"width\": \"half\"", "\"width\": \"narrow\"", "columns[0].width"),
        ("\"effectiveFrom\": \"2026-04-01\"", "\"effectiveFrom\": \"2026-04-31\"", "effectiveFrom"),
        ("\"code\": \"entitlements\"", "\"code\": \"entitlements-full\"", "effectiveFrom"),
    ]

    @Test(arguments: faults)
    func `a wrong layout is refused with its file and place`(
        old: String, new: String, path: String
    ) throws {
        let fault = #expect(throws: RuleFault.self) {
            try Layouts(reading: Profiles.replacing(Self.path, old, new))
        }
        #expect(fault?.path == path)
        #expect(fault?.file.hasPrefix("layouts/entitlements") == true)
    }
}
