import Logging
package import Postgres

/// How much the ledger does at once. PostgreSQL's `max_connections` must hold, for each gateway, what
/// `connections` says.
package struct LedgerLimits: Sendable {
    /// Single reads and writes. On two cores more connections only wait for each other.
    package let gateway: Pool.Limits
    package let office: Pool.Limits
    /// 512 entries of about 500 bytes are 256 kB: one write of the log, about 2 ms at 250,000
    /// rows/s.
    package let batchMax: Int
    /// 4,096 waiting at 8,000 answers/s is half a second: past that a caller is better told to come
    /// back.
    package let laneQueueMax: Int
    package let laneTimeoutMilliseconds: Int
    /// While PostgreSQL works on one batch of what is recorded (bills, doses, checkups) or of checks before
    /// the needle, the gateway decides another: each side takes about half of the time. The second thread
    /// begins only with many jobs, or after some milliseconds.
    package let recordThreads: Int

    /// Both pools, a connection of each lane's thread, the sealer and the offices' index:
    /// 10 + 4 + 3 + 4 × 2 + 1 + 1 = 27.
    package var connections: Int {
        gateway.connectionsMax + office.connectionsMax + 3 + 4 * recordThreads + 1 + 1
    }

    package static let standard = LedgerLimits(
        gateway: Pool.Limits(
            connectionsMax: 10, waitersMax: 1024, waitMilliseconds: 2_000,
            statementTimeoutMilliseconds: 5_000),
        office: Pool.Limits(
            connectionsMax: 4, waitersMax: 64, waitMilliseconds: 10_000,
            statementTimeoutMilliseconds: 60_000),
        batchMax: 512, laneQueueMax: 4096, laneTimeoutMilliseconds: 5_000,
        recordThreads: 2)
}

extension LedgerLimits {
    /// 一括の列: a lane of the gateway's role with these limits.
    func lane<Job: Sendable, Outcome: Sendable>(
        _ label: String, _ addresses: Ledger.Addresses, _ logger: Logger, _ mode: TransactionMode,
        threads: Int = 1, run: @escaping Lane<Job, Outcome>.Run
    ) -> Lane<Job, Outcome> {
        Lane(
            addresses.gateway, label: label, threads: threads, batchMax: batchMax,
            queueMax: laneQueueMax, statementTimeoutMilliseconds: laneTimeoutMilliseconds,
            logger: logger, mode: mode, run: run)
    }
}
