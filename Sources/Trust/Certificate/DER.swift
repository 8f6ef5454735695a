import Exchange
import SwiftASN1

/// Reading DER without a bad surprise: each step names what it wants and throws
/// `Reason.malformed` for anything else. SwiftASN1 has already refused what is not DER
/// (indefinite and non-minimal lengths, trailing bytes, deep nesting).
struct DERReader {
    private var nodes: ASN1NodeCollection.Iterator
    private var ahead: ASN1Node?

    init(_ node: ASN1Node, _ identifier: ASN1Identifier = .sequence) throws(Reason) {
        guard node.identifier == identifier, case .constructed(let children) = node.content else {
            throw .malformed
        }
        nodes = children.makeIterator()
        ahead = nodes.next()
    }

    var isAtEnd: Bool { ahead == nil }

    mutating func next() throws(Reason) -> ASN1Node {
        guard let node = ahead else { throw .malformed }
        ahead = nodes.next()
        return node
    }

    mutating func next(_ identifier: ASN1Identifier) throws(Reason) -> ASN1Node {
        let node = try next()
        guard node.identifier == identifier else { throw .malformed }
        return node
    }

    /// The next node if it has this identifier; otherwise nothing is consumed.
    mutating func nextIf(_ identifier: ASN1Identifier) throws(Reason) -> ASN1Node? {
        guard let node = ahead, node.identifier == identifier else { return nil }
        return try next()
    }

    func end() throws(Reason) {
        guard ahead == nil else { throw .malformed }
    }
}

