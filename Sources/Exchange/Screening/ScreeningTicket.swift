/// 紙の予診票の印: what the QR code on a printed questionnaire holds, and nothing else: a number that cannot be
/// guessed and says nothing of anyone. It brings the answers in only within a visit of that resident.
package struct ScreeningTicket: Hashable, Sendable {
    private static let prefix = "tsunagi-screening:"
    /// Until a booked dose is given; whoever comes later prints again.
    package static let lifetimeDays: Int64 = 30

    package let text: String

    /// `number`: random, of this printing alone.
    package init(_ number: RecordID) {
        text = Self.prefix + Hexadecimal.text(number.bytes)
    }

    /// As it was scanned. Throws `.malformed(item)` for another kind of code.
    package init(_ text: String, item: String) throws(Refusal) {
        guard text.hasPrefix(Self.prefix),
            let bytes = Hexadecimal.bytes(String(text.dropFirst(Self.prefix.count))),
            bytes.count == 16
        else { throw .malformed(item) }
        self.text = Self.prefix + Hexadecimal.text(bytes)
    }
}
