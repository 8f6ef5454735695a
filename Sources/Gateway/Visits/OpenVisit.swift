import Crypto
import Exchange
import Hummingbird
import Ledger
import Trust

/// 受付: `POST /visits`. The card has signed the text that `SignedText.visit` rebuilds; the answer is
/// the visit.
///
/// The same bytes sent again while the nonce lives get the same visit (200 instead of 201);
/// anything else with a used nonce is refused.
extension GatewayParts {
    func openVisit(_ request: Request, _ context: GatewayContext) async throws -> Response {
        let caller = try request.caller(context)
        let (bytes, object) = try await request.json(atMost: BodyLimits.visitBytesMax)
        if try object.optionalString("reader") == "pin-locked" {
            try await ledger.refuse(caller, .openVisit, .cardLocked)
        }
        let asked = try await recorded(caller, .openVisit) {
            let asked = try VisitRequest(
                object, rules: ledger.rules.current(), today: now().dayInJapan)
            _ = try Nonce.check(asked.nonce, .visit, of: caller.party, now: now(), keys: keys)
            return asked
        }
        let text = SignedText.visit(
            nonce: asked.nonce, party: caller.party, consentKinds: asked.consents,
            visitKind: asked.kind.code, day: asked.day)
        let card = try await verified(
            asked.card, over: text, caller: caller, purpose: .openVisit)
        let visit = VerifiedVisit(
            cardHash: KeyedHash.card(issuer: card.issuer, serial: card.serial, keys: keys),
            nonce: asked.nonce, requestDigest: Array(SHA256.hash(data: bytes)),
            terms: (asked.kind.code, asked.consents), cardValidTo: card.notAfter.dayInJapan,
            evidence: (text, asked.card.signature, asked.card.certificate))
        let opened = try await ledger.openVisit(
            caller, visit, end: { asked.kind.ends(opened: $0) },
            pairwise: { pairwise($0, for: caller.party) }, answer: \.json)
        return .json(opened.visit.isRepeat ? .ok : .created, opened.answer)
    }

    /// A card that does not verify is on the record like one that does.
    func verified(
        _ card: PresentedCard, over text: [UInt8], caller: Caller, purpose: Purpose
    ) async throws -> CardCertificate {
        do {
            return try cards.verify(
                certificate: card.certificate, signature: card.signature, over: text, at: now())
        } catch {
            try await ledger.refuse(caller, purpose, error)
        }
    }
}

/// The card's certificate and its signature, as the reader hands them over in base64.
struct PresentedCard: Sendable {
    let certificate: [UInt8]
    let signature: [UInt8]

    init(_ object: JSONObject) throws {
        certificate = try Self.base64(object.requiredString("certificate"), "certificate")
        signature = try Self.base64(object.requiredString("signature"), "signature")
    }

    private static func base64(_ text: String, _ item: String) throws -> [UInt8] {
        guard let bytes = Base64.bytes(text) else { throw Refusal.malformed(item) }
        return bytes
    }
}

/// What an institution asks for when it opens a visit.
struct VisitRequest: Sendable {
    let nonce: String
    let kind: VisitKindRule
    /// Sorted, without repetition: the order in which the card signed them.
    let consents: [String]
    let day: CalendarDay
    let card: PresentedCard

    init(_ object: JSONObject, rules: RuleBook, today: CalendarDay) throws {
        try object.requireOnly(
            ["nonce", "kind", "consents", "day", "certificate", "signature", "reader"])
        nonce = try object.requiredString("nonce")
        guard let kind = rules.visitKind(try object.optionalString("kind") ?? "outpatient") else {
            throw Refusal.malformed("kind")
        }
        self.kind = kind
        consents = try Self.consents(object, rules)
        day = try CalendarDay(object.requiredString("day"), item: "day")
        // A visit opened at midnight may have been signed yesterday; the nonce's own life is
        // minutes.
        guard day == today || day.adding(days: 1) == today else { throw Refusal.malformed("day") }
        card = try PresentedCard(object)
    }

    /// An empty list is the resident declining everything: that is a visit too.
    private static func consents(_ object: JSONObject, _ rules: RuleBook) throws -> [String] {
        let given = try object.requiredArray("consents").map { value in
            guard case .string(let code) = value, let kind = try? ConsentKind(code),
                rules.consentKind(kind) != nil
            else { throw Refusal.consentUnknown }
            return code
        }
        return Set(given).sorted()
    }
}

extension OpenedVisit {
    var json: [UInt8] {
        var writer = JSONWriter(reservingBytes: 512)
        writer.beginObject()
        writer.member("visit", id.text)
        writer.member("patient", "Patient/\(patient)")
        writer.member("kind", kind)
        writer.name("consents")
        writer.beginArray()
        for consent in consents { writer.string(consent) }
        writer.endArray()
        writer.member("openedAt", term.opened.text)
        writer.member("endsAt", term.ends.text)
        writer.member("cardValidTo", cardValidTo?.text)
        writer.member("confirmedLater", cardValidTo == nil ? true : nil)
        writer.endObject()
        return writer.bytes
    }
}
