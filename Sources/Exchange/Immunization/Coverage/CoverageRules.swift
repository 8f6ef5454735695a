/// 接種率の公表の決まり: from how many people on a figure is told, and how it is rounded. From
/// `profiles/immunization/coverage.json`.
package struct CoverageRules: Hashable, Sendable {
    /// 秘匿: below it a figure is not told, and every figure is a multiple of it.
    package let least: Int
    package let source: RuleSource

    /// The nearest multiple of `least`; `nil` below it. A multiple of what is withheld leaves whoever
    /// subtracts one figure from another, or a month from the next, nothing smaller than what is withheld.
    func told(_ count: Int) -> Int? {
        count < least ? nil : (count + least / 2) / least * least
    }
}

/// 接種率の一欄, as it was counted: of one year of birth, one schedule and one dose.
package struct CoverageCount: Hashable, Sendable {
    /// Whom the figures are of.
    package enum Area: Hashable, Sendable {
        case nation
        /// 全国地方公共団体コード.
        case municipality(String)
    }

    package let area: Area
    /// 生年度: born from 2 April of this year to 1 April of the next, as school years are.
    package let cohort: Int
    package let programme: String
    /// 何回目; 0 where the records do not say.
    package let dose: Int
    /// Who lived there on the last day of the month.
    package let population: Int
    /// Who of them had the dose by then, wherever it was given.
    package let vaccinated: Int

    package init(
        area: Area, cohort: Int, programme: String, dose: Int, population: Int, vaccinated: Int
    ) {
        self.area = area
        self.cohort = cohort
        self.programme = programme
        self.dose = dose
        self.population = population
        self.vaccinated = vaccinated
    }
}

/// 接種率の対象: whom a schedule is for, and since when its doses count, at the end of a month.
package struct CoverageScope: Hashable, Sendable {
    package let programme: String
    /// `nil`: of either sex.
    package let sex: ResidentSex?
    /// 接種期間の初日: who had it in an earlier season is not yet vaccinated in this one.
    package let since: CalendarDay?
}

extension ImmunizationRules {
    /// Of every schedule of the Act, by its law of that day, or the last before it where it is over. Of
    /// voluntary doses only those are known that some municipality pays for, and that is no coverage.
    package func coverageScopes(on day: CalendarDay) -> [CoverageScope] {
        programmes.filter { $0.category != .voluntary }.map { programme in
            let version = programme.versions.filter {
                $0.effective.lowerBound <= day.daysSince1970
            }.max { $0.effective.lowerBound < $1.effective.lowerBound }
            let season = version?.season?.begun(by: day.daysSince1970)
            return CoverageScope(
                programme: programme.code, sex: version?.eligibility.sex,
                since: season.map { CalendarDay(daysSince1970: $0.lowerBound) })
        }
    }
}

/// 公表する接種率: the figures of a closed month. What is not listed is of fewer people than `least`, or of nobody:
/// which of the two is not said.
package struct CoverageReport: Hashable, Sendable {
    package struct Cell: Hashable, Sendable {
        package let area: CoverageCount.Area
        package let cohort: Int
        package let programme: String
        package let dose: Int
        package let population: Int
        package let vaccinated: Int

        /// In tenths of a percent.
        package var perMille: Int { (vaccinated * 1000 + population / 2) / population }

        init?(_ count: CoverageCount, _ rules: CoverageRules) {
            guard let population = rules.told(count.population),
                let vaccinated = rules.told(count.vaccinated)
            else { return nil }
            area = count.area
            cohort = count.cohort
            programme = count.programme
            dose = count.dose
            self.population = population
            self.vaccinated = min(vaccinated, population)
        }
    }

    package let month: ServiceMonth
    package let counted: Instant
    package let cells: [Cell]

    package init(
        _ counts: [CoverageCount], month: ServiceMonth, counted: Instant, _ rules: CoverageRules
    ) {
        self.month = month
        self.counted = counted
        cells = counts.compactMap { Cell($0, rules) }
    }
}

extension RuleFolder {
    func coverageRules() throws(RuleFault) -> CoverageRules {
        let file = try file("immunization/coverage.json")
        try file.requireOnly(["source", "verified", "note", "least"])
        return CoverageRules(least: try file.int("least", in: 3...1000), source: try file.source())
    }
}
