import Exchange
import Testing

@Suite struct PregnancyTests {
    static let rules = MaternalCase.rules.pregnancy
    static let calendar = MaternalCase.due("2026-11-17")

    static func day(_ weeks: Int, _ days: Int = 0) -> CalendarDay {
        calendar.weekZero.adding(days: weeks * 7 + days)
    }

    static func after(_ events: [PregnancyEvent]) throws(MaternalRefusal) -> Pregnancy {
        try Pregnancy(calendar: calendar, replaying: events, rules: rules)
    }

    static let deliveries: [(weeks: Int, days: Int, term: String)] = [
        (21, 6, "before-22"), (22, 0, "preterm"), (36, 6, "preterm"), (37, 0, "term"),
        (41, 6, "term"), (42, 0, "post-term"), (43, 6, "post-term"),
    ]

    @Test(arguments: deliveries)
    func `a delivery is named by its week`(weeks: Int, days: Int, term: String) throws {
        let delivered = try Self.after([.delivery(on: Self.day(weeks, days), live: 1, still: 0)])
        let ending = try #require(delivered.ending(rules: Self.rules))
        #expect(ending.term?.code == term && delivered.delivery?.live == 1)
        #expect(ending.closesPrenatalAfter == Self.day(weeks, days))
        #expect(ending.followUps.isEmpty)
    }

    @Test(arguments: [(11, 6), (12, 0)])
    func `a loss ends the pregnancy and asks for support`(weeks: Int, days: Int) throws {
        let lost = try Self.after([.loss(on: Self.day(weeks, days), fetuses: 1)])
        let ending = try #require(lost.ending(rules: Self.rules))
        #expect(lost.delivery == nil && ending.followUps == ["loss-support"])
        #expect(ending.closesPrenatalAfter == nil)
        #expect(MaternalCase.rules.followUps["loss-support"]?.isSensitive == true)
    }

    @Test func `a pregnancy goes on when one of twins is lost`() throws {
        let one = try Self.after([.fetuses(2), .loss(on: Self.day(14), fetuses: 1)])
        #expect(one.endedOn == nil && one.isPlural && one.remaining == 1)
        #expect(one.ending(rules: Self.rules) == nil)
        let born = try one.applying(
            .delivery(on: Self.day(38), live: 1, still: 0), rules: Self.rules)
        let ending = try #require(born.ending(rules: Self.rules))
        #expect(born.delivery?.live == 1 && ending.followUps == ["loss-support"])
    }

    @Test func `of twins one stillborn asks for support, though the other lives`() throws {
        let born = try Self.after([
            .fetuses(2), .delivery(on: Self.day(35), live: 1, still: 1),
        ])
        let ending = try #require(born.ending(rules: Self.rules))
        #expect(born.delivery?.live == 1 && ending.followUps == ["loss-support"])
        #expect(ending.closesPrenatalAfter == Self.day(35))
        let still = try Self.after([.delivery(on: Self.day(35), live: 0, still: 1)])
        let lost = try #require(still.ending(rules: Self.rules))
        #expect(lost.day == Self.day(35) && lost.closesPrenatalAfter == nil)
    }

    static let refused: [(name: String, events: [PregnancyEvent], refusal: MaternalRefusal)] = [
        (
            "after delivery",
            [.delivery(on: day(39), live: 1, still: 0), .loss(on: day(39), fetuses: 1)],
            .pregnancyEnded
        ),
        (
            "a corrected date after the end",
            [.loss(on: day(9), fetuses: 1), .expectedDate(day(41))], .pregnancyEnded
        ),
        ("no fetus", [.fetuses(0)], .fetusCount), ("ten", [.fetuses(10)], .fetusCount),
        ("two of one lost", [.loss(on: day(9), fetuses: 2)], .fetusCount),
        ("none lost", [.loss(on: day(9), fetuses: 0)], .fetusCount),
        (
            "fewer than were lost",
            [.fetuses(3), .loss(on: day(9), fetuses: 2), .fetuses(2)], .fetusCount
        ),
        (
            "two born of one", [.delivery(on: day(39), live: 2, still: 0)], .childrenDiffer
        ),
        (
            "one of two born", [.fetuses(2), .delivery(on: day(39), live: 1, still: 0)],
            .childrenDiffer
        ),
        ("below none", [.delivery(on: day(39), live: 2, still: -1)], .childrenDiffer),
        ("before week 0", [.loss(on: day(0, -1), fetuses: 1)], .outsidePregnancy),
        (
            "after week 43", [.delivery(on: day(44), live: 1, still: 0)], .outsidePregnancy
        ),
        (
            "delivered before the loss",
            [
                .fetuses(2), .loss(on: day(20), fetuses: 1),
                .delivery(on: day(19), live: 1, still: 0),
            ], .outsidePregnancy
        ),
        (
            "a date that leaves the loss outside",
            [.fetuses(2), .loss(on: day(9), fetuses: 1), .expectedDate(day(40 + 10))],
            .outsidePregnancy
        ),
    ]

    @Test(arguments: refused)
    func `what does not add up is refused`(
        name: String, events: [PregnancyEvent], refusal: MaternalRefusal
    ) {
        #expect(throws: refusal) { try Self.after(events) }
    }

    @Test func `a corrected expected date moves every week`() throws {
        let corrected = try Self.after([.expectedDate(Self.day(41))])
        #expect(corrected.calendar.age(on: Self.day(20))?.text == "19w0d")
    }

    @Test(arguments: MaternalRefusal.allCases)
    func `every refusal says what to do in both languages`(refusal: MaternalRefusal) {
        #expect(refusal.ja.hasSuffix("ください。") && refusal.en.hasSuffix("."))
    }
}
