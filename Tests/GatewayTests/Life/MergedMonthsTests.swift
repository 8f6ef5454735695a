import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 統合した人の月: what two records hold of a month is counted as one person's: the cap that was decided last, what
/// was passed on, stays, meals, visits, receipts and the months that open an application.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedMonthsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func own(_ card: SoftwareCard, _ path: String) async throws -> JSONObject {
        let token = try await gateway.session(of: card)
        let answer = try await gateway.send(Cast.portal, "GET", path, headers: [token])
        try answer.expect(200)
        return answer.json
    }

    private struct Month: Equatable {
        var cap: Int?
        var collected: Int?
        var passedOn: Int?
    }

    /// What a resident reads of this month, by the type of the certificate, and of the year.
    private func balances(of card: SoftwareCard) async throws -> (
        months: [String: Month], paid: Int?, outpatientRest: Int?
    ) {
        let json = try await own(card, "/balances")
        var months: [String: Month] = [:]
        for case .object(let month) in json["months"]?.array ?? [] {
            let type = month["certificate"]?.object?["type"]?.string ?? ""
            months[type] = Month(
                cap: month["cap"]?.int, collected: month["collected"]?.int,
                passedOn: month["passedOn"]?.int)
        }
        let year = json["year"]?.object
        let limit = (year?["limits"]?.array ?? []).compactMap(\.object).first {
            $0["class"]?.string == "低Ⅱ" && $0["setting"]?.string == "outpatient"
        }
        return (months, year?["paid"]?.int, limit?["rest"]?.int)
    }

    /// Where a refund comes from, and what became of it.
    private func refunds(of card: SoftwareCard) async throws -> [String] {
        (try await own(card, "/refunds")["refunds"]?.array ?? []).compactMap(\.object).map {
            "\($0["origin"]?.string ?? "") \($0["status"]?.string ?? "")"
        }
    }

    /// Both hold a certificate of the town in the same words.
    private func holdLocal(
        _ two: [TestResident], _ changes: [String: JSON?], type: String = "kodomo"
    ) async throws {
        let number: [String: JSON?] = [
            "medicalSubsidyRecipientNumber": .string("R-00\(two[0].index)")
        ]
        for resident in two {
            let row = resident.row(
                type, today.adding(days: -400), today.adding(days: 300),
                changes.merging(number) { $1 })
            try await gateway.hold([row])
        }
    }

    private static var wide: [String: JSON?] {
        let cap = JSONObject([.init(name: "perMonth", value: .number("9000000"))])
        return ["maxCopaymentAmount": .object(cap)]
    }

    // MARK: One cap of two

    /// Nobody bills between the merge and the void, so that it is the months themselves that say which cap it
    /// is: what both were billed is below the one and above the other.
    @Test(arguments: [true, false])
    func `of two caps of a month the one that was decided last holds`(isOfGone: Bool) async throws {
        let (stays, gone, recipient) = try await gateway.settleChronicTwice(both: true, cap: 5_000)
        let (first, last) = isOfGone ? (stays, gone) : (gone, stays)
        let visit = try await gateway.openVisit(first.card)
        let bills = [SentBill(cost: 10_000, on: today), SentBill(cost: 10_000, on: today)]
        for bill in bills {
            #expect(try await gateway.settle(bill, visit).yen("copay") == 2_000)
        }
        try await gateway.holdChronic([stays.resident, gone.resident], recipient, cap: 10_000)
        let later = try await gateway.openVisit(last.card)
        let second = SentBill(cost: 25_000, on: today)
        #expect(try await gateway.settle(second, later).yen("copay") == 5_000)
        try await gateway.join(gone.resident, into: stays.resident)
        let joined = try await balances(of: stays.card)
        #expect(joined.months == ["nanbyo": Month(cap: 10_000, collected: 9_000)])
        #expect(joined.paid == 9_000)
        let asked = try await gateway.check(gateway.openVisit(stays.card))
        let outcome = asked.outcome(of: "nanbyo")
        #expect(outcome != nil && outcome != "cap-reached")
        // A void goes by that cap as well: nothing of it is due back.
        try await gateway.settle(
            bills[0].used(as: "claim", status: "cancelled"), visit
        ).expect(200)
        #expect(try await refunds(of: stays.card) == [])
        #expect(try await balances(of: stays.card).paid == 7_000)
        // And decides by none: parted again, each month has the cap that its own bills were decided by.
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(
            try await balances(of: first.card).months
                == ["nanbyo": Month(cap: 5_000, collected: 2_000)])
        #expect(
            try await balances(of: last.card).months
                == ["nanbyo": Month(cap: 10_000, collected: 5_000)])
    }

    // MARK: Sums

    /// 併用: 6,000 yen of each record's bill went to the town's certificate. Together they are above the cap of
    /// the prefecture's, which nobody paid.
    @Test func `what both records passed on was paid by nobody, and is due back to nobody`()
        async throws
    {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true)
        try await holdLocal([stays.resident, gone.resident], Self.wide)
        for one in [stays, gone] {
            var bill = SentBill(cost: 30_000, on: today)
            bill.local = SentBill.localCertificate
            let told = try await gateway.settle(bill, gateway.openVisit(one.card))
            #expect([told.yen("copay"), told.yen("passed-on", of: 1)] == [6_000, 6_000])
        }
        try await gateway.join(gone.resident, into: stays.resident)
        let joined = try await balances(of: stays.card)
        #expect(
            joined.months["nanbyo"] == Month(cap: 10_000, collected: 12_000, passedOn: 12_000))
        #expect(joined.months["kodomo"] == Month(cap: 9_000_000, collected: 12_000))
        #expect(joined.paid == 12_000)
        // The next bill decides anew what is due of the month.
        let next = SentBill(cost: 5_000, on: today)
        let told = try await gateway.settle(next, gateway.openVisit(stays.card))
        #expect(told.yen("copay") == 0)
        #expect(try await refunds(of: stays.card) == [])
    }

    /// From 70 the year is of care outside hospital alone: 96,000 yen.
    @Test func `the stays of both records take nothing of the year of outpatient care`()
        async throws
    {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true, cap: 9_000_000)
        try await holdLocal([stays.resident, gone.resident], Self.wide)
        for (one, ofStay, outside) in [(stays, 100_000, 50_000), (gone, 60_000, 40_000)] {
            let stay = try await gateway.openVisit(one.card, kind: "inpatient")
            let inside = SentBill(cost: ofStay * 5, on: today)
            #expect(try await gateway.settle(inside, stay).yen("copay") == ofStay)
            let visit = try await gateway.openVisit(one.card, at: Cast.paperClinic)
            let bill = SentBill(cost: outside * 5, on: today)
            let told = try await gateway.settle(bill, visit, by: Cast.paperClinic)
            #expect(told.yen("copay") == outside)
        }
        try await gateway.join(gone.resident, into: stays.resident)
        let joined = try await balances(of: stays.card)
        #expect(joined.paid == 250_000 && joined.outpatientRest == 6_000)
        // On the certificate whose month it is, and on another, from which that month is only of the year.
        let visit = try await gateway.openVisit(stays.card, at: Cast.pharmacy)
        var asked = SentBill("predetermination", cost: 500_000, on: today)
        asked.limitClass = "低Ⅱ"
        #expect(try await gateway.settle(asked, visit, by: Cast.pharmacy).yen("copay") == 6_000)
        asked.certificate = SentBill.localCertificate
        #expect(try await gateway.settle(asked, visit, by: Cast.pharmacy).yen("copay") == 6_000)
    }

    // MARK: Counts

    /// A child of the town: two visits a month and fourteen days in hospital at 500 yen each, and 3,000 yen
    /// of meals.
    @Test func `visits, days in hospital and meals of both records are counted together`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await holdLocal(
            [stays.resident, gone.resident], ["medicalSubsidyInsurerNumber": "89132104"])
        func bill(_ use: String = "claim", cost: Int = 10_000, meals: Int? = nil) -> SentBill {
            var bill = SentBill(use, cost: cost, on: today)
            bill.certificate = SentBill.localCertificate
            bill.meals = meals.map { ($0, "一般") }
            return bill
        }
        let inside = try await gateway.openVisit(gone.card, kind: "inpatient")
        var meals: [Int?] = []
        for _ in 0..<4 {
            let stay = bill(cost: 400_000, meals: 3)
            meals.append(try await gateway.settle(stay, inside).yen("meals"))
        }
        #expect(meals == [765, 765, 765, 705])
        for one in [stays, gone] {
            let visit = try await gateway.openVisit(one.card, at: Cast.pharmacy)
            #expect(
                try await gateway.settle(bill(), visit, by: Cast.pharmacy).yen("copay") == 500)
        }
        /// Of the record that stays: for a day in hospital with its meals, and for another visit.
        func asked() async throws -> [Int?] {
            let stay = try await gateway.settle(
                bill("predetermination", cost: 400_000, meals: 3),
                gateway.openVisit(stays.card, kind: "inpatient"))
            let visit = try await gateway.openVisit(stays.card, at: Cast.pharmacy)
            let outside = try await gateway.settle(
                bill("predetermination"), visit, by: Cast.pharmacy)
            return [stay.yen("copay"), stay.yen("meals"), outside.yen("copay")]
        }
        #expect(try await asked() == [500, 765, 500])
        try await gateway.join(gone.resident, into: stays.resident)
        #expect(try await asked() == [0, 0, 0])
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(try await asked() == [500, 765, 500])
    }

    /// Two visits a month, and the record that stays had both: whenever the one that goes reserved its own,
    /// it is the third. Each had counted its places from the first.
    @Test(arguments: [true, false])
    func `a visit reserved under one record is none of those that are asked for under the other`(
        isFirst: Bool
    ) async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await holdLocal(
            [stays.resident, gone.resident], ["medicalSubsidyInsurerNumber": "89132104"])
        func bill(_ use: String = "claim") -> SentBill {
            var bill = SentBill(use, cost: 10_000, on: today)
            bill.certificate = SentBill.localCertificate
            return bill
        }
        let there = try await gateway.openVisit(gone.card)
        let held = bill("preauthorization")
        func reserve() async throws {
            #expect(try await gateway.settle(held, there).yen("copay") == 500)
        }
        if isFirst { try await reserve() }
        for _ in 0..<2 {
            let here = try await gateway.openVisit(stays.card)
            #expect(try await gateway.settle(bill(), here).yen("copay") == 500)
        }
        if !isFirst { try await reserve() }
        try await gateway.join(gone.resident, into: stays.resident)
        #expect(try await gateway.settle(held.used(as: "claim"), there).yen("copay") == 0)
    }

    /// 障がい者医療: 800 yen a day. The day was paid at the clinic when the pharmacy took 500 yen of it again.
    @Test func `what one record paid over a day's cap stays due back when the other is billed`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await holdLocal(
            [stays.resident, gone.resident],
            ["medicalSubsidyInsurerNumber": "90132101", "incomeSegment": "1"], type: "shogai")
        var bill = SentBill(cost: 8_000, on: today)
        bill.certificate = (system: SentBill.localCertificate.system, value: "shogai")
        let here = try await gateway.openVisit(gone.card)
        #expect(try await gateway.settle(bill, here).yen("copay") == 800)
        let there = try await gateway.openVisit(gone.card, at: Cast.pharmacy)
        bill.identifier = RecordID.random().text
        bill.collected = 500
        let late = try await gateway.settle(bill, there, by: Cast.pharmacy)
        #expect(late.yen("paid-over") == 500)
        #expect(try await refunds(of: gone.card) == ["over-cap open"])
        try await gateway.join(gone.resident, into: stays.resident)
        // The other's bill is of the day that was paid, and decides anew what is due of the month.
        bill.identifier = RecordID.random().text
        bill.collected = nil
        let later = try await gateway.openVisit(stays.card)
        #expect(try await gateway.settle(bill, later).yen("copay") == 0)
        #expect(try await refunds(of: stays.card) == ["over-cap open"])
    }

    /// 高額療養費の月の限度額: 30,000 yen are asked, and 一般 has 22,000 yen a month at one institution.
    @Test func `one receipt holds the bills of both records at one institution`() async throws {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true, cap: 9_000_000)
        func bill(_ use: String = "claim") -> SentBill {
            var bill = SentBill(use, cost: 150_000, on: today)
            bill.percent = 20
            bill.limitClass = "一般"
            return bill
        }
        let there = try await gateway.openVisit(gone.card)
        let first = bill()
        #expect(try await gateway.settle(first, there).yen("copay") == 22_000)
        let here = try await gateway.openVisit(stays.card)
        #expect(try await gateway.settle(bill("predetermination"), here).yen("copay") == 22_000)
        try await gateway.join(gone.resident, into: stays.resident)
        #expect(try await gateway.settle(bill("predetermination"), here).yen("copay") == 0)
        #expect(try await gateway.settle(bill(), here).yen("copay") == 0)
        // Another institution writes a receipt of its own.
        let other = try await gateway.openVisit(stays.card, at: Cast.pharmacy)
        let elsewhere = try await gateway.settle(
            bill("predetermination"), other, by: Cast.pharmacy)
        #expect(elsewhere.yen("copay") == 22_000)
        // What is voided under the one record leaves the limit to the other.
        try await gateway.settle(first.used(as: "claim", status: "cancelled"), there).expect(200)
        #expect(try await gateway.settle(bill("predetermination"), here).yen("copay") == 22_000)
    }

    // MARK: Notices

    private func notices(of card: SoftwareCard) async throws -> [String] {
        let token = try await gateway.session(of: card)
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [token])
        try answer.expect(200)
        return answer.entries.filter {
            let coding = $0["category"]?.array?.first?.object?["coding"]?.array?.first?.object
            return coding?["code"]?.string == "cost-months-reached"
        }.map { JSON.object($0).text }
    }

    /// 20,000 and 14,000 yen in each of three months, of which neither is above 33,330 yen.
    @Test func `months that only both records reach are told at the last bill of them`()
        async throws
    {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true)
        var days = [today]
        for _ in 0..<2 {
            days = days + [days[days.count - 1].adding(days: -days[days.count - 1].day)]
        }
        let first = try await gateway.openVisit(gone.card)
        for day in days {
            try await gateway.settle(SentBill(cost: 20_000, on: day), first).expect(200)
        }
        let second = try await gateway.openVisit(stays.card, at: Cast.pharmacy)
        for day in days {
            let bill = SentBill(cost: 14_000, on: day)
            try await gateway.settle(bill, second, by: Cast.pharmacy).expect(200)
        }
        for one in [stays, gone] { #expect(try await notices(of: one.card).isEmpty) }
        try await gateway.join(gone.resident, into: stays.resident)
        let told = try await notices(of: stays.card)
        #expect(told.count == 1)
        #expect(told.allSatisfy { $0.contains(Cast.pharmacy.code) })
        #expect(!told.contains { $0.contains(Cast.clinic.code) })
        try await gateway.part(gone.resident, from: stays.resident)
        for one in [stays, gone] { #expect(try await notices(of: one.card).isEmpty) }
    }
}
