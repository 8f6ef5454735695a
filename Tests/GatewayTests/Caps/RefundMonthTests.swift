import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 同じ月の償還払い over the wire: several applications, their decisions and the counters bear one cap together,
/// in whatever order they come.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct RefundMonthTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// Somebody with a cap of 10,000 yen a month.
    private struct Chronic: Sendable {
        let card: SoftwareCard
        let recipient: String
        let token: (String, String)
    }

    private func settle() async throws -> Chronic {
        let chronic = try await gateway.settleChronic()
        return Chronic(
            card: chronic.card, recipient: String(1_000_000 + chronic.resident.index),
            token: try await gateway.session(of: chronic.card))
    }

    /// 30,000 yen were paid; by another cost it is another receipt.
    private func body(_ cost: Int, more: String = "") -> String {
        """
        {"certificate":{"body":"130001","type":"nanbyo"},\
        "month":"\(ServiceMonth(of: today).text)","receipts":[{\
        "institution":"\(Cast.spare.code)","day":"\(today.text)","cost":\(cost),\
        "percent":30,"paid":30000\(more)}]}
        """
    }

    private func request(_ chronic: Chronic, _ cost: Int) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.portal, "POST", "/refunds", headers: [chronic.token],
            body: try JSON(reading: body(cost)))
        try answer.expect(201)
        return answer
    }

    /// At the same moment, each on a connection of its own.
    private func requestAtOnce(_ chronic: Chronic, _ costs: [Int]) async throws -> [JSONObject] {
        let bodies = costs.map { body($0) }
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for body in bodies {
                group.addTask { [gateway] in
                    let client = try await gateway.connect(Cast.portal)
                    let answer = try await gateway.send(
                        client, "POST", "/refunds", headers: [chronic.token],
                        bytes: Array(body.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: [TLSClient.Answer]()) { $0.append($1) }
        }
        for answer in answers { try answer.expect(201) }
        return answers.map(\.json)
    }

    private func decide(_ id: String, _ items: String) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.prefecture, "POST", "/refunds/\(id)/answers",
            body: try JSON(reading: #"{\#(items),"on":"\#(today.text)"}"#))
        try answer.expect(200)
        return answer
    }

    private static let approved = #""decision":"approved""#
    private static let refused = #""decision":"refused","ground":"not-covered""#

    /// As the body lists them, the oldest first.
    private func listed(_ chronic: Chronic, origin: String = "receipts") async throws
        -> [JSONObject]
    {
        let list = try await gateway.ask(Cast.prefecture, "GET", "/refunds?_count=100").answer
        return (list.json["refunds"]?.array ?? []).compactMap(\.object).filter {
            $0["recipient"]?.string == chronic.recipient && $0["origin"]?.string == origin
        }
    }

    private func id(_ refund: JSONObject) throws -> String {
        try #require(refund["id"]?.string)
    }

    // MARK: 申請

    @Test func `the second application of a month is computed after the first`() async throws {
        let chronic = try await settle()
        #expect(try await request(chronic, 100_000).int("yen") == 20_000)
        let second = try await request(chronic, 100_010)
        #expect(second.int("yen") == 30_000)
        // The same again is the case as it is held.
        let again = try await request(chronic, 100_010)
        #expect(again.text("id") == second.text("id") && again.int("yen") == 30_000)
    }

    @Test func `applications of the same moment never count from the same`() async throws {
        let chronic = try await settle()
        let made = try await requestAtOnce(chronic, (0..<6).map { 100_000 + $0 * 10 })
        let yen = made.compactMap { $0["yen"]?.int }
        #expect(yen.sorted() == [20_000, 30_000, 30_000, 30_000, 30_000, 30_000])
        #expect(try await listed(chronic).count == 6)
    }

    @Test func `the same application twice at once is one case`() async throws {
        let chronic = try await settle()
        let made = try await requestAtOnce(chronic, [100_000, 100_000, 100_000])
        #expect(Set(made.compactMap { $0["id"]?.string }).count == 1)
        let cases = try await listed(chronic)
        #expect(cases.count == 1)
        // Refused, it may come again, and is one more case however often it comes at once.
        _ = try await decide(id(cases[0]), Self.refused)
        let again = try await requestAtOnce(chronic, [100_000, 100_000, 100_000])
        #expect(Set(again.compactMap { $0["id"]?.string }).count == 1)
        #expect(
            try await listed(chronic).map { $0["status"]?.string } == ["refused", "open"])
    }

    @Test func `a stay is refused where it does not say how long it was`() async throws {
        let chronic = try await settle()
        for (more, item) in [
            (#","setting":"inpatient""#, "receipts[0].days"),
            (#","days":2"#, "receipts[0].days"), (#","setting":"x""#, "receipts[0].setting"),
        ] {
            let answer = try await gateway.send(
                Cast.portal, "POST", "/refunds", headers: [chronic.token],
                body: try JSON(reading: body(100_000, more: more)))
            #expect(answer.status == 400 && answer.text.contains(item), "\(answer.text)")
        }
        let stay = try await gateway.send(
            Cast.portal, "POST", "/refunds", headers: [chronic.token],
            body: try JSON(
                reading: body(100_000, more: #","setting":"inpatient","days":1"#)))
        try stay.expect(201)
        #expect(stay.int("yen") == 20_000)
    }

    // MARK: 決定

    @Test func `once the first is refused the second is computed without it`() async throws {
        let chronic = try await settle()
        _ = try await request(chronic, 100_000)
        let second = try await request(chronic, 100_010)
        let cases = try await listed(chronic)
        _ = try await decide(id(cases[0]), Self.refused)
        let now = try await listed(chronic)
        #expect(now[1]["computed"]?.int == 20_000 && now[1]["status"]?.string == "open")
        let own = try await gateway.send(
            Cast.portal, "GET", "/refunds", headers: [chronic.token])
        let shown = (own.json["refunds"]?.array ?? []).compactMap(\.object).first {
            $0["id"]?.string == second.text("id")
        }
        #expect(shown?["yen"]?.int == 20_000)
        let granted = try await decide(id(cases[1]), Self.approved)
        #expect(granted.int("yen") == 20_000 && granted.json["reexamine"] == nil)
    }

    @Test func `what was approved after a case that falls away is marked`() async throws {
        let chronic = try await settle()
        _ = try await request(chronic, 100_000)
        _ = try await request(chronic, 100_010)
        let cases = try await listed(chronic)
        let granted = try await decide(id(cases[1]), Self.approved)
        #expect(granted.int("yen") == 30_000)
        _ = try await decide(id(cases[0]), Self.refused)
        let now = try await listed(chronic)
        #expect(now[1]["reexamine"]?.bool == true && now[1]["yen"]?.int == 30_000)
        #expect(now[1]["status"]?.string == "approved")
        // Nothing is borne any more: the next one bears the cap.
        #expect(try await request(chronic, 100_020).int("yen") == 20_000)
    }

    @Test func `the first decided bears the cap, and the other nothing`() async throws {
        let chronic = try await settle()
        _ = try await request(chronic, 100_000)
        _ = try await request(chronic, 100_010)
        let cases = try await listed(chronic)
        #expect(try await decide(id(cases[0]), Self.approved).int("yen") == 20_000)
        #expect(try await decide(id(cases[1]), Self.approved).int("yen") == 30_000)
        #expect(try await listed(chronic).allSatisfy { $0["reexamine"] == nil })
    }

    @Test func `the same approval twice at once fills the month once`() async throws {
        let chronic = try await settle()
        _ = try await request(chronic, 100_000)
        let id = try id(try await listed(chronic)[0])
        let text = #"{\#(Self.approved),"on":"\#(today.text)"}"#
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for _ in 0..<4 {
                group.addTask { [gateway] in
                    let client = try await gateway.connect(Cast.prefecture)
                    let answer = try await gateway.send(
                        client, "POST", "/refunds/\(id)/answers", bytes: Array(text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: [TLSClient.Answer]()) { $0.append($1) }
        }
        #expect(answers.map(\.status) == [200, 200, 200, 200])
        #expect(answers.allSatisfy { $0.int("yen") == 20_000 })
        let filled = try await gateway.count(
            """
            select m.borne_collected from exchange.cap_month m
            join exchange.refund_request q on q.person = m.person and q.body = m.body
                and q.certificate_type = m.certificate_type and q.month = m.month
            where q.refund = $1::text::uuid
            """, [.text(id)])
        #expect(filled == 10_000)
    }

    // MARK: 窓口

    private func quote(_ cost: Int, _ visit: RunningGateway.Visit) async throws -> Int? {
        try await gateway.settle(SentBill("predetermination", cost: cost, on: today), visit)
            .yen("copay")
    }

    @Test func `a counter asks nothing once an approved refund filled the month`() async throws {
        let chronic = try await settle()
        let visit = try await gateway.openVisit(chronic.card)
        _ = try await request(chronic, 100_000)
        // Nobody approved it yet.
        #expect(try await quote(30_000, visit) == 6_000)
        _ = try await decide(id(try await listed(chronic)[0]), Self.approved)
        let told = try await gateway.settle(
            SentBill("predetermination", cost: 30_000, on: today), visit)
        #expect(told.yen("copay") == 0 && told.yen("month-rest") == 0)
        let own = try await gateway.send(
            Cast.portal, "GET", "/balances", headers: [chronic.token])
        let month = try #require(own.json["months"]?.array?.first?.object)
        #expect(
            ["cap", "collected", "borneAfterRefunds", "rest"].map { month[$0]?.int }
                == [10_000, 10_000, 10_000, 0])
        // Taken without asking, it is due back whole; the confirmed amount stays.
        var late = SentBill(cost: 30_000, on: today)
        late.collected = 6_000
        #expect(try await gateway.settle(late, visit).yen("copay") == 6_000)
        let over = try await listed(chronic, origin: "over-cap")
        #expect(over.map { $0["yen"]?.int } == [6_000])
        try await gateway.settle(late.used(as: "claim", status: "cancelled"), visit).expect(200)
        #expect(
            try await listed(chronic, origin: "over-cap").map { $0["status"]?.string }
                == ["withdrawn"])
    }

    @Test func `a body that grants all leaves the month to the counters`() async throws {
        let chronic = try await settle()
        let visit = try await gateway.openVisit(chronic.card)
        _ = try await request(chronic, 100_000)
        _ = try await decide(
            id(try await listed(chronic)[0]), Self.approved + #","yen":26000"#)
        // 10,000 less the 6,000 that were granted beyond the amount are borne.
        #expect(try await quote(100_000, visit) == 6_000)
    }

    /// The order is that of confirmation: the bill came before the decision.
    @Test func `what a counter took before the decision is counted by it`() async throws {
        let chronic = try await settle()
        let visit = try await gateway.openVisit(chronic.card)
        #expect(try await request(chronic, 100_000).int("yen") == 20_000)
        #expect(
            try await gateway.settle(SentBill(cost: 35_000, on: today), visit).yen("copay")
                == 7_000)
        let granted = try await decide(id(try await listed(chronic)[0]), Self.approved)
        #expect(granted.int("yen") == 27_000 && granted.int("computed") == 27_000)
        #expect(try await quote(30_000, visit) == 0)
        #expect(try await listed(chronic, origin: "over-cap").isEmpty)
    }

    /// Bills filled the month by 10,000 yen; then the body raised the cap, and the refund is decided by that.
    @Test func `an approval leaves the month the cap that it was decided by`() async throws {
        let (resident, card) = try await gateway.settleChronic()
        let chronic = Chronic(
            card: card, recipient: String(1_000_000 + resident.index),
            token: try await gateway.session(of: card))
        let visit = try await gateway.openVisit(card)
        let bills = [SentBill(cost: 25_000, on: today), SentBill(cost: 25_000, on: today)]
        for bill in bills {
            #expect(try await gateway.settle(bill, visit).yen("copay") == 5_000)
        }
        let cap = JSONObject([.init(name: "perMonth", value: .number("20000"))])
        let raised = resident.row(
            "nanbyo", today.adding(days: -400), today.adding(days: 300),
            [
                "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
                "medicalSubsidyRecipientNumber": .string(chronic.recipient),
                "designatedMedicalInstitutions": .string(
                    RunningGateway.chronicCare.map(\.code).joined(separator: " ")),
                "maxCopaymentAmount": .object(cap),
            ])
        try await gateway.hold([raised], by: Cast.prefecture)
        #expect(try await request(chronic, 100_000).int("yen") == 20_000)
        let granted = try await decide(id(try await listed(chronic)[0]), Self.approved)
        #expect(granted.int("yen") == 20_000)
        let own = try await gateway.send(
            Cast.portal, "GET", "/balances", headers: [chronic.token])
        let month = try #require(own.json["months"]?.array?.first?.object)
        #expect(
            ["cap", "collected", "borneAfterRefunds", "rest"].map { month[$0]?.int }
                == [20_000, 20_000, 10_000, 0])
        // What was paid at counters lies under the cap; with what the refund left borne it is of the year.
        #expect(own.json["year"]?.object?["paid"]?.int == 20_000)
        let voided = bills[0].used(as: "claim", status: "cancelled")
        try await gateway.settle(voided, visit).expect(200)
        #expect(try await listed(chronic, origin: "over-cap").isEmpty)
        #expect(try await quote(100_000, visit) == 5_000)
    }

    /// Whoever was first: bills and decisions of the same moment leave the patient the cap.
    @Test func `bills and decisions of the same moment bear the cap together`() async throws {
        let chronic = try await settle()
        let visit = try await gateway.openVisit(chronic.card)
        for cost in [30_000, 35_000] {
            let answer = try await gateway.send(
                Cast.portal, "POST", "/refunds", headers: [chronic.token],
                body: try JSON(
                    reading: body(cost).replacing(
                        #""paid":30000"#, with: #""paid":\#(cost * 3 / 10)"#)))
            try answer.expect(201)
        }
        let ids = try await listed(chronic).map { try id($0) }
        let (day, approval) = (today, #"{\#(Self.approved),"on":"\#(today.text)"}"#)
        let yen = try await withThrowingTaskGroup(of: Int.self) { group in
            for id in ids {
                group.addTask { [gateway] in
                    let client = try await gateway.connect(Cast.prefecture)
                    let answer = try await gateway.send(
                        client, "POST", "/refunds/\(id)/answers", bytes: Array(approval.utf8))
                    await client.close()
                    try answer.expect(200)
                    return -(answer.int("yen") ?? 0)
                }
            }
            for _ in 0..<2 {
                group.addTask { [gateway] in
                    let bill = SentBill(cost: 20_000, on: day)
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(visit)).text.utf8))
                    await client.close()
                    try answer.expect(200)
                    return answer.yen("copay") ?? 0
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        // 9,000 and 10,500 yen were paid on the receipts.
        #expect(19_500 + yen.reduce(0, +) == 10_000)
        #expect(try await listed(chronic, origin: "over-cap").isEmpty)
    }
}
