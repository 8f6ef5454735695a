import Postgres
import Synchronization
import TestSupport
import Testing

@Suite(.freshDatabase)
struct LaneTests {
    struct BadJob: Error, Equatable {}

    static let insert = Statement(
        """
        INSERT INTO entry (number) SELECT unnest($1::bigint[]) RETURNING position
        """)

    private static let numbers = Statement("SELECT n FROM unnest($1::bigint[]) n")
    private static let customPlans = Statement(
        "SELECT sum(custom_plans)::bigint FROM pg_prepared_statements")

    /// Jobs are numbers; each outcome is how many were in its batch.
    typealias Entries = Lane<Int, Int>

    @Test func `what arrives while a batch is flushed is the next batch`() async throws {
        let (pool, batches) = (try await Self.pool(), Batches())
        let lane = try Self.lane(batches)
        let sizes = try await Self.submitAll(0..<500, to: lane)
        #expect(sizes.count == 500)
        #expect(batches.all.flatMap(\.self).count == 500)
        #expect(batches.all.contains { $0.count > 1 })
        #expect(batches.all.allSatisfy { $0.count <= 64 })
        #expect(try await Self.stored(pool).sorted() == Array(0..<500))
        await lane.shutdown()
        await pool.shutdown()
    }

    /// Each follows the batch before it at once, so the lane gathers, and nobody else comes.
    @Test func `jobs that come one by one are answered, though the lane waits for more`()
        async throws
    {
        let (pool, batches) = (try await Self.pool(), Batches())
        let lane = try Self.lane(batches)
        for number in 0..<20 {
            #expect(try await lane.submit(number) == 1)
        }
        #expect(batches.all == (0..<20).map { [$0] })
        // Closing does not wait for more either: what is queued is run.
        async let last = lane.submit(20)
        try await eventually { lane.waiting > 0 || batches.begun == 21 }
        await lane.shutdown()
        #expect(try await last == 1)
        #expect(try await Self.stored(pool) == Array(0...20))
        await pool.shutdown()
    }

    /// The moment is half an hour here, so that nothing in this test ends it but the jobs themselves: a lane
    /// that did not gather would take the second job alone, and one that gathered at rest, or when it is
    /// closed, would not go on.
    @Test func `what follows a batch is gathered until there is enough of it`() async throws {
        let (pool, batches) = (try await Self.pool(), Batches())
        let lane = try Self.lane(
            batches, gathering: LaneGathering(from: 4, milliseconds: 1_800_000))
        try await withThrowingTaskGroup(of: Int.self) { group in
            // At rest: it goes alone, and at once.
            group.addTask { try await lane.submit(0) }
            try await Self.ends(lane) { batches.all == [[0]] }
            let first = try await group.next()
            #expect(first == 1)
            for number in 1...3 {
                group.addTask { try await lane.submit(number) }
                try await Self.ends(lane) { lane.waiting == number || batches.begun > 1 }
            }
            #expect(lane.waiting == 3 && batches.begun == 1)
            group.addTask { try await lane.submit(4) }
            try await Self.ends(lane) { batches.all == [[0], [1, 2, 3, 4]] }
            for _ in 1...4 {
                let size = try await group.next()
                #expect(size == 4)
            }
            // Gathering once more; whoever closes the lane has it go on with what there is.
            for number in 5...6 {
                group.addTask { try await lane.submit(number) }
                try await Self.ends(lane) { lane.waiting == number - 4 || batches.begun > 2 }
            }
            #expect(lane.waiting == 2 && batches.begun == 2)
            await lane.shutdown()
            for _ in 5...6 {
                let size = try await group.next()
                #expect(size == 2)
            }
        }
        #expect(batches.all == [[0], [1, 2, 3, 4], [5, 6]])
        #expect(try await Self.stored(pool) == Array(0...6))
        await pool.shutdown()
    }

    /// As `eventually`; a lane that does not go on is closed, so that nobody waits half an hour for it.
    private static func ends(_ lane: Entries, _ condition: () -> Bool) async throws {
        do {
            try await eventually { condition() }
        } catch {
            await lane.shutdown()
            throw error
        }
    }

