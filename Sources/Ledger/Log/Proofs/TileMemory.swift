import Synchronization

/// 升の控え: tiles of the tree that proofs were made from, so that the next proof neither reads nor hashes
/// them again.
///
/// It is a cache for the lists of residents alone, whose every proof is held against the root of its
/// checkpoint before it leaves (`SignedTree`). The sealer, the auditor's command and what witnesses ask read
/// the database, so that no change of it is hidden from them.
package final class TileMemory: Sendable {
    /// 510 nodes of 32 bytes are 16 kB a tile: 8 MB. A proof needs two tiles for each level of tiles: those
    /// of the right edge and of the upper levels are always here, and some 500 of the leaves' own, where
    /// the newest entries of residents who look again are.
    package static let tilesMax = 512

    private struct Remembered {
        var nodes: TileNodes
        /// The turn in which it was last needed.
        var turn: UInt64
    }

    private struct State {
        var tiles: [TileID: Remembered] = [:]
        var turn: UInt64 = 0
    }

    private let tilesMax: Int
    private let state = Mutex(State())

    package init(tilesMax: Int = TileMemory.tilesMax) {
        self.tilesMax = tilesMax
    }

    /// Those of the tiles that are remembered, each with as many of its hashes as are known: fewer, as many
    /// or more than the asked tree has of it.
    package func tiles(_ ids: Set<TileID>) -> [TileID: TileNodes] {
        state.withLock { state -> [TileID: TileNodes] in
            state.turn += 1
            var found: [TileID: TileNodes] = [:]
            for id in ids {
                guard let nodes = state.tiles[id]?.nodes else { continue }
                state.tiles[id]?.turn = state.turn
                found[id] = nodes
            }
            return found
        }
    }

    /// Of two readings of one tile the longer one stays: the other is its beginning. What was not needed for
    /// longest makes room.
    package func keep(_ tiles: [TileID: TileNodes]) {
        state.withLock { state in
            state.turn += 1
            for (id, nodes) in tiles where state.tiles[id]?.nodes.count ?? 0 < nodes.count {
                state.tiles[id] = Remembered(nodes: nodes, turn: state.turn)
            }
            while state.tiles.count > tilesMax,
                let longest = state.tiles.min(by: { $0.value.turn < $1.value.turn })?.key
            {
                state.tiles[longest] = nil
            }
        }
    }

    /// Whatever is there of these tiles was not what the log has.
    package func forget(_ ids: Set<TileID>) {
        state.withLock { state in
            for id in ids { state.tiles[id] = nil }
        }
    }

    package var count: Int { state.withLock { $0.tiles.count } }
}
