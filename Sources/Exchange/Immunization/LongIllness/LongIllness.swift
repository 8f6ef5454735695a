/// 長期療養特例: whoever could not be vaccinated in time, because of a long illness or the like, is given the time
/// again from the day on which the reason ended (予防接種法施行令3条2項). Of whom nobody recognised that, nothing here
/// is asked.
package struct LongIllness: Hashable, Sendable {
    /// 特別の事情がなくなった日: the first day of the time given again.
    package let ended: CalendarDay
    /// Codes of the schedules that it was recognised for.
    package let programmes: Set<String>
    /// A last day of the municipality's own; the law's counts where that comes first.
    package let lastDay: CalendarDay?

    package init(ended: CalendarDay, programmes: Set<String>, lastDay: CalendarDay? = nil) {
        self.ended = ended
        self.programmes = programmes
        self.lastDay = lastDay
    }
}

/// 特例の決まり: a row of `long-term-illness.json`.
struct LongIllnessRule: Sendable {
    let code: String
    /// Codes of schedules.
    let programmes: Set<String>
    /// 起算して二年: the day on which the reason ended is the first of them.
    let months: Int
    /// 十五歳に達するまで.
    let until: DayBound?
    /// The law in force on the day of the dose; days since 1970.
    let effective: ClosedRange<Int>
    let source: RuleSource
}

/// 特例の期間 of one schedule for one person; days since 1970, both inclusive.
struct LatePeriod: Hashable, Sendable {
    let from: Int
    let to: Int
    /// In `ImmunizationRules.longIllness`.
    let row: Int

    /// 対象者であった間に: the usual period had begun before the reason ended.
    fileprivate func concerns(_ window: ClosedRange<Int>) -> Bool { window.lowerBound <= from }
}

extension [LatePeriod] {
    /// The usual period, and, once the reason has ended by `day`, the time given again behind it. In between
    /// the reason still stood; a day of it is asked about as itself, so it is never taken in.
    func widening(_ window: ClosedRange<Int>, on day: Int) -> ClosedRange<Int> {
        guard let period = widest(window, on: day) else { return window }
        return window.lowerBound...period.to
    }

    /// The row of the law that `widening` went by.
    func row(widening window: ClosedRange<Int>, on day: Int) -> Int? {
        widest(window, on: day)?.row
    }

    /// Of those that have begun and reach beyond the usual period, the one that lasts longest.
    private func widest(_ window: ClosedRange<Int>, on day: Int) -> LatePeriod? {
        var widest: LatePeriod?
        for period in self where period.from <= day && period.concerns(window) {
            if period.to > widest?.to ?? window.upperBound { widest = period }
        }
        return widest
    }

    /// The first that begins after a day on which nothing is open.
    func next(after day: Int, _ window: ClosedRange<Int>) -> LatePeriod? {
        first { $0.from > day && $0.to > window.upperBound && $0.concerns(window) }
    }
}

extension DoseWindow {
    /// With the time given again; the usual days where there is none.
    @inline(__always)
    func days(for person: PersonDays, _ late: [LatePeriod], on day: Int) -> ClosedRange<Int>? {
        guard let days = days(for: person) else { return nil }
        return late.isEmpty ? days : late.widening(days, on: day)
    }
}

extension ImmunizationRules {
    /// In order of their first days. What is counted from an unknown birth is nobody's.
    func latePeriods(
        of schedule: Int, for illnesses: [LongIllness], _ person: PersonDays
    ) -> [LatePeriod] {
        let code = programmes[schedule].code
        var periods: [LatePeriod] = []
        for illness in illnesses where illness.programmes.contains(code) {
            for row in longIllness.indices where longIllness[row].programmes.contains(code) {
                let rule = longIllness[row]
                // 初日算入: two years from 1 April end on 31 March.
                var last = illness.ended.anniversaryNumber(months: rule.months) - 1
                if let until = rule.until {
                    guard let age = until.day(for: person) else { continue }
                    last = min(last, age)
                }
                if let own = illness.lastDay { last = min(last, own.daysSince1970) }
                let first = max(illness.ended.daysSince1970, rule.effective.lowerBound)
                last = min(last, rule.effective.upperBound)
                guard first <= last else { continue }
                periods.append(LatePeriod(from: first, to: last, row: row))
            }
        }
        return periods.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }

    /// Codes of the schedules for which a municipality may recognise somebody.
    package var longIllnessProgrammes: Set<String> {
        longIllness.reduce(into: []) { $0.formUnion($1.programmes) }
    }

    /// `MR`, `5種` or `mr`: the schedules that it is recognised for; `nil` for a name nobody knows, and for
    /// what the special case leaves out (ロタウイルス).
    func longIllnessProgrammes(named name: String) -> Set<String>? {
        let open = longIllnessProgrammes
        if open.contains(name) { return [name] }
        guard let named = vaccine(named: name) else { return nil }
        let codes = programmes(giving: named.vaccine, as: .routine).map { programmes[$0].code }
        let found = open.intersection(codes)
        return found.isEmpty ? nil : found
    }
}

extension NeedleCheck {
    /// What the Act does not pay for has no period to keep, so none is given again.
    func latePeriods(of schedule: Int) -> [LatePeriod] {
        guard !question.longIllnesses.isEmpty, question.basis == .routine else { return [] }
        return rules.latePeriods(of: schedule, for: question.longIllnesses, person)
    }
}
