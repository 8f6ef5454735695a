import Ledger
package import Logging
import Metrics

/// 一括の受領の支度, in every gateway with an office listener: each takes what the others have not.
extension GatewayParts {
    package func exportRounds(_ logger: Logger) -> Rounds {
        Rounds("exports", every: .seconds(2), logger: logger) { try await prepareExport() }
    }

    /// Returns whether an export is further than before.
    package func prepareExport() async throws -> Bool {
        switch try await ledger.prepareExport() {
        case .nothing: return false
        case .walked: return true
        case .ready:
            Counter(label: "tsunagi_exports_total").increment()
            return true
        }
    }
}
