/// 接種前確認: judges one dose against the whole history by the law of its day (予防接種法施行令3条,
/// 予防接種実施規則). Facts and rules in, verdict out; the order of the history never matters.
package func checkBeforeNeedle(
    _ question: NeedleQuestion, _ rules: ImmunizationRules
) -> NeedleAnswer {
    var ways = UnsureDays.waysMax
    return judgeNeedle(question, rules, isRecord: false, within: &ways)
}

/// By the days of the history, or by all that these can have been; of `ways` to try, those that it took are
/// gone then.
func judgeNeedle(
    _ question: NeedleQuestion, _ rules: ImmunizationRules, isRecord: Bool,
    within ways: inout Int
) -> NeedleAnswer {
    guard let unsure = UnsureDays(question, rules, isRecord: isRecord) else {
        return NeedleCheck(question, rules, isRecord: isRecord).answer()
    }
    return unsure.answer(within: &ways)
}

/// One check under way. A class: each schedule, course and dose that is tried holds it.
final class NeedleCheck {
    let rules: ImmunizationRules
    let question: NeedleQuestion
    let person: PersonDays
    /// In order of days.
    let doses: [KnownDose]
    private let hasUnknownVaccine: Bool
    private let hasUnknownDay: Bool
    /// ありえない日: before the birth or after today; such a dose is another person's, or of another day.
    private let impossible: KnownDose?
    /// The candidate is an old record: what followed it is known, too.
    let isRecord: Bool

    init(_ question: NeedleQuestion, _ rules: ImmunizationRules, isRecord: Bool = false) {
        self.rules = rules
        self.question = question
        self.isRecord = isRecord
        person = PersonDays(birth: question.birth, dueDay: question.dueDay)
        var doses: [KnownDose] = []
        doses.reserveCapacity(question.history.count)
        var hasUnknownDay = false
        var hasUnknownVaccine = false
        var impossible: KnownDose?
        let birth = question.birth?.daysSince1970 ?? Int.min
        let today = question.today?.daysSince1970 ?? Int.max
        for dose in question.history {
            guard let vaccine = dose.vaccine else {
                hasUnknownVaccine = true
                continue
            }
            let known = KnownDose(
                vaccine: vaccine, day: dose.day?.daysSince1970 ?? KnownDose.noDay,
                number: dose.number ?? 0)
            if dose.day == nil {
                hasUnknownDay = true
            } else if known.day < birth || known.day > today {
                if impossible.map({ KnownDose.isBefore(known, $0) }) ?? true { impossible = known }
                continue
            }
            doses.append(known)
        }
        self.hasUnknownVaccine = hasUnknownVaccine
        self.hasUnknownDay = hasUnknownDay
        self.impossible = impossible
        doses.sort(by: KnownDose.isBefore)
        self.doses = doses
    }

    func answer() -> NeedleAnswer {
        guard let vaccine = question.candidate.vaccine else {
            return NeedleAnswer(
                worstFirst: [rules.finding(.vaccineUnknown)], earliest: nil, programme: nil)
        }
        let day = question.candidate.day?.daysSince1970
        let judged = judge(vaccine, on: day)
        let waited = judged.isStopped ? day.flatMap { earliest(vaccine, from: $0) } : nil
        return NeedleAnswer(
            worstFirst: found(vaccine, day, judged),
            earliest: waited.map(CalendarDay.init(daysSince1970:)), programme: judged.programme)
    }

    /// The same without the day to come back on.
    var findings: [NeedleFinding] {
        guard let vaccine = question.candidate.vaccine else {
            return [rules.finding(.vaccineUnknown)]
        }
        let day = question.candidate.day?.daysSince1970
        return found(vaccine, day, judge(vaccine, on: day))
    }

    private func found(
        _ vaccine: Vaccine.ID, _ day: Int?, _ judged: ScheduleJudgement
    ) -> [NeedleFinding] {
        var findings: [NeedleFinding] = []
        findPerson(day, into: &findings)
        findings += judged.findings.map { endingFirst($0, by: judged.programme, vaccine) }
        findVialAndScreening(vaccine, day, into: &findings)
        if let day { findLater(than: day, of: judged.programme, into: &findings) }
        return findings
    }

    /// 間隔がそろう前に終わる対象期間: the interval to another vaccine can be waited for, and then the Act pays no more.
    /// As in `DoseCheck`, nobody waits for a record, and what the Act does not pay for has no period to keep.
    private func endingFirst(
        _ finding: NeedleFinding, by schedule: Int?, _ vaccine: Vaccine.ID
    ) -> NeedleFinding {
        guard finding.rule == .intervalBetweenVaccines, finding.verdict == .stop, !isRecord,
            question.basis == .routine, let schedule, let earliest = finding.earliest,
            rules.programmes[schedule].category != .voluntary,
            let late = SeriesCheck(self, schedule).judge(vaccine, on: earliest).findings.first(
                where: { $0.rule == .tooLate })
        else { return finding }
        var finding = finding
        finding.place = late.place
        finding.latest = late.latest
        return finding
    }

