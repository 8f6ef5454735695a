import Exchange
import Testing

/// 市区町村ごとの接種期間 in the engine: the check and the forecast are given the days of one municipality, and know
/// none.
@Suite struct MunicipalSeasonTests {
    private static let late = MunicipalCampaignTests.late
    private static let early = MunicipalCampaignTests.early
    private static let unnamed = MunicipalCampaignTests.unnamed

    private static func rules() throws -> ImmunizationRules { try MunicipalCampaignTests.rules() }

    private static func judge(
        _ day: String, in municipality: String?, given: [String] = [],
        as basis: NeedleQuestion.Basis = .routine
    ) throws -> NeedleAnswer {
        let rules = try rules()
        let vaccine = rules.vaccine(named: "influenza")
        var question = NeedleQuestion(
            birth: try CalendarDay("1950-05-10"),
            history: try given.map { GivenDose(vaccine, on: try CalendarDay($0)) },
            candidate: GivenDose(vaccine, on: try CalendarDay(day)))
        question.seasons = rules.seasons(in: municipality)
        question.basis = basis
        return checkBeforeNeedle(question, rules)
    }

    /// From when on a dose is given that is too early or too late; `nil`: it may be given.
    static let boundaries: [(municipality: String?, day: String, from: String?)] = [
        (late, "2026-10-14", "2026-10-15"), (late, "2026-10-15", nil), (late, "2026-10-16", nil),
        // Of the next year no days are known yet but the law's.
        (late, "2027-02-27", nil), (late, "2027-02-28", nil), (late, "2027-03-01", "2027-04-01"),
        (early, "2026-09-14", "2026-09-15"), (early, "2026-09-15", nil), (early, "2026-09-16", nil),
        (early, "2026-12-30", nil), (early, "2026-12-31", nil), (early, "2027-01-01", "2027-04-01"),
        // The same days elsewhere, and where nobody knows where.
        (unnamed, "2026-09-30", "2026-10-01"), (unnamed, "2026-10-01", nil),
        (unnamed, "2026-10-14", nil), (unnamed, "2027-01-31", nil),
        (unnamed, "2027-02-01", "2027-04-01"), (unnamed, "2027-02-28", "2027-04-01"),
        (nil, "2026-09-30", "2026-10-01"), (nil, "2026-10-14", nil),
        (nil, "2027-02-28", "2027-04-01"),
        // A year for which nobody set any days, and the season of the year before.
        (late, "2024-06-01", nil), (late, "2026-02-01", "2026-10-15"),
        (unnamed, "2026-02-01", "2026-10-01"),
    ]

    @Test(arguments: boundaries.indices)
    func `a dose is of the Act on the days of the municipality alone`(_ index: Int) throws {
        let (municipality, day, from) = Self.boundaries[index]
        let answer = try Self.judge(day, in: municipality)
        let place = "\(municipality ?? "-") \(day) \(answer)"
        #expect((answer.verdict == .stop) == (from != nil), "\(place)")
        #expect((answer.leading?.rule == .season) == (from != nil), "\(place)")
        #expect(answer.earliest?.text == from, "\(place)")
    }

    @Test func `the law alone, where no days are given`() throws {
        let rules = try Self.rules()
        for day in ["2026-09-30", "2027-02-28", "2027-03-31"] {
            let question = NeedleQuestion(
                birth: try CalendarDay("1950-05-10"), history: [],
                candidate: GivenDose(
                    rules.vaccine(named: "influenza"), on: try CalendarDay(day)))
            #expect(checkBeforeNeedle(question, rules).verdict == .fine, "\(day)")
        }
    }

    @Test func `a voluntary dose is held to nobody's days`() throws {
        #expect(try Self.judge("2026-10-14", in: Self.late).verdict == .stop)
        #expect(try Self.judge("2026-10-14", in: Self.late, as: .voluntary).verdict != .stop)
    }

