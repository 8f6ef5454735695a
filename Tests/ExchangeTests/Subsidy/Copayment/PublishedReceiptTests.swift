import Exchange
import Testing

/// Every published calculation example, from its JSON to its JSON.
@Suite struct PublishedReceiptTests {
    static let rules: CopaymentRules = CopaymentSamples.rules

    /// The answer to one input, as the file's command gives it.
    static func output(_ input: JSON) throws -> JSONObject {
        let whole = JSON.object(
            JSONObject([
                .init(
                    name: "data",
                    value: .array([.object(JSONObject([.init(name: "input", value: input)]))]))
            ]))
        let answers = try CopaymentFile(reading: Array(whole.text.utf8)).answers(rules)
        let data = try JSON(reading: answers.json).requiredObject(at: "").requiredArray("data")
        let answer = try #require(data.first?.object)
        return try #require(answer["output"]?.object, "\(JSON.object(answer).text)")
    }

    @Test(.enabled(if: Shared.isThere))
    func `every case of the official list is met in every number it gives`() throws {
        let cases = try #require(try Shared.vector("money_receipt_official").array)
        #expect(cases.count > 50)
        for item in cases {
            let item = try #require(item.object)
            let id = item["id"]?.string ?? ""
            let output = try Self.output(try #require(item["input"]))
            for expected in try item.requiredObject("expect").members {
                #expect(
                    output[expected.name] == expected.value, "\(id) \(expected.name)")
            }
        }
    }

    @Test(arguments: PublishedCase.all)
    func `every example of the payment fund is met`(published: PublishedCase) throws {
        let output = try Self.output(published.input)
        #expect(output["patient"]?.int == published.patient)
        if let charged = published.charged {
            #expect(output["kakari"]?.array?.compactMap(\.int) == charged)
        }
        if let own = published.own {
            #expect(output["own"]?.array?.compactMap(\.int) == own)
        }
        if let uncovered = published.uncovered {
            #expect(output["uncovered"]?.int == uncovered)
        }
    }

    @Test func `insurer, high-cost benefit, schemes and patient add up to the cost`() throws {
        for published in PublishedCase.all {
            let output = try Self.output(published.input)
            let input = try #require(published.input.object)
            let publics = try input.requiredArray("publics").compactMap { $0.object?["amt"]?.int }
            let cost = (input["only"]?.int ?? 0) + publics.reduce(0, +)
            let names = ["insurer", "highCost", "uncovered"]
            let paid = names.compactMap { output[$0]?.int }.reduce(0, +)
            // 指定公費 of the 軽減特例措置 is no part of any of them.
            #expect(
                input["tokurei"] == nil ? paid == cost : paid <= cost,
                "\(published.testDescription)")
        }
    }
}

/// Rules and small makers for the tests of the money.
enum CopaymentSamples {
    static let rules: CopaymentRules = {
        guard let rules = Profiles.book.copayment else {
            fatalError("profiles/ has no subsidy/copayment.json")
        }
        return rules
    }()

    static let roundings = rules.roundings
}
