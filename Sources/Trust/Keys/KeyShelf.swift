import Synchronization

/// 鍵棚: the keys of this process as its folder holds them, read again without a restart, and with which
/// version of each the site makes. A folder that does not serve leaves the last good keys in place.
package final class KeyShelf: Sendable {
    /// What the site says of the version it makes with.
    package struct InUse: Hashable, Sendable {
        package let version: Int
        /// 鍵の照合値; `nil` while nobody has said it.
        package let check: [UInt8]?

        package init(version: Int, check: [UInt8]?) {
            self.version = version
            self.check = check
        }
    }

    private struct State {
        var ring: KeyRing
        var inUse: [KeyRing.Name: InUse] = [:]

        func holds(_ name: KeyRing.Name) -> Bool {
            guard let inUse = inUse[name] else { return true }
            let checks = ring.checks(name)
            return checks.count >= inUse.version
                && (inUse.check == nil || checks[inUse.version - 1] == inUse.check)
        }

        mutating func take(_ ring: KeyRing) {
            self.ring = ring.making(with: inUse.mapValues(\.version))
        }
    }

    private let folder: String
    private let names: Set<KeyRing.Name>
    private let state: Mutex<State>

    package init(
        _ folder: String, names: Set<KeyRing.Name> = Set(KeyRing.Name.allCases)
    ) throws(FileProblem) {
        self.folder = folder
        self.names = names
        state = Mutex(State(ring: try KeyRing.load(folder, names: names)))
    }

    /// What makes with the versions in use and checks with all there are.
    package var ring: KeyRing { state.withLock { $0.ring } }

    /// Takes over what was added to the folder.
    package func reload() throws(FileProblem) {
        let ring = try KeyRing.load(folder, names: names)
        state.withLock { $0.take(ring) }
    }

    /// From now on the site makes with these versions. Reads the folder again when one is not there
    /// yet; what lacks even then is told by `lacking`.
    package func use(_ versions: [KeyRing.Name: InUse]) throws(FileProblem) {
        state.withLock { state in
            guard state.inUse != versions else { return }
            state.inUse = versions
            state.take(state.ring)
        }
        if !lacking.isEmpty { try reload() }
    }

    /// Keys that the folder does not hold as the site uses them, in order: the version in use is not there,
    /// or is another key.
    package var lacking: [KeyRing.Name] {
        state.withLock { state in
            names.filter { !state.holds($0) }.sorted { $0.rawValue < $1.rawValue }
        }
    }

    /// 鍵の照合値 of each key by its name, version by version.
    package var checks: [String: [[UInt8]]] {
        state.withLock { state in
            Dictionary(
                uniqueKeysWithValues: names.map { ($0.rawValue, state.ring.checks($0)) })
        }
    }

    /// How many versions of each there are here.
    package var held: [KeyRing.Name: Int] {
        state.withLock { state in
            Dictionary(uniqueKeysWithValues: names.map { ($0, state.ring.latest($0)) })
        }
    }
}
