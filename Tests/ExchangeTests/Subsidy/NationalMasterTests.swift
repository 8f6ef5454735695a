import Exchange
import TestSupport
import Testing

/// 地単公費マスター as it comes, in live quotes: what its columns and known codes say is priced, and what a
/// quote cannot carry is refused by the item's number. The codes are the test's own: hardly any are
/// published.
@Suite struct NationalMasterTests {
    private static let payer = "89139992"

    private static let codes = """
        {"source": "試験", "verified": "unverified", "codes": [
        {"item": "item17", "code": "1", "means": "borne"},
        {"item": "item17", "code": "0", "means": "not-borne"},
        {"item": "item31", "code": "1", "means": "in-kind"},
        {"item": "item31", "code": "2", "means": "refund"},
        {"item": "item32", "code": "2", "means": "patient-share"},
        {"item": "item46", "code": "3", "means": "fixed"},
        {"item": "item46", "code": "4", "means": "percent"},
        {"item": "item46", "code": "5", "means": "all"},
        {"item": "item53", "code": "0", "means": "none"},
        {"item": "item53", "code": "2", "means": "institution"},
        {"item": "item54", "code": "1", "means": "apart"},
        {"item": "item22_1", "code": "9", "means": "非課税"},
        {"item": "item56_1", "code": "1", "means": "10"},
        {"item": "item56_2", "code": "1", "means": "down"}]}
        """

    /// A row that asks 300 yen of each visit, at most 1,000 a month; `cells` by item.
    private static func line(_ cells: [String: String] = [:]) throws -> String {
        let layout = try FileSample.layout("national-local-schemes")
        let all = [
            "item1": "見本の助成", "item3": "13", "item4": "132101", "item8": payer, "item9": "1",
            "item10": "20260401", "item11": "99991231", "item17": "1", "item31": "1",
            "item32": "2", "item46": "3", "item47": "300", "item53": "0", "item68": "1000",
        ].merging(cells) { $1 }
        #expect(all.keys.allSatisfy { layout.column($0) != nil })
        return layout.columns.map { all[$0.item] ?? "" }.joined(separator: ",") + "\r\n"
    }

    private static func book(
        _ lines: [String], codes: String = codes, in files: [String: [UInt8]] = Profiles.files
    ) throws(RuleFault) -> RuleBook {
        var files = files
        files["subsidy/national-master/all.csv"] =
            [0xEF, 0xBB, 0xBF] + Array(lines.joined().utf8)
        files["subsidy/national-master.json"] = Array(codes.utf8)
        return try RuleBook(reading: files, version: "national")
    }

    private static func share(
        _ lines: [String], payer: String = payer, items: String = "", cost: Int = 10_000,
        in files: [String: [UInt8]] = Profiles.files
    ) throws -> Int {
        let row = LocalLiveTests.certificate("shogai", payer: payer, items: items)
        let reckoning = try LocalLiveTests.reckoning([row], cost: cost, by: book(lines, in: files))
        return try reckoning.amounts(after: [BillAmountsTests.balance()])[0].share
    }

