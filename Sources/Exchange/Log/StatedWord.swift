/// 理由・根拠の記載: what a person states for the record: why, or where it is written. One line, which
/// residents may read later; never what is in a document, and no individual number.
package struct StatedWord: Hashable, Sendable {
    package static let lengthMax = 200

    package let text: String

    /// Throws `.malformed(item)` for a word that is empty, longer than 200 characters or over more
    /// than a line, and `.individualNumberNotAllowed(item)` for one that could hold such a number.
    package init(_ text: String, item: String) throws(Refusal) {
        guard (1...Self.lengthMax).contains(text.count), !text.contains(where: \.isNewline),
            text.contains(where: { !$0.isWhitespace })
        else { throw .malformed(item) }
        guard !IndividualNumber.looksLikeOne(in: text) else {
            throw .individualNumberNotAllowed(item)
        }
        self.text = text
    }
}

extension JSONObject {
    /// A word that must be stated.
    package func statedWord(_ item: String) throws(Refusal) -> StatedWord {
        try StatedWord(requiredString(item), item: item)
    }
}
