import Exchange
import TestSupport
import Testing

/// 窓口と計算コマンド: the live counter and `tsunagi copay` say the same yen of the same facts.
@Suite struct CounterAndCommandTests {
    typealias Facts = MonthLimitTests.Facts

    /// The published cases (計算事例) that are of one public expense alone. `pays`: what the scheme pays.
    struct Published: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let cost: Int
        let cap: Int
        let pays: Int
        var percent = 30
        var isMultiple = false
        var birth: String?
    }

    static let published = [
        Published(
            testDescription: "S2-2", code: "ア", cost: 1_540_000, cap: 20_000, pays: 239_580),
        Published(testDescription: "S2-7", code: "ウ", cost: 370_000, cap: 10_000, pays: 71_130),
        Published(testDescription: "S2-13", code: "オ", cost: 230_000, cap: 5_000, pays: 30_400),
        Published(
            testDescription: "S2-15", code: "ア", cost: 1_100_000, cap: 30_000, pays: 110_100,
            isMultiple: true),
        Published(
            testDescription: "S2-17", code: "ウ", cost: 700_000, cap: 20_000, pays: 24_400,
            isMultiple: true),
        Published(
            testDescription: "S2-19", code: "オ", cost: 190_000, cap: 5_000, pays: 19_600,
            isMultiple: true),
        Published(testDescription: "S2-21", code: "イ", cost: 650_000, cap: 30_000, pays: 138_320),
        Published(testDescription: "S2-23", code: "エ", cost: 300_000, cap: 10_000, pays: 47_600),
        Published(
            testDescription: "S2-25", code: "ア", cost: 2_100_000, cap: 10_000, pays: 255_180,
            percent: 20),
        Published(
            testDescription: "S2-27", code: "イ", cost: 1_100_000, cap: 10_000, pays: 162_820,
            percent: 20),
        Published(
            testDescription: "S3-26", code: "一般", cost: 95_000, cap: 5_000, pays: 13_000,
            percent: 20),
        Published(
            testDescription: "S4-12", code: "一般", cost: 50_000, cap: 5_000, pays: 4_000,
            percent: 20, birth: "1951-06-20"),
    ]

    @Test(arguments: published)
    func `the counter says what the published case says`(row: Published) throws {
        let told = try Facts {
            $0.items = Facts.capped(row.cap)
            $0.cost = row.cost
            $0.percent = row.percent
            $0.code = row.code
            $0.isMultiple = row.isMultiple
            $0.birth = row.birth
        }.told()
        #expect([told.share, told.collected] == [row.cap, row.cap])
        #expect(MonthLimitTests.paid(told) == [row.cap + row.pays, row.pays])
    }

    @Test func `the command reads multiple months from the class as well`() throws {
        for (code, yen) in [("ウ", 87_430), ("多ウ", 44_400)] {
            let output = try Self.command(
                #"{"cls":"\#(code)","rate":30,"only":1000000,"date":"2026-06-15"}"#)
            #expect(output["patient"]?.int == yen)
        }
    }

    @Test(arguments: Seeded.seeds(120))
    func `the counter and the command agree`(seed: UInt64) throws {
        var chance = Seeded(seed)
        let isOld = chance.oneIn(2)
        var facts = Facts { _ in }
        facts.code = chance.pick(
            isOld ? ["現役Ⅲ", "現役Ⅱ", "現役Ⅰ", "一般", "低Ⅱ", "低Ⅰ"] : ["ア", "イ", "ウ", "エ", "オ"])
        facts.cost = chance.int(1...250) * (chance.oneIn(2) ? 10_000 : 770)
        facts.percent = chance.pick(isOld ? [10, 20, 30] : [20, 30])
        facts.isInpatient = chance.oneIn(2)
        facts.isMultiple = chance.oneIn(3)
        facts.day = chance.pick(["2026-06-15", "2026-07-31", "2026-08-01"])
        if chance.oneIn(4) { facts.longTerm = chance.pick([10_000, 20_000]) }
        if isOld { facts.birth = chance.pick(["1951-06-20", "1951-06-01", "1953-01-15"]) }
        let scheme: String
        switch chance.int(0...2) {
        case 0:
            let cap = chance.pick([5_000, 20_000, 9_000_000])
            facts.items = Facts.capped(cap)
            scheme = #""law":"54","cap":\#(cap)"#
        case 1:
            facts.type = "seishintsuin"
            facts.items = #""incomeSegment":"3""#
            scheme = #""law":"21","income":"中間所得""#
        default:
            facts.type = "seishintsuin"
            facts.items = ""
            facts.book = MonthLimitTests.tuberculosis
            scheme = #""law":"10""#
        }
        let told = try facts.told()
        let output = try Self.command(Self.input(facts, scheme))
        #expect(told.share == output["patient"]?.int)
        #expect(told.collected == output["collected"]?.int)
        let pays = try #require(output["publicPays"]?.int)
        #expect(MonthLimitTests.paid(told) == [output["kakari"]?.array?.first?.int ?? -1, pays])
    }

    private static func input(_ facts: Facts, _ scheme: String) -> String {
        let birth = facts.birth.map { #","birth":"\#($0)""# } ?? ""
        let disease = facts.longTerm.map { #","cho":\#($0)"# } ?? ""
        return """
            {"date":"\(facts.day)","cls":"\(facts.code ?? "")","rate":\(facts.percent),\
            "setting":"\(facts.isInpatient ? "入院" : "外来")","multi":\(facts.isMultiple)\(birth)\(disease),\
            "only":0,"publics":[{"amt":\(facts.cost),\(scheme)}]}
            """
    }

    private static func command(_ input: String) throws -> JSONObject {
        let rules = try #require(Profiles.book.copayment)
        let text = #"{"data":[{"id":"1","input":\#(input)}]}"#
        let file = try CopaymentFile(reading: Array(text.utf8))
        let answer = file.answers(rules)
        #expect(answer.refused == 0, "\(String(decoding: answer.json, as: UTF8.self))")
        let data = try JSON(reading: answer.json).object?["data"]?.array
        return try #require(data?.first?.object?["output"]?.object)
    }
}
