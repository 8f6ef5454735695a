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

    /// Reads `5080401`, `令和8年4月1日` (元年, full-width digits) or `R8.4.1` (also `/` and `-`),
    /// strictly.
    package init(_ text: String, item: String = "date") throws(Refusal) {
        let reading = try Self.reading(text, item: item)
        guard reading.warning != .pastEraEnd else { throw .malformed(item) }
        self = reading.date
    }

    /// As `init`, but what real systems still send is accepted with a warning. A date past the end
    /// of its era comes back in the era that day belongs to.
    package static func reading(_ text: String, item: String = "date")
        throws(Refusal) -> (date: Wareki, warning: Warning?)
    {
        guard let parts = code7(text) ?? kanji(text) ?? letter(text) else {
            throw .malformed(item)
        }
        return try reading(
            era: parts.era, year: parts.year, month: parts.month, day: parts.day, item: item)
    }

    static func reading(
        era: Era, year: Int, month: Int, day: Int, item: String = "date"
    ) throws(Refusal) -> (date: Wareki, warning: Warning?) {
        guard year >= 1 else { throw .malformed(item) }
        let day = try CalendarDay(
            year: era.firstYear + year - 1, month: month, day: day, item: item)
        guard let date = Wareki(day), date.era.rawValue >= era.rawValue else {
            throw .malformed(item)
        }
        if date.era != era {
            // The next era may be written too long, one that ended two eras ago is a wrong era.
            guard era.next == date.era else { throw .malformed(item) }
            return (date, .pastEraEnd)
        }
        return (date, day.year < 1873 ? .lunarCalendar : nil)
    }

    /// `5080401`.
    package var code7: String {
        "\(era.rawValue)\(Self.two(year))\(Self.two(day.month))\(Self.two(day.day))"
    }

    /// `令和8年4月1日`, `令和元年5月1日`.
    package var kanji: String {
        "\(era.kanji)\(year == 1 ? "元" : String(year))年\(day.month)月\(day.day)日"
    }

    /// `R8.4.1`.
    package var letter: String { "\(era.letter)\(year).\(day.month).\(day.day)" }

    private typealias Parts = (era: Era, year: Int, month: Int, day: Int)

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

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
        guard fields.count == 3, text.contains("年"), text.contains("月"),
            let month = number(fields[1]), let day = number(fields[2]),
            let year = fields[0] == "元" ? 1 : number(fields[0])
        else { return nil }
        return (era, year, month, day)
    }

    private static func letter(_ text: String) -> Parts? {
        guard let first = text.first,
            let era = Era.allCases.first(where: { $0.letter == first.uppercased() })
        else { return nil }
        let fields = text.dropFirst().split(
            omittingEmptySubsequences: false, whereSeparator: { ".-/".contains($0) })
        guard fields.count == 3, let year = number(fields[0]), let month = number(fields[1]),
            let day = number(fields[2])
        else { return nil }
        return (era, year, month, day)
    }

    /// One or two digits, ASCII or full-width.
    private static func number(_ text: Substring) -> Int? {
        guard (1...2).contains(text.unicodeScalars.count) else { return nil }
        var value = 0
        for scalar in text.unicodeScalars {
            guard let digit = DigitRuns.digit(scalar) else { return nil }
            value = value * 10 + digit
        }
        return value
    }
}
