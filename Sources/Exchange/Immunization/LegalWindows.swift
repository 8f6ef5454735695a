/// 定期の対象年齢: the legal windows of the routine vaccines for one birth, under the keys that the schedules
/// give them. Conditions, earlier doses and seasons are the check's business.
private struct LegalWindow {
    let key: String
    let from: CalendarDay
    /// `nil`: without end (65歳以上).
    let to: CalendarDay?

    init(_ key: String, _ days: ClosedRange<Int>) {
        self.key = key
        from = CalendarDay(daysSince1970: days.lowerBound)
        to =
            days.upperBound < DoseWindow.never
            ? CalendarDay(daysSince1970: days.upperBound) : nil
    }
}

extension ImmunizationRules {
    /// Those of every childhood, counted by age alone, whenever the Act took them in. In the order of the
    /// schedules.
    private func childhoodWindows(_ person: PersonDays, _ sex: ResidentSex?) -> [LegalWindow] {
        programmes.filter(\.isOfEveryChildhood).flatMap { $0.dosesNow(for: sex) }.compactMap {
            dose -> LegalWindow? in
            guard let key = dose.windowKey, let days = dose.window.days(for: person) else {
                return nil
            }
            return LegalWindow(key, days)
        }
    }

    /// Any other, told only to those it is for, within the days of its law.
    private func otherWindows(_ person: PersonDays, _ sex: ResidentSex?) -> [LegalWindow] {
        programmes.filter { !$0.isOfEveryChildhood }.flatMap {
            $0.windowsWithinLaw(person, sex)
        }
    }

    /// `{"birth": …, "windows": {"BCG": ["2025-01-15", "2026-01-14"], …}, "others": {…}}`: those of every
    /// childhood, and those for some alone. A window without end has `null` for its last day, and the last
    /// recommended day of a first dose is a single day (ロタ初回推奨期限).
    package func legalWindowsJSON(birth: CalendarDay, sex: ResidentSex?) -> String {
        let person = PersonDays(birth: birth, dueDay: nil)
        var writer = JSONWriter()
        writer.object { answer in
            answer.member("birth", birth.text)
            answer.member("sex", sex?.rawValue)
            answer.object("windows") { windows in
                for window in childhoodWindows(person, sex) { window.write(to: &windows) }
                for dose in programmes.flatMap({ $0.dosesNow(for: sex) }) {
                    guard let key = dose.lateKey, let day = dose.lateAfter?.day(for: person)
                    else { continue }
                    windows.member(key, CalendarDay(daysSince1970: day).text)
                }
            }
            answer.object("others") { others in
                for window in otherWindows(person, sex) { window.write(to: &others) }
            }
        }
        return writer.text
    }
}

extension LegalWindow {
    fileprivate func write(to windows: inout JSONWriter) {
        windows.array(key) { days in
            days.string(from.text)
            if let to { days.string(to.text) } else { days.null() }
        }
    }
}

extension Programme {
    /// A類 that everyone is told of and that no day ends: neither a schedule that was replaced (四種混合), nor one
    /// for those of some years of birth (経過措置), nor one of later life (B類).
    fileprivate var isOfEveryChildhood: Bool {
        guard category == .a, audience == .everyone, let now = versions.last else { return false }
        let bornUntil = now.eligibility.born?.upperBound ?? DoseWindow.never
        return now.effective.upperBound >= DoseWindow.never && bornUntil >= DoseWindow.never
    }

    /// The doses of the last version, in its usual course; none of the other sex.
    fileprivate func dosesNow(for sex: ResidentSex?) -> [DoseRule] {
        guard let now = versions.last, now.eligibility.isOpen(to: sex) else { return [] }
        return now.courses.first?.doses ?? []
    }

    /// One line a key: versions that follow each other are one window. Of several apart (5歳刻みの年度) it is the
    /// last, which is the one that may still be to come.
    fileprivate func windowsWithinLaw(
        _ person: PersonDays, _ sex: ResidentSex?
    ) -> [LegalWindow] {
        var keys: [String] = []
        var parts: [String: [ClosedRange<Int>]] = [:]
        for version in versions where version.eligibility.isOpen(to: sex) {
            guard let birth = person.birth,
                version.eligibility.born?.contains(birth.daysSince1970) ?? true
            else { continue }
            for dose in version.courses.flatMap(\.doses) {
                guard let key = dose.windowKey, let days = dose.window.days(for: person),
                    days.overlaps(version.effective)
                else { continue }
                if parts[key] == nil { keys.append(key) }
                parts[key, default: []].append(days.clamped(to: version.effective))
            }
        }
        return keys.compactMap { key in
            parts[key]?.lastJoined.map { LegalWindow(key, $0) }
        }
    }
}

extension ProgrammeVersion.Eligibility {
    fileprivate func isOpen(to sex: ResidentSex?) -> Bool {
        guard let only = self.sex, let sex else { return true }
        return sex == only || (sex != .male && sex != .female)
    }
}

extension [ClosedRange<Int>] {
    /// The last of them, with those that it follows without a day between.
    fileprivate var lastJoined: ClosedRange<Int>? {
        let parts = sorted { $0.lowerBound < $1.lowerBound }
        guard var whole = parts.first else { return nil }
        for part in parts.dropFirst() {
            whole =
                part.lowerBound <= whole.upperBound + 1
                ? whole.lowerBound...Swift.max(whole.upperBound, part.upperBound) : part
        }
        return whole
    }
}
