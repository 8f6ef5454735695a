import Exchange
import Hummingbird
import Ledger
import Trust

/// カードと住所の異動: `POST /card-feed/events`, from the card authority alone. Which card stands for whom,
/// what it supersedes, and where the resident lives; the individual number becomes a keyed hash
/// here.
extension GatewayParts {
    func feedCards(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let key = try request.idempotencyKey()
        return try await registration(
            request, context, for: .feedCards, read: readCardFeedEvents,
            apply: { body in
                let task = body.task(field: "cards", key: key)
                let keys = keys.ring
                return try await ledger.access(body.caller, .feedCards) { records in
                    try records.applyCardFeed(task, body.accepted.map { numbered($0, keys) })
                }
            })
    }

    /// What became of a feed: `GET /card-feed/events/{taskId}`.
    func readCardFeed(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let task = try context.recordID("taskId")
        let report = try await ledger.access(try request.caller(context), .feedCards) {
            try $0.registrationReport(task)
        }
        return .json(.ok, report.json)
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
