import SwiftASN1

/// 識別名: a distinguished name, equal to another by RFC 5280 §7.1 (letter case and runs of spaces do
/// not matter, nor does the string type), while `der` keeps the very bytes for exact comparison.
package struct CertificateName: Hashable, Sendable {
    package let der: [UInt8]
    let parts: [[Attribute]]

    struct Attribute: Hashable, Sendable {
        let type: [UInt8]
        /// Prepared text, or nil for a value that is no string: then `raw` decides.
        let text: String?
        let raw: [UInt8]

        static func == (left: Attribute, right: Attribute) -> Bool {
            guard left.type == right.type else { return false }
            if let text = left.text { return text == right.text }
            return right.text == nil && left.raw == right.raw
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(type)
            if let text { hasher.combine(text) } else { hasher.combine(raw) }
        }
    }

    package init(der: [UInt8]) throws(Reason) {
        try self.init(node: try parseDER(der[...]))
    }

    init(node: ASN1Node) throws(Reason) {
        der = Array(node.encodedBytes)
        var parts: [[Attribute]] = []
        var names = try DERReader(node)
        while !names.isAtEnd { parts.append(try Self.relativeName(names.next(.set), .set)) }
        self.parts = parts
    }

    /// The name one relative name below this one: how a CRL distribution point may be written.
    init(_ parent: CertificateName, appending relative: ASN1Node) throws(Reason) {
        der = []
        parts = parent.parts + [try Self.relativeName(relative, relative.identifier)]
    }

    package var isEmpty: Bool { parts.isEmpty }

    /// For a person to read, never to compare: the values in their order.
    package var text: String {
        parts.joined().map { attribute in
            guard let text = attribute.text else { return "?" }
            // UTF-16 has zeros where the others have none.
            return attribute.raw.contains(0) ? text : String(decoding: attribute.raw, as: UTF8.self)
        }.joined(separator: ", ")
    }

    func isWithin(_ base: CertificateName) -> Bool {
        parts.count >= base.parts.count && Array(parts.prefix(base.parts.count)) == base.parts
    }

    /// emailAddress attributes, to which e-mail constraints apply as well (RFC 5280 §4.2.1.10).
    var emails: [String] {
        parts.joined().filter { $0.type == OID.emailAddress }
            .map { String(decoding: $0.raw, as: UTF8.self) }
    }

    package static func == (left: CertificateName, right: CertificateName) -> Bool {
        (!left.der.isEmpty && left.der == right.der) || left.parts == right.parts
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(parts)
    }

    private static func relativeName(
        _ node: ASN1Node, _ identifier: ASN1Identifier
    ) throws(Reason) -> [Attribute] {
        var attributes: [Attribute] = []
        var reader = try DERReader(node, identifier)
        repeat {
            var pair = try DERReader(reader.next(.sequence))
            let type = try pair.next().objectID()
            let value = try pair.next()
            try pair.end()
            attributes.append(try attribute(Array(type), value))
        } while !reader.isAtEnd
        // A SET has no order; encoders that forgot to sort still name the same thing.
        if attributes.count > 1 {
            attributes.sort { left, right in
                left.type.lexicographicallyPrecedes(right.type)
                    || (left.type == right.type && (left.text ?? "") < (right.text ?? ""))
            }
        }
        return attributes
    }

    private static func attribute(
        _ type: [UInt8], _ value: ASN1Node
    ) throws(Reason) -> Attribute {
        switch value.identifier {
        case .printableString, .ia5String, .numericString, .visibleString:
            let bytes = try value.primitive()
            guard bytes.allSatisfy({ $0 < 0x80 }) else { throw .malformed }
            return Attribute(type: type, text: prepared(bytes), raw: Array(bytes))
        case .utf8String:
            let bytes = try value.primitive()
            guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed }
            let isASCII = bytes.allSatisfy { $0 < 0x80 }
            return Attribute(
                type: type, text: isASCII ? prepared(bytes) : prepared(text[...]), raw: Array(bytes)
            )
        case .bmpString:
            let bytes = Array(try value.primitive())
            guard bytes.count.isMultiple(of: 2) else { throw .malformed }
            let units = stride(from: 0, to: bytes.count, by: 2).map {
                UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1])
            }
            guard let text = String(validating: units, as: UTF16.self) else { throw .malformed }
            return Attribute(type: type, text: prepared(text[...]), raw: bytes)
        default:
            return Attribute(type: type, text: nil, raw: Array(value.encodedBytes))
        }
    }

    /// Lower case, no spaces at the ends, one between words.
    private static func prepared(_ ascii: ArraySlice<UInt8>) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(ascii.count)
        for byte in ascii {
            // Tabs and line ends are spaces, other control characters are nothing (RFC 4518 §2.2).
            let byte = (0x09...0x0D).contains(byte) ? 0x20 : byte
            if byte < 0x20 || byte == 0x7F { continue }
            if byte == 0x20 && (bytes.isEmpty || bytes.last == 0x20) { continue }
            bytes.append((0x41...0x5A).contains(byte) ? byte | 0x20 : byte)
        }
        if bytes.last == 0x20 { bytes.removeLast() }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// RFC 4518 §2.2 to §2.6 as far as the standard library goes: what cannot be seen is dropped, every
    /// kind of space is one space, letter case and canonical forms do not count (`String` compares
    /// so). Of the compatibility forms only full-width ASCII (全角英数字) is folded; others stay apart,
    /// and names that differ in them do not chain.
    private static func prepared(_ text: Substring) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                scalars.append(" ")
            } else if (0xFF01...0xFF5E).contains(scalar.value) {
                scalars.append(Unicode.Scalar(UInt8(scalar.value - 0xFF01 + 0x21)))
            } else if ![.control, .format].contains(scalar.properties.generalCategory),
                !scalar.properties.isVariationSelector
            {
                scalars.append(scalar)
            }
        }
        return String(scalars).lowercased().split(separator: " ").joined(separator: " ")
    }
}
