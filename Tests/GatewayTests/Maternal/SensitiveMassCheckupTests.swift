import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 集団健診の慎重に扱う項目 over the wire: what a hall found in confidence is in the compartment of what is sensitive,
/// with the day of its consent, and nobody learns of it who would not have learnt of a clinic's.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SensitiveMassCheckupTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func child(days: Int = 110) async throws -> (
        key: String, resident: TestResident, card: SoftwareCard
    ) {
        let (resident, card) = try await gateway.settle()
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            resident.birth(
                on: today.adding(days: -days), notified: today.adding(days: 10 - days), key: key)
        ])
        return (key, resident, card)
    }

    @Test func `what was found in confidence is recorded by its own way and purpose`()
        async throws
    {
        let key = try await child().key
        var sent = SentCheckup.signs("found", on: today)
        var made: TLSClient.Answer?
        let entries = try await gateway.entries {
            made = try await gateway.record(sent, notified: key)
        }
        let answer = try #require(made)
        try answer.expect(201)
        let id = answer.text("id")
        #expect(entries.map(\.purpose) == ["record-sensitive-mass-checkup"])
        #expect(answer["Location"] == "/fhir/sensitive/DiagnosticReport/\(id)")
        // Nobody is paid, and no ticket is used.
        #expect(answer.parts("checkup-claim").isEmpty && answer.parts("checkup-ticket").isEmpty)
        let again = try await gateway.record(sent, notified: key)
        #expect(again.status == 200 && again.body == answer.body)
        sent.findings = [("abuse-signs", .choice("none"))]
        let corrected = try await gateway.correct(id, seen: "W/\"1\"", sent, notified: key)
        #expect(corrected["ETag"] == "W/\"2\"")
        // What is taken back needs no consent.
        sent.status = "entered-in-error"
        sent.consentedOn = nil
        try await gateway.correct(id, seen: "W/\"2\"", sent, notified: key).expect(200)
        #expect(try await days(of: id) == [today.text, today.text, "none"])
    }

    /// The day is in no answer, so nobody would see that a new one was dropped.
    @Test func `a day of consent that was told wrongly is put right by a version of its own`()
        async throws
    {
        let key = try await child().key
        var sent = SentCheckup.signs("none", on: today)
        sent.consentedOn = today.adding(days: -1)
        let made = try await gateway.record(sent, notified: key)
        try made.expect(201)
        let (id, first) = (made.text("id"), today.adding(days: -1).text)
        // What comes under the same number without a version that was seen corrects nothing.
        sent.consentedOn = today
        let right = sent
        try await gateway.expect(
            .identifierReused, of: .recordSensitiveMassCheckup, from: Cast.town
        ) { try await gateway.record(right, notified: key) }
        #expect(try await days(of: id) == [first])
        // Sent again, it is the answer that was lost on its way.
        for _ in 0..<2 {
            let corrected = try await gateway.correct(id, seen: "W/\"1\"", right, notified: key)
            #expect(corrected.status == 200 && corrected["ETag"] == "W/\"2\"")
            #expect(try await days(of: id) == [first, today.text])
        }
    }

    /// 同意日 of every version.
    private func days(of id: String) async throws -> [String] {
        try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select coalesce(consented_on::text, 'none') from exchange.sensitive_checkup_result
                    where result = $1::uuid order by version
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
    }

    @Test func `without a consent, of the wrong compartment or by another, nothing is recorded`()
        async throws
    {
        let (key, _, _) = try await child()
        var sent = SentCheckup.signs("none", on: today)
        sent.consentedOn = nil
        let none = sent
        // A body that is refused as it is read speaks of nobody: it is counted, not entered.
        try await gateway.expect(
            .missing("extension(consented-on)"), of: nil, from: Cast.town
        ) { try await gateway.record(none, notified: key) }
        sent.consentedOn = today.adding(days: 1)
        let ahead = sent
        try await gateway.expect(
            .dayAhead("extension(consented-on).valueDate"), of: nil, from: Cast.town
        ) { try await gateway.record(ahead, notified: key) }
        sent.consentedOn = today
        sent.findings.append(("weight", .quantity("6.42", "kg")))
        #expect(try await gateway.record(sent, notified: key).issues == ["weight open-item"])
        var open = SentCheckup(on: today)
        open.consentedOn = today
        let told = open
        try await gateway.expect(
            .unknownItem("extension(consented-on)"), of: nil, from: Cast.town
        ) { try await gateway.record(told, notified: key) }
        for (refusal, town) in [
            (Refusal.recordUnknown, Cast.otherTown), (.notYourPurpose, Cast.prefecture),
        ] {
            try await gateway.expect(refusal, of: .recordSensitiveMassCheckup, from: town) {
                try await gateway.record(.signs("none", on: today), notified: key, by: town)
            }
        }
        // An id of the one compartment is none in the other.
        let report = try await gateway.record(SentCheckup(on: today), notified: key)
        let other = SentCheckup.signs("none", on: today)
        try await gateway.expect(
            .recordUnknown, of: .recordSensitiveMassCheckup, from: Cast.town
        ) {
            try await gateway.correct(
                report.text("id"), seen: "W/\"1\"", other, notified: key)
        }
    }

    /// Everything a guardian, the child's own card, a clinic without the consent and the towns can ask,
    /// byte for byte as in a world in which the hall found nothing; by a file as by a request.
    @Test(arguments: [false, true])
    func `nobody outside the compartment learns of it`(isByFile: Bool) async throws {
        let (child, card) = try await gateway.settle(years: 3)
        let (mother, motherCard) = try await gateway.settle(years: 40)
        let key = "C-\(RecordID.letters())"
        try await gateway.notify([
            child.birth(
                on: today.adding(days: -1_200), notified: today.adding(days: -1_190), key: key)
        ])
        try await gateway.registerGuardianships([gateway.guardianship(of: child, by: mother)])
        let tokens = [
            try await gateway.session(of: card),
            try await gateway.acting(gateway.session(of: motherCard)),
        ]
        let visit = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
        func world() async throws -> [String] {
            var answers: [TLSClient.Answer] = []
            for token in tokens {
                for path in [
                    "/fhir/DiagnosticReport", "/fhir/sensitive/DiagnosticReport",
                    "/fhir/Observation", "/fhir/CarePlan",
                ] {
                    answers.append(
                        try await gateway.send(Cast.portal, "GET", path, headers: [token]))
                }
                answers.append(
                    try await gateway.send(
                        Cast.portal, "POST", "/checkups/print", headers: [token]))
            }
            answers.append(try await gateway.checkups(of: visit, by: Cast.pharmacy))
            answers.append(
                try await gateway.checkups(of: visit, in: .sensitive, by: Cast.pharmacy))
            answers.append(try await gateway.followUps())
            for town in [Cast.town, Cast.otherTown] {
                answers.append(
                    try await gateway.search(
                        town, "/fhir/DiagnosticReport/_search",
                        [("patient.identifier", "urn:tsunagi:maternal-notification-key|\(key)")]))
                // Neither asked to have what is sensitive delivered.
                answers.append(
                    try await gateway.send(town, "GET", "/deliveries/maternal-sensitive"))
            }
            answers.append(
                try await gateway.send(
                    Cast.town, "GET", "/maternal-health/attendance?checkup=infant-3y"))
            return answers.map { "\($0.status) \($0.text)" }
        }
        let waiting = try await tasks().count
        _ = try await delivered()
        let before = try await world()
        try await tell("infant-3y", of: key, isByFile: isByFile)
        #expect(try await world() == before)
        // Who may know of it does: the town has the task in its own list, and the line, once it asked to be
        // told; a clinic to which the card agreed sees it.
        #expect(try await tasks().count == waiting + 1)
        let told = try await delivered()
        #expect(told.count == 1 && told.allSatisfy { TLSClient.Answer($0).text.contains("found") })
        let agreed = try await gateway.openCheckupVisit(card, consents: RunningGateway.allConsents)
        let seen = try await gateway.checkups(of: agreed, in: .sensitive)
        #expect(seen.entries.count == 1 && seen.text.contains("found"))
    }

    /// 所見あり, one way or the other.
    private func tell(_ checkup: String, of key: String, isByFile: Bool) async throws {
        guard isByFile else {
            var found = SentCheckup.signs("found", on: today)
            found.checkup = checkup
            return try await gateway.record(found, notified: key).expect(201)
        }
        let file = NightFile(sensitiveCheckups: [
            [
                "結果番号": key, "届出番号": key, "健診コード": checkup, "健診日": today.text,
                "同意日": today.text, "被虐待を疑う所見": "found",
            ]
        ])
        let taken = try await gateway.take(
            file.bytes(), as: "sensitive-checkup-results", field: "maternal-sensitive")
        #expect(taken.number("additions") == 1, "\(taken.text)")
        gateway.expectMoreEntries(1)
    }

    /// What waits for the town after a checkup of children of three.
    private func tasks() async throws -> [JSONObject] {
        try await gateway.followUps(.sensitive).entries.filter {
            let codings = $0["reasonCode"]?.object?["coding"]?.array
            return codings?.first?.object?["code"]?.string == "infant-3y"
        }
    }

    /// What is new of what the town is told in confidence, while it is designated for that.
    private func delivered() async throws -> [JSONObject] {
        let scheme = try #require(DeliveryField.maternalSensitive.designation)
        let own = Designation(body: Cast.town.code, scheme: scheme)
        _ = try await gateway.registry.designate(Cast.town, own)
        var told: [JSONObject] = []
        var path: String? = "/deliveries/maternal-sensitive"
        while let page = path {
            let answer = try await gateway.send(Cast.town, "GET", page)
            try answer.expect(200)
            told += answer.entries
            let residents = Set(
                answer.entries.compactMap { $0["subject"]?.object?["reference"]?.string })
            gateway.expectMoreEntries(max(0, residents.count - 1))
            path = answer.next
        }
        _ = try await gateway.registry.undesignate(Cast.town, own)
        return told
    }

    /// Many at once make one.
    @Test func `the same at once is one`() async throws {
        let key = try await child().key
        let sent = SentCheckup.signs("none", on: today)
        let answers = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<6 {
                group.addTask { [gateway] in
                    try await gateway.record(sent, notified: key).status
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(answers.sorted() == [200, 200, 200, 200, 200, 201])
    }
}
