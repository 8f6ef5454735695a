/// 一つの決まりによる判定: the candidate as a dose of one schedule, by the version in force on its day.
struct SeriesCheck {
    let check: NeedleCheck
    private let rules: ImmunizationRules
    let programme: Programme
    let index: Int
    let late: [LatePeriod]

    init(_ check: NeedleCheck, _ index: Int) {
        self.check = check
        late = check.latePeriods(of: index)
        rules = check.rules
        programme = check.rules.programmes[index]
        self.index = index
    }

    func judge(_ vaccine: Vaccine.ID, on day: Int?) -> ScheduleJudgement {
        let number = day.map { programme.version(on: $0) } ?? programme.versions.count - 1
        guard let number, programme.versions[number].givesSet.contains(vaccine) else {
            return over(vaccine, on: day) ?? notGiven(vaccine, on: day)
        }
        let version = programme.versions[number]
        let doses = counted(version, on: day)
        var findings: [NeedleFinding] = []
        findEligibility(number, doses, into: &findings)
        if findings.contains(where: { $0.rule == .cohort }), let over = over(vaccine, on: day) {
            return over
        }
        findSeason(number, day, into: &findings)
        findMixing(number, vaccine, on: day, into: &findings)
        if programme.category == .voluntary { findings.append(finding(.voluntary, of: number)) }
        return best(of: version, number, vaccine, doses, on: day, with: findings)
    }

    /// The first course that is certainly the one; while that is open, the kindest of those it may be.
    private func best(
        of version: ProgrammeVersion, _ number: Int, _ vaccine: Vaccine.ID, _ doses: [KnownDose],
        on day: Int?, with findings: [NeedleFinding]
    ) -> ScheduleJudgement {
        var best: ScheduleJudgement?
        for course in version.courses.indices {
            let fit = fit(version.courses[course], of: version, vaccine, doses, on: day)
            guard fit != .no else { continue }
            var judged = ScheduleJudgement(findings: findings, programme: index)
            let place = NeedleFinding.Place(
                programme: index, version: number, course: course, dose: nil)
            findDose(version, place, doses, on: day, into: &judged.findings)
            if check.isBetter(judged, than: best, on: day) { best = judged }
            if fit == .yes { break }
        }
        return best ?? ScheduleJudgement(findings: findings, programme: index)
    }

    /// Told by the law in force, or else by the one that begins next, or was the last.
    private func notGiven(_ vaccine: Vaccine.ID, on day: Int?) -> ScheduleJudgement {
        let versions = programme.versions
        let number =
            day.flatMap { day in
                programme.version(on: day)
                    ?? versions.firstIndex { $0.effective.lowerBound > day }
            } ?? versions.count - 1
        var finding = finding(.productNotRoutine, of: number)
        finding.otherVaccine = vaccine
        if let day {
            finding.earliest =
                versions.filter {
                    $0.effective.lowerBound > day && $0.givesSet.contains(vaccine)
                }.map(\.effective.lowerBound).min()
            finding.latest =
                versions.filter {
                    $0.effective.upperBound < day && $0.givesSet.contains(vaccine)
                }.map(\.effective.upperBound).max()
        }
        return ScheduleJudgement(findings: [finding], programme: index)
    }

    /// Doses of this schedule up to the candidate's day, in order.
    func counted(_ version: ProgrammeVersion, on day: Int?) -> [KnownDose] {
        var first = KnownDose.noDay
        // Once in a season of the law, whichever municipalities gave it: a move brings no second dose.
        if let day, let season = version.season { first = season.around(day).lowerBound }
        if version.isPerPregnancy {
            let longestAgo = version.gestationDaysMax.flatMap { days in day.map { $0 - days } }
            first = check.person.weekZero ?? longestAgo ?? first
        }
        if !programme.countsEarlyDoses, let rule = version.courses.first?.doses.first,
            let window = rule.window.days(for: check.person)
        {
            first = max(first, window.lowerBound)
        }
        var doses: [KnownDose] = []
        for dose in check.doses where programme.counts.contains(dose.vaccine) {
            if let day, dose.day > day { break }
            if dose.day >= first || dose.day == KnownDose.noDay { doses.append(dose) }
        }
        return doses
    }

