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

    @Test func `every case of the official list is met in every number it gives`() throws {
        for row in try Vectors.rows("receipts") {
            let id = try row.requiredString("id")
            let output = try Self.output(try #require(row["input"]))
            for expected in try row.requiredObject("expect").members {
                #expect(output[expected.name] == expected.value, "\(id) \(expected.name)")
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

    /// The insurer pays what the published percentage leaves; beside it, the high-cost benefit is what
    /// the published amounts leave of the share.
    @Test(arguments: PublishedCase.all)
    func `insurer and high-cost benefit follow from the published amounts`(
        published: PublishedCase
    ) throws {
        let output = try Self.output(published.input)
        #expect(output["insurer"]?.int == published.cost - published.share)
        guard let uncovered = published.wholeUncovered else { return }
        #expect(output["highCost"]?.int == published.share - uncovered)
    }

    /// Examples of a vendor's list that name all four payers.
    static let payers: [(input: String, insurer: Int, highCost: Int, pays: Int, patient: Int)] = [
        (
            #"{"cls":"ウ","rate":30,"publics":[{"law":"54","income":"低所得Ⅰ","amt":50000}]}"#,
            35000, 0, 12500, 2500
        ),
        (
            #"""
            {"cls":"低Ⅱ外来","rate":20,"over70":true,
             "publics":[{"law":"54","income":"低所得Ⅰ","amt":50000}]}
            """#,
            40000, 2000, 5500, 2500
        ),
    ]

    @Test(arguments: payers)
    func `every payer's amount is the one published`(
        input: String, insurer: Int, highCost: Int, pays: Int, patient: Int
    ) throws {
        let output = try Self.output(try JSON(reading: input))
        let names = ["insurer", "highCost", "publicPays", "patient"]
        #expect(names.map { output[$0]?.int } == [insurer, highCost, pays, patient])
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
