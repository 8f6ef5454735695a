/// 接種の決まり一種: one schedule of the Act (MR, 日本脳炎) or of a voluntary vaccine, in all its versions, so that
/// an old record is judged by the law of its day. A class, because every verdict reads it.
package final class Programme: Sendable {
    package enum Category: String, CaseIterable, Hashable, Sendable {
        /// A類疾病, B類疾病, 任意接種.
        case a = "A"
        case b = "B"
        case voluntary
    }

    /// 案内する人: who is told of a schedule that nobody asked about.
    package enum Audience: String, CaseIterable, Hashable, Sendable {
        case everyone
        /// 四種混合 and the like: only those who had a dose of what it gives.
        case thoseWhoBegan = "those-who-began"
    }

    package let code: String
    package let name: BilingualText
    package let category: Category
    /// `nil` for 任意接種, which nobody is invited to.
    package let audience: Audience?
    package let source: RuleSource
    /// Doses of these vaccines count as doses of this schedule.
    let counts: VaccineSet
    /// A dose before the first window counts (it does not for MR: 1期 is given again).
    let countsEarlyDoses: Bool
    package let versions: [ProgrammeVersion]
    /// Where its file lists it among the others.
    let order: Int

    init(
        code: String, name: BilingualText, kind: (category: Category, audience: Audience?),
        source: RuleSource, counting: (vaccines: VaccineSet, early: Bool), order: Int,
        versions: [ProgrammeVersion]
    ) {
        self.code = code
        self.name = name
        category = kind.category
        audience = kind.audience
        self.source = source
        counts = counting.vaccines
        countsEarlyDoses = counting.early
        self.order = order
        self.versions = versions
    }

    /// 妊娠ごと: by any of its versions.
    package var isOfPregnancy: Bool { versions.contains(where: \.isPerPregnancy) }

    func version(on day: Int) -> Int? { versions.firstIndex { $0.effective.contains(day) } }
}

/// A set of vaccines, asked for every dose of a history.
struct VaccineSet: Hashable, Sendable {
    private var bits: UInt128 = 0

    static let countMax = 128

    @inline(__always)
    func contains(_ vaccine: Vaccine.ID) -> Bool {
        (bits >> UInt128(truncatingIfNeeded: vaccine.index)) & 1 == 1
    }

    mutating func insert(_ vaccine: Vaccine.ID) {
        bits |= 1 << UInt128(truncatingIfNeeded: vaccine.index)
    }

    func meets(_ other: VaccineSet) -> Bool { bits & other.bits != 0 }

    func subtracting(_ other: VaccineSet) -> VaccineSet {
        var rest = self
        rest.bits &= ~other.bits
        return rest
    }
}

/// The law between two days.
package final class ProgrammeVersion: Sendable {
    /// Days since 1970, both inclusive.
    package let effective: ClosedRange<Int>
    /// The first is the one to be given now.
    package let gives: [Vaccine.ID]
    let givesSet: VaccineSet
    let eligibility: Eligibility
    let season: Season?
    /// 妊娠ごと: doses before this pregnancy do not count.
    let isPerPregnancy: Bool
    /// The last day of pregnancy of any of its windows: a dose given longer before is of another pregnancy.
    let gestationDaysMax: Int?
    /// The least that any two doses of it are apart, where the doctor agrees.
    let leastInterval: DoseInterval?
    let mixing: [ProductMixing]
    package let courses: [DoseCourse]
    package let source: RuleSource

    init(
        effective: ClosedRange<Int>, gives: [Vaccine.ID], eligibility: Eligibility,
        counting: (season: Season?, perPregnancy: Bool), mixing: [ProductMixing],
        courses: [DoseCourse], source: RuleSource
    ) {
        self.effective = effective
        self.gives = gives
        var set = VaccineSet()
        for vaccine in gives { set.insert(vaccine) }
        givesSet = set
        self.eligibility = eligibility
        season = counting.season
        isPerPregnancy = counting.perPregnancy
        gestationDaysMax =
            courses.flatMap(\.doses).flatMap(\.window.to).compactMap { bound -> Int? in
                guard case .gestation(let days) = bound else { return nil }
                return days
            }.max()
        leastInterval =
            courses.flatMap(\.doses).flatMap(\.after).map { $0.ifDoctorAgrees ?? $0.least }
            .min { $0.earliest(after: 0) < $1.earliest(after: 0) }
        self.mixing = mixing
        self.courses = courses
        self.source = source
    }

    /// 対象者: who may be given it beside the age.
    struct Eligibility: Sendable {
        let sex: ResidentSex?
        /// Days of birth. With a last day it is a special rule, and an unknown birth is not taken in.
        let born: ClosedRange<Int>?
        /// 経過措置: at least one dose between these days.
        let earlierDose: ClosedRange<Int>?
        /// What the municipality or the doctor must have confirmed.
        let condition: BilingualText?
    }

    /// 接種期間: from a day of the year to another; the year goes by its first day.
    struct Season: Hashable, Sendable {
        let fromMonth: Int
        let fromDay: Int
        let toMonth: Int
        let toDay: Int

        /// The season that a day lies in, or else the next one.
        func around(_ day: Int) -> ClosedRange<Int> {
            let date = CalendarDay(daysSince1970: day)
            let candidates = (date.year - 1...date.year + 1).map { range(of: $0) }
            return candidates.first { day <= $0.upperBound } ?? range(of: date.year + 1)
        }

        /// The last season that had begun by a day.
        func begun(by day: Int) -> ClosedRange<Int> {
            let this = range(of: CalendarDay(daysSince1970: day).year)
            return this.lowerBound <= day
                ? this : range(of: CalendarDay(daysSince1970: day).year - 1)
        }

        private func range(of year: Int) -> ClosedRange<Int> {
            let wraps = (toMonth, toDay) < (fromMonth, fromDay)
            let first = CalendarDay.daysSince1970(year: year, month: fromMonth, day: fromDay)
            let last = CalendarDay.daysSince1970(
                year: wraps ? year + 1 : year, month: toMonth, day: toDay)
            return first...max(first, last)
        }
    }

    /// 交互接種: what one product after another is.
    struct ProductMixing: Sendable {
        let after: VaccineSet
        let give: VaccineSet
        let verdict: NeedleVerdict
        let source: RuleSource
    }
}

