import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 適用区分の変更と資格の終わり over the wire: another class makes no refund case of what was never over a limit, and a
/// stay is billed on certificates that hold on each of its days.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ClassAndLastDayServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    // MARK: Another class

    /// A certificate whose month never ends.
    private func settleWide() async throws -> SoftwareCard {
        let cap = JSONObject([.init(name: "perMonth", value: .number("9000000"))])
        return try await gateway.settleChronic(["maxCopaymentAmount": .object(cap)]).card
    }

    /// A fifth of the cost is asked.
    private func bill(asking yen: Int, class code: String?, isLate: Bool = false) -> SentBill {
        var bill = SentBill(cost: yen * 5, on: today)
        bill.limitClass = code
        if isLate { bill.collected = yen }
        return bill
    }

    /// What was paid of the year at another counter, which tells no class and is not stopped.
    private func pay(_ yen: Int, _ card: SoftwareCard) async throws -> (
        bill: SentBill, visit: RunningGateway.Visit
    ) {
        let visit = try await gateway.openVisit(card, at: Cast.paperClinic)
        let sent = bill(asking: yen, class: nil)
        try await gateway.settle(sent, visit, by: Cast.paperClinic).expect(200)
        return (sent, visit)
    }

    /// Yen that are due back above the year's limit, case by case, and what was paid in the year.
    private func year(_ card: SoftwareCard) async throws -> (open: [Int], paid: Int?) {
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(Cast.portal, "GET", "/refunds", headers: [token])
        let open = (own.json["refunds"]?.array ?? []).compactMap(\.object).filter {
            $0["status"]?.string == "open" && $0["origin"]?.string == "over-year"
        }
        let balances = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        return (
            open.compactMap { $0["yen"]?.int }.sorted(),
            balances.json["year"]?.object?["paid"]?.int
        )
    }

    /// At 69 the limit is 290,000 yen, at 70 it may be 96,000.
    @Test func `a bill that collects nothing opens no case, whatever its class leaves`()
        async throws
    {
        let card = try await settleWide()
        let visit = try await gateway.openVisit(card)
        _ = try await pay(150_000, card)
        let other = try await gateway.settle(bill(asking: 10_000, class: "低Ⅱ"), visit)
        #expect(other.yen("copay") == 0)
        let told = try await year(card)
        #expect(told.open == [] && told.paid == 150_000)
        // Taken as it was: that much, and no yen of what others took.
        let late = bill(asking: 20_000, class: "低Ⅱ", isLate: true)
        #expect(try await gateway.settle(late, visit).yen("copay") == 20_000)
        let after = try await year(card)
        #expect(after.open == [20_000] && after.paid == 150_000)
    }

    @Test func `a case stands until a void makes room under its own limit`() async throws {
        let card = try await settleWide()
        let visit = try await gateway.openVisit(card)
        let first = try await pay(280_000, card)
        try await gateway.settle(bill(asking: 20_000, class: "オ", isLate: true), visit).expect(200)
        let told = try await year(card)
        #expect(told.open == [10_000] && told.paid == 290_000)
        // A class with more room, and one with less: neither says anything of that case.
        for code in ["ア", "低Ⅱ"] {
            let other = bill(asking: 1_000, class: code)
            try await gateway.settle(other, visit).expect(200)
            #expect(try await year(card).open == [10_000])
            let gone = other.used(as: "claim", status: "cancelled")
            try await gateway.settle(gone, visit).expect(200)
            #expect(try await year(card).open == [10_000])
        }
        try await gateway.settle(
            first.bill.used(as: "claim", status: "cancelled"), first.visit, by: Cast.paperClinic
        ).expect(200)
        let left = try await year(card)
        #expect(left.open == [] && left.paid == 20_000)
    }

    // MARK: The last day of a stay

    /// Six days of a month that is over, at 500 yen a day.
    private func stay() -> SentBill {
        let month = ServiceMonth(of: today.adding(days: -40))
        var bill = SentBill(
            cost: 400_000, on: CalendarDay(daysSince1970: Int(month.firstDay)).adding(days: 4))
        bill.lastDay = bill.day.adding(days: 5)
        bill.certificate = SentBill.localCertificate
        return bill
    }

    /// A child of the town, on certificates of these days.
    private func settleChild(_ periods: [(CalendarDay, CalendarDay)]) async throws -> SoftwareCard {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold(
            periods.enumerated().map { place, period in
                resident.row(
                    "kodomo", period.0, period.1, historyKey: String(place + 1),
                    ["medicalSubsidyInsurerNumber": "89132104"])
            })
        return card
    }

    @Test(arguments: [0, 1])
    func `a stay is billed whole where its certificate holds on the last day`(days: Int)
        async throws
    {
        let stay = stay()
        let last = try #require(stay.lastDay)
        let card = try await settleChild([(today.adding(days: -400), last.adding(days: days))])
        let visit = try await gateway.openVisit(card, kind: "inpatient")
        #expect(try await gateway.settle(stay, visit).yen("copay") == 3_000)
    }

    @Test func `a stay on a certificate that ended before its last day is billed up to then`()
        async throws
    {
        let stay = stay()
        let last = try #require(stay.lastDay)
        let end = last.adding(days: -1)
        let card = try await settleChild([(today.adding(days: -400), end)])
        let visit = try await gateway.openVisit(card, kind: "inpatient")
        for use in ["predetermination", "preauthorization", "claim"] {
            try await gateway.expect(.certificateNotHeld, of: .settleBill, from: Cast.clinic) {
                try await gateway.settle(stay.used(as: use), visit)
            }
        }
        var part = stay
        part.lastDay = end
        #expect(try await gateway.settle(part, visit).yen("copay") == 2_500)
    }

    /// Days in the middle under a row of their own, or under one for refund alone.
    @Test(arguments: [true, false])
    func `a stay is billed around the days in the middle that its certificate leaves out`(
        isReplaced: Bool
    ) async throws {
        let stay = stay()
        let (from, to) = (stay.day.adding(days: 2), stay.day.adding(days: 3))
        let (resident, card) = try await gateway.settle()
        let payer: [String: JSON?] = ["medicalSubsidyInsurerNumber": "89132104"]
        try await gateway.hold([
            resident.row(
                "kodomo", today.adding(days: -400), today.adding(days: 300), historyKey: "1", payer)
        ])
        let refundOnly: [String: JSON?] = isReplaced ? [:] : ["isAlwaysReimbursement": "1"]
        // The later registration speaks of its days; on the first and the last one the other does.
        try await gateway.hold([
            resident.row(
                "kodomo", from, to, historyKey: "2", payer.merging(refundOnly) { $1 })
        ])
        let visit = try await gateway.openVisit(card, kind: "inpatient")
        for use in ["predetermination", "preauthorization", "claim"] {
            try await gateway.expect(.certificateNotHeld, of: .settleBill, from: Cast.clinic) {
                try await gateway.settle(stay.used(as: use), visit)
            }
        }
        var before = stay
        before.identifier = RecordID.random().text
        before.lastDay = from.adding(days: -1)
        #expect(try await gateway.settle(before, visit).yen("copay") == 1_000)
        var after = stay
        after.identifier = RecordID.random().text
        after.day = to.adding(days: 1)
        #expect(try await gateway.settle(after, visit).yen("copay") == 1_000)
    }

    @Test func `a certificate that was renewed during a stay makes two bills of it`() async throws {
        let stay = stay()
        let last = try #require(stay.lastDay)
        let card = try await settleChild([
            (today.adding(days: -400), last.adding(days: -1)), (last, today.adding(days: 300)),
        ])
        let visit = try await gateway.openVisit(card, kind: "inpatient")
        try await gateway.expect(.certificateNotHeld, of: .settleBill, from: Cast.clinic) {
            try await gateway.settle(stay, visit)
        }
        var (first, second) = (stay, stay)
        first.lastDay = last.adding(days: -1)
        second.identifier = RecordID.random().text
        second.day = last
        #expect(try await gateway.settle(first, visit).yen("copay") == 2_500)
        #expect(try await gateway.settle(second, visit).yen("copay") == 500)
    }
}
