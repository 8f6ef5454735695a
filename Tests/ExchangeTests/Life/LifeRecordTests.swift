import Exchange
import TestSupport
import Testing

/// 異動の帰結: no day is nobody's and none is two municipalities', whoever told of it first and however often.
@Suite struct LifeRecordTests {
    static let here = "132101"
    static let there = "222216"
    static let near = "131016"
    static let rules = MoveRules(
        arrivalWithinDays: 60, following: [(body: "13????", certificateTypeID: "shogai")])

    static func day(_ text: String) -> CalendarDay {
        guard let day = try? CalendarDay(text) else { preconditionFailure("no day") }
        return day
    }

    static func event(
        _ kind: LifeEvent.Kind, _ municipality: String, _ sequence: String, on day: String,
        known: String? = nil, other: String? = nil, corrects: String? = nil
    ) -> LifeEvent {
        LifeEvent(
            municipality: municipality, sequence: sequence, kind: kind,
            days: (Self.day(day), Self.day(known ?? day)), otherMunicipality: other,
            corrects: corrects)
    }

    static func fed(_ municipality: String, _ day: String) -> Residence {
        Residence(
            version: 1, municipality: municipality, from: Self.day(day),
            knownAt: Instant(seconds: 0))
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let events: [LifeEvent]
        /// From when, where.
        let homes: [String]

        init(_ name: String, _ events: [LifeEvent], _ homes: [String]) {
            testDescription = name
            self.events = events
            self.homes = homes
        }
    }

    static let out = event(.movedOut, here, "1", on: "2026-06-01", other: there)
    static let later = event(
        .corrected, here, "2", on: "2026-07-01", known: "2026-06-09", corrects: "1")
    static let cases = [
        Case("nothing told", [], ["2020-01-01 132101"]),
        Case(
            "only the old one told", [out], ["2020-01-01 132101", "2026-06-01 222216"]),
        Case(
            "only the new one told", [event(.movedIn, there, "1", on: "2026-06-05")],
            ["2020-01-01 132101", "2026-06-05 222216"]),
        Case(
            "both told: the arrival says the day",
            [out, event(.movedIn, there, "1", on: "2026-06-05", other: here)],
            ["2020-01-01 132101", "2026-06-05 222216"]),
        Case(
            "arrived before the day that was foreseen",
            [out, event(.movedIn, there, "1", on: "2026-05-28", other: here)],
            ["2020-01-01 132101", "2026-05-28 222216"]),
        Case(
            "abroad, and home again years later",
            [
                event(.movedOut, here, "1", on: "2023-06-01"),
                event(.movedIn, there, "1", on: "2026-02-01"),
            ], ["2020-01-01 132101", "2023-06-01 000000", "2026-02-01 222216"]),
        Case(
            "a stranger's word takes nobody away",
            [event(.movedOut, there, "1", on: "2026-06-01", other: near)], ["2020-01-01 132101"]),
        Case(
            "taken back", [out, event(.cancelled, here, "2", on: "2026-06-02", corrects: "1")],
            ["2020-01-01 132101"]),
        Case(
            "the day corrected", [out, later],
            ["2020-01-01 132101", "2026-07-01 222216"]),
        Case(
            "the correction taken back",
            [out, later, event(.cancelled, here, "3", on: "2026-06-10", corrects: "2")],
            ["2020-01-01 132101", "2026-06-01 222216"]),
        Case(
            "the correction corrected",
            [
                later, out,
                event(.corrected, here, "3", on: "2026-07-05", known: "2026-06-09", corrects: "2"),
            ],
            ["2020-01-01 132101", "2026-07-05 222216"]),
        Case(
            "the taking back taken back",
            [
                event(.cancelled, here, "3", on: "2026-06-03", corrects: "2"), out,
                event(.cancelled, here, "2", on: "2026-06-02", corrects: "1"),
            ], ["2020-01-01 132101", "2026-06-01 222216"]),
        Case(
            "two corrections that name each other",
            [
                out, event(.cancelled, here, "2", on: "2026-06-02", corrects: "3"),
                event(.cancelled, here, "3", on: "2026-06-03", corrects: "2"),
            ], ["2020-01-01 132101", "2026-06-01 222216"]),
        Case(
            "died", [event(.died, here, "1", on: "2026-06-10"), out],
            ["2020-01-01 132101", "2026-06-01 222216"]),
        Case(
            "died where they lived", [event(.died, here, "1", on: "2026-05-10"), out],
            ["2020-01-01 132101", "2026-05-11 000000"]),
    ]

    private static func homes(_ record: LifeRecord) -> [String] {
        record.homes.map { "\($0.from.text) \($0.municipality)" }
    }

    @Test(arguments: cases)
    func `each story has one end`(_ row: Case) {
        let record = LifeRecord(
            row.events, feed: [Self.fed(Self.here, "2020-01-01")], rules: Self.rules)
        #expect(Self.homes(record) == row.homes)
    }

    /// No stack is as deep as what a system may send that corrects its own correction every night.
    @Test func `a chain of corrections as long as a file has its last word`() {
        let chain = (2...20_000).map {
            Self.event(
                .corrected, Self.here, "\($0)", on: "2026-07-\($0 == 20_000 ? "09" : "01")",
                corrects: "\($0 - 1)")
        }
        let record = LifeRecord(
            chain + [Self.out], feed: [Self.fed(Self.here, "2020-01-01")], rules: Self.rules)
        #expect(Self.homes(record) == ["2020-01-01 132101", "2026-07-09 222216"])
    }

