/// 呼び鈴の文面: that there is something, for whom and when; never what. Its text is what is signed (C2SP
/// signed-note); `id` is of this ring alone.
package struct Ring: Hashable, Sendable {
    private static let format = "tsunagi ring v1"

    package let origin: String
    package let party: Party
    package let id: String
    package let at: Instant

    package init(origin: String, to party: Party, id: String, at: Instant) {
        self.origin = origin
        self.party = party
        self.id = id
        self.at = at
    }

    package var text: String {
        """
        \(Self.format)
        log: \(origin)
        to: \(party.key)
        id: \(id)
        at: \(at.microseconds)

        """
    }
}
