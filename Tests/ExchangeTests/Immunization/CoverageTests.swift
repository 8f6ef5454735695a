import Exchange
import Testing

/// 接種率の秘匿: nothing is told of fewer than ten, and nothing smaller is left by subtracting.
@Suite struct CoverageTests {
    private static func told(_ population: Int, _ vaccinated: Int) throws -> [Int]? {
        let rules = try VaccinationCase.rules()
        let report = CoverageReport(
            [
                CoverageCount(
                    area: .nation, cohort: 2025, programme: "mr", dose: 1,
                    population: population, vaccinated: vaccinated)
            ], month: try ServiceMonth("2026-05"), counted: try Instant("2026-06-01T00:00:00Z"),
            rules.coverage)
        return report.cells.first.map { [$0.population, $0.vaccinated] }
    }

    @Test(arguments: [
        (10, 10, [10, 10]), (14, 14, [10, 10]), (15, 14, [20, 10]), (104, 95, [100, 100]),
        (94, 94, [90, 90]), (1_000, 10, [1_000, 10]),
    ])
    func `figures are told in tens`(population: Int, vaccinated: Int, told: [Int]) throws {
        #expect(try Self.told(population, vaccinated) == told)
    }

    @Test(arguments: [(9, 9), (10, 9), (1_000, 9), (9, 0)])
    func `fewer than ten are told nowhere`(population: Int, vaccinated: Int) throws {
        #expect(try Self.told(population, vaccinated) == nil)
    }

    @Test func `the difference of two figures is never smaller than what is withheld`() throws {
        let told = try (10...400).compactMap { try Self.told(1_000, $0)?[1] }
        for (one, next) in zip(told, told.dropFirst()) where one != next {
            #expect(next - one >= 10)
        }
        #expect(told.allSatisfy { $0.isMultiple(of: 10) })
    }

    // COVID of the Act is given from 1 October to 31 March, influenza in a year from 1 April.
    @Test(arguments: [
        ("covid", "2026-09-30", "2025-10-01"), ("covid", "2026-10-01", "2026-10-01"),
        ("covid", "2026-12-31", "2026-10-01"), ("covid", "2027-03-31", "2026-10-01"),
        ("influenza-elderly", "2026-03-31", "2025-04-01"),
        ("influenza-elderly", "2026-04-30", "2026-04-01"), ("mr", "2026-04-30", nil),
    ])
    func `a season counts by itself, until the next begins`(
        _ programme: String, _ day: String, _ since: String?
    ) throws {
        let scopes = try VaccinationCase.rules().coverageScopes(on: CalendarDay(day))
        let scope = try #require(scopes.first { $0.programme == programme })
        #expect(scope.since?.text == since)
    }

    @Test(arguments: [
        ("hpv", ResidentSex.female), ("rubella-period-5", .male), ("mr", nil),
        // Over, and still of girls.
        ("hpv-catch-up", .female),
    ])
    func `a schedule for one sex is counted among that sex`(
        _ programme: String, _ sex: ResidentSex?
    )
        throws
    {
        let scopes = try VaccinationCase.rules().coverageScopes(on: CalendarDay("2026-11-30"))
        #expect(try #require(scopes.first { $0.programme == programme }).sex == sex)
    }
}
