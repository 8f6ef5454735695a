import Ledger
package import Logging
import Metrics

/// 予約の失効の知らせ: reservations end with their day; within a minute their institutions find a notice
/// (`GET /deliveries/lapses`), also where nobody bills on that certificate again.
extension GatewayParts {
    package func lapseRounds(_ logger: Logger) -> Rounds {
        Rounds("lapses", every: .seconds(60), logger: logger) { try await sweepLapses() > 0 }
    }

    /// Returns how many holds were swept away.
    package func sweepLapses() async throws -> Int {
        let count = try await ledger.sweepLapses()
        if count > 0 { Counter(label: "tsunagi_lapses_total").increment(by: count) }
        return count
    }
}
