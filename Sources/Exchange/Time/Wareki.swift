/// 和暦: a civil day as an era writes it. Reading refuses days that never were; writing gives every
/// day since 1868-01-25 its era. The era changes on the day itself: 1989-01-07 is 昭和64年, 1989-01-08
/// 平成元年.
package struct Wareki: Hashable, Sendable {
    package enum Era: Int, CaseIterable, Sendable {
        case meiji = 1
        case taisho, showa, heisei, reiwa

        package var kanji: String { ["明治", "大正", "昭和", "平成", "令和"][rawValue - 1] }
        package var letter: String { ["M", "T", "S", "H", "R"][rawValue - 1] }

        /// 元年 of the era in the Gregorian calendar.
        var firstYear: Int { [1868, 1912, 1926, 1989, 2019][rawValue - 1] }

        var firstDay: Int {
            let (month, day) = [(1, 25), (7, 30), (12, 25), (1, 8), (5, 1)][rawValue - 1]
            return firstYear * 10_000 + month * 100 + day
        }

        var next: Era? { Era(rawValue: rawValue + 1) }
    }

    package enum Warning: Sendable {
        /// 平成31年5月1日: the era was over, but systems kept writing it; the day is not in doubt.
        case pastEraEnd
        /// Before 1873 dates were of the lunar calendar: the Gregorian day may be meant otherwise.
        case lunarCalendar
    }

    package let era: Era
    /// 元年 is 1.
    package let year: Int
    package let day: CalendarDay

    /// The era a day belongs to; `nil` before 明治.
    package init?(_ day: CalendarDay) {
        let number = day.year * 10_000 + day.month * 100 + day.day
        guard let era = Era.allCases.last(where: { $0.firstDay <= number }) else { return nil }
        self.era = era
        self.day = day
        year = day.year - era.firstYear + 1
    }

    /// Reads `5080401`, `令和8年4月1日` or `R8.4.1` (also `/` and `-`), in half or full width and
    /// with 元 for the first year, strictly.
    package init(_ text: String, item: String = "date") throws(Refusal) {
        self = try Self.reading(text, past: .none, item: item).date
    }

    /// As `init`, but a day past the end of an era that `overruns` names is accepted with a warning;
    /// it comes back in the era that day belongs to.
    package static func reading(_ text: String, past overruns: EraOverruns, item: String = "date")
        throws(Refusal) -> (date: Wareki, warning: Warning?)
    {
        let text = halfWidth(text)
        guard let parts = code7(text) ?? kanji(text) ?? letter(text) else {
            throw .malformed(item)
        }
        return try reading(
            era: parts.era, year: parts.year, month: parts.month, day: parts.day,
            past: overruns, item: item)
    }

    static func reading(
        era: Era, year: Int, month: Int, day: Int, past overruns: EraOverruns,
        item: String = "date"
    ) throws(Refusal) -> (date: Wareki, warning: Warning?) {
        guard year >= 1 else { throw .malformed(item) }
        let day = try CalendarDay(
            year: era.firstYear + year - 1, month: month, day: day, item: item)
        guard let date = Wareki(day), date.era.rawValue >= era.rawValue else {
            throw .malformed(item)
        }
        if date.era != era {
            // Even of such an era, one that ended two eras ago is a wrong era.
            guard era.next == date.era, overruns.tolerates(era) else { throw .malformed(item) }
            return (date, .pastEraEnd)
        }
        return (date, day.year < 1873 ? .lunarCalendar : nil)
    }

    /// `5080401`.
    package var code7: String {
        "\(era.rawValue)"
            + [year, day.month, day.day].map { Digits.padded($0, to: 2) }.joined()
    }

    /// `令和8年4月1日`, `令和元年5月1日`.
    package var kanji: String {
        "\(era.kanji)\(year == 1 ? "元" : String(year))年\(day.month)月\(day.day)日"
    }

    /// `R8.4.1`.
    package var letter: String { "\(era.letter)\(year).\(day.month).\(day.day)" }

    private typealias Parts = (era: Era, year: Int, month: Int, day: Int)

    /// 全角英数字・記号 as their half-width forms, whatever else is in the text.
    static func halfWidth(_ text: String) -> String {
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        var half = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let isFull = (0xFF01...0xFF5E).contains(scalar.value)
            half.append(isFull ? Unicode.Scalar(UInt8(scalar.value - 0xFEE0)) : scalar)
        }
        return String(half)
    }

    private static func code7(_ text: String) -> Parts? {
        guard let digits = Digits.values(text.utf8), digits.count == 7,
            let era = Era(rawValue: digits[0])
        else { return nil }
        return (
            era, digits[1] * 10 + digits[2], digits[3] * 10 + digits[4], digits[5] * 10 + digits[6]
        )
    }

    private static func kanji(_ text: String) -> Parts? {
        guard let era = Era.allCases.first(where: { text.hasPrefix($0.kanji) }),
            text.hasSuffix("日")
        else { return nil }
        let fields = text.dropFirst(2).dropLast().split(
            omittingEmptySubsequences: false, whereSeparator: { $0 == "年" || $0 == "月" })
        guard fields.count == 3, let endOfYear = text.firstIndex(of: "年"),
            let endOfMonth = text.firstIndex(of: "月"), endOfYear < endOfMonth,
            let year = Self.year(fields[0]), let month = number(fields[1]),
            let day = number(fields[2])
        else { return nil }
        return (era, year, month, day)
    }

    private static func letter(_ text: String) -> Parts? {
        guard let first = text.first,
            let era = Era.allCases.first(where: { $0.letter == first.uppercased() })
        else { return nil }
        let fields = text.dropFirst().split(
            omittingEmptySubsequences: false, whereSeparator: { ".-/".contains($0) })
        guard fields.count == 3, let year = Self.year(fields[0]), let month = number(fields[1]),
            let day = number(fields[2])
        else { return nil }
        return (era, year, month, day)
    }

    private static func year(_ text: Substring) -> Int? { text == "元" ? 1 : number(text) }

    /// One or two digits.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.count <= 2 ? Digits.number(text.utf8) : nil
    }
}
