import Ledger
package import Logging
import Metrics
import ServiceLifecycle

/// 予約の失効の知らせ: reservations end with their day; within a minute their institutions find a notice
/// (`GET /deliveries/lapses`), also where nobody bills on that certificate again.
package struct LapseWork: Service {
    private static let pause = Duration.seconds(60)

    private let parts: GatewayParts
    private let logger: Logger

    package init(_ parts: GatewayParts, logger: Logger) {
        self.parts = parts
        self.logger = logger
    }

    package func run() async throws {
        await Rounds(name: "lapses", pause: Self.pause, logger: logger).run {
            try await round() > 0
        }
    }

    /// Returns how many holds were swept away.
    @discardableResult
    package func round() async throws -> Int {
        let count = try await parts.ledger.sweepLapses()
        if count > 0 { Counter(label: "tsunagi_lapses_total").increment(by: count) }
        return count
    }
}
