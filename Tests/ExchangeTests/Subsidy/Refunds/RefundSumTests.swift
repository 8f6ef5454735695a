import Exchange
import TestSupport
import Testing

/// 償還額の計算: receipts in, what is due back out, by the arithmetic of a counter.
@Suite struct RefundSumTests {
    static let koganei = "subsidy/local-schemes/13-koganei.json"

    /// The schemes of the town, every one of them paid back (償還払い).
    static func paidBack() throws -> RuleBook {
        try RuleBook(
            reading: Profiles.replacing(koganei, #""method": "in-kind""#, #""method": "refund""#),
            version: "test-refunds")
    }

    static func program(_ row: EntitlementVersion) throws -> SubsidyProgram {
        try #require(
            Profiles.book.subsidy.programs.first {
                $0.certificateTypeID == row.certificateTypeID && $0.isOf(row.body)
            })
    }

    static func receipt(
        day: String = "2026-06-15", cost: Int = 10_000, paid: Int = 3_000, more: String = ""
    ) -> String {
        """
        {"institution":"1319999995","day":"\(day)","cost":\(cost),"percent":30,"paid":\(paid)\(more)}
        """
    }

    static func request(
        _ row: EntitlementVersion, _ receipts: [String]
    ) throws -> RefundRequest {
        let text = """
            {"certificate":{"body":"\(row.body)","type":"\(row.certificateTypeID)"},\
            "month":"2026-06","receipts":[\(receipts.joined(separator: ","))]}
            """
        return try RefundRequest(
            reading: try #require(try JSON(reading: text).object),
            today: SubsidyCase.day("2026-06-30"))
    }

    // MARK: 償還払いの制度

    /// A cap of a visit; a percentage with caps; nothing at all.
    static let ways: [(row: EntitlementVersion, yen: Int)] = [
        (LocalLiveTests.certificate("kodomo", payer: "89132104"), 2_500),
        (
            LocalLiveTests.certificate(
                "shogai", payer: "90132101", items: #""incomeSegment":"2""#), 3_000
        ),
    ]

    @Test(arguments: ways.indices)
    func `a scheme that pays back is priced for refunds as if at a counter`(
        _ index: Int
    ) throws {
        let (row, yen) = Self.ways[index]
        let request = try Self.request(row, [Self.receipt()])
        let balance = BillAmountsTests.balance()
        for book in [Profiles.book, try Self.paidBack()] {
            let rules = try #require(book.copayment)
            let sum = RefundSum(request, row, try Self.program(row), rules, after: balance)
            #expect(sum.yen == yen)
            #expect(!sum.notes.isEmpty)
        }
    }

    @Test(arguments: ways.indices)
    func `a counter still prices no scheme that pays back`(_ index: Int) throws {
        let book = try Self.paidBack()
        #expect(throws: Refusal.localSchemeNotPriced("method")) {
            try LocalLiveTests.reckoning([Self.ways[index].row], cost: 10_000, by: book)
        }
    }

    // MARK: 入院

    /// 500 yen a day for fourteen days of a month in hospital; 500 a visit, twice a month, outside.
    static let child = ways[0].row

    static func yen(
        _ receipts: [String], after balance: CapBalance = BillAmountsTests.balance()
    ) throws -> Int? {
        let rules = try #require(Profiles.book.copayment)
        return RefundSum(
            try request(child, receipts), child, try program(child), rules, after: balance
        ).yen
    }

    static func stay(_ day: String, _ days: Int) -> String {
        receipt(
            day: day, cost: 400_000, paid: 120_000,
            more: #","setting":"inpatient","days":\#(days)"#)
    }

    @Test(arguments: [(1, 500), (5, 2_500), (14, 7_000), (15, 7_000)])
    func `a stay is asked for day by day`(days: Int, left: Int) throws {
        #expect(try Self.yen([Self.stay("2026-06-01", days)]) == 120_000 - left)
    }

    /// Two visits and five days: each by its own terms, and none counts for the other.
    @Test func `visits and stays of one application are counted apart`() throws {
        let visits = ["2026-06-01", "2026-06-02", "2026-06-03"].map { Self.receipt(day: $0) }
        let yen = try Self.yen(visits + [Self.stay("2026-06-10", 5)])
        #expect(yen == 2_500 + 2_500 + 3_000 + 117_500)
    }

    @Test func `what says nothing is one visit outside hospital`() throws {
        let plain = try Self.request(Self.child, [Self.receipt()]).receipts[0]
        #expect(!plain.isInpatient && plain.days == 1 && plain.lastDay == plain.day)
        let said = Self.receipt(more: #","setting":"outpatient","days":1"#)
        #expect(try Self.request(Self.child, [said]).receipts == [plain])
    }

    static let refused: [(more: String, refusal: Refusal)] = [
        (#","setting":"inpatient""#, .missing("receipts[0].days")),
        (#","setting":"inpatient","days":0"#, .malformed("receipts[0].days")),
        (#","setting":"inpatient","days":32"#, .malformed("receipts[0].days")),
        // From the 15th on, June has sixteen days.
        (#","setting":"inpatient","days":17"#, .malformed("receipts[0].days")),
        (#","setting":"outpatient","days":2"#, .malformed("receipts[0].days")),
        (#","days":2"#, .malformed("receipts[0].days")),
        (#","setting":"home""#, .malformed("receipts[0].setting")),
    ]

    @Test(arguments: refused.indices)
    func `a receipt that contradicts itself is refused`(_ index: Int) {
        let (more, refusal) = Self.refused[index]
        #expect(throws: refusal) {
            try Self.request(Self.child, [Self.receipt(more: more)])
        }
    }

    @Test func `a stay that is not over yet is refused`() throws {
        let text = """
            {"certificate":{"body":"132101","type":"kodomo"},"month":"2026-06",\
            "receipts":[\(Self.stay("2026-06-10", 5))]}
            """
        let body = try #require(try JSON(reading: text).object)
        #expect(throws: Refusal.serviceDateOutOfRange) {
            try RefundRequest(reading: body, today: SubsidyCase.day("2026-06-13"))
        }
        #expect(throws: Never.self) {
            try RefundRequest(reading: body, today: SubsidyCase.day("2026-06-14"))
        }
    }
}
