import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 統合と同時の確定・償還払い・取消: a bill, an answer, an application or a void that comes while two records
/// become one waits for that, and is decided of both.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedTurnsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// What `send` is answered when it comes while a merge has both records to itself, and is held at its
    /// end; it waits for the record under which `waited` stands. `ofSurvivor` is a bill of the record that
    /// stays.
    private func answer(
        beside merge: JSON, _ ofSurvivor: SentBill, waitingFor waited: SentBill, _ number: Int,
        _ send: @escaping @Sendable () async throws -> TLSClient.Answer
    ) async throws -> TLSClient.Answer {
        try await gateway.tell([merge], as: "sato").expect(202)
        // Of those who act for the survivor, whom a merge waits for at its end.
        let acting = 20_000
        let isOver = Mutex(false)
        async let busy: Void = gateway.sql { [identifier = ofSurvivor.identifier] transaction in
            _ = try transaction.query(
                Statement(
                    """
                    select pg_advisory_xact_lock_shared(exchange.merges_lock(b.person) - $2)
                    from exchange.bill b where b.identifier = $1
                    """), [.text(identifier), .int(acting)])
            _ = try transaction.query(Statement("select pg_advisory_xact_lock(\(number))"))
            while !isOver.withLock({ $0 }) {
                _ = try transaction.query(Statement("select pg_sleep(0.02)"))
            }
        }
        while try await !gateway.isLocked(number) {}
        async let merged = gateway.tell([merge], as: "suzuki")
        while try await !gateway.isWaiting(forMergesOf: ofSurvivor, below: acting) {}
        async let sent = send()
        while try await !gateway.isWaiting(forMergesOf: waited) {}
        isOver.withLock { $0 = true }
        try await busy
        let (taken, answer) = try await (merged, sent)
        #expect(taken.int("applied") == 1, "\(taken.text)")
        return answer
    }

    /// 100,000 yen of care elsewhere, of which 30,000 were paid.
    private var application: String {
        """
        {"certificate":{"body":"130001","type":"nanbyo"},\
        "month":"\(ServiceMonth(of: today).text)","receipts":[{\
        "institution":"\(Cast.spare.code)","day":"\(today.text)","cost":100000,\
        "percent":30,"paid":30000}]}
        """
    }

    private func own(_ card: SoftwareCard, _ path: String) async throws -> JSONObject {
        let token = try await gateway.session(of: card)
        let answer = try await gateway.send(Cast.portal, "GET", path, headers: [token])
        try answer.expect(200)
        return answer.json
    }

    private func refunds(of card: SoftwareCard) async throws -> [String] {
        (try await own(card, "/refunds")["refunds"]?.array ?? []).compactMap(\.object).map {
            "\($0["origin"]?.string ?? "") \($0["status"]?.string ?? "")"
        }
    }

    /// A fifth of the cost is asked.
    private func pay(
        _ cost: Int, _ card: SoftwareCard
    ) async throws -> SentBill {
        let bill = SentBill(cost: cost, on: today)
        let told = try await gateway.settle(bill, gateway.openVisit(card))
        #expect(told.yen("copay") == cost / 5)
        return bill
    }

    // MARK: 確定

    /// The counter knew the visit of the record that goes, and waited for the merge: the bill is of somebody
    /// else by then only by name.
    @Test func `a reservation that is confirmed while its record is merged is confirmed`()
        async throws
    {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true)
        let ofStays = try await pay(5_000, stays.card)
        let there = try await gateway.openVisit(gone.card)
        let held = SentBill("preauthorization", cost: 5_000, on: today)
        try await gateway.settle(held, there).expect(200)
        let merge = gateway.merge(gone.resident, into: stays.resident)
        let bill = try await answer(
            beside: merge, ofStays, waitingFor: held, 74_617_748
        ) { [gateway] in
            try await gateway.settle(held.used(as: "claim"), there)
        }
        #expect(bill.status == 200 && bill.yen("copay") == 1_000, "\(bill.text)")
        let month = try await own(stays.card, "/balances")["months"]?.array?.first?.object
        #expect(month?["collected"]?.int == 2_000 && month?["bills"]?.array?.count == 2)
    }

    // MARK: 償還払い

    /// Alone the record had 9,000 yen left of the cap; both together have 4,000.
    @Test
    func `a body that answers a refund while its record is merged grants what both have left`()
        async throws
    {
        let (stays, gone, recipient) = try await gateway.settleChronicTwice(both: true)
        let ofStays = try await pay(25_000, stays.card)
        let ofGone = try await pay(5_000, gone.card)
        let token = try await gateway.session(of: gone.card)
        let asked = try await gateway.send(
            Cast.portal, "POST", "/refunds", headers: [token],
            body: try JSON(reading: application))
        try asked.expect(201)
        #expect(asked.int("yen") == 21_000)
        let list = try await gateway.ask(Cast.prefecture, "GET", "/refunds?_count=100").answer
        let held = (list.json["refunds"]?.array ?? []).compactMap(\.object).first {
            $0["recipient"]?.string == recipient
        }
        let id = try #require(held?["id"]?.string)
        let approval = #"{"decision":"approved","on":"\#(today.text)"}"#
        let merge = gateway.merge(gone.resident, into: stays.resident)
        let answered = try await answer(
            beside: merge, ofStays, waitingFor: ofGone, 74_617_749
        ) { [gateway] in
            try await gateway.send(
                Cast.prefecture, "POST", "/refunds/\(id)/answers",
                body: try JSON(reading: approval))
        }
        try answered.expect(200)
        #expect(answered.int("yen") == 26_000, "\(answered.text)")
        // What it leaves borne fills the one month to its very cap.
        let month = try await own(stays.card, "/balances")["months"]?.array?.first?.object
        #expect(month?["collected"]?.int == 10_000 && month?["rest"]?.int == 0)
        #expect(try await refunds(of: stays.card) == ["receipts approved"])
    }

    @Test func `a resident who applies while their record is merged is told what both have left`()
        async throws
    {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true)
        _ = try await pay(25_000, gone.card)
        let ofStays = try await pay(5_000, stays.card)
        let token = try await gateway.session(of: stays.card)
        let merge = gateway.merge(gone.resident, into: stays.resident)
        let asked = try await answer(
            beside: merge, ofStays, waitingFor: ofStays, 74_617_750
        ) { [gateway, application] in
            try await gateway.send(
                Cast.portal, "POST", "/refunds", headers: [token],
                body: try JSON(reading: application))
        }
        try asked.expect(201)
        #expect(asked.int("yen") == 26_000, "\(asked.text)")
    }

    // MARK: 取消

    /// 290,000 yen a year (区分オ), told under the record that goes alone: the other has no year of its own.
    @Test func `a void beside a merge takes back what the merge makes due of the year`()
        async throws
    {
        let (stays, gone, _) = try await gateway.settleChronicTwice(both: true, cap: 9_000_000)
        var paid: [(bill: SentBill, visit: RunningGateway.Visit)] = []
        for (card, yen) in [(stays.card, 150_000), (gone.card, 200_000)] {
            let visit = try await gateway.openVisit(card, at: Cast.paperClinic)
            let bill = SentBill(cost: yen * 5, on: today)
            let told = try await gateway.settle(bill, visit, by: Cast.paperClinic)
            #expect(told.yen("copay") == yen)
            paid.append((bill, visit))
        }
        var told = SentBill(cost: 50, on: today)
        told.limitClass = "オ"
        let there = try await gateway.openVisit(gone.card)
        #expect(try await gateway.settle(told, there).yen("copay") == 10)
        let (ofStays, visit) = paid[0]
        let void = ofStays.used(as: "claim", status: "cancelled")
        let merge = gateway.merge(gone.resident, into: stays.resident)
        let voided = try await answer(
            beside: merge, ofStays, waitingFor: ofStays, 74_617_751
        ) { [gateway] in
            try await gateway.settle(void, visit, by: Cast.paperClinic)
        }
        try voided.expect(200)
        #expect(voided.billStatus == "voided", "\(voided.text)")
        // The merge made 60,010 yen due; without the bill nothing is above the limit.
        #expect(try await refunds(of: stays.card) == ["over-year withdrawn"])
    }
}
