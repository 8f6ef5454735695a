import Postgres
import TestSupport
import Testing

@Suite struct PoolTests {
    static let sleep = Statement("SELECT pg_sleep($1::float8)::text")

    @Test func `the queue has an end`() async throws {
        let pool = try Self.pool(.init(connectionsMax: 1, waitersMax: 2, waitMilliseconds: 30_000))
        let gate = Gate()
        async let holding = pool.transaction { _ in gate.wait() }
        try await eventually { pool.statistics.busy == 1 }
        async let first = pool.transaction { _ in 1 }
        async let second = pool.transaction { _ in 2 }
        try await eventually { pool.statistics.waiting == 2 }
        await #expect(throws: PoolExhausted(label: "pool")) { try await pool.transaction { _ in } }
        gate.open()
        _ = try await holding
        #expect(try await first + second == 3)
        await pool.shutdown()
    }

    @Test func `nobody waits longer than the limit`() async throws {
        let pool = try Self.pool(.init(connectionsMax: 1, waitersMax: 9, waitMilliseconds: 200))
        try await pool.transaction { _ in }
        // Its connection may come back a moment after its answer.
        try await eventually { pool.statistics.busy == 0 }
        let gate = Gate()
        async let holding = pool.transaction { _ in gate.wait() }
        try await eventually { pool.statistics.busy == 1 }
        let start = ContinuousClock.now
        await #expect(throws: PoolExhausted.self) { try await pool.transaction { _ in } }
        #expect(ContinuousClock.now - start >= .milliseconds(190))
        #expect(pool.statistics.waiting == 0)
        gate.open()
        _ = try await holding
        await pool.shutdown()
    }

    @Test func `connections are bounded, shared and closed when idle`() async throws {
        let pool = try Self.pool(
            .init(connectionsMax: 3, waitMilliseconds: 30_000, idleMilliseconds: 300))
        let seen = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<60 {
                group.addTask {
                    try await pool.transaction { transaction in
                        try transaction.query(Statement("SELECT pg_backend_pid()"))[0].int(0)
                    }
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect((1...3).contains(seen.count))
        try await eventually { pool.statistics.connections == 0 }
        #expect(try await pool.transaction { _ in 5 } == 5)
        await pool.shutdown()
    }

    @Test func `a cancelled task leaves the queue`() async throws {
        let pool = try Self.pool(.init(connectionsMax: 1, waitMilliseconds: 30_000))
        let gate = Gate()
        let ran = Flag()
        async let holding = pool.transaction { _ in gate.wait() }
        try await eventually { pool.statistics.busy == 1 }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await pool.transaction { _ in ran.raise() }
            }
            try await eventually { pool.statistics.waiting == 1 }
            group.cancelAll()
            await #expect(throws: CancellationError.self) { try await group.next() }
        }
        #expect(pool.statistics.waiting == 0)
        gate.open()
        _ = try await holding
        #expect(!ran.isRaised)
        await pool.shutdown()
    }

