import Exchange
import Testing

@Suite struct AgeTests {
    static func day(_ text: String) -> CalendarDay { MaternalCase.day(text) }

    static let anniversaries: [(from: String, months: Int, is: String)] = [
        ("2025-01-15", 12, "2026-01-15"), ("2024-02-29", 12, "2025-03-01"),
        ("2024-02-29", 48, "2028-02-29"), ("2024-02-29", 18, "2025-08-29"),
        ("2023-08-29", 18, "2025-03-01"), ("2022-08-29", 18, "2024-02-29"),
        ("2023-08-31", 18, "2025-03-01"), ("2024-12-31", 2, "2025-03-01"),
        ("2024-12-31", 6, "2025-07-01"), ("2024-12-31", 12, "2025-12-31"),
        ("2025-03-01", 24, "2027-03-01"), ("2025-04-01", 72, "2031-04-01"),
        ("2025-01-31", 1, "2025-03-01"), ("2025-01-31", 0, "2025-01-31"),
    ]

    @Test(arguments: anniversaries)
    func `a month without the day passes it on to the first of the next`(
        from: String, months: Int, is expected: String
    ) {
        #expect(Self.day(from).anniversary(months: months).text == expected)
    }

    @Test func `an age is attained on the day before, as the published vaccine windows have it`() {
        #expect(Self.day("2024-12-31").attains(months: 2).text == "2025-02-28")
        #expect(Self.day("2024-12-31").attains(months: 6).text == "2025-06-30")
        #expect(Self.day("2025-04-01").attains(months: 60).text == "2030-03-31")
        #expect(Self.day("2024-02-29").attains(months: 12).text == "2025-02-28")
        #expect(Self.day("2024-02-29").attains(months: 48).text == "2028-02-28")
    }

    @Test func `completed months agree with a count by year, month and day`() {
        let start = Self.day("2023-12-20")
        for offset in 0..<800 {
            let birth = start.adding(days: offset)
            for later in stride(from: -40, through: 1500, by: 13) {
                let day = birth.adding(days: later)
                let byHand =
                    (day.year - birth.year) * 12 + day.month - birth.month
                    - (day.day < birth.day ? 1 : 0)
                #expect(birth.monthsCompleted(on: day) == byHand)
            }
        }
    }
}