    // MARK: The schedule

    /// The least day from `start` on that the schedule does not stop, by the law of `start` or by one that
    /// begins later and is kinder. A law for some alone (`condition`) is no law to wait for.
    func earliest(_ vaccine: Vaccine.ID, from start: Int, by schedule: Int? = nil) -> Int? {
        var earliest = permitted(vaccine, from: start, by: schedule)
        let schedules =
            schedule.map { [$0] } ?? rules.programmes(giving: vaccine, as: question.basis)
        for place in schedules {
            for version in rules.programmes[place].versions
            where version.effective.lowerBound > start && version.givesSet.contains(vaccine)
                && (schedule != nil || version.eligibility.condition == nil)
            {
                let change = version.effective.lowerBound
                guard change < earliest ?? Int.max,
                    let day = permitted(vaccine, from: change, by: place)
                else { continue }
                earliest = min(earliest ?? day, day)
            }
        }
        return earliest
    }

    /// Each finding names the least day its own rule permits, so the next day to try is the latest of those.
    private func permitted(
        _ vaccine: Vaccine.ID, from start: Int, by schedule: Int?
    ) -> Int? {
        var day = start
        for _ in 0..<Self.triesMax {
            let judged = judge(vaccine, on: day, by: schedule)
            guard judged.isStopped else { return day }
            guard let later = judged.earliest, later > day else { return nil }
            day = later
        }
        return nil
    }

    /// More than the periods of any schedule together with every other vaccine of a history.
    private static let triesMax = 32

    /// The best of all schedules that give the vaccine, or that one alone, and what other vaccines make of
    /// it: intervals, and antigens given already.
    func judge(
        _ vaccine: Vaccine.ID, on day: Int?, by schedule: Int? = nil
    ) -> ScheduleJudgement {
        var best: ScheduleJudgement?
        let schedules =
            schedule.map { [$0] } ?? rules.programmes(giving: vaccine, as: question.basis)
        for programme in schedules {
            let judged = SeriesCheck(self, programme).judge(vaccine, on: day)
            if isBetter(judged, than: best, on: day) { best = judged }
        }
        var judged = best ?? ScheduleJudgement(findings: [], programme: nil)
        if let day {
            findSpacing(vaccine, day, into: &judged.findings)
            findComponents(vaccine, day, into: &judged)
        }
        return judged
    }

    /// 異なるワクチンの間隔: both ways, so that a dose entered late is held against what followed it.
    private func findSpacing(
        _ vaccine: Vaccine.ID, _ day: Int, into findings: inout [NeedleFinding]
    ) {
        for dose in doses where dose.day != KnownDose.noDay && dose.day != day {
            let isEarlier = dose.day < day
            for row in rules.spacings.indices {
                let spacing = rules.spacings[row]
                let first = isEarlier ? dose.vaccine : vaccine
                let second = isEarlier ? vaccine : dose.vaccine
                guard spacing.before.contains(first), spacing.after.contains(second),
                    spacing.effective.contains(max(day, dose.day)),
                    max(day, dose.day) < spacing.least.earliest(after: min(day, dose.day))
                else { continue }
                var finding = rules.finding(.intervalBetweenVaccines)
                finding.earliest = spacing.least.earliest(after: dose.day)
                finding.interval = spacing.least
                finding.otherVaccine = dose.vaccine
                finding.otherDay = dose.day
                finding.row = row
                findings.append(finding)
            }
        }
    }

    // MARK: Around the schedule

    private func findPerson(_ day: Int?, into findings: inout [NeedleFinding]) {
        if isWrongPerson { findings.append(rules.finding(.wrongPerson)) }
        if question.isBirthStated { findings.append(rules.finding(.birthStated)) }
        guard let day else { return }
        if let birth = question.birth, day < birth.daysSince1970 {
            findings.append(rules.finding(.beforeBirth))
        }
        if let today = question.today, day > today.daysSince1970 {
            findings.append(rules.finding(.futureDate))
        }
    }

    private func findVialAndScreening(
        _ vaccine: Vaccine.ID, _ day: Int?, into findings: inout [NeedleFinding]
    ) {
        if day == nil { findings.append(rules.finding(.dateUnknown)) }
        if let day, let expiry = question.vial.expiry, expiry.daysSince1970 < day {
            var finding = rules.finding(.lotExpired)
            finding.latest = expiry.daysSince1970
            findings.append(finding)
        }
        findScreening(vaccine, into: &findings)
        if hasUnknownVaccine { findings.append(rules.finding(.historyUnknown)) }
        if hasUnknownDay, !findings.contains(where: { $0.rule == .historyPartial }) {
            findings.append(rules.finding(.historyPartial))
        }
        findImpossible(into: &findings)
        if let day, let gap = gap(before: day, hiding: vaccine) {
            var finding = rules.finding(.historyGap)
            finding.latest = gap.upperBound.daysSince1970
            findings.append(finding)
        }
        if rules.vaccines[vaccine.index].isGeneric {
            findings.append(rules.finding(.productUnknown))
        }
    }

