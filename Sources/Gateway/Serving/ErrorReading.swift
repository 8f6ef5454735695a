package import Exchange
import HTTPTypes
import Hummingbird
import NIOCore

/// What the edge has to know about errors and cannot: which errors of the modules below are
/// refusals in truth, and what of the others may stand in a log.
package struct ErrorReading: Sendable {
    /// An exhausted pool is `.overloaded`; most errors are `nil`: not the caller's business.
    package let refusal: @Sendable (any Error) -> Refusal?
    /// A text without any data of residents, such as an SQLSTATE; `nil` logs the type alone.
    package let safeText: @Sendable (any Error) -> String?

    package init(
        refusal: @escaping @Sendable (any Error) -> Refusal? = { _ in nil },
        safeText: @escaping @Sendable (any Error) -> String? = { _ in nil }
    ) {
        self.refusal = refusal
        self.safeText = safeText
    }
}

/// Which of the error forms a caller reads: FHIR's at its root, to which a bundle is sent, and below;
/// RFC 6749's where tokens of connectors are given, RFC 9457 elsewhere.
enum RefusalForm: CaseIterable {
    case problem, operationOutcome, token

    static let tokenPath = "/oauth2/token"

    init(path: String) {
        self =
            path == Self.tokenPath
            ? .token
            : path == "/fhir" || path.hasPrefix("/fhir/") ? .operationOutcome : .problem
    }

    var contentType: String {
        switch self {
        case .operationOutcome: "application/fhir+json"
        case .problem: "application/problem+json"
        case .token: "application/json"
        }
    }

    func status(of refusal: Refusal) -> Int {
        self == .token ? refusal.tokenStatus : refusal.status
    }

    /// With each 401, as RFC 9110 §15.5.2 asks: for a token that is needed RFC 6750 §3; where tokens are
    /// given, the scheme that was tried (RFC 6749 §5.2), or the one way there is (RFC 8705 §2.1.1).
    func challenge(to refusal: Refusal, authorization: String?) -> String? {
        guard status(of: refusal) == 401 else { return nil }
        let realm = #"realm="tsunagi""#
        guard self == .token else {
            return "Bearer \(realm)" + (refusal == .tokenMissing ? "" : #", error="invalid_token""#)
        }
        let scheme = authorization?.prefix { $0 != " " } ?? ""
        let isFormed = scheme.utf8.allSatisfy {
            (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
        }
        let isShown = isFormed && (1...32).contains(scheme.utf8.count)
        return "\(isShown ? String(scheme) : "tls_client_auth") \(realm)"
    }

    func bytes(of refusal: Refusal) -> [UInt8] {
        switch self {
        case .operationOutcome: refusal.operationOutcome()
        case .problem: refusal.problem()
        case .token: refusal.tokenProblem()
        }
    }

    func bytes(ofIncident id: RequestID) -> [UInt8] {
        switch self {
        case .operationOutcome: Unexpected.operationOutcome(incident: id.description)
        case .problem: Unexpected.problem(incident: id.description)
        case .token: Unexpected.tokenProblem(incident: id.description)
        }
    }
}

extension Response {
    init(status: Int, _ form: RefusalForm, _ body: [UInt8]) {
        self.init(
            status: .init(code: status), headers: [.contentType: form.contentType],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
