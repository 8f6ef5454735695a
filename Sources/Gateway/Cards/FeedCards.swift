import Crypto
import Exchange
import Hummingbird
import Ledger
import Trust

/// カードと住所の異動: `POST /card-feed/events`, from the card authority alone. Which card stands for whom, what it
/// supersedes, and where the resident lives; the individual number becomes a keyed hash here.
extension GatewayParts {
    func feedCards(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let caller = try request.caller(context)
        guard Purpose.feedCards.may(caller.party.role) else { throw Refusal.notYourPurpose }
        let buffer = try await request.body(.json, atMost: BodyLimits.registrationBytesMax)
        let bytes = Array(buffer.readableBytesView)
        let rows = try readCardFeedEvents(bytes)
        var events: [NumberedCardEvent] = []
        var refused: [RowOutcome] = []
        for (index, row) in rows.enumerated() {
            switch row {
            case .success(let event):
                events.append(try numbered(event))
            case .failure(let failure):
                refused.append(
                    RowOutcome(line: index + 1, kind: .refused, findings: failure.findings))
            }
        }
        let task = RegistrationRequest(
            field: "cards", bodyBytes: bytes, key: try request.idempotencyKey(),
            refused: refused, rowsTotal: rows.count)
        let receipt = try await ledger.access(caller, .feedCards) { [events] records in
            try records.applyCardFeed(task, events)
        }
        return .json(.accepted, receipt.json)
    }

    private func numbered(_ event: CardFeedEvent) throws -> NumberedCardEvent {
        let change: NumberedCardEvent.Change
        switch event.change {
        case .bind(let certificate, let number, let validFrom, let validTo, let earlier):
            change = .bind(
                card: hash(certificate),
                numberHash: numberHash(number),
                valid: validFrom...validTo, supersedes: earlier.map(hash))
        case .residence(let number, let municipality, let from):
            change = .residence(
                numberHash: numberHash(number),
                municipality: municipality, from: from)
        case .revoke(let certificate):
            change = .revoke(card: hash(certificate))
        }
        return NumberedCardEvent(
            line: event.index + 1, change: change, findings: event.warnings)
    }

    private func hash(_ certificate: CardFeedEvent.Certificate) -> [UInt8] {
        KeyedHash.card(issuer: certificate.issuer, serial: certificate.serial, keys: keys)
    }
}
