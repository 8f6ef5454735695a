import Exchange
import Hummingbird
import Ledger
import Trust

/// カードと住所の異動: `POST /card-feed/events`, from the card authority alone. Which card stands for whom,
/// what it supersedes, and where the resident lives; the individual number becomes a keyed hash
/// here.
extension GatewayParts {
    func feedCards(_ asking: Asking) async throws -> Response {
        let rules = try ledger.rules.current()
        return try await registration(
            asking, field: "cards", read: readCardFeedEvents,
            apply: { records, task, rows in
                let keys = keys.ring
                let events = rows.compactMap { event in
                    NumberedCardEvent(
                        event, number: { numberHash($0, keys) }, card: { $0.hash(keys) })
                }
                return try records.applyCardFeed(task, events, rules: rules)
            })
    }
}

extension CardFeedEvent.Certificate {
    func hash(_ keys: KeyRing) -> HashChain {
        KeyedHash.card(issuer: issuer, serial: serial, keys: keys)
    }
}
