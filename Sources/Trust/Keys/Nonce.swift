package import Exchange

/// 一回限りの乱数: what a card is asked to sign. Stateless: the gateway knows its own by the MAC, which
/// binds purpose, listener and party; that it is used once is the ledger's to keep.
package enum Nonce {
    package enum Purpose: String, CaseIterable, Sendable {
        case visit
        case residentToken = "resident-token"
    }

    private static let randomCount = 16

    package static func issue(
        _ purpose: Purpose, to party: Party, lifetimeSeconds: Int64, now: Instant, keys: KeyRing
    ) -> (text: String, expires: Instant) {
        let expires = now.adding(seconds: lifetimeSeconds)
        let text = SealedText.make(
            randomBytes(randomCount), expires: expires, context: context(purpose, party),
            key: keys.current(.nonce))
        return (text, expires)
    }

    /// When the nonce expires. `nonceUnknown`: not made here, or for another party or purpose.
    package static func check(
        _ text: String, _ purpose: Purpose, of party: Party, now: Instant, keys: KeyRing
    ) throws(Refusal) -> Instant {
        let sealed = SealedText(text, context: context(purpose, party), keys: keys.all(.nonce))
        guard let sealed, sealed.payload.count == randomCount else { throw .nonceUnknown }
        guard now <= sealed.expires else { throw .nonceExpired }
        return sealed.expires
    }

    private static func context(_ purpose: Purpose, _ party: Party) -> [[UInt8]] {
        let words = ["nonce", purpose.rawValue, party.listener.rawValue, party.key]
        return words.map { Array($0.utf8) }
    }
}

extension Party {
    /// The listener this party's role connects to; each role has exactly one.
    package var listener: Listener {
        Listener.allCases.first { $0.roles.contains(role) } ?? .operations
    }
}
