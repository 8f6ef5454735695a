import Exchange
import Trust

/// カードの提示: what a reader hands over: the nonce and the day that were signed, the card's
/// certificate and its signature. A visit and a resident's token begin with the same.
struct PresentedCard: Sendable {
    let nonce: String
    let day: CalendarDay
    let certificate: [UInt8]
    let signature: [UInt8]

    /// `others` are the items a body has beside these. Throws `.cardLocked` when the reader says
    /// so, and what the items themselves ask for.
    init(_ object: JSONObject, beside others: Set<String> = [], today: CalendarDay) throws {
        if let reader = try object.optionalString("reader") {
            throw reader == "pin-locked" ? Refusal.cardLocked : .malformed("reader")
        }
        try object.requireOnly(
            others.union(["nonce", "day", "certificate", "signature", "reader"]))
        nonce = try object.requiredString("nonce")
        day = try CalendarDay(object.requiredString("day"), item: "day")
        // What is sent after midnight may have been signed before it; the nonce's own life is
        // minutes.
        guard day == today || day.adding(days: 1) == today else { throw Refusal.malformed("day") }
        certificate = try Self.base64(object, "certificate")
        signature = try Self.base64(object, "signature")
    }

    private static func base64(_ object: JSONObject, _ item: String) throws -> [UInt8] {
        guard let bytes = Base64.bytes(try object.requiredString(item)) else {
            throw Refusal.malformed(item)
        }
        return bytes
    }
}

extension GatewayParts {
    /// The nonce is this party's for this purpose, and a good card signed `text`: its certificate,
    /// and the keyed hashes that find the resident.
    func verify(
        _ card: PresentedCard, _ purpose: Nonce.Purpose, of party: Party, over text: [UInt8]
    ) throws -> (hash: HashChain, certificate: CardCertificate) {
        let keys = keys.ring
        _ = try Nonce.check(card.nonce, purpose, of: party, now: now(), keys: keys)
        let certificate = try cards.verify(
            certificate: card.certificate, signature: card.signature, over: text, at: now())
        let hash = KeyedHash.card(
            issuer: certificate.issuer, serial: certificate.serial, keys: keys)
        return (hash, certificate)
    }
}
