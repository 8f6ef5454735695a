import Crypto
package import Exchange
import FoundationEssentials

/// 鍵付きハッシュ: what stands in the database in place of an individual number or a card. A rotation
/// wraps what is stored in the new key, so a value's hash under one version is that of the version
/// before, wrapped.
package enum KeyedHash {
    /// 個人番号: 12 digits, already checked by the caller, become 32 bytes at the door.
    package static func individualNumber(_ digits: String, keys: KeyRing) -> HashChain {
        chain(keys, .number, framed("tsunagi individual number v1", [Array(digits.utf8)]))
    }

    /// A card by its certificate's issuer (DER) and serial.
    package static func card(issuer: [UInt8], serial: [UInt8], keys: KeyRing) -> HashChain {
        chain(keys, .card, framed("tsunagi card v1", [issuer, serial]))
    }

    /// The chain of an individual number that was kept, with the versions that have come since.
    package static func extended(_ byVersion: [[UInt8]], keys: KeyRing) -> HashChain {
        var hashes = byVersion
        for key in keys.all(.number).dropFirst(hashes.count) {
            if let last = hashes.last { hashes.append(wrap(last, in: key)) }
        }
        return HashChain(
            hashes, checks: Array(keys.checks(.number).prefix(hashes.count)),
            inUse: min(keys.current(.number).version, hashes.count))
    }

    /// One step of a rotation: what is stored under version n becomes what version n + 1 looks up.
    package static func wrap(_ stored: [UInt8], in key: KeyRing.Key) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: stored, using: key.secret))
    }

    /// The id by which one institution knows one resident: 16 bytes that no other institution's id
    /// can be matched with. Given ids outlive a rotation: each version's key makes its own.
    package static func pairwise(
        institution: Party, person: [UInt8], key: KeyRing.Key
    ) -> [UInt8] {
        PairwiseNaming(institution: institution, key: key).hash(of: person)
    }

    private static func chain(_ keys: KeyRing, _ name: KeyRing.Name, _ text: [UInt8]) -> HashChain {
        HashChain(
            wrapped(text, in: keys.all(name)), checks: keys.checks(name),
            inUse: keys.current(name).version)
    }

    /// 鍵の照合値: what a constant becomes under each version. Two folders agree on the one of a version only
    /// when they hold the same keys up to it.
    static func checks(_ name: KeyRing.Name, _ keys: [KeyRing.Key]) -> [[UInt8]] {
        wrapped(framed("tsunagi key check v1", [Array(name.rawValue.utf8)]), in: keys)
    }

    private static func wrapped(_ text: [UInt8], in keys: [KeyRing.Key]) -> [[UInt8]] {
        var hashes: [[UInt8]] = []
        for key in keys { hashes.append(wrap(hashes.last ?? text, in: key)) }
        return hashes
    }
}

/// 仮名付け: the ids of many by which one institution knows them, under one version of the key, which is taken
/// in once: with the institution's name it is most of what an id costs.
package struct PairwiseNaming: Sendable {
    private let begun: HMAC<SHA256>

    package init(institution: Party, key: KeyRing.Key) {
        var begun = HMAC<SHA256>(key: key.secret)
        begun.update(data: framed("tsunagi pairwise v1", [Array(institution.key.utf8)]))
        self.begun = begun
    }

    /// 16 bytes, as `KeyedHash.pairwise` says.
    package func hash(of person: [UInt8]) -> [UInt8] {
        var hash = begun
        hash.update(data: bigEndian(UInt64(person.count)) + person)
        return Array(hash.finalize().prefix(16))
    }
}

/// The purpose, then each part behind its length: no two lists of parts make the same bytes.
func framed(_ purpose: String, _ parts: [[UInt8]]) -> [UInt8] {
    var bytes = Array(purpose.utf8) + [0]
    for part in parts { bytes += bigEndian(UInt64(part.count)) + part }
    return bytes
}

func bigEndian(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * $0)) }
}