    /// Any events at all, of three municipalities, with corrections of each other.
    private static func story(_ chance: inout Seeded) -> [LifeEvent] {
        let places = [here, there, near]
        return (1...chance.int(1...8)).map { number in
            let kind = chance.pick(LifeEvent.Kind.allCases)
            let start = day("2026-01-01")
            return event(
                kind, chance.pick(places), "\(number)",
                on: start.adding(days: chance.int(0...200)).text,
                known: start.adding(days: chance.int(0...20)).text,
                other: chance.oneIn(3) ? nil : chance.pick(places),
                corrects: kind.mayCorrect && !chance.oneIn(4) ? "\(chance.int(1...8))" : nil)
        }
    }

    @Test(arguments: Seeded.seeds(300))
    func `any order and repetition comes to the same`(_ seed: UInt64) {
        var chance = Seeded(seed)
        let events = Self.story(&chance)
        let feed = [Self.fed(Self.here, "2020-01-01"), Self.fed(Self.there, "2026-05-01")]
        let record = LifeRecord(events, feed: feed, rules: Self.rules)
        for _ in 0..<5 {
            let again = (events + events.filter { _ in chance.oneIn(2) })
                .shuffled(using: &chance)
            let other = LifeRecord(
                Set(again).shuffled(using: &chance), feed: feed.shuffled(using: &chance),
                rules: Self.rules)
            #expect(other == record)
            #expect(LifeRecord(again, feed: feed + feed, rules: Self.rules) == record)
        }
        for (home, next) in zip(record.homes, record.homes.dropFirst()) {
            #expect(home.from < next.from && home.municipality != next.municipality)
        }
    }

    /// 統合: what was told of two records of one person, in whatever order it came, merges and undoings
    /// among it.
    @Test(arguments: Seeded.seeds(200))
    func `two records that are one come to the same, whatever came first`(_ seed: UInt64) {
        var chance = Seeded(seed)
        let stories = [Self.story(&chance), Self.story(&chance)].enumerated().map { record, story in
            story.map { event in
                Self.event(
                    event.kind, event.municipality, "\(record)-\(event.sequence)",
                    on: event.effectiveOn.text, known: event.knownOn.text,
                    other: event.otherMunicipality,
                    corrects: event.corrects.map { "\(record)-\($0)" })
            }
        }
        var words = (1...chance.int(1...3)).map {
            Self.event(.joined, Self.here, "merge-\($0)", on: "2026-05-01")
        }
        words += words.filter { _ in chance.oneIn(2) }.map {
            Self.event(
                .parted, Self.here, "un" + $0.sequence, on: "2026-05-02", corrects: $0.sequence)
        }
        func record(_ words: [LifeEvent]) -> LifeRecord {
            let absorbed = words.standingMerges.isEmpty ? [] : stories[1].shuffled(using: &chance)
            return LifeRecord(
                Set((stories[0] + absorbed + words).shuffled(using: &chance)),
                feed: [Self.fed(Self.here, "2020-01-01")], rules: Self.rules)
        }
        let first = record(words)
        for _ in 0..<5 { #expect(record((words + words).shuffled(using: &chance)) == first) }
        // A merge says nothing of where somebody lived, and undone it leaves nothing.
        let alone = LifeRecord(
            stories[0], feed: [Self.fed(Self.here, "2020-01-01")], rules: Self.rules)
        let undone =
            words
            + words.filter { $0.kind == .joined }.map {
                Self.event(
                    .parted, Self.here, "all-" + $0.sequence, on: "2026-05-03",
                    corrects: $0.sequence)
            }
        #expect(undone.standingMerges.isEmpty && record(undone) == alone)
    }

    @Test
    func `an entitlement ends with the last day at home, and follows where its scheme says so`() {
        let moved = { (to: String) in
            LifeRecord(
                [Self.event(.movedIn, to, "1", on: "2026-06-05")],
                feed: [Self.fed(Self.here, "2020-01-01")], rules: Self.rules)
        }
        let (from, to) = (Self.day("2026-04-01"), Self.day("2027-03-31"))
        let last = { (record: LifeRecord, body: String, type: String, from: CalendarDay) in
            record.lastDay(of: body, from: from, to: to, Self.rules.afterMove(type, of: body)).text
        }
        #expect(last(moved(Self.near), Self.here, "kodomo", from) == "2026-06-04")
        #expect(last(moved(Self.near), Self.here, "shogai", from) == "2027-03-31")
        #expect(last(moved(Self.there), Self.here, "shogai", from) == "2026-06-04")
        // The prefecture goes on being responsible within itself, and no longer.
        #expect(last(moved(Self.near), "130001", "nanbyo", from) == "2027-03-31")
        #expect(last(moved(Self.there), "130001", "nanbyo", from) == "2026-06-04")
        // What was renewed for days after the move never began.
        #expect(last(moved(Self.near), Self.here, "kodomo", Self.day("2026-07-01")) == "2026-06-30")
        // The new one holds from the day they arrived.
        #expect(last(moved(Self.near), Self.near, "kodomo", Self.day("2026-06-05")) == "2027-03-31")
        let dead = LifeRecord(
            [Self.event(.died, Self.here, "1", on: "2026-06-10")],
            feed: [Self.fed(Self.here, "2020-01-01")], rules: Self.rules)
        #expect(dead.diedOn?.text == "2026-06-10")
        #expect(last(dead, Self.here, "shogai", from) == "2026-06-10")
        #expect(last(dead, "130001", "nanbyo", from) == "2026-06-10")
    }
}
