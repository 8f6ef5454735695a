/// 接種予定: what is due next in each routine schedule, by the same judgement as the check before the needle: the
/// earliest day is one the check permits, without a doctor's word if such a day comes for this dose, and on
/// the day before it does not by this schedule, unless that was of a season that is over.
package struct VaccinationForecast: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        /// Not before its day; may be given, though it is recommended later; may be given; past the
        /// recommended time; past the legal window.
        case notYet = "not-yet"
        case early, due, overdue, closed
    }

    /// The place in `ImmunizationRules.programmes`.
    package let programme: Int
    package let vaccine: Vaccine.ID
    package let dose: BilingualText
    package let status: Status
    /// The first day that no rule of this schedule stops, nor leaves to the doctor what waiting settles.
    package let earliest: CalendarDay
    /// 標準的な接種期間: by age and by the interval to the dose before.
    package let recommendedFrom: CalendarDay?
    package let recommendedTo: CalendarDay?
    /// The last day of the legal window, or of the season.
    package let latest: CalendarDay?
}

/// One entry for each schedule of the Act in force `today` that still has a dose to give, in the order of
/// the schedules, for those whom its file has told (`forecast`); none of a single vaccine whose combined one
/// is told (`isIncluded`). Nobody is invited unseen: what needs a
/// confirmed condition is left out, and so is what is counted from a day nobody knows (妊娠 without
/// a due date) or begins only after `forecastYears`. Without a birth date nothing is forecast. What is given
/// every year is told of the season of `today`, or else of the next.
package func forecastVaccinations(
    birth: CalendarDay?, sex: ResidentSex?, dueDay: CalendarDay? = nil, history: [GivenDose],
    today: CalendarDay, seasons: MunicipalSeasons = .ofTheLaw, longIllnesses: [LongIllness] = [],
    _ rules: ImmunizationRules
) -> [VaccinationForecast] {
    guard let birth else { return [] }
    var question = NeedleQuestion(
        birth: birth, sex: sex, history: history, candidate: GivenDose(nil as Vaccine.ID?, on: nil))
    question.dueDay = dueDay
    question.seasons = seasons
    question.longIllnesses = longIllnesses
    let horizon = today.adding(days: rules.forecastYears * 366)
    let told = rules.programmes.indices.compactMap { place -> VaccinationForecast? in
        let programme = rules.programmes[place]
        guard let number = programme.version(on: today.daysSince1970) else { return nil }
        let version = programme.versions[number]
        guard programme.isForecast(version, history), version.eligibility.condition == nil,
            let vaccine = version.gives.first
        else { return nil }
        let entry = Forecast(question, rules, place, vaccine).entry(today: today.daysSince1970)
        return entry.flatMap { $0.earliest <= horizon ? $0 : nil }
    }
    return told.filter { one in
        !told.contains { one.isIncluded(in: $0, after: history, rules) }
    }
}

extension VaccinationForecast {
    /// 混合ワクチンに含まれる: another that is told and not over holds all that this one does and more, in the same time
    /// of life, and nobody began with the single one (ヒブ beside 五種混合): who were told of both would come
    /// for both.
    fileprivate func isIncluded(
        in other: VaccinationForecast, after history: [GivenDose], _ rules: ImmunizationRules
    ) -> Bool {
        let own = Set(rules.vaccine(vaccine).antigens)
        guard other.status != .closed, other.latest.map({ earliest <= $0 }) ?? true,
            own.isStrictSubset(of: Set(rules.vaccine(other.vaccine).antigens))
        else { return false }
        let given = rules.vaccines(of: rules.programmes[programme])
        return !history.contains { dose in
            dose.vaccine.map { given.contains(rules.vaccine($0).code) } ?? false
        }
    }
}

/// 接種の残り: how one schedule stands on a day, whoever is told of it.
package enum SeriesStanding: CaseIterable, Hashable, Sendable {
    /// A dose may be given; the next may not yet; no more can be, though one is missing; nothing is left to
    /// give by this schedule.
    case due, notYet, closed, complete
}

