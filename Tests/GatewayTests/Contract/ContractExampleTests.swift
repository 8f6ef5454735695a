import Exchange
import TestSupport
import Testing

/// Every example of the contract is one that the gateway's own readers take.
@Suite struct ContractExampleTests {
    @Test func `the example of a check is a question`() throws {
        let party = try Party(role: .institution, code: "1319999995")
        let question = try EligibilityQuestion(
            reading: try Self.example(.institution, "submitEligibilityCheck"), institution: party)
        #expect(question.serviceDate.text == "2026-06-15")
    }

    @Test(arguments: [
        ("postRegistrationTasks", RegistrationForm.full),
        ("postHistoryRegistrationTasks", .difference),
    ])
    func `the example of a registration has no finding`(_ id: String, _ form: RegistrationForm)
        throws
    {
        let rows = try readSubsidyRows(try Self.example(.office, id), form: form)
        #expect(try rows.map { try $0.get().warnings.filter { $0.code != .checkDigit } } == [[]])
    }

    @Test func `the examples of the other rows are taken`() throws {
        let checkups = try readMunicipalCheckupRows(
            try Self.example(.office, "postMunicipalCheckupRegistrationTasks"))
        #expect(try checkups.map { try $0.get().modification } == [.registerOrUpdate, .delete])
        let events = try readCardFeedEvents(try Self.example(.office, "postCardFeedEvents"))
        #expect(try events.map { try $0.get().sequence } == ["1", "2", "3"])
    }

    @Test(arguments: Listener.allCases)
    func `every body has an example with the items it requires`(_ listener: Listener) throws {
        let contract = try Contract(of: listener)
        let schemas = try contract.document.requiredObject("components").requiredObject("schemas")
        for operation in contract.operations {
            guard let content = operation.content["requestBody"]?.object?["content"]?.object else {
                continue
            }
            for media in content.members {
                let object = try media.value.requiredObject(at: media.name)
                let example = try #require(object["example"])
                guard
                    let name = object["schema"]?.object?["$ref"]?.string?.split(separator: "/")
                        .last,
                    let schema = schemas[String(name)]?.object
                else { continue }
                for item in try schema.optionalArray("required") ?? [] {
                    #expect(
                        example.object?[item.string ?? ""] != nil, Comment(rawValue: operation.id))
                }
            }
        }
    }

    private static func example(_ listener: Listener, _ id: String) throws -> [UInt8] {
        let operation = try #require(try Contract(of: listener).operations.first { $0.id == id })
        let content = try operation.content.requiredObject("requestBody").requiredObject("content")
        let media = try #require(content.members.first?.value.object)
        return Array(try #require(media["example"]).text.utf8)
    }
}
