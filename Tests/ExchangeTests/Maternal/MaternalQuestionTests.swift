import Exchange
import Testing

@Suite struct MaternalQuestionTests {
    static func answer(birth: String? = nil, due: String? = nil) throws -> JSONObject {
        let question = try MaternalQuestion(birth: birth, due: due)
        let text = question.answer(by: MaternalCase.rules)
        #expect(text == question.answer(by: MaternalCase.rules))
        return try #require(try JSON(reading: text).object)
    }

    @Test func `a birth is answered with every window`() throws {
        let answer = try Self.answer(birth: "2024-02-29")
        #expect(answer["birth"]?.string == "2024-02-29")
        let windows = try answer.requiredArray("windows").compactMap(\.object)
        let found = try #require(windows.first { $0["code"]?.string == "infant-18m" })
        #expect(found["first"]?.string == "2025-08-29")
        #expect(found["last"]?.string == "2026-02-28")
        #expect(found["basis"]?.string == "statutory")
        #expect(found["minimumDataSet"]?.bool == true)
        #expect(found["law"]?.object?["ja"]?.string?.contains("母子保健法12条") == true)
        #expect(found["source"]?.string?.isEmpty == false && found["verified"]?.bool == false)
        #expect(windows.count == 10)
        let items = try found.requiredArray("items").compactMap(\.object)
        #expect(
            items.contains { $0["code"]?.string == "abuse-signs" && $0["sensitive"]?.bool == true })
    }

    @Test func `an expected date is answered with visits, tests, terms and postpartum`() throws {
        let answer = try Self.answer(due: "2026-11-17")
        #expect(answer["weekZero"]?.string == "2026-02-10")
        let visits = try answer.requiredArray("visits").compactMap(\.object)
        #expect(visits.map { $0["number"]?.int } == Array(1...18))
        #expect(visits[3]["last"]?.string == "2026-07-27")
        #expect(visits[4]["first"]?.string == "2026-07-28")
        #expect(visits[13]["beyondStandard"]?.bool == false)
        #expect(visits[14]["first"]?.string == "2026-11-17")
        #expect(visits[14]["beyondStandard"]?.bool == true)
        #expect(try answer.requiredArray("questionnaires").compactMap(\.string) == ["prenatal"])
        let tests = try answer.requiredArray("tests").compactMap(\.object)
        let hiv = try #require(tests.first { $0["code"]?.string == "hiv" })
        #expect(hiv["sensitive"]?.bool == true && hiv["last"]?.string == "2026-05-18")
        let terms = try answer.requiredArray("terms").compactMap(\.object)
        #expect(terms[2]["first"]?.string == "2026-10-27")
        #expect(terms[2]["last"]?.string == "2026-11-30")
        let postpartum = try answer.requiredArray("postpartum").compactMap(\.object)
        #expect(postpartum.map { $0["standard"]?.string } == ["2026-12-01", "2026-12-17"])
    }

    static let faults: [(birth: String?, due: String?, fault: MaternalQuestion.Fault)] = [
        (nil, nil, .notOne), ("2026-01-01", "2026-01-01", .notOne),
        ("2026-02-29", nil, .notADay(option: "--birth")),
        ("2026-2-1", nil, .notADay(option: "--birth")), ("", nil, .notADay(option: "--birth")),
        ("0001-01-01", nil, .notADay(option: "--birth")),
        (nil, "9999-12-31", .notADay(option: "--due")),
        (nil, "令和8年4月1日", .notADay(option: "--due")),
    ]

    @Test(arguments: faults)
    func `a question that is none is refused with a sentence`(
        birth: String?, due: String?, fault: MaternalQuestion.Fault
    ) {
        #expect(throws: fault) { try MaternalQuestion(birth: birth, due: due) }
        #expect("\(fault)".contains("ください。") && "\(fault)".contains("."))
        // What was typed is not repeated.
        #expect(birth.map { $0.isEmpty || !"\(fault)".contains($0) } ?? true)
    }
}
