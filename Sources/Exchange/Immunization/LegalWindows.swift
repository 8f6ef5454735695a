/// 定期の対象年齢: the legal window of each routine vaccine for one birth, by age alone, under the keys that the
/// schedules give them. Whether a vaccine was routine on a day already is the check's business.
package struct LegalWindow: Hashable, Sendable {
    package let key: String
    package let from: CalendarDay
    package let to: CalendarDay
}

extension ImmunizationRules {
    /// In the order of the schedules; a schedule of the other sex is left out.
    package func legalWindows(birth: CalendarDay, sex: ResidentSex?) -> [LegalWindow] {
        let person = PersonDays(birth: birth, dueDay: nil)
        var windows: [LegalWindow] = []
        for dose in dosesNow(for: sex) {
            guard let key = dose.windowKey, let days = dose.window.days(for: person) else {
                continue
            }
            windows.append(
                LegalWindow(
                    key: key, from: CalendarDay(daysSince1970: days.lowerBound),
                    to: CalendarDay(daysSince1970: days.upperBound)))
        }
        return windows
    }

    /// `{"birth": …, "windows": {"BCG": ["2025-01-15", "2026-01-14"], …}}`; the last recommended day
    /// of a first dose is a single day (ロタ初回推奨期限).
    package func legalWindowsJSON(birth: CalendarDay, sex: ResidentSex?) -> String {
        let person = PersonDays(birth: birth, dueDay: nil)
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("birth", birth.text)
        writer.member("sex", sex?.rawValue)
        writer.name("windows")
        writer.beginObject()
        for window in legalWindows(birth: birth, sex: sex) {
            writer.name(window.key)
            writer.beginArray()
            writer.string(window.from.text)
            writer.string(window.to.text)
            writer.endArray()
        }
        for dose in dosesNow(for: sex) {
            guard let key = dose.lateKey, let day = dose.lateAfter?.day(for: person) else {
                continue
            }
            writer.member(key, CalendarDay(daysSince1970: day).text)
        }
        writer.endObject()
        writer.endObject()
        return writer.text
    }

    /// The doses of each schedule's last version, in its usual course.
    private func dosesNow(for sex: ResidentSex?) -> [DoseRule] {
        programmes.compactMap(\.versions.last).filter { version in
            guard let only = version.eligibility.sex, let sex else { return true }
            return sex == only || (sex != .male && sex != .female)
        }.flatMap { $0.courses.first?.doses ?? [] }
    }
}
