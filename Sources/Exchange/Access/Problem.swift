/// A refusal as bytes on the wire: RFC 9457 problem details, or a FHIR OperationOutcome for FHIR
/// routes. Both hold the same code and both texts; neither holds a value of anybody.
extension Refusal {
    package static let codeSystem = "urn:tsunagi:CodeSystem:refusal"

    /// `application/problem+json`. `incident`: the number under which the operator finds the log
    /// line.
    package func problem(incident: String? = nil) -> [UInt8] {
        Problem(self, incident: incident).problem()
    }

    /// With members of its own behind those of every problem (RFC 9457 §3.2).
    package func problem(with members: (inout JSONWriter) -> Void) -> [UInt8] {
        Problem(self, incident: nil).problem(with: members)
    }

    /// トークンの拒否: `application/json` as RFC 6749 §5.2 has it at a token endpoint, with what every problem says
    /// behind.
    package func tokenProblem() -> [UInt8] {
        Problem(self, incident: nil).problem(as: tokenError, status: tokenStatus)
    }

    /// `application/fhir+json`.
    package func operationOutcome(incident: String? = nil) -> [UInt8] {
        Problem(self, incident: incident).operationOutcome
    }
}

/// What the caller is told when the gateway itself failed: nothing but the incident number.
package enum Unexpected {
    package static let status = 500

    package static func problem(incident: String) -> [UInt8] {
        Problem(unexpected: incident).problem()
    }

    package static func operationOutcome(incident: String) -> [UInt8] {
        Problem(unexpected: incident).operationOutcome
    }

    package static func tokenProblem(incident: String) -> [UInt8] {
        Problem(unexpected: incident).problem(as: .serverError)
    }
}

/// トークンの誤り: `error` of a token endpoint. RFC 6749 §5.2 closes the list for what a client did; for ours there
/// are the words of its §4.1.2.1.
package enum TokenError: String, CaseIterable, Sendable {
    case invalidRequest = "invalid_request"
    case invalidClient = "invalid_client"
    case unauthorizedClient = "unauthorized_client"
    case unsupportedGrantType = "unsupported_grant_type"
    case serverError = "server_error"
    case temporarilyUnavailable = "temporarily_unavailable"
}

extension Refusal {
    package var tokenError: TokenError {
        switch self {
        case .malformed("grant_type"): .unsupportedGrantType
        case .clientDiffers, .certificateNotTrusted, .certificateExpired, .certificateRevoked,
            .partyUnknown, .partySuspended, .partyNotOptedIn:
            .invalidClient
        case .notYourPurpose: .unauthorizedClient
        default: status == 429 || status >= 500 ? .temporarilyUnavailable : .invalidRequest
        }
    }

    /// 400 or, of the client, 401; but for what is said before anything is known of a token (the route, its
    /// method, the header), and where the same request is good later.
    package var tokenStatus: Int {
        switch tokenError {
        case .invalidClient: 401
        case .serverError, .temporarilyUnavailable: status
        default: [404, 405, 431].contains(status) ? status : 400
        }
    }
}

private struct Problem {
    private let code: String
    private let title: String
    private let status: Int
    private let issueType: String
    private let issues: [Refusal.Issue]
    private let incident: String?

    init(_ refusal: Refusal, incident: String?) {
        code = refusal.code
        title = refusal.title
        status = refusal.status
        issueType = refusal.issueType
        issues = refusal.issues
        self.incident = incident
    }

    init(unexpected incident: String) {
        code = "unexpected"
        title = "Unexpected"
        status = Unexpected.status
        issueType = "exception"
        let issue = Refusal.Issue(
            item: nil, finding: nil,
            ja: "システムの側で問題が起きました。同じ内容をもう一度送ってください。続くときは、番号\(incident)を運用者に伝えてください。",
            en:
                "Something failed on our side. Send the same again; if it lasts, tell the operator the "
                + "number \(incident).")
        issues = [issue]
        self.incident = incident
    }

    func problem(
        as error: TokenError? = nil, status: Int? = nil,
        with members: (inout JSONWriter) -> Void = { _ in }
    ) -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        if let error {
            writer.member("error", error.rawValue)
            writer.member("error_description", issues.first.map { Self.plain($0.en) })
        }
        writer.member("type", "/errors#\(code)")
        writer.member("title", title)
        writer.member("status", status ?? self.status)
        writer.member("detail", issues.first?.ja)
        writer.member("detail_en", issues.first?.en)
        writer.member("code", code)
        writer.member("item", issues.first?.item)
        writer.member("incident", incident)
        members(&writer)
        writer.endObject()
        return writer.bytes
    }

    /// In the letters that RFC 6749 §5.2 allows in a description.
    private static func plain(_ text: String) -> String {
        let bytes = text.utf8.map { byte -> UInt8 in
            switch byte {
            case UInt8(ascii: "\""): UInt8(ascii: "'")
            case UInt8(ascii: "\\"): UInt8(ascii: "/")
            case 0x20...0x7E: byte
            default: UInt8(ascii: "?")
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    var operationOutcome: [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("resourceType", "OperationOutcome")
        writer.name("issue")
        writer.beginArray()
        for issue in issues { write(issue, into: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    private func write(_ issue: Refusal.Issue, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.member("severity", status == Unexpected.status ? "fatal" : "error")
        writer.member("code", issueType)
        writer.name("details")
        writeDetails(of: issue, into: &writer)
        writer.member(
            "diagnostics", incident.map { "\(issue.en) (incident \($0))" } ?? issue.en)
        if let item = issue.item {
            writer.name("expression")
            writer.beginArray()
            writer.string(item)
            writer.endArray()
        }
        writer.endObject()
    }

    private func writeDetails(of issue: Refusal.Issue, into writer: inout JSONWriter) {
        writer.beginObject()
        writer.array("coding") {
            $0.codingItem(Refusal.codeSystem, code, display: title)
            if let finding = issue.finding {
                $0.codingItem(FHIR.System.itemFinding, finding)
            }
        }
        writer.member("text", issue.ja)
        writer.object("_text") { $0.translation(issue.en) }
        writer.endObject()
    }
}