    /// The first dose of this schedule after the candidate's day: of the same season or pregnancy where it is
    /// one for each.
    func later(than day: Int) -> KnownDose? {
        var last = Int.max
        if let number = programme.version(on: day) {
            let version = programme.versions[number]
            if let season = version.season { last = season.around(day).upperBound }
            if let days = version.gestationDaysMax, version.isPerPregnancy {
                last = (check.person.weekZero ?? day) + days
            }
        }
        return check.doses.first {
            $0.day > day && $0.day <= last && programme.counts.contains($0.vaccine)
        }
    }

    // MARK: Who, when, which product

    func findEligibility(
        _ number: Int, _ doses: [KnownDose], into findings: inout [NeedleFinding]
    ) {
        let who = programme.versions[number].eligibility
        if let sex = who.sex, check.question.sex != sex {
            switch check.question.sex ?? check.question.person.statedSex {
            case .some(sex): break
            case .male, .female: findings.append(finding(.sex, of: number))
            default: findings.append(finding(.sexUnknown, of: number))
            }
        }
        if let born = who.born {
            let isSpecial = born.upperBound < DoseWindow.never
            let isOne = check.person.birth.map { born.contains($0.daysSince1970) }
            if !(isOne ?? !isSpecial) { findings.append(finding(.cohort, of: number)) }
        }
        if let days = who.earlierDose, !doses.contains(where: { days.contains($0.day) }) {
            findings.append(finding(.cohort, of: number))
        }
        if who.condition != nil { findings.append(finding(.condition, of: number)) }
    }

    private func findSeason(
        _ number: Int, _ day: Int?, into findings: inout [NeedleFinding]
    ) {
        guard let day, let season = programme.versions[number].season else { return }
        let days = check.question.seasons.days(of: index, season, around: day)
        guard day < days.lowerBound else { return }
        var finding = finding(.season, of: number)
        finding.earliest = days.lowerBound
        findings.append(finding)
    }

    /// Also after what is no dose of this schedule (高齢者肺炎球菌 before a child's).
    private func findMixing(
        _ number: Int, _ vaccine: Vaccine.ID, on day: Int?, into findings: inout [NeedleFinding]
    ) {
        let version = programme.versions[number]
        for row in version.mixing.indices where version.mixing[row].give.contains(vaccine) {
            let after = version.mixing[row].after
            let last = day ?? Int.max
            guard
                let other = check.doses.last(where: {
                    $0.day <= last && after.contains($0.vaccine)
                })
            else {
                findUnknownProduct(number, row, vaccine, until: last, into: &findings)
                continue
            }
            var finding = finding(.product, of: number)
            finding.verdict = version.mixing[row].verdict
            finding.otherVaccine = other.vaccine
            finding.otherDay = other.day == KnownDose.noDay ? nil : other.day
            finding.row = row
            findings.append(finding)
        }
    }

    /// 前回の製剤の記録がない: the last dose may have been of a product that this one must not follow. Nobody is
    /// stopped by what it may have been, and nobody told that it was the same.
    private func findUnknownProduct(
        _ number: Int, _ row: Int, _ vaccine: Vaccine.ID, until last: Int,
        into findings: inout [NeedleFinding]
    ) {
        let mixing = programme.versions[number].mixing[row]
        guard mixing.verdict != .fine, !rules.vaccines[vaccine.index].isGeneric,
            mixing.after.meets(programme.counts),
            let other = check.doses.last(where: {
                $0.day <= last && programme.counts.contains($0.vaccine)
            }), rules.vaccines[other.vaccine.index].isGeneric,
            !findings.contains(where: { $0.rule == .productUnknown })
        else { return }
        var finding = finding(.productUnknown, of: number)
        finding.verdict = .caution
        finding.otherVaccine = other.vaccine
        finding.otherDay = other.day == KnownDose.noDay ? nil : other.day
        findings.append(finding)
    }

