import Ledger
package import Logging
import Metrics
import ServiceLifecycle

/// 一括の受領の支度, in every gateway with an office listener: each takes what the others have not.
package struct ExportWork: Service {
    private static let pause = Duration.seconds(2)

    private let parts: GatewayParts
    private let logger: Logger

    package init(_ parts: GatewayParts, logger: Logger) {
        self.parts = parts
        self.logger = logger
    }

    package func run() async throws {
        await Rounds(name: "exports", pause: Self.pause, logger: logger).run { try await round() }
    }

    /// Returns whether an export was prepared.
    @discardableResult
    package func round() async throws -> Bool {
        guard try await parts.ledger.prepareExport() else { return false }
        Counter(label: "tsunagi_exports_total").increment()
        return true
    }
}
