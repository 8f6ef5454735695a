import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 連携の受領: each body receives what concerns it, field by field, at least once and in one order; every
/// resident shown is entered, and nobody else's are shown.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct DeliveryTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// Each resident shown has an entry: the tally counts one for the answer.
    private func receive(
        _ field: DeliveryField, _ query: String = "", by body: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(body, "GET", "/deliveries/\(field.rawValue)\(query)")
        try answer.expect(200)
        let residents = Set(answer.entries.compactMap(Self.resident))
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        return answer
    }

    private static func resident(_ line: JSONObject) -> String? {
        ["patient", "subject", "beneficiary"].compactMap {
            line[$0]?.object?["reference"]?.string
        }.first
    }

    /// Up to now, so that a test sees its own alone.
    private func catchUp(_ field: DeliveryField, _ body: Party = Cast.town) async throws {
        var answer = try await receive(field, by: body)
        while let next = answer.next {
            answer = try await receive(field, String(next.drop { $0 != "?" }), by: body)
        }
    }

    /// The parts of each line's own extension by name.
    private func lines(_ answer: TLSClient.Answer) -> [[String: JSON]] {
        (answer.json["entry"]?.array ?? []).compactMap(\.object).map {
            TLSClient.Answer($0).parts("delivery").first ?? [:]
        }
    }

    private func withdrawals(_ answer: TLSClient.Answer) -> [Bool?] {
        lines(answer).map { $0["withdrawn"]?.bool }
    }

    // MARK: Maternal

    @Test func `a checkup is a line of ledger and claim, and comes back as withdrawn`()
        async throws
    {
        try await catchUp(.maternal)
        try await catchUp(.maternal, Cast.otherTown)
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        var checkup = SentCheckup(on: today)
        let id = try await gateway.record(checkup, visit).text("id")
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await receive(.maternal) }
        let answer = try #require(sent)
        let report = try #require(answer.entries.first)
        #expect(answer.entries.count == 1)
        let claim = TLSClient.Answer(report).parts("checkup-claim").first
        #expect(claim?["claimed"]?.object?["value"]?.int == 6800)
        #expect(lines(answer).first?["field"]?.string == "maternal")
        #expect(!answer.text.contains(id) && !answer.text.contains(visit.patient))
        #expect(!answer.text.contains(visit.id))
        #expect(entries.map(\.purpose) == ["receive-checkups"])
        #expect(entries.map(\.hasPerson) == [true] && entries.first?.basis == "\(id)/1")
        checkup.status = "entered-in-error"
        try await gateway.correct(id, seen: "W/\"1\"", checkup, visit).expect(200)
        let both = try await receive(.maternal)
        #expect(withdrawals(both) == [false, true])
        #expect(Set(both.entries.map { $0["id"]?.string }).count == 1)
        #expect(try await receive(.maternal, by: Cast.otherTown).entries.isEmpty)
    }

    @Test func `the sensitive compartment is for who is designated for it, and by itself`()
        async throws
    {
        try await catchUp(.maternal)
        let (_, card) = try await gateway.settle()
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        try await gateway.record(.epds(14, on: today), visit).expect(201)
        let path = "/deliveries/maternal-sensitive"
        try await gateway.expect(.notYourPurpose, of: .receiveSensitiveCheckups, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", path)
        }
        #expect(try await receive(.maternal).entries.isEmpty)
        let scheme = try #require(DeliveryField.maternalSensitive.designation)
        // Another body's word designates nobody for itself.
        _ = try await gateway.registry.designate(
            Cast.otherTown, Designation(body: Cast.town.code, scheme: scheme))
        try await gateway.expect(
            .notYourPurpose, of: .receiveSensitiveCheckups, from: Cast.otherTown
        ) {
            try await gateway.send(Cast.otherTown, "GET", path)
        }
        let own = Designation(body: Cast.town.code, scheme: scheme)
        _ = try await gateway.registry.designate(Cast.town, own)
        let answer = try await receive(.maternalSensitive)
        #expect(answer.entries.count == 1 && answer.text.contains("epds-total"))
        #expect(try await receive(.maternal).entries.isEmpty)
        _ = try await gateway.registry.undesignate(Cast.town, own)
    }

    // MARK: Claims

    @Test
    func `what is confirmed and what of it is voided is told to who pays, and no reservation`()
        async throws
    {
        try await catchUp(.claims, Cast.prefecture)
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let bill = SentBill(cost: 30_000, on: today)
        try await gateway.settle(bill.used(as: "preauthorization"), visit).expect(200)
        #expect(try await receive(.claims, by: Cast.prefecture).entries.isEmpty)
        let told = try await gateway.settle(bill, visit)
        let id = told.text("id")
        let confirmed = try await receive(.claims, by: Cast.prefecture)
        let line = try #require(confirmed.entries.first)
        #expect(TLSClient.Answer(line).yen("copay") == 6_000)
        // Who pays can check each step as the counter could.
        #expect(TLSClient.Answer(line).traces("ja") == told.traces("ja"))
        #expect(told.traces("ja").contains("6000 rounding/counter verified"))
        #expect(lines(confirmed).first?["recipientNumber"]?.string?.isEmpty == false)
        #expect(!confirmed.text.contains(id) && !confirmed.text.contains(visit.id))
        try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit).expect(200)
        let both = try await receive(.claims, by: Cast.prefecture)
        #expect(withdrawals(both) == [false, true])
        let reserved = SentBill("preauthorization", cost: 10_000, on: today)
        try await gateway.settle(reserved, visit).expect(200)
        try await gateway.settle(reserved.used(as: "claim", status: "cancelled"), visit).expect(200)
        #expect(try await receive(.claims, by: Cast.prefecture).entries.count == 2)
        #expect(try await receive(.claims).entries.isEmpty)
        #expect(try await receive(.claims, by: Cast.otherPrefecture).entries.isEmpty)
    }

    // MARK: Subsidy

    @Test
    func `a review that was settled is told to the body whose row it is, and no echo of its own`()
        async throws
    {
        try await catchUp(.subsidy)
        var resident = gateway.people.next()
        try await gateway.hold([resident.row("kodomo", today, today.adding(days: 90))])
        #expect(try await receive(.subsidy).entries.isEmpty)
        resident.dateOfBirth = "2011-11-11"
        let sent = try await gateway.register([
            resident.row("kodomo", today, today.adding(days: 120))
        ])
        #expect(sent.int("underReview") == 1)
        try await settleReviews()
        let answer = try await receive(.subsidy)
        #expect(answer.entries.map { $0["status"]?.string } == ["active"])
        let period = answer.entries.first?["period"]?.object
        #expect(period?["end"]?.string == today.adding(days: 120).text)
        #expect(!answer.text.contains("住所") && !answer.text.contains("見本町"))
    }

    private func settleReviews() async throws {
        let desk = Caller(party: try Party(role: .operator_, code: "desk"), operatorID: "desk-1")
        _ = try await gateway.registry.load([.init(party: desk.party, name: "運用")], isOptedIn: true)
        let open = try await gateway.ledger.access(desk, .settleReview) { try $0.openReviews() }
        let rules = try gateway.ledger.rules.current()
        for review in open {
            let verdict = try ReviewVerdict(.accept, word: "第12号")
            try await gateway.ledger.access(desk, .settleReview) {
                try $0.settleReview(review.version, verdict, rules: rules)
            }
        }
        gateway.expectMoreEntries(open.count + 1)
    }

    // MARK: Order

    @Test func `what commits late comes after what was read, and nothing is missed`() async throws {
        try await catchUp(.maternal)
        var visits: [RunningGateway.Visit] = []
        for _ in 0..<10 {
            visits.append(try await gateway.openCheckupVisit(gateway.settleBaby(days: 110)))
        }
        let (sent, today) = (visits, today)
        let made = Task { [gateway] in
            for visit in sent {
                try await gateway.record(SentCheckup(on: today), visit).expect(201)
            }
        }
        var seen: [Int] = []
        while seen.count < sent.count {
            let cursor = seen.last.map { "?_count=3&_cursor=\($0)" } ?? "?_count=3"
            let places = lines(try await receive(.maternal, cursor)).compactMap {
                $0["cursor"]?.string.flatMap { Int($0) }
            }
            for place in places where !seen.contains(place) { seen.append(place) }
        }
        try await made.value
        let first = try #require(seen.first)
        #expect(seen == Array(first..<first + sent.count))
    }

    @Test func `an open transaction that began before holds nothing back and is not stepped over`()
        async throws
    {
        try await catchUp(.maternal)
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 110))
        try await gateway.record(SentCheckup(on: today), visit).expect(201)
        // As a report of a slow transaction would: made before the one that is read first.
        let late = Statement(
            """
            insert into exchange.delivery (person, field, record, version, body, is_withdrawn, made_at)
            select person, field, gen_random_uuid(), 1, body, false, made_at - interval '1 hour'
            from exchange.delivery where body = $1 and field = 'maternal' order by made_at desc limit 1
            """)
        let read = try await receive(.maternal)
        let place = try #require(lines(read).last?["cursor"]?.string.flatMap { Int($0) })
        _ = try await gateway.sql { try $0.run(late, [.text(Cast.town.code)]) }
        // No report of that number: it takes its place all the same, behind what was read.
        _ = try await receive(.maternal, "?_cursor=\(place)")
        let given = try await gateway.count(
            """
            select max(place) from exchange.delivery
            where body = $1 and field = 'maternal' and made_at < now() - interval '30 minutes'
            """, [.text(Cast.town.code)])
        #expect(given == place + 1)
    }
}
