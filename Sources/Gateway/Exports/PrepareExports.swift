import Ledger
package import Logging
import Metrics

/// 一括の受領の支度, in every gateway with an office listener: each takes what the others have not.
extension GatewayParts {
    package func exportRounds(_ logger: Logger) -> Rounds {
        Rounds("exports", every: .seconds(2), logger: logger) { try await prepareExport() }
    }

    /// Returns whether an export was prepared.
    package func prepareExport() async throws -> Bool {
        guard try await ledger.prepareExport() else { return false }
        Counter(label: "tsunagi_exports_total").increment()
        return true
    }
}
