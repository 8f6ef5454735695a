import Exchange
import Ledger
import Logging
import Postgres
import TestSupport
import Testing

/// Forward-only files, each applied once, whoever starts at once; serving never changes a schema.
@Suite(.serialized, .freshDatabase)
struct MigrationTests {
    static let names = Migrations.files.map(\.name)

    @Test func `a fresh database gets every migration once, and the second time none`() async throws
    {
        let owner = try FreshDatabase.address
        let first = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        #expect(first == Self.names)
        #expect(first.count >= 4)
        #expect(try await Migrations.apply(as: owner, logger: TestPostgres.logger).isEmpty)
        #expect(try await Self.recorded(owner) == first)
    }

    @Test func `eight gateways migrating at once apply each file once between them`() async throws {
        let owner = try FreshDatabase.address
        let applied = try await withThrowingTaskGroup(of: [String].self) { group in
            for _ in 0..<8 {
                group.addTask { try await Migrations.apply(as: owner, logger: TestPostgres.logger) }
            }
            return try await group.reduce(into: [[String]]()) { $0.append($1) }
        }
        #expect(applied.flatMap { $0 } == Self.names)
        #expect(applied.filter { !$0.isEmpty }.count == 1)
        #expect(try await Self.recorded(owner) == Self.names)
    }

    @Test func `a database without migrations is not served, and the sentence names them`()
        async throws
    {
        let owner = try FreshDatabase.address
        _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        let last = try #require(Self.names.last)
        try await Self.run("delete from public.tsunagi_migration where name = '\(last)'", owner)
        let failure = try await Self.refusal(owner)
        #expect(failure.contains(last) && failure.contains("tsunagi migrate"), "\(failure)")
    }

    @Test func `a file that changed after it was applied is refused by its checksum`() async throws
    {
        let owner = try FreshDatabase.address
        _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        let name = Self.names[1]
        try await Self.run(
            "update public.tsunagi_migration set checksum = repeat('0', 64) where name = '\(name)'",
            owner)
        let serving = try await Self.refusal(owner)
        #expect(serving.contains(name) && serving.contains("changed"), "\(serving)")
        let migrating = try await Self.refusalToMigrate(owner)
        #expect(migrating == serving)
    }

    @Test func `a database ahead of the release is refused, to serve and to migrate`() async throws
    {
        let owner = try FreshDatabase.address
        _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        try await Self.run(
            "insert into public.tsunagi_migration (name, checksum) values ('9999_later', '')", owner
        )
        let serving = try await Self.refusal(owner)
        #expect(serving.contains("9999_later") && serving.contains("newer release"), "\(serving)")
        #expect(try await Self.refusalToMigrate(owner) == serving)
    }

    /// All but the first of the files are left out of the table, so that they are run again and meet their
    /// own tables; not every one of them makes some.
    @Test func `a migration that fails leaves the schema and the list as they were`() async throws {
        let owner = try FreshDatabase.address
        _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        let first = try #require(Self.names.first)
        try await Self.run(
            """
            delete from public.tsunagi_migration where name <> '\(first)';
            create table exchange.witness (row int);
            """, owner)
        await #expect(throws: DatabaseError.self) {
            try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        }
        #expect(try await Self.recorded(owner) == [first])
    }

    private static func refusal(_ owner: Address) async throws -> String {
        let ledger = Ledger(
            .init(gateway: owner.with(user: "tsunagi_gateway"), office: nil),
            logger: TestPostgres.logger)
        let error = await #expect(throws: Migrations.Failure.self) { try await ledger.prepare() }
        await ledger.shutdown()
        return try #require(error).description
    }

    private static func refusalToMigrate(_ owner: Address) async throws -> String {
        let error = await #expect(throws: Migrations.Failure.self) {
            try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        }
        return try #require(error).description
    }

    private static func recorded(_ owner: Address) async throws -> [String] {
        let pool = Pool(
            owner, limits: .init(connectionsMax: 1), label: "test", logger: TestPostgres.logger)
        let names = try await pool.transaction { transaction in
            try transaction.query(
                Statement("select name from public.tsunagi_migration order by name")
            ).map { try $0.text(0) }
        }
        await pool.shutdown()
        return names
    }

    private static func run(_ sql: String, _ owner: Address) async throws {
        let pool = Pool(
            owner, limits: .init(connectionsMax: 1), label: "test", logger: TestPostgres.logger)
        try await pool.transaction { try $0.script(sql) }
        await pool.shutdown()
    }
}
