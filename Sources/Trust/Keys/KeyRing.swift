package import Crypto
import FoundationEssentials

/// 鍵束: the secret keys of this gateway, one per use, each a file `<name>-<version>.key` of 32
/// random bytes outside the database. One version makes, the highest where nothing else is said;
/// all versions check.
package struct KeyRing: Sendable {
    /// One key, one use: a key that did two things could be asked for one and answer the other.
    package enum Name: String, CaseIterable, Sendable {
        /// Ed25519 seed of the log's checkpoints.
        case seal
        /// Bearer tokens of offices.
        case token
        /// Ids that an institution is given for a resident.
        case pairwise
        /// 個人番号: the office zone alone holds it.
        case number
        /// Card bindings.
        case card
        /// Nonces for a card to sign.
        case nonce
        /// P-256: 接種証明カード.
        case healthCard = "health-card"
        /// Ed25519 seed of the statements of what a body's rows are.
        case statement
        /// Ed25519 seed of the lines that tell bodies that something waits.
        case notice
    }

    package struct Key: Sendable {
        package let version: Int
        package let secret: SymmetricKey
    }

    package static let keyBytes = 32

    private let keys: [Name: [Key]]
    private let checks: [Name: [[UInt8]]]
    private var inUse: [Name: Int] = [:]

    private init(keys: [Name: [Key]]) {
        self.keys = keys
        checks = Dictionary(
            uniqueKeysWithValues: keys.map { ($0, KeyedHash.checks($0, $1)) })
    }

    /// The same keys, making with these versions: a newer one that is here already only checks.
    func making(with versions: [Name: Int]) -> KeyRing {
        var ring = self
        ring.inUse = versions
        return ring
    }

    /// Loads every version of the named keys and throws a sentence for the first thing wrong.
    package static func load(
        _ folder: String, names: Set<Name> = Set(Name.allCases)
    ) throws(FileProblem) -> KeyRing {
        var keys: [Name: [Key]] = [:]
        for name in Name.allCases where names.contains(name) {
            let versions = try versions(of: name, in: folder)
            guard let latest = versions.last else {
                throw FileProblem(
                    path(folder, name, 1), "is missing: create it with tsunagi pki keys")
            }
            // A stored hash is wrapped by every version since the first: a gap would lose them all.
            guard versions == Array(1...latest) else {
                throw FileProblem(folder, "lacks a version of \(name.rawValue) before \(latest)")
            }
            var loaded: [Key] = []
            for version in versions { loaded.append(try key(name, version, in: folder)) }
            keys[name] = loaded
        }
        return KeyRing(keys: keys)
    }

    /// Makes version 1 of each named key that has none yet.
    package static func create(
        _ folder: String, names: Set<Name> = Set(Name.allCases)
    ) throws(FileProblem) {
        try SecretFile.makeFolder(folder)
        for name in Name.allCases where names.contains(name) {
            guard try versions(of: name, in: folder).isEmpty else { continue }
            try SecretFile.create(path(folder, name, 1), randomBytes(keyBytes))
        }
    }

    /// Makes the next version's file; it makes nothing before it is taken into use.
    @discardableResult
    package static func rotate(_ folder: String, _ name: Name) throws(FileProblem) -> Int {
        guard let latest = try versions(of: name, in: folder).last else {
            throw FileProblem(path(folder, name, 1), "is missing, so there is nothing to rotate")
        }
        try SecretFile.create(path(folder, name, latest + 1), randomBytes(keyBytes))
        return latest + 1
    }

    /// Ascending by version, never empty for a name that was loaded.
    package func all(_ name: Name) -> [Key] {
        guard let keys = keys[name] else {
            preconditionFailure("the key \(name.rawValue) was not loaded in this process")
        }
        return keys
    }

    /// What makes.
    package func current(_ name: Name) -> Key {
        let keys = all(name)
        return keys[min(inUse[name] ?? keys.count, keys.count) - 1]
    }

    /// What was in use before what makes now, the latest first.
    package func former(_ name: Name) -> [Key] {
        all(name).prefix(current(name).version - 1).reversed()
    }

    package func latest(_ name: Name) -> Int { all(name).count }

    /// By version, the first first; they say which keys these are and nothing of the keys themselves.
    package func checks(_ name: Name) -> [[UInt8]] {
        guard let checks = checks[name] else {
            preconditionFailure("the key \(name.rawValue) was not loaded in this process")
        }
        return checks
    }

    package func holds(_ name: Name) -> Bool { keys[name] != nil }

    private static func path(_ folder: String, _ name: Name, _ version: Int) -> String {
        "\(folder)/\(name.rawValue)-\(version).key"
    }

    private static func versions(
        of name: Name, in folder: String
    ) throws(FileProblem) -> [Int] {
        let files: [String]
        do { files = try FileManager.default.contentsOfDirectory(atPath: folder) } catch {
            throw FileProblem(folder, "is not a folder that can be read")
        }
        return files.compactMap { file in
            guard file.hasPrefix(name.rawValue + "-"), file.hasSuffix(".key") else { return nil }
            let middle = file.dropFirst(name.rawValue.count + 1).dropLast(4)
            return Int(middle).flatMap { String($0) == middle && $0 > 0 ? $0 : nil }
        }.sorted()
    }

    private static func key(
        _ name: Name, _ version: Int, in folder: String
    ) throws(FileProblem) -> Key {
        let path = path(folder, name, version)
        let bytes = try SecretFile.read(path)
        guard bytes.count == keyBytes else {
            throw FileProblem(path, "must hold \(keyBytes) bytes, but holds \(bytes.count)")
        }
        return Key(version: version, secret: SymmetricKey(data: bytes))
    }
}

package func randomBytes(_ count: Int) -> [UInt8] {
    var generator = SystemRandomNumberGenerator()
    return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
}
