import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 予防接種台帳と請求の受領: the municipality of residence receives each line at least once and in one order, every
/// resident shown is entered, and no other municipality sees anything.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MunicipalLineTests {
    static let path = "/fhir/Immunization"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// Each resident shown has an entry: the tally counts one for the answer.
    private func receive(
        _ query: String = "", by town: Party = Cast.town
    ) async throws -> TLSClient.Answer {
        let answer = try await gateway.send(town, "GET", Self.path + query)
        try answer.expect(200)
        let residents = Set(answer.entries.compactMap(Self.patient))
        if residents.count > 1 { gateway.expectMoreEntries(residents.count - 1) }
        return answer
    }

    private static func patient(_ line: JSONObject) -> String? {
        line["patient"]?.object?["reference"]?.string
    }

    /// Up to now, so that a test sees its own alone.
    private func catchUp(_ town: Party = Cast.town) async throws {
        var answer = try await receive(by: town)
        while let next = Self.next(answer) { answer = try await receive(next, by: town) }
    }

    private static func next(_ answer: TLSClient.Answer) -> String? {
        answer.next.map { String($0.dropFirst(path.count)) }
    }

    /// The parts of the line by name.
    private func line(_ entry: JSONObject) -> [String: JSON] {
        TLSClient.Answer(entry).parts("vaccination-line").first ?? [:]
    }

    @Test func `a dose is a line of ledger and claim, and nobody typed it`() async throws {
        try await catchUp()
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        let dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await receive() }
        let answer = try #require(sent)
        let entry = try #require(answer.entries.first)
        #expect(answer.entries.count == 1)
        #expect(entry["lotNumber"]?.string == dose.lot)
        #expect(entry["status"]?.string == "completed")
        let line = line(entry)
        #expect(line["programme"]?.string == "dpt-ipv-hib")
        #expect(line["claimed"]?.object?["value"]?.int == 20010)
        #expect(line["claimed"]?.object?["currency"]?.string == "JPY")
        #expect(!answer.text.contains(id) && !answer.text.contains(visit.patient))
        #expect(entries.map(\.purpose) == ["receive-vaccinations"])
        #expect(entries.map(\.hasPerson) == [true])
        #expect(entries.first?.basis == "\(id)/1")
        let held = try await gateway.send(Cast.portal, "GET", "/fhir/Immunization")
        #expect(held.status == 401)
    }

    @Test func `it comes again until it is acknowledged, and never after`() async throws {
        try await catchUp()
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        try await gateway.record(SentDose(on: today), visit).expect(201)
        let first = try await receive()
        let again = try await receive()
        #expect(first.entries.count == 1 && again.body == first.body)
        let next = try #require(Self.next(first))
        #expect(try await receive(next).entries.isEmpty)
        #expect(try await receive().entries.isEmpty)
        // What was received can be asked for again: nothing was lost here when it was lost there.
        let cursor = try #require(line(first.entries[0])["cursor"]?.string.flatMap { Int($0) })
        #expect(try await receive("?_cursor=\(cursor - 1)").entries.count == 1)
    }

    @Test func `pages follow each other without gap or repetition`() async throws {
        try await catchUp()
        var made: Set<String> = []
        for _ in 0..<5 {
            var dose = SentDose(on: today)
            dose.lot = "LOT\(RecordID.random().text.prefix(8))"
            made.insert(dose.lot)
            try await gateway.record(
                dose, gateway.openVaccinationVisit(gateway.settleBaby())
            ).expect(201)
        }
        var seen: [String] = []
        var answer = try await receive("?_count=2")
        while let next = Self.next(answer) {
            seen += answer.entries.compactMap { $0["lotNumber"]?.string }
            answer = try await receive(next)
        }
        #expect(seen.count == 5 && Set(seen) == made)
    }

    @Test func `lines recorded at once while the municipality reads are all received`()
        async throws
    {
        try await catchUp()
        var visits: [RunningGateway.Visit] = []
        for _ in 0..<12 {
            visits.append(try await gateway.openVaccinationVisit(gateway.settleBaby()))
        }
        let today = today
        let lots = try await withThrowingTaskGroup(of: String.self) { [gateway] group in
            for visit in visits {
                group.addTask {
                    var dose = SentDose(on: today)
                    dose.lot = "AT\(RecordID.random().text.prefix(8))"
                    let client = try await gateway.connect(Cast.clinic)
                    let answer = try await gateway.send(
                        client, "POST", Self.path,
                        bytes: Array(JSON.object(dose.body(visit)).text.utf8))
                    await client.close()
                    try answer.expect(201)
                    return dose.lot
                }
            }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        var seen: [String] = []
        var answer = try await receive("?_count=5")
        while let next = Self.next(answer) {
            seen += answer.entries.compactMap { $0["lotNumber"]?.string }
            answer = try await receive(next)
        }
        #expect(seen.count == 12 && Set(seen) == lots)
    }

    @Test func `a correction comes again, and what is no longer a line is taken back`()
        async throws
    {
        try await catchUp()
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        var dose = SentDose(on: today)
        let id = try await gateway.record(dose, visit).text("id")
        dose.lot = "FAKE02"
        try await gateway.correct(id, seen: "W/\"1\"", dose, visit).expect(200)
        dose.basis = "voluntary"
        try await gateway.correct(id, seen: "W/\"2\"", dose, visit).expect(200)
        dose.lot = "FAKE03"
        try await gateway.correct(id, seen: "W/\"3\"", dose, visit).expect(200)
        let answer = try await receive()
        #expect(
            answer.entries.map { $0["status"]?.string } == [
                "completed", "completed", "entered-in-error",
            ])
        #expect(
            answer.entries.map { $0["meta"]?.object?["versionId"]?.string } == ["1", "2", "3"])
        #expect(
            answer.entries.map { $0["lotNumber"]?.string } == ["FAKE01", "FAKE02", "FAKE02"])
        #expect(Set(answer.entries.compactMap { $0["id"]?.string }).count == 1)
    }

    @Test func `a dose that was due and was not given is told with its reason, and is no claim`()
        async throws
    {
        try await catchUp()
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        var dose = SentDose(on: today)
        dose.status = "not-done"
        let reason = try JSON(
            reading: """
                {"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ActReason",\
                "code":"MEDPREC"}],"text":"clinic's own words"}
                """)
        let sent = try await gateway.send(
            Cast.clinic, "POST", Self.path,
            body: .object(dose.body(visit).with("statusReason", reason)))
        try sent.expect(201)
        let answer = try await receive()
        let entry = try #require(answer.entries.first)
        #expect(answer.entries.count == 1 && entry["status"]?.string == "not-done")
        let told = entry["statusReason"]?.object
        #expect(told?["coding"]?.array?.first?.object?["code"]?.string == "MEDPREC")
        #expect(told?["text"] == nil)
        let line = line(entry)
        #expect(line["programme"]?.string == "dpt-ipv-hib" && line["claimed"] == nil)
        // It was given after all: the same record, as a claim.
        dose.status = "completed"
        try await gateway.correct(sent.text("id"), seen: "W/\"1\"", dose, visit).expect(200)
        let given = try #require(
            try await receive().entries.last { $0["status"]?.string == "completed" })
        #expect(self.line(given)["claimed"]?.object?["value"]?.int == 20010)
    }

    @Test func `another municipality sees nothing of it`() async throws {
        try await catchUp()
        try await catchUp(Cast.otherTown)
        let (resident, card) = try await gateway.settleFamily()
        let key = "K-\(resident.index)"
        try await gateway.invite(resident, key: key)
        try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(card)
        ).expect(201)
        #expect(try await receive(by: Cast.otherTown).entries.isEmpty)
        #expect(try await ofResident(key, by: Cast.otherTown).entries.isEmpty)
        #expect(try await ofResident(key).entries.count == 1)
        try await gateway.expect(.notYourPurpose, of: .receiveVaccinations, from: Cast.prefecture) {
            try await gateway.send(Cast.prefecture, "GET", Self.path)
        }
    }

    private func ofResident(_ key: String, by town: Party = Cast.town) async throws
        -> TLSClient.Answer
    {
        try await gateway.search(
            town, Self.path + "/_search",
            [("patient.identifier", "urn:tsunagi:municipality-identity-key|\(key)")])
    }

    @Test func `a resident is found by the municipality's own key, with the lines it holds now`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        let key = "K-\(resident.index)"
        try await gateway.invite(resident, key: key)
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: today.adding(days: -40))
        let id = try await gateway.record(dose, visit).text("id")
        dose.lot = "FAKE02"
        try await gateway.correct(id, seen: "W/\"1\"", dose, visit).expect(200)
        let answer = try await ofResident(key)
        try answer.expect(200)
        #expect(answer.entries.map { $0["lotNumber"]?.string } == ["FAKE02"])
        let identifier = answer.entries.first?["patient"]?.object?["identifier"]?.object
        #expect(identifier?["value"]?.string == key)
        dose.status = "entered-in-error"
        try await gateway.correct(id, seen: "W/\"2\"", dose, visit).expect(200)
        #expect(try await ofResident(key).entries.isEmpty)
        #expect(try await ofResident("nobody").entries.isEmpty)
    }

    static let wrong: [(query: String, refusal: Refusal)] = [
        ("?_cursor=x", .malformed("_cursor")), ("?_count=0", .malformed("_count")),
        ("?_count=1001", .malformed("_count")), ("?_cursor=999999", .malformed("_cursor")),
    ]

    @Test(arguments: wrong.indices)
    func `a cursor that was never given is refused`(_ row: Int) async throws {
        let (query, refusal) = Self.wrong[row]
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries {
            sent = try await gateway.send(Cast.town, "GET", Self.path + query)
        }
        gateway.expect(refusal, in: try #require(sent))
        // Which places there are is read behind the door.
        let isBehind = query.hasSuffix("999999")
        #expect(entries.count == (isBehind ? 1 : 0))
        if isBehind { gateway.expectMoreEntries(1) }
    }

    @Test
    func `the town that the resident moved to sees the history, and only while they live there`()
        async throws
    {
        let (resident, card) = try await gateway.settleFamily()
        var dose = SentDose(on: today.adding(days: -5))
        dose.lot = "BEFORE"
        try await gateway.record(dose, gateway.openVaccinationVisit(card)).expect(201)
        let key = "M-\(resident.index)"
        try await gateway.invite(resident, key: key, by: Cast.otherTown)
        #expect(try await ofResident(key, by: Cast.otherTown).entries.isEmpty)
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        let seen = try await ofResident(key, by: Cast.otherTown).entries
        #expect(seen.map { $0["lotNumber"]?.string } == ["BEFORE"])
        #expect(seen.allSatisfy { line($0).isEmpty })
        // What is given there is its own line, and stands beside it.
        dose = SentDose(on: today)
        dose.vaccine = "pcv20"
        try await gateway.record(dose, gateway.openVaccinationVisit(card)).expect(201)
        let both = try await ofResident(key, by: Cast.otherTown).entries
        #expect(both.map { line($0).isEmpty } == [false, true])
        try await gateway.feed([resident.residence(Cast.town.code, from: today)])
        #expect(try await ofResident(key, by: Cast.otherTown).entries.count == 1)
    }

    @Test func `no role gives a place twice`() async throws {
        try await gateway.record(
            SentDose(on: today), gateway.openVaccinationVisit(gateway.settleBaby())
        ).expect(201)
        try await catchUp()
        let error = await #expect(throws: DatabaseError.self) {
            try await gateway.sql {
                _ = try $0.run(
                    Statement("update exchange.delivery set place = place + 1"))
            }
        }
        #expect(error?.sqlState == "42501")
    }
}
