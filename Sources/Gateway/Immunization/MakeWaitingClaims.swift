package import Ledger
package import Logging
import Metrics

/// 待っている請求の見回り: a claim that waits for a residence or a price is made within a minute of its coming,
/// and nobody sends the record again.
extension GatewayParts {
    package func claimRounds(_ logger: Logger) -> Rounds {
        Rounds("waiting claims", every: .seconds(60), logger: logger, from: ClaimRound()) { round in
            try await makeWaitingClaims(&round).goesOn
        }
    }

    /// Returns how many claims came out otherwise than they waited, and whether more wait to be looked at.
    package func makeWaitingClaims(
        _ round: inout ClaimRound
    ) async throws -> (made: Int, goesOn: Bool) {
        let done = try await ledger.makeWaitingClaims(&round, rules: ledger.rules.current())
        if done.made > 0 {
            Counter(label: "tsunagi_waiting_claims_total").increment(by: done.made)
        }
        return done
    }
}
