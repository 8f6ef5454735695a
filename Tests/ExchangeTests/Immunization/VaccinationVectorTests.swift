import Exchange
import Testing

/// The published vectors of the immunization field.
@Suite(.enabled(if: Shared.isThere)) struct VaccinationVectorTests {
    @Test func `the legal windows are those of the vectors, key by key`() throws {
        let cases = try #require(Shared.vector("immunization_windows").object?["cases"]?.array)
        #expect(!cases.isEmpty)
        for one in cases {
            let row = try #require(one.object)
            let birth = try CalendarDay(row.requiredString("birth"))
            let rules = try VaccinationCase.rules()
            let told = try JSON(reading: rules.legalWindowsJSON(birth: birth, sex: nil))
            let windows = try #require(told.object?["windows"]?.object)
            let expected = try row.requiredObject("windows")
            #expect(
                Set(windows.members.map(\.name)) == Set(expected.members.map(\.name)),
                "\(birth.text)")
            for member in expected.members {
                #expect(windows[member.name] == member.value, "\(birth.text) \(member.name)")
            }
        }
    }

    @Test func `each interval has its earliest day, and the day before is refused`() throws {
        let cases = try #require(Shared.vector("immunization_intervals").object?["cases"]?.array)
        #expect(!cases.isEmpty)
        for one in cases {
            let row = try #require(one.object)
            let interval = try #require(DoseInterval(row.requiredString("minInterval")))
            let previous = try CalendarDay(row.requiredString("previous")).daysSince1970
            let earliest = try CalendarDay(row.requiredString("earliestOk")).daysSince1970
            let rule = try row.requiredString("rule")
            #expect(interval.earliest(after: previous) == earliest, "\(rule)")
            #expect(try earliest - previous == row.requiredInt("dayDiff"), "\(rule)")
            #expect(
                try interval.restsOnMonthEnd(after: previous)
                    == row.requiredBool("monthEndConvention"), "\(rule)")
        }
    }

    @Test func `the error cases are judged as published`() throws {
        let cases = try #require(Shared.vector("immunization_error_cases").array)
        let told = try VaccinationCase.answers(.array(cases))
        for one in cases {
            let row = try #require(one.object)
            let id = try row.requiredString("id")
            let expected = try row.requiredString("expect")
            let answer = try #require(told[id])
            let words = expected.prefix { $0 != ":" && $0 != " " }.split(separator: "/")
            #expect(words.contains(Substring(answer.verdict)), "\(id): \(answer)")
            if let day = expected.firstMatch(of: /(?:earliest|before) (\d{4}-\d\d-\d\d)/)?.1 {
                #expect(answer.earliest == String(day), "\(id): \(answer)")
            }
            if let day = expected.firstMatch(of: /last day (\d{4}-\d\d-\d\d)/)?.1 {
                #expect(answer.latest == String(day) && answer.earliest == nil, "\(id): \(answer)")
            }
        }
    }
}
