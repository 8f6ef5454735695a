import CryptoExtras
import SwiftASN1

/// 署名方式: the signature algorithms that count here. Others are refused by reason: SHA-1 and MD5 as
/// weak, DSA and the rest as unsupported.
package enum SignatureScheme: Hashable, Sendable {
    case rsa(Hash, Padding)
    case ecdsa(Hash)
    case ed25519

    package enum Hash: Hashable, Sendable { case sha256, sha384, sha512 }

    package enum Padding: Hashable, Sendable {
        case pkcs1, pss

        var value: _RSA.Signing.Padding { self == .pkcs1 ? .insecurePKCS1v1_5 : .PSS }
    }

    /// Reads an AlgorithmIdentifier.
    init(_ node: ASN1Node) throws(Reason) {
        var reader = try DERReader(node)
        let name = try reader.next().objectID()
        let parameters = reader.isAtEnd ? nil : try reader.next()
        try reader.end()
        if name.isOID(OID.ed25519) || name.isOID(OID.ecdsaSHA256) || name.isOID(OID.ecdsaSHA384)
            || name.isOID(OID.ecdsaSHA512)
        {
            guard parameters == nil else { throw .signatureAlgorithmUnsupported }
            self = Self.elliptic(name)
        } else if name.isOID(OID.rsaPSS) {
            self = .rsa(try Self.pssHash(parameters), .pss)
        } else if name.count == 9, name.starts(with: OID.pkcs1Prefix) {
            self = .rsa(try Self.pkcs1Hash(name.last), .pkcs1)
            // RFC 4055 asks for NULL and tells readers to accept its absence.
            if let parameters, !parameters.encodedBytes.elementsEqual([0x05, 0x00]) {
                throw .malformed
            }
        } else if name.isOID(OID.ecdsaSHA1) {
            throw .signatureAlgorithmWeak
        } else {
            throw .signatureAlgorithmUnsupported
        }
    }

    private static func elliptic(_ name: ArraySlice<UInt8>) -> SignatureScheme {
        if name.isOID(OID.ed25519) { return .ed25519 }
        if name.isOID(OID.ecdsaSHA256) { return .ecdsa(.sha256) }
        return name.isOID(OID.ecdsaSHA384) ? .ecdsa(.sha384) : .ecdsa(.sha512)
    }

    private static func pkcs1Hash(_ arc: UInt8?) throws(Reason) -> Hash {
        switch arc {
        case 0x0B: return .sha256
        case 0x0C: return .sha384
        case 0x0D: return .sha512
        case 0x02, 0x03, 0x04, 0x05: throw .signatureAlgorithmWeak
        default: throw .signatureAlgorithmUnsupported
        }
    }

    /// RSASSA-PSS-params: the hash, MGF1 with the same hash, a salt as long as the hash. The
    /// defaults mean SHA-1 and its length, so each MUST be written out.
    private static func pssHash(_ parameters: ASN1Node?) throws(Reason) -> Hash {
        guard let parameters else { throw .signatureAlgorithmWeak }
        var reader = try DERReader(parameters)
        guard let hashNode = try reader.nextIf(.context(0)),
            let maskNode = try reader.nextIf(.context(1))
        else { throw .signatureAlgorithmWeak }
        guard let saltNode = try reader.nextIf(.context(2)) else {
            throw .signatureAlgorithmUnsupported
        }
        if let trailer = try reader.nextIf(.context(3)) {
            guard try trailer.unwrapped().smallInteger() == 1 else { throw .malformed }
        }
        try reader.end()
        let hash = try digest(hashNode.unwrapped())
        var mask = try DERReader(maskNode.unwrapped())
        guard try mask.next().objectID().isOID(OID.mgf1), try digest(mask.next()) == hash,
            try saltNode.unwrapped().smallInteger() == hash.bytes
        else { throw .signatureAlgorithmUnsupported }
        try mask.end()
        return hash
    }

    private static func digest(_ node: ASN1Node) throws(Reason) -> Hash {
        var reader = try DERReader(node)
        let name = try reader.next().objectID()
        if !reader.isAtEnd {
            guard try reader.next().encodedBytes.elementsEqual([0x05, 0x00]) else {
                throw .malformed
            }
        }
        try reader.end()
        if name.isOID(OID.sha256) { return .sha256 }
        if name.isOID(OID.sha384) { return .sha384 }
        if name.isOID(OID.sha512) { return .sha512 }
        throw .signatureAlgorithmWeak
    }
}

extension SignatureScheme.Hash {
    var bytes: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }
}
