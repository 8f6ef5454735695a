/// 年度ごとの接種の一期: one season of schedules that are given every year, from
/// `profiles/immunization/campaigns/<campaign>.json`. In its days the vaccines that they give
/// have questionnaires of their own (`<version>-<season>`), so that nobody is vaccinated on last season's
/// answers.
package struct Campaign: Hashable, Sendable {
    package let code: String
    package let name: BilingualText
    /// `2026`: what the versions of its questionnaires end with.
    package let season: String
    /// Schedules of `immunization/schedule/`.
    package let programmes: [String]
    package let effective: EffectivePeriod
    /// お知らせの言葉: what whoever is invited reads that they are invited to.
    package let notice: BilingualText
    package let source: RuleSource
    /// What the schedules give in it.
    let vaccines: [Vaccine.ID]

    /// Of a version of a questionnaire, the days on which this season asks it.
    func days(of questionnaire: ScreeningQuestionnaire) -> EffectivePeriod? {
        guard effective.overlaps(questionnaire.effective) else { return nil }
        let last = [effective.to, questionnaire.effective.to].compactMap(\.self).min()
        return EffectivePeriod(
            from: max(effective.from, questionnaire.effective.from), to: last)
    }
}

extension RuleFolder {
    /// Two seasons of one schedule never overlap, and none reaches beyond the days that the law gives the
    /// schedule.
    func campaigns(_ programmes: [Programme]) throws(RuleFault) -> [Campaign] {
        var campaigns: [Campaign] = []
        for file in try readers(in: "immunization/campaigns/") {
            let campaign = try Campaign(reading: file, programmes)
            for other in campaigns {
                guard other.code != campaign.code else {
                    throw file.fault("campaign", "is given twice")
                }
                guard other.vaccines.allSatisfy({ !campaign.vaccines.contains($0) }) else {
                    guard other.season != campaign.season else {
                        throw file.fault("season", "is that of \(other.code), too")
                    }
                    guard !other.effective.overlaps(campaign.effective) else {
                        throw file.fault("effectiveFrom", "overlaps \(other.code)")
                    }
                    continue
                }
            }
            campaigns.append(campaign)
        }
        return campaigns
    }
}

extension Campaign {
    fileprivate init(reading file: RuleReader, _ known: [Programme]) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "campaign", "name", "season", "programmes",
            "effectiveFrom", "effectiveTo", "notice",
        ])
        code = try file.string("campaign")
        name = try file.text("name")
        season = try file.string("season")
        guard season.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw file.fault("season", "is no number")
        }
        let effective = try file.effectivePeriod()
        guard let last = effective.to else {
            throw file.fault("effectiveTo", "is missing: a season ends")
        }
        self.effective = effective
        notice = try file.text("notice")
        source = try file.source()
        let codes = try file.strings("programmes")
        guard !codes.isEmpty else { throw file.fault("programmes", "is empty") }
        var vaccines: [Vaccine.ID] = []
        let days = effective.from.daysSince1970...last.daysSince1970
        for code in codes {
            guard let programme = known.first(where: { $0.code == code }) else {
                throw file.fault("programmes", "is unknown: \(code)")
            }
            for vaccine in try programme.given(in: days, file) where !vaccines.contains(vaccine) {
                vaccines.append(vaccine)
            }
        }
        programmes = codes
        self.vaccines = vaccines
    }
}

extension Programme {
    fileprivate func given(
        in days: ClosedRange<Int>, _ file: RuleReader
    ) throws(RuleFault) -> [Vaccine.ID] {
        let inForce = versions.filter { $0.effective.overlaps(days) }
        guard !inForce.isEmpty else {
            throw file.fault("programmes", "is not in force: \(code)")
        }
        for version in inForce {
            guard let season = version.season else {
                throw file.fault("programmes", "is not given every year: \(code)")
            }
            let year = season.around(days.lowerBound)
            guard year.contains(days.lowerBound), year.contains(days.upperBound) else {
                throw file.fault("effectiveTo", "reaches beyond the season of \(code)")
            }
        }
        return inForce.flatMap(\.gives)
    }
}

extension ImmunizationRules {
    package func campaign(_ code: String) -> Campaign? { campaigns.first { $0.code == code } }

    /// The season of a schedule that a day lies in.
    package func campaign(of programme: String, on day: CalendarDay) -> Campaign? {
        campaigns.first { $0.programmes.contains(programme) && $0.effective.contains(day) }
    }
}
