import Exchange
import Testing

/// 地方単独 in a case: what a row of a local scheme says beside its terms holds in the command as at the counter,
/// and a case may bring terms of its own.
@Suite struct LocalOfCaseTests {
    typealias Change = (file: String, old: String, new: String)

    static let paidBack: Change = (
        "05-akita.json", #""method": "in-kind""#, #""method": "refund""#
    )

    static func answer(_ input: String, _ change: Change? = nil) throws -> JSONObject {
        var files = Profiles.files
        if let change {
            files = Profiles.replacing(
                "subsidy/local-schemes/" + change.file, change.old, change.new)
        }
        let rules = try #require(RuleBook(reading: files, version: "v").copayment)
        let text = #"{"data":[{"input":\#(input)}]}"#
        let json = try CopaymentFile(reading: Array(text.utf8)).answers(rules).json
        let data = try JSON(reading: json).requiredObject(at: "").requiredArray("data")
        return try #require(data.first?.object)
    }

    static func output(_ input: String, _ change: Change? = nil) throws -> JSONObject {
        let answer = try answer(input, change)
        return try #require(answer["output"]?.object, "\(JSON.object(answer).text)")
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let input: String
        /// 負担, 助成, 窓口.
        let share: Int
        let pays: Int
        let collected: Int

        init(_ name: String, _ input: String, share: Int, pays: Int, collected: Int) {
            testDescription = name
            self.input = input
            self.share = share
            self.pays = pays
            self.collected = collected
        }
    }

