import Crypto
import CryptoExtras
import FoundationEssentials
import SwiftASN1

/// 公開鍵: a key that may verify something here: RSA of 2048 to 8192 bits, P-256, P-384, P-521,
/// Ed25519. Any other key is refused with its reason when the certificate is read for use.
struct PublicKey: Sendable {
    let material: Material

    enum Material: Sendable {
        /// `isForPSS`: the key says of itself that it signs with PSS only (RFC 4055 §1.2).
        case rsa(modulus: [UInt8], exponent: [UInt8], isForPSS: Bool)
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

    /// What it costs to check a signature by it, in checks by a P-256 key (about 70 µs): of RSA one
    /// multiplication for each bit of the exponent and one more for each that is set, 4096 bits and 65537
    /// being one.
    var checkCost: Int {
        switch material {
        case .p256, .ed25519, .refused: return 1
        case .p384, .p521: return 8
        case .rsa(let modulus, let exponent, _):
            let steps = exponent.reduce(exponent.count * 8) { $0 + $1.nonzeroBitCount }
            return max(1, modulus.count * modulus.count * steps / (512 * 512 * 26))
        }
    }

    private static func material(
        _ name: ArraySlice<UInt8>, _ parameters: ASN1Node?, _ bits: ASN1Node
    ) throws(Reason) -> Material {
        if name.isOID(OID.rsaEncryption) {
            // RFC 3279 §2.3.1: the parameters MUST be NULL.
            guard let parameters, parameters.encodedBytes.elementsEqual([0x05, 0x00]) else {
                return .refused(.keyUnsupported)
            }
            return try rsa(bits.wholeBytes(), isForPSS: false)
        }
        if name.isOID(OID.rsaPSS) { return try rsa(bits.wholeBytes(), isForPSS: true) }
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

    private static func rsa(
        _ bytes: ArraySlice<UInt8>, isForPSS: Bool
    ) throws(Reason) -> Material {
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
        return .rsa(modulus: Array(n), exponent: Array(e), isForPSS: isForPSS)
    }
}

/// A public key made ready to verify: made once for an anchor, once per use for a card.
struct VerifyingKey: Sendable {
    private let key: Key

    private enum Key: Sendable {
        case rsa(_RSA.Signing.PublicKey, bytes: Int, isForPSS: Bool)
        case p256(P256.Signing.PublicKey)
        case p384(P384.Signing.PublicKey)
        case p521(P521.Signing.PublicKey)
        case ed25519(Curve25519.Signing.PublicKey)
    }

    /// Throws the key's own reason, or `keyUnsupported` for a point that is not on its curve.
    init(_ publicKey: PublicKey) throws(Reason) {
        do {
            switch publicKey.material {
            case .rsa(let n, let e, let isForPSS):
                let made = try _RSA.Signing.PublicKey(n: n, e: e)
                key = .rsa(made, bytes: n.count, isForPSS: isForPSS)
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
        case (.rsa(let key, let length, let isForPSS), .rsa(let hash, let padding)):
            guard signature.count == length, padding == .pss || !isForPSS else { return false }
            let raw = _RSA.Signing.RSASignature(rawRepresentation: signature)
            return key.isValidSignature(raw, for: hash.digest(of: bytes), padding: padding.value)
        case (.p256(let key), .ecdsa(let hash)):
            let read = try? P256.Signing.ECDSASignature(derRepresentation: signature)
            guard let read, Self.isSameText(read.derRepresentation, signature) else { return false }
            return key.isValidSignature(read, for: hash.digest(of: bytes))
        case (.p384(let key), .ecdsa(let hash)):
            let read = try? P384.Signing.ECDSASignature(derRepresentation: signature)
            guard let read, Self.isSameText(read.derRepresentation, signature) else { return false }
            return key.isValidSignature(read, for: hash.digest(of: bytes))
        case (.p521(let key), .ecdsa(let hash)):
            let read = try? P521.Signing.ECDSASignature(derRepresentation: signature)
            guard let read, Self.isSameText(read.derRepresentation, signature) else { return false }
            return key.isValidSignature(read, for: hash.digest(of: bytes))
        case (.ed25519(let key), .ed25519):
            return key.isValidSignature(signature, for: bytes)
        default:
            return false
        }
    }

    /// Reading and writing again must give the same bytes: one signature, one encoding.
    private static func isSameText(_ written: Data, _ read: ArraySlice<UInt8>) -> Bool {
        written.elementsEqual(read)
    }
}

extension SignatureScheme.Hash {
    fileprivate func digest(of bytes: ArraySlice<UInt8>) -> any Digest {
        switch self {
        case .sha256: SHA256.hash(data: bytes)
        case .sha384: SHA384.hash(data: bytes)
        case .sha512: SHA512.hash(data: bytes)
        }
    }
}
