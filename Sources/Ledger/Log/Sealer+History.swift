import Exchange
import Postgres

/// 一つの歴史: what was published stays true. A log goes on only where the last published checkpoint is
/// of it: a database that was set back, or another one, never gets a second history under the same name.
extension Sealer {
    /// The tree's edge as this sealer left it, only ever used where the head row has its root; and the
    /// published note that the tree was shown to go on from.
    struct Known: Sendable {
        var edge = TileEdge()
        var note: [UInt8]?
    }

    /// What was published last. Read before a round's transaction begins: the head of whatever is
    /// published was committed before that, by whichever sealer.
    struct Published: Sendable {
        let note: [UInt8]
        let checkpoint: Checkpoint

        /// Throws `SealFault.otherHistory` unless the tree of this edge begins with what was published.
        func require(beginning edge: TileEdge, _ transaction: inout Transaction) throws {
            guard checkpoint.size <= edge.size else { throw SealFault.otherHistory }
            var then = edge
            if checkpoint.size < edge.size {
                var reader = TileStore(size: edge.size)
                then = try TileEdge(size: checkpoint.size) { try reader.tile($0, &transaction) }
            }
            guard then.root == checkpoint.root else { throw SealFault.otherHistory }
        }
    }

    /// Nothing before the first checkpoint.
    func published(_ keys: SealKeys) throws -> Published? {
        guard let note = try outlet.latest() else { return nil }
        return Published(note: note, checkpoint: try keys.open(note))
    }
}
