/// 市区町村の接種期間: on which days one municipality gives what is given every year. The check is given these
/// days as facts: it knows no municipality, and looks nothing up.
package struct MunicipalSeasons: Hashable, Sendable {
    /// By the place of the schedule in `ImmunizationRules.programmes`: days since 1970, in their order.
    private let periods: [Int: [ClosedRange<Int>]]

    /// 法の定める期間: of no municipality.
    package static let ofTheLaw = MunicipalSeasons(periods: [:])

    /// The days on which a schedule is given that hold a day, or else the next ones. In a year for which the
    /// municipality has none they are the law's.
    func days(
        of programme: Int, _ season: ProgrammeVersion.Season, around day: Int
    ) -> ClosedRange<Int> {
        let year = season.around(day)
        let given = periods[programme] ?? []
        let ofYear = given.filter { year.contains($0.lowerBound) }
        if ofYear.isEmpty { return year }
        if let next = ofYear.first(where: { day <= $0.upperBound }) { return next }
        let following = season.around(year.upperBound + 1)
        return given.first { following.contains($0.lowerBound) } ?? following
    }
}

extension MunicipalSeasons {
    init(
        of campaigns: [Campaign], _ programmes: [Programme], in municipality: String? = nil
    ) {
        var periods: [Int: [ClosedRange<Int>]] = [:]
        for (place, programme) in programmes.enumerated() {
            let given = campaigns.filter { $0.programmes.contains(programme.code) }
            guard !given.isEmpty else { continue }
            periods[place] = given.map { $0.effective(in: municipality).days }
                .sorted { $0.lowerBound < $1.lowerBound }
        }
        self.init(periods: periods)
    }
}
