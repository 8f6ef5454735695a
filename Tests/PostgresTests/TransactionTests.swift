import Postgres
import TestSupport
import Testing

@Suite(.freshDatabase)
struct TransactionTests {
    static let insert = Statement("INSERT INTO note (number, body) VALUES ($1, $2)")
    static let count = Statement("SELECT count(*) FROM note")

    @Test func `a return commits and a throw rolls back`() async throws {
        struct Change: Error {}
        let pool = try await Self.pool()
        let affected = try await pool.transaction { transaction in
            try transaction.run(Self.insert, [.int(1), .text("kept")])
        }
        #expect(affected == 1)
        await #expect(throws: Change.self) {
            try await pool.transaction { transaction in
                try transaction.run(Self.insert, [.int(2), .text("not kept")])
                throw Change()
            }
        }
        #expect(try await Self.numbers(pool) == [1])
        await pool.shutdown()
    }

    @Test func `an error names its rule and holds no data`() async throws {
        let pool = try await Self.pool()
        let secret = "花子0123456789"
        for (number, constraint, sqlState) in [
            (1, "note_number_once", "23505"), (-1, "note_number_positive", "23514"),
        ] {
            let error = await #expect(throws: DatabaseError.self) {
                try await pool.transaction { transaction in
                    try transaction.run(Self.insert, [.int(1), .text("first")])
                    try transaction.run(Self.insert, [.int(number), .text(secret)])
                }
            }
            #expect(error == .server(sqlState: sqlState, constraint: constraint))
            var dumped = ""
            dump(error, to: &dumped)
            #expect(!dumped.contains(secret) && !"\(error as Any)".contains(secret))
            #expect(error?.description.contains(constraint) == true)
        }
        #expect(try await Self.numbers(pool) == [])
        await pool.shutdown()
    }

    @Test func `a swallowed error still fails the transaction`() async throws {
        let pool = try await Self.pool()
        await #expect(throws: DatabaseError.server(sqlState: "22012", constraint: nil)) {
            try await pool.transaction { transaction in
                try transaction.run(Self.insert, [.int(1), .text("a")])
                _ = try? transaction.run(Statement("SELECT 1 / 0"))
            }
        }
        #expect(try await Self.numbers(pool) == [])
        await pool.shutdown()
    }

    @Test func `a deferred rule fails the commit`() async throws {
        let pool = try await Self.pool()
        let expected = DatabaseError.server(sqlState: "23503", constraint: "note_parent_known")
        let orphan = Statement("INSERT INTO note (number, body, parent) VALUES ($1, 'x', 99)")
        await #expect(throws: expected) {
            try await pool.transaction { try $0.run(orphan, [.int(1)]) }
        }
        for steps in [[(orphan, [Value.int(2)])], [(orphan, [.int(3)]), (Self.count, [])]] {
            await #expect(throws: expected) {
                try await pool.transaction { try $0.pipelineAndCommit(steps).count }
            }
        }
        #expect(try await Self.numbers(pool) == [])
        await pool.shutdown()
    }

    @Test func `a pipeline answers in order`() async throws {
        let pool = try await Self.pool()
        let counts = try await pool.transaction { transaction in
            let answers = try transaction.pipeline(
                [
                    (Self.insert, [.int(1), .text("a")]), (Self.count, []),
                    (Self.insert, [.int(2), .text("b")]), (Self.count, []),
                ])
            return try [answers[1][0].int(0), answers[3][0].int(0), answers[0].affected]
        }
        #expect(counts == [1, 2, 1])
        await pool.shutdown()
    }

    @Test func `a failing middle step fails the pipeline and the transaction`() async throws {
        let pool = try await Self.pool()
        await #expect(throws: DatabaseError.server(sqlState: "22012", constraint: nil)) {
            try await pool.transaction { transaction in
                try transaction.run(Self.insert, [.int(7), .text("before")])
                let divide = Statement("SELECT 1 / $1::int8")
                _ = try? transaction.pipeline(
                    [
                        (Self.insert, [.int(1), .text("a")]), (divide, [.int(0)]),
                        (Self.insert, [.int(2), .text("b")]),
                    ])
                _ = try transaction.query(Self.count)
            }
        }
        #expect(try await Self.numbers(pool) == [])
        #expect(pool.statistics.connections == 1)
        await pool.shutdown()
    }

    @Test func `one round trip begins, works and commits, and nothing follows`() async throws {
        let pool = try await Self.pool()
        let counted = try await pool.transaction { transaction in
            let answers = try transaction.pipelineAndCommit(
                [(Self.insert, [.int(1), .text("a")]), (Self.count, [])])
            #expect(answers.count == 2)
            #expect(throws: DatabaseError.transactionEnded) { try transaction.query(Self.count) }
            return try answers[1][0].int(0)
        }
        #expect(counted == 1)
        let last = try await pool.transaction { transaction in
            try transaction.run(Self.insert, [.int(2), .text("b")])
            return try transaction.pipelineAndCommit([(Self.count, [])])[0][0].int(0)
        }
        #expect(last == 2)
        #expect(try await Self.numbers(pool) == [1, 2])
        await pool.shutdown()
    }

    @Test func `a read-only transaction cannot write, alone or not`() async throws {
        let pool = try await Self.pool()
        let expected = DatabaseError.server(sqlState: "25006", constraint: nil)
        await #expect(throws: expected) {
            try await pool.transaction(.readOnly) { transaction in
                try transaction.run(Self.insert, [.int(1), .text("a")])
            }
        }
        await #expect(throws: expected) {
            try await pool.transaction(.readOnly) { transaction in
                try transaction.pipelineAndCommit([(Self.insert, [.int(1), .text("a")])]).count
            }
        }
        await pool.shutdown()
    }

    static let isolations: [(TransactionMode, String)] = [
        (.readWrite, "read committed"), (.readOnly, "repeatable read"),
        (.serializable, "serializable"),
    ]

    @Test(arguments: isolations)
    func `each mode is what the server runs`(mode: TransactionMode, isolation: String) async throws
    {
        let pool = try await Self.pool()
        let show = Statement("SELECT current_setting('transaction_isolation')")
        let inside = try await pool.transaction(mode) { try $0.query(show)[0].text(0) }
        let alone = try await pool.transaction(mode) { transaction in
            try transaction.pipelineAndCommit([(show, [])])[0][0].text(0)
        }
        #expect(inside == isolation && alone == isolation)
        await pool.shutdown()
    }

    @Test func `a pipeline larger than every buffer does not block`() async throws {
        let pool = try await Self.pool()
        let body = String(repeating: "長", count: 100_000)
        let lengths = try await pool.transaction { transaction in
            let echo = Statement("SELECT $1::text")
            return try transaction.pipeline((0..<200).map { _ in (echo, [.text(body)]) })
                .map { try $0[0].text(0).utf8.count }
        }
        #expect(lengths == [Int](repeating: 300_000, count: 200))
        await pool.shutdown()
    }

    @Test func `a script runs in the transaction and its error names no data`() async throws {
        let pool = try await Self.pool()
        await #expect(throws: DatabaseError.server(sqlState: "42601", constraint: nil)) {
            try await pool.transaction { transaction in
                try transaction.script("INSERT INTO note VALUES (5, 'x'); SELEKT 1")
            }
        }
        #expect(try await Self.numbers(pool) == [])
        await #expect(throws: DatabaseError.transactionEnded) {
            try await pool.transaction { try $0.script("SELECT 1; COMMIT") }
        }
        await pool.shutdown()
    }

    @Test func `a table that changes its shape is read anew`() async throws {
        let pool = try await Self.pool()
        let all = Statement("SELECT * FROM note")
        let alter = Statement("ALTER TABLE note ADD COLUMN extra text DEFAULT 'more'")
        try await pool.transaction { try $0.run(Self.insert, [.int(1), .text("a")]) }
        _ = try await pool.transaction { try $0.query(all).count }
        try await pool.transaction { try $0.run(alter) }
        // The plan is stale once; the connection is then replaced.
        _ = try? await pool.transaction { try $0.query(all).count }
        let extra = try await pool.transaction { try $0.query(all)[0].text(3) }
        #expect(extra == "more")
        await pool.shutdown()
    }

    static func pool(connectionsMax: Int = 1) async throws -> Pool {
        let pool = try Pool(
            FreshDatabase.address,
            limits: .init(connectionsMax: connectionsMax, waitMilliseconds: 30_000),
            label: "transactions", logger: TestPostgres.logger)
        try await pool.transaction { transaction in
            try transaction.script(
                """
                CREATE TABLE note (
                    number bigint CONSTRAINT note_number_once PRIMARY KEY
                        CONSTRAINT note_number_positive CHECK (number > 0),
                    body text NOT NULL,
                    parent bigint CONSTRAINT note_parent_known REFERENCES note
                        DEFERRABLE INITIALLY DEFERRED)
                """)
        }
        return pool
    }

    static func numbers(_ pool: Pool) async throws -> [Int] {
        try await pool.transaction(.readOnly) { transaction in
            try transaction.query(Statement("SELECT number FROM note ORDER BY number"))
                .map { try $0.int(0) }
        }
    }
}
