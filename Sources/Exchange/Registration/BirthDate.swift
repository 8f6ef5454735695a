/// 生年月日: kept exactly as registered. A month or day nobody knows is written `00`, and an unknown
/// date `不明`: such people exist, and real systems send them so.
package struct BirthDate: Hashable, Sendable {
    /// As registered: `1987-06-05`, `1950-00-00`, `0000-00-00`, `不明`.
    package let text: String
    /// The first and the last day it can be; equal when the date is exact, `nil` when even the year
    /// is unknown.
    package let earliest: CalendarDay?
    package let latest: CalendarDay?

    /// Throws `.malformed(item)` for any other form and for a day that does not exist.
    package init(_ text: String, item: String = "dateOfBirth") throws(Refusal) {
        self.text = text
        if Self.unknown.contains(text) {
            earliest = nil
            latest = nil
            return
        }
        let bytes = Array(text.utf8)
        guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D,
            let digits = Digits.values(bytes[0..<4] + bytes[5..<7] + bytes[8..<10])
        else { throw .malformed(item) }
        let year = digits[0..<4].reduce(0) { $0 * 10 + $1 }
        let month = digits[4] * 10 + digits[5]
        let day = digits[6] * 10 + digits[7]
        // Nobody alive was born before 明治; an unknown month has no known day.
        guard year >= 1868, month > 0 || day == 0, month <= 12 else { throw .malformed(item) }
        let lastMonth = month == 0 ? 12 : month
        let lastDay = day == 0 ? CalendarDay.days(in: lastMonth, of: year) : day
        earliest = try CalendarDay(
            year: year, month: max(month, 1), day: max(day, 1), item: item)
        latest = try CalendarDay(year: year, month: lastMonth, day: lastDay, item: item)
    }

    private static let unknown = ["不明", "0000-00-00"]

    /// 同じ生年月日の書き方: every text that says the same as this one.
    package var spellings: [String] { earliest == nil ? Self.unknown : [text] }

    /// The day itself, when it is known.
    package var day: CalendarDay? { earliest == latest ? earliest : nil }
}
