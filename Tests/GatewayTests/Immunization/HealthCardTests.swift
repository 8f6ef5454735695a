import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 接種証明カード: signed for the resident, verified by software that is not ours, and no longer believed once
/// it is revoked or what it says was corrected.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct HealthCardTests {
    typealias Header = RunningGateway.Header

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private static let asked =
        Array(
            #"{"resourceType":"Parameters","parameter":[{"name":"credentialType","#.utf8)
        + Array(#""valueUri":"https://smarthealth.cards#immunization"}]}"#.utf8)

    private func issue(_ token: Header, of patient: String? = nil) async throws
        -> TLSClient.Answer
    {
        let known: String
        if let patient { known = patient } else { known = try await gateway.patient(token) }
        return try await gateway.send(
            Cast.portal, "POST", "/fhir/\(known)/$health-cards-issue", headers: [token],
            body: JSON(reading: Self.asked))
    }

    private func codes(_ answer: TLSClient.Answer) -> [String] {
        (answer.json["parameter"]?.array ?? []).compactMap(\.object)
            .filter { $0["name"]?.string == "qr" }.compactMap { $0["valueString"]?.string }
    }

    /// …/Tests/GatewayTests/Immunization/HealthCardTests.swift → …/Tests/Strangers.
    private static let stranger = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Strangers/verify_card.py").path

    /// Debian's own, which has the package that `deploy/install-debian` installs.
    private static let python = "/usr/bin/python3"

    /// As somebody would who scans it at a door.
    private func scan(_ codes: [String]) async throws -> Program.Ended {
        let keys = try await gateway.send(Cast.portal, "GET", "/.well-known/jwks.json")
        try keys.expect(200)
        let kid = keys.json["keys"]?.array?.last?.object?["kid"]?.string ?? ""
        let revoked = try await gateway.send(Cast.portal, "GET", "/.well-known/crl/\(kid).json")
        try revoked.expect(200)
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-card-\(RecordID.random().text)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        var paths: [String] = []
        let files = [keys.body, revoked.body, Array(codes.joined(separator: "\n").utf8)]
        for (name, bytes) in zip(["keys", "revoked", "codes"], files) {
            let file = folder.appending(path: name)
            try Data(bytes).write(to: file)
            paths.append(file.path)
        }
        return try await Program.run([Self.stranger] + paths, of: [Self.python])
    }

    private func vaccinated(doses: Int = 2) async throws -> (
        token: Header, id: String, visit: RunningGateway.Visit, dose: SentDose
    ) {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        var last = ("", SentDose(on: today))
        for number in 1...doses {
            var dose = SentDose(on: today.adding(days: -3 * (doses - number)))
            dose.number = number
            dose.lot = "LOT\(number)"
            last = (try await gateway.record(dose, visit).text("id"), dose)
        }
        return (try await gateway.session(of: card), last.0, visit, last.1)
    }

    @Test func `a stranger reads the doses, and whose they are, and nothing else`() async throws {
        let (token, _, _, _) = try await vaccinated()
        let issued = try await issue(token)
        try issued.expect(200)
        let told = try await scan(codes(issued))
        #expect(told.status == 0, "\(told.output)\(told.errors)")
        let payload = try #require(try JSON(reading: Array(told.output.utf8)).object)
        #expect(payload["iss"]?.string == "https://tsunagi.example/test")
        let credential = try #require(payload["vc"]?.object)
        let subject = try credential.requiredObject("credentialSubject")
        let bundle = try subject.requiredObject("fhirBundle")
        let resources = (bundle["entry"]?.array ?? []).compactMap {
            $0.object?["resource"]?.object
        }
        #expect(
            resources.map { $0["resourceType"]?.string } == ["Patient"]
                + Array(repeating: "Immunization", count: 2))
        #expect(resources[0]["name"]?.array?.first?.object?["family"]?.string == "見本")
        #expect(resources[0]["birthDate"]?.string == today.adding(days: -150).text)
        #expect(resources.dropFirst().map { $0["lotNumber"]?.string } == ["LOT1", "LOT2"])
        let code = resources[1]["vaccineCode"]?.object?["coding"]?.array?.first?.object
        #expect(code?["system"]?.string == "http://hl7.org/fhir/sid/cvx")
    }

    @Test func `a card of many doses takes several codes, and reads as one`() async throws {
        let (token, _, _, _) = try await vaccinated(doses: 24)
        let codes = codes(try await issue(token))
        #expect(codes.count > 1)
        // Version 22 of a QR code holds 2,405 digits with the letters before them.
        #expect(codes.allSatisfy { $0.utf8.count <= 2_405 })
        let told = try await scan(codes.reversed())
        #expect(told.status == 0, "\(told.output)\(told.errors)")
        #expect(try await scan(Array(codes.dropFirst())).status != 0)
    }

    @Test func `whatever is changed in it, it is no longer believed`() async throws {
        let (token, _, _, _) = try await vaccinated()
        let code = try #require(codes(try await issue(token)).first)
        let digits = Array(code)
        for place in stride(from: 40, to: digits.count - 2, by: (digits.count - 42) / 6) {
            var changed = digits
            changed[place] = changed[place] == "3" ? "4" : "3"
            #expect(try await scan([String(changed)]).status != 0, "\(place)")
        }
    }

    @Test func `the printed page has the doses in words, and a picture for each code`() async throws
    {
        let (token, _, visit, _) = try await vaccinated(doses: 24)
        var dose = SentDose(on: today)
        dose.lot = "<b>&LOT"
        try await gateway.record(dose, visit).expect(201)
        let page = try await gateway.send(
            Cast.portal, "POST", "/health-cards/print", headers: [token])
        try page.expect(200)
        #expect(page["Content-Type"] == "text/html; charset=utf-8")
        #expect(page.text.contains("<td>LOT1</td>") && page.text.contains("五種混合"))
        #expect(page.text.contains("&lt;b&gt;&amp;LOT") && !page.text.contains("<b>"))
        let pictures = page.text.components(separatedBy: "<svg").count - 1
        #expect(pictures > 1)
        #expect(try await pictures == codes(issue(token)).count)
        // By the name that the registry has, as whoever is shown the page knows the institution.
        #expect(page.text.contains("<td>見本 \(Cast.clinic.code)</td>"))
        #expect(!page.text.contains("<td>\(Cast.clinic.code)</td>"))
        let other = try await gateway.session(of: gateway.settleBaby())
        try await gateway.expect(.nothingToCertify, of: .issueHealthCard, from: Cast.portal) {
            try await gateway.send(Cast.portal, "POST", "/health-cards/print", headers: [other])
        }
    }

    @Test func `the resident revokes a card, and no other`() async throws {
        let (token, _, _, _) = try await vaccinated()
        let first = try await issue(token)
        let second = try await issue(token)
        let id = first.parameter("id")?.string ?? ""
        let (stranger, _, _, _) = try await vaccinated()
        try await gateway.expect(.recordUnknown, of: .revokeHealthCard, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "POST", "/health-cards/\(id)/revoke", headers: [stranger])
        }
        for _ in 0..<2 {
            try await gateway.send(
                Cast.portal, "POST", "/health-cards/\(id)/revoke", headers: [token]
            ).expect(204)
        }
        let revoked = try await scan(codes(first))
        #expect(revoked.status != 0 && revoked.errors.contains("revoked"))
        #expect(try await scan(codes(second)).status == 0)
    }

    @Test func `a card that is signed while its record is withdrawn does not outlive it`()
        async throws
    {
        let card = try await gateway.settleBaby()
        let visit = try await gateway.openVaccinationVisit(card)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        // One that stays, so that there is always something to sign.
        try await gateway.record(SentDose(on: today.adding(days: -90)), visit).expect(201)
        for round in 1...6 {
            var dose = SentDose(on: today.adding(days: -round))
            let id = try await gateway.record(dose, visit).text("id")
            dose.status = "entered-in-error"
            let withdrawn = dose
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<4 {
                    group.addTask { try await issue(token, of: patient).status }
                }
                group.addTask {
                    try await gateway.correct(id, seen: "W/\"1\"", withdrawn, visit).status
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(statuses) == [200])
            let standing = try await gateway.count(
                """
                select count(*) from exchange.health_card
                where $1 = any (records::text[]) and revoked_at is null
                """, [.text(id)])
            #expect(standing == 0)
        }
    }

    @Test func `a corrected record revokes the cards that hold it`() async throws {
        var (token, id, visit, dose) = try await vaccinated()
        let before = try await issue(token)
        #expect(try await scan(codes(before)).status == 0)
        dose.status = "entered-in-error"
        try await gateway.correct(id, seen: "W/\"1\"", dose, visit).expect(200)
        #expect(try await scan(codes(before)).errors.contains("revoked"))
        let after = try await issue(token)
        let told = try await scan(codes(after))
        #expect(told.status == 0 && told.output.contains("LOT1") && !told.output.contains("LOT2"))
    }

    @Test func `there is no card of nothing, and none for another`() async throws {
        let token = try await gateway.session(of: gateway.settleBaby())
        try await gateway.expect(.recordUnknown, of: .issueHealthCard, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "POST",
                "/fhir/Patient/\(String(repeating: "a", count: 32))/$health-cards-issue",
                headers: [token], body: JSON(reading: Self.asked))
        }
        let (other, _, _, _) = try await vaccinated()
        let patient = try await gateway.patient(other)
        try await gateway.expect(.recordUnknown, of: .issueHealthCard, from: Cast.portal) {
            try await issue(token, of: patient)
        }
        let known = try await gateway.patient(token)
        try await gateway.expect(.nothingToCertify, of: .issueHealthCard, from: Cast.portal) {
            try await issue(token, of: known)
        }
    }

    @Test func `what is asked for must be a card of vaccinations`() async throws {
        let token = try await gateway.session(of: gateway.settleBaby())
        let patient = try await gateway.patient(token)
        let rows: [(String, Refusal)] = [
            ("[]", .missing("parameter(credentialType)")),
            (
                #"[{"name":"credentialType","valueUri":"https://smarthealth.cards#laboratory"}]"#,
                .malformed("parameter[0].valueUri")
            ),
            (#"[{"name":"credentialTyp","valueUri":"x"}]"#, .unknownItem("parameter[0].name")),
        ]
        for (parameters, refusal) in rows {
            try await gateway.expect(refusal, of: nil, from: Cast.portal) {
                try await gateway.send(
                    Cast.portal, "POST", "/fhir/\(patient)/$health-cards-issue", headers: [token],
                    body: JSON(
                        reading: #"{"resourceType":"Parameters","parameter":\#(parameters)}"#))
            }
        }
        try await gateway.expect(.recordUnknown, of: nil, from: Cast.portal) {
            try await gateway.send(Cast.portal, "GET", "/.well-known/crl/nothing.json")
        }
    }

    /// zlib is the judge of what is compressed.
    @Test(arguments: Seeded.seeds(3))
    func `zlib inflates what is deflated here`(_ seed: UInt64) async throws {
        var random = Seeded(seed)
        var lines: [String] = []
        var texts: [String] = []
        for length in [0, 1, 2, 3, 4, 257, 258, 259, 260, 4_000, 70_000] {
            // Few letters make long repetitions, all bytes make none.
            for letters in [1, 3, 256] {
                let bytes = (0..<length).map { _ in UInt8(random.next() % UInt64(letters)) }
                texts.append(Hexadecimal.text(bytes))
                lines.append(Hexadecimal.text(Deflate.compress(bytes)))
            }
        }
        let file = FileManager.default.temporaryDirectory.appending(
            path: "tsunagi-deflate-\(RecordID.random().text)")
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let ended = try await Program.run(
            [
                "-c",
                "import sys,zlib\nfor line in open(sys.argv[1]):\n"
                    + "  print('<'+zlib.decompress(bytes.fromhex(line.strip()),-15).hex())",
                file.path,
            ], of: [Self.python])
        #expect(ended.status == 0, "\(ended.errors)")
        let inflated = ended.output.split(separator: "\n").map { String($0.dropFirst()) }
        #expect(inflated == texts)
    }
}
