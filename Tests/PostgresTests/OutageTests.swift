import Postgres
import TestSupport
import Testing

/// Servers of their own, stopped, killed and started again in mid-life.
@Suite(.serialized)
struct OutageTests {
    static let insert = Statement("INSERT INTO entry (number) VALUES ($1)")
    static let all = Statement("SELECT number FROM entry ORDER BY number")

    @Test func `a restart between transactions is not noticed`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            let pool = try await Self.pool(cluster)
            try await Self.add(1, pool)
            try cluster.stop()
            try cluster.start()
            try await Self.add(2, pool)
            try cluster.kill()
            try cluster.start()
            try await Self.add(3, pool)
            #expect(try await Self.numbers(pool) == [1, 2, 3])
            await pool.shutdown()
        }
    }

    @Test func `a short outage is waited out, a long one is told`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            let patient = try await Self.pool(cluster)
            let hasty = Self.pool(cluster, waitMilliseconds: 100)
            try cluster.stop()
            await #expect(throws: DatabaseError.unreachable) {
                try await hasty.transaction { _ in }
            }
            async let added: Void = Self.add(1, patient)
            try await eventually { patient.statistics.busy == 1 }
            try cluster.start()
            try await added
            #expect(try await Self.numbers(hasty) == [1])
            await patient.shutdown()
            await hasty.shutdown()
        }
    }

    @Test func `why a server is away is said once, and again the next time`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            let log = LineLog()
            let pool = Pool(
                cluster.address(), limits: .init(connectionsMax: 1, waitMilliseconds: 300),
                label: "told", logger: log.logger)
            func told() -> [String] {
                log.all.filter { $0.hasPrefix("database connection refused") }
            }
            try cluster.stop()
            for _ in 0..<3 {
                await #expect(throws: DatabaseError.unreachable) {
                    try await pool.transaction { _ in }
                }
            }
            #expect(told().count == 1)
            #expect(told().allSatisfy { !$0.contains("\n") && $0.contains("reason=") })
            try cluster.start()
            try await eventually { (try? await pool.transaction { _ in true }) ?? false }
            let before = told().count
            try cluster.stop()
            await #expect(throws: DatabaseError.unreachable) {
                try await pool.transaction { _ in }
            }
            #expect(told().count > before)
            await pool.shutdown()
        }
    }

    @Test func `a server killed in mid-transaction loses it, and says so`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            let pool = try await Self.pool(cluster)
            await #expect(throws: DatabaseError.connectionLost) {
                try await pool.transaction { transaction in
                    try transaction.run(Self.insert, [.int(1)])
                    try cluster.kill()
                    try transaction.run(Self.insert, [.int(2)])
                }
            }
            await #expect(throws: DatabaseError.commitUnknown) {
                try cluster.start()
                try await pool.transaction { transaction in
                    try transaction.run(Self.insert, [.int(3)])
                    try cluster.kill()
                }
            }
            try cluster.start()
            #expect(try await Self.numbers(pool) == [])
            await pool.shutdown()
        }
    }

    @Test func `what was acknowledged outlives SIGKILL`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            let pool = try await Self.pool(cluster)
            let lane = Self.lane(cluster)
            var acknowledged: Set<Int> = []
            for round in 0..<3 {
                try await withThrowingTaskGroup(of: Int?.self) { group in
                    for job in 0..<400 {
                        let number = round * 1_000 + job
                        group.addTask { try? await lane.submit(number) }
                    }
                    var count = 0
                    for try await number in group {
                        if let number { acknowledged.insert(number) }
                        count += 1
                        if count == 20 { try cluster.kill() }
                        if count == 21 { try cluster.start() }
                    }
                }
                let stored = Set(try await Self.numbers(pool))
                #expect(acknowledged.isSubset(of: stored))
                #expect(try await lane.submit(round * 1_000 + 999) == round * 1_000 + 999)
                acknowledged.insert(round * 1_000 + 999)
            }
            #expect(acknowledged.count >= 63)
            await lane.shutdown()
            await pool.shutdown()
        }
    }

    @Test func `a connection lost before commit is tried again by a lane, once`() async throws {
        try await TestPostgres.withOwnCluster { cluster in
            let pool = try await Self.pool(cluster)
            let attempts = Batches()
            let lane = Lane<Int, Int>(
                cluster.address(), label: "lane", batchMax: 8, queueMax: 8,
                statementTimeoutMilliseconds: 5_000, logger: TestPostgres.logger, mode: .readWrite
            ) { transaction, jobs in
                attempts.add(jobs)
                try transaction.run(Self.insert, [.int(jobs[0])])
                if attempts.all.count == 1 {
                    // The server ends this very connection.
                    _ = try transaction.query(
                        Statement("SELECT pg_terminate_backend(pg_backend_pid())"))
                }
                return jobs.map { .success($0) }
            }
            #expect(try await lane.submit(5) == 5)
            #expect(attempts.all == [[5], [5]])
            #expect(try await Self.numbers(pool) == [5])
            await lane.shutdown()
            await pool.shutdown()
        }
    }

    @Test func `a commit that no replica has is of unknown outcome`() async throws {
        let settings = ["synchronous_standby_names": "replica"]
        try await TestPostgres.withOwnCluster(settings: settings) { cluster in
            let (pool, other) = (
                Self.pool(cluster, label: "waits"), Self.pool(cluster, label: "other")
            )
            let create = Statement("CREATE TABLE entry (number bigint PRIMARY KEY)")
            try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask { try await pool.transaction { try $0.run(create) } }
                try await eventually { try await Self.cancelCommit(of: "waits", other) }
                await #expect(throws: DatabaseError.commitUnknown) { try await group.next() }
            }
            await pool.shutdown()
            await other.shutdown()
        }
    }

    /// An administrator's cancel ends the wait for the replica with a mere warning.
    private static func cancelCommit(of label: String, _ pool: Pool) async throws -> Bool {
        let cancel = Statement(
            """
            SELECT pg_cancel_backend(pid) FROM pg_stat_activity
            WHERE application_name = $1 AND wait_event = 'SyncRep'
            """)
        return try await pool.transaction(.readOnly) { transaction in
            try transaction.query(cancel, [.text(label)]).count == 1
        }
    }

    private static func lane(_ cluster: PrivateCluster) -> Lane<Int, Int> {
        Lane(
            cluster.address(), label: "lane", batchMax: 16, queueMax: 1_000,
            statementTimeoutMilliseconds: 5_000, logger: TestPostgres.logger, mode: .readWrite
        ) { transaction, jobs in
            let insert = Statement("INSERT INTO entry (number) SELECT unnest($1::bigint[])")
            _ = try transaction.pipelineAndCommit([(insert, [.ints(jobs)])])
            return jobs.map { .success($0) }
        }
    }

    private static func pool(_ cluster: PrivateCluster) async throws -> Pool {
        let pool = pool(cluster, label: "outage")
        try await pool.transaction { transaction in
            try transaction.script("CREATE TABLE entry (number bigint PRIMARY KEY)")
        }
        return pool
    }

    private static func pool(
        _ cluster: PrivateCluster, label: String = "outage", waitMilliseconds: Int = 30_000
    ) -> Pool {
        Pool(
            cluster.address(),
            limits: .init(
                connectionsMax: 1, waitMilliseconds: waitMilliseconds,
                statementTimeoutMilliseconds: 20_000),
            label: label, logger: TestPostgres.logger)
    }

    private static func add(_ number: Int, _ pool: Pool) async throws {
        try await pool.transaction { try $0.run(insert, [.int(number)]) }
    }

    private static func numbers(_ pool: Pool) async throws -> [Int] {
        try await pool.transaction(.readOnly) { try $0.query(all).map { try $0.int(0) } }
    }
}