    static let rows = [
        Row(
            "74: what another public expense leaves is not borne",
            #"""
            {"rate":30,"scheme":"小金井90非課税","only":10000,
             "publics":[{"law":"54","cap":2500,"amt":50000}]}
            """#, share: 0, pays: 3000, collected: 2500),
        Row(
            "74: nothing but what the other leaves",
            #"{"rate":30,"scheme":"小金井90非課税","publics":[{"law":"54","cap":2500,"amt":50000}]}"#,
            share: 0, pays: 0, collected: 2500),
        Row(
            "75 to 77: of a law it does not follow",
            #"{"rate":30,"scheme":"小金井90一般","publics":[{"law":"21","amt":10000}]}"#,
            share: 0, pays: 0, collected: 1000),
        Row(
            "75 to 77: of a law it follows",
            #"{"rate":30,"scheme":"小金井90一般","publics":[{"law":"54","cap":2500,"amt":10000}]}"#,
            share: 800, pays: 1200, collected: 800),
        Row(
            "both on one receipt, rounded once",
            #"""
            {"rate":30,"scheme":"小金井90一般","only":2050,"publics":[{"law":"21","amt":10050}]}
            """#, share: 205, pays: 410, collected: 1210),
        Row(
            "what a later public expense took over is that one's",
            #"""
            {"rate":30,"scheme":"小金井90非課税","only":1000,"publics":[
             {"law":"15","income":"低1","amt":50000},{"law":"54","cap":1000,"after":[0]}]}
            """#, share: 0, pays: 300, collected: 1000),
        Row(
            "75 to 77: of a law on no file",
            #"{"rate":30,"scheme":"小金井90一般","publics":[{"law":"83","pct":10,"amt":10000}]}"#,
            share: 0, pays: 0, collected: 1000),
        Row(
            "terms of the case's own",
            #"""
            {"rate":30,"only":10000,"local":{"bearing":"percent","percent":10,"unit":1,
             "method":"half-up","perMonth":600}}
            """#, share: 600, pays: 2400, collected: 600),
        Row(
            "terms of its own over what a national scheme leaves",
            #"""
            {"rate":30,"publics":[{"law":"54","cap":2500,"amt":50000}],"local":{"bearing":"fraction",
             "numerator":1,"denominator":3,"unit":10,"method":"up"}}
            """#, share: 840, pays: 1660, collected: 840),
    ]

    @Test(arguments: rows)
    func `what the row says of other public expenses is kept`(row: Row) throws {
        let output = try Self.output(row.input)
        #expect(output["localShare"]?.int == row.share)
        #expect(output["localPays"]?.int == row.pays)
        #expect(output["collected"]?.int == row.collected)
        #expect(output["localPaysBack"] == nil)
    }

    /// 31 助成方法: the counter takes what the insurance leaves, the municipality pays back.
    @Test func `of a scheme that pays back, the counter takes everything`() throws {
        let one = try Self.output(#"{"rate":30,"only":10000,"scheme":"秋田74"}"#, Self.paidBack)
        let names = ["localShare", "localPays", "localPaysBack", "collected"]
        #expect(names.map { one[$0]?.int } == [3000, 0, 2000, 3000])
        let texts = one["steps"]?.array?.compactMap { $0.object?["ja"]?.string } ?? []
        #expect(texts.contains { $0.contains("2,000円は、市区町村に申請すると払い戻されます") })
        #expect(!texts.contains { $0.contains("助成により") })
        let month = try Self.output(
            #"{"rate":30,"steps_points":[1000,1000],"scheme":"秋田74"}"#, Self.paidBack)
        #expect(LocalAndMonthTests.numbers(month, "pay") == [3000, 3000])
        #expect(LocalAndMonthTests.numbers(month, "public") == [0, 0])
    }

    static let meals: [(meals: String, new: String, own: Int, pays: Int)] = [
        (#"{"count":10}"#, #""meals": "half""#, 2550, 2550),
        (#"{"count":20}"#, #""meals": "half""#, 3000, 7200),
        (#"{"count":10}"#, #""meals": "scheme""#, 0, 5100),
        (#"{"count":10}"#, #""meals": "patient""#, 3000, 2100),
        (#"{"count":10,"days":4}"#, #""meals": "half", "mealsPerDay": 500"#, 2000, 3100),
    ]

    @Test(arguments: meals)
    func `a scheme bears its part of the meals`(
        meals: String, new: String, own: Int, pays: Int
    ) throws {
        let output = try Self.output(
            #"""
            {"rate":30,"date":"2025-05-05","inpatient":true,"only":10000,"scheme":"小金井89",
             "meals":\#(meals)}
            """#, ("13-koganei.json", #""meals": "half""#, new))
        #expect(output["meals"]?.int == own && output["mealsPublic"]?.int == pays)
    }

    @Test func `who is not of the scheme's age is not computed under it`() throws {
        let change: Change = (
            "13-koganei.json", #""conditions": {}"#, #""conditions": {"ageBelow": 18}"#
        )
        for (birth, isRefused) in [("2008-05-05", true), ("2008-05-06", false), ("", false)] {
            let born = birth.isEmpty ? "" : #","birth":"\#(birth)""#
            let answer = try Self.answer(
                #"{"rate":30,"date":"2026-05-05","only":10000,"scheme":"小金井89"\#(born)}"#, change)
            #expect((answer["output"] == nil) == isRefused, "\(birth)")
            guard isRefused else { continue }
            #expect(answer["error"]?.object?["code"]?.string == "contradiction")
            #expect(answer["error"]?.object?["path"]?.string == "data[0].input.birth")
        }
    }

    @Test func `a month may be of terms of its own`() throws {
        let month = try Self.output(
            #"""
            {"rate":30,"steps_points":[100,300],
             "local":{"bearing":"fixed","fixed":200,"unit":1,"method":"half-up"}}
            """#)
        #expect(LocalAndMonthTests.numbers(month, "pay") == [200, 200])
        #expect(LocalAndMonthTests.numbers(month, "public") == [100, 700])
    }

    static let refused: [(input: String, code: String, path: String)] = [
        (#""local":7"#, "malformed", "local"), (#""scheme":{}"#, "malformed", "scheme"),
        (#""local":{"bearing":"percent"}"#, "missing", "local.percent"),
        (
            #""local":{"bearing":"all","unit":1,"method":"up","perVisit":9,"perMonth":1}"#,
            "malformed", "local.perVisit"
        ),
        (#""local":{"bearing":"nothing","unit":7,"method":"up"}"#, "malformed", "local.unit"),
        (
            #""scheme":"秋田74","local":{"bearing":"nothing","unit":1,"method":"up"}"#,
            "contradiction", "local"
        ),
        (
            #""scheme":"小金井90一般","publics":[{"pct":10,"amt":100}]"#, "missing",
            "publics[0].law"
        ),
    ]

    @Test(arguments: refused)
    func `terms that contradict themselves are refused in their place`(
        input: String, code: String, path: String
    ) throws {
        let error = try #require(
            Self.answer(#"{"rate":30,"only":10,\#(input)}"#)["error"]?.object)
        #expect(error["code"]?.string == code)
        #expect(error["path"]?.string == "data[0].input.\(path)")
    }
}
