package import Exchange

/// A time as an operator writes it: one instant or none, never a guess.
extension Instant {
    /// `YYYY-MM-DD` (its first second), RFC 3339 (`YYYY-MM-DDTHH:MM:SS`, a fraction, `Z` or an
    /// offset), or seconds since 1970; nil otherwise. A time without an offset could be any hour's.
    package init?(commandLine text: String) {
        if let seconds = Int64(text) {
            // Beyond the year 9999 no certificate has a date, and microseconds would run over.
            guard abs(seconds) < 253_402_300_800 else { return nil }
            self.init(seconds: seconds)
            return
        }
        let bytes = Array(text.utf8)
        guard bytes.count >= 10,
            let day = try? CalendarDay(String(decoding: bytes[..<10], as: UTF8.self))
        else { return nil }
        let midnight = Int64(day.daysSince1970) * 86_400
        guard bytes.count > 10 else {
            self.init(seconds: midnight)
            return
        }
        guard "Tt ".utf8.contains(bytes[10]), let clock = Clock(bytes[11...]) else { return nil }
        self.init(microseconds: (midnight + clock.seconds) * 1_000_000 + clock.microseconds)
    }

    /// `HH:MM:SS`, an optional fraction, and `Z` or `±HH:MM`.
    private struct Clock {
        var seconds: Int64
        var microseconds: Int64 = 0

        init?(_ bytes: ArraySlice<UInt8>) {
            let text = String(decoding: bytes, as: UTF8.self).uppercased()
            guard let zone = text.lastIndex(where: { "Z+-".contains($0) }) else { return nil }
            let parts = text[..<zone].split(separator: ".", omittingEmptySubsequences: false)
            guard parts.count <= 2, let local = Self.seconds(parts[0], fields: 3) else {
                return nil
            }
            if parts.count == 2 {
                // Digits past the sixth are cut off, as everywhere a time is compared by seconds.
                let zeros = String(repeating: "0", count: 6)
                guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), !parts[1].isEmpty,
                    let fraction = Int64((parts[1] + zeros).prefix(6))
                else { return nil }
                microseconds = fraction
            }
            guard text[zone...] != "Z" else {
                seconds = local
                return
            }
            guard let offset = Self.seconds(text[text.index(after: zone)...], fields: 2) else {
                return nil
            }
            seconds = local + (text[zone] == "+" ? -offset : offset)
        }

        private static func seconds(_ text: Substring, fields: Int) -> Int64? {
            let parts = text.split(separator: ":", omittingEmptySubsequences: false)
            guard parts.count == fields else { return nil }
            var total: Int64 = 0
            for (part, limit) in zip(parts, [Int64(24), 60, 60]) {
                guard part.utf8.count == 2, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                    let value = Int64(part), value < limit
                else { return nil }
                total = total * 60 + value
            }
            return fields == 2 ? total * 60 : total
        }
    }
}
