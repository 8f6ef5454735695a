import Exchange
import Trust

/// The body of `POST /visits`, signed by a software card as a reader's driver would have it signed.
enum VisitBody {
    static func make(
        nonce: String, day: CalendarDay, consents: [String], party: Party, card: SoftwareCard
    ) throws -> [UInt8] {
        let text = SignedText.visit(
            nonce: nonce, party: party, consentKinds: consents, visitKind: "outpatient", day: day)
        var json = JSONWriter(reservingBytes: 4_096)
        json.beginObject()
        json.member("nonce", nonce)
        json.member("day", day.text)
        json.member("kind", "outpatient")
        json.name("consents")
        json.beginArray()
        for consent in consents { json.string(consent) }
        json.endArray()
        json.member("certificate", Base64.text(card.certificateDER))
        json.member("signature", Base64.text(try card.sign(text)))
        json.endObject()
        return json.bytes
    }
}