/// By the same judgement as the forecast. `nil` where it cannot be told: without a birth date or a
/// pregnancy it counts from, or with no version of that day. Of what is given every year, doses after the
/// day are of another season; of what is not, they complete it.
package func seriesStanding(
    of programme: Programme, _ person: NeedlePerson, on day: CalendarDay,
    _ rules: ImmunizationRules
) -> SeriesStanding? {
    guard let birth = person.birth, let place = rules.programmes.firstIndex(of: programme),
        let number = programme.version(on: day.daysSince1970),
        let vaccine = programme.versions[number].gives.first
    else { return nil }
    let version = programme.versions[number]
    var history = person.held
    if version.season != nil { history.removeAll { $0.isAfter(day) } }
    var question = NeedleQuestion(
        birth: birth, sex: person.sex, history: history,
        candidate: GivenDose(nil as Vaccine.ID?, on: nil))
    question.seasons = person.seasons
    question.longIllnesses = person.longIllnesses
    question.dueDay = person.pregnancies.dueDay(awaitedOn: day)
    if version.isPerPregnancy, question.dueDay == nil {
        return person.pregnancies.isEmpty ? nil : .complete
    }
    let forecast = Forecast(question, rules, place, vaccine)
    return switch forecast.entry(today: day.daysSince1970)?.status {
    case nil: forecast.isCutShort ? .closed : .complete
    case .notYet: .notYet
    case .early, .due, .overdue: .due
    case .closed: .closed
    }
}

extension [Programme] {
    fileprivate func firstIndex(of programme: Programme) -> Int? {
        firstIndex { $0.code == programme.code }
    }
}

extension Programme {
    fileprivate func isForecast(_ version: ProgrammeVersion, _ history: [GivenDose]) -> Bool {
        switch audience {
        case .everyone: true
        case .thoseWhoBegan:
            history.contains { $0.vaccine.map(version.givesSet.contains) ?? false }
        case nil: false
        }
    }
}

/// The forecast of one schedule.
private struct Forecast {
    private let check: NeedleCheck
    private let programme: Programme
    private let place: Int
    private let vaccine: Vaccine.ID

    init(
        _ question: NeedleQuestion, _ rules: ImmunizationRules, _ place: Int, _ vaccine: Vaccine.ID
    ) {
        var question = question
        question.history = question.history.onLastDays
        question.candidate = GivenDose(vaccine, on: question.birth)
        check = NeedleCheck(question, rules)
        programme = rules.programmes[place]
        self.place = place
        self.vaccine = vaccine
    }

    func entry(today: Int) -> VaccinationForecast? {
        let birth = check.person.birth?.daysSince1970 ?? today
        let last = check.doses.last { programme.counts.contains($0.vaccine) }?.day ?? birth
        // A season that is over is nobody's next.
        var start = max(birth, last, season(around: today)?.lowerBound ?? birth)
        var found: VaccinationForecast?
        // 期を逃した: behind a closed period another may still come.
        while let day = check.earliest(vaccine, from: start, by: place),
            let next = entry(on: withoutDoctor(from: day), today: today)
        {
            found = next
            guard next.status == .closed, let latest = next.latest else { break }
            start = latest.daysSince1970 + 1
        }
        return found
    }

    /// 医師が必要と認めた場合だけの短い間隔: nobody is called for a day that only a doctor's word permits, unless by the
    /// day that needs none this dose is lost (12月を超えた初回).
    private func withoutDoctor(from day: Int) -> Int {
        let waits = SeriesCheck(check, place).judge(vaccine, on: day).findings
            .filter { $0.rule == .intervalIfDoctorAgrees }.compactMap(\.earliest)
        guard let usual = waits.max(), let later = check.earliest(vaccine, from: usual, by: place),
            let dose = coming(on: day), dose.rule.name == coming(on: later)?.rule.name
        else { return day }
        return later
    }

    private func coming(on day: Int) -> ComingDose? {
        programme.version(on: day).flatMap {
            SeriesCheck(check, place).dose(vaccine, on: day, of: $0)
        }
    }

