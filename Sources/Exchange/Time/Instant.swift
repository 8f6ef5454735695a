/// 時点: microseconds since 1970-01-01T00:00:00Z, the resolution PostgreSQL keeps. Always UTC.
package struct Instant: Hashable, Comparable, Sendable {
    package let microseconds: Int64

    package init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    package init(seconds: Int64) {
        microseconds = seconds * 1_000_000
    }

    package var seconds: Int64 { Self.floored(microseconds, by: 1_000_000) }

    package func adding(seconds: Int64) -> Instant {
        Instant(microseconds: microseconds + seconds * 1_000_000)
    }

    /// The civil day in Japan at this instant: JST is UTC+9 without summer time.
    package var dayInJapan: CalendarDay {
        CalendarDay(daysSince1970: Int(Self.floored(seconds + 9 * 3600, by: 86_400)))
    }

    /// FHIR `instant` in JST: `2026-11-21T09:07:59.123456+09:00`.
    package var text: String {
        let local = microseconds + 9 * 3600 * 1_000_000
        let days = Self.floored(local, by: 86_400 * 1_000_000)
        let rest = Int(local - days * 86_400 * 1_000_000)
        return String(unsafeUninitializedCapacity: 32) { bytes in
            _ = bytes.initialize(from: "0000-00-00T00:00:00.000000+09:00".utf8)
            CalendarDay(daysSince1970: Int(days)).write(into: bytes)
            CalendarDay.write(rest / 3_600_000_000, width: 2, into: bytes, at: 11)
            CalendarDay.write(rest / 60_000_000 % 60, width: 2, into: bytes, at: 14)
            CalendarDay.write(rest / 1_000_000 % 60, width: 2, into: bytes, at: 17)
            CalendarDay.write(rest % 1_000_000, width: 6, into: bytes, at: 20)
            return 32
        }
    }

    /// The first instant of a Japanese civil day.
    package static func startOfDay(_ day: CalendarDay) -> Instant {
        Instant(seconds: Int64(day.daysSince1970) * 86_400 - 9 * 3600)
    }

    package static func < (left: Instant, right: Instant) -> Bool {
        left.microseconds < right.microseconds
    }

    private static func floored(_ value: Int64, by divisor: Int64) -> Int64 {
        value >= 0 ? value / divisor : (value - divisor + 1) / divisor
    }
}
