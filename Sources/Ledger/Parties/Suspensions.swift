package import Exchange
import Postgres
import Synchronization

/// 停止中の関係機関: who may not act at all, kept in memory for connections that are already open. Asked of
/// the database every second; every access asks it again for itself.
package final class Suspensions: Sendable {
    private struct State {
        var parties: Set<String> = []
        var epoch: UInt64 = 0
    }

    private let pool: Pool
    private let state = Mutex(State())

    init(_ pool: Pool) {
        self.pool = pool
    }

    /// Moves whenever the set has changed.
    package var epoch: UInt64 { state.withLock { $0.epoch } }

    package func contains(_ party: Party) -> Bool {
        state.withLock { $0.parties.contains(party.key) }
    }

    package func refresh() async throws {
        let parties = try await pool.transaction(.readOnly) { transaction -> Set<String> in
            let rows = try transaction.query(Self.select)
            return Set(try (0..<rows.count).map { try rows[$0].text(0) })
        }
        state.withLock { state in
            guard state.parties != parties else { return }
            state.parties = parties
            state.epoch += 1
        }
    }

    private static let select = Statement(
        "select party from exchange.party where suspended_at is not null")
}
