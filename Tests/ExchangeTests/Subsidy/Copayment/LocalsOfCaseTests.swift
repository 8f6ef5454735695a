import Exchange
import Testing

/// 地方単独の重なり: a prefecture's scheme and a municipality's in one case, in order of priority.
@Suite struct LocalsOfCaseTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let input: String
        /// `localShare`, `localPays`, `localPaysBack`, `collected`.
        let yen: [Int?]
        /// Of each scheme in its order: `share`, `pays`, `paysBack`.
        let each: [[Int?]]

        init(_ name: String, _ input: String, _ yen: [Int?], each: [[Int?]]) {
            testDescription = name
            self.input = input
            self.yen = yen
            self.each = each
        }
    }

    static let half = #""bearing":"fraction","numerator":1,"denominator":2"#

    static let rows = [
        Row(
            "as they are written, where no priority is said",
            #"""
            {"rate":30,"only":10000,"local":[{\#(half),"shortName":"県"},
             {"bearing":"fixed","fixed":200,"shortName":"市"}]}
            """#, [200, 2800, nil, 200], each: [[1500, 1500, nil], [200, 1300, nil]]),
        Row(
            "78: by priority, however they are written",
            #"""
            {"rate":30,"only":10000,"local":[{"bearing":"fixed","fixed":200,"priority":2},
             {\#(half),"priority":1}]}
            """#, [200, 2800, nil, 200], each: [[1500, 1500, nil], [200, 1300, nil]]),
        Row(
            "78: the other way round, the other amounts",
            #"""
            {"rate":30,"only":10000,"local":[{"bearing":"fixed","fixed":200,"priority":1},
             {\#(half),"priority":2}]}
            """#, [100, 2900, nil, 100], each: [[200, 2800, nil], [100, 100, nil]]),
        Row(
            "one of ours and one of the case's own",
            #"""
            {"rate":30,"only":10000,"local":[{"bearing":"nothing","priority":2},"小金井89"]}
            """#, [0, 3000, nil, 0], each: [[500, 2500, nil], [0, 500, nil]]),
        Row(
            "two of ours, of one priority as they are written",
            #"{"rate":30,"only":10000,"scheme":["秋田74","小金井89"]}"#,
            [500, 2500, nil, 500], each: [[1000, 2000, nil], [500, 500, nil]]),
        Row(
            "74: what another leaves is not borne",
            #"""
            {"rate":30,"only":10000,"local":[{"bearing":"fixed","fixed":500},
             {"bearing":"nothing","bearsOtherExpense":false}]}
            """#, [500, 2500, nil, 500], each: [[500, 2500, nil], [0, 0, nil]]),
        Row(
            "75 to 77: of a scheme of a law it follows",
            #"""
            {"rate":30,"only":10000,"local":["小金井89",{"bearing":"nothing","otherLaws":["89"],
             "priority":1}]}
            """#, [0, 3000, nil, 0], each: [[500, 2500, nil], [0, 500, nil]]),
        Row(
            "75 to 77: of a scheme of another law",
            #"""
            {"rate":30,"only":10000,"local":["小金井89",{"bearing":"nothing","otherLaws":["54"],
             "priority":1}]}
            """#, [500, 2500, nil, 500], each: [[500, 2500, nil], [0, 0, nil]]),
        Row(
            "what the first of them does not bear of a public expense, the second does",
            #"""
            {"rate":30,"only":10000,"publics":[{"law":"54","cap":2500,"amt":50000}],
             "local":[{\#(half),"bearsOtherExpense":false},{"bearing":"fixed","fixed":300}]}
            """#, [300, 5200, nil, 300], each: [[1500, 1500, nil], [300, 3700, nil]]),
        Row(
            "after a public expense of the State",
            #"""
            {"rate":30,"publics":[{"law":"54","cap":2500,"amt":50000}],"local":[
             {"bearing":"fraction","numerator":1,"denominator":3,"unit":10,"method":"up"},
             {"bearing":"fixed","fixed":100}]}
            """#, [100, 2400, nil, 100], each: [[840, 1660, nil], [100, 740, nil]]),
        Row(
            "31: the first pays back, and the second bears no more than it leaves",
            #"""
            {"rate":30,"only":10000,"local":[{"bearing":"fixed","fixed":1000,"method":"償還"},
             {"bearing":"nothing"}]}
            """#, [2000, 1000, 2000, 2000], each: [[1000, 0, 2000], [0, 1000, nil]]),
        Row(
            "31: the second pays back",
            #"""
            {"rate":30,"only":10000,"local":[{"bearing":"fixed","fixed":1000},
             {"bearing":"nothing","method":"償還"}]}
            """#, [1000, 2000, 1000, 1000], each: [[1000, 2000, nil], [0, 0, 1000]]),
    ]

    static func each(_ object: JSONObject?) -> [[Int?]] {
        (object?["locals"]?.array ?? []).compactMap(\.object).map { one in
            ["share", "pays", "paysBack"].map { one[$0]?.int }
        }
    }

    @Test(arguments: rows)
    func `each bears of what the one before it leaves`(row: Row) throws {
        let output = try LocalOfCaseTests.output(row.input)
        let names = ["localShare", "localPays", "localPaysBack", "collected"]
        #expect(names.map { output[$0]?.int } == row.yen)
        #expect(Self.each(output) == row.each)
        #expect(CaseFormsTests.unread(output).isEmpty)
    }

    @Test func `the steps say which of them each is`() throws {
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"publics":[{"law":"54","cap":2500,"amt":50000}],"local":[
             {\#(Self.half),"shortName":"県"},{"bearing":"fixed","fixed":100,"shortName":"市"}]}
            """#)
        let texts = output["steps"]?.array?.compactMap { $0.object?["ja"]?.string } ?? []
        #expect(texts.contains { $0.hasPrefix("第2公費分: ") && $0.contains("1,250円") })
        #expect(texts.contains("第3公費分: 第2公費の患者負担1,250円を引き受けます。"))
        #expect(texts.last == "窓口では10円単位で100円をいただきます。")
        let last = output["steps"]?.array?.last?.object
        #expect(last?["rule"]?.string == "rounding/counter")
        let names = output["locals"]?.array?.compactMap { $0.object?["name"]?.string }
        #expect(names == ["県", "市"])
    }

    @Test func `one in a list is one`() throws {
        let alone = try LocalOfCaseTests.output(#"{"rate":30,"only":10000,"scheme":"秋田74"}"#)
        let listed = try LocalOfCaseTests.output(#"{"rate":30,"only":10000,"scheme":["秋田74"]}"#)
        #expect(alone == listed && alone["locals"] == nil)
        let none = try LocalOfCaseTests.output(#"{"rate":30,"only":10000,"local":[]}"#)
        #expect(none["localShare"] == nil && none["collected"]?.int == 3000)
    }

    @Test func `each counts its own month`() throws {
        let month = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"steps_points":[1000,1000],"local":[{"bearing":"all","perMonth":4000},
             {\#(Self.half)}]}
            """#)
        #expect(LocalAndMonthTests.numbers(month, "pay") == [1500, 500])
        #expect(LocalAndMonthTests.numbers(month, "public") == [1500, 2500])
        let visits = month["visits"]?.array?.map { Self.each($0.object) }
        #expect(
            visits == [
                [[3000, 0, nil], [1500, 1500, nil]], [[1000, 2000, nil], [500, 500, nil]],
            ])
        // 63, 64: the second counts visits, whatever the first left of them.
        let counted = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"steps_points":[1000,1000,1000],"local":[{"bearing":"all","perMonth":3000},
             {"bearing":"all","perVisit":500,"visitsMax":2}]}
            """#)
        #expect(LocalAndMonthTests.numbers(counted, "pay") == [500, 0, 0])
    }

    /// To 10 yen, too: a scheme that asks for all that is left changes nothing, and one that bears all leaves
    /// nothing, whatever the other's terms are.
    @Test(arguments: [
        #"{"bearing":"all","perMonth":112}"#, #"{"bearing":"all","perMonth":1000}"#,
        #"{"bearing":"percent","percent":10}"#, #"{"bearing":"all","perDay":500,"daysMax":2}"#,
        #"{\#(LocalsOfCaseTests.half),"perMonth":333}"#,
    ])
    func `all and nothing are neutral`(terms: String) throws {
        func pay(_ local: String) throws -> [Int] {
            LocalAndMonthTests.numbers(
                try LocalOfCaseTests.output(
                    #"{"rate":30,"steps_points":[35,35,501,77],"local":\#(local)}"#), "pay")
        }
        let alone = try pay(terms)
        #expect(try pay("[\(terms),\(#"{"bearing":"all","law":"80"}"#)]") == alone)
        #expect(try pay("[\(#"{"bearing":"all","law":"80"}"#),\(terms)]") == alone)
        #expect(try pay("[\(terms),\(#"{"bearing":"nothing"}"#)]") == [0, 0, 0, 0])
        #expect(try pay("[\(#"{"bearing":"nothing"}"#),\(terms)]") == [0, 0, 0, 0])
    }

    @Test func `whichever of them leaves least of the meals decides`() throws {
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"date":"2025-05-05","inpatient":true,"only":10000,"meals":{"count":10},
             "local":[{"bearing":"nothing","meals":"half"},{"bearing":"nothing","mealsPerMonth":2000}]}
            """#)
        #expect(output["meals"]?.int == 2000 && output["mealsPublic"]?.int == 3100)
    }

    @Test func `what one of them says and nobody reads is told`() throws {
        let output = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"only":10,"local":["小金井89",
             {"bearing":"all","conditions":{"insurers":["national"]}}]}
            """#)
        #expect(
            CaseFormsTests.unread(output) == ["data[0].input.local[1].conditions.insurers": ""])
    }

    static let refused: [(items: String, code: String, path: String)] = [
        (#""local":["小金井89",7]"#, "malformed", "local[1]"),
        (#""scheme":["秋田74",{"bearing":"all"}]"#, "malformed", "scheme[1]"),
        (#""scheme":["秋田74","なし99"]"#, "unknown-scheme", "scheme[1]"),
        (#""local":["小金井89",{"bearing":"percent"}]"#, "missing", "local[1].percent"),
        // The same certificate twice.
        (#""scheme":["秋田74","秋田74 2割"]"#, "contradiction", "scheme[1]"),
        (#""local":[{"bearing":"all"},{"bearing":"all"}]"#, "contradiction", "local[1]"),
        (#""scheme":["秋田74"],"local":["小金井89"]"#, "contradiction", "local"),
        // Neither order is that of all three.
        (
            #""local":[{"bearing":"all","priority":2},{"bearing":"nothing"},{"bearing":"all","priority":1}]"#,
            "contradiction", "local[2].priority"
        ),
        (
            #""local":[{"inpatient":{"bearing":"all"}},{"outpatient":{"bearing":"nothing"}}]"#,
            "contradiction", "setting"
        ),
        (
            #""local":[{"bearing":"all"},{"bearing":"nothing","otherLaws":["80"]}]"#, "missing",
            "local[0].law"
        ),
    ]

    @Test(arguments: refused)
    func `a list that leaves open what is meant is refused in its place`(
        items: String, code: String, path: String
    ) throws {
        let answer = try LocalOfCaseTests.answer(#"{"rate":30,"only":10,\#(items)}"#)
        let error = try #require(answer["error"]?.object, "\(JSON.object(answer).text)")
        #expect(error["code"]?.string == code)
        #expect(error["path"]?.string == "data[0].input.\(path)")
    }
}
