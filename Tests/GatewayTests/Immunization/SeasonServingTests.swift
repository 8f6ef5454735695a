import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 年度ごとの接種 over the wire: a season's form is answered before it begins, and is of no use after it. The
/// seasons are the test's own, so that one ends, and another begins, on whatever day it runs.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct SeasonServingTests {
    typealias Header = RunningGateway.Header
    typealias Visit = RunningGateway.Visit

    static let vaccine = "influenza"
    static let path = RunningGateway.responsePath
    static let search = path + "/_search"
    static let form = "screening-adult-influenza"
    static let canonical = "urn:tsunagi:Questionnaire:" + form

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }
    private var yesterday: CalendarDay { today.adding(days: -1) }

    // MARK: Seasons

    private struct Season {
        let name: String
        let from: CalendarDay
        let to: CalendarDay

        /// The same seasons again are rules of their own, which are the newest.
        var file: [UInt8] {
            let words = #"{"ja":"見本の期間 \#(name)","en":"Season \#(name)"}"#
            let text = """
                {"source":"試験","verified":"unverified","note":"\(RecordID.random().text)",\
                "campaign":"influenza-\(name)","name":\(words),"season":"\(name)",\
                "programmes":["influenza-elderly","influenza-60"],\
                "effectiveFrom":"\(from.text)","effectiveTo":"\(to.text)","notice":\(words)}
                """
            return Array(text.utf8)
        }
    }

    /// From April to March: the law gives the vaccine once in it, and no season reaches beyond.
    private static func year(of day: CalendarDay, plus years: Int = 0) throws -> (
        from: CalendarDay, to: CalendarDay
    ) {
        let first = (day.text.dropFirst(5) < "04-01" ? day.year - 1 : day.year) + years
        return (try CalendarDay("\(first)-04-01"), try CalendarDay("\(first + 1)-03-31"))
    }

    /// Season 9001 is on its last day.
    private func lastDayOfSeason() async throws {
        try await load([
            Season(name: "9001", from: Self.year(of: today).from, to: today)
        ])
    }

    /// It is over since yesterday, 9002 begins today, and 9003 is to come.
    private func firstDayOfNext() async throws {
        let next = try Self.year(of: today, plus: 1)
        try await load([
            Season(name: "9001", from: Self.year(of: yesterday).from, to: yesterday),
            Season(name: "9002", from: today, to: Self.year(of: today).to),
            Season(name: "9003", from: next.from, to: next.to),
        ])
    }

    private func load(_ seasons: [Season]) async throws {
        let folder = "immunization/campaigns/influenza-"
        let asked = "maternal/questionnaire-3-4m.json"
        let code = #""code": "child-rearing-3-4m","#
        let ended = #""effectiveTo": "\#(yesterday.text)", "# + code
        _ = try await gateway.reloadProfiles { files in
            for path in Array(files.keys) where path.hasPrefix(folder) { files[path] = nil }
            for season in seasons { files["\(folder)\(season.name).json"] = season.file }
            // What is asked in confidence ended yesterday, too.
            let text = String(decoding: try #require(files[asked]), as: UTF8.self)
            #expect(text.contains(code))
            files[asked] = Array(text.replacing(code, with: ended).utf8)
        }
        try await gateway.ledger.rules.refresh()
    }

    // MARK: Answers

    private func answers(
        _ version: String, _ patient: String, status: String = "completed"
    ) async throws -> JSON {
        try await gateway.answers(
            to: Self.vaccine, patient, status: status, form: "\(Self.form)-\(version)")
    }

    private func save(_ body: JSON, _ token: Header, below path: String = path) async throws
        -> TLSClient.Answer
    {
        try await gateway.send(Cast.portal, "POST", path, headers: [token], body: body)
    }

    /// Submits; the id as the portal knows it.
    @discardableResult
    private func submit(_ version: String, _ token: Header) async throws -> String {
        let answer = try await save(answers(version, gateway.patient(token)), token)
        try answer.expect(201)
        return answer.text("id")
    }

    /// What the clinic finds: form and reference of each.
    private func read(_ visit: Visit) async throws -> [(form: String, reference: String)] {
        let answer = try await gateway.search(
            Cast.clinic, Self.search, [("subject", visit.patient), ("visit", visit.id)])
        try answer.expect(200)
        return answer.entries.map {
            (
                $0["questionnaire"]?.string ?? "",
                "QuestionnaireResponse/" + ($0["id"]?.string ?? "")
            )
        }
    }

    @Test func `a coming season's form is listed and answered before the season begins`()
        async throws
    {
        try await firstDayOfNext()
        let listed = try await gateway.send(
            Cast.portal, "GET", "/fhir/Questionnaire?code=influenza")
        try listed.expect(200)
        #expect(listed.entries.map { $0["version"]?.string } == ["1-9002", "1-9003"])
        let token = try await gateway.session(of: gateway.settle().card)
        for version in ["1-9002", "1-9003"] { try await submit(version, token) }
        // The one of every day rests in the season, and the last season's is over.
        let patient = try await gateway.patient(token)
        for version in ["1", "1-9001"] {
            let body = try await answers(version, patient)
            try await gateway.expect(.questionnaireOver, of: .saveScreening, from: Cast.portal) {
                try await save(body, token)
            }
        }
    }

    @Test func `a draft of a season that is over is not submitted any more`() async throws {
        try await lastDayOfSeason()
        let token = try await gateway.session(of: gateway.settle().card)
        let patient = try await gateway.patient(token)
        let draft = try await save(
            answers("1-9001", patient, status: "in-progress"), token)
        try draft.expect(201)
        try await firstDayOfNext()
        let body = try await answers("1-9001", patient)
        try await gateway.expect(.questionnaireOver, of: .saveScreening, from: Cast.portal) {
            try await gateway.send(
                Cast.portal, "PUT", "\(Self.path)/\(draft.text("id"))",
                headers: [token, ("If-Match", "W/\"1\"")], body: body)
        }
    }

    @Test func `what is asked in confidence is over for a child's card as well`() async throws {
        try await firstDayOfNext()
        let token = try await gateway.session(of: gateway.settleBaby())
        let body = RunningGateway.childRearing(
            hit: false, of: try await gateway.patient(token))
        try await gateway.expect(
            .questionnaireOver, of: .saveSensitiveScreening, from: Cast.portal
        ) {
            try await save(body, token, below: RunningGateway.sensitiveResponsePath)
        }
    }

    // MARK: At the clinic

    @Test func `before a dose this season's answers are heeded alone`() async throws {
        try await lastDayOfSeason()
        let card = try await gateway.settle().card
        let token = try await gateway.session(of: card)
        try await submit("1-9001", token)
        let visit = try await gateway.openVaccinationVisit(card)
        let last = try #require(try await read(visit).first)
        #expect(last.form == Self.canonical + "|1-9001")
        try await gateway.checkVaccine(Self.vaccine, visit, response: last.reference).expect(200)
        try await firstDayOfNext()
        #expect(try await read(visit).isEmpty)
        for version in ["1-9002", "1-9003"] { try await submit(version, token) }
        let found = try await read(visit)
        #expect(found.map(\.form) == [Self.canonical + "|1-9002"])
        let own = try #require(found.first).reference
        try await gateway.checkVaccine(Self.vaccine, visit, response: own).expect(200)
        try await gateway.expect(.questionnaireOver, of: .checkVaccination, from: Cast.clinic) {
            try await gateway.checkVaccine(Self.vaccine, visit, response: last.reference)
        }
    }

    @Test func `a print of last season's answers brings nothing in`() async throws {
        try await lastDayOfSeason()
        let card = try await gateway.settle().card
        let token = try await gateway.session(of: card)
        let id = try await submit("1-9001", token)
        let page = try await gateway.send(
            Cast.portal, "POST", "/screenings/\(id)/print", headers: [token])
        try page.expect(200)
        let reader = try #require(QRReader(page: page.text))
        let blocks = reader.blocks(1, corrections: 15)
        let code = QRReader.text(blocks.flatMap { $0.dropLast(15) }, version: 3)
        let visit = try await gateway.openVaccinationVisit(card)
        let fields = [("subject", visit.patient), ("visit", visit.id), ("identifier", code)]
        try await gateway.search(Cast.clinic, Self.search, fields).expect(200)
        try await firstDayOfNext()
        try await gateway.expect(.questionnaireOver, of: .readScreenings, from: Cast.clinic) {
            try await gateway.search(Cast.clinic, Self.search, fields)
        }
    }

    // MARK: On paper

    /// One sheet: its number, and the page.
    private func sheet(_ version: String) async throws -> (number: String, page: String) {
        let answer = try await gateway.send(
            Cast.clinic, "POST", RunningGateway.paperFormPath,
            body: JSON(reading: #"{"questionnaire":"\#(Self.canonical)|\#(version)"}"#))
        try answer.expect(200)
        return (
            try #require(RunningGateway.paperNumbers(answer.text).first), answer.text
        )
    }

    private func bring(
        _ number: String, _ version: String, in visit: Visit, authored: CalendarDay
    ) async throws -> TLSClient.Answer {
        let body = try await gateway.brought(
            number, to: Self.vaccine, in: visit, authored: authored,
            form: "\(Self.form)-\(version)")
        return try await gateway.send(Cast.clinic, "POST", Self.path, body: body)
    }

    @Test func `a sheet is filled in before its season, and typed after it`() async throws {
        try await lastDayOfSeason()
        let last = try await sheet("1-9001")
        #expect(last.page.contains("\(today.text)まで使えます"))
        // As if it had been printed a day before.
        try await gateway.sql { transaction in
            try transaction.script(
                """
                alter table exchange.paper_form disable trigger paper_form_unchanged;
                update exchange.paper_form set printed_at = printed_at - interval '1 day';
                alter table exchange.paper_form enable trigger paper_form_unchanged;
                """)
        }
        try await firstDayOfNext()
        let visit = try await gateway.openVaccinationVisit(gateway.settle().card)
        let coming = try await sheet("1-9003")
        try await bring(coming.number, "1-9003", in: visit, authored: today).expect(201)
        try await gateway.expect(.questionnaireOver, of: .bringScreening, from: Cast.clinic) {
            try await bring(last.number, "1-9001", in: visit, authored: today)
        }
        try await bring(last.number, "1-9001", in: visit, authored: yesterday).expect(201)
    }

    // MARK: Whom a municipality invites

    @Test func `whoever is invited or reminded in a season reads of that season`() async throws {
        try await firstDayOfNext()
        let (resident, card) = try await gateway.settle(years: 70)
        let key = "S-\(resident.index)"
        let invited = try await gateway.send(
            Cast.town, "POST", "/immunization/registration-tasks",
            body: .array([
                gateway.invitation(of: resident, key: key, programme: "influenza-elderly")
            ]))
        try invited.expect(202)
        #expect(invited.int("applied") == 1)
        let reminded = try await gateway.send(
            Cast.town, "POST", "/immunization/reminders",
            body: JSON(
                reading: """
                    {"programme":"influenza-elderly","municipalityIdentityKeys":["\(key)"]}
                    """))
        try reminded.expect(200)
        #expect(reminded.int("reminded") == 1)
        let told = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
        #expect(told.entries.count == 2)
        for notice in told.entries {
            let texts = (notice["payload"]?.array ?? []).compactMap {
                $0.object?["contentString"]?.string
            }
            #expect(texts.first?.contains("見本の期間 9002") == true, "\(texts)")
            #expect(texts.last?.contains("Season 9002") == true, "\(texts)")
        }
    }
}