    /// 間隔がそろう前に終わる対象期間: there is no day for the next dose, and nothing but its window stands
    /// against it.
    var isCutShort: Bool {
        guard let last = check.doses.last(where: { programme.counts.contains($0.vaccine) }),
            last.day != KnownDose.noDay
        else { return false }
        let stops = SeriesCheck(check, place).judge(vaccine, on: last.day + 1).findings.filter {
            $0.verdict == .stop && $0.rule != .interval
        }
        return !stops.isEmpty
            && stops.allSatisfy { $0.rule == .windowEndsFirst || $0.rule == .tooLate }
    }

    private func entry(on day: Int, today: Int) -> VaccinationForecast? {
        guard let judged = coming(on: day),
            let window = judged.rule.window.days(
                for: check.person, judged.walk.late, on: max(day, today))
        else { return nil }
        let last = min(window.upperBound, season(around: day)?.upperBound ?? window.upperBound)
        let latest = last < DoseWindow.never ? last : nil
        let usual = judged.recommended(for: check.person)
        // 標準の間隔を待つと対象期間が終わる: then nothing is recommended later.
        let from = usual.from.flatMap { max($0, day) <= last ? max($0, day) : nil }
        let status: VaccinationForecast.Status
        switch today {
        case _ where today < day: status = .notYet
        case _ where today > latest ?? today: status = .closed
        case _ where today > usual.to ?? today: status = .overdue
        case _ where today < from ?? today: status = .early
        default: status = .due
        }
        return VaccinationForecast(
            programme: place, vaccine: vaccine, dose: judged.rule.name, status: status,
            earliest: CalendarDay(daysSince1970: day),
            recommendedFrom: from.map(CalendarDay.init(daysSince1970:)),
            recommendedTo: usual.to.map { CalendarDay(daysSince1970: max($0, day)) },
            latest: latest.map(CalendarDay.init(daysSince1970:)))
    }

    /// The days that hold a day, or the next ones; `nil` for what is not given every year.
    private func season(around day: Int) -> ClosedRange<Int>? {
        guard let version = programme.version(on: day),
            let season = programme.versions[version].season
        else { return nil }
        return check.question.seasons.days(of: place, season, around: day)
    }
}

/// A dose to come, with the days of those before it.
struct ComingDose {
    let rule: DoseRule
    let walk: CourseWalk

    /// 標準: the later of what age and interval recommend from, to the later of both ends.
    func recommended(for person: PersonDays) -> (from: Int?, to: Int?) {
        let age = rule.standard?.days(for: person)
        var from = age?.lowerBound
        var to = age.flatMap { $0.upperBound < DoseWindow.never ? $0.upperBound : nil }
        for spacing in rule.after {
            let before = spacing.of.map { walk.days[$0] } ?? walk.lastDay
            guard let standard = spacing.standard, before != KnownDose.noDay else { continue }
            let first = standard.from.earliest(after: before)
            from = max(from ?? first, first)
            // 20日から56日まで: the last day is the one with 56 full days between.
            if let last = standard.to?.earliest(after: before) { to = max(to ?? last, last) }
        }
        if let late = rule.lateAfter?.day(for: person) { to = min(to ?? late, late) }
        return (from, to)
    }
}

/// 接種歴の有効性: each dose of a history judged by the law of its day, as if before its needle, with what came
/// before it and by the pregnancy it fell in. In the order of the input. A municipality's own days say who
/// pays, not whether a dose counts.
package func judgeHistory(
    birth: CalendarDay?, sex: ResidentSex?, pregnancies: [KnownPregnancy] = [],
    history: [GivenDose], longIllnesses: [LongIllness] = [], _ rules: ImmunizationRules
) -> [NeedleAnswer] {
    var ways = UnsureDays.waysMax
    var answers: [Int: NeedleAnswer] = [:]
    // Those of a known day first, and then the earliest, in whatever order they came: of a history that
    // nobody can try out the last are cautions.
    let dated = history.indices.filter { history[$0].day != nil }
    let others = history.indices.filter { history[$0].day == nil }.sorted {
        history[$0].isBefore(history[$1])
    }
    for place in dated.sorted(by: { history[$0].isBefore(history[$1]) }) + others {
        let dose = history[place]
        var question = NeedleQuestion(birth: birth, sex: sex, history: history, candidate: dose)
        question.history.remove(at: place)
        question.dueDay = dose.day.flatMap(pregnancies.dueDay(on:))
        question.longIllnesses = longIllnesses
        answers[place] = judgeRecord(question, rules, within: &ways)
    }
    return history.indices.compactMap { answers[$0] }
}

