import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 市区町村ごとの接種期間 over the wire: two towns of one gateway have different days, and a resident is held to those
/// of the town where they live on the day, the same that pays.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MunicipalSeasonServingTests {
    typealias Header = RunningGateway.Header
    typealias Visit = RunningGateway.Visit
    typealias Days = (from: CalendarDay, to: CalendarDay)

    static let path = RunningGateway.responsePath
    static let form = "screening-adult-influenza"
    static let canonical = "urn:tsunagi:Questionnaire:" + form
    private static let folder = "immunization/campaigns/influenza-"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    // MARK: Seasons

    /// The eleventh line names the municipalities; everybody else has the days of the sixth and seventh.
    private static func season(
        _ name: String, _ days: Days, own: Days, of municipality: String = Cast.otherTown.code
    ) -> [UInt8] {
        let text = """
            {
              "source": "試験", "verified": "unverified", "note": "\(RecordID.random().text)",
              "campaign": "influenza-\(name)", "season": "\(name)",
              "name": { "ja": "見本の期間", "en": "A season" },
              "programmes": ["influenza-elderly", "influenza-60"],
              "effectiveFrom": "\(days.from.text)",
              "effectiveTo": "\(days.to.text)",
              "notice": { "ja": "共通の期間", "en": "The common days" },
              "bodies": [
                {
                  "municipalities": ["\(municipality)"],
                  "effectiveFrom": "\(own.from.text)",
                  "effectiveTo": "\(own.to.text)",
                  "notice": { "ja": "独自の期間", "en": "Days of their own" }
                }
              ]
            }
            """
        return Array(text.utf8)
    }

    private func load(_ name: String, _ file: [UInt8]) async throws {
        _ = try await gateway.reloadProfiles { files in
            for path in Array(files.keys) where path.hasPrefix(Self.folder) { files[path] = nil }
            files["\(Self.folder)\(name).json"] = file
        }
        try await gateway.ledger.rules.refresh()
    }

    /// 年度 of the law that a day lies in.
    private static func year(of day: CalendarDay) throws -> Days {
        let first = day.text.dropFirst(5) < "04-01" ? day.year - 1 : day.year
        return (try CalendarDay("\(first)-04-01"), try CalendarDay("\(first + 1)-03-31"))
    }

    /// `10-05`: of the last year of the law that is over, so that every day of it can be recorded.
    private func past(_ monthAndDay: String) throws -> CalendarDay {
        let last = try Self.year(of: today).from.year - 1
        return try CalendarDay("\(monthAndDay < "04-01" ? last + 1 : last)-\(monthAndDay)")
    }

    /// Past: from 1 October to 31 January, and in the other town from 15 October to 20 February.
    private func pastSeason() async throws {
        let days: Days = (try past("10-01"), try past("01-31"))
        let own: Days = (try past("10-15"), try past("02-20"))
        try await load("9101", Self.season("9101", days, own: own))
    }

    /// The whole year around today; in the other town a part of it without today: what is left of it, or on
    /// its last day what is over.
    private func seasonOfTheOthers() async throws -> (days: Days, own: Days) {
        let days = try Self.year(of: today)
        let own: Days =
            today < days.to
            ? (today.adding(days: 1), days.to) : (days.from, today.adding(days: -1))
        try await load("9102", Self.season("9102", days, own: own))
        return (days, own)
    }

    // MARK: The dose

    private func check(_ visit: Visit, on day: CalendarDay) async throws -> TLSClient.Answer {
        let answer = try await gateway.checkVaccine("influenza", visit, on: day)
        try answer.expect(200)
        return answer
    }

    /// Who pays for a dose, or why nobody does.
    private func claim(_ visit: Visit, on day: CalendarDay) async throws -> String {
        var dose = SentDose(on: day)
        dose.vaccine = "influenza"
        let made = try await gateway.record(dose, visit)
        try made.expect(201)
        return try await claim(of: made.text("id"))
    }

    private func claim(of id: String) async throws -> String {
        let lines = try await gateway.sql { transaction in
            try transaction.query(
                Statement(
                    """
                    select coalesce(c.refusal, c.municipality) from exchange.vaccination_claim c
                    where c.vaccination::text = $1 order by c.version desc
                    """), [.text(id)]
            ).map { try $0.text(0) }
        }
        return lines.first ?? ""
    }

    static let boundaries: [(town: Party, days: [(day: String, isGiven: Bool)])] = [
        (
            Cast.town,
            [
                ("09-30", false), ("10-01", true), ("10-02", true), ("10-14", true),
                ("01-30", true), ("01-31", true), ("02-01", false), ("02-20", false),
            ]
        ),
        (
            Cast.otherTown,
            [
                ("10-02", false), ("10-14", false), ("10-15", true), ("10-16", true),
                ("02-01", true), ("02-19", true), ("02-20", true), ("02-21", false),
            ]
        ),
    ]

    @Test(arguments: boundaries.indices)
    func `the check stops a dose outside the days of the resident's town`(_ index: Int)
        async throws
    {
        try await pastSeason()
        let (town, days) = Self.boundaries[index]
        let visit = try await gateway.openVaccinationVisit(
            gateway.settle(years: 75, in: town).card)
        for (day, isGiven) in days {
            let answer = try await check(visit, on: past(day))
            let rules = answer.findings.map(\.rule)
            #expect(rules.contains("season") == !isGiven, "\(town.code) \(day) \(rules)")
            #expect((answer.parameter("verdict")?.string == "stop") == !isGiven, "\(day) \(rules)")
        }
    }

    @Test(arguments: [
        (Cast.town, "10-05", true), (Cast.otherTown, "10-05", false),
        (Cast.town, "02-10", false), (Cast.otherTown, "02-10", true),
    ])
    func `on one day one town pays and another does not`(
        town: Party, day: String, isPaid: Bool
    ) async throws {
        try await pastSeason()
        let visit = try await gateway.openVaccinationVisit(
            gateway.settle(years: 75, in: town).card)
        #expect(try await claim(visit, on: past(day)) == (isPaid ? town.code : "not-of-the-act"))
    }

    @Test(arguments: [
        ("10-09", Cast.town.code), ("10-10", "not-of-the-act"), ("10-14", "not-of-the-act"),
        ("10-15", Cast.otherTown.code), ("02-20", Cast.otherTown.code),
        ("02-21", "not-of-the-act"),
    ])
    func `whoever moved on 10 October is held to the town of the day, which pays`(
        day: String, claimed: String
    ) async throws {
        try await pastSeason()
        let (resident, card) = try await gateway.settle(years: 75)
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: past("10-10"))
        ])
        let visit = try await gateway.openVaccinationVisit(card)
        let isStopped = claimed == "not-of-the-act"
        let rules = try await check(visit, on: past(day)).findings.map(\.rule)
        #expect(rules.contains("season") == isStopped, "\(rules)")
        #expect(try await claim(visit, on: past(day)) == claimed)
    }

    @Test func `a dose waits for the residence that says whose days it is held to`() async throws {
        try await pastSeason()
        var (resident, card) = try await gateway.settle(in: nil)
        resident.dateOfBirth = "1950-05-10"
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        let visit = try await gateway.openVaccinationVisit(card)
        var dose = SentDose(on: try past("02-10"))
        dose.vaccine = "influenza"
        let id = try await gateway.record(dose, visit).text("id")
        #expect(try await claim(of: id) == "residence-unknown")
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: past("04-01"))
        ])
        try await gateway.record(dose, visit).expect(200)
        #expect(try await claim(of: id) == Cast.otherTown.code)
    }

    @Test func `what is due is told by the days of the resident's town`() async throws {
        let (days, own) = try await seasonOfTheOthers()
        let others = today < own.from ? own.from : days.to.adding(days: 1)
        for (town, earliest) in [(Cast.town, days.from), (Cast.otherTown, others)] {
            let card = try await gateway.settle(years: 75, in: town).card
            let told = try await gateway.send(
                Cast.portal, "GET", "/fhir/ImmunizationRecommendation",
                headers: [gateway.session(of: card)])
            try told.expect(200)
            let rows = (told.entries.first?["recommendation"]?.array ?? []).compactMap(\.object)
            let row = rows.first { row in
                row["vaccineCode"]?.array?.first?.object?["coding"]?.array?.first?
                    .object?["code"]?.string == "influenza"
            }
            let first = row?["dateCriterion"]?.array?.first?.object?["value"]?.string
            #expect(first == earliest.text, "\(town.code)")
        }
    }

    // MARK: The questionnaire

    private func submit(_ version: String, _ token: Header) async throws -> TLSClient.Answer {
        try await gateway.send(
            Cast.portal, "POST", Self.path, headers: [token],
            body: gateway.answers(
                to: "influenza", gateway.patient(token), form: "\(Self.form)-\(version)"))
    }

    @Test func `a form is listed by the days of the municipality that is asked about`()
        async throws
    {
        let (_, own) = try await seasonOfTheOthers()
        let isComing = today < own.from
        let asked = "/fhir/Questionnaire?code=influenza"
        for (query, versions) in [
            ("", ["1-9102"]), ("&municipality=\(Cast.town.code)", ["1-9102"]),
            ("&municipality=\(Cast.otherTown.code)", isComing ? ["1", "1-9102"] : ["1"]),
        ] {
            let listed = try await gateway.send(Cast.portal, "GET", asked + query)
            try listed.expect(200)
            #expect(listed.entries.compactMap { $0["version"]?.string } == versions, "\(query)")
        }
        let one = try await gateway.send(
            Cast.clinic, "GET",
            "/fhir/Questionnaire/\(Self.form)-1-9102?municipality=\(Cast.otherTown.code)")
        let period = one.json["effectivePeriod"]?.object
        #expect(period?["start"]?.string == own.from.text)
        #expect(period?["end"]?.string == own.to.text)
        for path in [asked + "&", "/fhir/Questionnaire/\(Self.form)-1-9102?"] {
            try await gateway.expect(.malformed("municipality"), of: nil, from: Cast.clinic) {
                try await gateway.send(Cast.clinic, "GET", path + "municipality=222217")
            }
        }
    }

    @Test func `answers are taken and heeded by the days of the resident's town`() async throws {
        _ = try await seasonOfTheOthers()
        for (town, version, other) in [
            (Cast.town, "1-9102", "1"), (Cast.otherTown, "1", "1-9102"),
        ] {
            let card = try await gateway.settle(in: town).card
            let token = try await gateway.session(of: card)
            let answered = try await submit(version, token)
            try answered.expect(201)
            // The one of the other town: over, or to come, or resting.
            let late = try await submit(other, token)
            #expect([201, 409].contains(late.status), "\(town.code) \(late.text)")
            if town == Cast.town { #expect(late.code == Refusal.questionnaireOver.code) }
            let visit = try await gateway.openVaccinationVisit(card)
            let found = try await gateway.search(
                Cast.clinic, Self.path + "/_search",
                [("subject", visit.patient), ("visit", visit.id)])
            let forms = found.entries.compactMap { $0["questionnaire"]?.string }
            #expect(forms == [Self.canonical + "|" + version], "\(town.code)")
        }
    }

    // MARK: The sheet

    private func order(_ version: String, by party: Party, for municipality: String? = nil)
        async throws -> TLSClient.Answer
    {
        let named = municipality.map { #","municipality":"\#($0)""# } ?? ""
        return try await gateway.send(
            party, "POST", RunningGateway.paperFormPath,
            body: JSON(
                reading: #"{"questionnaire":"\#(Self.canonical)|\#(version)"\#(named)}"#))
    }

    @Test func `a sheet is printed for a town, and brought in by whoever lives there`()
        async throws
    {
        _ = try await seasonOfTheOthers()
        let over = Refusal.questionnaireOver.code
        #expect(try await order("1", by: Cast.clinic).code == over)
        #expect(try await order("1", by: Cast.town).code == over)
        try await order("1", by: Cast.otherTown).expect(200)
        for (town, isTaken) in [(Cast.otherTown, true), (Cast.town, false)] {
            let sheet = try await order("1", by: Cast.clinic, for: Cast.otherTown.code)
            try sheet.expect(200)
            let number = try #require(RunningGateway.paperNumbers(sheet.text).first)
            let visit = try await gateway.openVaccinationVisit(gateway.settle(in: town).card)
            let body = try await gateway.brought(
                number, to: "influenza", in: visit, authored: today, form: "\(Self.form)-1")
            let brought = try await gateway.send(Cast.clinic, "POST", Self.path, body: body)
            #expect(brought.status == (isTaken ? 201 : 409), "\(town.code) \(brought.text)")
            #expect(brought.code == (isTaken ? nil : over))
        }
    }

    // MARK: The invitation

    @Test func `the invited read the days of the town that invites them`() async throws {
        let (days, _) = try await seasonOfTheOthers()
        for (town, words) in [(Cast.town, "共通の期間"), (Cast.otherTown, "独自の期間")] {
            let (resident, card) = try await gateway.settle(years: 75, in: town)
            let invited = try await gateway.send(
                town, "POST", "/immunization/registration-tasks",
                body: .array([
                    gateway.invitation(
                        of: resident, key: "M-\(resident.index)", programme: "influenza-elderly",
                        from: days.from)
                ]))
            try invited.expect(202)
            #expect(invited.int("applied") == 1)
            let told = try await gateway.send(
                Cast.portal, "GET", "/fhir/Communication", headers: [gateway.session(of: card)])
            let texts = told.entries.flatMap { $0["payload"]?.array ?? [] }.compactMap {
                $0.object?["contentString"]?.string
            }
            #expect(texts.contains { $0.contains(words) }, "\(texts)")
        }
    }

    @Test func `a file of invitations is held against the days of who sends it`() async throws {
        let (days, _) = try await seasonOfTheOthers()
        let header = "更新区分,宛名番号,個人番号,接種種別コード,対象期間開始,対象期間終了"
        for (town, isOutside) in [(Cast.town, false), (Cast.otherTown, true)] {
            let person = gateway.people.next()
            let line = [
                "1", "F-\(person.index)", person.number, "influenza-elderly", days.from.text,
                days.to.text,
            ].joined(separator: ",")
            let done = try await gateway.take(
                Array("\(header)\r\n\(line)\r\n".utf8), as: "vaccination-targets", by: town,
                field: "immunization")
            #expect(done.number("additions") == 1, "\(done.text)")
            let found = done.results.flatMap(\.findings).compactMap { $0["code"]?.string }
            #expect(found == (isOutside ? ["outside-season"] : []), "\(town.code) \(done.text)")
        }
    }

    // MARK: A file that is wrong

    @Test func `a file with a municipality that there is none of is not loaded, and its line told`()
        async throws
    {
        _ = try await seasonOfTheOthers()
        let before = try gateway.ledger.rules.current().version
        let days = try Self.year(of: today)
        let path = Self.folder + "9103.json"
        let wrong = Self.season("9103", days, own: days, of: "999999")
        let fault = await #expect(throws: RuleFault.self) {
            try await load("9103", wrong)
        }
        #expect(
            fault?.description
                == "\(path):11: bodies[0].municipalities[0]: is no local government code: 999999")
        try await gateway.ledger.rules.refresh()
        #expect(try gateway.ledger.rules.current().version == before)
    }
}
