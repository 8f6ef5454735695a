/// 接種回の当てはめ: which dose of a course each dose of a history was, by its number, by its age and by the doses
/// before it. One walk serves the check, the forecast and the validity of old records.
struct CourseWalk {
    private let course: DoseCourse
    private let person: PersonDays
    /// 任意接種 has none: what is given after the age for it is still the dose whose turn it is.
    private let hasPeriods: Bool
    /// 長期療養特例: time given again.
    let late: [LatePeriod]
    /// The place of the next dose; the number of doses when the course is complete.
    private(set) var next = 0
    /// Day of each dose by its place; `KnownDose.noDay` where it is not known or was not given.
    private(set) var days: [Int]
    /// The day of the last dose taken.
    private(set) var lastDay = KnownDose.noDay
    /// 接種しないことになった回: doses were passed over because of the age.
    private(set) var hasDropped = false
    /// The first of the doses that were passed over because their window had closed.
    private(set) var skipped: Int?

    init(
        _ course: DoseCourse, _ person: PersonDays, hasPeriods: Bool, _ late: [LatePeriod]
    ) {
        self.course = course
        self.person = person
        self.hasPeriods = hasPeriods
        self.late = late
        days = [Int](repeating: KnownDose.noDay, count: course.doses.count)
    }

    /// A dose of the history: it takes its place, whether it kept the rules or not.
    mutating func take(_ dose: KnownDose) {
        let index = place(dose.day, number: dose.number, isCandidate: false)
        guard index < course.doses.count else { return }
        days[index] = dose.day
        lastDay = dose.day
        next = index + 1
    }

    /// The place that a dose on this day has. A number given with it wins over what its age suggests.
    mutating func place(_ day: Int, number: Int, isCandidate: Bool) -> Int {
        skipped = nil
        if number - 1 > next {
            return min(number - 1, course.doses.count)
        }
        var index = next
        while index < course.doses.count, isDropped(index, on: day) {
            index += 1
            hasDropped = true
        }
        guard number == 0, hasPeriods, index < course.doses.count, day != KnownDose.noDay,
            let window = course.doses[index].window.days(for: person, late, on: day),
            day > window.upperBound
        else { return index }
        guard let later = openDose(after: index, on: day, isCandidate: isCandidate) else {
            return index
        }
        skipped = index
        return later
    }

    private func isDropped(_ index: Int, on day: Int) -> Bool {
        let rule = course.doses[index]
        guard index > 0, day != KnownDose.noDay, index + 1 < course.doses.count else {
            return false
        }
        if let bound = rule.dropAfter?.day(for: person), day > bound { return true }
        if let bound = rule.dropIfPreviousAfter?.day(for: person), lastDay > bound { return true }
        return false
    }

    /// A dose of a later period whose window is open; for a candidate, also one that is yet to open, and
    /// where all have closed, the one that closed last.
    private func openDose(after index: Int, on day: Int, isCandidate: Bool) -> Int? {
        var lastClosed =
            course.doses[index].window.days(for: person, late, on: day)?.upperBound
            ?? DoseWindow.never
        var closed: Int?
        for later in course.doses.indices where later > index {
            guard course.doses[later].window != course.doses[index].window,
                let window = course.doses[later].window.days(for: person, late, on: day)
            else { continue }
            if window.contains(day) || (isCandidate && day < window.lowerBound) { return later }
            guard isCandidate, window.upperBound > lastClosed else { continue }
            lastClosed = window.upperBound
            closed = later
        }
        return closed
    }
}

/// A dose of the history whose vaccine is known; the day may not be.
struct KnownDose: Equatable {
    let vaccine: Vaccine.ID
    /// Days since 1970.
    let day: Int
    /// 0: not stated.
    let number: Int

    /// Before every day: a dose of an unknown day was given some time earlier.
    static let noDay = -4_000_000

    static func isBefore(_ left: KnownDose, _ right: KnownDose) -> Bool {
        (left.day, left.vaccine.index, left.number) < (right.day, right.vaccine.index, right.number)
    }
}
