import Exchange
import Postgres
import TestSupport
import Testing
import Trust

/// 予診票 over the wire: drafted and submitted at home, read by the clinic within a visit, heeded by the check,
/// and named by the record.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ScreeningServingTests {
    typealias Header = RunningGateway.Header

    static let vaccine = "dpt-ipv-hib"
    static let path = RunningGateway.responsePath
    static let search = path + "/_search"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func save(_ body: JSON, _ token: Header) async throws -> TLSClient.Answer {
        try await gateway.send(Cast.portal, "POST", Self.path, headers: [token], body: body)
    }

    private func saveAgain(_ id: String, seen: Int, _ body: JSON, _ token: Header) async throws
        -> TLSClient.Answer
    {
        try await gateway.send(
            Cast.portal, "PUT", "\(Self.path)/\(id)",
            headers: [token, ("If-Match", "W/\"\(seen)\"")], body: body)
    }

    private func read(_ visit: RunningGateway.Visit, by clinic: Party = Cast.clinic) async throws
        -> TLSClient.Answer
    {
        try await gateway.search(
            clinic, Self.search, [("subject", visit.patient), ("visit", visit.id)])
    }

    // MARK: Who consents

    // 16歳未満: the guardian; from 15 the card is in the child's own hands.
    @Test(arguments: [(14, true), (15, false), (16, true)])
    func `a child's own card does not speak for its guardian`(_ years: Int, _ isTaken: Bool)
        async throws
    {
        let token = try await gateway.session(of: gateway.settle(years: years).card)
        let body = try await gateway.answers(to: Self.vaccine, gateway.patient(token))
        guard isTaken else {
            try await gateway.expect(
                .malformed("item(signed-by)"), of: .saveScreening, from: Cast.portal
            ) { try await save(body, token) }
            // Told only once it is known who asks.
            gateway.expectMoreEntries(1)
            return
        }
        try await save(body, token).expect(201)
    }

    @Test func `a guardian whom a child of fifteen lets act consents`() async throws {
        let own = try await gateway.session(of: gateway.settle(years: 15).card)
        let mother = try await gateway.session(of: gateway.settle(years: 40).card)
        try await gateway.accept(
            gateway.delegate(["immunization"], own).text("code"), mother
        ).expect(204)
        let acting = try await gateway.acting(mother)
        let body = try await gateway.answers(to: Self.vaccine, gateway.patient(acting))
        try await save(body, acting).expect(201)
    }

    // MARK: Forms

    @Test func `one form for each vaccine is served, and read alone`() async throws {
        for party in [Cast.clinic, Cast.portal, Cast.town] {
            let all = try await gateway.send(party, "GET", "/fhir/Questionnaire")
            try all.expect(200)
            #expect(all.entries.count > 20)
            let some = try await gateway.send(
                party, "GET", "/fhir/Questionnaire?code=urn:tsunagi:CodeSystem:vaccine%7Cmr")
            let form = try #require(some.entries.first)
            #expect(some.entries.count == 1)
            let id = form["id"]?.string ?? ""
            let alone = try await gateway.send(party, "GET", "/fhir/Questionnaire/\(id)")
            #expect(alone.json["url"] == form["url"])
        }
        try await gateway.expect(.recordUnknown, of: nil, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", "/fhir/Questionnaire/screening-child-mr-0")
        }
    }

    /// Counted as JSON Schema counts, so that accents on one letter are characters as well.
    @Test(arguments: [("0", 201), ("e%CC%81", 101)])
    func `a code longer than the contract says is refused`(_ part: String, _ count: Int)
        async throws
    {
        let code = String(repeating: part, count: count)
        try await gateway.expect(.malformed("code"), of: nil, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", "/fhir/Questionnaire?code=\(code)")
        }
    }

    // MARK: The resident

    @Test func `without a token nobody learns what else is wrong`() async throws {
        try await gateway.expect(.tokenMissing, of: nil, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "PUT", Self.path + "/a", headers: [("If-Match", "0")], body: .null)
        }
    }

    @Test func `a draft is saved, submitted and amended, each a version`() async throws {
        let token = try await gateway.session(of: gateway.settleBaby())
        let patient = try await gateway.patient(token)
        let draft = try await gateway.answers(
            to: Self.vaccine, patient, status: "in-progress", leaving: ["consent", "signed-by"])
        let saved = try await save(draft, token)
        try saved.expect(201)
        #expect(saved["ETag"] == "W/\"1\"")
        let id = saved.text("id")
        #expect(saved["Location"] == "\(Self.path)/\(id)")
        let again = try await save(draft, token)
        #expect(again.status == 200 && again.body == saved.body)
        let whole = try await gateway.answers(to: Self.vaccine, patient)
        let submitted = try await saveAgain(id, seen: 1, whole, token)
        try submitted.expect(200)
        #expect(submitted["ETag"] == "W/\"2\"")
        let repeated = try await saveAgain(id, seen: 1, whole, token)
        #expect(repeated.body == submitted.body)
        let changed = try await gateway.answers(
            to: Self.vaccine, patient, status: "amended", yes: ["unwell": "せき"])
        #expect(try await saveAgain(id, seen: 2, changed, token)["ETag"] == "W/\"3\"")
        let own = try await gateway.send(Cast.portal, "GET", Self.path, headers: [token])
        #expect(own.entries.map { $0["id"]?.string } == [id])
        #expect(own.entries.map { $0["status"]?.string } == ["amended"])
    }

    @Test func `what was submitted is refused as a draft, and a version that is passed`()
        async throws
    {
        let token = try await gateway.session(of: gateway.settleBaby())
        let patient = try await gateway.patient(token)
        let id = try await gateway.submit(Self.vaccine, token)
        let draft = try await gateway.answers(to: Self.vaccine, patient, status: "in-progress")
        let amended = try await gateway.answers(
            to: Self.vaccine, patient, status: "amended", yes: ["unwell": "せき"])
        let other = try await gateway.answers(to: "mr", patient, status: "amended")
        let rows: [(Refusal, String, Int, JSON)] = [
            (.responseSubmitted, id, 1, draft), (.versionPassed, id, 2, amended),
            (.recordUnknown, String(repeating: "a", count: 32), 1, amended),
        ]
        for (refusal, id, seen, body) in rows {
            try await gateway.expect(refusal, of: .saveScreening, from: Cast.portal) {
                try await saveAgain(id, seen: seen, body, token)
            }
        }
        gateway.expect(
            .malformed("questionnaire"), in: try await saveAgain(id, seen: 1, other, token))
        let elsewhere = try amended.requiredObject(at: "answers").with(
            "id", .string(String(repeating: "a", count: 32)))
        gateway.expect(
            .idDiffers, in: try await saveAgain(id, seen: 1, .object(elsewhere), token))
        // What they are held against was read, so they are on the record although malformed.
        gateway.expectMoreEntries(2)
    }

    @Test func `answers that leave out what is required are a draft at most`() async throws {
        let token = try await gateway.session(of: gateway.settleBaby())
        let patient = try await gateway.patient(token)
        let body = try await gateway.answers(to: Self.vaccine, patient, leaving: ["consent"])
        try await gateway.expect(.missing("item(consent)"), of: nil, from: Cast.portal) {
            try await save(body, token)
        }
        let someoneElse = try await gateway.answers(to: Self.vaccine, "Patient/somebody")
        gateway.expect(
            .patientDiffers("subject.reference"), in: try await save(someoneElse, token))
        let stranger = try await gateway.session(of: gateway.settleBaby())
        let foreign = try await gateway.submit(Self.vaccine, stranger)
        try await gateway.expect(.recordUnknown, of: .saveScreening, from: Cast.portal) {
            try await saveAgain(
                foreign, seen: 1,
                gateway.answers(to: Self.vaccine, patient, status: "amended"), token)
        }
    }

    @Test func `last time's answers come back as a draft, without what is of one day`() async throws
    {
        let token = try await gateway.session(of: gateway.settleBaby())
        let empty = try await gateway.send(
            Cast.portal, "GET", "/fhir/Questionnaire/screening-child-mr-1/$populate",
            headers: [token])
        #expect(empty.parameter("response")?.object?["item"] == nil)
        _ = try await gateway.submit(Self.vaccine, token, yes: ["allergy": "卵"])
        let filled = try await gateway.send(
            Cast.portal, "GET", "/fhir/Questionnaire/screening-child-mr-1/$populate",
            headers: [token])
        try filled.expect(200)
        let draft = try #require(filled.parameter("response")?.object)
        #expect(draft["status"]?.string == "in-progress")
        #expect(
            draft["questionnaire"]?.string == "urn:tsunagi:Questionnaire:screening-child-mr|1")
        let linkIDs = (draft["item"]?.array ?? []).compactMap { $0.object?["linkId"]?.string }
        #expect(linkIDs.contains("allergy-details") && !linkIDs.contains("consent"))
        #expect(!linkIDs.contains("unwell") && !linkIDs.contains("severe-illness"))
    }

    // MARK: The clinic

    @Test func `the clinic reads what was submitted, under ids of its own`() async throws {
        let card = try await gateway.settleBaby()
        let token = try await gateway.session(of: card)
        let patient = try await gateway.patient(token)
        let id = try await gateway.submit(Self.vaccine, token)
        try await save(
            gateway.answers(to: "mr", patient, status: "in-progress"), token
        ).expect(201)
        let visit = try await gateway.openVaccinationVisit(card)
        var answer: TLSClient.Answer?
        let entries = try await gateway.entries { answer = try await read(visit) }
        let bundle = try #require(answer)
        try bundle.expect(200)
        #expect(bundle.entries.count == 1)
        #expect(bundle.entries.first?["status"]?.string == "completed")
        #expect(
            bundle.entries.first?["subject"]?.object?["reference"]?.string == visit.patient)
        #expect(!bundle.text.contains(id) && !bundle.text.contains(patient.dropFirst(8)))
        #expect(entries.map(\.purpose) == ["read-screenings"])
        #expect(entries.map(\.hasPerson) == [true])
        let other = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        let there = try await read(other, by: Cast.paperClinic)
        #expect(there.entries.first?["id"] != bundle.entries.first?["id"])
    }

    @Test func `where nothing was agreed to, or of another resident, nothing is read`() async throws
    {
        let card = try await gateway.settleBaby()
        _ = try await gateway.submit(Self.vaccine, gateway.session(of: card))
        let silent = try await gateway.openVisit(card, consents: ["subsidy"])
        #expect(try await read(silent).entries.isEmpty)
        let stranger = try await gateway.openVaccinationVisit(gateway.settleBaby())
        #expect(try await read(stranger).entries.isEmpty)
        try await gateway.expect(.visitUnknown, of: .readScreenings, from: Cast.pharmacy) {
            try await read(silent, by: Cast.pharmacy)
        }
    }

    static let forms: [(fields: [(String, String)], refusal: Refusal)] = [
        ([("subject", "Patient/p")], .missing("visit")),
        ([("visit", "v")], .missing("subject")),
        ([("subject", "123456789018"), ("visit", "v")], .individualNumberNotAllowed("subject")),
        ([("subject", "p"), ("visit", "v"), ("name", "花子")], .unknownItem("name")),
        ([("subject", "p"), ("subject", "q"), ("visit", "v")], .duplicateItem("subject")),
        ([("subject", "%4"), ("visit", "v")], .malformed("subject")),
    ]

    @Test(arguments: forms.indices)
    func `a search that is wrong in itself says where`(_ row: Int) async throws {
        let (fields, refusal) = Self.forms[row]
        try await gateway.expect(
            refusal, of: refusal.isEntered ? .readScreenings : nil, from: Cast.clinic
        ) { try await gateway.search(Cast.clinic, Self.search, fields) }
    }

    // MARK: The check and the record

    @Test func `the check heeds what was submitted, and the record names it`() async throws {
        let card = try await gateway.settleBaby()
        let token = try await gateway.session(of: card)
        let own = try await gateway.submit(Self.vaccine, token, yes: ["severe-illness": ""])
        let visit = try await gateway.openVaccinationVisit(card)
        let known = try await read(visit).entries.first?["id"]?.string ?? ""
        let reference = "QuestionnaireResponse/\(known)"
        var answer: TLSClient.Answer?
        let entries = try await gateway.entries {
            answer = try await gateway.checkVaccine(Self.vaccine, visit, response: reference)
        }
        let check = try #require(answer)
        #expect(check.parameter("verdict")?.string == "stop")
        #expect(check.findings.contains { $0.rule == "acute-severe-illness" })
        let basis = try #require(try JSON(reading: entries.first?.basis ?? "").object)
        #expect(basis["responses"]?.array?.count == 1)
        let unheard = try await gateway.checkVaccine(Self.vaccine, visit)
        #expect(unheard.parameter("verdict")?.string != "stop")
        // A clinic that says nothing of a questionnaire is told what this one says.
        let unasked = try await gateway.checkVaccine(Self.vaccine, visit, isWhole: false)
        #expect(unasked.findings.contains { $0.rule == "acute-severe-illness" })
        #expect(!unasked.findings.contains { $0.rule == "answers-unsaid" })

        var dose = SentDose(on: today)
        dose.response = reference
        let record = try await gateway.record(dose, visit)
        try record.expect(201)
        #expect(record.text.contains(reference))
        let seen = try await gateway.send(
            Cast.portal, "GET", "/fhir/Immunization", headers: [token])
        #expect(seen.text.contains("QuestionnaireResponse/\(own)"))
        #expect(!seen.text.contains(known))
    }

    @Test func `an answer for the doctor reaches the nurse, named in its own words`() async throws {
        let card = try await gateway.settleBaby()
        let told = ["unwell": "せき", "vaccinated-last-month": "BCG"]
        _ = try await gateway.submit(Self.vaccine, gateway.session(of: card), yes: told)
        let visit = try await gateway.openVaccinationVisit(card)
        let known = try await read(visit).entries.first?["id"]?.string ?? ""
        let check = try await gateway.checkVaccine(
            Self.vaccine, visit, response: "QuestionnaireResponse/\(known)")
        try check.expect(200)
        #expect(check.parameter("verdict")?.string == "caution")
        #expect(check.findings.filter { $0.rule == "questionnaire-concern" }.count == 2)
        #expect(check.text.contains("今日、体の具合の悪いところがありますか。"))
        #expect(check.text.contains("接種歴に加えて"))
        let unheard = try await gateway.checkVaccine(Self.vaccine, visit)
        #expect(!unheard.findings.contains { $0.rule == "questionnaire-concern" })
    }

    /// The id by which the clinic would know a response, were it ever told one.
    private func clinicsName(ofOnlyResponseLike own: String) async throws -> String {
        let all = try await gateway.sql { transaction in
            try transaction.query(Statement("select response from exchange.screening_response"))
                .map { try $0.uuid(0) }
        }
        let key = gateway.keys.ring.current(.pairwise)
        func name(_ id: UUIDBytes, for party: Party) -> String {
            let bytes = RecordID(high: id.high, low: id.low).bytes
            let hash = KeyedHash.pairwise(institution: party, person: bytes, key: key)
            return String(
                decoding: hash.flatMap { [0x61 + ($0 >> 4), 0x61 + ($0 & 15)] }, as: UTF8.self)
        }
        let found = all.first { name($0, for: Cast.portal) == own }
        return name(try #require(found), for: Cast.clinic)
    }

    @Test func `a draft, and another resident's answers, are as unknown as none`() async throws {
        let card = try await gateway.settleBaby()
        let token = try await gateway.session(of: card)
        let draft = try await save(
            gateway.answers(
                to: Self.vaccine, gateway.patient(token), status: "in-progress"), token
        ).text("id")
        let stranger = try await gateway.settleBaby()
        _ = try await gateway.submit(Self.vaccine, gateway.session(of: stranger))
        let there = try await gateway.openVaccinationVisit(stranger)
        let foreign = try await read(there).entries.first?["id"]?.string ?? ""
        let visit = try await gateway.openVaccinationVisit(card)
        let guessed = try await clinicsName(ofOnlyResponseLike: draft)
        for id in [draft, guessed, foreign, String(repeating: "b", count: 32)] {
            let reference = "QuestionnaireResponse/\(id)"
            try await gateway.expect(.recordUnknown, of: .checkVaccination, from: Cast.clinic) {
                try await gateway.checkVaccine(Self.vaccine, visit, response: reference)
            }
            var dose = SentDose(on: today)
            dose.response = reference
            let sent = dose
            try await gateway.expect(.recordUnknown, of: .recordVaccination, from: Cast.clinic) {
                try await gateway.record(sent, visit)
            }
        }
    }
}
