import Exchange
import TestSupport
import Testing

/// `tsunagi copay` without the command: bytes in, bytes out; a bad case says so in its place.
@Suite struct CopaymentFileTests {
    static func answers(_ text: String) throws -> (data: [JSONObject], refused: Int) {
        let answers = try CopaymentFile(reading: Array(text.utf8)).answers(CopaymentSamples.rules)
        let whole = try JSON(reading: answers.json).requiredObject(at: "")
        return (try whole.requiredArray("data").compactMap(\.object), answers.refused)
    }

    static let refusals: [(input: String, code: String, path: String)] = [
        (#"{"cls":"カ","rate":30,"only":1000}"#, "unknown-class", "data[0].input.cls"),
        (#"{"cls":"ア","rate":30,"only":1000,"over70":true}"#, "unknown-class", "data[0].input.cls"),
        (#"{"cls":"ア","only":1000}"#, "no-share", "data[0].input.rate"),
        (#"{"cls":"ア","rate":30}"#, "missing", "data[0].input.only"),
        (#"{"cls":"ア","rate":"30","only":1000}"#, "malformed", "data[0].input.rate"),
        (#"{"cls":"ア","rate":101,"only":1000}"#, "out-of-range", "data[0].input.rate"),
        (#"{"cls":"ア","rate":30,"only":-10}"#, "out-of-range", "data[0].input.only"),
        (#"{"cls":"ア","rate":30,"only":1.5}"#, "malformed", "data[0].input.only"),
        (
            #"{"cls":"ア","rate":30,"only":99999999999999999999}"#, "malformed",
            "data[0].input.only"
        ),
        (#"{"cls":5,"rate":30,"only":1000}"#, "malformed", "data[0].input.cls"),
        (#"{"rate":30,"publics":[{"pct":10}]}"#, "missing", "data[0].input.publics[0].amt"),
        (#"{"rate":30,"publics":[7]}"#, "malformed", "data[0].input.publics[0]"),
        (
            #"{"rate":30,"publics":[{"amt":10,"law":"99"}]}"#, "unknown-scheme",
            "data[0].input.publics[0].law"
        ),
        (
            #"{"rate":30,"publics":[{"amt":10,"law":"54","income":"中"}]}"#, "unknown-income",
            "data[0].input.publics[0].income"
        ),
        (
            #"{"rate":30,"publics":[{"amt":10,"after":[0]}]}"#, "out-of-range",
            "data[0].input.publics[0].after"
        ),
        (
            #"{"cls":"一般外来","rate":20,"inpatient":true,"only":10}"#, "contradiction",
            "data[0].input.cls"
        ),
        (#"{"cls":"ウ","rate":30,"only":10,"date":"1999-01-01"}"#, "no-table", "data[0].input.cls"),
        (
            #"{"cls":"ウ","rate":30,"only":10,"date":"2026-02-30"}"#, "malformed",
            "data[0].input.date"
        ),
        (
            #"{"birth":"2027-01-01","date":"2026-01-01","only":10}"#, "contradiction",
            "data[0].input.birth"
        ),
        (
            #"{"cls":"ウ","rate":30,"only":10,"annualPaid":1}"#, "not-effective",
            "data[0].input.annualPaid"
        ),
        // 配慮措置 ended with September 2025, the 軽減特例措置 with March 2019.
        (
            #"{"cls":"一般外来","rate":20,"over70":true,"only":9,"date":"2025-10-01","hairyo":true}"#,
            "not-effective", "data[0].input.hairyo"
        ),
        (
            #"{"cls":"ウ","rate":30,"only":10,"date":"2018-08-01","tokurei":true}"#,
            "contradiction", "data[0].input.tokurei"
        ),
        (
            #"{"cls":"Ⅰ","rate":30,"only":10,"date":"2018-08-01","tokurei":true}"#,
            "contradiction", "data[0].input.tokurei"
        ),
        (
            #"{"cls":"一般外来","rate":20,"over70":true,"only":9,"date":"2019-04-01","tokurei":true}"#,
            "contradiction", "data[0].input.tokurei"
        ),
        (
            #"{"cls":"一般外来","only":9,"date":"2018-08-01","birth":"1945-08-01","tokurei":true}"#,
            "contradiction", "data[0].input.tokurei"
        ),
        // 配慮措置 is for two of ten outside hospital, from 70.
        (
            #"{"cls":"ウ","rate":30,"only":9,"date":"2023-04-01","inpatient":true,"hairyo":true}"#,
            "contradiction", "data[0].input.hairyo"
        ),
        (
            #"{"cls":"ウ","rate":20,"only":9,"date":"2023-04-01","hairyo":true}"#,
            "contradiction", "data[0].input.hairyo"
        ),
        (
            #"{"cls":"一般外来","rate":10,"over70":true,"only":9,"date":"2023-04-01","hairyo":true}"#,
            "contradiction", "data[0].input.hairyo"
        ),
        (
            #"{"cls":"一般入院","rate":20,"over70":true,"only":9,"date":"2023-04-01","hairyo":true}"#,
            "contradiction", "data[0].input.hairyo"
        ),
        // 割 written as percent.
        (#"{"cls":"ウ","rate":1,"only":10}"#, "out-of-range", "data[0].input.rate"),
        (#"{"cls":"ウ","rate":9,"only":10}"#, "out-of-range", "data[0].input.rate"),
        (#"{"cls":"ウ","futanWari":30,"only":10}"#, "out-of-range", "data[0].input.futanWari"),
        // 中間1 and 中間2 have one cap without 重度かつ継続, and two with it.
        (
            #"""
            {"rate":30,"publics":[
             {"amt":10,"law":"15","income":"中間","column":"重度かつ継続"}]}
            """#, "unknown-income", "data[0].input.publics[0].income"
        ),
        (
            #"{"rate":30,"publics":[{"amt":10,"law":"16","income":"中間"}]}"#, "unknown-income",
            "data[0].input.publics[0].income"
        ),
        // `null` is absence: there is neither a cost nor a visit.
        (#"{"cls":"ア","rate":30,"only":null}"#, "missing", "data[0].input.only"),
        (#"{"cls":"ア","rate":30,"visits":null}"#, "missing", "data[0].input.only"),
        (#"{"rate":20,"futanWari":3,"only":10}"#, "contradiction", "data[0].input.futanWari"),
        (
            #"{"rate":30,"only":10,"date":"2026-09-01","annualPaid":1}"#, "missing",
            "data[0].input.cls"
        ),
        // 一定以上 is of the scheme only with 重度かつ継続.
        (
            #"{"rate":30,"publics":[{"amt":10,"law":"15","income":"一定以上"}]}"#, "outside-scheme",
            "data[0].input.publics[0].income"
        ),
        (
            #"{"rate":30,"publics":[{"amt":10,"law":"21","income":"一定以上","column":"一般"}]}"#,
            "outside-scheme", "data[0].input.publics[0].income"
        ),
        (#"{"visits":[{"total":10}],"pct":20}"#, "missing", "data[0].input.cap"),
        (#"{"visits":[{}],"pct":20,"cap":10}"#, "missing", "data[0].input.visits[0].total"),
        (
            #"{"visits":[{"total":10}],"scheme":"架空99","rate":30}"#, "unknown-scheme",
            "data[0].input.scheme"
        ),
        ("null", "malformed", "data[0].input"),
        ("[]", "malformed", "data[0].input"),
    ]

    @Test(arguments: refusals)
    func `a bad case is refused in its place, the next is computed`(
        input: String, code: String, path: String
    ) throws {
        let good = #"{"id":"good","input":{"cls":"ウ","rate":30,"only":1000}}"#
        let found = try Self.answers(#"{"data":[{"id":"bad","input":\#(input)},\#(good)]}"#)
        let error = try found.data[0].requiredObject("error")
        #expect(error["code"]?.string == code && error["path"]?.string == path)
        #expect(error["ja"]?.string?.isEmpty == false && error["en"]?.string?.isEmpty == false)
        #expect(found.data[0]["id"]?.string == "bad" && found.data[0]["output"] == nil)
        #expect(try found.data[1].requiredObject("output")["patient"]?.int == 300)
        #expect(found.refused == 1)
    }

    @Test(arguments: [
        ("", "The file is not JSON in UTF-8."), ("{", "The file is not JSON in UTF-8."),
        ("{}", "The file has no list called data."), ("7", "The file has no list called data."),
        (#"{"data":{}}"#, "The file has no list called data."),
        (#"{"data":[],"data":[]}"#, "The file gives data twice."),
    ])
    func `a file without cases is refused with a sentence`(text: String, sentence: String) {
        #expect(throws: CopaymentFile.Fault.self) { try CopaymentFile(reading: Array(text.utf8)) }
        do throws(CopaymentFile.Fault) {
            _ = try CopaymentFile(reading: Array(text.utf8))
        } catch {
            #expect(error.description == sentence)
        }
    }

    static let written: [(input: String, patient: Int)] = [
        (#"{"cls":"区分ウ","futanWari":3,"only":364520}"#, 81075),
        (#"{"cls":"一般外来","only":9000,"date":"2018-08-01","birth":"1944-03-01"}"#, 900),
        (#"{"cls":"ウ","rate":0,"only":364520}"#, 0),
        (#"{"cls":"現役並みⅡ","rate":30,"onlyPoints":61600}"#, 167980),
        (#"{"cls":"現役並み所得者 II","rate":30,"only":616000}"#, 167980),
        (#"{"cls":"低所得者２","rate":20,"setting":"入院","only":167000}"#, 24600),
        (#"{"cls":"低II","rate":20,"inpatient":false,"only":51000}"#, 8000),
        (#"{"cls":"一般","rate":20,"outpatient":true,"only":110000}"#, 18000),
        (#"{"cls":"一般（外来）","rate":20,"only":110000}"#, 18000),
        (#"{"cls":"一般Ⅱ外来","rate":20,"only":110000}"#, 18000),
        // The month of the 75th birthday is known from the birth date.
        (#"{"cls":"Ⅱ","date":"2025-06-20","birth":"1950-06-25","only":336000}"#, 84270),
        (#"{"cls":"一般外来","date":"2018-07-31","rate":20,"over70":true,"only":110000}"#, 14000),
        (#"{"cls":"一般外来","date":"2017-07-31","rate":20,"over70":true,"only":110000}"#, 12000),
        (#"{"cls":"ウ","date":"2026-07-31","rate":30,"only":386000}"#, 81290),
        (#"{"cls":"ウ","date":"2026-08-01","rate":30,"only":386000}"#, 86800),
        (#"{"cls":"ウ","date":"2026-09-01","rate":30,"only":386000,"annualPaid":500000}"#, 30000),
        (#"{"cls":"ア","rate":30,"cho":true,"only":400000}"#, 20000),
        // Below 70 two insurers count a month where the case says so: 40,050 and 8,665.
        (#"{"cls":"ウ","rate":30,"half":true,"only":1000000}"#, 48715),
        (#"{"cls":"ウ","rate":30,"half":true,"multi":true,"only":1000000}"#, 22200),
        (#"{"cls":"オ","rate":30,"half":true,"only":1000000}"#, 17700),
        (#"{"cls":"ウ","rate":30,"half":false,"only":1000000}"#, 87430),
        (#"{"cls":"ウ","rate":30,"half":true,"cho":true,"only":1000000}"#, 5000),
        // Half of what the class has; a certificate of 10,000 yen is of no dialysis.
        (#"{"cls":"ア","rate":30,"half":true,"cho":true,"only":1000000}"#, 10000),
        (#"{"cls":"イ","rate":30,"half":true,"cho":20000,"only":1000000}"#, 10000),
        (#"{"cls":"ア","rate":30,"half":true,"cho":10000,"only":1000000}"#, 5000),
        // 低所得Ⅱ has multiple months from August 2026 on, and 低所得Ⅰ none.
        (
            #"{"cls":"低Ⅱ入院","date":"2026-07-31","rate":20,"over70":true,"multi":true,"only":500000}"#,
            24600
        ),
        (#"{"cls":"低Ⅱ入院","date":"2026-08-01","rate":20,"over70":true,"only":500000}"#, 25700),
        (
            #"{"cls":"低Ⅱ入院","date":"2026-08-01","rate":20,"over70":true,"multi":true,"only":500000}"#,
            24600
        ),
        (
            #"{"cls":"低Ⅰ入院","date":"2026-08-01","rate":20,"over70":true,"multi":true,"only":500000}"#,
            15700
        ),
        // 世帯の年間上限 from 70, and of 低所得Ⅰ none of outpatient care alone.
        (
            #"{"cls":"一般入院","date":"2026-08-01","rate":20,"over70":true,"annualPaid":500000,"only":500000}"#,
            30000
        ),
        (
            #"{"cls":"低Ⅱ入院","date":"2026-08-01","rate":20,"over70":true,"annualPaid":280000,"only":500000}"#,
            10000
        ),
        (
            #"{"cls":"低Ⅰ入院","date":"2026-08-01","rate":20,"over70":true,"annualPaid":180000,"only":500000}"#,
            0
        ),
        // Tuberculosis at 5%, and public assistance takes over what is left.
        (
            #"""
            {"cls":"ウ","rate":30,"publics":[
              {"law":"10","amt":60000},{"law":"12","amt":40000,"after":[0]}]}
            """#,
            0
        ),
        // 本人支払額 of public assistance, and of 中国残留邦人等.
        (#"{"rate":100,"publics":[{"law":"12","amt":100000,"cap":3000}]}"#, 3000),
        (#"{"rate":100,"publics":[{"law":"25","amt":100000,"cap":3000}]}"#, 3000),
        (#"{"rate":100,"publics":[{"law":"12","amt":2000,"cap":3000}]}"#, 2000),
        (#"{"rate":100,"publics":[{"law":"12","amt":100000,"cap":0}]}"#, 0),
        (#"{"rate":100,"publics":[{"law":"12","amt":100000}]}"#, 0),
        (#"{"rate":100,"publics":[{"law":"13","amt":100000,"cap":3000}]}"#, 0),
        (
            #"""
            {"rate":30,"publics":[{"law":"15","income":"中間1","amt":50000},
             {"law":"12","after":[0],"cap":3000}]}
            """#, 3000
        ),
        (
            #"""
            {"rate":30,"publics":[
             {"law":"15","income":"一定以上","column":"重度かつ継続","amt":300000}]}
            """#, 20000
        ),
        (
            #"{"rate":30,"publics":[{"law":"15","income":"一定以上","cap":20000,"amt":300000}]}"#,
            20000
        ),
        (#"{"rate":30,"futanWari":3,"only":100}"#, 30),
        // A local scheme on no file, whose terms the case says.
        (#"{"rate":30,"publics":[{"law":"83","amt":10000,"pct":10,"cap":500}]}"#, 500),
        (#"{"rate":30,"publics":[{"law":"83","amt":10000,"cap":500}]}"#, 500),
        (#"{"rate":30,"publics":[{"law":"83","amt":10000,"percent":10}]}"#, 1000),
        // `null` says nothing: the percentage is the law's.
        (
            #"{"cls":"ウ","rate":30,"publics":[{"law":"54","cap":9000,"amt":10000,"pct":null}]}"#,
            2000
        ),
        (
            #"{"cls":"ウ","rate":30,"publics":[{"law":"21","amt":10000,"pct":null,"percent":5}]}"#,
            500
        ),
        // 中間 (自立支援): no cap of its own, so the limit of the insurance holds.
        (
            #"{"cls":"ウ","rate":30,"publics":[{"law":"15","income":"中間","amt":1000000}]}"#,
            87430
        ),
        (
            #"{"cls":"ウ","rate":30,"publics":[{"law":"21","income":"生活保護","amt":1000000}]}"#, 0
        ),
        (
            #"""
            {"cls":"ウ","rate":30,"publics":[
              {"law":"38","income":"市町村民税23万5千円未満","amt":100000}]}
            """#,
            10000
        ),
    ]

    @Test(arguments: written)
    func `a case may be written in many ways`(input: String, patient: Int) throws {
        let output = try PublishedReceiptTests.output(try JSON(reading: input))
        #expect(output["patient"]?.int == patient)
    }

    /// 特定給付対象療養: which class stands in does not depend on the patient's own, where all of an age agree.
    static let standIns: [(input: String, patient: Int, charged: Int)] = [
        (
            #"{"birth":"1990-01-01","publics":[{"law":"15","income":"中間1","amt":1000000}]}"#,
            87430, 87430
        ),
        (#"{"birth":"1990-01-01","publics":[{"law":"12","amt":1000000}]}"#, 0, 35400),
        (
            #"{"over70":false,"rate":30,"publics":[{"law":"20","income":"高所得","amt":1000000}]}"#,
            20000, 87430
        ),
        (
            #"{"birth":"1990-01-01","publics":[{"law":"15","amt":1000000,"kogaku":"オ"}]}"#,
            35400, 35400
        ),
        // The tables until 2014, which have other classes.
        (
            #"{"birth":"1990-01-01","date":"2014-12-01","publics":[{"law":"15","amt":1000000}]}"#,
            87430, 87430
        ),
        // The patient's own class counts under 54, and from 70 it decides which stands in.
        (#"{"birth":"1990-01-01","publics":[{"law":"54","amt":1000000}]}"#, 200000, 300000),
        (#"{"birth":"1953-01-15","publics":[{"law":"15","amt":1000000}]}"#, 100000, 200000),
        // No age: no table.
        (#"{"rate":30,"publics":[{"law":"15","amt":1000000}]}"#, 100000, 300000),
        // Public assistance has one class from 70 on as well, with a limit for each setting.
        (
            #"""
            {"birth":"1953-01-15","date":"2025-05-05","setting":"外来",
             "publics":[{"law":"12","amt":1000000}]}
            """#, 0, 8000
        ),
        (
            #"{"birth":"1953-01-15","date":"2025-05-05","publics":[{"law":"12","amt":1000000}]}"#,
            0, 15000
        ),
    ]

    @Test(arguments: standIns)
    func `a class that stands in for any other needs no class of the patient`(
        input: String, patient: Int, charged: Int
    ) throws {
        let output = try PublishedReceiptTests.output(try JSON(reading: input))
        #expect(output["patient"]?.int == patient)
        #expect(output["kakari"]?.array?.compactMap(\.int) == [charged])
        #expect(output["publicPays"]?.int == charged - patient)
    }

    static let warned: [(input: String, codes: [String])] = [
        (#"{"cls":"ウ","rate":30,"only":10}"#, ["undated"]),
        (#"{"cls":"ウ","rate":30,"only":10,"date":"2025-05-05"}"#, []),
        (#"{"rate":30,"only":10,"month":"2025-05"}"#, ["no-limit"]),
        (#"{"cls":"一般","rate":20,"only":10,"month":"2025-05"}"#, ["setting-unsaid"]),
        (#"{"cls":"ウ","rate":30,"only":10,"month":"2025-05","colour":1}"#, ["unknown-item"]),
        // The limits of August 2027 are announced and not on file.
        (#"{"cls":"ウ","rate":30,"only":10,"date":"2027-07-31"}"#, []),
        (#"{"cls":"ウ","rate":30,"only":10,"date":"2027-08-01"}"#, ["table-announced"]),
        (
            #"{"rate":30,"over70":false,"only":10,"date":"2027-08-01"}"#,
            ["no-limit", "table-announced"]
        ),
        (#"{"cls":"ウ","rate":30,"only":900000,"month":"2026-08"}"#, ["unverified-rule"]),
        (
            #"{"cls":"ウ","rate":30,"month":"2025-05","publics":[{"law":"54","amt":10}]}"#,
            ["income-unsaid"]
        ),
        (
            #"""
            {"cls":"ウ","rate":30,"month":"2025-05",
             "publics":[{"law":"54","column":"高額かつ長期","amt":10}]}
            """#, ["income-unsaid"]
        ),
        (
            #"{"cls":"ウ","rate":30,"month":"2025-05","publics":[{"law":"54","amt":10,"cap":9}]}"#,
            []
        ),
        (
            #"{"cls":"ウ","rate":30,"month":"2025-05","publics":[{"law":"20","amt":10}]}"#,
            ["income-unsaid", "unverified-rule"]
        ),
        (
            #"{"birth":"1953-01-15","month":"2025-05","publics":[{"law":"12","amt":1000}]}"#,
            ["no-limit", "setting-unsaid"]
        ),
        (
            #"""
            {"birth":"1953-01-15","month":"2025-05","inpatient":true,
             "publics":[{"law":"12","amt":1000}]}
            """#, ["no-limit"]
        ),
    ]

    @Test(arguments: warned)
    func `what a reader should know stands beside the amount`(
        input: String, codes: [String]
    ) throws {
        let output = try PublishedReceiptTests.output(try JSON(reading: input))
        let warnings = output["warnings"]?.array ?? []
        #expect(warnings.compactMap { $0.object?["code"]?.string } == codes)
    }

    @Test func `meals stand beside the amount and no limit counts them`() throws {
        let input = #"""
            {"cls":"ウ","rate":20,"date":"2025-05-01","meals":{"count":21,"class":"難病・小児慢性"},
             "publics":[{"law":"52","income":"一般所得Ⅰ","amt":300000}]}
            """#
        let output = try PublishedReceiptTests.output(try JSON(reading: input))
        #expect(output["patient"]?.int == 5000)
        #expect(output["meals"]?.int == 3150 && output["mealsPublic"]?.int == 3150)
    }

    /// The charges rise in June 2026, and by how much nobody here has checked.
    @Test(arguments: [("2026-05-31", false), ("2026-06-01", true)])
    func `a charge of meals that is not on file any more is warned of`(
        day: String, isWarned: Bool
    ) throws {
        for (code, yen) in [("一般", 510), ("難病・小児慢性", 300), ("低Ⅱ", 240), ("低Ⅰ", 110)] {
            let output = try LocalOfCaseTests.output(
                #"{"rate":30,"only":10,"date":"\#(day)","meals":{"count":1,"class":"\#(code)"}}"#)
            #expect(output["meals"]?.int == yen)
            #expect(CaseFormsTests.codes(output).contains("unverified-rule") == isWarned)
        }
    }

    static let mealClasses: [(items: String, meals: Int, isWarned: Bool)] = [
        (#""cls":"オ""#, 2400, false), (#""cls":"ウ""#, 5100, false),
        (#""cls":"低Ⅰ入院","over70":true"#, 1100, false),
        (#""cls":"低Ⅱ入院","over70":true"#, 2400, false),
        (#""cls":"ウ","publics":[{"law":"54","amt":10}]"#, 3000, false),
        (#""cls":"ウ","publics":[{"law":"52","amt":10}]"#, 1500, false),
        (#""cls":"オ","publics":[{"law":"54","amt":10}]"#, 2400, false),
        (#""publics":[{"law":"54","amt":10}]"#, 3000, true),
        (#""inpatient":true"#, 5100, true),
        (#""publics":[{"law":"20","amt":10}]"#, 0, false),
        (#""publics":[{"law":"12","amt":10}]"#, 0, false),
    ]

    @Test(arguments: mealClasses)
    func `the class of meals follows from what is said`(
        items: String, meals: Int, isWarned: Bool
    ) throws {
        let input =
            #"{"rate":30,"onlyPoints":1,"date":"2025-05-01","meals":{"count":10},\#(items)}"#
        let output = try PublishedReceiptTests.output(try JSON(reading: input))
        #expect(output["meals"]?.int == meals)
        let codes = (output["warnings"]?.array ?? []).compactMap { $0.object?["code"]?.string }
        #expect(codes.contains("meals-class-unsaid") == isWarned)
    }

    @Test(arguments: Seeded.seeds(300))
    func `no file crashes the reader`(seed: UInt64) throws {
        var seeded = Seeded(seed)
        let good = Array(
            #"""
            {"data":[{"id":"a","input":{"cls":"ウ","rate":30,"only":90000,"multi":false,
            "publics":[{"amt":60000,"pct":5,"kogaku":"ウ"}]}},
            {"cap":10,"pct":20,"visits":[{"total":99}]}]}
            """#
            .utf8)
        for _ in 0..<20 {
            var bytes = good
            for _ in 0..<seeded.int(1...4) {
                let place = seeded.int(0...(bytes.count - 1))
                bytes[place] = UInt8(seeded.int(0...255))
            }
            guard let file = try? CopaymentFile(reading: bytes) else { continue }
            let answers = file.answers(CopaymentSamples.rules)
            _ = try JSON(reading: answers.json)
        }
    }
}
