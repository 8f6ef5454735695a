import Exchange
import Testing

@Suite struct GrowthTableTests {
    static let birth = MaternalCase.day("2025-03-31")

    static func place(
        _ amount: String, _ item: String, _ sex: GrowthTable.Sex, on day: String
    ) throws -> GrowthTable.Place? {
        let table = try #require(
            MaternalCase.rules.growthTable(on: MaternalCase.day("2026-01-01")))
        return table.place(
            try #require(MeasuredAmount(amount)), of: item, sex: sex, birth: birth,
            on: MaternalCase.day(day))
    }

    static let cases:
        [(amount: String, item: String, sex: GrowthTable.Sex, on: String, from: Int?, below: Int?)] =
            [
                ("2.31", "weight", .male, "2025-03-31", nil, 3),
                ("2.32", "weight", .male, "2025-03-31", 3, 10),
                ("3.06", "weight", .male, "2025-03-31", 50, 75),
                ("3.80", "weight", .male, "2025-03-31", 90, 97),
                ("3.810", "weight", .male, "2025-03-31", 97, nil),
                ("3.05", "weight", .female, "2025-04-30", 3, 10),
                ("4.79", "weight", .male, "2025-05-01", 25, 50),
                ("62.3", "height", .male, "2025-07-01", 50, 75),
                ("62.3", "height", .male, "2025-07-30", 50, 75),
                ("62.3", "height", .male, "2025-07-31", 10, 25),
                ("48.7", "head-circumference", .female, "2028-03-30", 50, 75),
                ("114.4", "height", .male, "2031-09-29", 25, 50),
            ]

    @Test(arguments: cases)
    func `a measurement lies between two published values of its own age class`(
        amount: String, item: String, sex: GrowthTable.Sex, on: String, from: Int?, below: Int?
    ) throws {
        let place = try #require(try Self.place(amount, item, sex, on: on))
        #expect(place.atLeast == from && place.below == below)
    }

    @Test(arguments: ["2025-03-30", "2025-04-01", "2025-04-29", "2031-10-01"])
    func `where the survey has no class there is no answer`(day: String) throws {
        #expect(try Self.place("4", "weight", .male, on: day) == nil)
        #expect(try Self.place("44", "chest-circumference", .male, on: "2025-09-01") == nil)
        #expect(try Self.place("50", "head-circumference", .male, on: "2028-03-31") == nil)
    }

    @Test func `the medians rise with age and boys' lie above girls'`() throws {
        let table = try #require(MaternalCase.rules.growthTables.first)
        #expect(table.percentiles == [3, 10, 25, 50, 75, 90, 97] && !table.source.isVerified)
        for measure in table.measures {
            for (row, next) in zip(measure.rows, measure.rows.dropFirst()) {
                for place in table.percentiles.indices {
                    #expect(row.male[place] < next.male[place])
                    #expect(row.female[place] < next.female[place])
                }
                #expect(row.female[3] < row.male[3])
            }
        }
    }

    @Test func `before the table was published it places nothing`() {
        #expect(MaternalCase.rules.growthTable(on: MaternalCase.day("2024-12-24")) == nil)
    }
}
