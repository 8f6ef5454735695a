import Exchange
import Testing

/// What a clinic is told before it examines: the pregnancy that a checkup of today is of, at the edges of its
/// weeks, the tickets that are of use, and nothing of a loss.
@Suite struct ClinicPlanTests {
    private static let rules = MaternalCase.rules

    private static func plans(
        _ episodes: [MaternalEpisode], on today: String, birth: String? = nil,
        done: [CheckupResult] = []
    ) -> [ClinicPlan] {
        rules.clinicPlans(
            CheckupPlanFacts(
                birth: birth.map(MaternalCase.day), episodes: episodes, done: done),
            today: MaternalCase.day(today))
    }

    /// With the tickets that its notification gives.
    private static func ticketed(_ notification: MaternalNotification, _ low: UInt64 = 1)
        -> MaternalEpisode
    {
        let bare = MaternalEpisodeTests.episode(notification, low)
        return MaternalEpisode(
            id: bare.id, notification: notification,
            tickets: bare.issuing(by: "132101", notification, isFirst: true, rules).tickets)
    }

    private static func notification(
        due: String = "2026-11-17", _ events: [PregnancyEvent] = []
    ) throws -> MaternalNotification {
        var pregnancy = Pregnancy(calendar: MaternalCase.due(due))
        for event in events {
            pregnancy = try pregnancy.applying(event, rules: rules.pregnancy)
        }
        return MaternalNotification(
            key: "P", notifiedOn: MaternalCase.day("2026-05-01"), subject: .pregnancy(pregnancy))
    }

    @Test(arguments: [
        ("2026-06-15", 17 as Int?, 6 as Int?), ("2026-11-17", 40, 0), ("2026-12-14", 43, 6),
        ("2026-12-15", nil, nil),
    ])
    func `weeks are counted to the last that a pregnancy can have`(
        today: String, weeks: Int?, days: Int?
    ) throws {
        let told = Self.plans([Self.ticketed(try Self.notification())], on: today)
        let course = try #require(told.first?.course)
        #expect(course.expectedDate == MaternalCase.day("2026-11-17"))
        #expect(course.fetuses == 1)
        #expect(course.age?.weeks == weeks)
        #expect(course.age?.daysBeyond == days)
    }

    static let losses: [[PregnancyEvent]] = [
        [.loss(on: MaternalCase.day("2026-06-01"), fetuses: 1)],
        [.delivery(on: MaternalCase.day("2026-06-01"), live: 0, still: 1)],
    ]

    @Test(arguments: losses)
    func `after a loss the plan is the one of a pregnancy of which nobody told it`(
        events: [PregnancyEvent]
    ) throws {
        for today in ["2026-06-02", "2026-06-15", "2026-11-17", "2027-06-01"] {
            let without = Self.plans([Self.ticketed(try Self.notification())], on: today)
            #expect(
                Self.plans([Self.ticketed(try Self.notification(events))], on: today) == without)
        }
    }

    @Test func `of a twin that was lost nothing is told, nor of one born dead beside one alive`()
        throws
    {
        let twins = try Self.notification([.fetuses(2)])
        let one = try Self.notification([
            .fetuses(2), .loss(on: MaternalCase.day("2026-06-01"), fetuses: 1),
        ])
        #expect(
            Self.plans([Self.ticketed(one)], on: "2026-06-15").map(\.course)
                == Self.plans([Self.ticketed(twins)], on: "2026-06-15").map(\.course))
        let day = MaternalCase.day("2026-11-10")
        let born = try Self.notification([.fetuses(2), .delivery(on: day, live: 1, still: 1)])
        let told = Self.plans([Self.ticketed(born)], on: "2026-11-24")
        #expect(told.count == 1)
        #expect(told.first?.course == nil)
        let due = told.first?.plan.checkups.filter { $0.state == .due }.map(\.code)
        #expect(due == ["postpartum-2w", "postpartum-1m"])
    }

    @Test func `a ticket that was used is not told, and none whose days are over`() throws {
        let episode = Self.ticketed(try Self.notification())
        let open = try #require(Self.plans([episode], on: "2026-06-15").first?.tickets)
        #expect(open.filter { $0.number.kind == "prenatal" }.map(\.number.serial) == Array(1...14))
        #expect(open.allSatisfy { $0.number.body == "132101" })
        let delivered = Self.ticketed(
            try Self.notification([
                .delivery(on: MaternalCase.day("2026-11-10"), live: 1, still: 0)
            ]))
        let after = Self.plans([delivered], on: "2026-11-24").flatMap(\.tickets)
        #expect(!after.isEmpty)
        #expect(after.allSatisfy { $0.number.kind != "prenatal" })
    }

    @Test func `of two pregnancies the one that a checkup of today is of, and the child`() throws {
        let first = Self.ticketed(
            try MaternalEpisodeTests.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1)
        let second = Self.ticketed(try Self.notification(), 2)
        let told = Self.plans([first, second], on: "2026-06-15")
        #expect(told.map(\.course?.expectedDate) == [MaternalCase.day("2026-11-17")])
        let child = Self.ticketed(
            MaternalNotification(
                key: "C", notifiedOn: MaternalCase.day("2026-03-10"),
                subject: .child(MaternalCase.day("2026-03-01"))), 3)
        let due = Self.plans([child], on: "2026-06-15").flatMap(\.plan.checkups)
            .filter { $0.state == .due }.map(\.code)
        #expect(due == ["infant-3-4m"])
    }

    @Test func `a child of whom nobody told anything has the days of its registered birth`() {
        let told = Self.plans([], on: "2026-06-15", birth: "2026-03-01")
        #expect(told.count == 1)
        #expect(told.first?.tickets == [])
        #expect(told.first?.words.ja.contains("使っていない受診券はありません") == true)
        #expect(Self.plans([], on: "2026-06-15", birth: "1990-03-01").isEmpty)
    }
}
