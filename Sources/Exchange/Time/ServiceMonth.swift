/// 診療年月: one civil month, kept in four bytes because a month's run holds a million of them.
package struct ServiceMonth: Hashable, Comparable, Sendable {
    /// Months since year 0: `year * 12 + month - 1`.
    package let number: Int32

    package init(year: Int, month: Int, item: String = "month") throws(Refusal) {
        guard (1868...9999).contains(year), (1...12).contains(month) else {
            throw .malformed(item)
        }
        number = Int32(year * 12 + month - 1)
    }

    /// `YYYY-MM`; nothing else is accepted.
    package init(_ text: String, item: String = "month") throws(Refusal) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-"),
            let year = Digits.number(bytes[0..<4]), let month = Digits.number(bytes[5..<7])
        else { throw .malformed(item) }
        try self.init(year: year, month: month, item: item)
    }

    package init(of day: CalendarDay) {
        number = Int32(day.year * 12 + day.month - 1)
    }

    /// As a receipt file writes it: `YYYYMM`, or `GYYMM` with the number of the era in files of
    /// older form. A month that both eras share is of either.
    init?(receiptDigits bytes: some RandomAccessCollection<UInt8>) {
        guard let digits = Digits.number(bytes) else { return nil }
        let month = digits % 100
        let year: Int
        switch bytes.count {
        case 6: year = digits / 100
        case 5:
            guard let era = Wareki.Era(rawValue: digits / 10_000), digits / 100 % 100 > 0 else {
                return nil
            }
            year = era.firstYear + digits / 100 % 100 - 1
            if let next = era.next, (year, month) > (next.firstYear, next.firstDay / 100 % 100) {
                return nil
            }
            guard (year, month) >= (era.firstYear, era.firstDay / 100 % 100) else { return nil }
        default: return nil
        }
        guard let made = try? ServiceMonth(year: year, month: month) else { return nil }
        self = made
    }

    package var year: Int { Int(number) / 12 }
    package var month: Int { Int(number) % 12 + 1 }
    package var dayCount: Int { CalendarDay.days(in: month, of: year) }

    /// Days since 1970-01-01 of its first day.
    package var firstDay: Int32 {
        let day = try? CalendarDay(year: year, month: month, day: 1)
        return Int32(day?.daysSince1970 ?? 0)
    }

    package var lastDay: Int32 { firstDay + Int32(dayCount) - 1 }

    /// `YYYY-MM`.
    package var text: String { "\(year)-\(month < 10 ? "0" : "")\(month)" }

    package static func < (left: ServiceMonth, right: ServiceMonth) -> Bool {
        left.number < right.number
    }
}