extension ASN1Identifier {
    static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension ASN1Node {
    /// The content of a primitive node.
    func primitive() throws(Reason) -> ArraySlice<UInt8> {
        guard case .primitive(let bytes) = content else { throw .malformed }
        return bytes
    }

    func primitive(_ wanted: ASN1Identifier) throws(Reason) -> ArraySlice<UInt8> {
        guard identifier == wanted else { throw .malformed }
        return try primitive()
    }

    /// The one node inside an explicitly tagged node.
    func unwrapped() throws(Reason) -> ASN1Node {
        var reader = try DERReader(self, identifier)
        let inner = try reader.next()
        try reader.end()
        return inner
    }

    func boolean() throws(Reason) -> Bool {
        switch Array(try primitive()) {
        case [0x00]: return false
        case [0xFF]: return true
        default: throw .malformed
        }
    }

    func objectID() throws(Reason) -> ArraySlice<UInt8> {
        let bytes = try primitive(.objectIdentifier)
        guard let last = bytes.last, last < 0x80 else { throw .malformed }
        // An arc has one shortest form: a second spelling would be a second name.
        var startsArc = true
        for byte in bytes {
            guard !startsArc || byte != 0x80 else { throw .malformed }
            startsArc = byte < 0x80
        }
        return bytes
    }

    /// The content of an INTEGER, which MUST be minimal: serial numbers are compared as these
    /// bytes.
    func integer() throws(Reason) -> ArraySlice<UInt8> {
        let bytes = try primitive()
        guard let first = bytes.first else { throw .malformed }
        if let second = bytes.dropFirst().first {
            let isPadded = (first == 0x00 && second < 0x80) || (first == 0xFF && second >= 0x80)
            guard !isPadded else { throw .malformed }
        }
        return bytes
    }

    /// A small non-negative INTEGER, such as a path length.
    func smallInteger() throws(Reason) -> Int {
        let bytes = try integer()
        guard let first = bytes.first, first < 0x80, bytes.count <= 5 else { throw .malformed }
        return bytes.reduce(0) { $0 << 8 | Int($1) }
    }

    /// A BIT STRING of whole bytes.
    func wholeBytes() throws(Reason) -> ArraySlice<UInt8> {
        let bytes = try primitive(.bitString)
        guard bytes.first == 0 else { throw .malformed }
        return bytes.dropFirst()
    }

    /// A BIT STRING of named bits: bit 0 is the first. At most 16 are of use in X.509.
    func namedBits() throws(Reason) -> Set<Int> {
        let bytes = try primitive()
        guard let unused = bytes.first, unused < 8, bytes.count > 1 || unused == 0 else {
            throw .malformed
        }
        if let last = bytes.last, bytes.count > 1, last & ((1 << unused) - 1) != 0 {
            throw .malformed
        }
        var bits: Set<Int> = []
        for (index, byte) in bytes.dropFirst().prefix(2).enumerated() {
            for bit in 0..<8 where byte & (0x80 >> bit) != 0 { bits.insert(index * 8 + bit) }
        }
        return bits
    }

    /// UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 allows them: seconds, `Z`, no fraction.
    func time() throws(Reason) -> Int64 {
        let bytes = Array(try primitive())
        switch identifier {
        case .utcTime where bytes.count == 13:
            let short = try Self.number(bytes[0..<2])
            return try Self.seconds(year: short < 50 ? 2000 + short : 1900 + short, bytes[2...])
        case .generalizedTime where bytes.count == 15:
            return try Self.seconds(year: Self.number(bytes[0..<4]), bytes[4...])
        default: throw .malformed
        }
    }

    private static func seconds(
        year: Int, _ rest: ArraySlice<UInt8>
    ) throws(Reason) -> Int64 {
        guard rest.last == UInt8(ascii: "Z") else { throw .malformed }
        var fields: [Int] = []
        for place in 0..<5 {
            let start = rest.startIndex + place * 2
            fields.append(try number(rest[start..<start + 2]))
        }
        guard let day = try? CalendarDay(year: year, month: fields[0], day: fields[1]),
            fields[2] < 24, fields[3] < 60, fields[4] < 60
        else { throw .malformed }
        let inDay = fields[2] * 3600 + fields[3] * 60 + fields[4]
        return Int64(day.daysSince1970) * 86_400 + Int64(inDay)
    }

    private static func number(_ digits: ArraySlice<UInt8>) throws(Reason) -> Int {
        var value = 0
        for byte in digits {
            guard (0x30...0x39).contains(byte) else { throw .malformed }
            value = value * 10 + Int(byte - 0x30)
        }
        return value
    }
}

/// Object identifiers by their DER content, which is how they are compared.
enum OID {
    static let rsaEncryption: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01]
    static let rsaPSS: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x0A]
    static let mgf1: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x08]
    /// md2 … sha512WithRSAEncryption are this prefix and one byte.
    static let pkcs1Prefix: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01]
    static let ecPublicKey: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01]
    static let p256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07]
    static let p384: [UInt8] = [0x2B, 0x81, 0x04, 0x00, 0x22]
    static let p521: [UInt8] = [0x2B, 0x81, 0x04, 0x00, 0x23]
    static let ecdsaSHA1: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x01]
    static let ecdsaSHA256: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02]
    static let ecdsaSHA384: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x03]
    static let ecdsaSHA512: [UInt8] = [0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x04]
    static let ed25519: [UInt8] = [0x2B, 0x65, 0x70]
    static let sha256: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01]
    static let sha384: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02]
    static let sha512: [UInt8] = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03]
    static let emailAddress: [UInt8] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x01]
    static let authorityInfoAccess: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x01]
    static let anyExtendedKeyUsage: [UInt8] = [0x55, 0x1D, 0x25, 0x00]
    static let serverAuth: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01]
    static let clientAuth: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x02]
    /// CPS pointer and user notice: this prefix and 1 or 2.
    static let policyQualifierPrefix: [UInt8] = [0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x02]
    /// 1.2.392.200149.8.5.1.3.30: 公的個人認証 利用者証明用電子証明書 (japan.md §B).
    static let userAuthenticationPolicy: [UInt8] = [
        0x2A, 0x83, 0x08, 0x8C, 0x9B, 0x55, 0x08, 0x05, 0x01, 0x03, 0x1E,
    ]
}

extension ArraySlice<UInt8> {
    func isOID(_ other: [UInt8]) -> Bool { elementsEqual(other) }

    /// The last arc of 2.5.29.n, where X.509 and CRL extensions live.
    var certificateExtensionArc: UInt8? {
        guard count == 3, first == 0x55, self[startIndex + 1] == 0x1D else { return nil }
        return last
    }
}

func parseDER(_ bytes: ArraySlice<UInt8>) throws(Reason) -> ASN1Node {
    do { return try DER.parse(bytes) } catch { throw .malformed }
}
