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
    func openVisit(_ asking: Asking) async throws -> Response {
        let party = asking.caller.party
        let (bytes, object) = try await asking.request.json(atMost: BodyLimits.visitBytesMax)
        let asked = try VisitRequest(
            object, rules: ledger.rules.current(), today: now().dayInJapan)
        let text = SignedText.visit(
            nonce: asked.card.nonce, party: party, consentKinds: asked.consents,
            visitKind: asked.kind.code, day: asked.card.day)
        let card = try verify(asked.card, .visit, of: party, over: text)
        let visit = VerifiedVisit(
            cardHash: card.hash, nonce: asked.card.nonce, requestDigest: sha256(bytes),
            terms: (asked.kind.code, asked.consents),
            cardValidTo: card.certificate.notAfter.dayInJapan,
            evidence: (text, asked.card.signature, asked.card.certificate))
        let opened = try await asking.open(
            visit, end: { asked.kind.ends(opened: $0) }, pairwise: { pairwise($0, for: party) },
            answer: \.json)
        return .json(opened.visit.isRepeat ? .ok : .created, opened.answer)
    }
}

/// What an institution asks for when it opens a visit.
struct VisitRequest: Sendable {
    let card: PresentedCard
    let kind: VisitKindRule
    /// Sorted, without repetition: the order in which the card signed them.
    let consents: [String]

    init(_ object: JSONObject, rules: RuleBook, today: CalendarDay) throws {
        card = try PresentedCard(object, beside: ["kind", "consents"], today: today)
        guard let kind = rules.visitKind(try object.optionalString("kind") ?? "outpatient"),
            kind.isOpenedByCard
        else { throw Refusal.visitKindUnknown }
        self.kind = kind
        // An empty list is the resident declining everything: that is a visit too.
        consents = try object.consentKinds("consents", rules).map(\.code).sorted()
    }
}

extension OpenedVisit {
    var json: [UInt8] {
        var writer = JSONWriter(reservingBytes: 512)
        writer.beginObject()
        writer.member("visit", id.text)
        writer.member("patient", "Patient/\(patient)")
        writer.member("kind", kind)
        writer.texts("consents", consents)
        writer.member("openedAt", term.opened.text)
        writer.member("endsAt", term.ends.text)
        writer.member("cardValidTo", cardValidTo?.text)
        writer.member("confirmedLater", isConfirmedLater ? true : nil)
        if !replaces.isEmpty {
            writer.name("replaces")
            writer.beginArray()
            for id in replaces { writer.string("Patient/\(id)") }
            writer.endArray()
        }
        writer.endObject()
        return writer.bytes
    }
}
