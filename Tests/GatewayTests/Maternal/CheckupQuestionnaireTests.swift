import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 問診票 over the wire: answered at home before a checkup, read by the clinic within a visit; what a score asks
/// for waits for the town at once, and what is sensitive is seen by nobody who was not let.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckupQuestionnaireTests {
    typealias Header = RunningGateway.Header

    static let path = RunningGateway.responsePath
    static let sensitive = RunningGateway.sensitiveResponsePath

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func save(_ body: JSON, _ token: Header, below path: String = path) async throws
        -> TLSClient.Answer
    { try await gateway.send(Cast.portal, "POST", path, headers: [token], body: body) }

    private func amend(_ id: String, seen: Int, _ body: JSON, _ token: Header) async throws
        -> TLSClient.Answer
    {
        try await gateway.send(
            Cast.portal, "PUT", "\(Self.sensitive)/\(id)",
            headers: [token, ("If-Match", "W/\"\(seen)\"")], body: body)
    }

    private func read(
        _ visit: RunningGateway.Visit, below path: String = path, by party: Party = Cast.clinic
    ) async throws -> TLSClient.Answer {
        try await gateway.search(
            party, path + "/_search", [("subject", visit.patient), ("visit", visit.id)])
    }

    private func tasks(_ compartment: CheckupCompartment = .sensitive) async throws -> [String] {
        try await gateway.followUps(compartment).entries.compactMap { task in
            let code = task["code"]?.object?["coding"]?.array?.first?.object?["code"]?.string
            let checkup = task["reasonCode"]?.object?["coding"]?.array?.first?.object
            return code.map { "\(checkup?["code"]?.string ?? "") \($0)" }
        }.sorted()
    }

    @Test func `every checkup that asks has its forms, and an author's words are not ours`()
        async throws
    {
        let forms = try await gateway.send(
            Cast.clinic, "GET", "/fhir/Questionnaire?code=infant-3-4m")
        #expect(
            forms.entries.compactMap { $0["id"]?.string } == [
                "screening-child-rearing-3-4m-infant-3-4m-1",
                "sensitive-screening-child-rearing-3-4m-infant-3-4m-1",
            ])
        let epds = try await gateway.send(
            Cast.portal, "GET", "/fhir/Questionnaire/sensitive-screening-epds-postpartum-2w-1")
        try epds.expect(200)
        let items = epds.json["item"]?.array ?? []
        #expect(items.count == 10 && items.allSatisfy { $0.object?["text"] == nil })
        #expect(epds.json["code"]?.array?.first?.object?["code"]?.string == "postpartum-2w")
    }

    /// No to what may be denied, and of what is chosen from whatever asks for nothing.
    private func quiet(
        _ form: ScreeningForm, _ status: ScreeningResponse.Status
    ) -> ScreeningResponse {
        let asked = form.items.filter { $0.enabledWhen == nil }
        let answers = asked.compactMap { item -> ScreeningResponse.Answer? in
            let value: ScreeningResponse.Value? =
                switch item.kind {
                case .boolean: .boolean(false)
                case .text: .text("なし")
                case .day: .day(gateway.clock.today)
                case .temperature: nil
                case .choice(let choices):
                    choices.filter { $0.followUp == nil }
                        .min { ($0.score ?? 0) < ($1.score ?? 0) }
                        .map { ScreeningResponse.Value.choice($0.code) }
                }
            return value.map { ScreeningResponse.Answer(linkID: item.linkID, value: $0) }
        }
        return ScreeningResponse(form: form, status: status, authored: nil, answers: answers)
    }

    private func body(_ response: ScreeningResponse, of patient: String) throws -> JSON {
        let subject = try JSON(reading: #"{"reference":"\#(patient)"}"#)
        let told = try #require(try JSON(reading: response.face).object)
        return .object(told.with("subject", subject))
    }

    @Test func `before every checkup that asks, answers are drafted, submitted, reused and read`()
        async throws
    {
        let card = try await gateway.settle(years: 30).card
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let asked = (try await tasks(.open), try await tasks())
        let forms = try gateway.ledger.rules.current().screenings
            .answerable(on: gateway.clock.today).filter {
                if case .checkup = $0.topic { true } else { false }
            }
        let rules = try #require(try gateway.ledger.rules.current().maternal)
        let checkups = Set(forms.map(\.topic.code))
        #expect(checkups.isSuperset(of: rules.postpartum.map(\.code)))
        #expect(checkups.contains(rules.pregnancy.checkup) && checkups.contains("infant-5y"))
        for form in forms {
            let path = form.compartment == .open ? Self.path : Self.sensitive
            let draft = try await save(
                body(quiet(form, .draft), of: patient), token, below: path)
            try draft.expect(201)
            try await gateway.send(
                Cast.portal, "PUT", "\(path)/\(draft.text("id"))",
                headers: [token, ("If-Match", "W/\"1\"")],
                body: body(quiet(form, .completed), of: patient)
            ).expect(200)
            guard form.compartment == .open else { continue }
            let populated = try await gateway.send(
                Cast.portal, "GET", "/fhir/Questionnaire/\(form.id)/$populate", headers: [token])
            let again = populated.parameter("response")?.object?["item"]?.array ?? []
            let kept = quiet(form, .completed).reused(in: form).answers.map(\.linkID)
            #expect(again.compactMap { $0.object?["linkId"]?.string } == kept)
        }
        #expect(try await tasks(.open) == asked.0)
        #expect(try await tasks() == asked.1)
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        for compartment in CheckupCompartment.allCases {
            let path = compartment == .open ? Self.path : Self.sensitive
            let seen = try await read(visit, below: path).entries.compactMap {
                $0["questionnaire"]?.string
            }
            let told = forms.filter { $0.compartment == compartment }.map(\.canonical)
            #expect(Set(seen) == Set(told) && seen.count == told.count)
        }
    }

    @Test func `a parent answers, and last time's answers come back`() async throws {
        let card = try await gateway.settleBaby(days: 1_100)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let draft = try await save(
            RunningGateway.childHistory(of: patient, status: "in-progress"), token)
        try draft.expect(201)
        gateway.expect(
            .missing("item(asthma-atopy)"),
            in: try await save(
                RunningGateway.childHistory(of: patient, leaving: ["asthma-atopy"]), token))
        let whole = RunningGateway.childHistory(of: patient, yes: ["convulsions"])
        try await save(whole, token).expect(201)
        let populated = try await gateway.send(
            Cast.portal, "GET",
            "/fhir/Questionnaire/screening-child-history-3y-infant-3y-1/$populate",
            headers: [token])
        let last = try #require(populated.parameter("response")?.object)
        #expect(last["item"]?.array?.count == 4 && JSON.object(last).text.contains("yes"))

        let visit = try await gateway.openCheckupVisit(card)
        let seen = try await read(visit)
        #expect(seen.entries.count == 1)
        #expect(seen.text.contains("screening-child-history-3y-infant-3y|1"))
        #expect(!seen.text.contains("screening-score"))
        // Whoever agreed to vaccinations alone shows none of this.
        let other = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        #expect(try await read(other, by: Cast.paperClinic).entries.isEmpty)
    }

    @Test func `an answer that asks for guidance waits for the town until it is amended away`()
        async throws
    {
        let card = try await gateway.settleBaby(days: 1_100)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let before = try await tasks(.open).count
        let asked = RunningGateway.childHistory(of: patient, yes: ["food-allergy"])
        let id = try await save(asked, token).text("id")
        #expect(try await tasks(.open).count == before + 1)
        // Sent again it is the same.
        try await save(asked, token).expect(200)
        #expect(try await tasks(.open).count == before + 1)
        let mended = try await gateway.send(
            Cast.portal, "PUT", "\(Self.path)/\(id)",
            headers: [token, ("If-Match", "W/\"1\"")],
            body: RunningGateway.childHistory(of: patient, status: "amended"))
        try mended.expect(200)
        #expect(try await tasks(.open).count == before)
    }

    @Test func `nine points are the town's task, the clinic's score, and nothing in the open`()
        async throws
    {
        let (_, card) = try await gateway.settleMother(dueInDays: -10)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let (open, before) = (try await tasks(.open), try await tasks())
        let quiet = [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        let id = try await save(
            RunningGateway.epds(quiet, of: patient, status: "in-progress"), token,
            below: Self.sensitive
        ).text("id")
        let alarming = [3, 3, 2, 0, 0, 0, 0, 0, 0, 1]
        let draft = RunningGateway.epds(alarming, of: patient, status: "in-progress")
        try await amend(id, seen: 1, draft, token).expect(200)
        #expect(try await tasks() == before)
        let entries = try await gateway.entries {
            let body = RunningGateway.epds(alarming, of: patient)
            try await amend(id, seen: 2, body, token).expect(200)
        }
        #expect(entries.map(\.purpose) == ["save-sensitive-screening"])
        let after = try await tasks()
        #expect(after.count == before.count + 2)
        #expect(
            Set(after).isSuperset(of: ["postpartum-2w self-harm", "postpartum-2w maternal-support"])
        )
        #expect(try await tasks(.open) == open)

        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        let seen = try await read(visit, below: Self.sensitive)
        let score = seen.entries.first?["extension"]?.array?.first?.object
        let total = score?["extension"]?.array?.first?.object?["valueInteger"]?.int
        #expect(seen.entries.count == 1 && total == 9)
        #expect(try await read(visit).entries.isEmpty)
        let own = try await gateway.send(
            Cast.portal, "GET", Self.sensitive, headers: [token])
        #expect(own.entries.count == 1 && !own.text.contains("screening-score"))
        #expect(
            try await gateway.send(Cast.portal, "GET", Self.path, headers: [token]).entries
                .isEmpty)
        gateway.expect(
            .recordUnknown,
            in: try await gateway.send(
                Cast.portal, "GET",
                "/fhir/Questionnaire/sensitive-screening-epds-postpartum-2w-1/$populate",
                headers: [token]))
    }

    /// 前の分娩のEPDS is no answer to how she is after this one.
    @Test func `what a mother answered before this pregnancy is not shown in it`() async throws {
        let (resident, card) = try await gateway.settle()
        let (today, key) = (gateway.clock.today, "P-\(RecordID.letters())")
        try await gateway.notify([
            resident.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -100), key: key)
        ])
        let token = try await gateway.session(of: card)
        let quiet = RunningGateway.epds(
            [1, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: try await gateway.patient(token))
        try await save(quiet, token, below: Self.sensitive).expect(201)
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        #expect(try await read(visit, below: Self.sensitive).entries.count == 1)
        // The owner alone, and only by switching the protection off, moves the time.
        try await gateway.sql { transaction in
            try transaction.script(
                """
                alter table exchange.sensitive_screening_response
                    disable trigger sensitive_screening_response_unchanged;
                update exchange.sensitive_screening_response
                    set saved_at = saved_at - interval '400 days' where person =
                    (select person from exchange.maternal_notification where notification_key = '\(key)');
                alter table exchange.sensitive_screening_response
                    enable trigger sensitive_screening_response_unchanged;
                """)
        }
        #expect(try await read(visit, below: Self.sensitive).entries.isEmpty)
        // Her own they stay.
        let own = try await gateway.send(Cast.portal, "GET", Self.sensitive, headers: [token])
        #expect(own.entries.count == 1)
    }

    @Test func `what mother and clinic ask for of one checkup waits once, while either asks`()
        async throws
    {
        let (_, card) = try await gateway.settleMother(dueInDays: -10)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        func waiting() async throws -> Set<String> {
            Set(
                try await gateway.followUps(.sensitive).entries.filter {
                    $0["code"]?.object?["coding"]?.array?.first?.object?["code"]?.string
                        == "maternal-support"
                }.compactMap { $0["id"]?.string })
        }
        let before = try await waiting()
        let id = try await save(
            RunningGateway.epds([3, 3, 3, 0, 0, 0, 0, 0, 0, 0], of: patient), token,
            below: Self.sensitive
        ).text("id")
        let asked = try await waiting().subtracting(before)
        #expect(asked.count == 1)
        let visit = try await gateway.openCheckupVisit(
            card, consents: RunningGateway.allConsents)
        let report = SentCheckup.epds(12, on: gateway.clock.today)
        let made = try await gateway.record(report, visit)
        try made.expect(201)
        #expect(try await waiting().subtracting(before) == asked)
        // Of the mother's answers alone nothing would wait any more; the clinic's report still asks.
        let quiet = RunningGateway.epds(
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: patient, status: "amended")
        try await amend(id, seen: 1, quiet, token).expect(200)
        #expect(try await waiting().subtracting(before) == asked)
        var calm = report
        calm.findings[0].value = .quantity("2", "{score}")
        try await gateway.correct(made.text("id"), seen: "W/\"1\"", calm, visit).expect(200)
        #expect(try await waiting() == before)
        // Once the municipality is done with it, another report asks anew.
        try await gateway.correct(made.text("id"), seen: "W/\"2\"", report, visit).expect(200)
        let task = try #require(try await waiting().subtracting(before).first)
        try await gateway.send(
            Cast.town, "PUT", "/fhir/sensitive/Task/\(task)", headers: [("If-Match", "W/\"1\"")],
            body: JSON(reading: #"{"resourceType":"Task","status":"completed"}"#)
        ).expect(200)
        #expect(try await waiting() == before)
        // What the municipality is done with comes back with no correction, whichever asked first.
        var again = report
        again.findings[0].value = .quantity("14", "{score}")
        try await gateway.correct(made.text("id"), seen: "W/\"3\"", again, visit).expect(200)
        let alarming = RunningGateway.epds(
            [3, 3, 3, 1, 0, 0, 0, 0, 0, 0], of: patient, status: "amended")
        try await amend(id, seen: 2, alarming, token).expect(200)
        #expect(try await waiting() == before)
        let other = try await gateway.openCheckupVisit(
            card, at: Cast.pharmacy, consents: RunningGateway.allConsents)
        try await gateway.record(
            .epds(13, on: gateway.clock.today), other, by: Cast.pharmacy
        ).expect(201)
        let anew = try await waiting().subtracting(before)
        #expect(anew.count == 1 && !anew.contains(task))
    }

    /// A report of the resident holds this lock until it is durable: this holds it likewise.
    @Test func `answers that ask for something wait for a report of this moment`() async throws {
        let (resident, card) = try await gateway.settle()
        let (today, key) = (gateway.clock.today, "P-\(RecordID.letters())")
        try await gateway.notify([
            resident.pregnancy(
                due: today.adding(days: -10), notified: today.adding(days: -100), key: key)
        ])
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let happened = Mutex<[String]>([])
        let number = """
            (select ('x' || right(replace(person::text, '-', ''), 16))::bit(64)::bigint
            from exchange.maternal_notification where notification_key = '\(key)')
            """
        async let report: Void = gateway.sql { transaction in
            _ = try transaction.query(
                Statement("select pg_advisory_xact_lock(\(number)), pg_sleep(3)"))
            happened.withLock { $0.append("reported") }
        }
        let held = """
            select count(*) from pg_locks where locktype = 'advisory' and granted
                and (classid::bigint << 32 | objid::bigint) = \(number)
            """
        while try await gateway.count(held) == 0 {}
        // What asks for nothing waits for nobody.
        let quiet = RunningGateway.epds([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: patient)
        try await save(quiet, token, below: Self.sensitive).expect(201)
        happened.withLock { $0.append("quiet") }
        let alarming = RunningGateway.epds([3, 3, 3, 0, 0, 0, 0, 0, 0, 0], of: patient)
        try await save(alarming, token, below: Self.sensitive).expect(201)
        happened.withLock { $0.append("alarming") }
        try await report
        #expect(happened.withLock { $0 } == ["quiet", "reported", "alarming"])
    }

    @Test func `a small child's card hands in what is sensitive, and nothing of it comes back`()
        async throws
    {
        let card = try await gateway.settle(years: 3).card
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let before = try await tasks().filter { $0 == "infant-3-4m safety" }.count
        func answers(hit: Bool, _ status: String = "completed") -> JSON {
            RunningGateway.childRearing(hit: hit, of: patient, status: status)
        }
        let one = try await save(answers(hit: true), token, below: Self.sensitive)
        try one.expect(201)
        // Another parent has the same card and PIN: the same answers are told to be held by nothing.
        let same = try await save(answers(hit: true), token, below: Self.sensitive)
        #expect(same.status == 201 && same.text("id") != one.text("id"))
        #expect(same["ETag"] == one["ETag"])
        try await save(answers(hit: false), token, below: Self.sensitive).expect(201)
        for status in ["in-progress", "amended"] {
            gateway.expect(
                .malformed("status"),
                in: try await save(answers(hit: false, status), token, below: Self.sensitive))
            // Whose it is was read, so it is on the record although malformed.
            gateway.expectMoreEntries(1)
        }
        for status in ["completed", "amended"] {
            try await gateway.expect(
                .recordUnknown, of: .saveSensitiveScreening, from: Cast.portal
            ) {
                try await amend(one.text("id"), seen: 1, answers(hit: false, status), token)
            }
        }
        let other = try await gateway.session(of: gateway.settle(years: 3).card)
        let mine = try await gateway.send(Cast.portal, "GET", Self.sensitive, headers: [token])
        let theirs = try await gateway.send(Cast.portal, "GET", Self.sensitive, headers: [other])
        #expect(mine.status == 200 && mine.entries.isEmpty && mine.body == theirs.body)
        #expect(try await tasks().filter { $0 == "infant-3-4m safety" }.count == before + 1)
        // Whoever examines the child sees all that was said.
        let visit = try await gateway.openCheckupVisit(card, consents: RunningGateway.allConsents)
        let seen = try await read(visit, below: Self.sensitive)
        let said = seen.entries.map { JSON.object($0).text.contains("\"yes\"") }
        #expect(said == [true, false])
    }

    @Test(arguments: [-1, 0, 1])
    func `from the age at which a child decides alone its answers are its own`(days: Int)
        async throws
    {
        // So many days after the fifteenth birthday.
        let today = gateway.clock.today
        let birth = today.adding(days: -days).anniversary(months: -12 * 15)
        let card = try await gateway.settleBaby(days: today.daysSince1970 - birth.daysSince1970)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let body = RunningGateway.childRearing(hit: true, of: patient)
        let saved = try await save(body, token, below: Self.sensitive)
        try saved.expect(201)
        let isOpen = days >= 0
        let again = try await save(body, token, below: Self.sensitive)
        #expect(again.status == (isOpen ? 200 : 201))
        let own = try await gateway.send(Cast.portal, "GET", Self.sensitive, headers: [token])
        #expect(own.entries.count == (isOpen ? 1 : 0))
        let amended = RunningGateway.childRearing(hit: false, of: patient, status: "amended")
        let changed = try await amend(saved.text("id"), seen: 1, amended, token)
        #expect(changed.status == (isOpen ? 200 : 404))
    }

    @Test func `a form is sent to its own compartment, and one left out alarms all the same`()
        async throws
    {
        let (_, card) = try await gateway.settleMother(dueInDays: -10)
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let scores: [Int?] = [nil, nil, nil, nil, nil, nil, nil, nil, nil, 2]
        let body = RunningGateway.epds(scores, of: patient)
        gateway.expect(.malformed("questionnaire"), in: try await save(body, token))
        gateway.expect(
            .malformed("questionnaire"),
            in: try await save(
                RunningGateway.childHistory(of: patient), token, below: Self.sensitive))
        let before = try await tasks().filter { $0 == "postpartum-2w self-harm" }.count
        try await save(body, token, below: Self.sensitive).expect(201)
        #expect(try await tasks().filter { $0 == "postpartum-2w self-harm" }.count == before + 1)
    }

    @Test func `nobody acts for another in what is sensitive, nor for a kind that is not theirs`()
        async throws
    {
        let own = try await gateway.session(of: gateway.settle(years: 30).card)
        let partner = try await gateway.session(of: gateway.settle(years: 31).card)
        let patient = try await gateway.patient(own)
        let code = try await gateway.delegate(["maternal", "maternal-sensitive"], own)
        try await gateway.accept(code.text("code"), partner).expect(204)
        let acting = try await gateway.acting(partner)
        try await save(
            RunningGateway.epds([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: patient), own,
            below: Self.sensitive
        ).expect(201)
        try await gateway.expect(
            .relationUnknown, of: .readOwnSensitiveScreenings, from: Cast.portal
        ) { try await gateway.send(Cast.portal, "GET", Self.sensitive, headers: [acting]) }
        try await gateway.expect(
            .relationUnknown, of: .saveSensitiveScreening, from: Cast.portal
        ) {
            try await save(
                RunningGateway.epds([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], of: patient), acting,
                below: Self.sensitive)
        }
        try await save(RunningGateway.childHistory(of: patient), acting).expect(201)
        let seen = try await gateway.send(Cast.portal, "GET", Self.path, headers: [acting])
        #expect(seen.entries.count == 1)
        // The partner was let act in maternal health, not in vaccinations.
        let vaccine = try await gateway.answers(to: "mr", patient)
        try await gateway.expect(.relationUnknown, of: .saveScreening, from: Cast.portal) {
            try await save(vaccine, acting)
        }
    }
}