    @Test func `a cancelled task's statement is cancelled, and no other's`() async throws {
        let pool = try Self.pool(
            .init(
                connectionsMax: 1, waitMilliseconds: 100_000, statementTimeoutMilliseconds: 600_000)
        )
        for _ in 0..<5 {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await pool.transaction { transaction in
                        _ = try transaction.query(
                            Statement("SELECT pg_sleep(500)::text"))
                    }
                }
                try await eventually { pool.statistics.busy == 1 }
                try await Task.sleep(for: .milliseconds(50))
                group.cancelAll()
                await #expect(throws: CancellationError.self) { try await group.next() }
            }
            // On the one connection: had it gone on sleeping, this would wait in vain.
            let pid = try await pool.transaction { transaction in
                try transaction.query(Statement("SELECT pg_sleep(0.05)::text, 7"))[0].int(1)
            }
            #expect(pid == 7)
        }
        await pool.shutdown()
    }

    @Test func `cancelling some never disturbs the others`() async throws {
        let pool = try Self.pool(
            .init(
                connectionsMax: 2, waitersMax: 1_000, waitMilliseconds: 60_000,
                statementTimeoutMilliseconds: 60_000))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<300 {
                let task = Task {
                    try await pool.transaction { transaction in
                        let statement = Statement("SELECT pg_sleep(0.002)::text, $1::int8")
                        return try transaction.query(statement, [.int(number)])[0].int(1)
                    }
                }
                group.addTask {
                    guard number % 3 == 0 else {
                        #expect(try await task.value == number)
                        return
                    }
                    // Meets tasks that wait, that run, and that are about to commit.
                    try await Task.sleep(for: .microseconds(number * 1_300))
                    task.cancel()
                    switch await task.result {
                    case .success(let value): #expect(value == number)
                    case .failure(let error): #expect(error is CancellationError)
                    }
                }
            }
            try await group.waitForAll()
        }
        await pool.shutdown()
    }

    @Test func `a task cancelled before it begins runs nothing`() async throws {
        let pool = try Self.pool(.init(connectionsMax: 1))
        let ran = Flag()
        await withTaskGroup(of: Void.self) { group in
            group.cancelAll()
            group.addTask {
                await #expect(throws: CancellationError.self) {
                    try await pool.transaction { _ in ran.raise() }
                }
            }
        }
        #expect(!ran.isRaised)
        #expect(pool.statistics.connections == 0)
        await pool.shutdown()
    }

    @Test func `a statement has a time limit, and the connection lives on`() async throws {
        let pool = try Self.pool(
            .init(
                connectionsMax: 1, waitMilliseconds: 30_000, statementTimeoutMilliseconds: 2_000,
                idleInTransactionMilliseconds: 60_000))
        let pid = Statement("SELECT pg_backend_pid()")
        let before = try await pool.transaction { try $0.query(pid)[0].int(0) }
        await #expect(throws: DatabaseError.server(sqlState: "57014", constraint: nil)) {
            try await pool.transaction { transaction in
                _ = try transaction.query(Statement("SELECT pg_sleep(60)::text"))
            }
        }
        #expect(try await pool.transaction { try $0.query(pid)[0].int(0) } == before)
        await pool.shutdown()
    }

    @Test func `the settings are told, unknown ones left out`() async throws {
        let pool = try Self.pool(.init(statementTimeoutMilliseconds: 4_000))
        let settings = try await pool.settings(
            ["fsync", "statement_timeout", "lock_timeout", "application_name", "no_such"])
        #expect(
            settings == [
                "fsync": "on", "statement_timeout": "4000", "lock_timeout": "3200",
                "application_name": "pool",
            ])
        await pool.shutdown()
    }

    @Test func `after shutdown nothing is taken, and what runs ends first`() async throws {
        let pool = try Self.pool(.init(connectionsMax: 1, waitMilliseconds: 50))
        let gate = Gate()
        async let holding = pool.transaction { _ in
            gate.wait()
            return 9
        }
        try await eventually { pool.statistics.busy == 1 }
        async let ended: Void = pool.shutdown()
        try await eventually {
            do {
                try await pool.transaction { _ in }
                return false
            } catch { return error as? DatabaseError == .shutDown }
        }
        gate.open()
        #expect(try await holding == 9)
        await ended
        #expect(pool.statistics == .init(connections: 0, busy: 0, waiting: 0))
    }

    @Test func `an address that leads nowhere is unreachable`() async throws {
        let pool = Pool(
            Address("host=/nonexistent dbname=x"), limits: .init(waitMilliseconds: 100),
            label: "nowhere", logger: TestPostgres.logger)
        await #expect(throws: DatabaseError.unreachable) { try await pool.transaction { _ in } }
        await pool.shutdown()
        let malformed = Pool(
            Address("no keyword"), limits: .init(), label: "nowhere", logger: TestPostgres.logger)
        await #expect(throws: DatabaseError.address) { try await malformed.transaction { _ in } }
        await malformed.shutdown()
    }

    @Test func `a password is never printed`() {
        for text in ["host=h user=u password=geheim", "postgresql://u:geheim@h/d"] {
            let address = Address(text).with(password: "geheim2").with(database: "d")
            var dumped = ""
            dump(["a": address], to: &dumped)
            for printed in ["\(address)", String(reflecting: address), dumped] {
                #expect(!printed.contains("geheim"))
            }
            #expect("\(address)" == "host=h dbname=d user=u")
        }
    }

    static func pool(_ limits: Pool.Limits) throws -> Pool {
        try Pool(
            TestPostgres.cluster().address(), limits: limits, label: "pool",
            logger: TestPostgres.logger)
    }
}
