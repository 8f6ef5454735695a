/// 一回の判定: window, intervals and order of the dose that the candidate is.
struct DoseCheck {
    private let check: NeedleCheck
    private let rule: DoseRule
    private let place: NeedleFinding.Place
    private let walk: CourseWalk

    init(_ check: NeedleCheck, _ rule: DoseRule, _ place: NeedleFinding.Place, _ walk: CourseWalk) {
        self.check = check
        self.rule = rule
        self.place = place
        self.walk = walk
    }

    private var position: Int { place.dose ?? 0 }

    func find(_ day: Int?, _ doses: [KnownDose], into findings: inout [NeedleFinding]) {
        findWindow(day, doses, into: &findings)
        if walk.skipped != nil, rule.whenEarlierMissing != .fine {
            var finding = finding(.order)
            finding.verdict = rule.whenEarlierMissing
            findings.append(finding)
        }
        guard let day else { return }
        for spacing in rule.after { find(spacing, day, into: &findings) }
        if let last = rule.lateAfter?.day(for: check.person), day > last {
            var finding = finding(.startedLate)
            finding.latest = last
            findings.append(finding)
        }
    }

    private func findWindow(
        _ day: Int?, _ doses: [KnownDose], into findings: inout [NeedleFinding]
    ) {
        guard let window = rule.window.days(for: check.person) else {
            findBesideBirth(day, doses, into: &findings)
            return
        }
        guard let day, !window.contains(day) else { return }
        if day > window.upperBound {
            findLate(window, day, into: &findings)
            return
        }
        // 期の重複: this period's dose is already given, and the next period has not begun.
        let isGivenAlready =
            position > 0 && position == walk.next && isPeriod(position - 1, over: window, on: day)
        findSkipped(until: window.lowerBound, into: &findings)
        var finding = finding(isGivenAlready ? .needless : .tooEarly)
        finding.earliest = window.lowerBound
        // 65歳以上 has no last day.
        if window.upperBound < DoseWindow.never { finding.latest = window.upperBound }
        if isGivenAlready { finding.otherVaccine = doses.last?.vaccine }
        if isGivenAlready { finding.otherDay = doses.last?.day }
        findings.append(finding)
    }

    /// Past the usual window: too late, but for the time given again (長期療養特例), which may also begin later.
    private func findLate(
        _ window: ClosedRange<Int>, _ day: Int, into findings: inout [NeedleFinding]
    ) {
        let open = walk.late.widening(window, on: day)
        var finding = finding(open.contains(day) ? .longIllness : .tooLate)
        finding.latest = open.upperBound
        finding.row = walk.late.row(widening: window, on: day)
        if finding.rule == .tooLate {
            finding.earliest = walk.late.next(after: day, window)?.from
        }
        findings.append(finding)
    }

    /// 期を逃した: while the next period is yet to open, that the one before has closed comes first.
    private func findSkipped(until first: Int, into findings: inout [NeedleFinding]) {
        guard let skipped = walk.skipped,
            let window = course.doses[skipped].window.days(
                for: check.person, walk.late, on: first)
        else { return }
        var finding = finding(.tooLate)
        finding.place?.dose = skipped
        finding.earliest = first
        finding.latest = window.upperBound
        findings.append(finding)
    }

    /// Without a birth date the window cannot be told, but two doses closer together than their periods
    /// ever are cannot both be due.
    private func findBesideBirth(
        _ day: Int?, _ doses: [KnownDose], into findings: inout [NeedleFinding]
    ) {
        if let day, position > 0, position == walk.next, walk.lastDay != KnownDose.noDay,
            day - walk.lastDay < course.daysToNext[position - 1]
        {
            var finding = finding(.needless)
            finding.otherVaccine = doses.last?.vaccine
            finding.otherDay = walk.lastDay
            findings.append(finding)
        }
        findings.append(finding(.birthUnknown))
    }

    private var course: DoseCourse {
        check.rules.programmes[place.programme].versions[place.version].courses[place.course]
    }

    /// The other dose's window is open, and ends before this one's begins.
    private func isPeriod(_ other: Int, over window: ClosedRange<Int>, on day: Int) -> Bool {
        guard let open = course.doses[other].window.days(for: check.person) else { return false }
        return open.contains(day) && open.upperBound < window.lowerBound
    }

    private func find(_ spacing: DoseSpacing, _ day: Int, into findings: inout [NeedleFinding]) {
        let before = spacing.of.map { walk.days[$0] } ?? walk.lastDay
        guard before != KnownDose.noDay else {
            // 前の回の日が分からない: nobody can say that the interval was kept.
            if position > 0, !findings.contains(where: { $0.rule == .historyPartial }) {
                findings.append(finding(.historyPartial))
            }
            return
        }
        let dropping = walk.hasDropped && spacing.of == nil ? spacing.afterDropping : nil
        let least = dropping ?? spacing.least
        let permitted =
            (dropping == nil ? spacing.ifDoctorAgrees : spacing.afterDroppingIfDoctorAgrees)
            ?? least
        let earliest = permitted.earliest(after: before)
        if day < earliest {
            var finding = finding(.interval, permitted, after: before)
            if let last = lastDay(before: earliest, with: day) {
                finding = self.finding(.windowEndsFirst, permitted, after: before)
                finding.latest = last
            }
            finding.earliest = earliest
            findings.append(finding)
            if permitted.restsOnMonthEnd(after: before) {
                findings.append(self.finding(.monthEnd, permitted, after: before))
            }
        } else if day < least.earliest(after: before) {
            var finding = finding(.intervalIfDoctorAgrees, least, after: before)
            finding.earliest = least.earliest(after: before)
            findings.append(finding)
        } else if day == earliest, permitted.restsOnMonthEnd(after: before) {
            findings.append(finding(.monthEnd, permitted, after: before))
        }
    }

    /// 間隔がそろう前に終わる対象期間: its last day, where who waits until `earliest` has waited too long. Of a record
    /// nobody waits for anything, and what the Act does not pay for has no period to keep.
    private func lastDay(before earliest: Int, with day: Int) -> Int? {
        let programme = check.rules.programmes[place.programme]
        guard !check.isRecord, check.question.basis == .routine, programme.category != .voluntary,
            let window = rule.window.days(for: check.person, walk.late, on: day),
            window.contains(day),
            window.upperBound < earliest
        else { return nil }
        return window.upperBound
    }

    private func finding(_ rule: NeedleRule) -> NeedleFinding {
        var finding = check.finding(rule)
        finding.place = place
        return finding
    }

    private func finding(
        _ rule: NeedleRule, _ interval: DoseInterval, after day: Int
    ) -> NeedleFinding {
        var finding = finding(rule)
        finding.interval = interval
        finding.otherDay = day
        return finding
    }
}
