import Exchange
import Synchronization

/// The `Date` field (RFC 9110 §5.6.7), written once a second.
final class HTTPDate: Sendable {
    private let written = Mutex<(second: Int64, text: String)>((.min, ""))

    func text(at now: Instant) -> String {
        let second = now.seconds
        return written.withLock { written in
            if written.second != second { written = (second, Self.format(second)) }
            return written.text
        }
    }

    private static func format(_ second: Int64) -> String {
        let days = Int(second / 86_400)
        let day = CalendarDay(daysSince1970: days)
        let rest = Int(second % 86_400)
        // 1970-01-01 was a Thursday.
        let weekday = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"][days % 7]
        let months = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        let time = [rest / 3_600, rest / 60 % 60, rest % 60].map(twoDigits).joined(separator: ":")
        return "\(weekday), \(twoDigits(day.day)) \(months[day.month - 1]) \(day.year) \(time) GMT"
    }

    private static func twoDigits(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
