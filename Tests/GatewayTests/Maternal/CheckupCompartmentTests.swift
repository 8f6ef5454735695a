import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 特に慎重に扱う項目: whoever has no consent to them gets, from every route, the answer of a world in which there
/// are none.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckupCompartmentTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A mother after delivery.
    private func mother() async throws -> SoftwareCard {
        let delivery = try JSON(
            reading: "{\"on\":\"\(today.adding(days: -14).text)\",\"live\":1,\"still\":0}")
        return try await gateway.settleMother(dueInDays: -10, ["delivery": delivery]).card
    }

    private func postpartum() -> SentCheckup {
        var sent = SentCheckup(on: today)
        sent.checkup = "postpartum-2w"
        sent.findings = [
            ("maternal-weight", .quantity("56", "kg")), ("systolic", .quantity("110", "mm[Hg]")),
            ("diastolic", .quantity("66", "mm[Hg]")),
        ]
        return sent
    }

    private func infections() -> SentCheckup {
        var sent = SentCheckup(on: today)
        sent.checkup = "prenatal"
        sent.compartment = .sensitive
        sent.findings = [("hiv-antibody", .choice("positive")), ("syphilis", .choice("negative"))]
        return sent
    }

    /// Everything that can be asked about a mother without consent to what is sensitive.
    private func world(
        _ card: SoftwareCard, _ own: String, _ proxy: RunningGateway.Header
    ) async throws -> [String] {
        let visit = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
        let declined = try await gateway.openVisit(
            card, at: Cast.spare, consents: ["subsidy"])
        let token = try await gateway.session(of: card)
        var answers: [String] = []
        func note(_ answer: TLSClient.Answer, _ visit: Visit? = nil) {
            var text = "\(answer.status) \(answer.text)"
            if let visit {
                text = text.replacing(visit.id, with: "V").replacing(visit.patient, with: "P")
            }
            answers.append(text)
        }
        note(try await gateway.checkups(of: visit, by: Cast.pharmacy), visit)
        note(try await gateway.checkups(of: visit, in: .sensitive, by: Cast.pharmacy), visit)
        note(try await gateway.checkups(of: declined, by: Cast.spare))
        note(try await gateway.checkups(of: declined, in: .sensitive, by: Cast.spare), declined)
        note(try await gateway.send(Cast.clinic, "GET", "/fhir/DiagnosticReport/\(own)"))
        for path in ["/fhir/DiagnosticReport", "/fhir/Observation", "/fhir/CarePlan"] {
            note(try await gateway.send(Cast.portal, "GET", path, headers: [token]))
        }
        note(try await gateway.followUps())
        note(
            try await gateway.search(
                Cast.pharmacy, RunningGateway.responsePath + "/_search",
                [("subject", visit.patient), ("visit", visit.id)]), visit)
        note(
            try await gateway.search(
                Cast.pharmacy, RunningGateway.sensitiveResponsePath + "/_search",
                [("subject", visit.patient), ("visit", visit.id)]), visit)
        note(
            try await gateway.send(
                Cast.portal, "GET", RunningGateway.responsePath, headers: [token]))
        note(try await gateway.send(Cast.portal, "POST", "/checkups/print", headers: [token]))
        for body in [Cast.town, Cast.otherTown] {
            for path in [
                "/maternal-health/unseen?checkup=infant-3-4m",
                "/maternal-health/attendance?checkup=infant-3-4m",
            ] {
                note(try await gateway.send(body, "GET", path))
            }
            note(try await lines(of: body))
        }
        note(
            try await gateway.send(
                Cast.prefecture, "GET", "/maternal-health/attendance?checkup=infant-3-4m"))
        for path in Self.actingPaths {
            note(try await gateway.send(Cast.portal, "GET", path, headers: [proxy]))
        }
        note(try await gateway.send(Cast.portal, "POST", "/checkups/print", headers: [proxy]))
        return answers
    }

    /// What a guardian or a partner may ask, and what they may not.
    private static let actingPaths = [
        "/fhir/DiagnosticReport", "/fhir/sensitive/DiagnosticReport", "/fhir/Observation",
        "/fhir/CarePlan", RunningGateway.responsePath, RunningGateway.sensitiveResponsePath,
    ]

    /// What a town holds of her by its own key.
    private func lines(of body: Party) async throws -> TLSClient.Answer {
        try await gateway.search(
            body, "/fhir/DiagnosticReport/_search",
            [("patient.identifier", "urn:tsunagi:maternal-notification-key|P-world")])
    }

    @Test func `what was recorded in the compartment changes no answer outside it`() async throws {
        // Of age, so that a partner may be let act for her.
        let (resident, card) = try await gateway.settle(years: 30)
        try await gateway.notify([
            resident.pregnancy(
                due: today.adding(days: -10), notified: today.adding(days: -100), key: "P-world",
                [
                    "delivery": try JSON(
                        reading: """
                            {"on":"\(today.adding(days: -14).text)","live":1,"still":0}
                            """)
                ])
        ])
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        let own = try await gateway.record(postpartum(), visit).text("id")
        let mother = try await gateway.session(of: card)
        let partner = try await gateway.session(of: gateway.settle(years: 31).card)
        let code = try await gateway.delegate(["maternal", "maternal-sensitive"], mother)
        try await gateway.accept(code.text("code"), partner).expect(204)
        let proxy = try await gateway.acting(partner)
        let before = try await world(card, own, proxy)
        let patient = try await gateway.patient(mother)
        try await gateway.send(
            Cast.portal, "POST", RunningGateway.sensitiveResponsePath, headers: [mother],
            body: RunningGateway.epds([3, 3, 3, 0, 0, 0, 0, 0, 0, 2], of: patient)
        ).expect(201)
        let judged = ["support", "treatment"].map { SentCheckup.judged($0, on: today) }
        for sensitive in [SentCheckup.epds(14, on: today), infections()] + judged {
            try await gateway.record(sensitive, visit).expect(201)
        }
        var corrected = SentCheckup.epds(3, on: today)
        let id = try await gateway.record(corrected, visit).text("id")
        corrected.findings[0].value = .quantity("4", "{score}")
        try await gateway.correct(id, seen: "W/\"1\"", corrected, visit).expect(200)
        #expect(try await world(card, own, proxy) == before)
    }

    @Test func `neither a guardian nor a child's own card shows what was found in confidence`()
        async throws
    {
        let (child, card) = try await gateway.settle(years: 3)
        let (mother, motherCard) = try await gateway.settle(years: 40)
        try await gateway.registerGuardianships([gateway.guardianship(of: child, by: mother)])
        let own = try await gateway.session(of: card)
        let acting = try await gateway.acting(gateway.session(of: motherCard))
        // 受付 of their own would be told of; it is opened before anything is asked.
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        func seen() async throws -> [String] {
            var answers: [String] = []
            for token in [own, acting] {
                for path in Self.actingPaths + ["/fhir/Consent"] {
                    let answer = try await gateway.send(
                        Cast.portal, "GET", path, headers: [token])
                    answers.append("\(answer.status) \(answer.text)")
                }
                let page = try await gateway.send(
                    Cast.portal, "POST", "/checkups/print", headers: [token])
                answers.append("\(page.status) \(page.text)")
            }
            return answers
        }
        let before = try await seen()
        var found = SentCheckup(on: today)
        found.checkup = "infant-3y"
        found.compartment = .sensitive
        found.findings = [("abuse-signs", .choice("found"))]
        let made = try await gateway.record(found, visit)
        try made.expect(201)
        let answers = RunningGateway.childRearing(hit: true, of: try await gateway.patient(own))
        try await gateway.send(
            Cast.portal, "POST", RunningGateway.sensitiveResponsePath, headers: [own],
            body: answers
        ).expect(201)
        #expect(try await seen() == before)
        try await gateway.expect(
            .relationUnknown, of: .readOwnSensitiveCheckups, from: Cast.portal
        ) {
            try await gateway.send(
                Cast.portal, "GET", "/fhir/sensitive/DiagnosticReport", headers: [acting])
        }
        // It is there, for whom the visit agreed.
        #expect(try await gateway.checkups(of: visit, in: .sensitive).entries.count == 1)
        let answered = try await gateway.search(
            Cast.clinic, RunningGateway.sensitiveResponsePath + "/_search",
            [("subject", visit.patient), ("visit", visit.id)])
        #expect(answered.entries.count == 1 && answered.text.contains("home-hit"))
    }

    @Test func `one who left the kind out is answered as one of whom nothing is held`()
        async throws
    {
        let card = try await mother()
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        try await gateway.record(.epds(14, on: today), visit).expect(201)
        let left = try await gateway.openCheckupVisit(card, at: Cast.pharmacy)
        let stranger = try await gateway.openCheckupVisit(
            gateway.settle().card, at: Cast.pharmacy, consents: RunningGateway.allConsents)
        let one = try await gateway.checkups(of: left, in: .sensitive, by: Cast.pharmacy)
        let other = try await gateway.checkups(of: stranger, in: .sensitive, by: Cast.pharmacy)
        #expect(one.status == 200 && one.body == other.body)
        let agreed = try await gateway.openCheckupVisit(
            card, at: Cast.pharmacy, consents: RunningGateway.allConsents)
        let seen = try await gateway.checkups(of: agreed, in: .sensitive, by: Cast.pharmacy)
        #expect(seen.entries.count == 1)
        let labels = seen.entries.first?["meta"]?.object?["security"]?.array
        #expect(labels?.first?.object?["code"]?.string == "R")
    }

    @Test func `a report is of one compartment alone, under its own consent and purpose`()
        async throws
    {
        let card = try await mother()
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        var mixed = postpartum()
        mixed.findings.append(("epds-total", .quantity("3", "{score}")))
        let refused = try await gateway.record(mixed, visit)
        #expect(refused.status == 422)
        #expect(refused.issues == ["epds-total sensitive-item"])
        var open = SentCheckup.epds(3, on: today)
        open.findings.append(("systolic", .quantity("110", "mm[Hg]")))
        #expect(try await gateway.record(open, visit).issues == ["systolic open-item"])
        var told = postpartum()
        told.findings.append(("postpartum-judgement", .choice("support")))
        #expect(
            try await gateway.record(told, visit).issues == ["postpartum-judgement sensitive-item"])
        let without = try await gateway.openCheckupVisit(card, at: Cast.paperClinic)
        try await gateway.expect(
            .consentNotGiven, of: .recordSensitiveCheckup, from: Cast.paperClinic
        ) {
            try await gateway.record(
                .epds(3, on: today), without, by: Cast.paperClinic)
        }
        let entries = try await gateway.entries {
            try await gateway.record(.epds(3, on: today), visit).expect(201)
        }
        #expect(entries.map(\.purpose) == ["record-sensitive-checkup"])
    }

    @Test func `an id of the one compartment is none in the other`() async throws {
        let visit = try await gateway.openCheckupVisit(
            mother(), consents: RunningGateway.allConsents)
        let made = try await gateway.record(.epds(3, on: today), visit)
        #expect(made["Location"] == "/fhir/sensitive/DiagnosticReport/\(made.text("id"))")
        let back = try await gateway.send(
            Cast.clinic, "GET", "/fhir/sensitive/DiagnosticReport/\(made.text("id"))")
        #expect(back.body == made.body)
        try await gateway.expect(.recordUnknown, of: .readCheckups, from: Cast.clinic) {
            try await gateway.send(
                Cast.clinic, "GET", "/fhir/DiagnosticReport/\(made.text("id"))")
        }
    }

    @Test func `the mother sees them where she asks for them`() async throws {
        let card = try await mother()
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        try await gateway.record(.epds(14, on: today), visit).expect(201)
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(
            Cast.portal, "GET", "/fhir/sensitive/DiagnosticReport", headers: [token])
        #expect(own.entries.count == 1)
        let open = try await gateway.send(
            Cast.portal, "GET", "/fhir/DiagnosticReport", headers: [token])
        #expect(open.entries.isEmpty)
    }

    @Test func `nine points, or a judgement that asks for support, are a task told of apart`()
        async throws
    {
        let visit = try await gateway.openCheckupVisit(
            mother(), consents: RunningGateway.allConsents)
        let before = try await gateway.followUps(.sensitive).entries.count
        var scored = SentCheckup.epds(9, on: today)
        scored.findings.append(("epds-question-10", .quantity("1", "{score}")))
        try await gateway.record(scored, visit).expect(201)
        try await gateway.record(postpartum(), visit).expect(201)
        try await gateway.record(.judged("support", on: today), visit).expect(201)
        let tasks = try await gateway.followUps(.sensitive).entries.dropFirst(0)
        let codes = tasks.compactMap {
            $0["code"]?.object?["coding"]?.array?.first?.object?["code"]?.string
        }
        // The score and the judgement ask for one support.
        #expect(tasks.count == before + 2)
        #expect(codes.contains("maternal-support"))
        #expect(codes.contains("self-harm"))
        #expect(try await !gateway.followUps().text.contains("maternal-support"))
    }

    /// As a release recorded it whose rules took the judgement for open.
    @Test func `what was open once is shown in the open no more`() async throws {
        let card = try await mother()
        let visit = try await gateway.openCheckupVisit(card)
        let id = try await gateway.record(postpartum(), visit).text("id")
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    insert into exchange.checkup_result (person, result, version, party,
                        identifier_system, identifier, status, checkup, day, face, warnings,
                        follow_ups, municipality, visit, rules, recorded_at, survivor)
                    select person, result, version + 1, party, identifier_system, identifier, status,
                        checkup, day, replace(face, '"entries":[',
                            '"entries":[{"item":"postpartum-judgement","choice":"support"},'),
                        array['postpartum-judgement not-of-checkup'], follow_ups, municipality,
                        visit, rules, recorded_at, survivor
                    from exchange.checkup_result where result::text = $1
                    """), [.text(id)])
        }
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(Cast.clinic, "GET", "/fhir/DiagnosticReport/\(id)")
        #expect(own["ETag"] == "W/\"2\"")
        for answer in [
            own, try await gateway.checkups(of: visit),
            try await gateway.send(
                Cast.portal, "GET", "/fhir/DiagnosticReport", headers: [token]),
            try await gateway.send(Cast.portal, "POST", "/checkups/print", headers: [token]),
        ] {
            try answer.expect(200)
            #expect(answer.text.contains("56"))
            #expect(!answer.text.contains("postpartum-judgement"))
            #expect(!answer.text.contains("要支援") && !answer.text.contains("産婦健診の判定"))
        }
    }

    @Test
    func `nobody but the gateway reads the compartment, and the office only what it asks for`()
        async throws
    {
        for sql in [
            "select face from exchange.sensitive_checkup_result",
            "select face from exchange.checkup_result",
        ] {
            let error = await #expect(throws: DatabaseError.self, "\(sql)") {
                try await gateway.sql {
                    try $0.script("set local role tsunagi_office")
                    _ = try $0.query(Statement(sql))
                }
            }
            #expect(error?.sqlState == "42501", "\(sql)")
        }
    }
}
