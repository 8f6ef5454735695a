import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 集団健診 over the wire: a municipality examines many children in a morning and sends them by one file or one
/// request each; everybody sees them as they see a clinic's, and nobody is paid for them.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MassCheckupTests {
    struct Child {
        let key: String
        let resident: TestResident
        let card: SoftwareCard
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A child of the town, who moved on to another where one is named.
    private func child(days: Int = 110, in town: Party = Cast.town) async throws -> Child {
        let (resident, card) = try await gateway.settle()
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            resident.birth(
                on: today.adding(days: -days), notified: today.adding(days: 10 - days), key: key)
        ])
        if town != Cast.town {
            try await gateway.feed([resident.residence(town.code, from: today.adding(days: -2))])
        }
        return Child(key: key, resident: resident, card: card)
    }

    private func row(
        _ child: Child, _ number: String, _ changes: [String: String] = [:]
    ) -> [String: String] {
        [
            "結果番号": number, "届出番号": child.key, "健診コード": "infant-3-4m", "健診日": today.text,
            "体重": "6.42", "身長": "62.5", "頭囲": "41.0", "判定": "healthy",
        ].merging(changes) { $1 }
    }

    private func take(
        _ rows: [[String: String]], _ encoding: TextEncoding = .cp932
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.take(
            NightFile(massCheckups: rows).bytes(encoding), as: "checkup-results",
            field: "maternal")
        let keys = Set(rows.compactMap { $0["届出番号"] })
        gateway.expectMoreEntries(try await known(keys))
        return answer
    }

    /// How many of these children a file that is applied enters.
    private func known(_ keys: Set<String>) async throws -> Int {
        try await gateway.count(
            """
            select count(distinct person) from exchange.maternal_notification
            where notification_key = any (string_to_array($1, ' '))
            """, [.text(keys.joined(separator: " "))])
    }

    private func told(_ answer: TLSClient.Answer) -> Set<String> {
        Set(
            answer.results.flatMap { result in
                result.findings.map {
                    "\(result["line"]?.int ?? 0) \($0["item"]?.string ?? "") "
                        + "\($0["code"]?.string ?? "")"
                }
            })
    }

    private func lines(_ key: String, by town: Party = Cast.town) async throws
        -> TLSClient.Answer
    {
        let answer = try await gateway.search(
            town, "/fhir/DiagnosticReport/_search",
            [("patient.identifier", "urn:tsunagi:maternal-notification-key|\(key)")])
        try answer.expect(200)
        return answer
    }

    private func versions(_ number: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select status from exchange.checkup_result where identifier = $1 order by version
                    """), [.text(number)]
            ).map { try $0.text(0) }
        }
    }

    @Test func `a morning comes by one file, and every bad row is named`() async throws {
        let (first, second, third) = (try await child(), try await child(), try await child())
        let morning = RecordID.random().text
        let answer = try await take([
            row(first, morning + "-1", ["健診日": today.text.replacing("-", with: "/")]),
            row(second, morning + "-2", ["体重": "6420", "判定": "良好"]),
            row(
                third, morning + "-3",
                ["体重": "", "未実施": "weight=not-possible", "判定": "observation"]),
            row(third, morning + "-4", ["届出番号": "nobody"]),
            row(second, morning + "-5", ["体重": ""]),
            row(second, morning + "-6", ["健診日": today.adding(days: -111).text]),
            row(second, morning + "-7", ["健診日": today.adding(days: 1).text]),
            row(second, morning + "-8", ["未実施": "abuse-signs=not-done"]),
            row(second, morning + "-9", ["更新区分": "2"]),
            row(first, morning + "-1", ["体重": "7"]),
        ])
        #expect(answer.number("additions") == 2 && answer.number("refused") == 8, "\(answer.text)")
        #expect(
            told(answer) == [
                "3 weight format", "3 child-judgement charset", "5 notificationKey unknown-key",
                "6 weight required", "7 checkedOn before-birth", "8 checkedOn day-ahead",
                "9 notExamined unknown-code", "10 resultNumber result-unknown",
                "11 resultNumber duplicate-key",
            ])
        #expect(answer.text.contains("体重") && answer.text.contains("0.2以上60以下"))
        // 未受診者 no longer, the family sees it, and so does a clinic within a visit.
        let unseen = try await gateway.send(
            Cast.town, "GET", "/maternal-health/unseen?checkup=infant-3-4m&count=1000")
        gateway.expectMoreEntries(max(0, (unseen.json["targets"]?.array?.count ?? 1) - 1))
        #expect(!unseen.text.contains(first.key) && unseen.text.contains(second.key))
        let token = try await gateway.session(of: first.card)
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/DiagnosticReport", headers: [token])
        #expect(own.entries.count == 1 && own.text.contains("6.42"))
        #expect(own.text.contains("\"value\":\"\(Cast.town.code)\""))
        let grown = try await gateway.send(
            Cast.portal, "GET", "/fhir/Observation", headers: [token])
        #expect(grown.entries.count == 3)
        let visit = try await gateway.openCheckupVisit(third.card)
        #expect(try await gateway.checkups(of: visit).text.contains("not-possible"))
        // 台帳: the line is the town's own and no claim; what it asks for waits for the town.
        #expect(try await lines(first.key).entries.count == 1)
        let line = try await gateway.count(
            """
            select count(*) from exchange.checkup_line l join exchange.checkup_result r
                using (person, result, version)
            join exchange.delivery d on d.person = r.person and d.record = r.result
            where r.identifier = $1 and l.refusal = 'own-checkup' and l.municipality = d.body
            """, [.text(morning + "-1")])
        #expect(line == 1)
        let tasks = try await gateway.followUps()
        #expect(tasks.text.contains(third.key) && !tasks.text.contains(first.key))
    }

    @Test func `sent again a row changes nothing, corrects, or withdraws what came`() async throws {
        let child = try await child()
        let number = RecordID.random().text
        let file = NightFile(massCheckups: [row(child, number)]).bytes(.utf8)
        let dry = try await gateway.upload(file, as: "checkup-results", "dryRun=true")
        let weighed = try await gateway.settled(dry.text("file"), as: "checkup-results")
        #expect(weighed.number("additions", in: "effect") == 1, "\(weighed.text)")
        #expect(try await versions(number).isEmpty)
        #expect(try await take([row(child, number)], .utf8).number("additions") == 1)
        #expect(try await take([row(child, number)]).number("unchanged") == 1)
        let mended = row(child, number, ["体重": "6.24"])
        #expect(try await take([mended]).number("changes") == 1)
        #expect(try await take([mended]).number("unchanged") == 1)
        #expect(try await versions(number) == ["final", "corrected"])
        let other = try await self.child()
        #expect(
            told(try await take([row(other, number)])) == ["2 resultNumber result-of-another"])
        let withdrawn = ["更新区分": "2", "結果番号": number, "届出番号": child.key]
        #expect(try await take([withdrawn]).number("ends") == 1)
        #expect(try await take([withdrawn]).number("unchanged") == 1)
        #expect(told(try await take([mended])) == ["2 resultNumber result-withdrawn"])
        #expect(try await versions(number) == ["final", "corrected", "entered-in-error"])
    }

    @Test func `rows that go back to be mended are on the record of whom they name`()
        async throws
    {
        let (first, second) = (try await child(), try await child())
        let number = RecordID.random().text
        let done = try await take([
            row(first, number + "-1"), row(second, number + "-2", ["体重": ""]),
        ])
        #expect(told(done) == ["3 weight required"], "\(done.text)")
        let entries = try await gateway.entries {
            let errors = try await gateway.errors(
                of: done.text("file"), as: "checkup-results")
            #expect(!NightFile.text(of: errors.body, .cp932).contains(first.key))
        }
        #expect(entries.map(\.purpose) == ["read-registration"])
        let allArePersons = entries.allSatisfy { $0.hasPerson }
        #expect(allArePersons)
    }

    @Test func `one request each makes one result, however often and at once it is sent`()
        async throws
    {
        let child = try await child()
        var sent = SentCheckup(on: today)
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for _ in 0..<8 {
                group.addTask { [sent] in try await gateway.record(sent, notified: child.key) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count { $0.status == 201 } == 1)
        #expect(answers.count { $0.status == 200 } == 7)
        let id = try #require(answers.first).text("id")
        #expect(answers.allSatisfy { $0.text("id") == id })
        #expect(
            answers[0].parts("checkup-claim").first?["state"]?.string == "own-checkup")
        let held = try await gateway.send(Cast.town, "GET", "/fhir/DiagnosticReport/\(id)")
        #expect(held["ETag"] == "W/\"1\"" && held.body == answers[0].body)
        sent.findings[0] = ("weight", .quantity("6.24", "kg"))
        try await gateway.expect(.identifierReused, of: .recordMassCheckup, from: Cast.town) {
            try await gateway.record(sent, notified: child.key)
        }
        try await gateway.correct(id, seen: "W/\"1\"", sent, notified: child.key).expect(200)
        // By file, under its own number, it is another result of the same checkup: told twice.
        let number = RecordID.random().text
        #expect(try await take([row(child, number)]).number("additions") == 1)
        let found = try await lines(child.key)
        let ids = found.entries.map { $0["id"]?.string }
        #expect(ids.contains(id))
        let other = try await self.child()
        for (refusal, key, town) in [
            (Refusal.recordUnknown, "nobody", Cast.town),
            (.recordUnknown, child.key, Cast.otherTown),
            (.notYourPurpose, child.key, Cast.prefecture),
            (.identifierReused, other.key, Cast.town),
        ] {
            try await gateway.expect(refusal, of: .recordMassCheckup, from: town) {
                try await gateway.record(sent, notified: key, by: town)
            }
        }
        sent.findings.append(("abuse-signs", .choice("none")))
        let sensitive = try await gateway.correct(id, seen: "W/\"2\"", sent, notified: child.key)
        #expect(sensitive.issues == ["abuse-signs sensitive-item"])
        try await gateway.expect(.recordUnknown, of: .readCheckupLines, from: Cast.otherTown) {
            try await gateway.send(Cast.otherTown, "GET", "/fhir/DiagnosticReport/\(id)")
        }
    }

    /// The file waits for the one before it, while the town corrects what came first.
    @Test func `a file that waited undoes no correction that came one by one`() async throws {
        let (child, number) = (try await child(), RecordID.random().text)
        #expect(try await take([row(child, number)]).number("additions") == 1)
        let sequence = try await gateway.nextSequence(field: "maternal")
        let held = try await gateway.upload(
            NightFile(massCheckups: [row(child, number, ["体重": "7.00"])]).bytes(),
            as: "checkup-results", "sequence=\(sequence + 1)")
        #expect(held.text("status") == "held", "\(held.text)")
        let id = try await gateway.sql {
            try $0.query(
                Statement(
                    "select distinct result::text from exchange.mass_checkup where identifier = $1"),
                [.text(number)])[0].text(0)
        }
        var sent = SentCheckup(on: today)
        sent.identifier = number
        sent.status = "corrected"
        sent.findings[0] = ("weight", .quantity("6.24", "kg"))
        let identifier = try JSON(
            reading: """
                [{"system":"urn:tsunagi:mass-checkup-number","value":"\(number)"}]
                """)
        let body = sent.body(notified: child.key).with("identifier", identifier)
        try await gateway.send(
            Cast.town, "PUT", "\(sent.path)/\(id)", headers: [("If-Match", "W/\"1\"")],
            body: .object(body)
        ).expect(200)
        let nobody = row(child, number + "-0", ["届出番号": "nobody"])
        try await gateway.upload(
            NightFile(massCheckups: [nobody]).bytes(), as: "checkup-results",
            "sequence=\(sequence)"
        ).expect(202)
        let done = try await gateway.settled(held.text("file"), as: "checkup-results")
        gateway.expectMoreEntries(1)
        #expect(told(done) == ["2 resultNumber newer-stands"], "\(done.text)")
        #expect(try await versions(number).count == 2)
        // The next file is younger than the correction.
        let next = try await take([row(child, number, ["体重": "7.00"])])
        #expect(told(next).isEmpty && next.number("changes") == 1, "\(next.text)")
    }

    /// What a report claims, or why not.
    private func state(_ answer: TLSClient.Answer) -> String? {
        answer.parts("checkup-claim").first?["state"]?.string
    }

    @Test func `a clinic's claim and a hall's record of one checkup leave each other as they are`()
        async throws
    {
        for isHallFirst in [false, true] {
            let child = try await child()
            let visit = try await gateway.openCheckupVisit(child.card)
            var (sent, held) = (SentCheckup(on: today), SentCheckup(on: today))
            if isHallFirst { try await gateway.record(held, notified: child.key).expect(201) }
            let clinic = try await gateway.record(sent, visit)
            #expect(state(clinic) == "claimed")
            // Sent again it is the same.
            let mine = try await gateway.record(held, notified: child.key)
            #expect(state(mine) == (isHallFirst ? "own-checkup" : "duplicate"))
            // A typo: who claimed claims still.
            sent.findings[0].value = .quantity("6.24", "kg")
            let mended = try await gateway.correct(
                clinic.text("id"), seen: "W/\"1\"", sent, visit)
            #expect(state(mended) == "claimed")
            held.findings[0].value = .quantity("6.24", "kg")
            let corrected = try await gateway.correct(
                mine.text("id"), seen: "W/\"1\"", held, notified: child.key)
            #expect(state(corrected) == (isHallFirst ? "own-checkup" : "duplicate"))
            // A second clinic's is one too many.
            let third = try await gateway.openCheckupVisit(child.card, at: Cast.pharmacy)
            let twice = try await gateway.record(SentCheckup(on: today), third, by: Cast.pharmacy)
            #expect(state(twice) == "duplicate")
            // Nor does what is no claim take the claim of the first.
            sent.findings[0].value = .quantity("6.25", "kg")
            let last = try await gateway.correct(clinic.text("id"), seen: "W/\"2\"", sent, visit)
            #expect(state(last) == "claimed")
        }
    }

    /// 委託単価 that came after the file: the same row, sent again, is claimed; once more changes nothing.
    @Test func `a result that waited for a price is priced when its row comes again`()
        async throws
    {
        let child = try await child(in: Cast.otherTown)
        let from = today.adding(days: -30).text
        func price(_ line: String) async throws {
            let header = "更新区分,健診コード,受診券の種類,開始日,終了日,委託単価"
            let text = [header, line].map { $0 + "\r\n" }.joined()
            let taken = try await gateway.take(
                NightFile.bytes(of: text, .cp932), as: "checkup-prices", by: Cast.otherTown,
                field: "maternal")
            #expect(taken.number("refused") == 0, "\(taken.text)")
        }
        func claims() async throws -> [String] {
            try await gateway.sql { transaction in
                try transaction.query(
                    Statement(
                        """
                        select coalesce(l.yen, 0)::text from exchange.checkup_line l
                        join exchange.checkup_result r using (person, result, version)
                        where r.identifier like $1 order by r.identifier, l.version
                        """), [.text("waits-\(child.key)%")]
                ).map { try $0.text(0) }
            }
        }
        // What the town's own list speaks of, it alone prices: taken back, there is none.
        try await price("1,infant-3-4m,,\(from),,7100")
        try await price("2,infant-3-4m,,\(from),,")
        let sent = row(child, "waits-\(child.key)")
        #expect(try await take([sent]).number("additions") == 1)
        #expect(try await take([sent]).number("unchanged") == 1)
        #expect(try await claims() == ["0"])
        try await price("1,infant-3-4m,,\(from),,7300")
        let again = try await take([sent])
        #expect(again.number("changes") == 1 && again.number("refused") == 0, "\(again.text)")
        #expect(try await claims() == ["0", "7300"])
        #expect(try await take([sent]).number("unchanged") == 1)
        // One request for one child as well: it is priced, and is no second result.
        try await price("2,infant-3-4m,,\(from),,")
        let other = try await self.child(in: Cast.otherTown)
        let report = SentCheckup(on: today)
        let first = try await gateway.record(report, notified: other.key)
        #expect(first.status == 201)
        #expect(first.parts("checkup-claim").first?["state"]?.string == "awaits-price")
        // The price of the rules, by which the other tests of the suite go.
        try await price("1,infant-3-4m,,\(from),,6950")
        let second = try await gateway.record(report, notified: other.key)
        #expect(second.status == 200 && second["ETag"] == "W/\"2\"")
        #expect(second.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 6950)
    }

    /// 受診券 at a hall and at a clinic in the same moment: both results are kept. Where the clinic was first
    /// the hall's is a duplicate and uses none; where the hall was, each uses one of its own.
    @Test func `a hall and a clinic at once use no ticket twice`() async throws {
        let child = try await child(days: 200)
        let visit = try await gateway.openCheckupVisit(child.card)
        var here = SentCheckup(on: today)
        here.checkup = "infant-6-7m"
        here.findings = here.findings.filter { !["neck-control", "hip"].contains($0.item) }
        var there = here
        there.identifier = RecordID.random().text
        async let hall = gateway.record(here, notified: child.key)
        async let clinic = gateway.record(there, visit)
        let answers = try await [hall, clinic]
        #expect(answers.map(\.status) == [201, 201])
        let used = answers.flatMap { $0.parts("checkup-ticket") }
        let isHallFirst = state(answers[0]) == "own-checkup"
        #expect(used.count == (isHallFirst ? 2 : 1))
        #expect(state(answers[1]) == "claimed")
        let tickets = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select concat_ws(' ', e.kind, e.serial, e.issue) from exchange.checkup_ticket_event e
                    join exchange.maternal_notification n on n.person = e.person
                    where n.notification_key = $1 and e.event = 'use'
                    """), [.text(child.key)]
            ).map { try $0.text(0) }
        }
        #expect(tickets.count == used.count && Set(tickets).count == tickets.count, "\(tickets)")
    }

    @Test func `a ticket is used up, and a child that moved is the other town's`() async throws {
        let child = try await child(days: 200)
        var sent = SentCheckup(on: today)
        sent.checkup = "infant-6-7m"
        sent.findings = sent.findings.filter { !["neck-control", "hip"].contains($0.item) }
        let here = try await gateway.record(sent, notified: child.key)
        try here.expect(201)
        #expect(here.parts("checkup-ticket").first?["serial"]?.int == 1)
        let moved = try await self.child(in: Cast.otherTown)
        var there = SentCheckup(on: today)
        there.findings[5] = ("child-judgement", .choice("observation"))
        let answer = try await gateway.record(there, notified: moved.key)
        #expect(answer.parts("checkup-claim").first?["state"]?.string == "claimed")
        #expect(answer.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 6950)
        let waiting = try await gateway.followUps(of: Cast.otherTown)
        #expect(!waiting.entries.isEmpty)
        // 取消した届出: a key that was taken back is of nobody, in writing and in reading.
        let key = "C-\(RecordID.letters())"
        let birth = moved.resident.birth(
            on: today.adding(days: -110), notified: today.adding(days: -100), key: key)
        try await gateway.notify([birth])
        let withdrawn = birth.object?.with("isWithdrawn", .bool(true)) ?? JSONObject()
        try await gateway.notify([.object(withdrawn)])
        #expect(try await lines(key).entries.isEmpty)
        try await gateway.expect(.recordUnknown, of: .recordMassCheckup, from: Cast.town) {
            try await gateway.record(SentCheckup(on: today), notified: key)
        }
    }
}