    /// `atOtherTime`: no course for this day; its own days are of this law, and say when it begins or ended.
    private enum Fit {
        case yes, maybe, atOtherTime, no

        var isOpen: Bool { self == .yes || self == .maybe }
    }

    /// A course for days of its own (5歳刻みの年度) is none where its law is over before they come: nobody waits
    /// for what will not be.
    private func fit(
        _ course: DoseCourse, of version: ProgrammeVersion, _ vaccine: Vaccine.ID,
        _ doses: [KnownDose], on day: Int?
    ) -> Fit {
        var isCertain = true
        var isOfDay = true
        if let only = course.onlyDuring {
            guard let day, let days = only.days(for: check.person),
                days.overlaps(version.effective)
            else { return .no }
            isOfDay = late.widening(days, on: day).contains(day)
        }
        let firstDay = doses.first?.day ?? day ?? KnownDose.noDay
        if let startTo = course.startTo {
            if let last = startTo.day(for: check.person), firstDay != KnownDose.noDay {
                if firstDay > last { return .no }
            } else {
                isCertain = false
            }
        }
        if let never = course.neverWith,
            never.contains(vaccine) || doses.contains(where: { never.contains($0.vaccine) })
        {
            return .no
        }
        if let products = course.startedWith {
            let first = doses.first?.vaccine ?? vaccine
            if !products.contains(first) {
                guard rules.vaccines[first.index].isGeneric else { return .no }
                isCertain = false
            }
        }
        if let least = course.secondAfter {
            let second =
                doses.count > 1 ? doses[1].day : check.isRecord && doses.count == 1 ? day : nil
            if let second, second != KnownDose.noDay, firstDay != KnownDose.noDay,
                second < least.earliest(after: firstDay)
            {
                return .no
            }
        }
        guard isOfDay else { return .atOtherTime }
        return isCertain ? .yes : .maybe
    }

    // MARK: The dose in its course

    private func findDose(
        _ version: ProgrammeVersion, _ start: NeedleFinding.Place, _ doses: [KnownDose],
        on day: Int?, into findings: inout [NeedleFinding]
    ) {
        let course = version.courses[start.course]
        var walk = walk(course, doses)
        let number = check.question.candidate.number ?? 0
        let next = walk.next
        let position = walk.place(day ?? KnownDose.noDay, number: number, isCandidate: true)
        var place = start
        place.dose = position < course.doses.count ? position : nil
        if let day, doses.last?.day == day {
            findings.append(finding(.duplicate, at: place, earliest: day + 1, other: doses.last))
            return
        }
        guard position < course.doses.count, number == 0 || number > next else {
            findings.append(finding(.needless, at: place, other: doses.last))
            return
        }
        if number - 1 > next { findings.append(finding(.historyPartial, at: place)) }
        let dose = DoseCheck(check, course.doses[position], place, walk)
        dose.find(day, doses, into: &findings)
    }

    /// Doses of one day are one dose.
    private func walk(_ course: DoseCourse, _ doses: [KnownDose]) -> CourseWalk {
        var walk = CourseWalk(
            course, check.person, hasPeriods: check.question.basis == .routine, late)
        var lastDay = KnownDose.noDay
        for dose in doses where dose.day != lastDay || dose.day == KnownDose.noDay {
            walk.take(dose)
            lastDay = dose.day
        }
        return walk
    }

    /// The dose that the vaccine would be on this day, in the course that fits best.
    func dose(_ vaccine: Vaccine.ID, on day: Int, of number: Int) -> ComingDose? {
        guard let (place, walk) = placed(vaccine, on: day, of: number), let dose = place.dose else {
            return nil
        }
        let course = programme.versions[number].courses[place.course]
        return ComingDose(rule: course.doses[dose], walk: walk)
    }

