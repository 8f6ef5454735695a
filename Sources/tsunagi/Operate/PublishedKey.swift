import ArgumentParser
import Trust

/// 公開する鍵: how the public half of one of the gateway's keys is asked for, to be given to those who hold
/// its signatures against it.
struct PublishedKey: ParsableArguments {
    @Option(help: "The gateway's key folder.") var keys = "keys"
    @Option(help: "The log's name (log.origin).") var origin: String
    @Option(help: "Which version, after a rotation.") var version = 1

    func key(_ name: KeyRing.Name) throws -> KeyRing.Key {
        try KeyRing.key(name, version: version, in: keys)
    }
}

extension KeyRing {
    /// One version of one key, for a command that needs no other.
    static func key(_ name: Name, version: Int, in folder: String) throws -> Key {
        let ring = try load(folder, names: [name])
        guard let key = ring.all(name).first(where: { $0.version == version }) else {
            throw ValidationError("There is no \(name.rawValue)-\(version).key in \(folder).")
        }
        return key
    }
}
