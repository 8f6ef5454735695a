/// Reading instants as RFC 3339 and FHIR write them.
extension Instant {
    /// `2026-11-21T09:07:59+09:00`, `…Z`, with at most nine digits of fraction (microseconds are
    /// kept). A time without its zone names no instant: `.zoneMissing(item)`.
    package init(_ text: String, item: @autoclosure () -> String = "instant") throws(Refusal) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 19, bytes[10] == UInt8(ascii: "T") else { throw .malformed(item()) }
        let day = try CalendarDay(String(decoding: bytes[..<10], as: UTF8.self), item: item())
        guard bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = Self.two(bytes[11..<13], below: 24),
            let minute = Self.two(bytes[14..<16], below: 60),
            let second = Self.two(bytes[17..<19], below: 60),
            let (fraction, rest) = Self.fraction(bytes[19...])
        else { throw .malformed(item()) }
        guard !rest.isEmpty else { throw .zoneMissing(item()) }
        guard let offset = Self.offsetMinutes(rest) else { throw .malformed(item()) }
        let seconds =
            Int64(day.daysSince1970) * 86_400
            + Int64(hour * 3600 + (minute - offset) * 60 + second)
        self.init(microseconds: seconds * 1_000_000 + fraction)
    }

    /// An instant, or a day, which is its first instant in Japan.
    package init(dayOrInstant text: String, item: String) throws(Refusal) {
        guard text.utf8.count <= 10 else {
            try self.init(text, item: item)
            return
        }
        self = .startOfDay(try CalendarDay(text, item: item))
    }

    private static func two(_ bytes: ArraySlice<UInt8>, below limit: Int) -> Int? {
        guard bytes.count == 2, let number = Digits.number(bytes), number < limit else {
            return nil
        }
        return number
    }

    private static func fraction(_ bytes: ArraySlice<UInt8>) -> (Int64, ArraySlice<UInt8>)? {
        guard bytes.first == UInt8(ascii: ".") else { return (0, bytes) }
        let digits = bytes.dropFirst().prefix { (0x30...0x39).contains($0) }
        guard (1...9).contains(digits.count) else { return nil }
        var microseconds: Int64 = 0
        for place in 0..<6 {
            let digit = place < digits.count ? digits[digits.startIndex + place] - 0x30 : 0
            microseconds = microseconds * 10 + Int64(digit)
        }
        return (microseconds, bytes.dropFirst(1 + digits.count))
    }

    private static func offsetMinutes(_ bytes: ArraySlice<UInt8>) -> Int? {
        let zone = Array(bytes)
        if zone == [UInt8(ascii: "Z")] { return 0 }
        guard zone.count == 6, zone[3] == UInt8(ascii: ":"),
            zone[0] == UInt8(ascii: "+") || zone[0] == UInt8(ascii: "-"),
            let hours = two(zone[1..<3], below: 15), let minutes = two(zone[4..<6], below: 60)
        else { return nil }
        return (hours * 60 + minutes) * (zone[0] == UInt8(ascii: "-") ? -1 : 1)
    }
}
