import Exchange
import Hummingbird
import Ledger

/// 本人の残高: `GET /balances`, what the resident paid in each month, what is left of each cap, and what
/// is due back. A confirmation at any counter shows with the next request.
extension GatewayParts {
    func readOwnBalances(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        let party = asking.caller.party
        return try await own(asking, answering: Response.json) { [self] records, person, _ in
            try records.ownBalances(of: person, limit: PageLimits.monthsMax, rules: rules) {
                pairwise($0, for: party).current
            }.render(rules.subsidy)
        }
    }
}