    @Test func `a raw row prices a visit, and the rows of the rules go before it`() throws {
        #expect(try Self.share([Self.line()]) == 300)
        #expect(try Self.share([Self.line(["item68": "200"])]) == 200)
        #expect(
            try Self.share([Self.line(["item46": "4", "item47": "", "item48": "10"])]) == 1_000)
        #expect(
            try Self.share(
                [
                    Self.line([
                        "item46": "4", "item47": "", "item48": "7", "item56_1": "1",
                        "item56_2": "1",
                        "item68": "",
                    ])
                ], cost: 1_010) == 70)
        // Before it begins it is not there; what the rules hold of the law number and the town is.
        let ahead = try Self.line(["item10": "20260701"])
        #expect(try Self.share([ahead]) == 500)
        let own = Profiles.replacing(
            "subsidy/local-schemes/13-koganei.json", #""law": "89","#,
            #""law": "89", "payer": "\#(Self.payer)","#)
        #expect(try Self.share([Self.line()], in: own) == 500)
    }

    @Test func `rows of one key are told apart by the class of income alone`() throws {
        let rows = [
            try Self.line(["item22_2": "一般"]),
            try Self.line(["item22_1": "9", "item46": "5", "item47": "", "item68": "0"]),
        ]
        #expect(try Self.share(rows, items: #""incomeSegment":"1""#) == 300)
        #expect(try Self.share(rows, items: #""incomeSegment":"2""#) == 0)
        #expect(throws: Refusal.localSchemeNotPriced("conditions")) { try Self.share(rows) }
    }

    static let refused: [(cells: [String: String], item: String)] = [
        (["item46": "7"], "item46"), (["item46": ""], "item46"), (["item17": "8"], "item17"),
        (["item32": ""], "item32"), (["item31": "3"], "item31"), (["item31": "2"], "method"),
        (["item17": "0"], "outpatient"), (["item33": "1"], "item33"),
        (["item38": "3"], "item38"), (["item53": "1"], "item53"), (["item88": "54"], "item88"),
        (["item47": ""], "item47"), (["item64": "2"], "item64"), (["item66": "2"], "item66"),
        (["item63": "1001"], "item63"), (["item65": "1001"], "item65"),
        (["item69": "500"], "perMonthMultiple"), (["item69": "1001"], "item69"),
        (["item68": "", "item69": "500"], "item69"), (["item56_1": "6"], "item56_1"),
        (["item22_1": "3"], "item22_1"), (["item54": "1"], "item54"),
        (["item54": "2"], "item54"), (["item53": "2", "item68": ""], "item53"),
    ]

    @Test(arguments: refused.indices)
    func `what a quote cannot carry is refused by the item, and other rows stay`(
        _ index: Int
    ) throws {
        let (cells, item) = Self.refused[index]
        let other = try Self.line(["item8": "89139984"])
        let rows = [try Self.line(cells), other]
        #expect(throws: Refusal.localSchemeNotPriced(item)) { try Self.share(rows) }
        #expect(try Self.share(rows, payer: "89139984") == 300)
    }

    @Test func `caps on their edge are carried`() throws {
        #expect(try Self.share([Self.line(["item63": "1000", "item64": "2"])]) == 300)
        #expect(try Self.share([Self.line(["item65": "1000", "item66": "1"])]) == 300)
    }

    /// 53, 54: 1,000 yen a month at each institution.
    @Test(arguments: [("0", "", 0), ("2", "", 300), ("2", "1", 300)])
    func `a cap of each institution is carried`(code: String, apart: String, share: Int) throws {
        let book = try Self.book([Self.line(["item53": code, "item54": apart])])
        let row = LocalLiveTests.certificate("shogai", payer: Self.payer)
        let elsewhere = CapBalance(
            confirmed: CapRun(share: 1_000, collected: 1_000), cost: 0, held: CapRun(),
            visits: [CapVisit(day: 1, share: 1_000, at: CareSpot(institution: "1311111111"))])
        let reckoning = try LocalLiveTests.reckoning([row], cost: 10_000, by: book)
        #expect(try reckoning.amounts(after: [elsewhere])[0].share == share)
    }

    @Test func `without a word on its codes nothing is guessed`() throws {
        let none = #"{"source": "試験", "verified": "unverified", "codes": []}"#
        let book = try Self.book([Self.line()], codes: none)
        let row = LocalLiveTests.certificate("shogai", payer: Self.payer)
        #expect(throws: Refusal.localSchemeNotPriced("item17")) {
            try LocalLiveTests.reckoning([row], cost: 10_000, by: book)
        }
    }

    /// The master holds schemes in kind alone, and what its codes of the way are is not published.
    @Test(arguments: [("1", nil), ("7", nil), ("2", "method")] as [(String, String?)])
    func `any code of an item may mean one thing, and one that is told comes first`(
        code: String, item: String?
    ) throws {
        let codes = Self.codes.replacing(
            #""item31", "code": "1""#, with: #""item31", "code": "*""#)
        let row = LocalLiveTests.certificate("shogai", payer: Self.payer)
        let book = try Self.book([Self.line(["item31": code])], codes: codes)
        let share = {
            try LocalLiveTests.reckoning([row], cost: 10_000, by: book)
                .amounts(after: [BillAmountsTests.balance()])[0].share
        }
        if let item {
            #expect(throws: Refusal.localSchemeNotPriced(item)) { try share() }
        } else {
            #expect(try share() == 300)
        }
    }

    @Test func `what is delivered tells the one meaning that is published, and no other`() throws {
        let file = try #require(Profiles.files["subsidy/national-master.json"])
        let rows = (try JSON(reading: file).object?["codes"]?.array ?? []).compactMap(\.object)
        #expect(
            rows.map { [$0["item"]?.string, $0["code"]?.string, $0["means"]?.string] } == [
                ["item31", "*", "in-kind"]
            ])
        let row = LocalLiveTests.certificate("shogai", payer: Self.payer)
        let book = try Self.book([Self.line()], codes: String(decoding: file, as: UTF8.self))
        #expect(throws: Refusal.localSchemeNotPriced("item17")) {
            try LocalLiveTests.reckoning([row], cost: 10_000, by: book)
        }
    }

    static let faults: [(codes: String, path: String)] = [
        (#"{"item": "item99", "code": "1", "means": "x"}"#, "codes[0].item"),
        (#"{"item": "item46", "code": "1", "means": "half"}"#, "codes[0].means"),
        (
            #"{"item": "item46", "code": "1", "means": "all"},"#
                + #"{"item": "item46", "code": "1", "means": "nothing"}"#, "codes[1].code"
        ),
    ]

    @Test(arguments: faults.indices)
    func `a table of codes that contradicts itself is refused with its place`(
        _ index: Int
    ) throws {
        let (codes, path) = Self.faults[index]
        let file = #"{"source": "試験", "verified": "unverified", "codes": [\#(codes)]}"#
        let fault = #expect(throws: RuleFault.self) { try Self.book([Self.line()], codes: file) }
        #expect(fault?.path == path)
    }

    @Test func `a file that is no such master is refused with its line`() throws {
        let fault = #expect(throws: RuleFault.self) {
            try Self.book([Self.line(), "\"open\r\n"])
        }
        #expect(fault?.file == "subsidy/national-master/all.csv")
        #expect(fault?.path.hasPrefix("line ") == true)
    }
}