    /// Of a record that is judged, only its own day: the other one has its own answer.
    private func findImpossible(into findings: inout [NeedleFinding]) {
        guard let impossible, !isRecord else { return }
        var finding = rules.finding(.historyImpossibleDay)
        finding.otherVaccine = impossible.vaccine
        finding.otherDay = impossible.day
        findings.append(finding)
    }

    /// A record is judged by what came before it; a dose yet to be given has nothing after it.
    private func findLater(
        than day: Int, of schedule: Int?, into findings: inout [NeedleFinding]
    ) {
        guard let schedule, !isRecord, doses.last.map({ $0.day > day }) ?? false,
            let later = SeriesCheck(self, schedule).later(than: day)
        else { return }
        var finding = rules.finding(.historyLaterDose)
        finding.otherVaccine = later.vaccine
        finding.otherDay = later.day
        findings.append(finding)
    }

    private var isWrongPerson: Bool {
        let stated = question.person
        if let birth = question.birth, let other = stated.statedBirth, birth != other {
            return true
        }
        guard let sex = question.sex, let other = stated.statedSex else { return false }
        return sex != other && [sex, other].allSatisfy { $0 == .male || $0 == .female }
    }

    private func findScreening(_ vaccine: Vaccine.ID, into findings: inout [NeedleFinding]) {
        if let temperature = question.person.temperatureTenths,
            temperature >= rules.feverFromTenths
        {
            findings.append(rules.finding(.fever))
        }
        if question.person.isConsented == false {
            findings.append(rules.finding(.consentMissing))
        }
        for code in question.person.answers {
            guard let row = rules.contraindications.firstIndex(where: { $0.code == code }) else {
                // A yes to a question nobody knows here is for the doctor, never for the bin.
                findings.append(rules.finding(.answer))
                continue
            }
            guard rules.contraindications[row].vaccines.contains(vaccine) else { continue }
            var finding = NeedleFinding(.answer, rules.contraindications[row].verdict)
            finding.row = row
            findings.append(finding)
        }
        for concern in question.person.concerns {
            var finding = rules.finding(.concern)
            finding.row = rules.concerns.firstIndex(of: concern)
            findings.append(finding)
        }
    }
}

/// What one schedule says of the candidate.
struct ScheduleJudgement {
    var findings: [NeedleFinding]
    let programme: Int?

    var isStopped: Bool { findings.contains { $0.verdict == .stop } }

    /// When every stop can be waited out: the day by which the last of them has gone.
    var earliest: Int? {
        var latest: Int?
        for finding in findings where finding.verdict == .stop {
            guard let day = finding.earliest else { return nil }
            latest = max(latest ?? day, day)
        }
        return latest
    }

    /// Less is better: fine, caution, then the shortest wait, then doses that are all given, then the window
    /// that closed last. A wait beyond `horizon` is no wait, and a schedule that is not in force says least.
    /// Beside its ages, a schedule for those whom somebody must confirm (60歳から64歳) answers only where no
    /// other speaks. So does, of a voluntary dose, one for other ages, births or days: it stops nobody, and
    /// the intervals of the schedule that is this person's own are not its to lift.
    func cost(_ horizon: Int) -> Int {
        var cost = 0
        var isOfOthers = false
        for finding in findings {
            switch finding.verdict {
            case .fine: isOfOthers = isOfOthers || finding.rule.concernsRoutineOnly
            case .caution: cost = max(cost, 1)
            case .stop: cost = max(cost, Self.cost(of: finding, horizon))
            }
        }
        if isOfOthers {
            let isInForce = !findings.contains { $0.rule == .productNotRoutine }
            cost += isInForce ? 10_000_000 : 20_000_000
        }
        guard cost > 1, findings.contains(where: { $0.rule == .condition }) else { return cost }
        let isOfOtherAge = findings.contains {
            $0.verdict == .stop && ($0.rule == .tooEarly || $0.rule == .tooLate)
        }
        return isOfOtherAge ? cost + 10_000_000 : cost
    }

    /// The days since 1970 of any calendar lie within a hundred thousand of each other.
    private static func cost(of finding: NeedleFinding, _ horizon: Int) -> Int {
        switch (finding.rule, finding.earliest) {
        case (.productNotRoutine, let day): day.map { 6_000_000 + $0 } ?? 7_000_000
        // Waiting would not help, whatever the interval alone says.
        case (.windowEndsFirst, _): 4_000_000 - (finding.latest ?? 0)
        case (_, let day?): (day <= horizon ? 1_000_000 : 5_000_000) + day
        case (.needless, nil): 2_000_000
        case (_, nil): 4_000_000 - (finding.latest ?? 0)
        }
    }
}

extension NeedleCheck {
    func isBetter(
        _ judged: ScheduleJudgement, than best: ScheduleJudgement?, on day: Int?
    ) -> Bool {
        guard let best else { return true }
        let horizon = day.map { $0 + rules.forecastYears * 366 } ?? Int.max
        return judged.cost(horizon) < best.cost(horizon)
    }
}
