import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 健診結果のある記録の統合: results of both records, and what they ask of the town, are the one child's while a merge
/// stands, a correction goes where the result is, and an undoing gives each record its own back.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedCheckupsTests {
    private typealias Child = (resident: TestResident, card: SoftwareCard)

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func join(_ gone: Child, into stays: Child) async throws {
        try await gateway.join(gone.resident, into: stays.resident)
    }

    private func part(_ gone: Child, from stays: Child) async throws {
        try await gateway.part(gone.resident, from: stays.resident)
    }

    /// The town's own key of the record, under which it notified the birth.
    private func notify(_ child: Child, days: Int = 150) async throws -> String {
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            child.resident.birth(
                on: today.adding(days: -days), notified: today.adding(days: 10 - days), key: key)
        ])
        return key
    }

    /// The checkup at one month.
    private func early() -> SentCheckup {
        var sent = SentCheckup(on: today.adding(days: -115))
        sent.checkup = "infant-1m"
        sent.findings = sent.findings.filter { !["neck-control", "hip"].contains($0.item) }
        return sent
    }

    /// That at three to four months, with a judgement.
    private func late(_ judgement: String = "healthy") -> SentCheckup {
        var sent = SentCheckup(on: today.adding(days: -40))
        sent.findings = sent.findings.filter { $0.item != "child-judgement" }
        sent.findings.append(("child-judgement", .choice(judgement)))
        return sent
    }

    private func checkups(_ entries: [JSONObject]) -> [String] {
        entries.compactMap {
            $0["code"]?.object?["coding"]?.array?.first?.object?["code"]?.string
        }
    }

    private func own(_ type: String, of card: SoftwareCard) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/\(type)", headers: [gateway.session(of: card)])
        try answer.expect(200)
        return answer
    }

    private func ownCheckups(_ card: SoftwareCard) async throws -> [String] {
        try await checkups(own("DiagnosticReport", of: card).entries)
    }

    /// What the town holds of whom it knows by a key.
    private func lines(_ key: String, by town: Party = Cast.town) async throws -> TLSClient.Answer {
        let answer = try await gateway.search(
            town, "/fhir/DiagnosticReport/_search",
            [("patient.identifier", "urn:tsunagi:maternal-notification-key|\(key)")])
        try answer.expect(200)
        return answer
    }

    private func unseen(_ checkup: String = "infant-3-4m") async throws -> [String] {
        let answer = try await gateway.send(
            Cast.town, "GET", "/maternal-health/unseen?checkup=\(checkup)&count=1000")
        try answer.expect(200)
        let targets = (answer.json["targets"]?.array ?? []).compactMap(\.object)
        gateway.expectMoreEntries(max(0, targets.count - 1))
        return targets.compactMap { $0["notificationKey"]?.string }
    }

    /// Of these reports the lines that the town receives, by who they are of.
    private func received(_ sent: [SentCheckup]) async throws -> [String: String] {
        let answer = try await gateway.send(
            Cast.town, "GET", "/deliveries/maternal?_cursor=0&_count=1000")
        try answer.expect(200)
        func subject(_ line: JSONObject) -> String? {
            line["subject"]?.object?["reference"]?.string
        }
        let residents = Set(answer.entries.compactMap(subject))
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        var found: [String: String] = [:]
        for line in answer.entries {
            let number = line["identifier"]?.array?.first?.object?["value"]?.string ?? ""
            if sent.contains(where: { $0.identifier == number }) { found[number] = subject(line) }
        }
        return found
    }

    /// The versions of a report: under which of the two, for whom decided, and what became of the claim.
    private func versions(_ id: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select r.version || ' ' || case when r.person = m.person then 'gone' else 'stays' end
                        || case when r.survivor is null then '' when r.survivor = m.survivor then ' for stays'
                            else ' for nobody' end
                        || ' ' || coalesce(l.refusal, l.yen::text)
                    from exchange.checkup_result r
                    join exchange.checkup_line l using (person, result, version)
                    join exchange.record_merge m on r.person in (m.person, m.survivor)
                    where r.result::text = $1 order by r.version
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
    }

    // MARK: Read together

    @Test func `clinic, family and town read the results of both, and an undoing parts them`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let keys = [try await notify(stays), try await notify(gone)]
        let sent = [early(), late()]
        try await gateway.record(sent[0], gateway.openCheckupVisit(stays.card)).expect(201)
        let there = try await gateway.openCheckupVisit(gone.card, at: Cast.paperClinic)
        try await gateway.record(sent[1], there, by: Cast.paperClinic).expect(201)
        #expect(try await ownCheckups(stays.card) == ["infant-1m"])
        #expect(try await checkups(lines(keys[0]).entries) == ["infant-1m"])
        #expect(try await unseen().contains(keys[0]))
        #expect(try await Set(received(sent).values).count == 2)
        try await join(gone, into: stays)
        for card in [stays.card, gone.card] {
            #expect(try await ownCheckups(card) == ["infant-1m", "infant-3-4m"])
            #expect(try await own("Observation", of: card).entries.count == 6)
            let visit = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
            let read = try await gateway.checkups(of: visit, by: Cast.pharmacy)
            #expect(checkups(read.entries) == ["infant-1m", "infant-3-4m"])
        }
        for key in keys {
            var answer: TLSClient.Answer?
            let logged = try await gateway.entries { answer = try await lines(key) }
            #expect(checkups(answer?.entries ?? []) == ["infant-1m", "infant-3-4m"])
            #expect(logged.count == 1 && logged.first?.hasPerson == true)
        }
        #expect(try await Set(unseen()).isDisjoint(with: keys))
        let told = try await received(sent)
        #expect(told.count == 2 && Set(told.values).count == 1)
        let entered = try await gateway.count(
            """
            select count(*) from log.access_entry e join exchange.record_merge m on m.person = e.person
            where m.sequence = $1 and e.at > m.joined_at
                and e.purpose in ('receive-checkups', 'read-checkup-lines', 'read-checkups')
            """, [.text("merge-\(gone.resident.index)-\(stays.resident.index)")])
        #expect(entered == 0, "whoever looks is entered with the one person")
        try await part(gone, from: stays)
        #expect(try await ownCheckups(stays.card) == ["infant-1m"])
        #expect(try await ownCheckups(gone.card) == ["infant-3-4m"])
        #expect(try await checkups(lines(keys[1]).entries) == ["infant-3-4m"])
        #expect(try await unseen().contains(keys[0]))
        #expect(try await Set(received(sent).values).count == 2)
    }

    @Test func `a child of two notifications is waited for once, and reminded by either key`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let keys = [try await notify(stays), try await notify(gone)]
        func listed() async throws -> [String] { try await unseen().filter(keys.contains) }
        func remind(_ keys: [String]) async throws -> [Int?] {
            let list = JSON.array(keys.map { .string($0) }).text
            let answer = try await gateway.send(
                Cast.town, "POST", "/maternal-health/reminders",
                body: JSON(reading: "{\"checkup\":\"infant-3-4m\",\"notificationKeys\":\(list)}"))
            try answer.expect(200)
            return ["reminded", "unchanged", "notWaiting"].map { answer.int($0) }
        }
        func registered() async throws -> Int {
            try await gateway.count(
                """
                select count(distinct person) from exchange.maternal_notification
                where notification_key = any (string_to_array($1, ' '))
                """, [.text(keys.joined(separator: " "))])
        }
        #expect(try await Set(listed()) == Set(keys))
        #expect(try await registered() == 2)
        try await join(gone, into: stays)
        // The newer word speaks.
        #expect(try await listed() == [keys[1]])
        #expect(try await remind([keys[0]]) == [1, 0, 0])
        #expect(try await remind(keys + ["nobody"]) == [0, 1, 1])
        // Taken back, as the one of the two that was a mistake, it waits under the other.
        var mistake = try #require(
            gone.resident.birth(
                on: today.adding(days: -150), notified: today.adding(days: -140), key: keys[1]
            ).object)
        mistake = mistake.with("isWithdrawn", .bool(true))
        try await gateway.notify([.object(mistake)])
        #expect(try await listed() == [keys[0]])
        #expect(try await registered() == 2, "a word on what was said is kept beside it")
        try await part(gone, from: stays)
        #expect(try await listed() == [keys[0]])
    }

    @Test func `a child of two records is one of those that are counted`() async throws {
        let days = 1_300
        let birth = today.adding(days: -days)
        let (stays, gone) = try await gateway.settleBabyTwice(days: days)
        var residents = [stays.resident, gone.resident]
        for _ in 0..<8 { residents.append(try await gateway.settle().resident) }
        try await gateway.notify(
            residents.map {
                $0.birth(
                    on: birth, notified: birth.adding(days: 10), key: "C-\(RecordID.letters())"
                )
            })
        func registered() async throws -> Int? {
            let answer = try await gateway.send(
                Cast.town, "GET", "/maternal-health/attendance?checkup=infant-3y")
            try answer.expect(200)
            let cohorts = (answer.json["cohorts"]?.array ?? []).compactMap(\.object)
            return cohorts.first { $0["birthMonth"]?.string == String(birth.text.prefix(7)) }?[
                "registered"]?.int
        }
        #expect(try await registered() == 10)
        try await join(gone, into: stays)
        // Nine are too few to be told of.
        #expect(try await registered() == nil)
        try await part(gone, from: stays)
        #expect(try await registered() == 10)
    }

    @Test func `the next town is handed the results and the tasks of both`() async throws {
        let (stays, gone) = try await gateway.settleBabyTwice()
        _ = try await notify(gone)
        try await gateway.record(early(), gateway.openCheckupVisit(stays.card)).expect(201)
        try await gateway.record(
            late("detailed-examination"), gateway.openCheckupVisit(gone.card)
        ).expect(201)
        try await join(gone, into: stays)
        let there = "there-\(RecordID.random().text)"
        try await gateway.feed([stays.resident.residence(Cast.otherTown.code, from: today)])
        try await gateway.notify(
            [stays.resident.birth(on: today.adding(days: -150), notified: today, key: there)],
            by: Cast.otherTown)
        #expect(
            try await checkups(lines(there, by: Cast.otherTown).entries)
                == ["infant-1m", "infant-3-4m"])
        let tasks = try await gateway.followUps(of: Cast.otherTown)
        #expect(tasks.text.contains(there))
        // Of whom the other town said that, nobody could say any more.
        #expect(
            try await gateway.refusalOfUndoing(gone.resident, from: stays.resident)
                == ["merge-used"])
    }

    @Test func `what was found in confidence is of whoever agreed to it now, under either record`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        let there = try await gateway.openCheckupVisit(
            gone.card, at: Cast.paperClinic, consents: RunningGateway.allConsents)
        try await gateway.record(.epds(12, on: today), there, by: Cast.paperClinic).expect(201)
        try await join(gone, into: stays)
        let open = try await gateway.openCheckupVisit(stays.card)
        #expect(try await gateway.checkups(of: open).entries.isEmpty)
        #expect(try await gateway.checkups(of: open, in: .sensitive).entries.isEmpty)
        let agreed = try await gateway.openCheckupVisit(
            stays.card, at: Cast.pharmacy, consents: RunningGateway.allConsents)
        let read = try await gateway.checkups(of: agreed, in: .sensitive, by: Cast.pharmacy)
        #expect(read.entries.count == 1)
        #expect(try await own("sensitive/DiagnosticReport", of: stays.card).entries.count == 1)
        #expect(try await own("DiagnosticReport", of: stays.card).entries.isEmpty)
        try await part(gone, from: stays)
        #expect(try await own("sensitive/DiagnosticReport", of: stays.card).entries.isEmpty)
        #expect(try await own("sensitive/DiagnosticReport", of: gone.card).entries.count == 1)
    }

    // MARK: Written where it is

    @Test
    func `the same checkup of both is told as a duplicate, and sent again it is the one held`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let sent = late()
        let id = try await gateway.record(sent, gateway.openCheckupVisit(gone.card)).text("id")
        try await join(gone, into: stays)
        for card in [stays.card, gone.card] {
            let again = try await gateway.record(sent, gateway.openCheckupVisit(card))
            try again.expect(200)
            #expect(again.text("id") == id)
        }
        let there = try await gateway.openCheckupVisit(stays.card, at: Cast.paperClinic)
        let other = try await gateway.record(late(), there, by: Cast.paperClinic)
        try other.expect(201)
        #expect(try await versions(id) == ["1 gone 6800"])
        #expect(try await versions(other.text("id")) == ["1 stays duplicate"])
        #expect(
            try await gateway.refusalOfUndoing(gone.resident, from: stays.resident)
                == ["merge-used"])
    }

    @Test func `a result of the absorbed record is corrected within a visit of the one person`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let former = try await gateway.openCheckupVisit(gone.card)
        var sent = late()
        let id = try await gateway.record(sent, former).text("id")
        try await join(gone, into: stays)
        let visit = try await gateway.openCheckupVisit(stays.card)
        sent.findings[0].value = .quantity("6.77", "kg")
        sent.status = "corrected"
        let corrected = try await gateway.correct(id, seen: "W/\"1\"", sent, visit)
        try corrected.expect(200)
        #expect(corrected["ETag"] == "W/\"2\"")
        #expect(corrected.json["subject"]?.object?["reference"]?.string == visit.patient)
        let read = try await gateway.send(Cast.clinic, "GET", "\(sent.path)/\(id)")
        #expect(read.body == corrected.body)
        #expect(try await versions(id) == ["1 gone 6800", "2 gone for stays 6800"])
        #expect(try await received([sent]).count == 1)
        // Whose it is can still be said, so it is in the way of no undoing; and nothing names the other.
        try await part(gone, from: stays)
        #expect(try await own("DiagnosticReport", of: gone.card).text.contains("6.77"))
        #expect(try await own("DiagnosticReport", of: stays.card).entries.isEmpty)
        let after = try await gateway.send(Cast.clinic, "GET", "\(sent.path)/\(id)")
        #expect(!after.text.contains(visit.id) && after.text.contains(former.id))
        sent.status = "entered-in-error"
        try await gateway.expect(.recordUnknown, of: .recordCheckup, from: Cast.clinic) {
            try await gateway.correct(id, seen: "W/\"2\"", sent, visit)
        }
        try await gateway.correct(id, seen: "W/\"2\"", sent, former).expect(200)
        #expect(try await versions(id).last == "3 gone withdrawn")
    }

    @Test func `a hall sends and corrects by either of its keys, whichever record has the result`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let keys = [try await notify(stays), try await notify(gone)]
        var sent = late()
        let id = try await gateway.record(sent, notified: keys[1]).text("id")
        try await join(gone, into: stays)
        try await gateway.record(sent, notified: keys[0]).expect(200)
        sent.findings[0].value = .quantity("6.78", "kg")
        try await gateway.correct(id, seen: "W/\"1\"", sent, notified: keys[0]).expect(200)
        #expect(
            try await versions(id) == ["1 gone own-checkup", "2 gone for stays own-checkup"])
        // Another of the same checkup is one too many, under whichever key it comes.
        let again = try await gateway.record(late(), notified: keys[0])
        try again.expect(201)
        #expect(try await versions(again.text("id")) == ["1 stays duplicate"])
        var mistake = late()
        mistake.identifier = again.json["identifier"]?.array?.first?.object?["value"]?.string ?? ""
        mistake.status = "entered-in-error"
        try await gateway.correct(
            again.text("id"), seen: "W/\"1\"", mistake, notified: keys[0]
        ).expect(200)
        try await part(gone, from: stays)
        try await gateway.expect(.identifierReused, of: .recordMassCheckup, from: Cast.town) {
            try await gateway.record(sent, notified: keys[0])
        }
        try await gateway.record(sent, notified: keys[1]).expect(200)
    }

    // MARK: Tasks

    private func tasks(_ key: String) async throws -> [JSONObject] {
        try await gateway.followUps().entries.filter { JSON.object($0).text.contains(key) }
    }

    @Test func `a task of the absorbed record waits for the town as the one person's`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let key = try await notify(gone)
        var sent = late("detailed-examination")
        let former = try await gateway.openCheckupVisit(gone.card)
        let id = try await gateway.record(sent, former).text("id")
        let task = try #require(try await tasks(key).first?["id"]?.string)
        try await join(gone, into: stays)
        let waiting = try await gateway.followUps().entries
        let shown = try #require(waiting.first { $0["id"]?.string == task })
        let patient = try await lines(key).entries.first?["subject"]?.object?["reference"]?.string
        #expect(shown["for"]?.object?["reference"]?.string == patient)
        let answered = try await gateway.send(
            Cast.town, "PUT", "/fhir/Task/\(task)", headers: [("If-Match", "W/\"1\"")],
            body: JSON(reading: #"{"resourceType":"Task","status":"in-progress"}"#))
        try answered.expect(200)
        // A correction that asks for the same asks for nothing new; one that does not takes the task back.
        sent.status = "corrected"
        sent.findings[0].value = .quantity("6.79", "kg")
        let visit = try await gateway.openCheckupVisit(stays.card)
        try await gateway.correct(id, seen: "W/\"1\"", sent, visit).expect(200)
        #expect(try await tasks(key).count == 1)
        try await part(gone, from: stays)
        #expect(try await tasks(key).map { $0["status"]?.string } == ["in-progress"])
        sent.findings.removeLast()
        sent.findings.append(("child-judgement", .choice("healthy")))
        try await gateway.correct(id, seen: "W/\"2\"", sent, former).expect(200)
        #expect(try await tasks(key).isEmpty)
    }

    @Test func `what both records ask for waits once, and then no undoing parts them`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let key = try await notify(gone)
        try await gateway.record(
            late("detailed-examination"), gateway.openCheckupVisit(gone.card)
        ).expect(201)
        try await join(gone, into: stays)
        let there = try await gateway.openCheckupVisit(stays.card, at: Cast.paperClinic)
        var second = late("detailed-examination")
        let id = try await gateway.record(second, there, by: Cast.paperClinic).text("id")
        #expect(try await tasks(key).count == 1)
        second.status = "entered-in-error"
        try await gateway.correct(
            id, seen: "W/\"1\"", second, there, by: Cast.paperClinic
        ).expect(200)
        // The task still names what was asked for by the other.
        #expect(
            try await gateway.refusalOfUndoing(gone.resident, from: stays.resident)
                == ["merge-used"])
    }

    // MARK: What is on its way

    /// How many locks of this number are held, or waited for.
    private func locks(_ number: String, isGranted: Bool) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from pg_locks where locktype = 'advisory' and granted = \(isGranted)
                and (classid::bigint << 32 | objid::bigint) = \(number)
            """)
    }

    /// It was read as the absorbed record's alone, and waits for its turn; meanwhile the two become one.
    @Test(arguments: [true, false])
    func `a result that was on its way during a merge is decided again for the one person`(
        isCorrection: Bool
    ) async throws {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let visit = try await gateway.openCheckupVisit(gone.card)
        let sent = late()
        let id =
            isCorrection ? try await gateway.record(sent, visit).text("id") : nil
        let before = try await gateway.record(late(), gateway.openCheckupVisit(stays.card))
        try before.expect(201)
        let merge = gateway.merge(gone.resident, into: stays.resident)
        try await gateway.tell([merge], as: "sato").expect(202)
        let number = """
            (select ('x' || right(replace(person::text, '-', ''), 16))::bit(64)::bigint
            from exchange.life_event where identity_key = 'L-\(gone.resident.index)' limit 1)
            """
        let isMerged = Mutex(false)
        async let another: Void = gateway.sql { transaction in
            _ = try transaction.query(Statement("select pg_advisory_xact_lock(\(number))"))
            while !isMerged.withLock({ $0 }) {
                _ = try transaction.query(Statement("select pg_sleep(0.02)"))
            }
        }
        while try await locks(number, isGranted: true) == 0 {}
        var changed = sent
        changed.status = id == nil ? "final" : "corrected"
        changed.findings[0].value = .quantity("6.81", "kg")
        let told = changed
        async let answer = send(told, over: id, visit)
        while try await locks(number, isGranted: false) == 0 {}
        let merged = try await gateway.tell([merge], as: "suzuki")
        isMerged.withLock { $0 = true }
        try await another
        let made = try await answer
        #expect(merged.int("applied") == 1, "\(merged.text)")
        #expect(
            try await versions(made.text("id"))
                == (isCorrection
                    ? ["1 gone 6800", "2 gone for stays 6800"] : ["1 stays duplicate"]))
    }

    private func send(
        _ sent: SentCheckup, over id: String?, _ visit: RunningGateway.Visit
    ) async throws -> TLSClient.Answer {
        let answer =
            if let id {
                try await gateway.correct(id, seen: "W/\"1\"", sent, visit)
            } else {
                try await gateway.record(sent, visit)
            }
        try answer.expect(id == nil ? 201 : 200)
        return answer
    }

    @Test
    func `no row under an absorbed record says nothing, or something else, of whom it is now`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let key = try await notify(gone)
        let id = try await gateway.record(late(), gateway.openCheckupVisit(gone.card)).text("id")
        try await join(gone, into: stays)
        func write(_ sql: String, _ value: String) async throws {
            try await gateway.sql { _ = try $0.run(Statement(sql), [.text(value)]) }
        }
        func result(_ version: Int, _ survivor: String, as result: String) -> String {
            """
            insert into exchange.checkup_result (person, result, version, party, identifier_system,
                identifier, status, checkup, day, face, warnings, follow_ups, visit, rules, recorded_at,
                survivor)
            select r.person, \(result), \(version), r.party, r.identifier_system,
                gen_random_uuid()::text, r.status, r.checkup, r.day, r.face, '{}', '{}', r.visit, r.rules,
                now(), \(survivor)
            from exchange.checkup_result r
            join exchange.record_merge m on m.person = r.person and m.parted_at is null
            where r.result::text = $1 and r.version = 1
            """
        }
        func word(_ survivor: String, as key: String) -> String {
            """
            insert into exchange.maternal_notification
                (person, episode, municipality, notification_key, kind, face, task, survivor)
            select n.person, n.episode, n.municipality, \(key), n.kind, n.face, n.task, \(survivor)
            from exchange.maternal_notification n
            join exchange.record_merge m on m.person = n.person and m.parted_at is null
            where n.notification_key = $1
            """
        }
        for (sql, value) in [
            (result(2, "null", as: "r.result"), id), (result(2, "r.person", as: "r.result"), id),
            (result(1, "m.survivor", as: "gen_random_uuid()"), id),
            (result(1, "null", as: "gen_random_uuid()"), id),
            (word("null", as: "n.notification_key"), key),
            (word("m.survivor", as: "gen_random_uuid()::text"), key),
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(sql)") {
                try await write(sql, value)
            }
            #expect(error?.sqlState == "40001", "\(sql)")
        }
        try await write(result(2, "m.survivor", as: "r.result"), id)
        try await write(word("m.survivor", as: "n.notification_key"), key)
    }
}
