import Exchange
import TestSupport
import Testing

/// 拒否: what each route says to a request that is wrong in itself. Refusals of cards, visits, tokens and
/// parties have
/// tables of their own beside what they protect.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct RefusalTests {
    struct RequestCase: Sendable, CustomTestStringConvertible {
        let party: Party
        let line: String
        let body: String?
        let refusal: Refusal
        var headers: [String: String] = [:]
        var purpose: Purpose?

        init(
            _ party: Party, _ line: String, _ body: String?, _ refusal: Refusal,
            headers: [String: String] = [:], of purpose: Purpose? = nil
        ) {
            self.party = party
            self.line = line
            self.body = body
            self.refusal = refusal
            self.headers = headers
            self.purpose = purpose
        }

        var testDescription: String { "\(line) \(refusal) \(body?.prefix(40) ?? "")" }
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private static let visits = "POST /visits"
    private static let paper = "POST /visits/paper"
    private static let check = "POST \(RunningGateway.checkPath)"
    private static let rows = "POST /medical-subsidy/history-registration-tasks"
    private static let fullRows = "POST /medical-subsidy/registration-tasks"
    private static let feed = "POST /card-feed/events"
    private static let tokens = "POST /tokens"
    private static let nobody = "00000000-0000-4000-8000-000000000000"

    private static let visit = [
        "nonce": "\"x\"", "day": "\"\(TestClock().today.text)\"", "consents": "[]",
        "certificate": "\"AA==\"",
        "signature": "\"AA==\"",
    ]

    private static func object(_ items: [String: String], _ changes: [String: String?]) -> String {
        let changed = changes.reduce(into: items) { $0[$1.key] = $1.value }
        return "{"
            + changed.sorted { $0.key < $1.key }.map { "\"\($0)\":\($1)" }.joined(separator: ",")
            + "}"
    }

    private static func visit(_ changes: [String: String?]) -> String { object(visit, changes) }

    private static let question = [
        "resourceType": "\"CoverageEligibilityRequest\"", "status": "\"active\"",
        "purpose": "[\"validation\"]", "patient": "{\"reference\":\"Patient/x\"}",
        "servicedDate": "\"2026-01-01\"", "created": "\"2026-01-01\"",
        "insurer": "{\"reference\":\"Organization/tsunagi\"}",
        "extension":
            "[{\"url\":\"urn:tsunagi:StructureDefinition:visit\",\"valueString\":\"\(nobody)\"}]",
    ]

    private static func question(_ changes: [String: String?]) -> String {
        object(question, changes)
    }

    private static let paperItems = [
        "payerNumber": "\"88131016\"", "recipientNumber": "\"1\"", "birthDate": "\"2020-01-01\"",
    ]

    static let visitCases: [RequestCase] =
        ["nonce", "day", "consents", "certificate", "signature"].map {
            RequestCase(Cast.clinic, visits, visit([$0: nil]), .missing($0))
        } + [
            RequestCase(Cast.clinic, visits, "{", .malformed("body")),
            RequestCase(Cast.clinic, visits, "[]", .malformed("body")),
            RequestCase(Cast.clinic, visits, visit(["day": "\"2020-02-30\""]), .malformed("day")),
            RequestCase(Cast.clinic, visits, visit(["day": "\"2020-01-01\""]), .malformed("day")),
            RequestCase(Cast.clinic, visits, visit([:]), .nonceUnknown, of: .openVisit),
            RequestCase(
                Cast.clinic, visits, visit(["kind": "\"picnic\""]), .visitKindUnknown,
                of: .openVisit),
            RequestCase(Cast.clinic, visits, visit(["extra": "1"]), .unknownItem("extra")),
            RequestCase(
                Cast.clinic, visits, visit(["reader": "\"jammed\""]), .malformed("reader")),
            RequestCase(Cast.clinic, visits, "{\"day\":1,\"day\":2}", .duplicateItem("day")),
            RequestCase(
                Cast.clinic, visits, visit(["consents": "[\"everything\"]"]), .consentUnknown,
                of: .openVisit),
            RequestCase(
                Cast.clinic, visits, visit([:]), .unsupportedMediaType,
                headers: ["Content-Type": "text/plain"]),
            RequestCase(
                Cast.clinic, visits, visit([:]), .malformed("Tsunagi-Operator"),
                headers: ["Tsunagi-Operator": "two words"]),
            RequestCase(Cast.clinic, visits, String(repeating: " ", count: 16_385), .bodyTooLarge),
            RequestCase(Cast.clinic, "GET /visits", nil, .methodNotAllowed),
            RequestCase(Cast.clinic, "GET /nothing", nil, .routeUnknown),
            RequestCase(
                Cast.clinic, paper, object(paperItems, ["payerNumber": "\"1\""]),
                .malformed("payerNumber")),
            RequestCase(
                Cast.clinic, paper, object(paperItems, ["birthDate": "\"yesterday\""]),
                .malformed("birthDate")),
            RequestCase(
                Cast.clinic, paper, object(paperItems, ["name": "\"x\""]), .unknownItem("name")),
            RequestCase(
                Cast.clinic, paper, object(paperItems, ["recipientNumber": nil]),
                .missing("recipientNumber")),
        ]

    static let checkCases: [RequestCase] =
        ["resourceType", "status", "purpose", "patient", "created", "insurer"].map {
            RequestCase(Cast.clinic, check, question([$0: nil]), .missing($0))
        } + [
            RequestCase(Cast.clinic, check, "", .malformed("body")),
            RequestCase(
                Cast.clinic, check, question(["extension": nil]), .missing("extension(visit)")),
            RequestCase(
                Cast.clinic, check,
                question([
                    "extension":
                        "[{\"url\":\"urn:tsunagi:StructureDefinition:visit\",\"valueString\":\"x\"}]"
                ]), .malformed("extension(visit)")),
            RequestCase(
                Cast.clinic, check, question(["status": "\"draft\""]), .malformed("status")),
            RequestCase(
                Cast.clinic, check, question(["servicedDate": "\"2026-13-01\""]),
                .malformed("servicedDate")),
            RequestCase(
                Cast.clinic, check, question(["insurer": "{\"reference\":\"Organization/other\"}"]),
                .malformed("insurer.reference")),
            RequestCase(
                Cast.clinic, check, question(["modifierExtension": "[]"]),
                .unknownItem("modifierExtension")),
            RequestCase(
                Cast.clinic, check, question([:]), .unsupportedMediaType,
                headers: ["Content-Type": "application/xml"]),
            RequestCase(Cast.clinic, check, question([:]), .visitUnknown, of: .checkEligibility),
            RequestCase(
                Cast.clinic, "GET /fhir/DiagnosticReport", nil, .missing("subject")),
            RequestCase(Cast.clinic, "GET /fhir/CarePlan", nil, .missing("subject")),
            RequestCase(
                Cast.clinic, "GET /fhir/DiagnosticReport?subject=Patient/1", nil,
                .malformed("subject")),
            RequestCase(
                Cast.clinic, "GET /fhir/sensitive/DiagnosticReport?subject=nobody", nil,
                .recordUnknown, of: .readSensitiveCheckups),
            RequestCase(
                Cast.clinic, "GET /fhir/DiagnosticReport/\(nobody)", nil, .recordUnknown,
                of: .readCheckups),
            RequestCase(
                Cast.clinic, "PUT /fhir/DiagnosticReport/7", "{}", .malformed("id"),
                headers: ["If-Match": "W/\"1\""]),
            RequestCase(Cast.clinic, "GET /fhir/Nothing", nil, .routeUnknown),
            RequestCase(Cast.clinic, "DELETE /fhir/Patient/1", nil, .methodNotAllowed),
            RequestCase(
                Cast.clinic, "GET /fhir/Patient/unknown", nil, .recordUnknown, of: .readPatient),
            RequestCase(
                Cast.clinic, "GET /fhir/CoverageEligibilityResponse/1", nil, .malformed("id")),
            RequestCase(
                Cast.clinic, "GET /fhir/CoverageEligibilityResponse/\(nobody)", nil, .recordUnknown,
                of: .readEligibility),
            RequestCase(
                Cast.clinic, "GET /fhir/CoverageEligibilityRequest/\(nobody)", nil, .recordUnknown,
                of: .readEligibility),
            RequestCase(
                Cast.clinic, "GET /fhir/CoverageEligibilityResponse/\(nobody)/$replay", nil,
                .recordUnknown, of: .replayEligibility),
        ]

    static let officeCases: [RequestCase] = [
        RequestCase(Cast.town, rows, "{}", .malformed("body")),
        RequestCase(Cast.town, rows, "[", .malformed("[0]")),
        RequestCase(Cast.town, fullRows, "1", .malformed("body")),
        RequestCase(
            Cast.town, rows, "[]", .unsupportedMediaType, headers: ["Content-Type": "text/csv"]),
        RequestCase(
            Cast.town, rows, "[]", .malformed("Idempotency-Key"),
            headers: ["Idempotency-Key": String(repeating: "k", count: 129)]),
        RequestCase(
            Cast.town, rows, "[]", .tokenInvalid, headers: ["Authorization": "Bearer nothing"]),
        RequestCase(Cast.authority, rows, "[]", .notYourPurpose, of: .registerEntitlements),
        RequestCase(Cast.town, feed, "[]", .notYourPurpose, of: .feedCards),
        RequestCase(Cast.authority, feed, "{}", .malformed("body")),
        RequestCase(
            Cast.authority, "GET /card-feed/events/\(nobody)", nil, .tokenInvalid,
            headers: ["Authorization": "Bearer nothing"]),
        RequestCase(
            Cast.town, "GET /medical-subsidy/registration-tasks/\(nobody)", nil, .taskUnknown,
            of: .readRegistration),
        RequestCase(
            Cast.town, "GET /medical-subsidy/registration-tasks/7", nil, .malformed("taskId")),
        RequestCase(
            Cast.town, "GET /fhir/CoverageEligibilityResponse/\(nobody)/$replay", nil,
            .recordUnknown,
            of: .replayEligibility),
        RequestCase(
            Cast.town, "POST /maternal-health/registration-tasks", "{}", .malformed("body")),
        RequestCase(
            Cast.prefecture, "POST /maternal-health/registration-tasks", "[]", .notYourPurpose,
            of: .registerNotifications),
        RequestCase(Cast.town, "GET /fhir/Task?_count=0", nil, .malformed("_count")),
        RequestCase(Cast.town, "GET /fhir/Task?status=done", nil, .malformed("status")),
        RequestCase(Cast.town, "GET /fhir/Task?status=", nil, .malformed("status")),
        // One who asks for one resident is not answered of all.
        RequestCase(
            Cast.town, "GET /fhir/Immunization?_cursor=0&patient.identifier=0001", nil,
            .unknownItem("patient")),
        RequestCase(
            Cast.town, "GET /fhir/AdverseEvent?subject:Patient=x", nil, .unknownItem("subject")),
        // As most clients write a colon in an address.
        RequestCase(
            Cast.town, "GET /fhir/AdverseEvent?subject%3APatient=x", nil, .unknownItem("subject")),
        RequestCase(
            Cast.town, "GET /fhir/Immunization?%70atient%2eidentifier=0001", nil,
            .unknownItem("patient")),
        RequestCase(Cast.town, "GET /fhir/Task?patient=x", nil, .unknownItem("patient")),
        RequestCase(
            Cast.town, "GET /fhir/ExplanationOfBenefit?month=2026-01&_id=x", nil,
            .unknownItem("_id")),
        RequestCase(
            Cast.clinic, "GET /fhir/ClaimResponse?month=2026-01&identifier=x", nil,
            .unknownItem("identifier")),
        RequestCase(
            Cast.prefecture, "GET /fhir/Task", nil, .notYourPurpose, of: .readFollowUps),
        RequestCase(
            Cast.town, "PUT /fhir/Task/\(nobody)", "{}", .missing("If-Match")),
        RequestCase(
            Cast.town, "PUT /fhir/Task/\(nobody)", "{\"resourceType\":\"Task\"}",
            .missing("status"), headers: ["If-Match": "W/\"1\""]),
        RequestCase(
            Cast.town, "PUT /fhir/sensitive/Task/\(nobody)",
            "{\"resourceType\":\"Task\",\"status\":\"completed\"}", .recordUnknown,
            headers: ["If-Match": "W/\"1\""], of: .answerSensitiveFollowUp),
        RequestCase(Cast.town, "PUT /card-feed/events", "[]", .methodNotAllowed),
    ]

    static let residentCases: [RequestCase] =
        ["nonce", "day", "certificate", "signature"].map {
            var items = visit
            items["consents"] = nil
            return RequestCase(Cast.portal, tokens, object(items, [$0: nil]), .missing($0))
        } + [
            RequestCase(Cast.portal, tokens, visit([:]), .unknownItem("consents")),
            RequestCase(
                Cast.portal, tokens, "{\"reader\":\"pin-locked\"}", .cardLocked,
                of: .beginResidentSession),
            RequestCase(
                Cast.portal, tokens, visit(["consents": nil]), .nonceUnknown,
                of: .beginResidentSession),
            RequestCase(Cast.portal, "GET /fhir/Coverage", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/Consent", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/Communication", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/AuditEvent", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/Immunization", nil, .tokenMissing),
            RequestCase(
                Cast.portal, "GET /fhir/ImmunizationRecommendation", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /balances", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/DiagnosticReport", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/sensitive/DiagnosticReport", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/Observation", nil, .tokenMissing),
            RequestCase(Cast.portal, "GET /fhir/CarePlan", nil, .tokenMissing),
            RequestCase(Cast.portal, "POST /visits/\(nobody)/end", nil, .tokenMissing),
            RequestCase(Cast.portal, "POST /tokens/revoke", nil, .tokenMissing),
            RequestCase(
                Cast.portal, "POST /tokens/revoke", nil, .tokenInvalid,
                headers: ["Authorization": "Bearer short"]),
            RequestCase(Cast.portal, "GET /tokens", nil, .methodNotAllowed),
            RequestCase(Cast.portal, "GET /fhir/Patient/1", nil, .routeUnknown),
        ]

    @Test(arguments: visitCases + checkCases + officeCases + residentCases)
    func `each wrong request hears what is wrong, in both languages and the form of its route`(
        _ row: RequestCase
    ) async throws {
        let parts = row.line.split(separator: " ").map(String.init)
        // A connection of its own: after some refusals the gateway closes.
        let client = try await gateway.connect(row.party)
        let answer = try await gateway.expect(row.refusal, of: row.purpose, from: row.party) {
            try await gateway.send(
                client, parts[0], parts[1], headers: row.headers.map { ($0.key, $0.value) },
                bytes: row.body.map { Array($0.utf8) })
        }
        if parts[1].hasPrefix("/fhir/") {
            #expect(answer["Content-Type"] == "application/fhir+json")
        } else {
            #expect(answer["Content-Type"] == "application/problem+json")
        }
        #expect((answer["Allow"] != nil) == (row.refusal == .methodNotAllowed))
        await client.close()
    }

    @Test func `the catalogue at errors is what is really said`() async throws {
        let answer = try await gateway.send(Cast.clinic, "GET", "/errors")
        let rows = try JSON(reading: answer.body).array?.compactMap(\.object) ?? []
        #expect(rows.map { $0["code"]?.string } == Refusal.table.map(\.code))
        let tables = Self.visitCases + Self.checkCases + Self.officeCases + Self.residentCases
        for row in tables {
            let entered = rows.first { $0["code"]?.string == row.refusal.code }?["entered"]?.bool
            #expect(entered == (row.purpose != nil), "\(row.refusal)")
        }
    }

    static let silent = ["/fhir/metadata", "/openapi.json", "/errors"]

    @Test(arguments: silent, [Cast.clinic, Cast.town, Cast.portal])
    func `what says nothing of anyone leaves no entry`(_ path: String, _ party: Party) async throws
    {
        let entries = try await gateway.entries {
            try await gateway.send(party, "GET", path).expect(200)
        }
        #expect(entries.isEmpty)
    }
}
