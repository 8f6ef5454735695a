package import Logging

/// 続く障害の控え: what is tried each second and fails is told when it begins, when it becomes something else, and
/// when it is over; a night of it is a few lines.
package struct TroubleLog: Sendable {
    private let name: String
    private let logger: Logger
    /// What was wrong when it was tried last.
    private var trouble: String?

    package init(_ name: String, _ logger: Logger) {
        self.name = name
        self.logger = logger
    }

    /// Throws nothing: whoever tries goes on. Being cancelled is no trouble.
    package mutating func watching(_ body: () async throws -> Void) async {
        do {
            try await body()
            if trouble != nil { logger.notice("\(name) goes on") }
            trouble = nil
        } catch  where !Task.isCancelled {
            let text = "\(error)"
            guard text != trouble else { return }
            trouble = text
            logger.warning("\(name) postponed", metadata: ["error": "\(text)"])
        } catch {}
    }
}
