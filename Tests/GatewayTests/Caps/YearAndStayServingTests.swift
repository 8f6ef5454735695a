import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 年間上限と入院 over the wire: the year's limit over all certificates, months and counters, and stays with their
/// days and meals.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct YearAndStayServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// 290,000 yen a year (区分オ), and a certificate whose month never ends.
    private func settleWide(local: Int? = nil) async throws -> SoftwareCard {
        let cap = JSONObject([.init(name: "perMonth", value: .number("9000000"))])
        return try await gateway.settleChronic(
            ["maxCopaymentAmount": .object(cap)], local: local
        ).card
    }

    /// A fifth of the cost is asked.
    private func bill(
        _ use: String = "claim", asking yen: Int, class code: String? = "オ"
    ) -> SentBill {
        var bill = SentBill(use, cost: yen * 5, on: today)
        bill.limitClass = code
        return bill
    }

    /// What was paid of the year at another counter, which tells no class and is not stopped: a month's limit
    /// (36,900 yen in 区分オ) would leave no single institution the year to fill.
    @discardableResult
    private func pay(_ yen: Int, _ card: SoftwareCard) async throws -> (
        bill: SentBill, visit: RunningGateway.Visit
    ) {
        let visit = try await gateway.openVisit(card, at: Cast.paperClinic)
        let sent = bill(asking: yen, class: nil)
        let told = try await gateway.settle(sent, visit, by: Cast.paperClinic)
        #expect(told.yen("copay") == yen)
        return (sent, visit)
    }

    private func refunds(_ card: SoftwareCard) async throws -> [String: Int] {
        let own = try await gateway.send(
            Cast.portal, "GET", "/refunds", headers: [try await gateway.session(of: card)])
        var due: [String: Int] = [:]
        for case .object(let refund) in own.json["refunds"]?.array ?? []
        where refund["status"]?.string == "open" {
            due[refund["origin"]?.string ?? "", default: 0] += refund["yen"]?.int ?? 0
        }
        return due
    }

    @Test func `a quote, a reservation and a confirmation stop at the year's limit`()
        async throws
    {
        let card = try await settleWide()
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        // One who says no class is not stopped, and counts; the answer says so.
        let elsewhere = try await gateway.openVisit(card, at: Cast.paperClinic)
        let unsaid = try await gateway.settle(
            bill(asking: 260_000, class: nil), elsewhere, by: Cast.paperClinic)
        #expect(unsaid.yen("copay") == 260_000 && unsaid.text.contains("class-unsaid"))
        #expect(unsaid.notes("ja").contains(CaseWarning.classUnsaid.text.ja))
        let held = bill("preauthorization", asking: 20_000)
        #expect(
            try await gateway.settle(held, there, by: Cast.pharmacy).yen("copay") == 20_000)
        let told = try await gateway.settle(bill("predetermination", asking: 20_000), here)
        #expect(told.yen("copay") == 10_000)
        #expect(
            told.notes("ja").contains(
                "高額療養費の年間上限290,000円まで、ほかの医療機関の分と合わせてあと10,000円です。"))
        #expect(told.text.contains("unverified") && !told.text.contains("class-unsaid"))
        #expect(try await gateway.settle(bill(asking: 10_010), here).yen("copay") == 10_000)
        #expect(try await gateway.settle(bill(asking: 10_000), here).yen("copay") == 0)
        // Its own hold does not stand in its way.
        #expect(
            try await gateway.settle(
                held.used(as: "claim"), there, by: Cast.pharmacy
            ).yen("copay") == 20_000)
        // Another class has another limit.
        #expect(
            try await gateway.settle(bill("predetermination", asking: 7_000, class: "ア"), here)
                .yen("copay") == 7_000)
        #expect(try await refunds(card).isEmpty)
        let wrong = bill(asking: 10, class: "カ")
        try await gateway.expect(
            .malformed("extension(limit-class)"), of: .settleBill, from: Cast.clinic
        ) { try await gateway.settle(wrong, here) }
        gateway.expectMoreEntries(1)
    }

    @Test(arguments: [(289_990, 10, 10), (290_000, 10, 0), (290_000, 0, 0), (289_990, 20, 10)])
    func `the limit holds at its very yen`(paid: Int, asked: Int, told: Int) async throws {
        let card = try await settleWide()
        let visit = try await gateway.openVisit(card)
        try await pay(paid, card)
        #expect(try await gateway.settle(bill(asking: asked), visit).yen("copay") == told)
    }

    /// On different certificates no month's row is shared: the year's is.
    @Test func `two institutions in the same moment never pass the year's limit`() async throws {
        let card = try await settleWide(local: 9_000_000)
        let visits = [
            try await gateway.openVisit(card), try await gateway.openVisit(card, at: Cast.pharmacy),
        ]
        try await pay(250_000, card)
        let sent = bill(asking: 50_000)
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for place in 0..<10 {
                group.addTask { [gateway] in
                    var bill = sent
                    bill.identifier = RecordID.random().text
                    if place % 3 == 0 { bill.use = "preauthorization" }
                    if place % 4 < 2 {
                        bill.certificate = SentBill.localCertificate
                        bill.cost = 167_000
                    }
                    let party = place % 2 == 0 ? Cast.clinic : Cast.pharmacy
                    let client = try await gateway.connect(party)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(visits[place % 2])).text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: [TLSClient.Answer]()) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.map(\.text))")
        #expect(answers.compactMap { $0.yen("copay") }.reduce(0, +) == 40_000)
    }

    /// 遅れて届いた会計: taken as it was; what lies over the year's limit the insurer pays back.
    @Test func `a late entry over the year's limit is a refund case, and a void takes it back`()
        async throws
    {
        let card = try await settleWide()
        let visit = try await gateway.openVisit(card)
        let first = try await pay(280_000, card)
        var late = bill(asking: 20_000)
        late.collected = 20_000
        #expect(try await gateway.settle(late, visit).yen("copay") == 20_000)
        #expect(try await refunds(card) == ["over-year": 10_000])
        let own = try await gateway.send(
            Cast.portal, "GET", "/balances", headers: [try await gateway.session(of: card)])
        #expect(own.text.contains("加入している保険者に、高額療養費の支給を申請してください。"))
        // No body is asked to pay what its certificate did not leave open.
        let listed = try await gateway.ask(Cast.prefecture, "GET", "/refunds?_count=100").answer
        #expect(!listed.text.contains("over-year"))
        try await gateway.settle(
            first.bill.used(as: "claim", status: "cancelled"), first.visit, by: Cast.paperClinic
        ).expect(200)
        #expect(try await refunds(card).isEmpty)
        try await pay(265_000, card)
        #expect(try await gateway.settle(bill(asking: 280_000), visit).yen("copay") == 5_000)
    }

    /// From 70 the year is of care outside hospital alone.
    @Test func `a stay takes nothing of the year of outpatient care`() async throws {
        let card = try await settleWide()
        let stay = try await gateway.openVisit(card, kind: "inpatient")
        let visit = try await gateway.openVisit(card, at: Cast.pharmacy)
        let limited = bill("predetermination", asking: 200_000, class: "低Ⅱ")
        #expect(try await gateway.settle(limited, stay).yen("copay") == 25_700)
        #expect(
            try await gateway.settle(bill(asking: 200_000, class: nil), stay).yen("copay")
                == 200_000)
        #expect(try await ownYear(card) == [200_000, 96_000])
        try await pay(90_000, card)
        let told = try await gateway.settle(
            bill(asking: 100_000, class: "低所得Ⅱ"), visit, by: Cast.pharmacy)
        #expect(told.yen("copay") == 6_000)
        #expect(try await ownYear(card) == [296_000, 0])
    }

    /// 償還払い: receipts of which `yen` stay borne, a fifth of their cost, once the body has approved them.
    private func bear(
        _ yen: Int, _ chronic: (resident: TestResident, card: SoftwareCard), _ more: String = ""
    ) async throws {
        let cost = yen * 5
        let asked = try await gateway.send(
            Cast.portal, "POST", "/refunds",
            headers: [try await gateway.session(of: chronic.card)],
            body: try JSON(
                reading: """
                    {"certificate":{"body":"130001","type":"nanbyo"},\
                    "month":"\(ServiceMonth(of: today).text)","receipts":[{\
                    "institution":"\(Cast.spare.code)","day":"\(today.text)","cost":\(cost),\
                    "percent":30,"paid":\(cost * 3 / 10)\(more)}]}
                    """))
        try asked.expect(201)
        #expect(asked.int("yen") == cost * 3 / 10 - yen)
        let list = try await gateway.ask(Cast.prefecture, "GET", "/refunds?_count=100").answer
        let held = (list.json["refunds"]?.array ?? []).compactMap(\.object).first {
            $0["recipient"]?.string == String(1_000_000 + chronic.resident.index)
                && $0["status"]?.string == "open"
        }
        let id = try #require(held?["id"]?.string)
        try await gateway.send(
            Cast.prefecture, "POST", "/refunds/\(id)/answers",
            body: try JSON(reading: #"{"decision":"approved","on":"\#(today.text)"}"#)
        ).expect(200)
    }

    private func settleWideChronic() async throws -> (resident: TestResident, card: SoftwareCard) {
        let cap = JSONObject([.init(name: "perMonth", value: .number("9000000"))])
        return try await gateway.settleChronic(["maxCopaymentAmount": .object(cap)])
    }

    @Test func `what a refund left borne is of the year that the next bill counts in`()
        async throws
    {
        let chronic = try await settleWideChronic()
        let visit = try await gateway.openVisit(chronic.card)
        let asked = bill("predetermination", asking: 20_000)
        #expect(try await gateway.settle(asked, visit).yen("copay") == 20_000)
        try await bear(280_000, chronic)
        #expect(try await gateway.settle(asked, visit).yen("copay") == 10_000)
        #expect(try await ownYear(chronic.card).first == 280_000)
        // And of a year that holds bills beside it.
        try await pay(5_000, chronic.card)
        #expect(try await gateway.settle(asked, visit).yen("copay") == 5_000)
    }

    @Test func `what a refund left borne of a stay is in no year of outpatient care`() async throws
    {
        let chronic = try await settleWideChronic()
        try await bear(200_000, chronic, #","setting":"inpatient","days":1"#)
        #expect(try await ownYear(chronic.card) == [200_000, 96_000])
        try await bear(90_000, chronic)
        #expect(try await ownYear(chronic.card) == [290_000, 6_000])
        let visit = try await gateway.openVisit(chronic.card)
        let told = try await gateway.settle(
            bill("predetermination", asking: 100_000, class: "低Ⅱ"), visit)
        #expect(told.yen("copay") == 6_000)
    }

    /// What was paid in the year, and what is left of it for outpatient care of the class 低Ⅱ.
    private func ownYear(_ card: SoftwareCard) async throws -> [Int?] {
        let own = try await gateway.send(
            Cast.portal, "GET", "/balances", headers: [try await gateway.session(of: card)])
        let year = own.json["year"]?.object
        let limits = (year?["limits"]?.array ?? []).compactMap(\.object)
        let limit = limits.first {
            $0["class"]?.string == "低Ⅱ" && $0["setting"]?.string == "outpatient"
        }
        return [year?["paid"]?.int, limit?["rest"]?.int]
    }

    // MARK: Stays

    /// A child of the town: 500 yen a day in hospital for fourteen days, half of the meals up to 3,000 yen.
    private func settleChild() async throws -> SoftwareCard {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row(
                "kodomo", today.adding(days: -400), today.adding(days: 300),
                ["medicalSubsidyInsurerNumber": "89132104"])
        ])
        return card
    }

    private func stay(_ use: String = "claim", meals: Int? = nil) -> SentBill {
        var bill = SentBill(use, cost: 400_000, on: today)
        bill.certificate = SentBill.localCertificate
        bill.meals = meals.map { ($0, "一般") }
        return bill
    }

    @Test func `a stay is paid by the day and its meals beside it, wherever`() async throws {
        let card = try await settleChild()
        let here = try await gateway.openVisit(card, kind: "inpatient")
        let there = try await gateway.openVisit(card, at: Cast.pharmacy, kind: "inpatient")
        let first = stay(meals: 3)
        let told = try await gateway.settle(first, here)
        try told.expect(200)
        #expect([told.yen("copay"), told.yen("meals")] == [500, 765])
        #expect(told.notes("ja").contains("食事代と合わせて1,265円をいただきます。"))
        #expect(try await gateway.settle(first, here).body == told.body)
        // The same day at another hospital: it was paid, and the meals of the month are counted on.
        let held = try await gateway.settle(
            stay("preauthorization", meals: 3), there, by: Cast.pharmacy)
        #expect([held.yen("copay"), held.yen("meals")] == [0, 765])
        let third = try await gateway.settle(stay("predetermination", meals: 3), here)
        #expect(third.yen("meals") == 765)
        try await gateway.settle(first.used(as: "claim", status: "cancelled"), here).expect(200)
        #expect(try await gateway.settle(stay("predetermination"), here).yen("copay") == 500)
        // Visits are counted apart.
        let visit = try await gateway.openVisit(card, at: Cast.spare)
        let outpatient = try await gateway.settle(stay(), visit, by: Cast.spare)
        #expect(outpatient.yen("copay") == 500 && outpatient.yen("meals") == nil)
        let eaten = stay(meals: 1)
        try await gateway.expect(
            .unknownItem("extension(meals)"), of: .settleBill, from: Cast.spare
        ) { try await gateway.settle(eaten, visit, by: Cast.spare) }
        gateway.expectMoreEntries(1)
        let much = stay(meals: 4)
        try await gateway.expect(
            .malformed("extension(meals).count"), of: .settleBill, from: Cast.clinic
        ) { try await gateway.settle(much, here) }
        gateway.expectMoreEntries(1)
    }

    @Test func `meals and what was paid over are in the town's file and in the holder's own list`()
        async throws
    {
        let card = try await settleChild()
        let here = try await gateway.openVisit(card, kind: "inpatient")
        let there = try await gateway.openVisit(card, at: Cast.pharmacy, kind: "inpatient")
        let first = stay(meals: 3)
        try await gateway.settle(first, here).expect(200)
        // The day was paid already when the other hospital took it again.
        var late = stay()
        late.collected = 500
        let told = try await gateway.settle(late, there, by: Cast.pharmacy)
        #expect(told.yen("paid-over") == 500)
        let own = try await gateway.send(
            Cast.portal, "GET", "/balances", headers: [try await gateway.session(of: card)])
        let bills = (own.json["months"]?.array ?? []).compactMap { $0.object?["bills"]?.array }
            .flatMap(\.self).compactMap(\.object)
        #expect(bills.count == 2)
        #expect(bills.compactMap { $0["meals"]?.int } == [765])
        #expect(bills.compactMap { $0["paidOver"]?.int } == [500])
        let table = try await gateway.send(
            Cast.town, "GET", "/deliveries/claims?encoding=utf-8&_count=1000")
        try table.expect(200)
        let rows = table.text.split(separator: "\r\n").map {
            $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
        let header = try #require(rows.first)
        // Behind all that were there before, and before the one that every table ends with.
        #expect(
            header.suffix(6).dropLast()
                == ["次の公費へ", "過徴収額", "食事の負担", "入院日数", "入院"])
        let residents = Set(rows.dropFirst().map { $0[4] })
        gateway.expectMoreEntries(max(0, residents.count - 1))
        func row(_ bill: SentBill) -> [String] {
            rows.first { $0.contains(bill.identifier) }.map { Array($0.suffix(5).dropLast()) } ?? []
        }
        #expect(row(first) == ["0", "765", "1", "1"])
        #expect(row(late) == ["500", "", "1", "1"])
    }

    /// 償還払い: 765 of 1,530 yen for three meals stay borne, and fill the month's 3,000 yen of meals.
    @Test func `meals that a refund left borne fill the month of the counter`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row(
                "kodomo", today.adding(days: -400), today.adding(days: 300),
                ["medicalSubsidyInsurerNumber": "89132104"])
        ])
        let body = { (meals: String) in
            """
            {"certificate":{"body":"132101","type":"kodomo"},\
            "month":"\(ServiceMonth(of: gateway.clock.today).text)","receipts":[{\
            "institution":"\(Cast.spare.code)","day":"\(gateway.clock.today.text)",\
            "cost":400000,"percent":30,"paid":120000,"setting":"inpatient","days":1,\
            "meals":{"count":3,"class":"\(meals)","paid":1530}}]}
            """
        }
        let token = try await gateway.session(of: card)
        let unknown = try await gateway.send(
            Cast.portal, "POST", "/refunds", headers: [token],
            body: try JSON(reading: body("特別")))
        #expect(unknown.status == 400 && unknown.text("item") == "receipts.meals.class")
        // Refused behind the door, where its entry is.
        gateway.expectMoreEntries(1)
        let asked = try await gateway.send(
            Cast.portal, "POST", "/refunds", headers: [token],
            body: try JSON(reading: body("一般")))
        #expect(asked.int("yen") == 119_500 + 765 && asked.int("paid") == 121_530)
        let list = try await gateway.ask(Cast.town, "GET", "/refunds?_count=100").answer
        let held = (list.json["refunds"]?.array ?? []).compactMap(\.object).first {
            $0["recipient"]?.string == "R-00\(resident.index)"
        }
        let id = try #require(held?["id"]?.string)
        try await gateway.send(
            Cast.town, "POST", "/refunds/\(id)/answers",
            body: try JSON(reading: #"{"decision":"approved","on":"\#(today.text)"}"#)
        ).expect(200)
        let here = try await gateway.openVisit(card, kind: "inpatient")
        var told: [Int?] = []
        for _ in 0..<4 {
            told.append(try await gateway.settle(stay(meals: 3), here).yen("meals"))
        }
        #expect(told == [765, 765, 705, 0])
    }

    @Test func `meals stop at the month's cap of meals, confirmed or held`() async throws {
        let card = try await settleChild()
        let here = try await gateway.openVisit(card, kind: "inpatient")
        var told: [Int?] = []
        for use in ["claim", "preauthorization", "claim", "claim", "claim"] {
            told.append(try await gateway.settle(stay(use, meals: 3), here).yen("meals"))
        }
        #expect(told == [765, 765, 765, 705, 0])
    }
}