/// 接種スケジュール: the doses of one way through a schedule, and for whom it is the way.
package final class DoseCourse: Sendable {
    /// The age at the first dose decides: the first course that it is not too late for.
    let startTo: DayBound?
    /// The product of the first dose decides.
    let startedWith: VaccineSet?
    /// 交互接種: no course once any dose, the one to come included, is of these.
    let neverWith: VaccineSet?
    /// The interval from the first to the second dose decides, once both were given.
    let secondAfter: DoseInterval?
    /// 5歳刻みの年度: a course only for doses within these days.
    let onlyDuring: DoseWindow?
    package let doses: [DoseRule]
    /// 期と期の間: the least days from each dose to the next for any birth at all, where the next one's
    /// period begins after this one's ends; 0 elsewhere.
    let daysToNext: [Int]

    init(
        startTo: DayBound?, with products: (started: VaccineSet?, never: VaccineSet?),
        secondAfter: DoseInterval?, onlyDuring: DoseWindow?, doses: [DoseRule]
    ) {
        self.onlyDuring = onlyDuring
        self.startTo = startTo
        startedWith = products.started
        neverWith = products.never
        self.secondAfter = secondAfter
        self.doses = doses
        daysToNext = doses.indices.map { place in
            guard place + 1 < doses.count else { return 0 }
            let gaps = ProgrammeFaults.births.compactMap { birth -> Int? in
                let person = PersonDays(birth: CalendarDay(daysSince1970: birth), dueDay: nil)
                guard let this = doses[place].window.days(for: person),
                    let next = doses[place + 1].window.days(for: person)
                else { return nil }
                return next.lowerBound - this.upperBound
            }
            return max(gaps.min() ?? 0, 0)
        }
    }

    /// From the first day of its first dose to the last of its last; without a birth date, any.
    func spans(_ day: Int, of person: PersonDays) -> Bool {
        guard let first = doses.first?.window.days(for: person)?.lowerBound,
            let last = doses.last?.window.days(for: person)?.upperBound
        else { return true }
        return first <= day && day <= last
    }
}

/// One dose of a course: when it may be given, and when it is best given.
package struct DoseRule: Sendable {
    package let name: BilingualText
    package let window: DoseWindow
    /// 標準的な接種期間, by age.
    package let standard: DoseWindow?
    package let after: [DoseSpacing]
    /// Past this age it is not given any more, and the next dose takes its turn (Hib, 小児肺炎球菌).
    let dropAfter: DayBound?
    /// Not given when the dose before came past this age.
    let dropIfPreviousAfter: DayBound?
    /// Not recommended past this day (ロタ 14週6日).
    let lateAfter: DayBound?
    /// What it is to give this dose while earlier ones are missing.
    let whenEarlierMissing: NeedleVerdict
    /// The key of `tsunagi immunization windows`, if the dose has a line of its own there.
    let windowKey: String?
    let lateKey: String?
}

/// 接種間隔 between two doses of a schedule.
package struct DoseSpacing: Sendable {
    /// The place of the earlier dose in the course; `nil` is the dose before.
    let of: Int?
    package let least: DoseInterval
    /// Permitted when the doctor finds it necessary (Hib 20日).
    let ifDoctorAgrees: DoseInterval?
    /// Instead of `least`, when doses in between were dropped.
    let afterDropping: DoseInterval?
    /// `afterDropping`, when the doctor finds it necessary.
    let afterDroppingIfDoctorAgrees: DoseInterval?
    /// 標準的な接種間隔.
    package let standard: (from: DoseInterval, to: DoseInterval?)?
}
