/// Host names, mailboxes and URIs as RFC 5280 §4.2.1.6 writes and §4.2.1.10 compares them: lower
/// case, label by label. What is not of the form could stand for anything, and has no answer.
enum HostName {
    static func labels(_ text: String) -> [Substring] {
        text.isEmpty
            ? [] : text.lowercased().split(separator: ".", omittingEmptySubsequences: false)
    }

    /// The preferred name syntax (RFC 1034 §3.5, RFC 1123 §2.1): letters, digits and inner hyphens.
    static func isHost(_ text: String) -> Bool {
        guard (1...253).contains(text.utf8.count) else { return false }
        return text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
            (1...63).contains(label.utf8.count) && label.first != "-" && label.last != "-"
                && label.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2D }
        }
    }

    /// A host, or all hosts one label below it: `*` stands alone and in front.
    static func isHostOrWildcard(_ text: String) -> Bool {
        isHost(withoutWildcard(text))
    }

    static func withoutWildcard(_ text: String) -> String {
        text.hasPrefix("*.") ? String(text.dropFirst(2)) : text
    }

    /// The local part keeps its case (RFC 5280 §7.5), the host does not.
    static func mailbox(_ text: String) -> (local: Substring, host: String)? {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty, !parts[0].contains(" "),
            isHost(String(parts[1]))
        else { return nil }
        return (parts[0], parts[1].lowercased())
    }

    /// A scheme and something behind it: a relative URI names nothing.
    static func isAbsoluteURI(_ text: String) -> Bool {
        guard let colon = text.utf8.firstIndex(of: 0x3A), !text.contains(" "),
            text.utf8.index(after: colon) < text.utf8.endIndex
        else { return false }
        let scheme = text.utf8[..<colon]
        return scheme.first.map(isLetter) == true
            && scheme.allSatisfy {
                isLetter($0) || isDigit($0) || $0 == 0x2B || $0 == 0x2D || $0 == 0x2E
            }
    }

    /// Nil without an authority or with an address in place of a name: RFC 5280 says reject.
    static func host(ofURI text: String) -> String? {
        guard let scheme = text.firstRange(of: "://") else { return nil }
        let authority = text[scheme.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let afterUser = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
        let host = afterUser.split(separator: ":", omittingEmptySubsequences: false).first ?? ""
        let isAddress = host.split(separator: ".").last?.utf8.allSatisfy(isDigit) ?? true
        guard isHost(String(host)), !isAddress else { return nil }
        return host.lowercased()
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }
}
