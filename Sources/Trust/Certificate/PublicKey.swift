import Crypto
import CryptoExtras
import FoundationEssentials
import SwiftASN1

/// 公開鍵: a key that may verify something here: RSA of 2048 to 8192 bits, P-256, P-384, P-521,
/// Ed25519. Any other key is refused with its reason when the certificate is read for use.
struct PublicKey: Sendable {
    let material: Material

    enum Material: Sendable {
        case rsa(modulus: [UInt8], exponent: [UInt8])
        case p256([UInt8])
        case p384([UInt8])
        case p521([UInt8])
        case ed25519([UInt8])
        case refused(Reason)
    }

    /// Throws only for what is not DER: a weak or foreign key is a `refused` material.
    init(_ spki: ASN1Node) throws(Reason) {
        var outer = try DERReader(spki)
        var algorithm = try DERReader(outer.next(.sequence))
        let bits = try outer.next(.bitString)
        try outer.end()
        let name = try algorithm.next().objectID()
        let parameters = algorithm.isAtEnd ? nil : try algorithm.next()
        try algorithm.end()
        material = try Self.material(name, parameters, bits)
    }

    var refusal: Reason? {
        guard case .refused(let reason) = material else { return nil }
        return reason
    }

    private static func material(
        _ name: ArraySlice<UInt8>, _ parameters: ASN1Node?, _ bits: ASN1Node
    ) throws(Reason) -> Material {
        if name.isOID(OID.rsaEncryption) || name.isOID(OID.rsaPSS) {
            return try rsa(try bits.wholeBytes())
        }
        if name.isOID(OID.ed25519) {
            let point = Array(try bits.wholeBytes())
            return parameters == nil && point.count == 32
                ? .ed25519(point) : .refused(.keyUnsupported)
        }
        // An explicit curve is how CVE-2020-0601 forged signatures: only named curves are read.
        guard name.isOID(OID.ecPublicKey), let curve = try? parameters?.objectID() else {
            return .refused(.keyUnsupported)
        }
        let point = Array(try bits.wholeBytes())
        guard point.first == 0x04 else { return .refused(.keyUnsupported) }
        if curve.isOID(OID.p256), point.count == 65 { return .p256(point) }
        if curve.isOID(OID.p384), point.count == 97 { return .p384(point) }
        if curve.isOID(OID.p521), point.count == 133 { return .p521(point) }
        return .refused(.keyUnsupported)
    }

    private static func rsa(_ bytes: ArraySlice<UInt8>) throws(Reason) -> Material {
        guard let node = try? parseDER(bytes), var reader = try? DERReader(node),
            let modulus = try? reader.next(.integer).integer(),
            let exponent = try? reader.next(.integer).integer(), reader.isAtEnd,
            let firstModulus = modulus.first, firstModulus < 0x80,
            let firstExponent = exponent.first, firstExponent < 0x80
        else { return .refused(.keyUnsupported) }
        let n = modulus.drop { $0 == 0 }
        let e = exponent.drop { $0 == 0 }
        let modulusBits = n.count * 8 - (n.first?.leadingZeroBitCount ?? 0)
        guard modulusBits >= 2048 else { return .refused(.keyWeak) }
        guard modulusBits <= 8192, let lowest = n.last, lowest & 1 == 1 else {
            return .refused(.keyUnsupported)
        }
        guard let low = e.last, low & 1 == 1, e.count <= 4, e.count > 1 || low >= 3 else {
            return .refused(.keyWeak)
        }
        return .rsa(modulus: Array(n), exponent: Array(e))
    }
}

/// A public key made ready to verify: made once for an anchor, once per use for a card.
struct VerifyingKey: Sendable {
    private let key: Key

    private enum Key: Sendable {
        case rsa(_RSA.Signing.PublicKey, bytes: Int)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// Throws the key's own reason, or `keyUnsupported` for a point that is not on its curve.
    init(_ publicKey: PublicKey) throws(Reason) {
        do {
            switch publicKey.material {
            case .rsa(let n, let e):
                key = .rsa(try _RSA.Signing.PublicKey(n: n, e: e), bytes: n.count)
            case .p256(let point):
                key = .p256(try P256.Signing.PublicKey(x963Representation: point))
            case .p384(let point):
                key = .p384(try P384.Signing.PublicKey(x963Representation: point))
            case .p521(let point):
                key = .p521(try P521.Signing.PublicKey(x963Representation: point))
            case .ed25519(let point):
                key = .ed25519(try Curve25519.Signing.PublicKey(rawRepresentation: point))
            case .refused(let reason): throw reason
            }
        } catch let reason as Reason { throw reason } catch { throw .keyUnsupported }
    }

    /// False also when the algorithm is not one for this key.
    func isValid(
        _ signature: ArraySlice<UInt8>, over bytes: ArraySlice<UInt8>, by scheme: SignatureScheme
    ) -> Bool {
        switch (key, scheme) {
        case (.rsa(let key, let length), .rsa(let hash, let padding)):
            guard signature.count == length else { return false }
            let raw = _RSA.Signing.RSASignature(rawRepresentation: signature)
            switch hash {
            case .sha256:
                return key.isValidSignature(
                    raw, for: SHA256.hash(data: bytes), padding: padding.value)
            case .sha384:
                return key.isValidSignature(
                    raw, for: SHA384.hash(data: bytes), padding: padding.value)
            case .sha512:
                return key.isValidSignature(
                    raw, for: SHA512.hash(data: bytes), padding: padding.value)
            }
        case (.p256(let key), .ecdsa(let hash)):
            // Parsing and writing again must give the same bytes: one signature, one encoding.
            guard let parsed = try? P256.Signing.ECDSASignature(derRepresentation: signature),
                parsed.derRepresentation.elementsEqual(signature)
            else { return false }
            switch hash {
            case .sha256: return key.isValidSignature(parsed, for: SHA256.hash(data: bytes))
            case .sha384: return key.isValidSignature(parsed, for: SHA384.hash(data: bytes))
            case .sha512: return key.isValidSignature(parsed, for: SHA512.hash(data: bytes))
            }
        case (.p384(let key), .ecdsa(let hash)):
            guard let parsed = try? P384.Signing.ECDSASignature(derRepresentation: signature),
                parsed.derRepresentation.elementsEqual(signature)
            else { return false }
            switch hash {
            case .sha256: return key.isValidSignature(parsed, for: SHA256.hash(data: bytes))
            case .sha384: return key.isValidSignature(parsed, for: SHA384.hash(data: bytes))
            case .sha512: return key.isValidSignature(parsed, for: SHA512.hash(data: bytes))
            }
        case (.p521(let key), .ecdsa(let hash)):
            guard let parsed = try? P521.Signing.ECDSASignature(derRepresentation: signature),
                parsed.derRepresentation.elementsEqual(signature)
            else { return false }
            switch hash {
            case .sha256: return key.isValidSignature(parsed, for: SHA256.hash(data: bytes))
            case .sha384: return key.isValidSignature(parsed, for: SHA384.hash(data: bytes))
            case .sha512: return key.isValidSignature(parsed, for: SHA512.hash(data: bytes))
            }
        case (.ed25519(let key), .ed25519):
            return key.isValidSignature(signature, for: bytes)
        default:
            return false
        }
    }
}
