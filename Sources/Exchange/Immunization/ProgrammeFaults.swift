/// 矛盾の検査: a schedule in which a dose could never be given is refused at load, with the place.
/// Tried for births at the edges of months, leap years and school years.
struct ProgrammeFaults {
    private let programme: Programme
    private let file: RuleReader

    init(_ programme: Programme, _ file: RuleReader) {
        self.programme = programme
        self.file = file
    }

    func check() throws(RuleFault) {
        for version in programme.versions.indices {
            for course in programme.versions[version].courses.indices {
                for birth in births(of: programme.versions[version].eligibility) {
                    try check(
                        programme.versions[version].courses[course],
                        born: CalendarDay(daysSince1970: birth),
                        "versions[\(version)].courses[\(course)]")
                }
            }
        }
    }

    /// A special rule is tried at the edges of its own births.
    private func births(of who: ProgrammeVersion.Eligibility) -> [Int] {
        guard let born = who.born, born.upperBound < DoseWindow.never else { return Self.births }
        return [born.lowerBound, born.upperBound]
    }

    static let births: [Int] = {
        var days: [Int] = []
        for year in [2023, 2024] {
            for month in 1...12 {
                let first = CalendarDay.daysSince1970(year: year, month: month, day: 1)
                days += [first - 1, first, first + 1, first + 14]
            }
        }
        return days
    }()

    private func check(
        _ course: DoseCourse, born birth: CalendarDay, _ path: String
    ) throws(RuleFault) {
        let person = PersonDays(birth: birth, dueDay: birth)
        var earliest: [Int] = []
        for (place, dose) in course.doses.enumerated() {
            let here = "\(path).doses[\(place)]"
            let window = try days(of: dose.window, person, here + ".window")
            if let standard = dose.standard {
                _ = try days(of: standard, person, here + ".standard")
            }
            if let late = dose.lateAfter?.day(for: person), !window.contains(late) {
                throw fault(here + ".lateAfter", "lies outside the window")
            }
            try check(dose.after, here)
            var first = window.lowerBound
            for spacing in dose.after {
                first = max(first, spacing.least.earliest(after: earliest[spacing.of ?? place - 1]))
            }
            if place > 0 { first = max(first, earliest[place - 1] + 1) }
            guard first <= window.upperBound else {
                throw fault(here + ".window", "ends before the intervals let the dose be given")
            }
            earliest.append(first)
        }
    }

    private func days(
        of window: DoseWindow, _ person: PersonDays, _ path: String
    ) throws(RuleFault) -> ClosedRange<Int> {
        guard let days = window.days(for: person) else {
            throw fault(path, "ends before it begins")
        }
        return days
    }

    private func check(_ after: [DoseSpacing], _ path: String) throws(RuleFault) {
        for (place, spacing) in after.enumerated() {
            let here = "\(path).after[\(place)]"
            if let shorter = spacing.ifDoctorAgrees, Self.days(spacing.least) < Self.days(shorter) {
                throw fault(here + ".ifDoctorAgrees", "is longer than min")
            }
            if let least = spacing.afterDropping, let shorter = spacing.afterDroppingIfDoctorAgrees,
                Self.days(least) < Self.days(shorter)
            {
                throw fault(
                    here + ".afterDroppingIfDoctorAgrees", "is longer than afterDropping")
            }
            guard let standard = spacing.standard else { continue }
            if Self.days(standard.from) < Self.days(spacing.least) {
                throw fault(here + ".standard.from", "is shorter than min")
            }
            if let to = standard.to, Self.days(to) < Self.days(standard.from) {
                throw fault(here + ".standard.to", "is shorter than from")
            }
        }
    }

    /// From a 1 January, for comparison only.
    private static func days(_ interval: DoseInterval) -> Int { interval.earliest(after: 0) }

    private func fault(_ path: String, _ reason: String) -> RuleFault {
        file.fault(at: path, reason)
    }
}
