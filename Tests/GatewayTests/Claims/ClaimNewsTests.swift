import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 経過の知らせ: true days are taken whenever a file came, of a wrong request nothing is, and what comes at once
/// makes one thread that can be read.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ClaimNewsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private struct News {
        let claim: String
        let step: String
        let day: String

        var text: String { #"{"claim":"\#(claim)","step":"\#(step)","on":"\#(day)"}"# }
    }

    private func tell(_ news: [News], _ month: ServiceMonth) async throws -> TLSClient.Answer {
        try await gateway.send(
            Cast.town, "POST", "/claims/months/\(month.text)/events",
            body: try JSON(reading: "{\"events\":[\(news.map(\.text).joined(separator: ","))]}"))
    }

    /// Ids of the newest run, by recipient.
    private func claims(_ month: ServiceMonth) async throws -> [String: String] {
        let page = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest?show=all&_count=1000"
        ).answer
        var found: [String: String] = [:]
        for value in page.json["results"]?.array ?? [] {
            let publics = value.object?["result"]?.object?["publics"]?.array
            guard let name = publics?.first?.object?["recipient"]?.string else { continue }
            found[name] = value.object?["claim"]?.string
        }
        return found
    }

    private func sent(_ month: ServiceMonth, _ count: Int) async throws -> [String] {
        var recipients: [String] = []
        for _ in 0..<count { recipients.append(try await gateway.enrol(month).recipient) }
        try await gateway.submit(recipients.map { SentClaim($0) }, month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let ids = try await claims(month)
        return try recipients.map { try #require(ids[$0]) }
    }

    private func steps() async throws -> Int {
        try await gateway.count("select count(*) from exchange.claim_event")
    }

    @Test func `the day of payment is true though the file came later`() async throws {
        let month = try ServiceMonth(year: 2025, month: 1)
        let claim = try await sent(month, 1)[0]
        // Long before the upload of today, which is the day the file came.
        try await tell([News(claim: claim, step: "paid", day: "2025-03-21")], month).expect(200)
        try await gateway.expect(
            .claimStep("events[0].on"), of: .submitClaims, from: Cast.town
        ) {
            try await tell([News(claim: claim, step: "reexamined", day: "2025-03-20")], month)
        }
        try await tell(
            [
                News(claim: claim, step: "reexamined", day: "2025-03-21"),
                News(claim: claim, step: "confirmed", day: gateway.clock.today.text),
            ], month
        ).expect(200)
    }

    @Test func `the first of the claim's month is taken, the day before and tomorrow are not`()
        async throws
    {
        let month = try ServiceMonth(year: 2025, month: 2)
        let ids = try await sent(month, 2)
        let before = try await steps()
        try await gateway.expect(
            .claimStep("events[0].on"), of: .submitClaims, from: Cast.town
        ) {
            try await tell([News(claim: ids[0], step: "paid", day: "2025-01-31")], month)
        }
        let tomorrow = gateway.clock.today.adding(days: 1).text
        try await gateway.expect(
            .malformed("events[1].on"), of: nil, from: Cast.town
        ) {
            try await tell(
                [
                    News(claim: ids[0], step: "paid", day: gateway.clock.today.text),
                    News(claim: ids[1], step: "paid", day: tomorrow),
                ], month)
        }
        #expect(try await steps() == before)
        try await tell([News(claim: ids[0], step: "paid", day: "2025-02-01")], month).expect(200)
        #expect(try await steps() == before + 1)
    }

    @Test func `every event that is wrong is named, and none of the request is kept`() async throws
    {
        let month = try ServiceMonth(year: 2025, month: 3)
        let ids = try await sent(month, 4)
        let before = try await steps()
        let news = [
            News(claim: ids[0], step: "paid", day: "2025-04-21"),
            News(claim: ids[1], step: "confirmed", day: "2025-04-21"),
            News(claim: ids[2], step: "paid", day: "2025-02-28"),
            News(claim: ids[3], step: "paid", day: "2025-04-21"),
            News(claim: ids[3], step: "reexamined", day: "2025-04-20"),
        ]
        let named = "events[1].step, events[2].on, events[4].on"
        let answer = try await gateway.expect(
            .claimStep(named), of: .submitClaims, from: Cast.town
        ) { try await tell(news, month) }
        #expect(answer.text("item") == named)
        #expect(try await steps() == before)
        // What was right is taken when it is sent again.
        #expect(try await tell([news[0], news[3]], month).int("taken") == 2)
    }

    @Test func `a claim sent again is paid on a true day, though its file came later`()
        async throws
    {
        let month = try ServiceMonth(year: 2025, month: 4)
        let next = try ServiceMonth(year: 2025, month: 5)
        let (resident, recipient) = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(recipient)], month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let first = try #require(try await claims(month)[recipient])
        try await tell([News(claim: first, step: "returned", day: "2025-05-21")], month).expect(200)
        var again = SentClaim(recipient)
        again.birth = resident.dateOfBirth
        again.extra = ",\"isResubmission\":true"
        try await gateway.submit([again], month, runMonth: next).expect(201)
        try await gateway.reconcile(next).expect(200)
        let second = try #require(try await claims(next)[recipient])
        // Before it came back it was not paid; after that it was, long before the file came here.
        try await gateway.expect(
            .claimStep("events[0].on"), of: .submitClaims, from: Cast.town
        ) {
            try await tell([News(claim: second, step: "paid", day: "2025-05-20")], next)
        }
        try await tell([News(claim: second, step: "paid", day: "2025-06-21")], next).expect(200)
    }

    /// 同時に: files that continue what a closing sent back, and news that withdraw it.
    @Test func `files and news at once make threads of steps that follow each other`() async throws
    {
        let month = try ServiceMonth(year: 2025, month: 6)
        let later = [7, 8]
        var wrong: [SentClaim] = []
        var right: [SentClaim] = []
        for _ in 0..<40 {
            let held = try await gateway.enrol(month)
            var claim = SentClaim(held.recipient)
            claim.birth = "1950-01-01"
            wrong.append(claim)
            claim.birth = held.resident.dateOfBirth
            claim.extra = ",\"isResubmission\":true"
            right.append(claim)
        }
        try await gateway.submit(wrong, month).expect(201)
        let run = try await gateway.reconcile(month)
        let ids = try await claims(month).values.sorted()
        try await gateway.close(run, month).expect(200)
        let day = gateway.clock.today.text
        let files = Array(
            "{\"claims\":[\(right.enumerated().map { $1.json(month, $0 + 1) }.joined(separator: ","))]}"
                .utf8)
        let statuses: [Int] = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in later {
                group.addTask { [gateway] in
                    try await Self.post(
                        gateway, "/claims?month=2025-0\(number)",
                        number == 7 ? files : files + Array(" ".utf8))
                }
                group.addTask { [gateway] in
                    let events = ids.map {
                        #"{"claim":"\#($0)","step":"withdrawn","on":"\#(day)","reference":"\#(number)"}"#
                    }
                    return try await Self.post(
                        gateway, "/claims/months/\(month.text)/events",
                        Array("{\"events\":[\(events.joined(separator: ","))]}".utf8))
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(statuses.allSatisfy { [200, 201, 409].contains($0) }, "\(statuses)")
        #expect(statuses.filter { $0 == 201 }.count == 2)
        try await expectEachFollows(ids.count)
    }

    private static func post(
        _ gateway: RunningGateway, _ path: String, _ bytes: [UInt8]
    ) async throws -> Int {
        let client = try await gateway.connect(Cast.town)
        let answer = try await gateway.send(client, "POST", path, bytes: bytes)
        await client.close()
        return answer.status
    }

    /// Every thread of June, step by step, as somebody who only reads the table judges it.
    private func expectEachFollows(_ count: Int) async throws {
        let rows = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select e.thread::text, e.sequence, e.step, e.day from exchange.claim_event e
                    where e.thread in (
                        select thread from exchange.claim where service_month = '2025-06-01')
                    order by e.thread, e.sequence
                    """)
            ).map {
                (try $0.text(0), try $0.int(1), try $0.text(2), try $0.day(3))
            }
        }
        var threads: [String: ClaimThread] = [:]
        for (id, sequence, step, day) in rows {
            let first = try CalendarDay(year: 2025, month: 6, day: 1)
            var thread = threads[id] ?? ClaimThread(submitted: first, reference: "")
            #expect(sequence == thread.entries.count)
            let named = try #require(ClaimThread.Step(rawValue: step))
            try thread.add(.init(named, on: CalendarDay(daysSince1970: day), reference: ""))
            threads[id] = thread
        }
        #expect(threads.count == count)
        #expect(threads.values.contains { $0.entries.contains { $0.step == .corrected } })
    }
}
