import Exchange
import Testing

/// What a family is due for, at −1, 0 and +1 day of a window, and where a measurement lies.
@Suite struct CheckupPlanTests {
    static let birth = MaternalCase.day("2026-03-01")

    private static func state(
        _ checkup: String, _ today: String, done: [CheckupResult] = []
    ) -> CheckupPlan.State? {
        let facts = CheckupPlanFacts(birth: birth, episodes: [], done: done)
        return MaternalCase.rules.plans(facts, today: MaternalCase.day(today))
            .flatMap(\.checkups).first { $0.code == checkup }?.state
    }

    static let days: [(day: String, state: CheckupPlan.State)] = [
        ("2026-05-31", .upcoming), ("2026-06-01", .due), ("2026-07-31", .due),
        ("2026-08-01", .missed),
    ]

    @Test(arguments: days)
    func `a checkup is due from the first day of its window to the last`(
        day: String, state: CheckupPlan.State
    ) {
        #expect(Self.state("infant-3-4m", day) == state)
    }

    @Test func `what was seen is done, early or late, and stays so`() {
        let done = CheckupResult(
            checkup: "infant-3-4m", day: MaternalCase.day("2026-09-01"), entries: [])
        #expect(Self.state("infant-3-4m", "2026-09-02", done: [done]) == .done)
    }

    /// Two deliveries of one mother: what was found after one says nothing of the other.
    static let deliveries: [(day: String, states: [CheckupPlan.State])] = [
        ("2025-01-27", [.missed, .due]), ("2025-02-10", [.done, .due]),
        ("2026-11-09", [.done, .due]), ("2026-11-10", [.missed, .done]),
        ("2026-11-15", [.missed, .done]),
    ]

    @Test(arguments: deliveries)
    func `who gives birth again is due again after it`(
        day: String, states: [CheckupPlan.State]
    ) throws {
        let episodes = [
            MaternalEpisodeTests.episode(
                try MaternalEpisodeTests.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1),
            MaternalEpisodeTests.episode(
                try MaternalEpisodeTests.pregnancy(
                    due: "2026-11-17", ended: "2026-11-10", key: "Q"), 2),
        ]
        let done = CheckupResult(
            checkup: "postpartum-2w", day: MaternalCase.day(day), entries: [])
        let plans = MaternalCase.rules.plans(
            CheckupPlanFacts(birth: nil, episodes: episodes, done: [done]),
            today: MaternalCase.day("2026-11-20"))
        let told = plans.compactMap { plan in
            plan.checkups.first { $0.code == "postpartum-2w" }?.state
        }
        #expect(told == states)
    }

    /// 43週6日 is the last day that the schedule knows; of a pregnancy whose end nobody told no weeks are
    /// counted on.
    @Test(arguments: [
        ("2026-11-17", "妊娠40週0日" as String?), ("2026-12-14", "妊娠43週6日"), ("2026-12-15", nil),
        ("2028-11-17", nil), ("2026-02-09", nil),
    ])
    func `the weeks of a pregnancy are told while it can go on`(
        today: String, words: String?
    ) throws {
        let episode = MaternalEpisodeTests.episode(
            try MaternalEpisodeTests.pregnancy(due: "2026-11-17"))
        let plans = MaternalCase.rules.plans(
            CheckupPlanFacts(birth: nil, episodes: [episode], done: []),
            today: MaternalCase.day(today))
        #expect(plans.count == 1)
        #expect(plans.first?.age.map { "妊娠\($0.weeks)週\($0.daysBeyond)日" } == words)
    }

    @Test func `what was not examined is not done`() {
        func entries(_ weight: CheckupResult.Value) -> [CheckupResult.Entry] {
            ["height", "head-circumference", "child-judgement"].map {
                CheckupResult.Entry(item: $0, value: .notExamined(reason: "not-possible"))
            } + [CheckupResult.Entry(item: "weight", value: weight)]
        }
        func state(_ weight: CheckupResult.Value) -> CheckupPlan.State? {
            let result = CheckupResult(
                checkup: "infant-3-4m", day: MaternalCase.day("2026-06-10"),
                entries: entries(weight))
            return Self.state("infant-3-4m", "2026-06-11", done: [result])
        }
        #expect(state(.notExamined(reason: "declined")) == .due)
        #expect(state(.quantity("6.1", unit: "kg")) == .done)
    }

    @Test func `somebody grown has no infant checkups`() {
        #expect(Self.state("infant-1m", "2040-01-01") == nil)
        // 5歳児健診 is the last.
        #expect(Self.state("infant-1m", "2031-08-31") == .missed)
        #expect(Self.state("infant-1m", "2031-09-01") == nil)
    }

    @Test func `a test that only another asks for is due for nobody by age`() {
        #expect(Self.state("newborn-cmv", "2026-03-05") == nil)
    }

    typealias Referred = (test: String, left: String, next: String, day: String, isPlanned: Bool)

    static let referred: [Referred] = [
        ("newborn-hearing", "refer", "newborn-hearing-repeat", "2026-03-08", true),
        ("newborn-hearing", "refer", "newborn-hearing-repeat", "2026-03-09", true),
        ("newborn-hearing", "refer", "newborn-cmv", "2026-03-08", false),
        ("newborn-hearing", "pass", "newborn-hearing-repeat", "2026-03-08", false),
        ("newborn-hearing-repeat", "refer", "newborn-cmv", "2026-03-22", true),
        // Its result is told in confidence alone: whether it was missed is told to nobody.
        ("newborn-hearing-repeat", "refer", "newborn-cmv", "2026-03-23", false),
    ]

    @Test(arguments: referred)
    func `a child that a test referred finds the next test in its plan`(
        test: String, left: String, next: String, day: String, isPlanned: Bool
    ) {
        let result = CheckupResult(
            checkup: test, day: MaternalCase.day("2026-03-03"),
            entries: [
                .init(item: "hearing-right", value: .choice("pass")),
                .init(item: "hearing-left", value: .choice(left)),
            ])
        #expect((Self.state(next, day, done: [result]) != nil) == isPlanned)
    }

    static let weights: [(value: String, atLeast: Int?, below: Int?)] = [
        ("4.89", nil, 3), ("4.90", 3, 10), ("6.05", 25, 50), ("6.06", 50, 75), ("7.24", 97, nil),
    ]

    // 3〜4か月未満の女児: 4.90, 5.27, 5.64, 6.06, 6.48, 6.86, 7.24 kg.
    @Test(arguments: weights)
    func `a measurement lies between the percentiles of its age and sex`(
        value: String, atLeast: Int?, below: Int?
    ) throws {
        let report = try CheckupSample.report(
            "infant-3-4m", on: "2026-06-15", [CheckupSample.quantity("weight", value, "kg")])
        let list = MaternalCase.rules.measurements(in: report, birth: Self.birth, sex: .female)
        #expect(list.map(\.growth?.place.atLeast) == [atLeast])
        #expect(list.map(\.growth?.place.below) == [below])
        #expect(list.first?.growth?.low.value.text == "4.9")
        let unknown = MaternalCase.rules.measurements(in: report, birth: nil, sex: .female)
        #expect(unknown.count == 1 && unknown.first?.growth == nil)
    }
}
