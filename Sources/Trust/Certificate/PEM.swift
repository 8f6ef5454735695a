import Exchange

/// PEM or DER, as operators and CAs hand files over: PEM with any text around it (RFC 7468 §2), any
/// line ends, and other things such as keys beside what is wanted.
package enum PEM {
    /// What the file holds under this label, in its order; at least one. `malformed` for a block
    /// that does not end or is not base64.
    package static func documents(
        in contents: [UInt8], _ label: String
    ) throws(Reason) -> [[UInt8]] {
        if contents.first == 0x30, contents.count > 1, contents[1] & 0x80 != 0 { return [contents] }
        var documents: [[UInt8]] = []
        var open: (label: Substring, text: String)?
        for line in String(decoding: contents, as: UTF8.self).split(whereSeparator: \.isNewline) {
            if let begun = Self.label(line, "-----BEGIN ") {
                guard open == nil else { throw .malformed }
                open = (begun, "")
            } else if let ended = Self.label(line, "-----END ") {
                guard let block = open, block.label == ended else { throw .malformed }
                open = nil
                guard block.label == label else { continue }
                guard let bytes = Base64.bytes(block.text), !bytes.isEmpty else {
                    throw .malformed
                }
                documents.append(bytes)
            } else if open != nil {
                open?.text += line.filter { $0 != " " && $0 != "\t" }
            }
        }
        guard open == nil, !documents.isEmpty else { throw .malformed }
        return documents
    }

    private static func label(_ line: Substring, _ start: String) -> Substring? {
        let end = line.lastIndex { $0 != " " && $0 != "\t" } ?? line.startIndex
        let text = line.prefix(through: end)
        guard !line.isEmpty, text.hasPrefix(start), text.hasSuffix("-----") else { return nil }
        return text.dropFirst(start.count).dropLast(5)
    }
}
