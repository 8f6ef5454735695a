import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 高額療養費の月の限度額 over the wire: before the cap of the certificate, over all bills of one institution's
/// month, and never over another's.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MonthLimitServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// 150,000 yen of which a fifth is asked: 30,000 yen, as much as the cap leaves. 一般 has 22,000 yen a
    /// month.
    private func bill(_ use: String = "claim", class code: String? = "一般") -> SentBill {
        var bill = SentBill(use, cost: 150_000, on: today)
        bill.percent = 20
        bill.limitClass = code
        return bill
    }

    @Test func `a month's bills at one institution share its limit, and another has its own`()
        async throws
    {
        let card = try await gateway.settleChronic(["incomeSegment": "D"]).card
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        let unsaid = try await gateway.settle(bill("predetermination", class: nil), here)
        #expect(unsaid.yen("copay") == 30_000 && unsaid.text.contains("no-limit"))
        let first = bill()
        for use in ["predetermination", "preauthorization", "claim", "claim"] {
            let told = try await gateway.settle(first.used(as: use), here)
            #expect([told.yen("due"), told.yen("copay")] == [22_000, 22_000])
            #expect(!told.text.contains("no-limit") && !told.text.contains("class-unsaid"))
        }
        let second = try await gateway.settle(bill(), here)
        #expect(second.yen("copay") == 0)
        #expect(
            second.notes("ja").contains(
                "第1公費分: この医療機関の今月の医療費300,000円で高額療養費の限度額は22,000円、残りは0円です。"))
        // A receipt of its own: what is left there is the cap's.
        let told = try await gateway.settle(bill("predetermination"), there, by: Cast.pharmacy)
        #expect([told.yen("due"), told.yen("copay")] == [22_000, 8_000])
        // A confirmed amount stays; what was voided leaves the limit to the next one.
        try await gateway.settle(first.used(as: "claim", status: "cancelled"), here).expect(200)
        #expect(try await gateway.settle(bill(), here).yen("copay") == 22_000)
    }

    /// 1,000,000 yen: as multiple months, with the limit of a specific disease, and by the disease alone.
    static let deciding: [(code: String?, longTerm: Int?, yen: Int)] = [
        ("多ウ", nil, 44_400), ("ウ", 10_000, 10_000), (nil, 20_000, 20_000),
    ]

    @Test(arguments: deciding)
    func `what decides the limit is kept with the bill`(
        _ row: (code: String?, longTerm: Int?, yen: Int)
    ) async throws {
        let cap = JSONObject([.init(name: "perMonth", value: .number("9000000"))])
        let card = try await gateway.settleChronic(["maxCopaymentAmount": .object(cap)]).card
        let visit = try await gateway.openVisit(card)
        var bill = SentBill(cost: 1_000_000, on: today)
        bill.limitClass = row.code
        bill.longTerm = row.longTerm
        let told = try await gateway.settle(bill, visit)
        #expect(told.yen("copay") == row.yen)
        #expect(try await gateway.settle(bill, visit).body == told.body)
        bill.limitClass = "ウ"
        bill.longTerm = nil
        let other = bill
        try await gateway.expect(.billChanged, of: .settleBill, from: Cast.clinic) {
            try await gateway.settle(other, visit)
        }
    }

    /// The birth date is the one that the body registered.
    @Test(arguments: [(15, 11_000), (1, 22_000)])
    func `the month of the 75th birthday has half of the limit`(day: Int, yen: Int) async throws {
        let settled = try await gateway.settle()
        var resident = settled.resident
        resident.dateOfBirth = try CalendarDay(
            year: today.year - 75, month: today.month, day: day
        ).text
        let row = resident.row(
            "nanbyo", today.adding(days: -400), today.adding(days: 300),
            [
                "incomeSegment": "D", "medicalSubsidyInsurerNumber": "54136015",
                "designatedMedicalInstitutions": .string(Cast.clinic.code),
            ])
        try await gateway.hold([row], by: Cast.prefecture)
        let visit = try await gateway.openVisit(settled.card)
        #expect(try await gateway.settle(bill(), visit).yen("copay") == yen)
    }

    /// On two certificates no row of a month is shared; the receipt is.
    @Test func `bills on several certificates at once never pass the limit of their receipt`()
        async throws
    {
        let cap = JSONObject([.init(name: "perMonth", value: .number("9000000"))])
        let card = try await gateway.settleChronic(
            ["maxCopaymentAmount": .object(cap)], local: 9_000_000
        ).card
        let visit = try await gateway.openVisit(card)
        let sent = bill()
        let told = try await withThrowingTaskGroup(of: Int.self) { group in
            for place in 0..<8 {
                group.addTask { [gateway] in
                    var bill = sent
                    bill.identifier = RecordID.random().text
                    if place % 2 == 0 { bill.certificate = SentBill.localCertificate }
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(visit)).text.utf8))
                    await client.close()
                    return answer.yen("copay") ?? -1_000_000
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(told == 22_000)
    }

    @Test func `a cap that cannot be counted is told at registration and at the counter`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        let cap = JSONObject([
            .init(name: "perMonth", value: .number("10000")),
            .init(name: "perVisit", value: .number("500")),
        ])
        let row = resident.row(
            "nanbyo", today.adding(days: -400), today.adding(days: 300),
            [
                "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
                "designatedMedicalInstitutions": .string(Cast.clinic.code),
                "maxCopaymentAmount": .object(cap),
            ])
        let taken = try await gateway.register([row], by: Cast.prefecture)
        try taken.expect(202)
        let report = try await gateway.send(
            Cast.prefecture, "GET", "/medical-subsidy/registration-tasks/\(taken.text("taskId"))")
        try report.expect(200)
        #expect(report.text.contains("cap-uncounted"))
        #expect(report.text.contains("maxCopaymentAmount.perVisit"))
        let visit = try await gateway.openVisit(card)
        let told = try await gateway.settle(SentBill("predetermination", on: today), visit)
        #expect(told.yen("copay") == 6_000 && told.text.contains("cap-uncounted"))
        #expect(told.notes("ja").contains(CaseWarning.capUncounted.text.ja))
    }
}
