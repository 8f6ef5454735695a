/// 同意の種類: what a resident can agree to, one word of `profiles/access/consent-kinds.json`. A kind of
/// tomorrow is a file, so this is text, not an enum.
package struct ConsentKind: Hashable, Sendable, Comparable {
    package let code: String

    /// Throws `.malformed(item)` unless it is 1–64 of `[a-z0-9-]`. Whether the kind exists is the
    /// rules' to say (`RuleBook.consentKind`).
    package init(_ code: String, item: String = "consents") throws(Refusal) {
        let isFormed = code.utf8.allSatisfy {
            (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D
        }
        guard isFormed, (1...64).contains(code.utf8.count) else { throw .malformed(item) }
        self.code = code
    }

    package static func < (left: ConsentKind, right: ConsentKind) -> Bool { left.code < right.code }
}

/// What the rules say about one kind of consent.
package struct ConsentKindRule: Hashable, Sendable {
    package let kind: ConsentKind
    /// The field of exchange it opens: `subsidy`, `immunization`, `maternal`.
    package let field: String
    package let name: BilingualText
    /// What the resident reads before agreeing.
    package let explanation: BilingualText
    /// Sensitive kinds are never on by default, and leaving one out is invisible in every answer.
    package let isSensitive: Bool
    package let isOnByDefault: Bool
    /// From this age the child alone decides.
    package let childDecidesFromAge: Int
    /// From that age on the child may let somebody act in it; otherwise it passes to nobody until the
    /// child is of age.
    package let childMayShare: Bool
    package let source: RuleSource
}
