import Exchange
import Testing

@Suite struct ChildWindowTests {
    static let rules = MaternalCase.rules

    static func window(_ code: String, born: String) throws -> DayRange {
        let windows = rules.windows(ofChildBorn: MaternalCase.day(born))
        return try #require(windows.first { $0.rule.code == code }).days
    }

    static let cases: [(code: String, born: String, first: String, last: String)] = [
        // 満1歳6か月を超え満2歳に達しない
        ("infant-18m", "2025-01-15", "2026-07-15", "2027-01-14"),
        ("infant-18m", "2024-02-29", "2025-08-29", "2026-02-28"),
        ("infant-18m", "2026-02-28", "2027-08-28", "2028-02-27"),
        ("infant-18m", "2025-03-01", "2026-09-01", "2027-02-28"),
        ("infant-18m", "2024-12-31", "2026-07-01", "2026-12-30"),
        ("infant-18m", "2023-08-31", "2025-03-01", "2025-08-30"),
        ("infant-18m", "2022-08-31", "2024-03-01", "2024-08-30"),
        ("infant-18m", "2025-04-01", "2026-10-01", "2027-03-31"),
        ("infant-18m", "2025-04-02", "2026-10-02", "2027-04-01"),
        // 満3歳を超え満4歳に達しない
        ("infant-3y", "2025-01-15", "2028-01-15", "2029-01-14"),
        ("infant-3y", "2024-02-29", "2027-03-01", "2028-02-28"),
        ("infant-3y", "2025-03-01", "2028-03-01", "2029-02-28"),
        ("infant-3y", "2024-12-31", "2027-12-31", "2028-12-30"),
        ("infant-3y", "2025-04-01", "2028-04-01", "2029-03-31"),
        ("infant-3y", "2025-04-02", "2028-04-02", "2029-04-01"),
        // 三島市: 2025-03-04 → 2025-04-01 (生後28日) ～ 2025-04-14 (生後41日)
        ("infant-1m", "2025-03-04", "2025-04-01", "2025-04-14"),
        ("infant-1m", "2024-02-29", "2024-03-28", "2024-04-10"),
        ("newborn-hearing", "2026-02-27", "2026-02-27", "2026-03-02"),
        ("newborn-hearing-repeat", "2026-02-27", "2026-02-27", "2026-03-06"),
        ("newborn-cmv", "2026-02-27", "2026-02-27", "2026-03-20"),
        ("infant-3-4m", "2025-11-30", "2026-03-01", "2026-04-29"),
        ("infant-6-7m", "2025-08-31", "2026-03-01", "2026-04-30"),
        ("infant-9-10m", "2025-05-15", "2026-02-15", "2026-04-14"),
        ("infant-5y", "2024-02-29", "2028-08-29", "2029-08-28"),
    ]

    @Test(arguments: cases)
    func `a window opens and closes on the day the law counts`(
        code: String, born: String, first: String, last: String
    ) throws {
        let days = try Self.window(code, born: born)
        #expect(days.first.text == first)
        #expect(days.last.text == last)
        #expect(!days.contains(days.first.adding(days: -1)))
        #expect(days.contains(days.first) && days.contains(days.first.adding(days: 1)))
        #expect(days.contains(days.last.adding(days: -1)) && days.contains(days.last))
        #expect(!days.contains(days.last.adding(days: 1)))
    }

    @Test(arguments: [("infant-18m", 18..<24), ("infant-3y", 36..<48), ("infant-9-10m", 9..<11)])
    func `every birth of four years is inside exactly while its months say so`(
        code: String, months: Range<Int>
    ) throws {
        let start = MaternalCase.day("2023-12-01")
        for offset in 0..<1500 {
            let birth = start.adding(days: offset)
            let days = try Self.window(code, born: birth.text)
            for edge in [days.first, days.last] {
                for near in -1...1 {
                    let day = edge.adding(days: near)
                    let byHand =
                        (day.year - birth.year) * 12 + day.month - birth.month
                        - (day.day < birth.day ? 1 : 0)
                    #expect(days.contains(day) == months.contains(byHand))
                }
            }
        }
    }

    @Test func `only the checkups of the law are statutory`() {
        let statutory = Self.rules.child.filter { $0.basis == .statutory }.map(\.code)
        #expect(statutory == ["infant-18m", "infant-3y"])
        let handedOver = Self.rules.child.filter(\.isInMinimumDataSet).map(\.code)
        #expect(handedOver == ["infant-3-4m", "infant-18m", "infant-3y"])
    }

    @Test func `windows come in the order in which they open`() {
        let windows = Self.rules.windows(ofChildBorn: MaternalCase.day("2026-04-01"))
        #expect(windows.count == 10)
        #expect(windows.map(\.days.first) == windows.map(\.days.first).sorted())
    }

    @Test func `a checkup that did not exist then is not in the past of an older child`() {
        let codes = Self.rules.windows(ofChildBorn: MaternalCase.day("2019-05-01"))
            .map(\.rule.code)
        #expect(codes.contains("infant-18m"))
        #expect(codes.contains("infant-5y"))
        #expect(!codes.contains("infant-1m") && !codes.contains("newborn-cmv"))
    }

    @Test func `postpartum checkups are two within eight weeks, the day of delivery included`() {
        let windows = Self.rules.windows(afterDelivery: MaternalCase.day("2026-01-31"))
        #expect(windows.map(\.rule.code) == ["postpartum-2w", "postpartum-1m"])
        #expect(windows.map { $0.standard?.text } == ["2026-02-14", "2026-03-01"])
        #expect(windows.allSatisfy { $0.days.last.text == "2026-03-27" })
        #expect(windows.allSatisfy { $0.rule.questionnaires == ["epds"] })
    }
}
