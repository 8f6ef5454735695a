import Exchange
import Glibc
import Postgres
import TestSupport
import Testing

/// ファイルの時点: what became known after the moment as of which a whole list, or a file of changes, is, stands:
/// the file neither overwrites nor ends it, and its sender is told of each such row.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ListMomentTests {
    static let layout = "entitlements-full"
    static let party = Cast.otherTown
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private var first: CalendarDay { today.adding(days: -10) }

    private func people(_ count: Int) -> [TestResident] {
        (0..<count).map { _ in gateway.people.next() }
    }

    /// As the list has it: without a history key of its own.
    private func cells(
        _ person: TestResident, to days: Int = 300, _ changes: [String: String] = [:]
    )
        -> [String: String]
    {
        person.cells(first, today.adding(days: days), historyKey: "", changes)
    }

    /// As the API has it: under the list's key, or another.
    private func word(
        _ person: TestResident, to days: Int, key: String? = nil, _ changes: [String: JSON?] = [:]
    ) -> JSON {
        person.row(
            "kodomo", first, today.adding(days: days), historyKey: key ?? first.text, changes)
    }

    /// Takes a list at once, confirmed where it asks.
    private func take(_ rows: [[String: String]], asOf: String? = nil) async throws
        -> TLSClient.Answer
    {
        let sequence = try await gateway.nextSequence(of: Self.party)
        let receipt = try await gateway.upload(
            NightFile(rows).bytes(), as: Self.layout,
            "sequence=\(sequence)" + (asOf.map { "&asOf=\($0)" } ?? ""), by: Self.party,
            operatorID: "clerk-a")
        try receipt.expect(202)
        let file = receipt.text("file")
        let answer = try await gateway.settled(file, as: Self.layout, by: Self.party)
        guard answer.text("status") == "waiting" else { return answer }
        try await gateway.decide(
            "confirm", on: file, effect: answer.json["effect"]?.object?["hash"]?.string,
            as: Self.layout, by: Self.party, operatorID: "clerk-b"
        ).expect(200)
        return try await gateway.settled(file, as: Self.layout, by: Self.party)
    }

    /// The list waits for the file before it while `meanwhile` happens.
    private func take(
        _ rows: [[String: String]], afterwards meanwhile: () async throws -> Void
    ) async throws -> TLSClient.Answer {
        let sequence = try await gateway.nextSequence(of: Self.party)
        let list = try await gateway.upload(
            NightFile(rows).bytes(), as: Self.layout, "sequence=\(sequence + 1)", by: Self.party)
        #expect(list.text("status") == "held", "\(list.text)")
        try await meanwhile()
        let before = people(1)[0]
        let earlier = try await gateway.upload(
            NightFile([before.cells(first, today)]).bytes(), "sequence=\(sequence)",
            by: Self.party)
        try earlier.expect(202)
        return try await gateway.settled(list.text("file"), as: Self.layout, by: Self.party)
    }

    /// The last days of what answers for somebody now.
    private func standing(_ person: TestResident) async throws -> [CalendarDay] {
        let values: [Value] = [.text("R-00\(person.index)"), .day(today.daysSince1970)]
        return try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select e.valid_to from exchange.entitlement e
                    where e.recipient_number = $1 and not e.is_deleted and e.valid_to >= $2
                        and not exists (
                            select 1 from exchange.entitlement later where later.person = e.person
                                and later.body = e.body and later.history_key = e.history_key
                                and later.version > e.version)
                    order by e.valid_to
                    """), values
            ).map { CalendarDay(daysSince1970: try $0.day(0)) }
        }
    }

    private func told(_ answer: TLSClient.Answer) -> [String] {
        answer.results.flatMap { row in
            row.findings.map {
                "\(row["line"]?.int ?? 0) \($0["item"]?.string ?? "") \($0["code"]?.string ?? "")"
            }
        }.sorted()
    }

    @Test func `what the API said after the list was received stands`() async throws {
        let own = people(6)
        _ = try await take(own.map { cells($0) })
        try await gateway.hold([word(own[3], to: 300)], by: Self.party)
        let done = try await take(own.map { cells($0, to: 200) }) {
            try await gateway.hold(
                [
                    word(own[0], to: 100), word(own[1], to: 100, key: "1"),
                    word(own[2], to: 300, ["isDeleted": .bool(true)]),
                ], by: Self.party)
            // What stood already, said once more, is a word too.
            let again = try await gateway.register([word(own[3], to: 300)], by: Self.party)
            #expect(again.int("unchanged") == 1, "\(again.text)")
        }
        let item = "orgSpecificCertificateTypeId newer-stands"
        #expect(told(done) == (2...5).map { "\($0) \(item)" }, "\(done.text)")
        #expect(done.number("changes") == 2 && done.number("unchanged") == 4)
        #expect(done.number("refused") == 0)
        #expect(try await standing(own[0]) == [today.adding(days: 100)])
        // Under a key of its own: the list adds nothing beside it, and leaves what stood.
        #expect(
            try await standing(own[1]) == [today.adding(days: 100), today.adding(days: 300)])
        #expect(try await standing(own[2]) == [])
        #expect(try await standing(own[3]) == [today.adding(days: 300)])
        #expect(try await standing(own[4]) == [today.adding(days: 200)])
        // The next list is younger than all of it.
        let next = try await take(own.map { cells($0, to: 200) })
        #expect(told(next).isEmpty, "\(next.text)")
        for person in own {
            #expect(try await standing(person) == [today.adding(days: 200)], "\(person.index)")
        }
    }

    @Test func `a word said again after the list was received is not ended by it`() async throws {
        let own = people(3)
        _ = try await take(own.map { cells($0) })
        try await gateway.hold([word(own[1], to: 300)], by: Self.party)
        let done = try await take([cells(own[0])]) {
            let again = try await gateway.register([word(own[1], to: 300)], by: Self.party)
            #expect(again.int("unchanged") == 1, "\(again.text)")
        }
        #expect(done.notices.map { $0["code"]?.string } == ["kept-known-since"], "\(done.text)")
        #expect(try await standing(own[1]) == [today.adding(days: 300)])
        #expect(try await standing(own[2]) == [])
    }

    @Test func `mended rows are as of the list in which they were wrong`() async throws {
        let own = people(3)
        _ = try await take(own.map { cells($0) })
        let list = try await take(own.map { cells($0, to: 200, ["性別": "7"]) })
        #expect(list.number("refused") == 3 && list.number("ends") == 0, "\(list.text)")
        try await gateway.hold([word(own[0], to: 100)], by: Self.party)
        let errors = try await gateway.errors(
            of: list.text("file"), as: Self.layout, by: Self.party)
        // One entry for each of the three whose rows they are.
        gateway.expectMoreEntries(2)
        let text = NightFile.text(of: errors.body, .cp932)
        func mend(_ keeping: [TestResident], _ query: String) async throws -> TLSClient.Answer {
            let left = own.filter { person in !keeping.contains { $0.index == person.index } }
            let lines = text.split(separator: "\r\n").map(String.init).filter { line in
                !left.contains { line.contains("R-00\($0.index),") }
            }
            let mended = lines.map { $0.replacing(",7,", with: ",2,") + "\r\n" }.joined()
            let receipt = try await gateway.upload(
                NightFile.bytes(of: mended, .cp932), as: Self.layout, query, by: Self.party)
            try receipt.expect(202)
            return try await gateway.settled(
                receipt.text("file"), as: Self.layout, by: Self.party)
        }
        let mended = try await mend([own[0], own[1]], "rows=2")
        #expect(mended.results.flatMap(\.findings).map { $0["code"]?.string } == ["newer-stands"])
        #expect(mended.number("changes") == 1, "\(mended.text)")
        #expect(try await standing(own[0]) == [today.adding(days: 100)])
        #expect(try await standing(own[1]) == [today.adding(days: 200)])
        // Who says that the row is of now is believed.
        let now = try await moment(own[0], microseconds: 0)
        let said = try await mend([own[0]], "rows=1&asOf=\(now)")
        #expect(said.number("changes") == 1, "\(said.text)")
        #expect(try await standing(own[0]) == [today.adding(days: 200)])
    }

    /// 支援措置: a family is protected while the list is on its way.
    @Test func `a protection that came after the list was received stays`() async throws {
        let person = people(1)[0]
        _ = try await take([cells(person)])
        let done = try await take([cells(person)]) {
            // Said with another term: the list's own row is as it was.
            let next = person.row(
                "kodomo", today.adding(days: 301), today.adding(days: 600), historyKey: "2",
                ["isNotDisclosed": .bool(true)])
            try await gateway.hold([next], by: Self.party)
        }
        #expect(told(done) == ["2 basicFiveInfo newer-stands"], "\(done.text)")
        let protected = """
            select count(distinct w.person) from exchange.withheld w where w.person in (
                select person from exchange.entitlement where recipient_number = $1)
            """
        let recipient: [Value] = [.text("R-00\(person.index)")]
        #expect(try await gateway.count(protected, recipient) == 1)
        // A list that is made later may lift it, as before.
        let next = try await take([cells(person)])
        #expect(told(next).isEmpty, "\(next.text)")
        #expect(try await gateway.count(protected, recipient) == 0)
    }

    /// Instants as a query writes them.
    private func moment(_ person: TestResident, microseconds: Int64) async throws -> String {
        let recipient = "R-00\(person.index)"
        let known = try await gateway.sql {
            try $0.query(
                Statement(
                    "select max(known_at) from exchange.entitlement where recipient_number = $1"),
                [.text(recipient)])[0].instant(0)
        }
        return Instant(microseconds: known + microseconds).text.replacing("+", with: "%2B")
    }

    @Test(arguments: [0, -1])
    func `a list knows what was known at its very moment, and nothing later`(microseconds: Int64)
        async throws
    {
        let own = people(2)
        let missing = people(1)[0]
        _ = try await take([cells(own[0]), cells(own[1])])
        try await gateway.hold(
            [word(missing, to: 300), word(own[0], to: 100)], by: Self.party)
        // Both words are one registration: the later of the two is known last.
        let early = try await moment(own[0], microseconds: microseconds)
        let other = try await moment(missing, microseconds: microseconds)
        let done = try await take(
            [cells(own[0], to: 200), cells(own[1])],
            asOf: microseconds < 0 ? min(early, other) : max(early, other))
        #expect(done.text("status") == "done", "\(done.text)")
        let isKnown = microseconds == 0
        #expect(done.json["asOf"]?.string?.hasSuffix("+09:00") == true)
        #expect(try await standing(own[0]) == [today.adding(days: isKnown ? 200 : 100)])
        #expect(try await standing(missing).isEmpty == isKnown)
        #expect(told(done).isEmpty == isKnown, "\(done.text)")
        #expect(
            done.notices.map { $0["code"]?.string } == (isKnown ? [] : ["kept-known-since"]),
            "\(done.text)")
    }

    @Test func `of a list as of a day, who is missing ended on the day before it`() async throws {
        let own = people(2)
        _ = try await take(own.map { cells($0) })
        let asOf = today.adding(days: -3)
        let recipients: [Value] = [.texts(own.map { "R-00\($0.index)" })]
        try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    update exchange.entitlement set known_at = known_at - interval '5 days'
                    where recipient_number = any ($1)
                    """), recipients)
            // The lists of before are of before.
            try $0.run(
                Statement(
                    """
                    update office.file set received_at = received_at - interval '5 days',
                        as_of = as_of - interval '5 days' where party = $1
                    """), [.text(Self.party.key)])
        }
        let before = try await gateway.count(
            "select (extract(epoch from as_of))::bigint from exchange.party where party = $1",
            [.text(Self.party.key)])
        let done = try await take([cells(own[0])], asOf: asOf.text)
        #expect((done.number("ends") ?? 0) >= 1, "\(done.text)")
        let ended = try await gateway.count(
            """
            select count(*) from exchange.entitlement where recipient_number = $1 and valid_to = $2
            """, [.text("R-00\(own[1].index)"), .day(asOf.adding(days: -1).daysSince1970)])
        #expect(ended == 1)
        // What was as of later is not as of earlier by it.
        let after = try await gateway.count(
            "select (extract(epoch from as_of))::bigint from exchange.party where party = $1",
            [.text(Self.party.key)])
        #expect(after == before)
    }

    @Test(arguments: [
        ("entitlements-full", "asOf=2999-01-01", DeliveryFault.asOfAhead.rawValue),
        ("entitlements-full", "asOf=2999-01-01T00:00:00Z", DeliveryFault.asOfAhead.rawValue),
        ("entitlements-full", "asOf=yesterday", Refusal.malformed("asOf").code),
        ("entitlements-full", "asOf=2026-02-30", Refusal.malformed("asOf").code),
        ("entitlements-full", "asOf=2026-04-01T20:00:00", Refusal.zoneMissing("asOf").code),
        (
            "entitlements-full", "asOf=2026-04-01&asOf=2026-04-02",
            Refusal.duplicateItem("asOf").code
        ),
        ("entitlements", "asOf=2026-04-01", Refusal.unknownItem("query").code),
    ])
    func `a moment that no list can be of is refused`(layout: String, query: String, code: String)
        async throws
    {
        let sequence = try await gateway.nextSequence(of: Self.party)
        let refused = try await gateway.upload(
            NightFile([cells(people(1)[0])]).bytes(), as: layout, "sequence=\(sequence)&\(query)",
            by: Self.party)
        #expect(refused.code == code, "\(refused.text)")
        #expect(try await gateway.nextSequence(of: Self.party) == sequence)
    }

    // MARK: Two lists, and files of changes

    /// 二つの全件: the second is here before the first ends anybody, and holds again whom the first ends.
    @Test func `what the list before it ended is no newer than a list that waited for it`()
        async throws
    {
        let own = people(2)
        _ = try await take(own.map { cells($0) })
        let sequence = try await gateway.nextSequence(of: Self.party)
        let second = try await gateway.upload(
            NightFile(own.map { cells($0) }).bytes(), as: Self.layout, "sequence=\(sequence + 1)",
            by: Self.party)
        #expect(second.text("status") == "held", "\(second.text)")
        let first = try await gateway.upload(
            NightFile([cells(own[0])]).bytes(), as: Self.layout, "sequence=\(sequence)",
            by: Self.party)
        let ended = try await gateway.settled(
            first.text("file"), as: Self.layout, by: Self.party)
        #expect(ended.text("status") == "done" && ended.number("ends") == 1, "\(ended.text)")
        let done = try await gateway.settled(
            second.text("file"), as: Self.layout, by: Self.party)
        #expect(told(done).isEmpty && done.number("changes") == 1, "\(done.text)")
        #expect(try await standing(own[1]) == [today.adding(days: 300)])
    }

    /// 前の時点の全件: the later list has said of everybody whether they stand.
    @Test func `a list as of before another that is here is refused, of the same moment not`()
        async throws
    {
        let rows = [cells(people(1)[0])]
        let bytes = NightFile(rows).bytes()
        _ = try await take(rows)
        let last = try await gateway.sql {
            try $0.query(
                Statement(
                    """
                    select max(coalesce(as_of, received_at)) from office.file
                    where party = $1 and layout = $2 and place is not null and not is_mending
                    """), [.text(Self.party.key), .text(Self.layout)])[0].instant(0)
        }
        func asOf(_ microseconds: Int64) -> String {
            "asOf=" + Instant(microseconds: microseconds).text.replacing("+", with: "%2B")
        }
        let sequence = try await gateway.nextSequence(of: Self.party)
        for place in ["sequence=\(sequence)", "sequence=\(sequence + 1)", "dryRun=true"] {
            let refused = try await gateway.upload(
                bytes, as: Self.layout, "\(place)&\(asOf(last - 1))", by: Self.party)
            #expect(refused.code == DeliveryFault.asOfBehind.rawValue, "\(refused.text)")
        }
        #expect(try await gateway.nextSequence(of: Self.party) == sequence)
        let same = try await gateway.upload(
            bytes, as: Self.layout, "sequence=\(sequence)&\(asOf(last))", by: Self.party)
        try same.expect(202)
        let done = try await gateway.settled(same.text("file"), as: Self.layout, by: Self.party)
        #expect(done.text("status") == "done", "\(done.text)")
    }

    /// One row of a file of changes.
    private func change(
        _ person: TestResident, to days: Int, _ changes: [String: String] = [:]
    ) -> [String: String] {
        person.cells(first, today.adding(days: days), historyKey: first.text, changes)
    }

    @Test func `a file of changes undoes nothing that the API said after it was received`()
        async throws
    {
        let own = people(3)
        _ = try await gateway.take(
            NightFile(own.map { change($0, to: 300) }).bytes(), by: Self.party)
        let sequence = try await gateway.nextSequence(of: Self.party)
        let held = try await gateway.upload(
            NightFile(own.map { change($0, to: 200) }).bytes(), "sequence=\(sequence + 1)",
            by: Self.party)
        #expect(held.text("status") == "held", "\(held.text)")
        try await gateway.hold(
            [word(own[0], to: 100), word(own[1], to: 300, ["isDeleted": .bool(true)])],
            by: Self.party)
        let earlier = try await gateway.upload(
            NightFile([change(own[2], to: 250)]).bytes(), "sequence=\(sequence)", by: Self.party)
        try earlier.expect(202)
        let done = try await gateway.settled(held.text("file"), by: Self.party)
        let item = "orgSpecificCertificateTypeId newer-stands"
        #expect(told(done) == (2...3).map { "\($0) \(item)" }, "\(done.text)")
        #expect(done.number("changes") == 1 && done.number("unchanged") == 2)
        #expect(try await standing(own[0]) == [today.adding(days: 100)])
        #expect(try await standing(own[1]) == [])
        // What the file before it said is older, however late it came.
        #expect(try await standing(own[2]) == [today.adding(days: 200)])
        // The next file is younger than all of it.
        let next = try await gateway.take(
            NightFile(own.map { change($0, to: 220) }).bytes(), by: Self.party)
        #expect(told(next).isEmpty, "\(next.text)")
        for person in own {
            #expect(try await standing(person) == [today.adding(days: 220)], "\(person.index)")
        }
    }

    @Test func `mended changes are as of the file in which they were wrong`() async throws {
        let own = people(2)
        _ = try await gateway.take(
            NightFile(own.map { change($0, to: 300) }).bytes(), by: Self.party)
        let bad = try await gateway.take(
            NightFile(own.map { change($0, to: 200, ["性別": "7"]) }).bytes(), by: Self.party)
        #expect(bad.number("refused") == 2, "\(bad.text)")
        try await gateway.hold([word(own[0], to: 100)], by: Self.party)
        let errors = try await gateway.errors(of: bad.text("file"), by: Self.party)
        // One entry for each of the two whose rows they are.
        gateway.expectMoreEntries(1)
        let text = NightFile.text(of: errors.body, .cp932).replacing(",7,", with: ",2,")
        let before = try await asOf()
        let receipt = try await gateway.upload(
            NightFile.bytes(of: text, .cp932), "rows=2", by: Self.party)
        try receipt.expect(202)
        let mended = try await gateway.settled(receipt.text("file"), by: Self.party)
        #expect(mended.results.flatMap(\.findings).map { $0["code"]?.string } == ["newer-stands"])
        #expect(mended.number("changes") == 1, "\(mended.text)")
        #expect(try await standing(own[0]) == [today.adding(days: 100)])
        #expect(try await standing(own[1]) == [today.adding(days: 200)])
        // What the body says is as of now, as of any changes; their old moment is of their rows alone.
        #expect(try await asOf() > before)
    }

    /// As of when the answers at counters say that the body's word is, in microseconds.
    private func asOf() async throws -> Int {
        try await gateway.count(
            "select (extract(epoch from as_of) * 1000000)::bigint from exchange.party where party = $1",
            [.text(Self.party.key)])
    }

    @Test func `what a file of changes said again is not ended by a list of before it`()
        async throws
    {
        let own = people(2)
        _ = try await gateway.take(
            NightFile(own.map { change($0, to: 300) }).bytes(), by: Self.party)
        let asOf = max(
            try await moment(own[0], microseconds: 0), try await moment(own[1], microseconds: 0))
        let again = try await gateway.take(
            NightFile([change(own[0], to: 300)]).bytes(), by: Self.party)
        #expect(again.number("unchanged") == 1, "\(again.text)")
        let done = try await take([cells(people(1)[0])], asOf: asOf)
        #expect(done.notices.map { $0["code"]?.string } == ["kept-known-since"], "\(done.text)")
        #expect(try await standing(own[0]) == [today.adding(days: 300)])
        #expect(try await standing(own[1]) == [])
    }

    /// While somebody else has the turn, until `body` lets it go: `_shared` as a registration by the API,
    /// alone as a part of a file, which has that of its form as well.
    private func whileTaken(
        _ way: String, _ body: (_ letGo: () -> Void) async throws -> Void
    ) async throws {
        let turn = "(hashtextextended('entitlements of \(Self.party.key)', 0))"
        let form = """
            select pg_advisory_xact_lock(
                hashtextextended('\(Self.party.key)/medical-subsidy-history', 0))::text
            """
        let (taken, over) = (Gate(), Gate())
        async let taking: Void = gateway.sql { transaction in
            _ = try transaction.query(Statement("select pg_advisory_xact_lock\(way)\(turn)::text"))
            if way.isEmpty { _ = try transaction.query(Statement(form)) }
            taken.open()
            for _ in 0..<60_000 where !over.isOpen { usleep(1_000) }
        }
        await taken.pass()
        do { try await body { over.open() } } catch {
            over.open()
            throw error
        }
        over.open()
        try await taking
    }

    private func somebodyWaits() async throws {
        for _ in 0..<4_800 {
            let waiting = try await gateway.count(
                """
                select count(*) from pg_locks l join pg_database d on d.oid = l.database
                where d.datname = current_database() and l.locktype = 'advisory' and not l.granted
                """)
            if waiting > 0 { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("nobody came to wait")
    }

    /// The API and a part of a file, of a whole list or of changes, never write at once: whoever is second
    /// reads what the first said.
    @Test(arguments: ["entitlements-full", "entitlements"])
    func `a list waits for a registration by the API that is under way`(layout: String)
        async throws
    {
        let own = people(2)
        _ = try await take(own.map { cells($0) })
        let rows = own.map { layout == Self.layout ? cells($0, to: 200) : change($0, to: 200) }
        let sequence = try await gateway.nextSequence(of: Self.party)
        var file = ""
        try await whileTaken("_shared") { _ in
            let receipt = try await gateway.upload(
                NightFile(rows).bytes(), as: layout, "sequence=\(sequence)", by: Self.party)
            file = receipt.text("file")
            let path = "/files/\(layout)/\(file)"
            var seen: [String] = []
            // It asks for the turn again and again: some of that is seen.
            for _ in 0..<2_400 where seen.count(where: { $0 == "applying" }) < 20 {
                seen.append(try await gateway.send(Self.party, "GET", path).text("status"))
                try await Task.sleep(for: .milliseconds(25))
            }
            #expect(seen.suffix(20) == Array(repeating: "applying", count: 20)[...], "\(seen)")
            #expect(try await standing(own[0]) == [today.adding(days: 300)])
            // Nobody else's file waits with it.
            let other = try await gateway.take(
                NightFile([people(1)[0].cells(first, today)]).bytes())
            #expect(other.text("status") == "done", "\(other.text)")
            let still = try await gateway.send(Self.party, "GET", path)
            #expect(still.text("status") == "applying", "\(still.text)")
        }
        let done = try await gateway.settled(file, as: layout, by: Self.party)
        #expect(done.number("changes") == 2, "\(done.text)")
    }

    /// 全件の番: it is some 30 ms, and nobody at a counter is sent away for it.
    @Test func `a registration by the API waits for a part of a file, and is taken`() async throws {
        let person = people(1)[0]
        try await whileTaken("") { letGo in
            async let held: Void = gateway.hold([word(person, to: 300)], by: Self.party)
            try await somebodyWaits()
            letGo()
            try await held
        }
        #expect(try await standing(person) == [today.adding(days: 300)])
    }
}
