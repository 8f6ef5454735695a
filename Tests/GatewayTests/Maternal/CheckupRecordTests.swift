import Crypto
import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 健診結果 over the wire: once for each number of a clinic's own, with the municipality's line, the ticket and
/// the tasks in the same commit, corrected by versions and never overwritten.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckupRecordTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func visit(at institution: Party = Cast.clinic) async throws -> Visit {
        try await gateway.openCheckupVisit(gateway.settleBaby(days: 110), at: institution)
    }

    /// The lines of a report, oldest version first.
    private func lines(_ id: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select r.version || ' ' || r.status || ' ' || coalesce(l.municipality, '-') || ' '
                        || coalesce(l.judgement, '-') || ' ' || coalesce(l.refusal, l.yen::text, '-')
                    from exchange.checkup_result r join exchange.checkup_line l
                        using (person, result, version)
                    where r.result::text = $1 order by r.version
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
    }

    @Test func `a report is one with the municipality's line and its entry`() async throws {
        let visit = try await visit()
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries {
            sent = try await gateway.record(SentCheckup(on: today), visit)
        }
        let answer = try #require(sent)
        try answer.expect(201)
        let id = answer.text("id")
        #expect(answer["Location"] == "/fhir/DiagnosticReport/\(id)")
        #expect(answer["ETag"] == "W/\"1\"")
        #expect(answer.json["subject"]?.object?["reference"]?.string == visit.patient)
        #expect(answer.parts("checkup-claim").first?["state"]?.string == "claimed")
        #expect(answer.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 6800)
        #expect(answer.parts("checkup-warning").isEmpty)
        #expect(try await lines(id) == ["1 final \(Cast.town.code) healthy 6800"])
        #expect(entries.map(\.purpose) == ["record-checkup"])
        #expect(entries.map(\.outcome) == ["ok"])
        #expect(entries.map(\.hasPerson) == [true])
        #expect(entries.first?.basis?.contains("\"rules\"") == true)
        let digests = try await gateway.count(
            "select count(*) from log.access_entry where digest = $1",
            [.bytes(Array(SHA256.hash(data: answer.body)))])
        #expect(digests == 1)
    }

    @Test func `what is read back is what was answered, and it is entered`() async throws {
        let made = try await gateway.record(SentCheckup(on: today), visit())
        var read: TLSClient.Answer?
        let entries = try await gateway.entries {
            read = try await gateway.send(
                Cast.clinic, "GET", "/fhir/DiagnosticReport/\(made.text("id"))")
        }
        #expect(read?.body == made.body)
        #expect(read?["ETag"] == "W/\"1\"")
        #expect(entries.map(\.purpose) == ["read-checkups"])
        #expect(entries.map(\.hasPerson) == [true])
    }

    @Test func `the same report sent sixteen times at once makes one`() async throws {
        let body = Array(JSON.object(SentCheckup(on: today).body(try await visit())).text.utf8)
        let answers = try await atOnce(16) { gateway, client in
            try await gateway.send(client, "POST", "/fhir/DiagnosticReport", bytes: body)
        }
        #expect(answers.map(\.status).sorted() == Array(repeating: 200, count: 15) + [201])
        #expect(Set(answers.map(\.body)).count == 1)
        #expect(try await lines(answers.first?.text("id") ?? "").count == 1)
    }

    @Test func `the same checkup told by two clinics at once is claimed once`() async throws {
        for _ in 0..<4 {
            let card = try await gateway.settleBaby(days: 110)
            let here = try await gateway.openCheckupVisit(card)
            let there = try await gateway.openCheckupVisit(card, at: Cast.paperClinic)
            async let first = gateway.record(SentCheckup(on: today), here)
            async let second = gateway.record(
                SentCheckup(on: today), there, by: Cast.paperClinic)
            let told = try await lines(first.text("id")) + lines(second.text("id"))
            #expect(told.filter { $0.hasSuffix("duplicate") }.count == 1, "\(told)")
            #expect(told.filter { $0.hasSuffix("6800") }.count == 1, "\(told)")
        }
    }

    @Test func `a correction is a new version, and the one before stays`() async throws {
        let visit = try await visit()
        var checkup = SentCheckup(on: today)
        let id = try await gateway.record(checkup, visit).text("id")
        checkup.findings[0].value = .quantity("6.45", "kg")
        checkup.status = "corrected"
        let corrected = try await gateway.correct(id, seen: "W/\"1\"", checkup, visit)
        try corrected.expect(200)
        #expect(corrected["ETag"] == "W/\"2\"")
        #expect(corrected.text("status") == "corrected")
        let again = try await gateway.correct(id, seen: "W/\"1\"", checkup, visit)
        #expect(again.body == corrected.body)
        checkup.status = "entered-in-error"
        let withdrawn = try await gateway.correct(id, seen: "\"2\"", checkup, visit)
        #expect(withdrawn["ETag"] == "W/\"3\"")
        #expect(
            try await lines(id) == [
                "1 final \(Cast.town.code) healthy 6800",
                "2 corrected \(Cast.town.code) healthy 6800",
                "3 entered-in-error \(Cast.town.code) healthy withdrawn",
            ])
        checkup.status = "final"
        try await gateway.expect(.recordWithdrawn, of: .recordCheckup, from: Cast.clinic) {
            try await gateway.correct(id, seen: "W/\"3\"", checkup, visit)
        }
        // What was withdrawn stands in nobody's way.
        let anew = try await gateway.record(SentCheckup(on: today), visit)
        #expect(try await lines(anew.text("id")).first?.hasSuffix("6800") == true)
    }

    @Test func `of eight corrections of one version at once, one is taken`() async throws {
        let visit = try await visit()
        let checkup = SentCheckup(on: today)
        let id = try await gateway.record(checkup, visit).text("id")
        let next = Mutex(50)
        let answers = try await atOnce(8) { gateway, client in
            var mine = checkup
            let hundredths = next.withLock { number in
                number += 1
                return number
            }
            mine.findings[0].value = .quantity("6.\(hundredths)", "kg")
            return try await gateway.send(
                client, "PUT", "/fhir/DiagnosticReport/\(id)",
                headers: [("If-Match", "W/\"1\"")],
                bytes: Array(JSON.object(mine.body(visit)).text.utf8))
        }
        #expect(answers.map(\.status).sorted() == [200] + Array(repeating: 412, count: 7))
        #expect(Set(answers.filter { $0.status == 412 }.map(\.code)) == ["version-passed"])
        #expect(try await lines(id).count == 2)
    }

    @Test func `what was not examined says why, and a code of JP Core is understood`()
        async throws
    {
        let visit = try await visit()
        var checkup = SentCheckup(on: today)
        checkup.findings[2].value = .absent("not-possible")
        let body = JSON.object(checkup.body(visit)).text.replacing(
            "\"system\":\"urn:tsunagi:CodeSystem:checkup-item\",\"code\":\"weight\"",
            with:
                "\"system\":\"http://jpfhir.jp/fhir/core/CodeSystem/JP_ObservationBodyMeasurementCode_CS\","
                + "\"code\":\"31000296\"")
        let answer = try await gateway.send(
            Cast.clinic, "POST", "/fhir/DiagnosticReport", body: JSON(reading: body))
        try answer.expect(201)
        let shown = (answer.json["contained"]?.array ?? []).compactMap(\.object)
        #expect(shown.first?["id"]?.string == "weight")
        let head = shown.first { $0["id"]?.string == "head-circumference" }
        #expect(head?["status"]?.string == "cancelled")
        #expect(head?["dataAbsentReason"] != nil)
    }

    @Test func `a checkup outside its window is taken with a warning, and read so again`()
        async throws
    {
        let visit = try await gateway.openCheckupVisit(gateway.settleBaby(days: 400))
        let made = try await gateway.record(SentCheckup(on: today), visit)
        try made.expect(201)
        let codes = made.parts("checkup-warning").compactMap { $0["code"]?.string }
        #expect(codes == ["outside-window"])
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/DiagnosticReport/\(made.text("id"))")
        #expect(read.body == made.body)
    }

    @Test func `another clinic sees it within a visit, under ids of its own`() async throws {
        let card = try await gateway.settleBaby(days: 110)
        let here = try await gateway.openCheckupVisit(card)
        let made = try await gateway.record(SentCheckup(on: today), here)
        let there = try await gateway.openCheckupVisit(card, at: Cast.paperClinic)
        let seen = try await gateway.checkups(of: there, by: Cast.paperClinic)
        try seen.expect(200)
        #expect(seen.entries.count == 1)
        for known in [made.text("id"), here.patient, here.id] {
            #expect(!seen.text.contains(known))
        }
        // The clinic's claim is its own business.
        #expect(!seen.text.contains("checkup-claim"))
    }

    @Test func `a clinic finds its own report under the id that it may read`() async throws {
        let visit = try await visit()
        let made = try await gateway.record(SentCheckup(on: today), visit)
        let found = try await gateway.checkups(of: visit)
        try found.expect(200)
        #expect(found.entries.map { $0["id"]?.string } == [made.text("id")])
        let url = found.json["entry"]?.array?.first?.object?["fullUrl"]?.string ?? ""
        #expect(
            url.hasPrefix("https://") && url.hasSuffix("/fhir/DiagnosticReport/\(made.text("id"))"))
    }

    static let tables = [
        "exchange.checkup_result", "exchange.sensitive_checkup_result", "exchange.checkup_line",
        "exchange.checkup_ticket", "exchange.checkup_ticket_event",
        "exchange.maternal_notification", "exchange.follow_up",
    ]

    @Test(arguments: tables)
    func `not even the owner changes or takes away a version`(_ table: String) async throws {
        let (_, card) = try await gateway.settleMother(
            dueInDays: -14, ["delivery": try delivery(daysAgo: 14)])
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        try await gateway.record(SentCheckup.epds(9, on: today), visit).expect(201)
        var postpartum = SentCheckup(on: today)
        postpartum.checkup = "postpartum-2w"
        postpartum.findings = [
            ("maternal-weight", .quantity("58.4", "kg")),
            ("systolic", .quantity("112", "mm[Hg]")), ("diastolic", .quantity("70", "mm[Hg]")),
        ]
        try await gateway.record(postpartum, visit).expect(201)
        for sql in [
            "update \(table) set person = person", "delete from \(table)",
            "truncate \(table) cascade",
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(sql)") {
                try await gateway.sql { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501", "\(sql)")
        }
    }

    private func delivery(daysAgo days: Int) throws -> JSON {
        try JSON(reading: "{\"on\":\"\(today.adding(days: -days).text)\",\"live\":1,\"still\":0}")
    }

    private func atOnce(
        _ count: Int,
        _ send: @escaping @Sendable (RunningGateway, TLSClient) async throws -> TLSClient.Answer
    ) async throws -> [TLSClient.Answer] {
        try await withThrowingTaskGroup(of: TLSClient.Answer.self) { [gateway] group in
            for _ in 0..<count {
                group.addTask {
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await send(gateway, client)
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
