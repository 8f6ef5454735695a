package import Exchange
import Postgres
import Synchronization

/// 見張り: what connections that are already open must know of the registry, kept in memory: who is
/// suspended, and to whom certificates that name nobody are registered. Asked of the database every
/// second; every access asks a party's standing again for itself.
package final class PartyWatch: Sendable {
    private struct State {
        var suspended: Set<String> = []
        var certificates: Set<RegisteredCertificate> = []
        var epoch: UInt64 = 0
    }

    private let pool: Pool
    private let state = Mutex(State())

    init(_ pool: Pool) {
        self.pool = pool
    }

    /// Moves whenever anything of it has changed.
    package var epoch: UInt64 { state.withLock { $0.epoch } }

    package var certificates: Set<RegisteredCertificate> { state.withLock { $0.certificates } }

    package func isSuspended(_ party: Party) -> Bool {
        state.withLock { $0.suspended.contains(party.key) }
    }

    package func refresh() async throws {
        let (suspended, certificates) = try await pool.transaction(.readOnly) { transaction in
            let rows = try transaction.pipelineAndCommit([
                (Self.selectSuspended, []), (RegisteredCertificate.selectStanding, []),
            ])
            return (
                Set(try rows[0].map { try $0.text(0) }),
                Set(try rows[1].map(RegisteredCertificate.init))
            )
        }
        state.withLock { state in
            guard state.suspended != suspended || state.certificates != certificates else { return }
            state.suspended = suspended
            state.certificates = certificates
            state.epoch += 1
        }
    }

    private static let selectSuspended = Statement(
        "select party from exchange.party where suspended_at is not null")
}
