/// 年月だけの接種歴: doses of which no day is known, as old ledgers (予防接種台帳) hold them. The candidate is
/// judged by the days that they can have been: what holds for all of these is said, and where the missing
/// day would change it nobody is stopped and nobody is told that it is fine.
struct UnsureDays {
    /// A dose of the history that can have been given on any day between two; days since 1970.
    private struct Dose {
        /// In the history.
        let place: Int
        let vaccine: Vaccine.ID
        let number: Int
        let days: ClosedRange<Int>
    }

    private let question: NeedleQuestion
    private let rules: ImmunizationRules
    private let isRecord: Bool
    private let doses: [Dose]
    /// Doses whose day and number are known, the candidate among them.
    private let numbered: [KnownDose]
    private let day: Int

    /// `nil` where each day that matters is known, or the candidate has none that anything could hang on.
    init?(_ question: NeedleQuestion, _ rules: ImmunizationRules, isRecord: Bool) {
        guard question.history.contains(where: { $0.day == nil }),
            let day = question.candidate.day?.daysSince1970,
            let candidate = question.candidate.vaccine
        else { return nil }
        var doses: [Dose] = []
        var placed = question
        for place in question.history.indices {
            let dose = question.history[place]
            guard dose.day == nil, let vaccine = dose.vaccine,
                let days = question.possibleDays(of: dose, until: day)
            else { continue }
            // Of a dose that is nothing to the candidate, any day will do.
            placed.history[place].day = CalendarDay(daysSince1970: days.lowerBound)
            placed.history[place].days = nil
            guard rules.mayMatter(vaccine, until: days.upperBound, to: candidate, on: day, question)
            else { continue }
            doses.append(
                Dose(place: place, vaccine: vaccine, number: dose.number ?? 0, days: days))
        }
        guard !doses.isEmpty else { return nil }
        // The order of the history never matters.
        doses.sort {
            ($0.days.lowerBound, $0.days.upperBound, $0.vaccine.index, $0.number)
                < ($1.days.lowerBound, $1.days.upperBound, $1.vaccine.index, $1.number)
        }
        numbered = (question.history + [question.candidate]).compactMap { dose in
            guard let vaccine = dose.vaccine, let day = dose.day, let number = dose.number else {
                return nil
            }
            return KnownDose(vaccine: vaccine, day: day.daysSince1970, number: number)
        }
        self.question = placed
        self.rules = rules
        self.isRecord = isRecord
        self.doses = doses
        self.day = day
    }

    /// `left`: how many ways whoever asks may still have tried; once none are left, only the first and the
    /// last days are.
    func answer(within left: inout Int) -> NeedleAnswer {
        let isCounted = doses.count <= Self.dosesMax && left > 0
        let ways = (isCounted ? possible : ends).sorted {
            let (one, other) = ($0.reduce(0, +), $1.reduce(0, +))
            return one == other ? $0.lexicographicallyPrecedes($1) : one < other
        }
        left -= ways.count
        let found = ways.map { Set(check($0).findings.map(Said.init)) }
        let common = found.dropFirst().reduce(found.first ?? []) { $0.intersection($1) }
        let verdicts = Set(found.map { $0.map(\.verdict).max() ?? .fine })
        let late = ways.last ?? []
        let told = told(by: late, orBy: ways.first ?? late)
        guard let verdict = verdicts.first, verdicts.count == 1, isCounted || verdict == .stop
        else { return unsure(told, of: common, assuming: late) }
        var earliest: CalendarDay?
        if let last = told.earliest, let first = check(ways[0]).answer().earliest {
            earliest = max(last, first)
        }
        return sure(told, verdict, of: common, assuming: late, earliest: earliest)
    }

    /// As of the last days; a gap that hides a dose beside the first days alone is told, too.
    private func told(by late: [Int], orBy first: [Int]) -> NeedleAnswer {
        let told = check(late, withGaps: true).answer()
        guard !question.gaps.isEmpty, !told.findings.contains(where: { $0.rule == .historyGap }),
            let gap = check(first, withGaps: true).findings.first(where: { $0.rule == .historyGap })
        else { return told }
        return NeedleAnswer(
            worstFirst: told.findings + [gap], earliest: told.earliest, programme: told.programme)
    }

    /// Twice as many as a schedule has. Each is tried on at most 35 days, beside four ways of the others:
    /// some thousand checks at most. Of more, nobody counts the ways.
    private static let dosesMax = 8

    /// 一つの問合せで試す限り: of all the candidates, or all the doses of a history, of one request together. A way
    /// takes 5 to 20 microseconds, so these, and the last answer that began before they were gone, take some
    /// 50 milliseconds. A whole childhood of months alone (27 doses) takes some 1,100; a hundred years alone,
    /// made up to keep everybody waiting, would take a hundred thousand.
    static let waysMax = 2_000