    func placed(
        _ vaccine: Vaccine.ID, on day: Int, of number: Int
    ) -> (place: NeedleFinding.Place, walk: CourseWalk)? {
        let version = programme.versions[number]
        let doses = counted(version, on: day)
        guard
            let course = version.courses.indices.first(where: {
                fit(version.courses[$0], of: version, vaccine, doses, on: day).isOpen
            })
        else { return nil }
        var walk = walk(version.courses[course], doses)
        let position = walk.place(day, number: 0, isCandidate: true)
        guard position < version.courses[course].doses.count else { return nil }
        let place = NeedleFinding.Place(
            programme: index, version: number, course: course, dose: position)
        return (place, walk)
    }

    // MARK: As a component of another vaccine

    /// 混合ワクチンの成分: the candidate, judged by another schedule, is a dose of this one too. Sooner after one of
    /// the `others`, which that schedule does not count, than any two doses here is stopped; a longer
    /// interval of this schedule, or that nothing is left to give by it, is the doctor's to weigh, because
    /// one changes from single vaccines to a combined one with unequal numbers of doses.
    func findComponent(
        _ vaccine: Vaccine.ID, on day: Int, beside others: VaccineSet,
        into findings: inout [NeedleFinding]
    ) {
        guard let number = programme.version(on: day) else { return }
        let version = programme.versions[number]
        let doses = counted(version, on: day)
        guard let last = doses.last(where: { others.contains($0.vaccine) }),
            let course = version.courses.indices.first(where: {
                fit(version.courses[$0], of: version, vaccine, doses, on: day).isOpen
            })
        else { return }
        let rules = version.courses[course].doses
        var walk = walk(version.courses[course], doses)
        let position = walk.place(day, number: 0, isCandidate: true)
        let place = NeedleFinding.Place(
            programme: index, version: number, course: course,
            dose: position < rules.count ? position : nil)
        if let least = version.leastInterval, last.day != KnownDose.noDay,
            day < least.earliest(after: last.day)
        {
            var finding = finding(
                .interval, at: place, earliest: least.earliest(after: last.day), other: last)
            finding.interval = least
            findings.append(finding)
            return
        }
        guard position < rules.count else {
            if version.courses[course].spans(day, of: check.person) {
                findings.append(finding(.componentComplete, at: place, other: last))
            }
            return
        }
        var told: [NeedleFinding] = []
        DoseCheck(check, rules[position], place, walk).find(day, doses, into: &told)
        // After a dose that both count, the candidate's own schedule says what is between them.
        let isAfterOther = doses.last == last
        for other in told {
            switch other.rule {
            case .needless: findings.append(finding(.componentComplete, at: place, other: last))
            case .interval where isAfterOther, .windowEndsFirst where isAfterOther,
                .intervalIfDoctorAgrees where isAfterOther:
                var finding = finding(
                    .intervalIfDoctorAgrees, at: place, earliest: other.earliest, other: last)
                finding.interval = other.interval
                findings.append(finding)
            default: continue
            }
        }
    }

    private func finding(_ rule: NeedleRule, of number: Int) -> NeedleFinding {
        finding(rule, at: .init(programme: index, version: number, course: 0, dose: nil))
    }

    func finding(
        _ rule: NeedleRule, at place: NeedleFinding.Place, earliest: Int? = nil,
        other: KnownDose? = nil
    ) -> NeedleFinding {
        var finding = check.finding(rule)
        finding.place = place
        finding.earliest = earliest
        finding.otherVaccine = other?.vaccine
        finding.otherDay = other.flatMap { $0.day == KnownDose.noDay ? nil : $0.day }
        return finding
    }
}

extension NeedleCheck {
    /// 任意接種 is not held to whom and when the Act pays for.
    func finding(_ rule: NeedleRule) -> NeedleFinding {
        var finding = rules.finding(rule)
        if question.basis == .voluntary, rule.concernsRoutineOnly { finding.verdict = .fine }
        return finding
    }
}