    @Test func `jobs keep their order`() async throws {
        let (pool, batches, gate) = (try await Self.pool(), Batches(), Gate())
        let lane = try Self.lane(batches, gate: gate)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { gate.open() }
            for number in 0..<40 {
                group.addTask { _ = try await lane.submit(number) }
                // The first is taken at once and waits at the gate; the others queue behind it.
                try await eventually { batches.begun > 0 && lane.waiting == number }
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(batches.all == [[0], Array(1..<40)])
        #expect(try await Self.stored(pool) == Array(0..<40))
        await lane.shutdown()
        await pool.shutdown()
    }

    @Test func `a job that the server refuses fails alone`() async throws {
        let (pool, batches, gate) = (try await Self.pool(), Batches(), Gate())
        let lane = try Self.lane(batches, gate: gate)
        let expected = DatabaseError.server(sqlState: "23514", constraint: "entry_number_known")
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { gate.open() }
            for number in [1, 2, -3, 4, 5] {
                // The first is taken alone, the others are one batch.
                if number == 2 { try await eventually { batches.begun > 0 } }
                group.addTask {
                    if number < 0 {
                        await #expect(throws: expected) { try await lane.submit(number) }
                    } else {
                        _ = try await lane.submit(number)
                    }
                }
            }
            try await eventually { lane.waiting == 4 }
            gate.open()
            try await group.waitForAll()
        }
        #expect(batches.begun == 6)
        #expect(try await Self.stored(pool).sorted() == [1, 2, 4, 5])
        await lane.shutdown()
        await pool.shutdown()
    }

    @Test func `an outcome may be a failure while the batch commits`() async throws {
        let pool = try await Self.pool()
        let lane = try Lane<Int, Int>(
            FreshDatabase.address, label: "lane", batchMax: 10, queueMax: 100,
            statementTimeoutMilliseconds: 5_000, logger: TestPostgres.logger, mode: .readWrite
        ) { transaction, jobs in
            _ = try transaction.pipelineAndCommit([(Self.insert, [.ints(jobs)])])
            return jobs.map { $0 % 2 == 0 ? .success($0) : .failure(BadJob()) }
        }
        #expect(try await lane.submit(2) == 2)
        await #expect(throws: BadJob()) { try await lane.submit(3) }
        #expect(try await Self.stored(pool) == [2, 3])
        await lane.shutdown()
        await pool.shutdown()
    }

    @Test func `another number of outcomes than jobs fails, and commits nothing`() async throws {
        let pool = try await Self.pool()
        let lane = try Lane<Int, Int>(
            FreshDatabase.address, label: "lane", batchMax: 10, queueMax: 100,
            statementTimeoutMilliseconds: 5_000, logger: TestPostgres.logger, mode: .readWrite
        ) { transaction, jobs in
            try transaction.run(Self.insert, [.ints(jobs)])
            return []
        }
        await #expect(throws: DatabaseError.outcomesMismatch) { try await lane.submit(1) }
        #expect(try await Self.stored(pool) == [])
        await lane.shutdown()
        await pool.shutdown()
    }