    /// What is found, whatever days it speaks of.
    private struct Said: Hashable {
        let rule: NeedleRule
        let row: Int?
        let verdict: NeedleVerdict

        init(_ finding: NeedleFinding) {
            rule = finding.rule
            row = finding.row
            verdict = finding.verdict
        }
    }

    // MARK: What is answered

    /// The same by every day; `told` by the latest, so that nobody is called back too early. Where one rule
    /// says it by every day, what others say by some days alone is left out.
    private func sure(
        _ told: NeedleAnswer, _ verdict: NeedleVerdict, of common: Set<Said>, assuming days: [Int],
        earliest: CalendarDay?
    ) -> NeedleAnswer {
        var partial = rules.finding(.historyPartial)
        var findings = told.findings.filter { !isNote($0) }
        if verdict == .fine || common.contains(where: { $0.verdict == verdict }) {
            let kept = findings.filter { isCertain($0, by: common) }
            if kept.count < findings.count, verdict != .fine { partial.verdict = .caution }
            findings = kept
        }
        return NeedleAnswer(
            worstFirst: findings.map { without(days, $0) } + [partial], earliest: earliest,
            programme: told.programme)
    }

    private func unsure(
        _ told: NeedleAnswer, of common: Set<Said>, assuming days: [Int]
    ) -> NeedleAnswer {
        var partial = rules.finding(.historyPartial)
        partial.verdict = .caution
        let kept = told.findings.filter { !isNote($0) && isCertain($0, by: common) }
        return NeedleAnswer(
            worstFirst: [partial] + kept.map { without(days, $0) }, earliest: nil,
            programme: told.programme)
    }

    /// Of the history as a whole; that of a dose number that was passed over has a place.
    private func isNote(_ finding: NeedleFinding) -> Bool {
        finding.rule == .historyPartial && finding.place == nil
    }

    private func isCertain(_ finding: NeedleFinding, by common: Set<Said>) -> Bool {
        finding.rule == .historyGap || common.contains(Said(finding))
    }

    /// A day that was assumed is nobody's word.
    private func without(_ days: [Int], _ finding: NeedleFinding) -> NeedleFinding {
        let isAssumed = zip(doses, days).contains { dose, day in
            finding.otherDay == day && (finding.otherVaccine ?? dose.vaccine) == dose.vaccine
        }
        guard isAssumed else { return finding }
        var finding = finding
        finding.otherDay = nil
        return finding
    }

    /// `days` by the order of `doses`. A record is judged by what came before it.
    private func check(_ days: [Int], withGaps: Bool = false) -> NeedleCheck {
        var question = question
        for (dose, day) in zip(doses, days) {
            question.history[dose.place].day = CalendarDay(daysSince1970: day)
        }
        if isRecord {
            question.history.removeAll { $0.day.map { $0.daysSince1970 > day } ?? false }
        }
        if !withGaps { question.gaps = [] }
        return NeedleCheck(question, rules, isRecord: isRecord)
    }

    // MARK: The ways it can have been

    private var firstDays: [Int] { assigned(fromFirst: true) { $0.number > 0 && $1.number > 0 } }
    private var lastDays: [Int] { assigned(fromFirst: false) { $0.number > 0 && $1.number > 0 } }

    /// Each on its first or last day, but for doses of one vaccine that are `apart`: these on days of their
    /// own, in the order of their numbers.
    private func assigned(fromFirst: Bool, apart: (_ one: Dose, _ other: Dose) -> Bool) -> [Int] {
        let order = doses.indices.sorted {
            fromFirst ? doses[$0].number < doses[$1].number : doses[$0].number > doses[$1].number
        }
        var days = doses.map(\.days.lowerBound)
        var done: [Int] = []
        for place in order {
            let dose = doses[place]
            let taken = done.filter {
                doses[$0].vaccine == dose.vaccine && apart(doses[$0], dose)
            }.map { days[$0] }
            var day = fromFirst ? dose.days.lowerBound : dose.days.upperBound
            if fromFirst, let last = taken.max() { day = max(day, last + 1) }
            if !fromFirst, let first = taken.min() { day = min(day, first - 1) }
            days[place] = min(max(day, dose.days.lowerBound), dose.days.upperBound)
            done.append(place)
        }
        return days
    }

    /// All together on their first or last days, as one dose or as several.
    private var ends: Set<[Int]> {
        Set([
            firstDays, lastDays, assigned(fromFirst: true) { _, _ in true },
            assigned(fromFirst: false) { _, _ in true },
        ])
    }

    /// These, and each on any day of its own beside them.
    private var possible: Set<[Int]> {
        let ends = ends
        var ways = ends
        for place in doses.indices {
            for day in sample(doses[place].days) {
                for end in ends {
                    var way = end
                    way[place] = day
                    ways.insert(way)
                }
            }
        }
        let ordered = ways.filter(keepsOrder)
        return ordered.isEmpty ? ends : ordered
    }

