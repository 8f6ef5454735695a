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
}