    /// Where somebody lives who moves on 10 October.
    private static func home(on day: String) throws -> String? {
        let told = Instant(microseconds: 0)
        return [
            Residence(
                version: 1, municipality: unnamed, from: try CalendarDay("2020-04-01"),
                knownAt: told),
            Residence(
                version: 2, municipality: late, from: try CalendarDay("2026-10-10"), knownAt: told),
        ].residence(on: try CalendarDay(day), knownBy: told)?.municipality
    }

    @Test(arguments: [
        ("2026-10-09", true), ("2026-10-10", false), ("2026-10-14", false), ("2026-10-15", true),
        ("2027-01-31", true), ("2027-02-01", true), ("2027-02-28", true), ("2027-03-01", false),
    ])
    func `whoever moves in the season is held to the days of where they live on the day`(
        day: String, isGiven: Bool
    ) throws {
        let answer = try Self.judge(day, in: Self.home(on: day))
        #expect((answer.verdict != .stop) == isGiven, "\(answer)")
    }

    @Test func `a move brings no second dose`() throws {
        let answer = try Self.judge("2026-10-20", in: Self.late, given: ["2026-10-05"])
        #expect(answer.verdict == .stop && answer.leading?.rule == .needless, "\(answer)")
        // One before the season of the law is of the last.
        let next = try Self.judge("2026-10-20", in: Self.late, given: ["2026-02-20"])
        #expect(next.verdict == .fine, "\(next)")
    }

    // MARK: What is due

    /// On a day: from when to when, and whether it is due.
    static let forecasts: [(municipality: String, today: String, given: String?, told: String?)] = [
        (unnamed, "2026-09-30", nil, "2026-10-01…2027-01-31 notYet"),
        (unnamed, "2026-10-01", nil, "2026-10-01…2027-01-31 due"),
        (unnamed, "2027-01-31", nil, "2026-10-01…2027-01-31 due"),
        (unnamed, "2027-02-01", nil, "2027-04-01…2028-03-31 notYet"),
        (late, "2026-10-01", nil, "2026-10-15…2027-02-28 notYet"),
        (late, "2026-10-14", nil, "2026-10-15…2027-02-28 notYet"),
        (late, "2026-10-15", nil, "2026-10-15…2027-02-28 due"),
        (late, "2027-02-28", nil, "2026-10-15…2027-02-28 due"),
        (late, "2027-03-01", nil, "2027-04-01…2028-03-31 notYet"),
        // Given last season, and in this one.
        (late, "2026-10-15", "2025-11-10", "2026-10-15…2027-02-28 due"),
        (late, "2026-11-15", "2026-10-15", nil),
    ]

    @Test(arguments: forecasts.indices)
    func `what is given every year is due on the days of the municipality`(_ index: Int) throws {
        let (municipality, today, given, told) = Self.forecasts[index]
        let rules = try Self.rules()
        let vaccine = rules.vaccine(named: "influenza")
        let forecast = forecastVaccinations(
            birth: try CalendarDay("1950-05-10"), sex: nil,
            history: try given.map { [GivenDose(vaccine, on: try CalendarDay($0))] } ?? [],
            today: try CalendarDay(today), seasons: rules.seasons(in: municipality), rules
        ).first { rules.programmes[$0.programme].code == "influenza-elderly" }
        let words = forecast.map {
            "\($0.earliest.text)…\($0.latest?.text ?? "") \($0.status)"
        }
        #expect(words == told, "\(municipality) \(today)")
        guard let forecast else { return }
        // The day that is told is one that the check permits.
        #expect(try Self.judge(forecast.earliest.text, in: municipality).verdict == .fine)
    }

    @Test func `whether an old dose counts is the law's to say`() throws {
        let rules = try Self.rules()
        let dose = GivenDose(
            rules.vaccine(named: "influenza"), on: try CalendarDay("2026-10-05"))
        let birth = try CalendarDay("1950-05-10")
        #expect(
            judgeHistory(birth: birth, sex: nil, history: [dose], rules).map(\.verdict) == [.fine])
        let claimed = judgeDose(
            dose, birth: birth, sex: nil, history: [], seasons: rules.seasons(in: Self.late), rules)
        #expect(claimed.leading?.rule == .season)
    }
}