    /// Each day of a month, and of a longer time one of each thirtieth part and the last: no window of a
    /// schedule opens and closes between two of them. A record is judged as coarsely as one whose own day
    /// is lost is (`judgeDose`), and what came after it is nothing to it. The days beside the candidate's own
    /// decide the shortest intervals.
    private func sample(_ days: ClosedRange<Int>) -> [Int] {
        let parts = isRecord ? 4 : 30
        let first = days.lowerBound
        let last = isRecord ? min(days.upperBound, max(first, day)) : days.upperBound
        let step = max(1, (last - first + parts - 1) / parts)
        return Array(stride(from: first, through: last, by: step)) + [last, days.upperBound]
            + [day - 1, day, day + 1].filter(days.contains)
    }

    /// Whether doses of one vaccine come in the order of their numbers.
    private func keepsOrder(_ days: [Int]) -> Bool {
        let unsure = zip(doses, days).map { dose, day in
            KnownDose(vaccine: dose.vaccine, day: day, number: dose.number)
        }
        return unsure.allSatisfy { dose in
            (unsure + numbered).allSatisfy { other in
                guard dose.vaccine == other.vaccine, dose.number > 0, other.number > 0,
                    dose.number != other.number
                else { return true }
                return dose.number < other.number ? dose.day < other.day : dose.day > other.day
            }
        }
    }
}

extension NeedleQuestion {
    /// Between birth and today; `nil` for a dose of which nothing is said, where nobody asks for more. What
    /// can be on no day at all stays on one of its own, to be told as impossible.
    fileprivate func possibleDays(of dose: GivenDose, until day: Int) -> ClosedRange<Int>? {
        let born = birth?.daysSince1970
        let now = today?.daysSince1970 ?? Int.max
        guard let told = dose.days else {
            let last = min(day, now)
            return isLostDayHeeded ? min(born ?? last - Self.longestLife, last)...last : nil
        }
        let last = min(told.upperBound.daysSince1970, now)
        let first = max(told.lowerBound.daysSince1970, born ?? Int.min)
        guard first > last else { return first...last }
        let odd = told.lowerBound.daysSince1970 > last ? told.lowerBound : told.upperBound
        return odd.daysSince1970...odd.daysSince1970
    }

    /// 120 years.
    private static let longestLife = 43_830
}

extension ImmunizationRules {
    /// Whether a dose given no later than `last`, or its day, can change what is said of the candidate: by a
    /// schedule or an antigen of both, or by the interval between different vaccines.
    func mayMatter(
        _ given: Vaccine.ID, until last: Int, to candidate: Vaccine.ID, on day: Int,
        _ question: NeedleQuestion
    ) -> Bool {
        if antigens.vaccines(sharing: candidate).contains(given) { return true }
        if countTogether(given, candidate) { return true }
        let isMixed = programmes(giving: candidate, as: question.basis).contains { place in
            programmes[place].versions.contains { version in
                version.mixing.contains { $0.after.contains(given) && $0.give.contains(candidate) }
            }
        }
        return isMixed
            || spacings.contains { spacing in
                let isAfter = spacing.before.contains(given) && spacing.after.contains(candidate)
                let isBefore = spacing.before.contains(candidate) && spacing.after.contains(given)
                // By the law of the later of the two days, as the interval itself is judged.
                if isAfter, spacing.effective.contains(day),
                    day < spacing.least.earliest(after: last)
                {
                    return true
                }
                return isBefore && last > day && spacing.effective.overlaps(day + 1...last)
            }
    }
}

extension [GivenDose] {
    /// 案内のために: a dose of which a month or a year alone is known on the last day that it can have been, so
    /// that nobody is called too early; several of one vaccine on days of their own.
    var onLastDays: [GivenDose] {
        guard contains(where: { $0.days != nil }) else { return self }
        let unsure: [(place: Int, days: ClosedRange<CalendarDay>)] = indices.compactMap { place in
            self[place].day == nil ? self[place].days.map { (place: place, days: $0) } : nil
        }
        let latestFirst = unsure.sorted {
            ($0.days.upperBound, self[$0.place].number ?? 0)
                > ($1.days.upperBound, self[$1.place].number ?? 0)
        }
        var placed = self
        var taken: [Vaccine.ID: CalendarDay] = [:]
        for (place, days) in latestFirst {
            var day = days.upperBound
            if let vaccine = self[place].vaccine {
                if let later = taken[vaccine] { day = Swift.min(day, later.adding(days: -1)) }
                taken[vaccine] = day
            }
            placed[place].day = Swift.max(day, days.lowerBound)
            placed[place].days = nil
        }
        return placed
    }
}
