import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 併用 over the wire: a national certificate and one of the town's on the same bill, each held to its
/// own cap in one commit.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SeveralCertificatesServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// On both certificates, the town's named first.
    private func bill(_ use: String = "claim", cost: Int = 30_000) -> SentBill {
        var bill = SentBill(use, cost: cost, on: today)
        bill.local = SentBill.localCertificate
        return bill
    }

    @Test func `a bill on two certificates is told in the order of law, each with its month`()
        async throws
    {
        let card = try await gateway.settleChronic(local: 500).card
        let visit = try await gateway.openVisit(card)
        let bill = bill()
        var answers: [TLSClient.Answer] = []
        let entries = try await gateway.entries {
            for use in ["predetermination", "preauthorization", "claim"] {
                answers.append(try await gateway.settle(bill.used(as: use), visit))
            }
        }
        #expect(answers.map(\.status) == [200, 200, 200])
        #expect(answers.map { $0.yen("copay") } == [500, 500, 500])
        #expect(answers.map { $0.yen("share", of: 1) } == [6_000, 6_000, 6_000])
        #expect(answers.map { $0.yen("passed-on", of: 1) } == [6_000, 6_000, 6_000])
        #expect(answers.map { $0.yen("due", of: 2) } == [6_000, 6_000, 6_000])
        #expect(answers.map { $0.yen("month-held", of: 1) } == [0, 6_000, 0])
        #expect(answers.map { $0.yen("month-held", of: 2) } == [0, 500, 0])
        #expect(answers.map { $0.yen("month-collected", of: 1) } == [0, 0, 6_000])
        #expect(answers.map { $0.yen("month-rest", of: 2) } == [500, 0, 0])
        let insurance = (answers[2].json["insurance"]?.array ?? []).compactMap(\.object)
        #expect(insurance.map { $0["sequence"]?.int } == [1, 2])
        #expect(
            insurance.map {
                $0["coverage"]?.object?["identifier"]?.object?["value"]?.string
            } == ["nanbyo", "kodomo"])
        #expect(
            answers[2].notes("ja").contains("第2公費分: 第1公費の患者負担6,000円を引き受けます。"))
        // One request, one entry, however many certificates.
        #expect(entries.map(\.purpose) == ["settle-bill", "settle-bill", "settle-bill"])
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/ClaimResponse/\(answers[2].text("id"))")
        #expect(read.body == answers[2].body)
        let again = try await gateway.settle(bill, visit)
        #expect(again.body == answers[2].body)
    }

    @Test func `a void gives both months back, and both bodies hear of both`() async throws {
        let card = try await gateway.settleChronic(local: 500).card
        let visit = try await gateway.openVisit(card)
        let bill = bill()
        try await gateway.settle(bill, visit).expect(200)
        let number: [Value] = [.text(bill.identifier)]
        let delivered = """
            select count(*) from exchange.delivery d
            join exchange.bill b on b.person = d.person and b.bill = d.record
                and b.version = d.version and b.body = d.body
            where b.identifier = $1
            """
        #expect(try await gateway.count(delivered, number) == 2)
        let voided = try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit)
        #expect(voided.billStatus == "voided")
        #expect(voided.yen("month-collected", of: 1) == 0)
        #expect(voided.yen("month-collected", of: 2) == 0)
        #expect(voided.yen("month-rest", of: 2) == 500)
        #expect(try await gateway.count(delivered, number) == 4)
        let lines = try await gateway.count(
            "select count(distinct bill) from exchange.bill where identifier = $1", number)
        #expect(lines == 2)
    }

    @Test func `the resident sees what counts towards each cap, and what was passed on`()
        async throws
    {
        let card = try await gateway.settleChronic(local: 500).card
        let visit = try await gateway.openVisit(card)
        try await gateway.settle(bill(), visit).expect(200)
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        var seen: [String: [Int?]] = [:]
        for case .object(let month) in own.json["months"]?.array ?? [] {
            let type = month["certificate"]?.object?["type"]?.string ?? ""
            seen[type] = ["collected", "passedOn", "rest"].map { month[$0]?.int }
        }
        #expect(seen == ["nanbyo": [6_000, 6_000, 4_000], "kodomo": [500, nil, 0]])
    }

    /// Two counters in the same moment, on one certificate and on both: neither cap is passed.
    @Test func `at the same moment neither cap is passed`() async throws {
        let card = try await gateway.settleChronic(local: 3_000).card
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        let day = today
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for place in 0..<8 {
                group.addTask { [gateway] in
                    let isHere = place % 2 == 0
                    var bill = SentBill(
                        place < 4 ? "preauthorization" : "claim", cost: 11_000 + place * 100,
                        on: day)
                    if place % 4 < 2 { bill.local = SentBill.localCertificate }
                    let party = isHere ? Cast.clinic : Cast.pharmacy
                    let client = try await gateway.connect(party)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(isHere ? here : there)).text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: [TLSClient.Answer]()) { $0.append($1) }
        }
        #expect(answers.allSatisfy { $0.status == 200 })
        let both = answers.filter { $0.yen("share", of: 1) != nil }
        let single = answers.filter { $0.yen("share", of: 1) == nil }
        let counted =
            both.compactMap { $0.yen("passed-on", of: 1) } + single.compactMap { $0.yen("share") }
        #expect(both.count == 4 && counted.reduce(0, +) == 10_000)
        #expect(both.compactMap { $0.yen("copay") }.reduce(0, +) <= 3_000)
    }

    /// 9,800 of 10,000 yen were paid; the counter, which could not ask, took 600 of a bill on both.
    @Test func `what was collected before is due back from the body whose cap it went over`()
        async throws
    {
        let (_, card) = try await gateway.settleChronic(local: 500)
        let visit = try await gateway.openVisit(card)
        try await gateway.settle(SentBill(cost: 49_000, on: today), visit).expect(200)
        var late = bill()
        late.collected = 600
        let told = try await gateway.settle(late, visit)
        try told.expect(200)
        #expect(told.yen("copay") == 600)
        #expect(told.yen("passed-on", of: 1) == 200 && told.yen("paid-over", of: 1) == 400)
        #expect(told.yen("copay", of: 2) == 200 && told.yen("paid-over", of: 2) == nil)
        #expect(
            told.notes("ja").contains(
                "第1公費分: 上限を超えて支払われた400円は、この受給者証の発行元に払い戻しを申請できます。"))
        #expect(try await gateway.settle(late, visit).body == told.body)
        let token = try await gateway.session(of: card)
        func refunds() async throws -> [String: Int] {
            let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
            var due: [String: Int] = [:]
            for case .object(let month) in own.json["months"]?.array ?? [] {
                for case .object(let refund) in month["refunds"]?.array ?? []
                where refund["status"]?.string == "open" {
                    let type = month["certificate"]?.object?["type"]?.string ?? ""
                    due[type, default: 0] += refund["yen"]?.int ?? 0
                }
            }
            return due
        }
        #expect(try await refunds() == ["nanbyo": 400])
        // Another amount under the number is another bill.
        var other = late
        other.collected = 590
        let changed = other
        try await gateway.expect(.billChanged, of: .settleBill, from: Cast.clinic) {
            try await gateway.settle(changed, visit)
        }
        let much = bill(cost: 100)
        var asked = much
        asked.collected = 30
        let tooMuch = asked
        try await gateway.expect(.collectedTooMuch, of: .settleBill, from: Cast.clinic) {
            try await gateway.settle(tooMuch, visit)
        }
        // 取消 takes the case back, and both months are as they were.
        try await gateway.settle(late.used(as: "claim", status: "cancelled"), visit).expect(200)
        #expect(try await refunds().isEmpty)
        let again = try await gateway.settle(bill("predetermination"), visit)
        #expect(again.yen("copay") == 200 && again.yen("month-collected", of: 1) == 9_800)
        #expect(again.yen("month-collected", of: 2) == 0)
    }

    @Test func `one certificate twice, or one that is not held, is refused by name`()
        async throws
    {
        let (resident, card) = try await gateway.settleChronic(local: 500)
        let visit = try await gateway.openVisit(card)
        var twice = bill()
        twice.local = (
            "http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicInsuredPersonNumber",
            String(1_000_000 + resident.index)
        )
        let other = twice
        try await gateway.expect(
            .duplicateItem("insurance[1]"), of: .settleBill, from: Cast.clinic
        ) {
            try await gateway.settle(other, visit)
        }
        gateway.expectMoreEntries(1)
        var unheld = bill()
        unheld.local?.value = "hitorioya"
        let third = unheld
        try await gateway.expect(.certificateNotHeld, of: .settleBill, from: Cast.clinic) {
            try await gateway.settle(third, visit)
        }
    }

    @Test func `another set of certificates under the number is another bill`() async throws {
        let visit = try await gateway.openVisit(gateway.settleChronic(local: 500).card)
        var bill = bill("preauthorization")
        try await gateway.settle(bill, visit).expect(200)
        bill.local = nil
        for use in ["preauthorization", "claim"] {
            let sent = bill.used(as: use)
            try await gateway.expect(.billChanged, of: .settleBill, from: Cast.clinic) {
                try await gateway.settle(sent, visit)
            }
        }
    }
}
