package import Exchange
import Postgres

/// What the log shows to everybody: checkpoints and how they follow from each other. It says
/// nothing of anyone.
extension Ledger {
    /// The newest signed note, or nothing before the first seal.
    package func checkpoint() async throws -> String? {
        try await gateway.transaction(.readOnly) { transaction in
            let rows = try transaction.query(
                Statement("select note from log.checkpoint order by size desc limit 1"))
            return rows.count == 0 ? nil : try rows[0].text(0)
        }
    }

    /// That the tree of `newSize` has all leaves of the tree of `oldSize`, in the same places.
    /// Throws `.recordUnknown` for sizes the log does not have.
    package func consistency(from oldSize: Int, to newSize: Int) async throws -> ConsistencyProof {
        try await gateway.transaction(.readOnly) { transaction in
            let head = try transaction.query(Statement("select size from log.head")).first
            guard let size = try head?.int(0) else { throw SealFault.headLacking }
            guard newSize <= size, oldSize <= newSize, oldSize >= 0 else {
                throw Refusal.recordUnknown
            }
            var tree = TileTree(size: newSize)
            var store = TileStore(size: newSize)
            try store.load(tree.tiles(forConsistencyFrom: oldSize), &transaction)
            let proof = try tree.consistencyProof(from: oldSize) {
                try store.tile($0, &transaction)
            }
            guard let proof else { throw Refusal.recordUnknown }
            return proof
        }
    }

    /// Database and gateway must agree on the time: the difference in microseconds.
    package func clockDrift(from now: @escaping @Sendable () -> Instant) async throws -> Int64 {
        try await gateway.transaction(.readOnly) { transaction in
            // The first statement brings BEGIN and perhaps a new connection; the second is one
            // round trip.
            _ = try transaction.query(Statement("select clock_timestamp()"))
            let before = now()
            let database = try transaction.query(Statement("select clock_timestamp()"))[0].instant(
                0)
            return abs(database - (before.microseconds + now().microseconds) / 2)
        }
    }
}
