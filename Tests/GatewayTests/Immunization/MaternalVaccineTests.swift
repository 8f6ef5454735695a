import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 妊娠ごとの接種 over the wire: check, claim and forecast count from the pregnancy that the town was notified of,
/// which is told to nobody who was not told of it before.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MaternalVaccineTests {
    typealias Visit = RunningGateway.Visit

    static let vaccine = "rsv-maternal"

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// 30 years old, and expecting a child in so many days.
    private func expecting(in days: Int?, _ more: [String: JSON] = [:]) async throws -> (
        resident: TestResident, card: SoftwareCard
    ) {
        let (resident, card) = try await gateway.settle(years: 30)
        if let days {
            try await gateway.notify([
                resident.pregnancy(
                    due: today.adding(days: days), notified: today.adding(days: -10),
                    key: "RSV-\(resident.index)", more)
            ])
        }
        return (resident, card)
    }

    private func dose(on day: CalendarDay) -> SentDose {
        var dose = SentDose(on: day)
        dose.vaccine = Self.vaccine
        return dose
    }

    private func claim(_ answer: TLSClient.Answer) -> String? {
        (answer.json["extension"]?.array ?? []).compactMap(\.object).first {
            $0["url"]?.string?.hasSuffix(":vaccination-claim") == true
        }?["valueCodeableConcept"]?.object?["coding"]?.array?.first?.object?["code"]?.string
    }

    // 280 days before the due day is 0 weeks 0 days: 28週0日 is 84 days before it, 36週6日 22.
    @Test(arguments: [
        (140, "not-of-the-act"), (85, "not-of-the-act"), (84, "awaiting-price"),
        (22, "awaiting-price"), (21, "not-of-the-act"),
    ])
    func `a dose is a claim in the weeks of the pregnancy that was notified`(
        _ days: Int, _ claimed: String
    ) async throws {
        let (_, card) = try await expecting(in: days)
        // She agreed to nothing of maternal health: the line is the town's, and no day is told.
        let visit = try await gateway.openVaccinationVisit(card)
        let made = try await gateway.record(dose(on: today), visit)
        try made.expect(201)
        #expect(claim(made) == claimed)
        #expect(!made.text.contains(today.adding(days: days).text))
    }

    @Test func `the dose of an earlier pregnancy makes none needless`() async throws {
        let (_, card) = try await expecting(in: 60)
        let visit = try await gateway.openVaccinationVisit(card)
        // Before 0 weeks 0 days of this one.
        try await gateway.record(dose(on: today.adding(days: -230)), visit).expect(201)
        let second = try await gateway.record(dose(on: today.adding(days: -5)), visit)
        #expect(claim(second) == "awaiting-price")
        // Two of one pregnancy are one too many.
        let third = try await gateway.record(dose(on: today), visit)
        #expect(claim(third) == "not-of-the-act")
    }

    @Test func `where nobody notified anything a dose of last year is of another pregnancy`()
        async throws
    {
        let (_, card) = try await expecting(in: nil)
        let visit = try await gateway.openVaccinationVisit(card)
        try await gateway.record(dose(on: today.adding(days: -300)), visit).expect(201)
        let second = try await gateway.record(dose(on: today), visit)
        #expect(claim(second) == "awaiting-price")
    }

    @Test(arguments: [(140, "not-of-the-act"), (60, "awaiting-price")])
    func `the due day of the questionnaire that a record names counts before any notified`(
        _ days: Int, _ claimed: String
    ) async throws {
        // The town knows of a pregnancy that would say the opposite.
        let (_, card) = try await expecting(in: days == 60 ? 140 : 60)
        let token = try await gateway.session(of: card)
        let form = "screening-maternal-\(Self.vaccine)-1"
        let others = try await gateway.answers(
            to: Self.vaccine, gateway.patient(token), leaving: ["due-date"], form: form)
        let answers = try #require(others.object)
        let due = today.adding(days: days).text
        let item = try JSON(
            reading: #"{"linkId":"due-date","answer":[{"valueDate":"\#(due)"}]}"#)
        let items = (answers["item"]?.array ?? []) + [item]
        try await gateway.send(
            Cast.portal, "POST", RunningGateway.responsePath, headers: [token],
            body: .object(answers.with("item", .array(items)))
        ).expect(201)
        let visit = try await gateway.openVaccinationVisit(card)
        let found = try await gateway.search(
            Cast.clinic, RunningGateway.responsePath + "/_search",
            [("subject", visit.patient), ("visit", visit.id)])
        var sent = dose(on: today)
        sent.response = "QuestionnaireResponse/\(found.entries.first?["id"]?.string ?? "")"
        let made = try await gateway.record(sent, visit)
        try made.expect(201)
        #expect(claim(made) == claimed)
    }

    @Test func `the check counts from it where she agreed that the clinic know of it`()
        async throws
    {
        let (_, card) = try await expecting(in: 140)
        let told = try await gateway.openVisit(card, consents: ["immunization", "maternal"])
        let early = try await gateway.checkVaccine(Self.vaccine, told)
        #expect(early.parameter("verdict")?.string == "stop")
        #expect(
            early.findings.first { $0.rule == "too-early" }?.earliest
                == today.adding(days: 56).text)
        let untold = try await gateway.openVaccinationVisit(card, at: Cast.paperClinic)
        let blind = try await gateway.checkVaccine(
            Self.vaccine, untold, by: Cast.paperClinic)
        let (_, stranger) = try await expecting(in: nil)
        let nobody = try await gateway.checkVaccine(
            Self.vaccine, gateway.openVaccinationVisit(stranger))
        #expect(blind.findings.map(\.rule) == nobody.findings.map(\.rule))
        #expect(!blind.findings.contains { $0.rule == "too-early" })
    }

    @Test func `what the town she left corrects moves no due day of the town she lives in`()
        async throws
    {
        let (resident, card) = try await gateway.settle(years: 30, in: Cast.otherTown)
        func word(_ days: Int, _ more: [String: JSON] = [:]) -> JSON {
            resident.pregnancy(
                due: today.adding(days: days), notified: today.adding(days: -10),
                key: "RSV-\(resident.index)", more)
        }
        try await gateway.notify([word(90)], by: Cast.otherTown)
        try await gateway.feed([
            resident.residence(Cast.town.code, from: today.adding(days: -8))
        ])
        // 85 days before it is too early, 84 in time.
        try await gateway.notify([word(84)])
        try await gateway.notify(
            [word(90, ["handbookNumbers": .array([.string("7")])])], by: Cast.otherTown)
        let visit = try await gateway.openVaccinationVisit(card)
        let made = try await gateway.record(dose(on: today), visit)
        try made.expect(201)
        #expect(claim(made) == "awaiting-price")
    }

    // MARK: The forecast

    /// The earliest and the latest day of the vaccine's recommendation (LOINC 30981-5, 59778-1).
    private func forecast(_ resource: JSONObject?) -> Set<String>? {
        let rows = (resource?["recommendation"]?.array ?? []).compactMap(\.object)
        let row = rows.first { row in
            row["vaccineCode"]?.array?.first?.object?["coding"]?.array?.first?.object?["code"]?
                .string == Self.vaccine
        }
        return row.map { row in
            Set(
                (row["dateCriterion"]?.array ?? []).compactMap { $0.object?["value"]?.string })
        }
    }

    private func ownForecast(_ token: (String, String)) async throws -> Set<String>? {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/ImmunizationRecommendation", headers: [token])
        try answer.expect(200)
        return forecast(answer.entries.first)
    }

    private func visitForecast(_ visit: Visit) async throws -> Set<String>? {
        let answer = try await gateway.forecast(visit)
        try answer.expect(200)
        let parameters = (answer.json["parameter"]?.array ?? []).compactMap(\.object)
        return forecast(
            parameters.first { $0["name"]?.string == "recommendation" }?["resource"]?.object)
    }

    @Test func `she is told from when to when, and a clinic where she agreed to it`() async throws {
        let (_, card) = try await expecting(in: 140)
        let first = today.adding(days: 56).text
        let own = try await ownForecast(gateway.session(of: card))
        #expect(own?.contains(first) == true)
        let told = try await gateway.openVisit(
            card, consents: ["immunization", "maternal", "maternal-sensitive"])
        #expect(try await visitForecast(told)?.contains(first) == true)
        // It would be gone after a loss, which is told to nobody who was not let into the compartment.
        let open = try await gateway.openVisit(card, consents: ["immunization", "maternal"])
        #expect(try await visitForecast(open) == nil)
        let untold = try await gateway.openVaccinationVisit(card)
        #expect(try await visitForecast(untold) == nil)
    }

    // MARK: Notices

    /// One to a vaccine of anybody, and after it one of pregnancy.
    private func inviteTwice(_ resident: TestResident) async throws {
        try await gateway.invite(resident, key: "DPT-I-\(resident.index)")
        let row = gateway.invitation(
            of: resident, key: "RSV-I-\(resident.index)", programme: Self.vaccine)
        let invited = try await gateway.send(
            Cast.town, "POST", "/immunization/registration-tasks", body: .array([row]))
        #expect(invited.int("applied") == 1, "\(invited.text)")
    }

    private func invitations(_ token: RunningGateway.Header) async throws -> [String] {
        let answer = try await gateway.send(
            Cast.portal, "GET", "/fhir/Communication", headers: [token])
        try answer.expect(200)
        return answer.entries.map { JSON.object($0).text }.filter {
            $0.contains("vaccination-due")
        }
    }

    private func proxy(of own: RunningGateway.Header) async throws -> RunningGateway.Header {
        let partner = try await gateway.session(of: gateway.settle(years: 31).card)
        let kinds = try gateway.ledger.rules.current().consentKinds.map(\.kind.code)
        let made = try await gateway.delegate(kinds, own)
        try await gateway.accept(made.text("code"), partner).expect(204)
        return try await gateway.acting(partner)
    }

    /// お知らせ: an invitation to it tells of the pregnancy as much as the forecast does.
    @Test func `whoever acts for her reads no invitation to a vaccine of pregnancy`() async throws {
        let (resident, card) = try await expecting(in: 70)
        let own = try await gateway.session(of: card)
        let proxy = try await proxy(of: own)
        try await inviteTwice(resident)
        let hers = try await invitations(own)
        #expect(hers.count == 2 && hers.contains { $0.contains("RSウイルス") })
        let shown = try await invitations(proxy)
        #expect(shown.count == 1 && !shown.contains { $0.contains("RSウイルス") })
    }

    /// Her card and its PIN are in a guardian's hands, until the day on which she decides alone.
    @Test(arguments: [(14, 1), (15, 2)])
    func `one who does not decide alone reads no invitation to a vaccine of pregnancy`(
        years: Int, count: Int
    ) async throws {
        let (resident, card) = try await gateway.settle(years: years)
        try await inviteTwice(resident)
        let read = try await invitations(gateway.session(of: card))
        let ofPregnancy = read.filter { $0.contains("RSウイルス") }
        #expect(read.count == count && ofPregnancy.count == count - 1, "\(read)")
    }

    /// A page that were short, or empty, would tell that something is hidden.
    @Test func `a notice that is hidden takes no place of one that is shown`() async throws {
        let (resident, card) = try await expecting(in: 70)
        let own = try await gateway.session(of: card)
        let proxy = try await proxy(of: own)
        try await inviteTwice(resident)
        // More than a page holds, all of them newer than what may be shown.
        let (key, vaccine) = ("RSV-I-\(resident.index)", Self.vaccine)
        let added = try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.notice (person, notice, kind, party, subject)
                    select n.person, gen_random_uuid(), n.kind, n.party, n.subject
                    from exchange.notice n cross join generate_series(1, 150)
                    where n.subject = $2 and n.person = (
                        select t.person from exchange.vaccination_target t where t.identity_key = $1)
                    """), [.text(key), .text(vaccine)])
        }
        #expect(added == 150)
        #expect(try await invitations(own).count { $0.contains("RSウイルス") } > 2)
        let shown = try await invitations(proxy)
        #expect(shown.count == 1 && !shown.contains { $0.contains("RSウイルス") })
    }

    @Test func `nobody is invited after a loss, and no partner hears of either`() async throws {
        let (resident, card) = try await expecting(in: 140)
        let own = try await gateway.session(of: card)
        let proxy = try await gateway.session(of: gateway.settle(years: 31).card)
        let made = try await gateway.delegate(["immunization"], own)
        try await gateway.accept(made.text("code"), proxy).expect(204)
        let acting = try await gateway.acting(proxy)
        #expect(try await ownForecast(own) != nil)
        #expect(try await ownForecast(acting) == nil)
        let loss = JSON.object(
            JSONObject([
                .init(name: "on", value: .string(today.adding(days: -1).text)),
                .init(name: "fetuses", value: .number("1")),
            ]))
        try await gateway.notify([
            resident.pregnancy(
                due: today.adding(days: 140), notified: today.adding(days: -10),
                key: "RSV-\(resident.index)", ["losses": .array([loss])])
        ])
        #expect(try await ownForecast(own) == nil)
        #expect(try await ownForecast(acting) == nil)
    }
}
