import Exchange
import Testing

/// 届け出られた妊娠, as doses count from it.
@Suite struct KnownPregnancyTests {
    static let rules = MaternalCase.rules.pregnancy
    static let calendar = MaternalCase.due("2026-11-17")

    private static func known(
        _ due: String = "2026-11-17", _ events: [PregnancyEvent] = []
    ) throws -> KnownPregnancy {
        KnownPregnancy(
            try Pregnancy(calendar: MaternalCase.due(due), replaying: events, rules: rules), rules)
    }

    @Test func `a day has the due day of the pregnancy that it falls in, and no other`() throws {
        let first = Self.calendar.weekZero
        let last = Self.calendar.days(of: 0...Self.rules.weeksMax).last
        let known = [try Self.known()]
        for (day, isWithin) in [
            (first.adding(days: -1), false), (first, true), (last, true),
            (last.adding(days: 1), false),
        ] {
            #expect(known.dueDay(on: day) == (isWithin ? Self.calendar.expectedDate : nil))
            #expect(known.dueDay(awaitedOn: day) == known.dueDay(on: day))
        }
    }

    @Test func `after a loss the next pregnancy counts, whichever was notified first`() throws {
        let loss = PregnancyEvent.loss(
            on: Self.calendar.weekZero.adding(days: 70), fetuses: 1)
        let lost = try Self.known("2026-11-17", [loss])
        let day = try CalendarDay("2026-08-01")
        // Of a dose the answer is the same as before; nobody is invited any more.
        #expect([lost].dueDay(on: day) == Self.calendar.expectedDate)
        #expect([lost].dueDay(awaitedOn: day) == nil)
        let next = try Self.known("2027-03-01")
        for known in [[lost, next], [next, lost]] {
            #expect(known.dueDay(on: day)?.text == "2027-03-01")
            #expect(known.dueDay(awaitedOn: day)?.text == "2027-03-01")
        }
    }
}
