package import Exchange
import Postgres
import Synchronization

/// 鍵と識別子 as PostgreSQL carries them: sixteen bytes, and nothing else of them leaves this module.
extension UUIDBytes {
    init(_ id: RecordID) { self.init(high: id.high, low: id.low) }
    init(_ key: PersonKey) { self.init(high: key.high, low: key.low) }
    var record: RecordID { RecordID(high: high, low: low) }
    var person: PersonKey { PersonKey(high: high, low: low) }
}

extension Value {
    static func id(_ id: RecordID?) -> Value { id.map { .uuid(UUIDBytes($0)) } ?? .null }
    static func person(_ key: PersonKey?) -> Value { key.map { .uuid(UUIDBytes($0)) } ?? .null }
    static func time(_ instant: Instant?) -> Value {
        instant.map { .instant($0.microseconds) } ?? .null
    }
    static func day(_ day: CalendarDay?) -> Value { day.map { .day($0.daysSince1970) } ?? .null }
    static func text(optional text: String?) -> Value { text.map { .text($0) } ?? .null }
}

extension PersonKey {
    /// The second first: every table of residents leads its key with it, and new people of one file stand
    /// side by side. The other 96 bits are random and MUST stay so many: the log's index of a resident is a
    /// hash of this alone (`ResidentIndex`), and nobody may try out whose it is.
    static func timeOrdered() -> PersonKey {
        let second = UInt64(truncatingIfNeeded: WallClock.now().microseconds / 1_000_000)
        return PersonKey(
            high: second << 32 | UInt64.random(in: 0...0xFFFF_FFFF),
            low: .random(in: .min ... .max))
    }
}

extension RecordID {
    package static func random() -> RecordID {
        RecordID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }

    /// UUID version 7 (RFC 9562 §5.7): time first, so that the primary key grows at its right edge and
    /// inserts touch few pages. Those of one process come in the order in which they were made, however fast
    /// and whatever the clock does (§6.2, methods 3 and 4); between processes the order means nothing, and
    /// positions of entries are given by the sealer.
    package static func timeOrdered() -> RecordID {
        let place = places.next(at: WallClock.now())
        let high: UInt64 = (place >> 12) << 16 | 0x7000 | place & 0x0FFF
        let low: UInt64 = 0x8000_0000_0000_0000 | UInt64.random(in: 0...0x3FFF_FFFF_FFFF_FFFF)
        return RecordID(high: high, low: low)
    }

    private static let places = TimePlaces()
}

/// 時刻の座: 48 bits of milliseconds and 12 of their 4,096th parts, none given twice.
package final class TimePlaces: Sendable {
    private let last = Atomic<UInt64>(0)

    package init() {}

    package func next(at now: Instant) -> UInt64 {
        let (milliseconds, rest) = UInt64(now.microseconds).quotientAndRemainder(dividingBy: 1000)
        let place = (milliseconds << 12) | rest * 4096 / 1000
        var known = last.load(ordering: .relaxed)
        while true {
            let (isMine, latest) = last.weakCompareExchange(
                expected: known, desired: max(place, known + 1), ordering: .relaxed)
            if isMine { return max(place, known + 1) }
            known = latest
        }
    }
}
