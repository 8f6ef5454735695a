/// 副反応疑いの決まり (予防接種法施行規則5条): which symptom after which vaccine must be reported when it begins within
/// which time. From `profiles/immunization/reactions.json`.
package struct ReactionRules: Sendable {
    package struct Symptom: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
    }

    struct Period: Sendable {
        let symptom: String
        let vaccines: VaccineSet
        /// Whatever the vaccine is, known or not.
        let isOfAll: Bool
        let limit: ReactionLimit
        let source: RuleSource
    }

    package let symptoms: [Symptom]
    let periods: [Period]
    /// 報告書の項目, in its order.
    let form: [ReactionForm.Item]

    func symptom(_ code: String) -> Symptom? { symptoms.first { $0.code == code } }
}

/// 期間: from the dose to the first sign.
struct ReactionLimit: Hashable, Sendable {
    private enum Unit: String, Hashable {
        case minutes = "min"
        case hours = "h"
        case days = "d"
        case months = "mo"
        case years = "y"
    }

    private let count: Int
    private let unit: Unit

    /// `30min`, `4h`, `28d`, `3mo`, `2y`; `nil` for anything else.
    init?(_ text: String) {
        let digits = text.prefix { ("0"..."9").contains($0) }
        guard let count = Int(digits), (1...3660).contains(count),
            let unit = Unit(rawValue: String(text.dropFirst(digits.count)))
        else { return nil }
        self.count = count
        self.unit = unit
    }

    /// Where a time of day is not known, whatever it may have been counts: a duty must not be missed for
    /// want of a clock.
    func holds(from given: GivenTime, to onset: GivenTime) -> Bool {
        switch unit {
        case .days:
            guard let first = given.day, let day = onset.day else { return true }
            return day.daysSince1970 - first.daysSince1970 <= count
        case .months: return holds(months: count, from: given, to: onset)
        case .years: return holds(months: count * 12, from: given, to: onset)
        case .minutes: return holds(minutes: count, from: given, to: onset)
        case .hours: return holds(minutes: count * 60, from: given, to: onset)
        }
    }

    private func holds(minutes: Int, from given: GivenTime, to onset: GivenTime) -> Bool {
        guard let first = given.latest, let begun = onset.earliest else { return true }
        return begun.microseconds - first.microseconds <= Int64(minutes) * 60_000_000
    }

    /// 応当日 is within: the day of the dose itself is not counted (民法140条), as in days.
    private func holds(months: Int, from given: GivenTime, to onset: GivenTime) -> Bool {
        guard let first = given.day, let day = onset.day else { return true }
        return day <= first.anniversary(months: months)
    }
}

extension GivenTime {
    fileprivate var instant: Instant? {
        text.utf8.count > 10 ? try? Instant(text, item: "dateTime") : nil
    }

    fileprivate var earliest: Instant? { instant ?? firstDay.map(Instant.startOfDay) }

    fileprivate var latest: Instant? {
        instant ?? day.map { Instant.startOfDay($0.adding(days: 1)) }
    }

    /// It surely lies before the other.
    func isBefore(_ other: GivenTime) -> Bool {
        guard let last = latest, let first = other.earliest else { return false }
        // The end of a day is the beginning of the next.
        return instant == nil ? last <= first : last < first
    }
}

/// 報告の要否: how a report stands to the legal period; the raw value is the code on the wire.
package enum ReactionStanding: String, CaseIterable, Hashable, Sendable {
    case withinPeriod = "within-period"
    case outsidePeriod = "outside-period"
    /// The rules hold no period for the symptom after these vaccines, which says nothing of the ordinance.
    case noPeriod = "no-period"

    package var text: BilingualText {
        switch self {
        case .withinPeriod:
            BilingualText(
                ja: "予防接種法施行規則5条の期間内の症状です。PMDAへの副反応疑い報告が義務です。市区町村にはこの記録が届きます。",
                en:
                    "The symptom began within the period of the ordinance (art. 5): the report "
                    + "to PMDA is a duty. The municipality receives this record.")
        case .outsidePeriod:
            BilingualText(
                ja: "施行規則5条の期間を過ぎた症状です。予防接種との関連性が高いと認めるときは、PMDAに報告してください。",
                en:
                    "The symptom began after the period of the ordinance (art. 5). Report it "
                    + "to PMDA where you hold it likely that the vaccination is the cause.")
        case .noPeriod:
            BilingualText(
                ja: "この症状とワクチンの期間は、このゲートウェイにはありません。期間の定めは施行規則5条で確かめてください。定めの期間内のとき、"
                    + "または予防接種との関連性が高いと認めるときは、PMDAに報告してください。",
                en:
                    "The gateway holds no period for this symptom after these vaccines. Look it up in "
                    + "art. 5 of the ordinance. Report it to PMDA if it began within the period there, "
                    + "or where you hold it likely that the vaccination is the cause.")
        }
    }
}

extension ImmunizationRules {
    /// By the dose for which the duty is the strictest. A vaccine that nobody here knows is under the
    /// periods of every vaccine alone.
    package func standing(of reaction: VaccineReaction) -> ReactionStanding {
        var standing = ReactionStanding.noPeriod
        for dose in reaction.doses {
            let vaccine = vaccine(named: dose.vaccine)?.vaccine
            for period in reactions.periods where period.symptom == reaction.symptom {
                guard period.isOfAll || vaccine.map(period.vaccines.contains) == true else {
                    continue
                }
                if period.limit.holds(from: dose.given, to: reaction.onset) { return .withinPeriod }
                standing = .outsidePeriod
            }
        }
        return standing
    }
}

extension RuleFolder {
    func reactionRules(_ register: VaccineRegister) throws(RuleFault) -> ReactionRules {
        let file = try file("immunization/reactions.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "symptoms", "periods", "form"])
        let symptoms = try file.rows("symptoms", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name"])
            return ReactionRules.Symptom(code: try row.string("code"), name: try row.text("name"))
        }
        var periods: [ReactionRules.Period] = []
        for row in try file.children("periods") {
            try row.requireOnly(["symptom", "vaccines", "within", "source", "verified"])
            let symptom = try row.string("symptom")
            guard symptoms.contains(where: { $0.code == symptom }) else {
                throw row.fault("symptom", "is unknown: \(symptom)")
            }
            guard let limit = ReactionLimit(try row.string("within")) else {
                throw row.fault("within", "is no time like 4h or 28d")
            }
            periods.append(
                ReactionRules.Period(
                    symptom: symptom, vaccines: try register.set(row, "vaccines"),
                    isOfAll: try row.strings("vaccines") == ["all"], limit: limit,
                    source: try row.source()))
        }
        return ReactionRules(
            symptoms: symptoms, periods: periods, form: try file.reactionForm())
    }
}
