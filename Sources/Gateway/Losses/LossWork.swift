import Exchange
import Ledger
package import Logging
import Metrics
import ServiceLifecycle

/// 遡及の喪失の後始末: looks into what entitlements have lost in the past. Institutions that were shown one find a
/// notice (`GET /deliveries/checks`); closed months with claims on those days are judged again, which opens
/// exactly the claims that come out otherwise. Of several gateways each takes what the others have not.
package struct LossWork: Service {
    private static let pause = Duration.seconds(5)

    private let parts: GatewayParts
    private let logger: Logger

    package init(_ parts: GatewayParts, logger: Logger) {
        self.parts = parts
        self.logger = logger
    }

    package func run() async throws {
        await Rounds(name: "losses", pause: Self.pause, logger: logger).run {
            try await round() > 0
        }
    }

    /// Returns how many losses were looked into; those of transactions that still run wait.
    @discardableResult
    package func round() async throws -> Int {
        let count = try await parts.ledger.tellOfLosses()
        if count > 0 { Counter(label: "tsunagi_losses_total").increment(by: count) }
        let touched = try await parts.ledger.monthsOfLosses()
        for (body, month) in touched.months {
            let reopened = try await parts.ledger.judgeAgain(month, of: body)
            logger.info(
                "a closed month was judged again",
                metadata: [
                    "body": "\(body.code)", "reopened": "\(reopened.map(String.init) ?? "-")",
                ])
        }
        try await parts.ledger.settleLosses(of: touched)
        return count
    }
}
