import Crypto
import Exchange
import TestSupport
import Trust

/// 本人の操作 under fire: a resident at a portal reads their visits and ends one.
extension CrashClient {
    mutating func actAsResident() async throws {
        // Sessions are short: each is left long before it lapses.
        guard let session, chance.int(0...19) > 0 else { return try await beginSession() }
        let headers = [("Authorization", session)]
        if let visit, chance.int(0...4) == 0 {
            _ = try await insist(
                Cast.portal, "/visits/\(visit.id)/end", headers: headers, body: [], on: [204])
            journal.note { $0.ended.append(visit.id) }
            self.visit = nil
        }
        guard
            let answer = await send(
                Cast.portal, "/fhir/Consent", method: "GET", headers: headers, body: [])
        else { return journal.note { $0.failed += 1 } }
        switch answer.status {
        case 200:
            journal.note { $0.ownLists.append(Array(SHA256.hash(data: answer.body))) }
        case 500...: journal.note { $0.failed += 1 }
        default: unexpected(answer)
        }
    }

    /// A nonce serves once: whose answer was lost begins with another one.
    private mutating func beginSession() async throws {
        guard let nonce = await send(Cast.portal, "/tokens/nonces", body: []), nonce.status == 201
        else { return journal.note { $0.failed += 1 } }
        let day = try CalendarDay(nonce.text("day"))
        let text = SignedText.residentToken(
            nonce: nonce.text("nonce"), party: Cast.portal, day: day)
        let body = """
            {"nonce":"\(nonce.text("nonce"))","day":"\(day.text)",\
            "certificate":"\(Base64.text(card.certificateDER))",\
            "signature":"\(Base64.text(try card.sign(text)))"}
            """
        guard let answer = await send(Cast.portal, "/tokens", body: Array(body.utf8)) else {
            return journal.note { $0.failed += 1 }
        }
        switch answer.status {
        case 201: session = "Bearer \(answer.text("access_token"))"
        case 500...: journal.note { $0.failed += 1 }
        default: unexpected(answer)
        }
    }
}
