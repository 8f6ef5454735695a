import Exchange
import Ledger
import TestSupport
import Testing
import Trust

/// 償還払い over the wire: receipts in, an amount with its steps, a decision, and what the resident reads of it.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct RefundTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var day: CalendarDay { gateway.clock.today.adding(days: -1) }

    private func request(
        _ token: (String, String), cost: Int = 30_000, paid: Int = 9_000, type: String = "nanbyo",
        institution: Party = Cast.spare, on day: CalendarDay? = nil, more: String = ""
    ) async throws -> TLSClient.Answer {
        let day = day ?? self.day
        return try await gateway.send(
            Cast.portal, "POST", "/refunds", headers: [token],
            body: try JSON(
                reading: """
                    {"certificate":{"body":"130001","type":"\(type)"},\
                    "month":"\(ServiceMonth(of: day).text)","receipts":[{\
                    "institution":"\(institution.code)","day":"\(day.text)","cost":\(cost),\
                    "percent":30,"paid":\(paid)\(more)}]}
                    """))
    }

    private func answer(
        _ id: String, _ body: String, by office: Party = Cast.prefecture
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            office, "POST", "/refunds/\(id)/answers", body: try JSON(reading: body))
    }

    /// The case as the body lists it: of the resident whose number it shows.
    private func listed(_ recipient: String) async throws -> JSONObject {
        let list = try await gateway.ask(Cast.prefecture, "GET", "/refunds?_count=100").answer
        let found = (list.json["refunds"]?.array ?? []).compactMap(\.object).first {
            $0["recipient"]?.string == recipient
        }
        return try #require(found)
    }

    @Test func `receipts are computed, decided once, paid once, and the resident sees each step`()
        async throws
    {
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        let made = try await request(token)
        try made.expect(201)
        // A fifth instead of the three tenths that were paid: 3,000 yen come back.
        #expect(made.int("yen") == 3_000 && made.text("status") == "open")
        let steps = (made.json["steps"]?.array ?? []).compactMap(\.object)
        let last = steps.last(where: { $0["rule"]?.string == "rounding/counter" })
        let counter = try #require(last)
        #expect(counter["yen"]?.int == 6_000 && counter["verified"]?.bool == true)
        #expect(counter["source"]?.string?.isEmpty == false)
        #expect(try await request(token).text("id") == made.text("id"))
        let recipient = String(1_000_000 + chronic.resident.index)
        let id = try #require(try await listed(recipient)["id"]?.string)
        // The portal and the body know it by different ids.
        #expect(id != made.text("id"))
        let today = gateway.clock.today.text
        try await gateway.expect(.refundAnswered, of: .answerRefund, from: Cast.prefecture) {
            try await answer(id, #"{"decision":"paid","on":"\#(today)"}"#)
        }
        let granted = try await answer(id, #"{"decision":"approved","on":"\#(today)"}"#)
        try granted.expect(200)
        #expect(granted.int("yen") == 3_000 && granted.text("status") == "approved")
        try await answer(id, #"{"decision":"approved","on":"\#(today)"}"#).expect(200)
        try await gateway.expect(.refundAnswered, of: .answerRefund, from: Cast.prefecture) {
            try await answer(
                id, #"{"decision":"refused","ground":"too-late","on":"\#(today)"}"#)
        }
        try await answer(id, #"{"decision":"paid","on":"\#(today)"}"#).expect(200)
        let own = try await gateway.send(Cast.portal, "GET", "/refunds", headers: [token])
        let shown = try #require(own.json["refunds"]?.array?.first?.object)
        #expect(shown["status"]?.string == "paid" && shown["id"]?.string == made.text("id"))
    }

    @Test func `a receipt asked for twice, a certificate not held and another body are refused`()
        async throws
    {
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        try await request(token).expect(201)
        // The same care with another amount typed.
        try await gateway.expect(.refundAsked, of: .requestRefund, from: Cast.portal) {
            try await request(token, paid: 8_000)
        }
        try await gateway.expect(.refundNotHeld, of: .requestRefund, from: Cast.portal) {
            try await request(token, type: "shoman")
        }
        let id = try #require(
            try await listed(String(1_000_000 + chronic.resident.index))["id"]?.string)
        try await gateway.expect(.recordUnknown, of: .answerRefund, from: Cast.town) {
            try await answer(
                id, #"{"decision":"approved","on":"\#(gateway.clock.today.text)"}"#, by: Cast.town)
        }
        // Refused, its receipts may be asked for again.
        let today = gateway.clock.today.text
        try await answer(
            id, #"{"decision":"refused","ground":"receipts-incomplete","on":"\#(today)"}"#
        ).expect(200)
        try await request(token, paid: 8_500).expect(201)
    }

    /// 領収書の不足: the ground asks for receipts, and their numbers are what they were.
    @Test func `what was refused is asked for again with the same numbers, and is one case then`()
        async throws
    {
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        let first = try await request(token)
        try first.expect(201)
        let id = try #require(
            try await listed(String(1_000_000 + chronic.resident.index))["id"]?.string)
        try await answer(
            id,
            #"{"decision":"refused","ground":"receipts-incomplete","#
                + #""on":"\#(gateway.clock.today.text)"}"#
        ).expect(200)
        let second = try await request(token)
        try second.expect(201)
        #expect(second.text("id") != first.text("id"))
        #expect(second.text("status") == "open" && second.int("yen") == 3_000)
        #expect(try await request(token).text("id") == second.text("id"))
        let own = try await gateway.send(Cast.portal, "GET", "/refunds", headers: [token])
        let shown = (own.json["refunds"]?.array ?? []).compactMap { $0.object?["status"]?.string }
        #expect(shown == ["open", "refused"])
    }

    /// 使った受給者証の領収書: what was paid at the counter is what the certificate leaves.
    @Test func `of a receipt for which the certificate was used no amount is computed`()
        async throws
    {
        let chronic = try await gateway.settleChronic()
        let here = try await gateway.openVisit(chronic.card)
        let today = gateway.clock.today
        let bill = SentBill(cost: 30_000, on: today)
        #expect(try await gateway.settle(bill, here).yen("copay") == 6_000)
        let token = try await gateway.session(of: chronic.card)
        let made = try await request(token, institution: Cast.clinic, on: today)
        try made.expect(201)
        #expect(made.int("yen") == nil && made.text.contains("受給者証を使った"))
        // Of care elsewhere behind it nothing is computed, before it is decided.
        let other = try await request(token, on: today)
        #expect(other.int("yen") == nil)
        let recipient = String(1_000_000 + chronic.resident.index)
        let id = try #require(try await listed(recipient)["id"]?.string)
        let approval = #"{"decision":"approved","on":"\#(today.text)"}"#
        try await gateway.expect(.refundAnswered, of: .answerRefund, from: Cast.prefecture) {
            try await answer(id, approval)
        }
        // Taken back, it was no use of the certificate.
        try await gateway.settle(bill.used(as: "claim", status: "cancelled"), here).expect(200)
        let granted = try await answer(id, approval)
        try granted.expect(200)
        #expect(granted.int("yen") == 3_000)
    }

    /// A card forgotten on one day, and used at the same clinic on another.
    @Test func `what was paid back is held against a claim of that day alone`() async throws {
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        try await request(token).expect(201)
        let recipient = String(1_000_000 + chronic.resident.index)
        let id = try #require(try await listed(recipient)["id"]?.string)
        try await answer(
            id, #"{"decision":"approved","on":"\#(gateway.clock.today.text)"}"#
        ).expect(200)
        var claims = [SentClaim(recipient), SentClaim(recipient)]
        for place in claims.indices {
            claims[place].institution = Cast.spare
            claims[place].payer = "54136015"
        }
        claims[0].day = day.day
        claims[1].day = day.day == 1 ? 2 : 1
        // Of another type, so that neither is the other again.
        claims[1].type = "1126"
        let month = ServiceMonth(of: day)
        try await gateway.submit(claims, month, by: Cast.prefecture).expect(201)
        try await gateway.reconcile(month, by: Cast.prefecture).expect(200)
        #expect(try await refunded(month, recipient) == [1])
    }

    /// Which of the claims of somebody are told as paid back, by their numbers in the file.
    private func refunded(_ month: ServiceMonth, _ recipient: String) async throws -> [Int] {
        let answer = try await gateway.ask(
            Cast.prefecture, "GET",
            "/claims/months/\(month.text)/runs/latest?show=all&_count=1000"
        ).answer
        try answer.expect(200)
        let results = (answer.json["results"]?.array ?? []).compactMap {
            $0.object?["result"]?.object
        }
        let own = results.filter { result in
            result["publics"]?.array?.first?.object?["recipient"]?.string == recipient
        }
        try #require(!own.isEmpty)
        return own.filter { result in
            (result["reasons"]?.array ?? []).contains {
                $0.object?["code"]?.string == "ALREADY_REFUNDED"
            }
        }.compactMap { $0["receipt"]?.int }.sorted()
    }

    /// From the 5th to the 7th of last month: no day of it is paid for again, also not one that claims name
    /// alone; the day after is other care.
    @Test func `a stay that was paid back is held against claims of each of its days`()
        async throws
    {
        let today = gateway.clock.today
        let month = ServiceMonth(of: today.adding(days: -today.day))
        let first = CalendarDay(daysSince1970: Int(month.firstDay)).adding(days: 4)
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        try await request(token, on: first, more: #","setting":"inpatient","days":3"#).expect(201)
        let recipient = String(1_000_000 + chronic.resident.index)
        let id = try #require(try await listed(recipient)["id"]?.string)
        try await answer(id, #"{"decision":"approved","on":"\#(today.text)"}"#).expect(200)
        var claims = ["1121", "1125"].map { type in
            var claim = SentClaim(recipient)
            claim.institution = Cast.spare
            claim.payer = "54136015"
            // Of two types, so that neither is the other again.
            claim.type = type
            return claim
        }
        claims[0].day = 7
        claims[1].day = 8
        try await gateway.submit(claims, month, by: Cast.prefecture).expect(201)
        try await gateway.reconcile(month, by: Cast.prefecture).expect(200)
        #expect(try await refunded(month, recipient) == [1])
    }

    @Test func `what the ledger found above the cap is answered the same way`() async throws {
        let chronic = try await gateway.settleChronic()
        let here = try await gateway.openVisit(chronic.card)
        var late = SentBill(cost: 90_000, on: gateway.clock.today)
        late.collected = 13_000
        try await gateway.settle(late, here).expect(200)
        let recipient = String(1_000_000 + chronic.resident.index)
        let held = try await listed(recipient)
        #expect(held["origin"]?.string == "over-cap" && held["yen"]?.int == 3_000)
        let id = try #require(held["id"]?.string)
        let today = gateway.clock.today.text
        try await answer(id, #"{"decision":"approved","on":"\#(today)"}"#).expect(200)
        let token = try await gateway.session(of: chronic.card)
        let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        let month = try #require(own.json["months"]?.array?.first?.object)
        let refund = try #require(month["refunds"]?.array?.first?.object)
        #expect(refund["status"]?.string == "approved" && refund["yen"]?.int == 3_000)
    }

    /// 更新: today's certificate bears another number than that of the day of the care.
    @Test func `what was paid back under a number is held against claims under that number`()
        async throws
    {
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        try await request(token).expect(201)
        let recipient = String(1_000_000 + chronic.resident.index)
        let id = try #require(try await listed(recipient)["id"]?.string)
        let today = gateway.clock.today
        try await answer(id, #"{"decision":"approved","on":"\#(today.text)"}"#).expect(200)
        func row(
            _ number: Int, _ from: CalendarDay, _ to: CalendarDay, historyKey: String
        ) -> JSON {
            chronic.resident.row(
                "nanbyo", from, to, historyKey: historyKey,
                [
                    "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
                    "medicalSubsidyRecipientNumber": .string(
                        String(number + chronic.resident.index)),
                ])
        }
        let rows = [
            row(1_000_000, today.adding(days: -400), day, historyKey: "1"),
            row(2_000_000, today, today.adding(days: 300), historyKey: "2"),
        ]
        try await gateway.hold(rows, by: Cast.prefecture)
        var claim = SentClaim(recipient)
        claim.institution = Cast.spare
        claim.payer = "54136015"
        claim.day = day.day
        let month = ServiceMonth(of: day)
        try await gateway.submit([claim], month, by: Cast.prefecture).expect(201)
        try await gateway.reconcile(month, by: Cast.prefecture).expect(200)
        #expect(try await refunded(month, recipient) == [1])
    }

    @Test func `what was refunded is not paid to the institution again`() async throws {
        let month = ServiceMonth(of: day)
        let chronic = try await gateway.settleChronic()
        let token = try await gateway.session(of: chronic.card)
        try await request(token, institution: Cast.clinic).expect(201)
        let recipient = String(1_000_000 + chronic.resident.index)
        let id = try #require(try await listed(recipient)["id"]?.string)
        let today = gateway.clock.today.text
        try await answer(id, #"{"decision":"approved","on":"\#(today)"}"#).expect(200)
        var claim = SentClaim(recipient, copayment: 2_000)
        claim.payer = "54136015"
        claim.day = day.day
        claim.birth = chronic.resident.dateOfBirth
        try await gateway.submit([claim], month, by: Cast.prefecture).expect(201)
        try await gateway.reconcile(month, by: Cast.prefecture).expect(200)
        let found = try await gateway.reasons(month, by: Cast.prefecture)
        #expect(found[recipient]?.contains("ALREADY_REFUNDED") == true)
    }
}