    @Test func `the queue has an end, and shutdown drains it`() async throws {
        let (pool, batches, gate) = (try await Self.pool(), Batches(), Gate())
        let lane = try Self.lane(batches, gate: gate, queueMax: 3)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { gate.open() }
            group.addTask { _ = try await lane.submit(0) }
            try await eventually { batches.begun > 0 && lane.waiting == 0 }
            for number in 1...3 { group.addTask { _ = try await lane.submit(number) } }
            try await eventually { lane.waiting == 3 }
            await #expect(throws: PoolExhausted(label: "lane")) { try await lane.submit(4) }
            group.addTask { await lane.shutdown() }
            try await eventually {
                do {
                    _ = try await lane.submit(5)
                    return false
                } catch { return error as? DatabaseError == .shutDown }
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(try await Self.stored(pool).sorted() == [0, 1, 2, 3])
        await lane.shutdown()
        await pool.shutdown()
    }

    @Test func `a read-only lane answers many with one statement`() async throws {
        let pool = try await Self.pool()
        let lane = try Lane<Int, Int>(
            FreshDatabase.address, label: "reads", batchMax: 100, queueMax: 1_000,
            statementTimeoutMilliseconds: 5_000, logger: TestPostgres.logger, mode: .readOnly
        ) { transaction, jobs in
            let square = Statement(
                "SELECT x * x FROM unnest($1::bigint[]) WITH ORDINALITY u(x, n) ORDER BY n")
            return try transaction.pipelineAndCommit([(square, [.ints(jobs)])])[0]
                .map { .success(try $0.int(0)) }
        }
        let squares = try await Self.submitAll(0..<300, to: lane)
        #expect(squares.allSatisfy { $0.value == $0.key * $0.key })
        await lane.shutdown()
        await pool.shutdown()
    }

    @Test func `a second thread takes what comes while the first waits, and shutdown ends both`()
        async throws
    {
        let (pool, batches, gate) = (try await Self.pool(), Batches(), Gate())
        let lane = try Self.lane(batches, gate: gate, threads: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            defer { gate.open() }
            for number in 0..<3 {
                group.addTask { _ = try await lane.submit(number) }
                try await eventually { batches.begun == min(number + 1, 2) }
            }
            try await eventually { lane.waiting == 1 }
            group.addTask { await lane.shutdown() }
            gate.open()
            try await group.waitForAll()
        }
        #expect(batches.all.map(\.count) == [1, 1, 1])
        #expect(try await Self.stored(pool).sorted() == [0, 1, 2])
        await #expect(throws: DatabaseError.shutDown) { try await lane.submit(4) }
        await pool.shutdown()
    }

    @Test func `its statements are planned for any values, and once`() async throws {
        let lane = try Entries(
            FreshDatabase.address, label: "lane", batchMax: 64, queueMax: 100,
            statementTimeoutMilliseconds: 20_000, logger: TestPostgres.logger, mode: .readWrite
        ) { transaction, jobs in
            _ = try transaction.query(Self.numbers, [.ints(jobs)])
            let custom = try transaction.pipelineAndCommit([(Self.customPlans, [])])[0][0].int(0)
            return jobs.map { _ in .success(custom) }
        }
        for job in 0..<8 { #expect(try await lane.submit(job) == 0) }
        // A second later they are planned anew, and everything is as it was.
        try await Task.sleep(for: .milliseconds(1_100))
        #expect(try await lane.submit(9) == 0)
        await lane.shutdown()
    }

    static func lane(
        _ batches: Batches, gate: Gate? = nil, threads: Int = 1, queueMax: Int = 1_000,
        gathering: LaneGathering = .usual
    ) throws -> Entries {
        try Entries(
            FreshDatabase.address, label: "lane", threads: threads, batchMax: 64,
            queueMax: queueMax, gathering: gathering,
            statementTimeoutMilliseconds: 20_000, logger: TestPostgres.logger, mode: .readWrite
        ) { transaction, jobs in
            batches.begin()
            gate?.wait()
            _ = try transaction.pipelineAndCommit([(insert, [.ints(jobs)])])
            batches.add(jobs)
            return jobs.map { _ in .success(jobs.count) }
        }
    }

    static func pool() async throws -> Pool {
        let pool = try Pool(
            FreshDatabase.address, limits: .init(connectionsMax: 1, waitMilliseconds: 30_000),
            label: "look", logger: TestPostgres.logger)
        try await pool.transaction { transaction in
            try transaction.script(
                """
                CREATE TABLE entry (
                    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    number bigint CONSTRAINT entry_number_known CHECK (number >= 0))
                """)
        }
        return pool
    }

    static func stored(_ pool: Pool) async throws -> [Int] {
        try await pool.transaction(.readOnly) { transaction in
            try transaction.query(Statement("SELECT number FROM entry ORDER BY position"))
                .map { try $0.int(0) }
        }
    }

    static func submitAll(_ jobs: Range<Int>, to lane: Entries) async throws -> [Int: Int] {
        try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for job in jobs { group.addTask { (job, try await lane.submit(job)) } }
            return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
    }
}

/// What a lane's `run` was given.
final class Batches: Sendable {
    private let state = Mutex<(begun: Int, all: [[Int]])>((0, []))

    var begun: Int { state.withLock { $0.begun } }
    var all: [[Int]] { state.withLock { $0.all } }

    func begin() { state.withLock { $0.begun += 1 } }
    func add(_ jobs: [Int]) { state.withLock { $0.all.append(jobs) } }
}
