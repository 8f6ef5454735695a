import Crypto
import Exchange
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing

/// 夜のファイル: received at once, applied in the order given and exactly once, and every bad row told so that
/// it can be mended and sent alone.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct FileServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func row(_ resident: TestResident, key: String = "1", _ changes: [String: String] = [:])
        -> [String: String]
    {
        let today = gateway.clock.today
        return resident.cells(
            today.adding(days: -10), today.adding(days: 300), historyKey: key, changes)
    }

    private func newRow(_ changes: [String: String] = [:]) -> [String: String] {
        row(gateway.people.next(), changes)
    }

    private func entitlements() async throws -> Int {
        try await gateway.count("select count(*) from exchange.entitlement")
    }

    @Test func `a file is acknowledged, applied, and answered from at the counter`() async throws {
        let (child, card) = try await gateway.settle()
        let bytes = NightFile([row(child)]).bytes()
        let sequence = try await gateway.nextSequence()
        let receipt = try await gateway.upload(bytes, "sequence=\(sequence)&rows=1")
        #expect(receipt.status == 202)
        let received = try #require(receipt.json["received"]?.object)
        #expect(received["bytes"]?.int == bytes.count && received["rows"]?.int == 1)
        #expect(received["sha256"]?.string == digest(of: bytes))
        #expect(received["encoding"]?.string == "cp932" && received["duplicate"]?.bool == false)
        let done = try await gateway.settled(receipt.text("file"))
        #expect(done.text("status") == "done" && done.number("additions") == 1)
        #expect(done.results.isEmpty)
        let visit = try await gateway.openVisit(card)
        let answer = try await gateway.check(visit)
        #expect(answer.outcomes.contains("entitled"), "\(answer.text)")
    }

    @Test(arguments: TextEncoding.allCases)
    func `every encoding is taken, and names come out as they went in`(_ encoding: TextEncoding)
        async throws
    {
        let name = "髙﨑　見本\(encoding == .cp932 ? "①" : "𠮷")\(encoding.rawValue)"
        let done = try await gateway.take(NightFile([newRow(["氏名": name])]).bytes(encoding))
        #expect(done.number("additions") == 1, "\(done.text)")
        #expect(done.json["received"]?.object?["encoding"]?.string == encoding.rawValue)
        let held = try await gateway.count(
            "select count(*) from exchange.identity where name = $1", [.text(name)])
        #expect(held == 1)
    }

    @Test(arguments: TextEncoding.allCases)
    func `a bad row is named, and mended it is sent alone`(_ encoding: TextEncoding) async throws {
        let (child, card) = try await gateway.settle()
        let bad = row(child, ["生年月日": "令和9年13月1日", "区分": "=1+1"])
        let file = NightFile([newRow(), bad, newRow()])
        let done = try await gateway.take(file.bytes(encoding))
        #expect(done.number("additions") == 2 && done.number("refused") == 1, "\(done.text)")
        let result = try #require(done.results.first)
        #expect(result["line"]?.int == 3 && result["outcome"]?.string == "refused")
        let finding = try #require(result.findings.first)
        #expect(finding["item"]?.string == "basicFiveInfo.dateOfBirth")
        #expect(finding["code"]?.string == "format")
        #expect(finding["value"]?.object?["class"]?.string == "mixed")
        for language in ["ja", "en"] { #expect(finding[language]?.string?.isEmpty == false) }
        var given: TLSClient.Answer?
        let entries = try await gateway.entries {
            given = try await gateway.errors(of: done.text("file"))
            _ = try await gateway.settled(done.text("file"))
        }
        // Whose row is disclosed is on the record; a report names the file alone.
        #expect(entries.map(\.hasPerson) == [true, false])
        #expect(entries.allSatisfy { $0.basis?.contains(done.text("file")) == true })
        let errors = try #require(given)
        let text = NightFile.text(of: errors.body, encoding)
        #expect(errors.body.starts(with: TextEncoding.mark) == (encoding == .utf8WithMark))
        #expect(!text.contains(child.number) && text.contains(",'=1+1,"), "\(text)")
        let mended = NightFile.bytes(of: text.replacing("令和9年13月1日", with: "令和2年5月1日"), encoding)
        let again = try await gateway.take(mended)
        #expect(again.number("additions") == 1, "\(again.text)")
        #expect(again.json["received"]?.object?["mended"]?.bool == true)
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).outcomes.contains("entitled"))
    }

    @Test func `what the ledger finds is told in the words of the file`() async throws {
        let done = try await gateway.take(
            NightFile([newRow(["機関別受給者証種別ID": "nothing"])]).bytes())
        let finding = try #require(done.results.first?.findings.first)
        #expect(finding["code"]?.string == RowCode.unknownType.rawValue)
        #expect(finding["ja"]?.string?.contains("機関別受給者証種別ID") == true)
        #expect(finding["value"]?.object?["class"]?.string == "letters")
        // It mends like any other.
        let errors = try await gateway.errors(of: done.text("file"))
        let text = NightFile.text(of: errors.body, .cp932).replacing("nothing,", with: "kodomo,")
        let again = try await gateway.take(NightFile.bytes(of: text, .cp932))
        #expect(again.number("additions") == 1, "\(again.text)")
    }

    @Test func `warnings stand beside a row that is taken`() async throws {
        let done = try await gateway.take(NightFile([newRow(["氏名カナ": ""])]).bytes())
        #expect(done.number("additions") == 1)
        let result = try #require(done.results.first)
        #expect(result["outcome"]?.string == "applied")
        #expect(result.findings.map { $0["code"]?.string } == ["kana-missing"])
        #expect(try await gateway.errors(of: done.text("file")).body.isEmpty)
    }

    @Test func `no individual number is kept, shown or logged`() async throws {
        let people = (0..<4).map { _ in gateway.people.next() }
        let file = NightFile([
            row(people[0]), row(people[1], ["性別": "7"]),
            row(people[2], ["区分": people[2].number]),
            row(people[3], ["個人番号": "\(people[3].number)9"]),
        ])
        let done = try await gateway.take(file.bytes(.utf8))
        #expect(done.number("refused") == 3, "\(done.text)")
        let errors = try await gateway.errors(of: done.text("file"))
        let kept = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select convert_from(c.rows, 'UTF8') || c.found || coalesce(c.told, '')
                    from office.file_chunk c where c.file = $1::text::uuid
                    """), [.text(done.text("file"))]
            ).map { try $0.text(0) }.joined()
        }
        let seen = [done.text, errors.text, kept, gateway.log.all.joined()]
        for number in people.map(\.number) {
            for text in seen { #expect(!text.contains(number)) }
        }
    }

    // MARK: Exactly once, in order

    @Test func `sent twice it is known again and applied once`() async throws {
        let bytes = NightFile([newRow()]).bytes()
        let sequence = try await gateway.nextSequence()
        let first = try await gateway.upload(bytes, "sequence=\(sequence)")
        _ = try await gateway.settled(first.text("file"))
        let count = try await entitlements()
        let second = try await gateway.upload(bytes, "sequence=\(sequence)")
        #expect(second.status == 202 && second.text("file") == first.text("file"))
        let received = second.json["received"]?.object
        #expect(received?["duplicate"]?.bool == true)
        #expect(received?["duplicateOf"]?.string == first.text("file"))
        #expect(try await entitlements() == count)
        let other = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=\(sequence)")
        #expect(other.code == DeliveryFault.placeTaken.rawValue)
        let left = try await gateway.count(
            "select count(*) from office.file where state = 'arriving'")
        #expect(left == 0)
    }

    @Test func `two connections at once make one file`() async throws {
        let bytes = NightFile((0..<40).map { _ in newRow() }).bytes()
        let sequence = try await gateway.nextSequence()
        let count = try await entitlements()
        async let first = gateway.upload(bytes, "sequence=\(sequence)")
        async let second = gateway.upload(bytes, "sequence=\(sequence)")
        let answers = try await [first, second]
        #expect(answers.map(\.status) == [202, 202], "\(answers.map(\.text))")
        #expect(Set(answers.map { $0.text("file") }).count == 1)
        #expect(
            Set(answers.map { $0.json["received"]?.object?["duplicate"]?.bool }) == [true, false])
        _ = try await gateway.settled(answers[0].text("file"))
        #expect(try await entitlements() == count + 40)
    }

    @Test func `one that comes before its turn waits, and all are applied in order`() async throws {
        let child = gateway.people.next()
        let first = try await gateway.nextSequence()
        let files = (0..<3).map { NightFile([row(child, ["区分": "第\($0)版"])]).bytes() }
        var ids = ["", "", ""]
        for place in [2, 1] {
            let answer = try await gateway.upload(files[place], "sequence=\(first + place)")
            #expect(answer.text("status") == "held")
            ids[place] = answer.text("file")
        }
        // Waiting, it is known again too.
        let again = try await gateway.upload(files[2], "sequence=\(first + 2)")
        #expect(again.text("file") == ids[2] && again.text("status") == "held")
        let due = try await gateway.upload(files[0], "sequence=\(first)")
        #expect(due.text("status") == "applying")
        for id in [due.text("file"), ids[1], ids[2]] {
            #expect(try await gateway.settled(id).text("status") == "done")
        }
        let faces = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select e.face::jsonb ->> 'segment' from exchange.entitlement e
                    where e.recipient_number = $1 order by e.version
                    """), [.text("R-00\(child.index)")]
            ).map { try $0.text(0) }
        }
        #expect(faces == ["第0版", "第1版", "第2版"])
    }

    @Test func `mended rows need no place, and the next file keeps its own`() async throws {
        let sequence = try await gateway.nextSequence()
        let done = try await gateway.take(
            NightFile([newRow(["生年月日": "令和9年13月1日"])]).bytes())
        #expect(done.number("refused") == 1, "\(done.text)")
        let errors = try await gateway.errors(of: done.text("file"))
        let text = NightFile.text(of: errors.body, .cp932)
            .replacing("令和9年13月1日", with: "令和2年5月1日")
        let mended = NightFile.bytes(of: text, .cp932)
        let sent = try await gateway.upload(mended, "")
        #expect(sent.status == 202 && sent.json["sequence"] == nil, "\(sent.text)")
        let taken = try await gateway.settled(sent.text("file"))
        #expect(taken.text("status") == "done" && taken.number("additions") == 1, "\(taken.text)")
        #expect(taken.json["sequence"] == nil && taken.json["follows"] == nil)
        // Sent twice, it is known again.
        let again = try await gateway.upload(mended, "")
        #expect(again.text("file") == sent.text("file"))
        #expect(again.json["received"]?.object?["duplicate"]?.bool == true)
        // The sender's own numbers go on where they were.
        let next = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=\(sequence + 1)")
        #expect(next.status == 202, "\(next.text)")
        #expect(try await gateway.settled(next.text("file")).text("status") == "done")
    }

    @Test func `the files of a body are listed, newest first, and what is held says for what`()
        async throws
    {
        let sequence = try await gateway.nextSequence()
        let held = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=\(sequence + 2)")
        #expect(held.text("status") == "held")
        #expect(held.json["waitsFor"]?.object?["sequence"]?.int == sequence, "\(held.text)")
        let first = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=\(sequence)")
        _ = try await gateway.settled(first.text("file"))
        let report = try await gateway.settled(held.text("file"))
        #expect(report.json["waitsFor"]?.object?["sequence"]?.int == sequence + 1)
        let list = try await gateway.send(Cast.town, "GET", "/files/entitlements")
        try list.expect(200)
        let files = (list.json["files"]?.array ?? []).compactMap(\.object)
        let newest = files.prefix(2).map { $0["file"]?.string }
        #expect(newest == [first.text("file"), held.text("file")], "\(list.text)")
        #expect(files.first?["processed"]?.object?["additions"]?.int == 1)
        #expect(files.dropFirst().first?["waitsFor"]?.object?["sequence"]?.int == sequence + 1)
        #expect(list.json["nextPlace"]?.object?["sequence"]?.int == sequence + 1)
        let taken = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=\(sequence)")
        #expect(taken.code == DeliveryFault.placeTaken.rawValue)
        #expect(taken.text("detail").contains("nextPlace"))
        // From a file on: that one and what is older.
        let older = try await gateway.send(
            Cast.town, "GET", "/files/entitlements?from=\(held.text("file"))")
        #expect(older.json["files"]?.array?.first?.object?["file"]?.string == held.text("file"))
        let others = try await gateway.send(Cast.prefecture, "GET", "/files/entitlements")
        #expect(others.status == 200 && !others.text.contains(held.text("file")))
        let odd = try await gateway.send(Cast.town, "GET", "/files/entitlements?from=x")
        #expect(odd.code == Refusal.malformed("from").code)
        let due = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=\(sequence + 1)")
        for id in [due.text("file"), held.text("file")] {
            #expect(try await gateway.settled(id).text("status") == "done")
        }
    }

    @Test func `the order may be given by the digest of the file before`() async throws {
        let first = NightFile([newRow()]).bytes()
        let second = NightFile([newRow()]).bytes()
        let party = Cast.otherTown
        let early = try await gateway.upload(
            second, "follows=\(digest(of: first))", by: party)
        #expect(early.text("status") == "held")
        let sent = try await gateway.upload(first, "follows=none", by: party)
        #expect(sent.text("status") == "applying")
        let done = try await gateway.settled(early.text("file"), by: party)
        #expect(done.text("status") == "done")
        let mixed = try await gateway.upload(
            NightFile([newRow()]).bytes(), "sequence=1", by: party)
        #expect(mixed.code == DeliveryFault.otherOrder.rawValue, "\(mixed.text)")
    }

    // MARK: Each in its turn

    private struct Line {
        let party: Party
        let layout: String
        let field: String
        let registration: String
    }

    /// As many as are looked at in one turn.
    private static let eightLines: [Line] =
        [Cast.town, Cast.otherTown].flatMap { town in
            [
                Line(
                    party: town, layout: "vaccination-prices", field: "immunization",
                    registration: "immunization-prices"),
                Line(
                    party: town, layout: "checkup-prices", field: "maternal",
                    registration: "maternal-prices"),
                Line(
                    party: town, layout: "residence-moves", field: "residence",
                    registration: "life-event"),
            ]
        }
        + [Cast.town, Cast.prefecture].map {
            Line(
                party: $0, layout: "entitlements", field: "subsidy",
                registration: "medical-subsidy-history")
        }

    /// One row, which the layout refuses: it is told in its turn as any other.
    private func badFile(_ layout: String) throws -> [UInt8] {
        let layouts = try gateway.ledger.rules.current().layouts
        let names = try #require(layouts.layout(layout, on: gateway.clock.today)).columns.map(
            \.name)
        let lines = [names, names.map { _ in "x" }]
        return NightFile.bytes(
            of: lines.map { $0.joined(separator: ",") + "\r\n" }.joined(), .cp932)
    }

    /// While each of these lines has a registration by the API that is under way.
    private func whileKept(_ lines: [Line], _ body: () async throws -> Void) async throws {
        let keys = lines.map { "\($0.party.key)/\($0.registration)" }
        let (taken, over) = (Gate(), Gate())
        async let taking: Void = gateway.sql { transaction in
            _ = try transaction.query(
                Statement(
                    """
                    select pg_advisory_xact_lock(hashtextextended(key, 0))::text
                    from unnest($1::text[]) as k(key)
                    """), [.texts(keys)])
            taken.open()
            for _ in 0..<600_000 where !over.isOpen { usleep(1_000) }
        }
        await taken.pass()
        do { try await body() } catch {
            over.open()
            throw error
        }
        over.open()
        try await taking
    }

    @Test func `files of eight lines that are kept let another party's file pass`() async throws {
        var kept: [(line: Line, file: String)] = []
        try await whileKept(Self.eightLines) {
            for line in Self.eightLines {
                let sequence = try await gateway.nextSequence(of: line.party, field: line.field)
                let receipt = try await gateway.upload(
                    badFile(line.layout), as: line.layout, "sequence=\(sequence)", by: line.party)
                try receipt.expect(202)
                kept.append((line, receipt.text("file")))
            }
            // Moves are compared first, which nothing keeps.
            let applying = "select count(*) from office.file where state = 'applying'"
            for _ in 0..<2_400 where try await gateway.count(applying) < 8 {
                try await Task.sleep(for: .milliseconds(25))
            }
            let other = try await gateway.take(
                badFile("entitlements"), by: Cast.otherPrefecture)
            #expect(other.text("status") == "done", "\(other.text)")
            #expect(try await gateway.count(applying) == 8)
        }
        for (line, file) in kept {
            let done = try await gateway.settled(file, as: line.layout, by: line.party)
            #expect(
                done.text("status") == "done" && done.number("refused") == 1,
                "\(line.layout) \(done.text)")
        }
    }

    // MARK: On the record

    @Test func `an entry for each resident changed, and for the file`() async throws {
        let file = NightFile([newRow(), newRow(), newRow(["性別": "7"])])
        var done: TLSClient.Answer?
        let entries = try await gateway.entries {
            done = try await gateway.take(file.bytes(), operatorID: "night-clerk")
        }
        #expect(done?.number("additions") == 2)
        let own = entries.filter { $0.purpose == Purpose.registerEntitlements.rawValue }
        #expect(own.filter(\.hasPerson).count == 2)
        let id = try #require(done?.text("file"))
        #expect(own.contains { !$0.hasPerson && $0.basis?.contains(id) == true })
        let named = try await gateway.count(
            "select count(*) from log.access_entry where operator = 'night-clerk' and person is not null"
        )
        #expect(named == 2)
    }
}

/// SHA-256 as senders write it.
func digest(of bytes: [UInt8]) -> String { Hexadecimal.text(Array(SHA256.hash(data: bytes))) }
