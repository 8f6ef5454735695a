package import Exchange
import Postgres

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
    static func random() -> PersonKey {
        PersonKey(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }
}

extension RecordID {
    package static func random() -> RecordID {
        RecordID(high: .random(in: .min ... .max), low: .random(in: .min ... .max))
    }

    /// UUID version 7 (RFC 9562 §5.7): milliseconds first, so that the primary key grows at its
    /// right edge and inserts touch few pages. The order means nothing; positions are given by the
    /// sealer.
    package static func timeOrdered() -> RecordID {
        let milliseconds = UInt64(WallClock.now().microseconds / 1000)
        let high: UInt64 = milliseconds << 16 | 0x7000 | UInt64.random(in: 0...0x0FFF)
        let low: UInt64 = 0x8000_0000_0000_0000 | UInt64.random(in: 0...0x3FFF_FFFF_FFFF_FFFF)
        return RecordID(high: high, low: low)
    }
}
