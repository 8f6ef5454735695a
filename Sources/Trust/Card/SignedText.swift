package import Exchange

/// 署名文: the text a card signs. The gateway rebuilds it from what it knows and never takes it from
/// the caller; its first line keeps a visit's signature from ever serving for a token, or the
/// reverse.
package enum SignedText {
    /// Kinds are the codes of the consent kinds agreed to; their order and repetition do not
    /// matter.
    package static func visit(
        nonce: String, party: Party, consentKinds: [String], visitKind: String, day: CalendarDay
    ) -> [UInt8] {
        var lines = ["tsunagi visit v1"]
        lines += shared(nonce, party)
        lines.append(line("visit-kind", visitKind))
        lines += Set(consentKinds).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            .map { line("consent", $0) }
        lines.append(line("day", day.text))
        return text(lines)
    }

    package static func residentToken(nonce: String, party: Party, day: CalendarDay) -> [UInt8] {
        text(["tsunagi resident-token v1"] + shared(nonce, party) + [line("day", day.text)])
    }

    private static func shared(_ nonce: String, _ party: Party) -> [String] {
        [
            line("nonce", nonce), line("listener", party.listener.rawValue),
            line("party", party.key),
        ]
    }

    /// A control character or backslash is written as `\xHH`, so that no value can add a line.
    private static func line(_ name: String, _ value: String) -> String {
        var escaped: [UInt8] = []
        for byte in value.utf8 {
            if byte < 0x20 || byte == 0x7F || byte == 0x5C {
                escaped += Array(("\\x" + Hexadecimal.text([byte])).utf8)
            } else {
                escaped.append(byte)
            }
        }
        return name + ": " + String(decoding: escaped, as: UTF8.self)
    }

    private static func text(_ lines: [String]) -> [UInt8] {
        lines.flatMap { Array($0.utf8) + [0x0A] }
    }
}
