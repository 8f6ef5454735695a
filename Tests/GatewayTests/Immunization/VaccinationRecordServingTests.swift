import Crypto
import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 接種記録 over the wire: once for each number of a clinic's own, with the municipality's line in the same
/// commit, corrected by versions and never overwritten.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct VaccinationRecordServingTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func visit(at institution: Party = Cast.clinic) async throws -> Visit {
        try await gateway.openVaccinationVisit(gateway.settleBaby(), at: institution)
    }

    /// The lines of a record, oldest version first: `<status> <refusal, or municipality and yen>`.
    private func lines(_ id: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select v.version || ' ' || v.status || ' ' || coalesce(c.refusal,
                        c.municipality || ' ' || c.programme || ' ' || c.unit_yen)
                    from exchange.vaccination v
                    join exchange.vaccination_claim c using (person, vaccination, version)
                    where v.vaccination::text = $1 order by v.version
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
    }

    // MARK: What is made

    @Test func `a record is one with the municipality's line and its entry`() async throws {
        let visit = try await visit()
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries {
            sent = try await gateway.record(SentDose(on: today), visit)
        }
        let answer = try #require(sent)
        try answer.expect(201)
        let id = answer.text("id")
        #expect(answer["Location"] == "/fhir/Immunization/\(id)")
        #expect(answer["ETag"] == "W/\"1\"")
        #expect(answer.text("status") == "completed")
        #expect(
            answer.json["patient"]?.object?["reference"]?.string == visit.patient)
        #expect(try await lines(id) == ["1 completed \(Cast.town.code) dpt-ipv-hib 20010"])
        #expect(entries.map(\.purpose) == ["record-vaccination"])
        #expect(entries.map(\.outcome) == ["ok"])
        #expect(entries.map(\.hasPerson) == [true])
        #expect(entries.first?.basis?.contains("\"rules\"") == true)
        let digests = try await gateway.count(
            "select count(*) from log.access_entry where digest = $1",
            [.bytes(Array(SHA256.hash(data: answer.body)))])
        #expect(digests == 1)
    }

    @Test func `what is read back is what was answered, and it is entered`() async throws {
        let made = try await gateway.record(SentDose(on: today), visit())
        var read: TLSClient.Answer?
        let entries = try await gateway.entries {
            read = try await gateway.send(
                Cast.clinic, "GET", "/fhir/Immunization/\(made.text("id"))")
        }
        #expect(read?.body == made.body)
        #expect(read?["ETag"] == "W/\"1\"")
        #expect(entries.map(\.purpose) == ["read-vaccination"])
        #expect(entries.map(\.hasPerson) == [true])
    }

    @Test func `the same record sent sixteen times at once makes one`() async throws {
        let body = Array(JSON.object(SentDose(on: today).body(try await visit())).text.utf8)
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for _ in 0..<16 {
                group.addTask { [gateway] in
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.vaccinationPath, bytes: body)
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.map(\.status).sorted() == Array(repeating: 200, count: 15) + [201])
        #expect(Set(answers.map(\.body)).count == 1)
        #expect(Set(answers.compactMap { $0["Location"] }).count == 1)
        #expect(try await lines(answers.first?.text("id") ?? "").count == 1)
    }

    @Test func `what was taken is held even when its visit has ended since`() async throws {
        let visit = try await visit()
        let dose = SentDose(on: today)
        let made = try await gateway.record(dose, visit)
        try await move(visit, days: 400)
        let again = try await gateway.record(dose, visit)
        #expect(again.status == 200)
        #expect(again.body == made.body)
    }

    @Test func `a dose of the day is taken after its visit has ended, another is not`()
        async throws
    {
        let visit = try await visit()
        try await move(visit, days: 1)
        let yesterday = today.adding(days: -1)
        try await gateway.record(SentDose(on: yesterday), visit).expect(201)
        try await gateway.expect(.visitEnded, of: .recordVaccination, from: Cast.clinic) {
            try await gateway.record(SentDose(on: today), visit)
        }
    }

    @Test func `the same dose told by a second clinic is recorded, and claimed once`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let first = try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(card))
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        let second = try await gateway.record(
            SentDose(on: today), there, by: Cast.paperClinic)
        try second.expect(201)
        #expect(try await lines(first.text("id")).first?.contains("20010") == true)
        #expect(try await lines(second.text("id")) == ["1 completed duplicate"])
        #expect(first.json["patient"] != second.json["patient"])
    }

    @Test func `the claim stays with the record that has it, whoever is corrected`() async throws {
        let card = try await gateway.settleBaby()
        let here = try await gateway.openVaccinationVisit(card)
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        var (first, second) = (SentDose(on: today), SentDose(on: today))
        let one = try await gateway.record(first, here).text("id")
        let other = try await gateway.record(second, there, by: Cast.paperClinic).text("id")
        first.lot = "FAKE02"
        try await gateway.correct(one, seen: "W/\"1\"", first, here).expect(200)
        let claim = "completed \(Cast.town.code) dpt-ipv-hib 20010"
        #expect(try await lines(one) == ["1 " + claim, "2 " + claim])
        #expect(try await lines(other) == ["1 completed duplicate"])
        // Withdrawn, it is in nobody's way.
        first.status = "entered-in-error"
        try await gateway.correct(one, seen: "W/\"2\"", first, here).expect(200)
        second.lot = "FAKE03"
        try await gateway.correct(other, seen: "W/\"1\"", second, there, by: Cast.paperClinic)
            .expect(200)
        #expect(try await lines(other) == ["1 completed duplicate", "2 " + claim])
    }

    @Test func `a correction to the dose of another's claim is no second claim`() async throws {
        let card = try await gateway.settleBaby()
        let here = try await gateway.openVaccinationVisit(card)
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        var dose = SentDose(on: today)
        dose.vaccine = "bcg"
        let one = try await gateway.record(dose, here).text("id")
        try await gateway.record(SentDose(on: today), there, by: Cast.paperClinic).expect(201)
        dose.vaccine = "dpt-ipv-hib"
        try await gateway.correct(one, seen: "W/\"1\"", dose, here).expect(200)
        #expect(try await lines(one).last == "2 completed duplicate")
    }

    @Test func `what was copied from a handbook is in the way of no claim`() async throws {
        let card = try await gateway.settleBaby()
        let there = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        var copy = SentDose(on: today)
        copy.isPrimarySource = false
        let copied = try await gateway.record(copy, there, by: Cast.paperClinic).text("id")
        #expect(try await lines(copied) == ["1 completed copied"])
        let given = try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(card)
        ).text("id")
        #expect(try await lines(given).first?.contains("20010") == true)
    }

    @Test func `a correction is taken long after the visit that brought the record`() async throws {
        let visit = try await visit()
        var dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        try await move(visit, days: 400)
        dose.lot = "FAKE02"
        try await gateway.correct(id, seen: "W/\"1\"", dose, visit).expect(200)
        dose.identifier = RecordID.random().text
        try await gateway.expect(.visitEnded, of: .recordVaccination, from: Cast.clinic) {
            try await gateway.record(dose, visit)
        }
    }

    @Test func `the same dose told by two clinics at once is claimed once`() async throws {
        for _ in 0..<6 {
            let card = try await gateway.settleBaby()
            let visits = [
                (Cast.clinic, try await gateway.openVaccinationVisit(card)),
                (
                    Cast.paperClinic,
                    try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
                ),
            ]
            let ids = try await withThrowingTaskGroup(of: String.self) { [gateway, today] group in
                for (clinic, visit) in visits {
                    group.addTask {
                        let answer = try await gateway.record(
                            SentDose(on: today), visit, by: clinic)
                        try answer.expect(201)
                        return answer.text("id")
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            var told: [String] = []
            for id in ids { told += try await lines(id) }
            #expect(told.filter { $0.hasSuffix("duplicate") }.count == 1, "\(told)")
        }
    }

    // MARK: Corrections

    @Test func `a correction is a new version, and the one before stays`() async throws {
        let visit = try await visit()
        var dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        dose.lot = "FAKE02"
        let corrected = try await gateway.correct(id, seen: "W/\"1\"", dose, visit)
        try corrected.expect(200)
        #expect(corrected["ETag"] == "W/\"2\"")
        #expect(corrected.text("lotNumber") == "FAKE02")
        let again = try await gateway.correct(id, seen: "W/\"1\"", dose, visit)
        #expect(again.body == corrected.body)
        dose.status = "entered-in-error"
        let withdrawn = try await gateway.correct(id, seen: "\"2\"", dose, visit)
        #expect(withdrawn["ETag"] == "W/\"3\"")
        #expect(
            try await lines(id) == [
                "1 completed \(Cast.town.code) dpt-ipv-hib 20010",
                "2 completed \(Cast.town.code) dpt-ipv-hib 20010",
                "3 entered-in-error withdrawn",
            ])
        dose.status = "completed"
        try await gateway.expect(.recordWithdrawn, of: .recordVaccination, from: Cast.clinic) {
            try await gateway.correct(id, seen: "W/\"3\"", dose, visit)
        }
    }

    @Test func `of eight corrections of one version at once, one is taken`() async throws {
        let visit = try await visit()
        let dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for number in 0..<8 {
                group.addTask { [gateway] in
                    var mine = dose
                    mine.lot = "FAKE1\(number)"
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "PUT", "/fhir/Immunization/\(id)",
                        headers: [("If-Match", "W/\"1\"")],
                        bytes: Array(JSON.object(mine.body(visit)).text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.map(\.status).sorted() == [200] + Array(repeating: 412, count: 7))
        #expect(Set(answers.filter { $0.status == 412 }.map(\.code)) == ["version-passed"])
        #expect(try await lines(id).count == 2)
    }

    static let tables = ["exchange.vaccination", "exchange.vaccination_claim"]

    @Test(arguments: tables)
    func `not even the owner changes or takes away a version`(_ table: String) async throws {
        try await gateway.record(SentDose(on: today), visit()).expect(201)
        for sql in [
            "update \(table) set day = null", "delete from \(table)", "truncate \(table) cascade",
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(sql)") {
                try await gateway.sql { _ = try $0.run(Statement(sql)) }
            }
            #expect(error?.sqlState == "42501", "\(sql)")
        }
    }

    /// As if it had been opened so many days before.
    private func move(_ visit: Visit, days: Int) async throws {
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    update exchange.visit set opened_at = opened_at - make_interval(days => $2::int),
                        ends_at = ends_at - make_interval(days => $2::int) where visit::text = $1
                    """), [.text(visit.id), .int(days)])
        }
    }
}
