import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 対象者情報登録: accepted as a task, applied exactly once, and every row answered in both languages.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct RegistrationTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func row(_ resident: TestResident, _ changes: [String: JSON?] = [:], key: String = "1")
        -> JSON
    {
        let today = gateway.clock.today
        return resident.row(
            "kodomo", today.adding(days: -10), today.adding(days: 300), historyKey: key, changes)
    }

    private func report(_ answer: TLSClient.Answer, to body: Party = Cast.town) async throws
        -> TLSClient.Answer
    {
        try await gateway.send(
            body, "GET", "/medical-subsidy/registration-tasks/\(answer.text("taskId"))")
    }

    private func entitlements() async throws -> Int {
        try await gateway.count("select count(*) from exchange.entitlement")
    }

    @Test func `accepted rows are a task with a result that stays`() async throws {
        let answer = try await gateway.register([
            row(gateway.people.next()), row(gateway.people.next()),
        ])
        #expect(answer.status == 202)
        #expect(answer.int("rows") == 2)
        #expect(answer.int("applied") == 2)
        let first = try await report(answer)
        #expect(first.status == 200)
        #expect(first.int("applied") == 2)
        #expect(first.json["results"]?.array?.isEmpty == true)
        #expect(try await report(answer).body == first.body)
    }

    struct RowCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: RowCode
        let item: String
        let changes: [String: JSON?]
    }

    static let badRows: [RowCase] = [
        RowCase(
            testDescription: "no certificate name", code: .required, item: "certificationName",
            changes: ["certificationName": nil]),
        RowCase(
            testDescription: "a day that does not exist", code: .format, item: "validFrom",
            changes: ["validFrom": "2026-02-30"]),
        RowCase(
            testDescription: "ends before it begins", code: .dateOrder, item: "validTo",
            changes: ["validTo": "2001-01-01"]),
        RowCase(
            testDescription: "a number of eleven digits", code: .number, item: "myNumber",
            changes: ["myNumber": "12345678901"]),
        RowCase(
            testDescription: "a scheme nobody knows", code: .unknownType,
            item: "orgSpecificCertificateTypeId",
            changes: ["orgSpecificCertificateTypeId": "nothing"]),
        RowCase(
            testDescription: "no history key in the difference form", code: .required,
            item: "historyKey", changes: ["historyKey": nil]),
        RowCase(
            testDescription: "an individual number in a text", code: .individualNumberElsewhere,
            item: "certificationName", changes: ["certificationName": "証 1234-5678-9018"]),
        RowCase(
            testDescription: "a recipient number too long", code: .length,
            item: "medicalSubsidyRecipientNumber",
            changes: ["medicalSubsidyRecipientNumber": .string(String(repeating: "9", count: 31))]),
    ]

    @Test(arguments: badRows)
    func `a bad row says what is wrong in both languages, a good one beside it is applied`(
        _ bad: RowCase
    ) async throws {
        let answer = try await gateway.register([
            row(gateway.people.next(), bad.changes), row(gateway.people.next()),
        ])
        #expect((answer.int("refused"), answer.int("applied")) == (1, 1))
        let result = try #require(try await report(answer).json["results"]?.array?.first?.object)
        #expect(result["line"]?.int == 1)
        #expect(result["outcome"]?.string == "refused")
        let findings = (result["findings"]?.array ?? []).compactMap(\.object)
        let found = try #require(findings.first { $0["code"]?.string == bad.code.rawValue })
        #expect(found["item"]?.string == bad.item)
        let expected = RowFinding(index: 0, item: bad.item, code: bad.code)
        #expect(found["ja"]?.string == expected.ja)
        #expect(found["en"]?.string == expected.en)
    }

    // MARK: Exactly once

    @Test func `the same key and bytes are the same task, applied once`() async throws {
        let rows = [row(gateway.people.next())]
        let first = try await gateway.register(rows, key: "a-key-of-the-sender")
        let count = try await entitlements()
        let second = try await gateway.register(rows, key: "a-key-of-the-sender")
        #expect(second.status == 202)
        #expect(second.body == first.body)
        #expect(try await entitlements() == count)
    }

    @Test func `without a key the same bytes are another task that changes nothing`() async throws {
        let rows = [row(gateway.people.next())]
        let first = try await gateway.register(rows)
        let count = try await entitlements()
        let second = try await gateway.register(rows)
        #expect(second.text("taskId") != first.text("taskId"))
        #expect((first.int("applied"), second.int("unchanged")) == (1, 1))
        #expect(try await entitlements() == count)
    }

    @Test func `the same key with other bytes is refused and applies nothing`() async throws {
        _ = try await gateway.register([row(gateway.people.next())], key: "once")
        let count = try await entitlements()
        try await gateway.expect(.idempotencyKeyReused, of: .registerEntitlements, from: Cast.town)
        {
            try await gateway.register([row(gateway.people.next())], key: "once")
        }
        #expect(try await entitlements() == count)
        let other = try await gateway.register(
            [row(gateway.people.next())], by: Cast.otherTown, key: "once")
        #expect(other.int("applied") == 1)
    }

    @Test(arguments: ["eight-at-once", nil])
    func `eight identical registrations at once apply one`(_ key: String?) async throws {
        let headers = key.map { [("Idempotency-Key", $0)] } ?? []
        let bytes = Array(JSON.array([row(gateway.people.next())]).text.utf8)
        let count = try await entitlements()
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { tasks in
            for _ in 0..<8 {
                tasks.addTask { [gateway] in
                    let client = try await gateway.connect(Cast.town)
                    // One at a time: who is told to come back comes back.
                    while true {
                        let answer = try await gateway.send(
                            client, "POST", "/medical-subsidy/history-registration-tasks",
                            headers: headers, bytes: bytes)
                        guard answer.code == Refusal.overloaded.code else {
                            await client.close()
                            return answer
                        }
                        try await Task.sleep(for: .milliseconds(20))
                    }
                }
            }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.map(\.status) == Array(repeating: 202, count: 8))
        #expect(Set(answers.map(\.body)).count == (key == nil ? 8 : 1))
        #expect(answers.filter { $0.int("applied") == 1 }.count == (key == nil ? 1 : 8))
        #expect(try await entitlements() == count + 1)
    }

    @Test func `a row that is held already changes nothing`() async throws {
        let held = row(gateway.people.next())
        _ = try await gateway.register([held])
        let count = try await entitlements()
        let again = try await gateway.register([held, row(gateway.people.next())])
        #expect((again.int("unchanged"), again.int("applied")) == (1, 1))
        #expect(try await entitlements() == count + 1)
    }

    // MARK: What a row says

    @Test func `the full form asks for no history`() async throws {
        let (resident, card) = try await gateway.settle()
        let full = row(resident, ["historyKey": nil, "isDeleted": nil])
        let answer = try await gateway.register([full], form: "registration-tasks")
        #expect(answer.int("applied") == 1)
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "entitled")
    }

    /// 更新: next year's certificate is registered while this year's runs.
    @Test(arguments: [true, false])
    func `two terms without a history key are two rows`(inOneBody: Bool) async throws {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        let bare: [String: JSON?] = ["historyKey": nil, "isDeleted": nil]
        let terms = [(-10, 30), (31, 400)].map { from, to in
            row(
                resident,
                bare.merging([
                    "validFrom": .string(today.adding(days: from).text),
                    "validTo": .string(today.adding(days: to).text),
                ]) { $1 })
        }
        for body in inOneBody ? [terms] : terms.map({ [$0] }) {
            let answer = try await gateway.register(body, form: "registration-tasks")
            #expect(answer.int("applied") == body.count, "\(answer.text)")
        }
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "entitled")
        // The same term again, with another last day, is that row.
        let longer = try JSON.object(
            #require(terms[0].object).with("validTo", .string(today.adding(days: 20).text)))
        let before = try await entitlements()
        let again = try await gateway.register([longer, terms[1]], form: "registration-tasks")
        #expect((again.int("applied"), again.int("unchanged")) == (1, 1), "\(again.text)")
        #expect(try await entitlements() == before + 1)
        let own = Cast.town.code
        #expect(
            try await gateway.count(
                """
                select count(*) from exchange.entitlement e where e.body = '\(own)'
                    and e.recipient_number = 'R-00\(resident.index)' and not exists (
                        select 1 from exchange.entitlement later
                        where later.person = e.person and later.history_key = e.history_key
                            and later.certificate_type = e.certificate_type
                            and later.version > e.version)
                """) == 2)
    }

    @Test func `a deleted row answers no more`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([row(resident)])
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "entitled")
        try await gateway.hold([row(resident, ["isDeleted": .bool(true)])])
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "none-held")
    }

    @Test func `values come back exactly as they were registered`() async throws {
        let (resident, card) = try await gateway.settle()
        let values = [
            "medicalSubsidyRecipientNumber": "00-０１2／特Ａ",
            "certificationName": "葛\u{E0100}飾\u{E000}医療証",
            "certificationSubKey": "0007",
            "segment": "01", "designatedMedicalInstitutions": Cast.clinic.code,
        ]
        try await gateway.hold([row(resident, values.mapValues { .string($0) })])
        let answer = try await gateway.check(gateway.openVisit(card))
        #expect(answer.outcome(of: "kodomo") == "entitled")
        let coverage = try #require(answer.json["contained"]?.array?.first?.object)
        let extensions = coverage["extension"]?.array?.first?.object?["extension"]?.array
        let registered = (extensions ?? []).compactMap { $0.object }
        for (item, value) in values {
            let shown = registered.first { $0["url"]?.string == item }
            #expect(shown?["valueString"]?.string == value)
        }
        #expect(coverage["subscriberId"]?.string == values["medicalSubsidyRecipientNumber"])
    }

    @Test func `no address leaves, and one that is not disclosed need not even arrive`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        let five: JSON = .object(
            JSONObject([
                .init(name: "name", value: .string(resident.name)),
                .init(name: "dateOfBirth", value: .string(resident.dateOfBirth)),
                .init(name: "sex", value: .string(resident.sex)),
            ]))
        try await gateway.hold([
            row(resident, ["isNotDisclosed": .bool(true), "basicFiveInfo": five])
        ])
        let disclosed = try await gateway.settle()
        try await gateway.hold([row(disclosed.resident)])
        for card in [card, disclosed.card] {
            let visit = try await gateway.openVisit(card)
            let check = try await gateway.check(visit)
            #expect(check.outcome(of: "kodomo") == "entitled")
            let patient = try await gateway.send(Cast.clinic, "GET", "/fhir/\(visit.patient)")
            #expect(patient.status == 200)
            for answer in [check, patient] { #expect(!answer.text.contains("見本町")) }
        }
    }

    // MARK: Whose row it is

    @Test func `a row of another person waits, and what was held goes on answering`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([row(resident)])
        var other = resident
        other.dateOfBirth = "1950-01-01"
        let answer = try await gateway.register([row(other, key: "2")])
        #expect((answer.int("underReview"), answer.int("applied")) == (1, 0))
        let result = try #require(try await report(answer).json["results"]?.array?.first?.object)
        #expect(result["outcome"]?.string == "under-review")
        let check = try await gateway.check(gateway.openVisit(card))
        #expect(check.outcome(of: "kodomo") == "entitled")
        #expect(check.warnings == ["part-under-review"])
        try await acceptByCommand()
        let settled = try await gateway.check(gateway.openVisit(card))
        #expect(settled.warnings.isEmpty)
    }

    /// `tsunagi review list` and `accept`, as an operator would.
    private func acceptByCommand() async throws {
        let desk = try Party(role: .operator_, code: "desk")
        _ = try await gateway.registry.load([.init(party: desk, name: "見本 窓口")], isOptedIn: true)
        let office = [
            "--operator", "desk", "--database",
            gateway.database.with(user: "tsunagi_office").description,
        ]
        let listed = try await Program.run(["review", "list"] + office)
        #expect(listed.status == 0, "\(listed.errors)")
        let number = try #require(listed.output.split(separator: "\t").first)
        let accepted = try await Program.run(
            ["review", "accept", String(number), "--word", "見本町 第3号"] + office)
        #expect(accepted.output == "\(number): accepted\n", "\(accepted.errors)")
        #expect(try await Program.run(["review", "list"] + office).output.isEmpty)
        let again = try await Program.run(
            ["review", "reject", String(number), "--word", "見本町 第3号"] + office)
        #expect(again.status != 0 && again.errors.contains(Refusal.recordUnknown.code))
        gateway.expectMoreEntries(4)
    }

    @Test func `a sender cannot tell its own contradiction from another municipality's row`()
        async throws
    {
        let own = gateway.people.next()
        let shared = gateway.people.next()
        _ = try await gateway.register([row(own)], by: Cast.otherTown)
        _ = try await gateway.register([row(shared)], by: Cast.town)
        var reports: Set<String> = []
        for resident in [own, shared] {
            var other = resident
            other.dateOfBirth = "1950-01-01"
            let answer = try await gateway.register([row(other, key: "2")], by: Cast.otherTown)
            let report = try await report(answer, to: Cast.otherTown)
            for answer in [answer, report] {
                reports.insert(
                    answer.text.replacing(answer.text("taskId"), with: "TASK")
                        .replacing(/\d{4}-\d{2}-\d{2}T[^"]*/, with: "TIME")
                        .replacing(/,"results.*/, with: "}") + String(answer.text.count))
            }
            #expect(report.text.contains("under-review"))
        }
        #expect(reports.count == 2)
    }

    @Test func `another office's task is as unknown as none`() async throws {
        let task = try await gateway.register([row(gateway.people.next())]).text("taskId")
        for id in [task, "00000000-0000-4000-8000-000000000000"] {
            try await gateway.expect(.taskUnknown, of: .readRegistration, from: Cast.otherTown) {
                try await gateway.send(
                    Cast.otherTown, "GET", "/medical-subsidy/registration-tasks/\(id)")
            }
        }
    }

    static let strangers: [Party] = [Cast.authority, Cast.auditor]

    @Test(arguments: strangers)
    func `nobody but a municipality or prefecture registers`(_ party: Party) async throws {
        try await gateway.expect(.notYourPurpose, of: .registerEntitlements, from: party) {
            try await gateway.register([row(gateway.people.next())], by: party)
        }
    }

    // MARK: The bearer token of a connector

    private func token(of party: Party) async throws -> (String, String) {
        let client = try await gateway.connect(party)
        let answer = try await gateway.send(
            client, "POST", "/oauth2/token",
            headers: [("Content-Type", "application/x-www-form-urlencoded")],
            bytes: Array("grant_type=client_credentials&client_id=\(party.key)".utf8))
        await client.close()
        try answer.expect(200)
        return ("Authorization", "Bearer \(answer.text("access_token"))")
    }

    @Test func `a connector's bearer token opens what the certificate opens`() async throws {
        let token = try await token(of: Cast.town)
        let answer = try await gateway.send(
            Cast.town, "POST", "/medical-subsidy/registration-tasks", headers: [token],
            body: .array([row(gateway.people.next())]))
        #expect(answer.int("applied") == 1)
    }

    @Test func `a token of another certificate is refused, of the same party too`() async throws {
        let body = JSON.array([row(gateway.people.next())])
        let stolen = try await token(of: Cast.otherTown)
        try await gateway.expect(.tokenOfAnotherParty, of: .registerEntitlements, from: Cast.town) {
            try await gateway.send(
                Cast.town, "POST", "/medical-subsidy/registration-tasks", headers: [stolen],
                body: body)
        }
        let own = try await token(of: Cast.town)
        try gateway.pki.issue(Cast.town, name: "second", at: gateway.clock.now())
        let second = try await gateway.connect(
            Cast.town, credentials: gateway.pki.credentials(.offices, "second"))
        try await gateway.expect(.tokenOfAnotherParty, of: .registerEntitlements, from: Cast.town) {
            try await gateway.send(
                second, "POST", "/medical-subsidy/registration-tasks", headers: [own],
                bytes: Array(body.text.utf8))
        }
        await second.close()
    }

    @Test func `a token past its time is refused, and a made-up one is none`() async throws {
        let token = try await token(of: Cast.town)
        try await gateway.clock.moved(seconds: 601) {
            _ = try await gateway.expect(.tokenExpired, of: .readRegistration, from: Cast.town) {
                try await gateway.send(
                    Cast.town, "GET",
                    "/medical-subsidy/registration-tasks/00000000-0000-4000-8000-000000000000",
                    headers: [token])
            }
        }
        for text in ["Bearer abc", "Basic abc", "Bearer "] {
            try await gateway.expect(.tokenInvalid, of: nil, from: Cast.town) {
                try await gateway.send(
                    Cast.town, "POST", "/medical-subsidy/registration-tasks",
                    headers: [("Authorization", text)], body: .array([]))
            }
        }
    }
}
