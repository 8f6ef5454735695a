import Synchronization

/// 鍵棚: the keys of this process as its folder holds them, read again without a restart, and with which
/// version of each the site makes. A folder that does not serve leaves the last good keys in place.
package final class KeyShelf: Sendable {
    private struct State {
        var ring: KeyRing
        var inUse: [KeyRing.Name: Int] = [:]
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
        state.withLock { $0.ring = ring.making(with: $0.inUse) }
    }

    /// From now on the site makes with these versions. Reads the folder again when one is not there
    /// yet; what lacks even then is told by `lacking`.
    package func use(_ versions: [KeyRing.Name: Int]) throws(FileProblem) {
        state.withLock { state in
            guard state.inUse != versions else { return }
            state.inUse = versions
            state.ring = state.ring.making(with: versions)
        }
        if !lacking.isEmpty { try reload() }
    }

    /// Keys of which the version in use is not in the folder, in order.
    package var lacking: [KeyRing.Name] {
        state.withLock { state in
            names.filter { state.ring.latest($0) < state.inUse[$0] ?? 1 }
                .sorted { $0.rawValue < $1.rawValue }
        }
    }

    /// How many versions of each there are here.
    package var held: [KeyRing.Name: Int] {
        state.withLock { state in
            Dictionary(uniqueKeysWithValues: names.map { ($0, state.ring.latest($0)) })
        }
    }
}