/// One dose of a history, judged so; `history` are the others, and what came later does not count. With the
/// `seasons` of the municipality of its day it is judged as a dose that the Act pays for, unless its `basis`
/// is another, and with the last day of its vial by that too. Of a month or a year alone it is valid or not
/// where the whole of it says so, and else a caution.
package func judgeDose(
    _ dose: GivenDose, expiry: CalendarDay? = nil, birth: CalendarDay?, sex: ResidentSex?,
    dueDay: CalendarDay? = nil, basis: NeedleQuestion.Basis = .routine, history: [GivenDose],
    seasons: MunicipalSeasons = .ofTheLaw, longIllnesses: [LongIllness] = [],
    _ rules: ImmunizationRules
) -> NeedleAnswer {
    var question = NeedleQuestion(birth: birth, sex: sex, history: history, candidate: dose)
    question.basis = basis
    question.seasons = seasons
    question.longIllnesses = longIllnesses
    question.vial.expiry = expiry
    question.dueDay = dueDay
    var ways = UnsureDays.waysMax
    return judgeRecord(question, rules, within: &ways)
}

private func judgeRecord(
    _ question: NeedleQuestion, _ rules: ImmunizationRules, within ways: inout Int
) -> NeedleAnswer {
    let dose = question.candidate
    guard dose.day == nil, let days = dose.days else {
        return judgeOnItsDay(question, rules, within: &ways)
    }
    var question = question
    var answers: [NeedleAnswer] = []
    for day in days.quarters(from: question.birth) {
        question.candidate = GivenDose(dose.vaccine, on: day, number: dose.number)
        answers.append(judgeOnItsDay(question, rules, within: &ways))
    }
    var unknown = rules.finding(.dateUnknown)
    let rest = answers[answers.count - 1]
    let verdicts = Set(answers.map(\.verdict))
    if verdicts.count > 1 { unknown.verdict = .caution }
    let findings = verdicts.count > 1 ? rest.findings.filter { $0.verdict == .fine } : rest.findings
    return NeedleAnswer(
        worstFirst: findings + [unknown], earliest: nil, programme: rest.programme)
}

private func judgeOnItsDay(
    _ question: NeedleQuestion, _ rules: ImmunizationRules, within ways: inout Int
) -> NeedleAnswer {
    var question = question
    if let day = question.candidate.day { question.history.removeAll { $0.isAfter(day) } }
    return judgeNeedle(question, rules, isRecord: true, within: &ways)
}

extension GivenDose {
    fileprivate func isBefore(_ other: GivenDose) -> Bool { order < other.order }

    private var order: (Int, Int, Int, Int) {
        (
            (day ?? days?.lowerBound)?.daysSince1970 ?? Int.min,
            (day ?? days?.upperBound)?.daysSince1970 ?? Int.min,
            vaccine?.index ?? -1, number ?? 0
        )
    }
}

extension ClosedRange<CalendarDay> {
    /// First, last and three between: no period of the law is so short that it fell between two of a year.
    fileprivate func quarters(from birth: CalendarDay?) -> [CalendarDay] {
        let first = Swift.min(birth.map { Swift.max($0, lowerBound) } ?? lowerBound, upperBound)
        let (from, to) = (first.daysSince1970, upperBound.daysSince1970)
        return (0...4).map { CalendarDay(daysSince1970: from + (to - from) * $0 / 4) }
    }
}
