import Exchange
import TestSupport
import Testing

@Suite struct InstantReadingTests {
    static let cases: [(String, Int64)] = [
        ("1970-01-01T00:00:00Z", 0), ("1970-01-01T09:00:00+09:00", 0),
        ("1970-01-01T00:00:00.5Z", 500_000), ("1970-01-01T00:00:00.1234567Z", 123_456),
        ("1969-12-31T19:00:00-05:00", 0),
        ("2026-11-21T09:07:59.000001+09:00", 1_795_219_679_000_001),
    ]

    @Test(arguments: cases)
    func `an instant with its zone is read`(text: String, microseconds: Int64) throws {
        #expect(try Instant(text).microseconds == microseconds)
    }

    @Test(arguments: [
        "2026-11-21", "2026-11-21T09:07", "2026-11-21T25:07:59",
        "2026-11-21 09:07:59Z", "2026-02-29T00:00:00Z",
        "2026-11-21T24:00:00Z", "2026-11-21T09:60:00Z", "2026-11-21T09:07:59.Z",
        "2026-11-21T09:07:59+0900",
        "2026-11-21T09:07:59z", "",
    ])
    func `a time that names no instant is refused`(text: String) {
        #expect(throws: Refusal.malformed("at")) { try Instant(text, item: "at") }
    }

    @Test(arguments: ["2026-11-21T09:07:59", "2026-11-21T09:07:59.123456"])
    func `a time that lacks nothing but its zone is told so`(text: String) throws {
        #expect(throws: Refusal.zoneMissing("at")) { try Instant(text, item: "at") }
        #expect(throws: Never.self) { try Instant(text + "+09:00", item: "at") }
    }

    @Test(arguments: Seeded.seeds(100))
    func `what was written is read`(seed: UInt64) throws {
        var random = Seeded(seed)
        let instant = Instant(
            microseconds: Int64(random.int(-2_000_000_000_000_000...4_000_000_000_000_000)))
        #expect(try Instant(instant.text) == instant)
    }

    @Test(arguments: [
        ("2026-04-01", "2026-04-01T00:00:00+09:00"),
        ("2026-04-01T20:00:00Z", "2026-04-02T05:00:00+09:00"),
    ])
    func `a day is its beginning in Japan`(text: String, instant: String) throws {
        #expect(try Instant(dayOrInstant: text, item: "asOf") == Instant(instant))
    }

    @Test(arguments: ["", "yesterday", "2026-02-30", "2026-04-01T20:00", "2026-04"])
    func `what is neither a day nor an instant is refused`(text: String) {
        #expect(throws: Refusal.malformed("asOf")) {
            try Instant(dayOrInstant: text, item: "asOf")
        }
    }
}
