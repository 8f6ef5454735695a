package import Exchange

/// 記録の月: a civil month in Japan, by which entries are partitioned, kept and archived.
package struct LogMonth: Hashable, Comparable, Sendable {
    private let number: Int

    private init(number: Int) {
        self.number = number
    }

    /// `YYYY-MM`; throws `Refusal.malformed` for anything else.
    package init(_ text: String) throws {
        self.init(number: Int(try ServiceMonth(text).number))
    }

    package init(of instant: Instant) {
        let day = instant.dayInJapan
        self.init(number: day.year * 12 + day.month - 1)
    }

    package func adding(months: Int) -> LogMonth { LogMonth(number: number + months) }

    /// Its first instant.
    package var start: Instant {
        // Days before a month are counted from its own number: there is always a first day.
        let day = try? CalendarDay(year: number / 12, month: number % 12 + 1, day: 1)
        return .startOfDay(day ?? CalendarDay(daysSince1970: 0))
    }

    /// The first instant after it.
    package var end: Instant { adding(months: 1).start }

    /// 保存期間の終わり: the first instant at which this month may leave the database.
    package func end(ofKeeping rule: RetentionRule) -> Instant {
        adding(months: rule.months + 1).start
    }

    package func contains(_ instant: Instant) -> Bool { start <= instant && instant < end }

    /// `YYYY-MM`.
    package var text: String { String(start.dayInJapan.text.prefix(7)) }

    /// Of digits alone, so that it may stand in a statement.
    var partition: String { "access_entry_" + text.replacing("-", with: "_") }

    package static func < (left: LogMonth, right: LogMonth) -> Bool {
        left.number < right.number
    }
}
