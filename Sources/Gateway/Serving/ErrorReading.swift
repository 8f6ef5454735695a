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

/// Which of the two error forms a caller reads: FHIR's below `/fhir/`, RFC 9457 elsewhere.
enum RefusalForm {
    case operationOutcome, problem

    init(path: String) {
        self = path.hasPrefix("/fhir/") ? .operationOutcome : .problem
    }

    var contentType: String {
        switch self {
        case .operationOutcome: "application/fhir+json"
        case .problem: "application/problem+json"
        }
    }

    func bytes(of refusal: Refusal) -> [UInt8] {
        switch self {
        case .operationOutcome: refusal.operationOutcome()
        case .problem: refusal.problem()
        }
    }

    func bytes(ofIncident id: RequestID) -> [UInt8] {
        switch self {
        case .operationOutcome: Unexpected.operationOutcome(incident: id.description)
        case .problem: Unexpected.problem(incident: id.description)
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
