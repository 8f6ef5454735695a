import Exchange
import Hummingbird
import Ledger
import Trust

/// カードと住所の異動: `POST /card-feed/events`, from the card authority alone. Which card stands for whom,
/// what it supersedes, and where the resident lives; the individual number becomes a keyed hash
/// here.
extension GatewayParts {
    func feedCards(_ asking: Asking) async throws -> Response {
        try await registration(
            asking, field: "cards", read: readCardFeedEvents,
            apply: { records, task, rows in
                let keys = keys.ring
                return try records.applyCardFeed(task, rows.map { numbered($0, keys) })
            })
    }

    private func numbered(_ event: CardFeedEvent, _ keys: KeyRing) -> NumberedCardEvent {
        let change: NumberedCardEvent.Change
        switch event.change {
        case .bind(let certificate, let number, let validFrom, let validTo, let earlier):
            change = .bind(
                card: hash(certificate, keys),
                numberHash: numberHash(number, keys),
                valid: validFrom...validTo, supersedes: earlier.map { hash($0, keys) })
        case .residence(let number, let municipality, let from):
            change = .residence(
                numberHash: numberHash(number, keys),
                municipality: municipality, from: from)
        case .revoke(let certificate):
            change = .revoke(card: hash(certificate, keys))
        }
        return NumberedCardEvent(
            line: event.index + 1, change: change, findings: event.warnings)
    }

    private func hash(_ certificate: CardFeedEvent.Certificate, _ keys: KeyRing) -> HashChain {
        KeyedHash.card(issuer: certificate.issuer, serial: certificate.serial, keys: keys)
    }
}
