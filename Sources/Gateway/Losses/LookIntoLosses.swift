import Exchange
import Ledger
package import Logging
import Metrics

/// 遡及の喪失の後始末: looks into what entitlements have lost in the past. Institutions that were shown one find a
/// notice (`GET /deliveries/checks`). Closed months with claims on those days are judged again, and so are
/// those that any other change of the past speaks of, which opens exactly the claims that come out otherwise.
/// Of several gateways each takes what the others have not.
extension GatewayParts {
    package func lossRounds(_ logger: Logger) -> Rounds {
        Rounds("losses", every: .seconds(5), logger: logger) {
            try await lookIntoLosses(logger) > 0
        }
    }

    /// Returns how many losses were looked into; those of transactions that still run wait.
    @discardableResult
    package func lookIntoLosses(_ logger: Logger) async throws -> Int {
        let count = try await ledger.tellOfLosses()
        if count > 0 { Counter(label: "tsunagi_losses_total").increment(by: count) }
        let touched = try await ledger.touchedMonths()
        var left: [Ledger.TouchedMonth] = []
        for month in touched.months {
            try Task.checkCancellation()
            if try await judgeAgain(month, logger) == nil { left.append(month) }
        }
        try await ledger.settle(touched, left: left)
        return count
    }

    /// How many claims are open again; `nil` of a month that is to be tried again: nothing that is wrong with
    /// one holds up the others.
    private func judgeAgain(
        _ month: Ledger.TouchedMonth, _ logger: Logger
    ) async throws -> Int? {
        var told: Logger.Metadata = ["body": "\(month.body.code)"]
        do {
            let reopened = try await ledger.judgeAgain(month)
            told["reopened"] = "\(reopened.map(String.init) ?? "-")"
            logger.info("a closed month was judged again", metadata: told)
            return reopened
        } catch let error as CancellationError {
            throw error
        } catch {
            told["error"] = "\(error)"
            logger.error("a closed month could not be judged again", metadata: told)
            return nil
        }
    }
}
