import Exchange
import Testing

/// The published windows, intervals and errors of the immunization field.
@Suite struct VaccinationVectorTests {
    private static func windows(
        _ birth: String, _ sex: String? = nil, in member: String = "windows"
    ) throws -> JSONObject {
        let told = try VaccinationCase.rules().legalWindowsJSON(
            birth: CalendarDay(birth), sex: sex.flatMap { ResidentSex(rawValue: $0) })
        return try #require(JSON(reading: told).object?[member]?.object)
    }

    @Test func `the legal windows are those published, key by key`() throws {
        let rows = try Vectors.rows("vaccination-windows")
        for birth in try Set(rows.map { try $0.requiredString("birth") }) {
            let windows = try Self.windows(birth)
            let expected = rows.filter { $0["birth"]?.string == birth }
            #expect(
                Set(windows.members.map(\.name))
                    == Set(expected.compactMap { $0["key"]?.string }), "\(birth)")
            for row in expected {
                let key = try row.requiredString("key")
                let days = ["from", "to"].compactMap { row[$0] }
                #expect(windows[key] == row["day"] ?? .array(days), "\(birth) \(key)")
            }
        }
    }

    /// A schedule that was replaced, of some years of birth, or of later life has its line too: for those it
    /// is for, and for nobody else.
    @Test func `the other windows are told to those they are for`() throws {
        let rows = try Vectors.rows("vaccination-windows-others")
        for person in Set(rows.map { [$0["birth"], $0["sex"]] }) {
            let expected = rows.filter { [$0["birth"], $0["sex"]] == person }
            let birth = try expected[0].requiredString("birth")
            let windows = try Self.windows(
                birth, expected[0].optionalString("sex"), in: "others")
            #expect(
                Set(windows.members.map(\.name))
                    == Set(expected.compactMap { $0["key"]?.string }), "\(birth)")
            for row in expected {
                let key = try row.requiredString("key")
                let days = try [row.requiredString("from"), row.optionalString("to")]
                #expect(
                    windows[key] == .array(days.map { day in day.map(JSON.string) ?? .null }),
                    "\(birth) \(key)")
            }
        }
    }

    @Test func `each interval has its earliest day, and the day before is refused`() throws {
        for row in try Vectors.rows("vaccination-intervals") {
            let name = try row.requiredString("name")
            let before = try row.requiredString("before")
            let vaccine = try row.requiredString("vaccine")
            let birth = try row.requiredString("birth")
            func judge(_ day: String) throws -> VaccinationCase {
                try VaccinationCase.judge(
                    "\(before), \(vaccine) \(day)", birth: birth, sex: row["sex"]?.string)
            }
            let earliest = try row.requiredString("earliest")
            let refused = try judge(row.requiredString("refused"))
            #expect(refused.verdict == "reject", "\(name): \(refused)")
            #expect(refused.earliest == earliest, "\(name): \(refused)")
            let taken = try judge(earliest)
            #expect(taken.verdict != "reject", "\(name): \(taken)")
            let isMonthEnd = try row.requiredBool("restsOnMonthEnd")
            #expect((taken.rule == "month-end-convention") == isMonthEnd, "\(name): \(taken)")
        }
    }

    @Test func `the errors that happened are judged as published`() throws {
        let rows = try Vectors.rows("vaccination-errors")
        let expectations: Set = ["why", "verdicts", "earliest", "last"]
        let cases = rows.map { row in
            JSON.object(JSONObject(row.members.filter { !expectations.contains($0.name) }))
        }
        let told = try VaccinationCase.answers(.array(cases))
        for row in rows {
            let id = try row.requiredString("id")
            let answer = try #require(told[id])
            let verdicts = try row.requiredArray("verdicts").compactMap(\.string)
            #expect(verdicts.contains(answer.verdict), "\(id): \(answer)")
            if let day = row["earliest"]?.string {
                #expect(answer.earliest == day, "\(id): \(answer)")
            }
            if let day = row["last"]?.string {
                #expect(answer.latest == day && answer.earliest == nil, "\(id): \(answer)")
            }
        }
    }
}
