/// 暦日: a civil day in Japan (JST), proleptic Gregorian. A day is never an instant: no zone, no
/// clock.
package struct CalendarDay: Hashable, Comparable, Sendable {
    package let year: Int
    package let month: Int
    package let day: Int

    /// Throws `.malformed(item)` for a day that does not exist (2026-02-29).
    package init(
        year: Int, month: Int, day: Int, item: @autoclosure () -> String = "date"
    ) throws(Refusal) {
        guard (1...9999).contains(year), (1...12).contains(month),
            (1...Self.days(in: month, of: year)).contains(day)
        else { throw .malformed(item()) }
        self.year = year
        self.month = month
        self.day = day
    }

    /// `YYYY-MM-DD`, as FHIR and PMH write it; nothing else is accepted.
    package init(_ text: String, item: @autoclosure () -> String = "date") throws(Refusal) {
        var text = text
        guard let (year, month, day) = text.withUTF8(Self.parts) else { throw .malformed(item()) }
        try self.init(year: year, month: month, day: day, item: item())
    }

    // In place: every row and every record has some.
    static func parts(_ bytes: UnsafeBufferPointer<UInt8>) -> (Int, Int, Int)? {
        guard bytes.count == 10, bytes[4] == 0x2D, bytes[7] == 0x2D,
            let year = Digits.number(bytes[0..<4]), let month = Digits.number(bytes[5..<7]),
            let day = Digits.number(bytes[8..<10])
        else { return nil }
        return (year, month, day)
    }

    /// Days since 1970-01-01; the inverse of `daysSince1970`. Every `Int` within ±3,000,000 is a
    /// day.
    package init(daysSince1970: Int) {
        // Howard Hinnant's civil_from_days: exact for every day, no table.
        let shifted = daysSince1970 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package var daysSince1970: Int {
        Self.daysSince1970(year: year, month: month, day: day)
    }

    /// Linear in `day`: one past the last day of a month is the first of the next.
    static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let y = month <= 2 ? year - 1 : year
        let era = (y >= 0 ? y : y - 399) / 400
        let yearOfEra = y - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    package func adding(days: Int) -> CalendarDay {
        CalendarDay(daysSince1970: daysSince1970 + days)
    }

    /// `YYYY-MM-DD`.
    package var text: String {
        String(unsafeUninitializedCapacity: 10) { bytes in
            write(into: bytes)
            return 10
        }
    }

    /// As `text`, into the first ten bytes.
    func write(into bytes: UnsafeMutableBufferPointer<UInt8>) {
        Self.write(year, width: 4, into: bytes, at: 0)
        bytes[4] = 0x2D
        Self.write(month, width: 2, into: bytes, at: 5)
        bytes[7] = 0x2D
        Self.write(day, width: 2, into: bytes, at: 8)
    }

    package static func < (left: CalendarDay, right: CalendarDay) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    package static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: isLeap(year) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    package static func isLeap(_ year: Int) -> Bool {
        year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    }

    static func write(
        _ number: Int, width: Int, into bytes: UnsafeMutableBufferPointer<UInt8>, at start: Int
    ) {
        var rest = number
        for place in stride(from: start + width - 1, through: start, by: -1) {
            bytes[place] = UInt8(0x30 + rest % 10)
            rest /= 10
        }
    }
}
