import Exchange
import Testing

/// 事例の地方単独: a case that brings the row of a local scheme itself says all that a row of ours says, by the same
/// names.
@Suite struct LocalRowOfCaseTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let input: String
        /// `localShare`, `localPays`, `collected`, `localPaysBack`.
        let yen: [Int?]

        init(_ name: String, _ input: String, _ yen: [Int?]) {
            testDescription = name
            self.input = input
            self.yen = yen
        }
    }

    static let rows = [
        Row(
            "no rounding said: as a public expense's percentage",
            #"{"rate":30,"only":1050,"local":{"bearing":"fraction","numerator":1,"denominator":2}}"#,
            [158, 157, 160, nil]),
        Row(
            "56 in Japanese, the percentage as a ratio",
            #"""
            {"rate":30,"only":1050,
             "local":{"bearing":"percent","percent":0.05,"unit":10.0,"method":"切上げ"}}
            """#, [60, 255, 60, nil]),
        Row(
            "31: paid back",
            #"""
            {"rate":30,"only":10000,"local":{"bearing":"fraction","numerator":1,"denominator":2,
             "method":"償還"}}
            """#, [3000, 0, 3000, 1500]),
        Row(
            "31 of a whole row, which has a 56 of its own",
            #"""
            {"rate":30,"only":1050,"outpatient":true,"local":{"method":"refund","outpatient":
             {"bearing":"percent","percent":5,"unit":10,"method":"up"}}}
            """#, [315, 0, 320, 255]),
        Row(
            "57 to 59: days of a stay",
            #"""
            {"rate":30,"only":10000,"inpatient":true,"days":3,"local":{"method":"in-kind","inpatient":
             {"bearing":"all","perDay":500,"daysMax":2},"outpatient":{"bearing":"nothing"},
             "meals":"scheme","priority":3,"effectiveFrom":"令和7年4月1日"}}
            """#, [1000, 2000, 1000, nil]),
        Row(
            "the other setting has its own terms",
            #"""
            {"rate":30,"only":10000,"outpatient":true,"local":{"inpatient":{"bearing":"all"},
             "outpatient":{"bearing":"nothing"}}}
            """#, [0, 3000, 0, nil]),
        Row(
            "of a setting that is not said, the only terms there are",
            #"{"rate":30,"only":10000,"local":{"inpatient":{"bearing":"fixed","fixed":200}}}"#,
            [200, 2800, 200, nil]),
        Row(
            "74: other public expenses are not borne",
            #"""
            {"rate":30,"only":10000,"publics":[{"law":"54","cap":2500,"amt":50000}],
             "local":{"bearing":"nothing","bearsOtherExpense":false}}
            """#, [0, 3000, 2500, nil]),
        Row(
            "75 to 77: of a law it does not follow",
            #"""
            {"rate":30,"publics":[{"law":"21","amt":10000}],
             "local":{"bearing":"nothing","otherLaws":["54"]}}
            """#, [0, 0, 1000, nil]),
        Row(
            "bearsUpTo: until the insurer's limit is applied",
            #"""
            {"rate":30,"only":1000000,"local":{"bearing":"nothing","bearsUpTo":{"under70":"オ"}}}
            """#, [264_600, 35_400, 264_600, nil]),
        Row(
            "12 to 15: of the scheme's age",
            #"""
            {"rate":30,"only":10000,"date":"2026-05-05","birth":"H20.5.6",
             "local":{"bearing":"nothing","conditions":{"ageBelow":18}}}
            """#, [0, 3000, 0, nil]),
        Row(
            "whose row it is changes nothing",
            #"""
            {"rate":30,"only":10000,"local":{"bearing":"nothing","prefecture":"13","municipality":"210",
             "law":"89","payer":"89132106","division":1,"shortName":"例","source":"例"}}
            """#, [0, 3000, 0, nil]),
        Row(
            "null says nothing",
            #"{"rate":30,"only":10000,"local":{"bearing":"nothing","inpatient":null,"unit":null}}"#,
            [0, 3000, 0, nil]),
    ]

    @Test(arguments: rows)
    func `a row of the case's own is priced whole`(row: Row) throws {
        let output = try LocalOfCaseTests.output(row.input)
        let names = ["localShare", "localPays", "collected", "localPaysBack"]
        #expect(names.map { output[$0]?.int } == row.yen)
        #expect(CaseFormsTests.unread(output).isEmpty)
    }

    @Test func `counts of a month hold as at the counter`() throws {
        let visits = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"steps_points":[1000,1000,1000],
             "local":{"bearing":"all","perVisit":500,"visitsMax":2}}
            """#)
        #expect(LocalAndMonthTests.numbers(visits, "pay") == [500, 500, 0])
        let days = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"inpatient":true,"visits":[{"total":10000,"day":1,"days":2},
             {"total":10000,"day":3}],"local":{"bearing":"all","perDay":500,"daysMax":2}}
            """#)
        #expect(LocalAndMonthTests.numbers(days, "pay") == [1000, 0])
    }

    static let meals: [(items: String, local: String, own: Int, pays: Int)] = [
        ("", #""meals":"half""#, 2550, 2550), ("", #""meals":"scheme""#, 0, 5100),
        ("", #""meals":"half","mealsPerMonth":2000"#, 2000, 3100),
        (#""days":4,"#, #""mealsPerDay":500"#, 2000, 3100), ("", #""priority":9"#, 5100, 0),
        // Of a scheme that pays back, all at the counter.
        ("", #""meals":"scheme","method":"償還払い""#, 5100, 0),
    ]

    @Test(arguments: meals)
    func `its part of the meals counts`(
        items: String, local: String, own: Int, pays: Int
    ) throws {
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"date":"2025-05-05","inpatient":true,"only":10000,\#(items)
             "meals":{"count":10},"local":{"bearing":"nothing",\#(local)}}
            """#)
        #expect(output["meals"]?.int == own && output["mealsPublic"]?.int == pays)
    }

    @Test func `a stay whose days are unsaid is held to one, with a warning`() throws {
        let input =
            #"{"rate":30,"inpatient":true,"only":10000,"local":{"bearing":"all","perDay":500}"#
        let unsaid = try LocalOfCaseTests.output(input + "}")
        #expect(unsaid["localShare"]?.int == 500)
        #expect(CaseFormsTests.codes(unsaid).contains("days-unsaid"))
        let said = try LocalOfCaseTests.output(input + #","days":31}"#)
        #expect(said["localShare"]?.int == 3000)
        #expect(!CaseFormsTests.codes(said).contains("days-unsaid"))
    }

    @Test func `a condition that nobody asks of a case is told`() throws {
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"only":10,"local":{"bearing":"all","conditions":{"ageFrom":0,
             "insurers":["national"]}}}
            """#)
        #expect(
            CaseFormsTests.unread(output) == ["data[0].input.local.conditions.insurers": ""])
    }

    static let refused: [(local: String, code: String, path: String)] = [
        (#"{"bearng":"all"}"#, "unknown-item", "local.bearng"),
        (#"{"bearing":"all","item68":1}"#, "unknown-item", "local.item68"),
        (#"{"inpatient":{"bearing":"all","perday":1}}"#, "unknown-item", "local.inpatient.perday"),
        (
            #"{"bearing":"all","conditions":{"age":1}}"#, "unknown-item", "local.conditions.age"
        ),
        (#"{}"#, "missing", "local.bearing"),
        (#"{"bearing":"fixed"}"#, "missing", "local.fixed"),
        (#"{"inpatient":{"bearing":"fixed"}}"#, "missing", "local.inpatient.fixed"),
        (#"{"inpatient":5}"#, "malformed", "local.inpatient"),
        (#"{"bearing":"some"}"#, "malformed", "local.bearing"),
        (#"{"bearing":"all","meals":"some"}"#, "malformed", "local.meals"),
        (#"{"bearing":"all","priority":1000}"#, "malformed", "local.priority"),
        (#"{"bearing":"all","method":"later"}"#, "malformed", "local.method"),
        (
            #"{"bearing":"all","mealsPerDay":9,"mealsPerMonth":1}"#, "malformed",
            "local.mealsPerDay"
        ),
        (
            #"{"bearing":"all","bearsOtherExpense":false,"otherLaws":["54"]}"#, "malformed",
            "local.otherLaws"
        ),
        // Whose of two settings it is, nobody could tell.
        (
            #"{"inpatient":{"bearing":"all"},"perMonth":9}"#, "contradiction", "local.perMonth"
        ),
        (
            #"{"bearing":"all","bearsUpTo":{"under70":"カ"}}"#, "unknown-class",
            "local.bearsUpTo.under70"
        ),
        (
            #"{"bearing":"all","effectiveFrom":"2025-04-02"}"#, "not-effective",
            "local.effectiveFrom"
        ),
        (#"{"bearing":"all","effectiveTo":"R7.3.31"}"#, "not-effective", "local.effectiveTo"),
        (
            #"{"bearing":"all","effectiveFrom":"2025-02-01","effectiveTo":"2025-01-01"}"#,
            "contradiction", "local.effectiveTo"
        ),
    ]

    @Test(arguments: refused)
    func `a row that says nothing clear is refused in its place`(
        local: String, code: String, path: String
    ) throws {
        let answer = try LocalOfCaseTests.answer(#"{"rate":30,"only":10,"local":\#(local)}"#)
        let error = try #require(answer["error"]?.object, "\(JSON.object(answer).text)")
        #expect(error["code"]?.string == code)
        #expect(error["path"]?.string == "data[0].input.\(path)")
    }

    @Test func `a setting that the row does not have is refused`() throws {
        let answer = try LocalOfCaseTests.answer(
            #"{"rate":30,"only":10,"outpatient":true,"local":{"inpatient":{"bearing":"all"}}}"#)
        #expect(answer["error"]?.object?["code"]?.string == "contradiction")
        let named = try LocalOfCaseTests.answer(
            #"{"rate":30,"only":10,"local":{"bearing":"all","perVist":1}}"#)
        #expect(named["error"]?.object?["en"]?.string?.contains("perVisit") == true)
    }

    /// 63: a cap of each visit says nothing of three of them on one receipt.
    @Test func `several visits under a cap of each are given one by one`() throws {
        for (days, isRefused) in [(1, false), (3, true)] {
            let answer = try LocalOfCaseTests.answer(
                #"""
                {"rate":30,"only":10000,"days":\#(days),"outpatient":true,
                 "local":{"bearing":"all","perVisit":500}}
                """#)
            #expect((answer["output"] == nil) == isRefused)
            guard isRefused else { continue }
            #expect(answer["error"]?.object?["path"]?.string == "data[0].input.visits")
        }
        let stay = try LocalOfCaseTests.output(
            #"{"rate":30,"only":10000,"days":3,"inpatient":true,"local":{"bearing":"all"}}"#)
        #expect(stay["localShare"]?.int == 3000)
    }

    @Test func `who is not of its ages is refused`() throws {
        let answer = try LocalOfCaseTests.answer(
            #"""
            {"rate":30,"only":10,"date":"2026-05-05","birth":"平成20年5月5日",
             "local":{"bearing":"all","conditions":{"ageBelow":18}}}
            """#)
        #expect(answer["error"]?.object?["path"]?.string == "data[0].input.birth")
    }
}
