/// 接種前確認の答え: a verdict for each rule that has something to say, the worst of them first, and the
/// earliest day on which the schedule would permit the dose.
package struct NeedleAnswer: Hashable, Sendable {
    /// Sorted: stop before caution before fine, then by rule.
    package let findings: [NeedleFinding]
    package let verdict: NeedleVerdict
    /// The first day, not before the candidate's own, that no rule of the schedule stops; `nil` when
    /// nothing is to be waited for, when waiting does not help, or when the dates are not known.
    package let earliest: CalendarDay?
    /// The schedule the dose was judged by, as a place in `ImmunizationRules.programmes`.
    package let programme: Int?

    init(worstFirst findings: [NeedleFinding], earliest: CalendarDay?, programme: Int?) {
        var sorted: [NeedleFinding] = []
        sorted.reserveCapacity(findings.count)
        for verdict in [NeedleVerdict.stop, .caution, .fine] {
            for finding in findings where finding.verdict == verdict { sorted.append(finding) }
        }
        self.findings = sorted
        verdict = sorted.first?.verdict ?? .fine
        self.earliest = earliest
        self.programme = programme
    }

    /// What to show when only one thing fits.
    package var leading: NeedleFinding? { findings.first }
}

/// 可否: the worst of all findings is the verdict of the whole.
package enum NeedleVerdict: String, CaseIterable, Hashable, Comparable, Sendable {
    case fine, caution, stop

    package static func < (left: NeedleVerdict, right: NeedleVerdict) -> Bool {
        left.rank < right.rank
    }

    private var rank: Int {
        switch self {
        case .fine: 0
        case .caution: 1
        case .stop: 2
        }
    }
}

/// The closed set of what can be found; words, verdict and source are `profiles/immunization/rules.json`.
package enum NeedleRule: String, CaseIterable, Hashable, Sendable {
    case wrongPerson = "wrong-person"
    case beforeBirth = "before-birth"
    case futureDate = "future-date"
    case vaccineUnknown = "vaccine-unknown"
    case productNotRoutine = "product-not-routine"
    case sex
    case cohort
    case tooEarly = "too-early"
    case tooLate = "too-late"
    case season
    case duplicate
    case needless
    case interval
    /// 間隔がそろう前に終わる対象期間: the interval can be waited for, and then the Act pays no more.
    case windowEndsFirst = "window-ends-first"
    case intervalBetweenVaccines = "interval-between-vaccines"
    case product
    case lotExpired = "lot-expired"
    case fever
    case consentMissing = "consent-missing"
    case answer = "questionnaire-answer"
    case concern = "questionnaire-concern"
    case intervalIfDoctorAgrees = "interval-if-doctor-agrees"
    case componentComplete = "component-complete"
    case startedLate = "started-late"
    case order
    case condition
    case historyUnknown = "history-unknown"
    case historyPartial = "history-partial"
    case historyGap = "history-gap"
    case historyImpossibleDay = "history-impossible-day"
    case historyLaterDose = "history-later-dose"
    case birthUnknown = "birth-unknown"
    case birthStated = "birth-stated"
    /// 長期療養特例: past the usual window, within the time given again.
    case longIllness = "long-term-illness"
    case sexUnknown = "sex-unknown"
    case dateUnknown = "date-unknown"
    case productUnknown = "product-unknown"
    case monthEnd = "month-end-convention"
    case voluntary
    /// 送られていないこと: of a check on the wire alone (`NeedleRequest.unsaid`).
    case expiryUnsaid = "expiry-unsaid"
    case temperatureUnsaid = "temperature-unsaid"
    case answersUnsaid = "answers-unsaid"

    static let ofUnsaid: [NeedleRule] = [.expiryUnsaid, .temperatureUnsaid, .answersUnsaid]

    /// 定期接種の対象でないこと: not a reason to stop a voluntary dose.
    var concernsRoutineOnly: Bool {
        switch self {
        case .productNotRoutine, .sex, .cohort, .tooEarly, .tooLate, .season, .condition: true
        default: false
        }
    }
}

/// One thing found. Numbers only: words are made when somebody reads them.
package struct NeedleFinding: Hashable, Sendable {
    package let rule: NeedleRule
    package var verdict: NeedleVerdict
    /// Days since 1970. `earliest`: when this rule alone would permit it; `latest`: the last day it
    /// did.
    package var earliest: Int?
    package var latest: Int?
    package var interval: DoseInterval?
    /// The other dose it was held against.
    package var otherVaccine: Vaccine.ID?
    package var otherDay: Int?
    package var place: Place?
    /// The row of `intervals.json`, `contraindications.json`, `long-term-illness.json` or of the mixing
    /// rules, or the place in `ImmunizationRules.concerns`.
    package var row: Int?

    init(_ rule: NeedleRule, _ verdict: NeedleVerdict) {
        self.rule = rule
        self.verdict = verdict
    }

    /// Where in the schedule the dose was judged.
    package struct Place: Hashable, Sendable {
        package let programme: Int
        package let version: Int
        package let course: Int
        /// `nil`: behind the last dose, or before any was looked for.
        package var dose: Int?
    }

    /// When to come back; nothing where the Act pays no more by then.
    package var earliestDay: CalendarDay? {
        endsFirst ? nil : earliest.map(CalendarDay.init(daysSince1970:))
    }
    /// 間隔がそろう前に終わる対象期間: to the dose before, or to another vaccine; `latest` is then its last day.
    var endsFirst: Bool {
        rule == .windowEndsFirst || (rule == .intervalBetweenVaccines && latest != nil)
    }
    package var latestDay: CalendarDay? { latest.map(CalendarDay.init(daysSince1970:)) }

    /// Waiting does not help.
    var isFinal: Bool { verdict == .stop && earliest == nil }
}
