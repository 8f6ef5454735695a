/// 接種前確認の問い: what is known of the person, of the doses so far, and of the one about to be given.
/// Anything may be unknown; the answer says so instead of guessing.
package struct NeedleQuestion: Sendable {
    package var birth: CalendarDay?
    /// The register has no birth date: it is the ticket's (`Screening.statedBirth`).
    package var isBirthStated = false
    package var sex: ResidentSex?
    /// 出産予定日, for vaccines of pregnancy.
    package var dueDay: CalendarDay?
    /// The day of the check; without it no date counts as future.
    package var today: CalendarDay?
    package var basis: Basis = .routine
    package var history: [GivenDose]
    /// 接種歴の空白: days on which a dose may have been given that nobody told of.
    package var gaps: [ClosedRange<CalendarDay>] = []
    /// 日の分からない記録: a dose without any day, too, is held against all days that it can have been.
    var isLostDayHeeded = false
    /// 接種期間 of the municipality of residence.
    package var seasons = MunicipalSeasons.ofTheLaw
    /// 長期療養特例: what a municipality recognised.
    package var longIllnesses: [LongIllness] = []
    package var candidate: GivenDose
    package var vial: Vial = Vial()
    package var person: Screening = Screening()

    package init(
        birth: CalendarDay?, sex: ResidentSex? = nil, history: [GivenDose], candidate: GivenDose
    ) {
        self.birth = birth
        self.sex = sex
        self.history = history
        self.candidate = candidate
    }

    /// 定期接種 or 任意接種: what is outside the Act's windows is stopped only as the former.
    package enum Basis: String, Hashable, Sendable {
        case routine, voluntary
    }

    /// バイアル: what the label says.
    package struct Vial: Hashable, Sendable {
        package var lotNumber: String?
        /// 最終有効年月日: the last day it may be used.
        package var expiry: CalendarDay?
    }

    /// 予診: what was found of the person in front of the nurse.
    package struct Screening: Hashable, Sendable {
        /// 体温, in tenths of a degree Celsius.
        package var temperatureTenths: Int?
        /// Codes of `contraindications.json` that the questionnaire answered with yes.
        package var answers: [String] = []
        /// 医師が確かめる回答, of which no row of `contraindications.json` speaks.
        package var concerns: [ScreeningQuestionnaire.Concern] = []
        /// 同意: whether who must consent has; `nil` when no questionnaire was asked.
        package var isConsented: Bool?
        /// Birth and sex as the ticket or the claim states them, to be held against the register's.
        package var statedBirth: CalendarDay?
        package var statedSex: ResidentSex?
    }
}

/// 接種歴の一回. An entry whose vaccine nobody knows, or whose day is lost, stays in the history.
package struct GivenDose: Hashable, Sendable {
    package var vaccine: Vaccine.ID?
    package var day: CalendarDay?
    /// 年月だけの日: the days that a month or a year alone can mean; `nil` where the day is known, or nothing is.
    package var days: ClosedRange<CalendarDay>?
    /// 何回目, if the record says so.
    package var number: Int?

    package init(
        _ vaccine: Vaccine.ID?, on day: CalendarDay?, number: Int? = nil,
        within days: ClosedRange<CalendarDay>? = nil
    ) {
        self.vaccine = vaccine
        self.day = day
        self.days = day == nil ? days : nil
        self.number = number
    }

    package init(
        _ named: NamedVaccine?, on day: CalendarDay?, within days: ClosedRange<CalendarDay>? = nil
    ) {
        self.init(named?.vaccine, on: day, number: named?.number, within: days)
    }
}

extension GivenDose {
    /// Whatever day of its month it was.
    func isAfter(_ other: CalendarDay) -> Bool {
        (day ?? days?.lowerBound).map { $0 > other } ?? false
    }
}

package enum ResidentSex: String, CaseIterable, Hashable, Sendable {
    case male, female, other, unknown

    /// PMH: "1" male, "2" female; anything else is not known.
    package init(registered code: String) {
        switch code {
        case "1": self = .male
        case "2": self = .female
        default: self = .unknown
        }
    }

    /// The same code of those that a schedule may ask for.
    package var registered: String? {
        switch self {
        case .male: "1"
        case .female: "2"
        case .other, .unknown: nil
        }
    }
}
