import Exchange
import Gateway
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 一括の受領, as a client of FHIR Bulk Data Access walks it: what the municipality holds at that moment, all of
/// it, nothing of anybody else's, and every resident entered when a file leaves.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ExportTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let path = "/fhir/Patient/$export"
    private static let prefer = [("Prefer", "respond-async")]

    func kickOff(_ query: String = "", by town: Party = Cast.town) async throws -> String {
        let answer = try await gateway.send(
            town, "GET", Self.path + query, headers: Self.prefer)
        try answer.expect(202)
        let address = try #require(answer["Content-Location"])
        #expect(address.hasPrefix("https://") && answer.body.isEmpty)
        return String(address.dropFirst("https://".count).drop { $0 != "/" })
    }

    func prepare() async throws {
        let parts = try gateway.parts()
        // It waits for whoever was writing when it was asked for.
        for _ in 0..<200 {
            while try await parts.prepareExport() {}
            let open = try await gateway.count(
                """
                select count(*) from exchange.bulk_export where ready_at is null and deleted_at is null
                    and ends_at > clock_timestamp()
                """)
            if open == 0 { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        Issue.record("exports stayed open")
    }

    /// Type to the resources of its files; every resident in a file is entered with it.
    func fetch(
        _ export: String, by town: Party = Cast.town
    ) async throws -> [String: [JSONObject]] {
        let manifest = try await gateway.send(town, "GET", export)
        try manifest.expect(200)
        #expect(manifest["Expires"]?.hasSuffix("GMT") == true)
        var resources: [String: [JSONObject]] = [:]
        for file in try manifest.json.requiredArray("output").compactMap(\.object) {
            let url = try file.requiredString("url")
            #expect(url.contains(export))
            let path = String(url.dropFirst("https://".count).drop { $0 != "/" })
            var sent: TLSClient.Answer?
            let entries = try await gateway.entries {
                sent = try await gateway.send(town, "GET", path)
            }
            let answer = try #require(sent)
            try answer.expect(200)
            #expect(answer["Content-Type"] == "application/fhir+ndjson")
            #expect(answer.body.last == UInt8(ascii: "\n"))
            let lines = try answer.body.split(separator: UInt8(ascii: "\n")).map {
                try #require(try JSON(reading: Array($0)).object)
            }
            #expect(file["count"]?.int == lines.count)
            let type = try file.requiredString("type")
            #expect(lines.allSatisfy { $0["resourceType"]?.string == type })
            let residents = Set(lines.compactMap(Self.resident))
            #expect(entries.count == residents.count && entries.allSatisfy(\.hasPerson))
            #expect(entries.allSatisfy { $0.purpose == "export-residents" })
            gateway.expectMoreEntries(entries.count - 1)
            resources[type, default: []] += lines
        }
        return resources
    }

    static func resident(_ line: JSONObject) -> String? {
        if line["resourceType"]?.string == "Patient" { return line["id"]?.string }
        let reference = ["patient", "subject", "beneficiary"].compactMap {
            line[$0]?.object?["reference"]?.string
        }.first
        return reference.map { String($0.split(separator: "/").last ?? "") }
    }

    private func examine(
        in town: Party = Cast.town
    ) async throws -> (visit: RunningGateway.Visit, sent: SentCheckup, id: String) {
        let card = try await gateway.settleFamily(days: 110, in: town).card
        let visit = try await gateway.openCheckupVisit(card)
        let sent = SentCheckup(on: gateway.clock.today)
        let id = try await gateway.record(sent, visit).text("id")
        return (visit, sent, id)
    }

    @Test func `an export is what the municipality holds at that moment, and nothing else`()
        async throws
    {
        let visit = try await examine().visit
        var (gone, mistaken, id) = try await examine()
        mistaken.status = "entered-in-error"
        try await gateway.correct(id, seen: "W/\"1\"", mistaken, gone).expect(200)
        _ = try await examine(in: Cast.otherTown)
        let export = try await kickOff()
        let waiting = try await gateway.send(Cast.town, "GET", export)
        try waiting.expect(202)
        #expect(waiting["Retry-After"] != nil && waiting["X-Progress"] != nil)
        let late = try await examine()
        try await prepare()
        let all = try await fetch(export)
        let reports = all["DiagnosticReport"] ?? []
        let patients = all["Patient"] ?? []
        #expect(reports.count == 1)
        let residents = Set(
            (reports + (all["Coverage"] ?? [])).compactMap(Self.resident))
        #expect(residents.isSuperset(of: reports.compactMap(Self.resident)))
        #expect(patients.count == residents.count)
        #expect(Set(patients.compactMap(Self.resident)) == residents)
        let whole = reports.map { JSON.object($0).text }.joined()
        for id in [visit.id, visit.patient, gone.id, late.visit.id] { #expect(!whole.contains(id)) }
        // Fetched again it is the same, and a later export has what came since, alone.
        #expect(try await fetch(export) == all)
        let manifest = try await gateway.send(Cast.town, "GET", export)
        let moment = try manifest.json.requiredString("transactionTime")
        let next = try await kickOff(
            "?_type=DiagnosticReport&_since=" + moment.replacing("+", with: "%2B"))
        try await prepare()
        let news = try await fetch(next)
        #expect(news.keys.sorted() == ["DiagnosticReport"])
        #expect(news["DiagnosticReport"]?.count == 1 && news != all)
        try await other(export)
        try await gateway.send(Cast.town, "DELETE", next).expect(202)
    }

    @Test func `of two records that became one, the lines of both are of one resident`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        for (card, lot, days) in [(stays.card, "BULK1", 40), (gone.card, "BULK2", 10)] {
            var dose = SentDose(on: gateway.clock.today.adding(days: -days))
            dose.lot = lot
            dose.number = lot == "BULK1" ? 1 : 2
            try await gateway.record(dose, gateway.openVaccinationVisit(card)).expect(201)
        }
        let merge = gateway.merge(gone.resident, into: stays.resident)
        #expect(try await gateway.tellTwice([merge]).int("applied") == 1)
        let export = try await kickOff("?_type=Immunization,Patient")
        try await prepare()
        let all = try await fetch(export)
        let lines = (all["Immunization"] ?? []).filter {
            $0["lotNumber"]?.string?.hasPrefix("BULK") == true
        }
        #expect(lines.compactMap { $0["lotNumber"]?.string }.sorted() == ["BULK1", "BULK2"])
        let residents = Set(lines.compactMap(Self.resident))
        #expect(residents.count == 1)
        let patients = (all["Patient"] ?? []).compactMap(Self.resident)
        #expect(patients.filter(residents.contains).count == 1)
        // Once they are two again, a file that stands says so as well.
        let undo = gateway.undo(gone.resident, from: stays.resident)
        #expect(try await gateway.tellTwice([undo]).int("applied") == 1)
        let parted = (try await fetch(export)["Immunization"] ?? []).filter {
            $0["lotNumber"]?.string?.hasPrefix("BULK") == true
        }
        #expect(Set(parted.compactMap(Self.resident)).count == 2)
        try await gateway.send(Cast.town, "DELETE", export).expect(202)
    }

    @Test func `of two records that became one, the results of both are of one resident`()
        async throws
    {
        let (stays, gone) = try await gateway.settleBabyTwice()
        let today = gateway.clock.today
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            gone.resident.birth(
                on: today.adding(days: -150), notified: today.adding(days: -140), key: key)
        ])
        var numbers: [String] = []
        for card in [stays.card, gone.card] {
            let sent = SentCheckup(on: today.adding(days: -40))
            numbers.append(sent.identifier)
            try await gateway.record(sent, gateway.openCheckupVisit(card)).expect(201)
        }
        try await gateway.join(gone.resident, into: stays.resident)
        let export = try await kickOff("?_type=DiagnosticReport,Patient")
        try await prepare()
        func residents() async throws -> Set<String> {
            let lines = (try await fetch(export)["DiagnosticReport"] ?? []).filter {
                numbers.contains(
                    $0["identifier"]?.array?.first?.object?["value"]?.string ?? "")
            }
            #expect(lines.count == 2)
            return Set(lines.compactMap(Self.resident))
        }
        let one = try await residents()
        #expect(one.count == 1)
        let patients = (try await fetch(export)["Patient"] ?? []).filter {
            Self.resident($0).map(one.contains) ?? false
        }
        // The town knows the one person, by the key under which it notified the other record.
        #expect(patients.count == 1)
        #expect(patients.allSatisfy { JSON.object($0).text.contains(key) })
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(try await residents().count == 2)
        try await gateway.send(Cast.town, "DELETE", export).expect(202)
    }

    @Test func `certificates are those that stood at that moment, without name or address`()
        async throws
    {
        let (first, second, gone) = (
            gateway.people.next(), gateway.people.next(), gateway.people.next()
        )
        let today = gateway.clock.today
        let days = (today.adding(days: -20), today.adding(days: 200))
        func row(_ resident: TestResident, _ changes: [String: JSON?] = [:]) -> JSON {
            resident.row("kodomo", days.0, days.1, changes)
        }
        let town = Cast.silentTown
        let face = try JSON(
            reading: #"[{"name":"住所","value":"東京都見本市1-1"},{"name":"備考","value":"見本"}]"#)
        try await gateway.hold(
            [
                row(first, ["isNotDisclosed": .bool(true), "certificationDetail": face]),
                row(second, ["segment": "変更前"]), row(gone),
            ], by: town)
        try await gateway.hold([row(gone, ["isDeleted": .bool(true)])], by: town)
        let export = try await kickOff("?_type=Coverage,Patient", by: town)
        // What is said afterwards is not of that moment.
        try await gateway.hold(
            [row(second, ["segment": "変更後"]), row(first, ["isDeleted": .bool(true)])], by: town)
        try await prepare()
        let all = try await fetch(export, by: town)
        #expect(all.keys.sorted() == ["Coverage", "Patient"])
        let texts = (all["Coverage"] ?? []).map { JSON.object($0).text }
        func held(_ resident: TestResident) -> [String] {
            texts.filter { $0.contains("\"R-00\(resident.index)\"") }
        }
        #expect(held(first).count == 1 && held(second).count == 1 && held(gone).isEmpty)
        #expect(held(first)[0].contains("備考") && held(second)[0].contains("変更前"))
        for text in texts {
            for word in ["住所", "見本町", first.name, first.number, second.number] {
                #expect(!text.contains(word))
            }
        }
        let moment = try await gateway.send(town, "GET", export).json
            .requiredString("transactionTime")
        let next = try await kickOff(
            "?_type=Coverage&_since=" + moment.replacing("+", with: "%2B"), by: town)
        try await prepare()
        let news = (try await fetch(next, by: town)["Coverage"] ?? []).map {
            JSON.object($0).text
        }
        #expect(news.count == 1 && news[0].contains("変更後"))
        try await gateway.expect(.recordUnknown, of: .exportResidents, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", export + "/Coverage-1.ndjson")
        }
    }

    /// Another's is none, and neither is one that was deleted.
    private func other(_ export: String) async throws {
        for path in [export, export + "/Patient-1.ndjson"] {
            try await gateway.expect(.recordUnknown, of: .exportResidents, from: Cast.otherTown) {
                try await gateway.send(Cast.otherTown, "GET", path)
            }
        }
        try await gateway.expect(.recordUnknown, of: .exportResidents, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", export + "/Patient-2.ndjson")
        }
        try await gateway.send(Cast.town, "DELETE", export).expect(202)
        try await gateway.expect(.recordUnknown, of: .exportResidents, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", export + "/Patient-1.ndjson")
        }
        try await prepare()
        let left = try await gateway.count(
            """
            select count(*) from exchange.bulk_file f join exchange.bulk_export e using (export)
            where e.deleted_at is not null
            """)
        #expect(left == 0)
    }

    @Test func `four stand at a time, and one that is over stands no longer`() async throws {
        var standing: [String] = []
        for _ in 0..<ExportLimits.standingMax {
            standing.append(try await kickOff(by: Cast.otherTown))
        }
        try await gateway.expect(.exportsTooMany, of: .exportResidents, from: Cast.otherTown) {
            try await gateway.send(Cast.otherTown, "GET", Self.path, headers: Self.prefer)
        }
        try await gateway.send(Cast.otherTown, "DELETE", standing[0]).expect(202)
        standing[0] = try await kickOff(by: Cast.otherTown)
        _ = try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    update exchange.bulk_export set asked_at = asked_at - interval '2 days',
                        ends_at = ends_at - interval '2 days' where body = '222216'
                    """))
        }
        try await gateway.expect(.recordUnknown, of: .exportResidents, from: Cast.otherTown) {
            try await gateway.send(Cast.otherTown, "GET", standing[0])
        }
        _ = try await kickOff(by: Cast.otherTown)
        try await prepare()
    }

    @Test(arguments: [
        ("", [], Refusal.missing("Prefer")),
        ("?_type=Patient,AuditEvent", prefer, .malformed("_type")),
        ("?_since=yesterday", prefer, .malformed("_since")),
        ("?patient=1", prefer, .unknownItem("query")),
        ("?_outputFormat=csv", prefer, .malformed("_outputFormat")),
    ])
    func `what cannot be asked for is said`(
        query: String, headers: [(String, String)], refusal: Refusal
    ) async throws {
        try await gateway.expect(refusal, of: nil, from: Cast.town) {
            try await gateway.send(Cast.town, "GET", Self.path + query, headers: headers)
        }
    }
}
