import Crypto
import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 窓口負担 over the wire: quote, reserve, confirm, void, once for each number of an institution's own,
/// under one cap over all institutions.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct BillServingTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    // MARK: One institution

    @Test func `a bill is quoted, reserved and confirmed with its steps, totals and entries`()
        async throws
    {
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let bill = SentBill(cost: 30_000, on: today)
        var answers: [TLSClient.Answer] = []
        let entries = try await gateway.entries {
            for use in ["predetermination", "preauthorization", "claim"] {
                answers.append(try await gateway.settle(bill.used(as: use), visit))
            }
        }
        #expect(answers.map(\.status) == [200, 200, 200])
        #expect(answers.map(\.billStatus) == ["quoted", "reserved", "confirmed"])
        #expect(answers.map { $0.yen("submitted") } == [30_000, 30_000, 30_000])
        #expect(answers.map { $0.yen("copay") } == [6_000, 6_000, 6_000])
        #expect(answers.map { $0.yen("month-collected") } == [0, 0, 6_000])
        #expect(answers.map { $0.yen("month-held") } == [0, 6_000, 0])
        #expect(answers.map { $0.yen("month-rest") } == [10_000, 4_000, 4_000])
        #expect(
            answers.map { $0.text("use") } == [
                "predetermination", "preauthorization", "claim",
            ])
        #expect(
            answers.allSatisfy { $0.json["patient"]?.object?["reference"]?.string == visit.patient }
        )
        #expect(
            answers[0].notes("ja") == [
                "第1公費分: 医療費30,000円の30％で9,000円です。", "第1公費分: 公費の患者負担は医療費30,000円の20％で6,000円です。",
                "公費が9,000円のうち3,000円を支払います。", "窓口では10円単位で6,000円をいただきます。",
                "出典と照合していない決まりを使いました。請求の前に確かめてください。", CaseWarning.noLimit.text.ja,
                CaseWarning.classUnsaid.text.ja,
            ])
        #expect(answers[0].notes("en").count == answers[0].notes("ja").count)
        // The insurance's percentage is the clinic's own word; warnings are no steps.
        let traced = [
            "9000", "6000 law/54/2015-01-01 verified", "3000 law/54/2015-01-01 verified",
            "6000 rounding/counter verified", "", "", "",
        ]
        for answer in answers {
            #expect(answer.traces("ja") == traced && answer.traces("en") == traced)
        }
        #expect(answers[1].text("id") == answers[2].text("id"))
        #expect(answers[0].text("id") != answers[1].text("id"))
        #expect(entries.map(\.purpose) == ["settle-bill", "settle-bill", "settle-bill"])
        #expect(entries.allSatisfy { $0.hasPerson && $0.outcome == "ok" })
        #expect(entries.last?.basis?.contains("\"version\":2") == true)
        let digests = try await gateway.count(
            "select count(*) from log.access_entry where digest = any ($1)",
            [.bytesArray(answers.map { Array(SHA256.hash(data: $0.body)) })])
        #expect(digests == 3)
    }

    /// 追加の検査: the cost changed between reservation and counter.
    @Test func `a reservation keeps nothing from a quote of its own bill`() async throws {
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let bill = SentBill("preauthorization", cost: 30_000, on: today)
        #expect(try await gateway.settle(bill, visit).yen("copay") == 6_000)
        var more = bill.used(as: "predetermination")
        more.cost = 45_000
        let told = try await gateway.settle(more, visit)
        #expect(told.yen("copay") == 9_000 && told.yen("month-rest") == 10_000)
        // From a quote of another bill it keeps what it reserved.
        let other = try await gateway.settle(
            SentBill("predetermination", cost: 45_000, on: today), visit)
        #expect(other.yen("copay") == 4_000)
        // As it was quoted it is confirmed; then a quote is of one bill more.
        #expect(try await gateway.settle(more.used(as: "claim"), visit).yen("copay") == 9_000)
        #expect(try await gateway.settle(more, visit).yen("copay") == 1_000)
    }

    @Test func `the same reservation sent sixteen times at once makes one`() async throws {
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let bill = SentBill("preauthorization", on: today)
        let answers = try await atOnce(16) { _ in (bill, visit, Cast.clinic) }
        #expect(answers.allSatisfy { $0.status == 200 })
        #expect(Set(answers.map(\.body)).count == 1)
        let kept = try await gateway.count(
            "select count(*) from exchange.bill where identifier = $1", [.text(bill.identifier)])
        #expect(kept == 1)
        let again = try await gateway.settle(bill.used(as: "claim"), visit)
        #expect(again.yen("month-collected") == 6_000)
    }

    @Test func `a void restores the month exactly, and a voided bill stays so`() async throws {
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let first = try await gateway.settle(SentBill(cost: 20_000, on: today), visit)
        let bill = SentBill(cost: 30_000, on: today)
        try await gateway.settle(bill, visit).expect(200)
        let voided = try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit)
        #expect(voided.billStatus == "voided" && voided.text("status") == "cancelled")
        for total in ["month-collected", "month-held", "month-cost", "month-cap", "month-rest"] {
            #expect(voided.yen(total) == first.yen(total), "\(total)")
        }
        let again = try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit)
        #expect(again.body == voided.body)
        try await gateway.expect(.billVoided, of: .settleBill, from: Cast.clinic) {
            try await gateway.settle(bill, visit)
        }
    }

    @Test func `what is read back is the bill, and a lapsed reservation says so`() async throws {
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let bill = SentBill("preauthorization", on: today)
        let made = try await gateway.settle(bill, visit)
        let path = "/fhir/ClaimResponse/\(made.text("id"))"
        #expect(try await gateway.send(Cast.clinic, "GET", path).body == made.body)
        let ends = made.json["preAuthPeriod"]?.object?["end"]?.string
        #expect(ends == Instant.startOfDay(today.adding(days: 1)).text)
        try await gateway.lapse(bill)
        let read = try await gateway.send(Cast.clinic, "GET", path)
        #expect(read.billStatus == "lapsed" && read.text("status") == "cancelled")
        let resent = try await gateway.settle(bill, visit)
        #expect(resent.billStatus == "lapsed")
        // Nothing is kept any more: another bill may take the whole cap.
        let other = try await gateway.settle(SentBill(cost: 90_000, on: today), visit)
        #expect(other.yen("copay") == 10_000)
        // The money may have been taken all the same: it is decided with what is left now.
        let late = try await gateway.settle(bill.used(as: "claim"), visit)
        #expect(late.billStatus == "confirmed" && late.yen("copay") == 0)
    }

    // MARK: Several institutions

    @Test func `a hospital, a pharmacy and a clinic at the same minute collect exactly the cap`()
        async throws
    {
        let card = try await gateway.settleChronic().card
        var visits: [Visit] = []
        for institution in RunningGateway.chronicCare {
            visits.append(try await gateway.openVisit(card, at: institution))
        }
        let sent = visits
        let day = today
        let answers = try await atOnce(3) { place in
            (SentBill(cost: 30_000, on: day), sent[place], RunningGateway.chronicCare[place])
        }
        #expect(answers.map { $0.yen("copay") ?? -1 }.sorted() == [0, 4_000, 6_000])
        #expect(answers.compactMap { $0.yen("month-collected") }.max() == 10_000)
        let capped = try #require(answers.first { $0.yen("copay") == 4_000 })
        #expect(capped.notes("ja").contains("今月の上限額10,000円まで、ほかの医療機関の分と合わせてあと4,000円です。"))
        #expect(Set(answers.map { $0.json["patient"]?.object?["reference"]?.string }).count == 3)
    }

    @Test func `two institutions at once never take the patient past the cap`() async throws {
        for _ in 0..<8 {
            let card = try await gateway.settleChronic().card
            let here = try await gateway.openVisit(card)
            let there = try await gateway.openVisit(card, at: Cast.pharmacy)
            try await gateway.settle(SentBill(cost: 45_000, on: today), here).expect(200)
            let day = today
            let answers = try await atOnce(8) { place in
                let isHere = place % 2 == 0
                return (
                    SentBill(
                        place < 4 ? "preauthorization" : "claim", cost: 4_000 + place * 10, on: day),
                    isHere ? here : there, isHere ? Cast.clinic : Cast.pharmacy
                )
            }
            let taken = answers.compactMap { $0.yen("copay") }.reduce(9_000, +)
            #expect(taken == 10_000)
            #expect(answers.allSatisfy { ($0.yen("month-rest") ?? -1) >= 0 })
        }
    }

    @Test func `what was collected before stands, and what lies over the cap is due back`()
        async throws
    {
        let card = try await gateway.settleChronic().card
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        let confirmed = try await gateway.settle(SentBill(cost: 45_000, on: today), here)
        #expect(confirmed.yen("copay") == 9_000)
        var late = SentBill(cost: 15_000, on: today)
        late.collected = 3_000
        let taken = try await gateway.settle(late, there, by: Cast.pharmacy)
        #expect(taken.yen("copay") == 3_000 && taken.yen("month-collected") == 12_000)
        #expect(taken.yen("month-rest") == 0)
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        let month = try #require(own.json["months"]?.array?.first?.object)
        let refund = try #require(month["refunds"]?.array?.first?.object)
        #expect(refund["yen"]?.int == 2_000 && refund["status"]?.string == "open")
        try await gateway.settle(
            late.used(as: "claim", status: "cancelled"), there, by: Cast.pharmacy
        ).expect(200)
        let after = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        let now = try #require(after.json["months"]?.array?.first?.object)
        #expect(now["collected"]?.int == 9_000 && now["rest"]?.int == 1_000)
        #expect(
            now["refunds"]?.array?.map { $0.object?["status"]?.string } == ["withdrawn"])
    }

    /// Each over a connection of its own.
    private func atOnce(
        _ count: Int, _ make: @escaping @Sendable (Int) -> (SentBill, Visit, Party)
    ) async throws -> [TLSClient.Answer] {
        try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for place in 0..<count {
                group.addTask { [gateway] in
                    let (bill, visit, party) = make(place)
                    let client = try await gateway.connect(party)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(visit)).text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
