import Exchange
import Testing

/// 事例の書き方: the days, numbers and names that people write in a case are read as what they say, and what
/// nothing reads is told by its name.
@Suite struct CaseFormsTests {
    static func codes(_ output: JSONObject) -> [String] {
        (output["warnings"]?.array ?? []).compactMap { $0.object?["code"]?.string }
    }

    /// Paths of what was not read, with what each may be meant as.
    static func unread(_ output: JSONObject) -> [String: String] {
        let warning = (output["warnings"]?.array ?? []).compactMap(\.object)
            .first { $0["code"] == .string("unknown-item") }
        var items: [String: String] = [:]
        for item in (warning?["items"]?.array ?? []).compactMap(\.object) {
            items[item["path"]?.string ?? ""] = item["nearest"]?.string ?? ""
        }
        return items
    }

    // MARK: Days

    /// The limits change with August 2026.
    @Test(arguments: [
        #""令和8年8月1日""#, #""令和８年８月１日""#, #""R8.8.1""#, #""Ｒ８．８．１""#, #""R080801""#, #""5080801""#,
        #""2026/8/1""#, #""2026/08/01""#, #""20260801""#, #""２０２６／０８／０１""#, #""2026-08-01""#,
        "20260801", #""2026年8月1日""#, #""２０２６年０８月０１日""#,
        #""2026年8月""#, #""令和8年8月""#, #""R8.8""#, #""2026-08""#, #""2026/8""#, #""202608""#,
        #""50808""#,
    ])
    func `a day of service is read in every form of the layouts`(day: String) throws {
        let output = try LocalOfCaseTests.output(
            #"{"cls":"ウ","rate":30,"only":386000,"date":\#(day)}"#)
        #expect(output["patient"]?.int == 86_800)
        #expect(!Self.codes(output).contains("undated"))
    }

    @Test(arguments: ["令和8年7月31日", "R8.7.31", "5080731", "2026/7/31", "20260731"])
    func `the day before has the limits before`(day: String) throws {
        let output = try LocalOfCaseTests.output(
            #"{"cls":"ウ","rate":30,"only":386000,"date":"\#(day)"}"#)
        #expect(output["patient"]?.int == 81_290)
    }

    @Test(arguments: ["令和3年5月5日", "R3.5.5", "5030505", "2021/5/5", "20210505"])
    func `so is a birth`(birth: String) throws {
        let output = try LocalOfCaseTests.output(
            #"{"date":"令和8年1月10日","birth":"\#(birth)","only":10000}"#)
        #expect(output["insurer"]?.int == 8000)
    }

    @Test func `a day past the end of its era is read with a warning`() throws {
        let output = try LocalOfCaseTests.output(
            #"{"cls":"ウ","rate":30,"only":386000,"date":"平成38年8月1日"}"#)
        #expect(output["patient"]?.int == 86_800 && Self.codes(output).contains("era-ended"))
        let month = try LocalOfCaseTests.output(
            #"{"cap":10000,"visits":[{"due":100,"date":"平成38年8月1日"}]}"#)
        #expect(Self.codes(month).contains("era-ended"))
    }

    static let refused: [(input: String, code: String, path: String)] = [
        (#"{"rate":30,"only":10,"date":"昭和64年1月8日"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"令和元年4月30日"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"5050229"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"6010101"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"2026/2/30"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"2026年2月30日"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"26年2月3日"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":"R8.13"}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":20260230}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":true}"#, "malformed", "date"),
        (#"{"rate":30,"only":10,"date":""}"#, "malformed", "date"),
        // A month says nobody's birthday.
        (#"{"rate":30,"only":10,"birth":"2021-05"}"#, "malformed", "birth"),
        (#"{"rate":2.5,"only":10}"#, "malformed", "rate"),
        (#"{"rate":0.305,"only":10}"#, "malformed", "rate"),
        (#"{"rate":-0.3,"only":10}"#, "malformed", "rate"),
        (#"{"rate":"3割","only":10}"#, "malformed", "rate"),
        // 割 or ratio of one: never guessed at.
        (#"{"rate":1.0,"only":10}"#, "out-of-range", "rate"),
        (#"{"rate":0.03,"only":10}"#, "out-of-range", "rate"),
        (#"{"rate":1e3,"only":10}"#, "out-of-range", "rate"),
        (#"{"rate":30,"only":10.5}"#, "malformed", "only"),
        (#"{"rate":30,"only":1e-1}"#, "malformed", "only"),
        (#"{"rate":30,"only":1e30}"#, "malformed", "only"),
        (#"{"rate":30,"only":1e999999999999999999999}"#, "malformed", "only"),
        (#"{"rate":30,"publics":[{"amt":10,"pct":2.5}]}"#, "malformed", "publics[0].pct"),
        (#"{"rate":30,"only":9,"setting":"外来","inpatient":true}"#, "contradiction", "setting"),
        (#"{"rate":30,"only":9,"inpatient":true,"outpatient":true}"#, "contradiction", "setting"),
        (#"{"rate":30,"only":9,"days":32}"#, "out-of-range", "days"),
        (
            #"{"cap":9,"visits":[{"due":1,"date":"2026-08-01"},{"due":1,"date":"2026-09-01"}]}"#,
            "contradiction", "visits[1].day"
        ),
        (
            #"{"cap":9,"date":"2026-07-31","visits":[{"due":1,"date":"R8.8.1"}]}"#,
            "contradiction", "visits[0].day"
        ),
        (#"{"cap":9,"visits":[{"due":1,"day":40}]}"#, "out-of-range", "visits[0].day"),
        (#"{"cap":9,"visits":[{"due":1,"day":"8/1"}]}"#, "malformed", "visits[0].day"),
    ]

    @Test(arguments: refused)
    func `what never was, or leaves open what is meant, is refused`(
        input: String, code: String, path: String
    ) throws {
        let error = try #require(LocalOfCaseTests.answer(input)["error"]?.object)
        #expect(error["code"]?.string == code)
        #expect(error["path"]?.string == "data[0].input.\(path)")
    }

    // MARK: Numbers

    static let numbers: [(input: String, patient: Int)] = [
        (#"{"cls":"ウ","rate":30.0,"only":364520.0}"#, 81_075),
        (#"{"cls":"ウ","rate":3e1,"only":3.6452e5}"#, 81_075),
        (#"{"cls":"ウ","rate":0.3,"only":364520}"#, 81_075),
        (#"{"cls":"ウ","rate":0.30,"only":364520.00}"#, 81_075),
        // No binary fraction is 0.29: 28.999….
        (#"{"rate":0.29,"only":10000}"#, 2900),
        (#"{"rate":0.0,"only":10000}"#, 0),
        (#"{"futanWari":3.0,"only":10000}"#, 3000),
        (#"{"rate":30,"publics":[{"amt":10000.0,"pct":0.05}]}"#, 500),
        (#"{"rate":30,"publics":[{"amt":10000,"pct":5.0,"cap":4e2}]}"#, 400),
        (#"{"rate":30,"publics":[{"law":21.0,"points":700.0}]}"#, 700),
        (#"{"cap":10000.0,"pct":0.2,"visits":[{"total":3e4},{"total":30000}]}"#, 10_000),
    ]

    @Test(arguments: numbers)
    func `a whole number may be written with a point, and a percentage as a ratio`(
        input: String, patient: Int
    ) throws {
        #expect(try LocalOfCaseTests.output(input)["patient"]?.int == patient)
    }

    // MARK: Visits

    @Test func `visits may say their days as dates`() throws {
        let output = try LocalOfCaseTests.output(
            #"""
            {"cap":10000,"pct":20,"visits":[{"total":30000,"date":"令和8年8月3日"},
             {"total":10000,"day":"2026/8/4"}]}
            """#)
        #expect(LocalAndMonthTests.numbers(output, "pay") == [6000, 2000])
        #expect(Self.codes(output) == [])
        let sameDay = try LocalOfCaseTests.output(
            #"""
            {"rate":30,"scheme":"小金井90一般","visits":[{"date":"2026-05-02","total":10000},
             {"day":2,"total":10000},{"day":3,"total":10000}]}
            """#)
        #expect(LocalAndMonthTests.numbers(sameDay, "pay") == [800, 0, 800])
    }

    // MARK: Names

    static let misnamed: [(input: String, items: [String: String])] = [
        (
            #"{"cls":"ウ","rate":30,"only":10,"brith":"1990-01-01","colour":1}"#,
            ["data[0].input.brith": "birth", "data[0].input.colour": ""]
        ),
        (
            #"{"rate":30,"date":"2025-05-05","only":10,"meals":{"count":3,"dayz":1}}"#,
            ["data[0].input.meals.dayz": "days"]
        ),
        (
            #"{"rate":30,"publics":[{"law":"54","amt":10,"incme":"低所得Ⅰ"}]}"#,
            ["data[0].input.publics[0].incme": "income"]
        ),
        (
            #"{"cap":1000,"visits":[{"due":10,"pay":10,"cum":10,"instt":"A"}],"note":"x"}"#,
            ["data[0].input.visits[0].instt": "inst"]
        ),
        (#"{"cap":1000,"visits":[{"due":10}],"meals":{"count":1}}"#, ["data[0].input.meals": ""]),
        (#"{"rate":30,"only":10,"note":"n","source":"s","expect":{"patient":3}}"#, [:]),
        (#"{"rate":30,"only":10,"colour":null}"#, [:]),
    ]

    @Test(arguments: misnamed)
    func `what nothing reads is told by its name and the nearest`(
        input: String, items: [String: String]
    ) throws {
        let output = try LocalOfCaseTests.output(input)
        #expect(Self.unread(output) == items)
        #expect(Self.codes(output).contains("unknown-item") == !items.isEmpty)
    }
}
