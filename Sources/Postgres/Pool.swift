package import Logging

/// Connections shared by many callers, each on a thread of its own: at most so many connections, at
/// most so many waiting, and nobody waits longer than the limit.
package final class Pool: Sendable {
    package struct Limits: Sendable {
        /// PostgreSQL does best with about two busy connections a core, and one gateway must leave
        /// room for others under `max_connections` (100): 8 = 2 × 4 cores.
        package var connectionsMax: Int
        /// A caller of 5 ms on one of 8 connections makes 1,600 a second: 256 wait 160 ms at most.
        package var waitersMax: Int
        /// Longer than a restart of the server takes, shorter than callers' patience (5 s).
        package var waitMilliseconds: Int
        /// A thousand times an ordinary statement's 5 ms.
        package var statementTimeoutMilliseconds: Int
        /// A connection unused for a minute is given back to the server: 10 MB each.
        package var idleMilliseconds: Int
        /// Less than a statement's time, so that a lock that never comes is told apart (55P03).
        package var lockTimeoutMilliseconds: Int { max(1, statementTimeoutMilliseconds * 4 / 5) }
        /// A closure that thinks longer than this, two statements' time if nothing else is said, holds locks
        /// for nothing: the server ends it.
        package var idleInTransactionMilliseconds: Int

        package init(
            connectionsMax: Int = 8, waitersMax: Int = 256, waitMilliseconds: Int = 3_000,
            statementTimeoutMilliseconds: Int = 5_000, idleMilliseconds: Int = 60_000,
            idleInTransactionMilliseconds: Int? = nil
        ) {
            self.connectionsMax = max(1, connectionsMax)
            self.waitersMax = waitersMax
            self.waitMilliseconds = waitMilliseconds
            self.statementTimeoutMilliseconds = statementTimeoutMilliseconds
            self.idleMilliseconds = idleMilliseconds
            self.idleInTransactionMilliseconds =
                idleInTransactionMilliseconds ?? 2 * statementTimeoutMilliseconds
        }
    }

    package struct Statistics: Sendable, Equatable {
        package var connections: Int
        package var busy: Int
        package var waiting: Int

        package init(connections: Int, busy: Int, waiting: Int) {
            self.connections = connections
            self.busy = busy
            self.waiting = waiting
        }
    }

    private let workers: PoolWorkers

    /// Opens nothing: the first transaction does.
    package init(_ address: Address, limits: Limits, label: String, logger: Logger) {
        workers = PoolWorkers(address, limits, label: label, logger: logger)
    }

    deinit {
        workers.close()
    }

    /// Runs `body` on a database thread inside a transaction: its return commits, and this returns
    /// only after the commit is acknowledged; its throw rolls back. Throws `PoolExhausted` when the
    /// queue is full or the wait limit passes. A cancelled task leaves the queue, or has its
    /// running statement cancelled; once COMMIT is under way the outcome is told as it is.
    @discardableResult
    package func transaction<R: Sendable>(
        _ mode: TransactionMode = .readWrite,
        _ body: @Sendable @escaping (inout Transaction) throws -> R
    ) async throws -> R {
        let request = PoolRequest()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                workers.submit(request) { session, deadline in
                    continuation.resume(
                        with: Result {
                            try session.transaction(mode, until: deadline, body)
                        })
                } orFail: { error in
                    continuation.resume(throwing: error)
                }
            }
        } onCancel: {
            workers.cancel(request)
        }
    }

    /// The server's settings by name, as `pg_settings` gives them; an unknown name is left out.
    package func settings(_ names: [String]) async throws -> [String: String] {
        try await transaction(.readOnly) { transaction in
            let rows = try transaction.pipelineAndCommit([(Self.settings, [.texts(names)])])[0]
            let pairs = try rows.map { row in try (row.text(0), row.text(1)) }
            return Dictionary(pairs) { first, _ in first }
        }
    }

    /// Refuses new transactions, lets those running and waiting end, and closes the connections.
    package func shutdown() async {
        await workers.shutdown()
    }

    package var statistics: Statistics { workers.statistics }

    private static let settings = Statement(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1::text[])")
}
