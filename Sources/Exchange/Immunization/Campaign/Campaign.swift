/// 年度ごとの接種の一期: one season of schedules that are given every year, from
/// `profiles/immunization/campaigns/<campaign>.json`. In its days the vaccines that they give
/// have questionnaires of their own (`<version>-<season>`), so that nobody is vaccinated on last season's
/// answers. The law leaves the days to each municipality (予防接種法5条1項): some share those of the file, and
/// some have their own.
package struct Campaign: Hashable, Sendable {
    package let code: String
    package let name: BilingualText
    /// `2026`: what the versions of its questionnaires end with.
    package let season: String
    /// Schedules of `immunization/schedule/`.
    package let programmes: [String]
    /// Of every municipality without days of its own, and where none is known.
    let effective: EffectivePeriod
    let notice: BilingualText
    /// 市区町村が定めた期間, by 全国地方公共団体コード: those of the file, and in their place what a municipality
    /// registered itself.
    private(set) var own: [String: OwnDays]
    /// Those of the file alone.
    private let listed: [String: OwnDays]
    private(set) var registered: [String: OwnDays] = [:]
    package let source: RuleSource
    /// What the schedules give in it, wherever it is given.
    private(set) var vaccines: [Vaccine.ID]

    /// 市区町村が定めた期間: what some municipalities say instead. The words of a notice say the days, so they have
    /// their own.
    struct OwnDays: Hashable, Sendable {
        /// Its place in the list of the file; none of what the municipality registered.
        let row: Int?
        let effective: EffectivePeriod
        let notice: BilingualText
    }

    init(
        code: String, name: BilingualText, season: String, programmes: [String],
        effective: EffectivePeriod, notice: BilingualText, listed: [String: OwnDays],
        source: RuleSource, vaccines: [Vaccine.ID]
    ) {
        self.code = code
        self.name = name
        self.season = season
        self.programmes = programmes
        self.effective = effective
        self.notice = notice
        self.listed = listed
        own = listed
        self.source = source
        self.vaccines = vaccines
    }

    /// 登録: what a municipality says itself stands in the place of what the file says of it. `known` are the
    /// schedules. Throws for days that the law does not give all that this season is of.
    mutating func register(
        _ days: OwnDays, of municipality: String, _ known: [Programme]
    ) throws(SeasonFault) {
        let given = programmes.compactMap { code in known.first { $0.code == code } }
        for vaccine in try given.vaccines(given: days.effective, in: effective)
        where !vaccines.contains(vaccine) { vaccines.append(vaccine) }
        registered[municipality] = days
        own[municipality] = days
    }

    /// 取消: the file counts again. Returns false where nothing was registered.
    mutating func withdraw(of municipality: String) -> Bool {
        own[municipality] = listed[municipality]
        return registered.removeValue(forKey: municipality) != nil
    }

    /// Whether they share a vaccine, and a day in this municipality.
    func meets(_ other: Campaign, in municipality: String) -> Bool {
        other.vaccines.contains(where: vaccines.contains)
            && other.effective(in: municipality).overlaps(effective(in: municipality))
    }

    /// The days on which a municipality gives it.
    package func effective(in municipality: String?) -> EffectivePeriod {
        municipality.flatMap { own[$0] }?.effective ?? effective
    }

    /// お知らせの言葉: what whomever a municipality invites reads that they are invited to.
    package func notice(of municipality: String?) -> BilingualText {
        municipality.flatMap { own[$0] }?.notice ?? notice
    }

    /// Of a version of a questionnaire, the days on which this season asks it in a municipality.
    func days(of questionnaire: ScreeningQuestionnaire, in municipality: String?)
        -> EffectivePeriod?
    {
        effective(in: municipality).shared(with: questionnaire.effective)
    }

    /// Whether it asks this version of a questionnaire anywhere at all.
    func asks(_ questionnaire: ScreeningQuestionnaire) -> Bool {
        effective.overlaps(questionnaire.effective)
            || own.values.contains { $0.effective.overlaps(questionnaire.effective) }
    }
}

extension ImmunizationRules {
    package func campaign(_ code: String) -> Campaign? { campaigns.first { $0.code == code } }

    /// 妊娠ごとの接種の案内: schedules, and seasons of nothing else; whoever reads of one reads of a pregnancy.
    package var invitationsOfPregnancy: [String] {
        let schedules = programmes.filter(\.isOfPregnancy).map(\.code)
        return schedules
            + campaigns.filter { $0.programmes.allSatisfy { schedules.contains($0) } }.map(\.code)
    }

    /// The season of a schedule that a day lies in, by the days of a municipality.
    package func campaign(
        of programme: String, on day: CalendarDay, in municipality: String? = nil
    ) -> Campaign? {
        campaigns.first {
            $0.programmes.contains(programme) && $0.effective(in: municipality).contains(day)
        }
    }

    /// 接種期間 of a municipality; where none is known, those of all that set none of their own.
    package func seasons(in municipality: String?) -> MunicipalSeasons {
        municipality.flatMap { ownSeasons[$0] } ?? commonSeasons
    }
}
