import Exchange
import Testing

@Suite struct ProblemTests {
    @Test(arguments: Refusal.table)
    func `a refusal becomes problem details`(refusal: Refusal) throws {
        let body = try #require(try JSON(reading: refusal.problem(incident: "i-7")).object)
        #expect(try body.requiredString("type") == "/errors#\(refusal.code)")
        #expect(try body.requiredInt("status") == refusal.status)
        #expect(try body.requiredString("title") == refusal.title)
        #expect(try body.requiredString("detail") == refusal.ja)
        #expect(try body.requiredString("detail_en") == refusal.en)
        #expect(try body.requiredString("code") == refusal.code)
        #expect(try body.optionalString("item") == refusal.item)
        #expect(try body.requiredString("incident") == "i-7")
    }

    static let issueTypes: Set = [
        "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown",
        "expired",
        "forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches",
        "not-found",
        "deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule",
        "conflict",
        "transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled",
        "informational",
    ]

    @Test(arguments: Refusal.table)
    func `a refusal becomes an OperationOutcome`(refusal: Refusal) throws {
        let body = try #require(try JSON(reading: refusal.operationOutcome()).object)
        #expect(try body.requiredString("resourceType") == "OperationOutcome")
        let issue = try #require(try body.requiredArray("issue").first?.object)
        #expect(try issue.requiredString("severity") == "error")
        #expect(Self.issueTypes.contains(try issue.requiredString("code")))
        let details = try issue.requiredObject("details")
        let coding = try #require(try details.requiredArray("coding").first?.object)
        #expect(try coding.requiredString("system") == "urn:tsunagi:CodeSystem:refusal")
        #expect(try coding.requiredString("code") == refusal.code)
        #expect(try details.requiredString("text") == refusal.ja)
        #expect(try issue.requiredString("diagnostics") == refusal.en)
        #expect(try issue.optionalArray("expression")?.first?.string == refusal.item)
    }

    @Test func `the bytes are those promised`() {
        #expect(
            String(decoding: Refusal.missing("myNumber").problem(), as: UTF8.self)
                == #"{"type":"/errors#missing","title":"Missing","status":400,"#
                + #""detail":"必須の項目「myNumber」がありません。値を入れて、もう一度送ってください。","#
                + #""detail_en":"Required item \"myNumber\" is missing. Give it and send again.","#
                + #""code":"missing","item":"myNumber"}"#)
    }

    @Test func `a failure of ours tells its number and nothing else`() throws {
        let body = try #require(try JSON(reading: Unexpected.problem(incident: "i-9")).object)
        #expect(try body.requiredInt("status") == 500)
        #expect(try body.requiredString("detail").contains("i-9"))
        let outcome = try #require(
            try JSON(reading: Unexpected.operationOutcome(incident: "i-9")).object)
        let issue = try #require(try outcome.requiredArray("issue").first?.object)
        #expect(try issue.requiredString("severity") == "fatal")
        #expect(try issue.requiredString("diagnostics").contains("i-9"))
    }
}
