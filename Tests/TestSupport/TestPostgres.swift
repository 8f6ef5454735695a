import FoundationEssentials
import Glibc
package import Logging
package import Postgres
import Synchronization
package import Testing

/// One real PostgreSQL for all tests of a process: started when a test first needs it, gone when
/// the process ends, and swept away by the next run should the process be killed.
package enum TestPostgres {
    /// Silent: a test speaks through its expectations.
    package static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private static let root = "/tmp/tsunagi-tests-\(geteuid())"
    private static let started = Mutex<Result<PrivateCluster, any Error>?>(nil)
    private static let counter = Atomic<Int>(0)
    private static let names = Mutex<[Address: String]>([:])
    private static let templates = Mutex<[String: Task<String, any Error>]>([:])

    /// The shared server. Tests MUST NOT stop or kill it: `ownCluster` is for that.
    package static func cluster() throws -> PrivateCluster {
        try started.withLock { started in
            if let started { return try started.get() }
            let result = Result { try start() }
            started = result
            return try result.get()
        }
    }

    /// An empty database, or a copy of a template's.
    package static func freshDatabase(template: String = "template0") async throws -> Address {
        let name = "test_\(counter.add(1, ordering: .relaxed).newValue)"
        try await administer("CREATE DATABASE \(name) TEMPLATE \(template)")
        let address = try cluster().address(database: name)
        names.withLock { $0[address] = name }
        return address
    }

    /// Ends a fresh database, and whatever is still connected to it.
    package static func drop(_ address: Address) async throws {
        guard let name = names.withLock({ $0.removeValue(forKey: address) }) else { return }
        try await administer("DROP DATABASE \(name) WITH (FORCE)")
    }

    /// A database prepared once in the life of the process, to be copied for each test.
    package static func template(
        _ name: String, prepare: @escaping @Sendable (Address) async throws -> Void
    ) async throws -> String {
        let task = templates.withLock { templates in
            if let known = templates[name] { return known }
            let task = Task {
                try await administer("CREATE DATABASE \(name) TEMPLATE template0")
                try await prepare(cluster().address(database: name))
                // A forgotten connection would forbid the copying.
                try await administer("ALTER DATABASE \(name) WITH ALLOW_CONNECTIONS false")
                try await administer(
                    """
                    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
                    WHERE datname = '\(name)'
                    """)
                return name
            }
            templates[name] = task
            return task
        }
        return try await task.value
    }

    /// A server of the test's own, to stop and to kill; destroyed afterwards.
    package static func withOwnCluster<R>(
        settings: [String: String] = [:], network: PrivateCluster.Network? = nil,
        _ body: (PrivateCluster) async throws -> R
    ) async throws -> R {
        sweep()
        let number = counter.add(1, ordering: .relaxed).newValue
        let cluster = try PrivateCluster(
            folder: "\(root)/\(getpid())/\(number)", settings: common.merging(settings) { $1 },
            network: network)
        try cluster.start()
        defer { try? cluster.destroy() }
        return try await body(cluster)
    }

    /// One statement outside any transaction block, which CREATE DATABASE insists on. One at a
    /// time: copies made side by side only wait for each other.
    private static func administer(_ sql: String) async throws {
        _ = try await administrator.get().transaction { transaction in
            try transaction.pipelineAndCommit([(Statement(sql), [])]).count
        }
    }

    private static let administrator = Result {
        try Pool(
            cluster().address(),
            limits: Pool.Limits(
                connectionsMax: 1, waitersMax: 10_000, waitMilliseconds: 600_000,
                statementTimeoutMilliseconds: 60_000),
            label: "administrator", logger: logger)
    }

    /// All suites run side by side, with some five connections each at their busiest: fifty suites were
    /// seen to hold 257. A refused connection is a failure that says nothing about the program.
    /// What it writes into its log is what a site's server writes; which statements ran, and how many
    /// rows each gave, is what some tests are about.
    private static let common = [
        "max_connections": "1000", "shared_buffers": "64MB",
        "shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.max": "50000",
    ].merging(siteLogging()) { own, _ in own }

    /// The lines of deploy/postgresql/settings.conf about the log.
    private static func siteLogging(file: String = #filePath) -> [String: String] {
        let root = file.split(separator: "/").dropLast(3).joined(separator: "/")
        let path = "/\(root)/deploy/postgresql/settings.conf"
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            preconditionFailure("no settings of a site")
        }
        var settings: [String: String] = [:]
        for line in text.split(separator: "\n") where line.hasPrefix("log_") {
            let parts = line.split(separator: " = ")
            guard parts.count == 2 else { preconditionFailure("not a setting: \(line)") }
            settings[String(parts[0])] = parts[1].trimming { $0 == "'" }
        }
        return settings
    }
}

extension Substring {
    fileprivate func trimming(_ isLeft: (Character) -> Bool) -> String {
        var rest = drop(while: isLeft)
        while let last = rest.last, isLeft(last) { rest.removeLast() }
        return String(rest)
    }
}

extension TestPostgres {
    private static func start() throws -> PrivateCluster {
        sweep()
        let cluster = try PrivateCluster(folder: "\(root)/\(getpid())/main", settings: common)
        try cluster.start()
        atexit { TestPostgres.removeOwn() }
        return cluster
    }

    private static func removeOwn() {
        remove("\(root)/\(getpid())")
    }

    /// Removes the servers of processes that are no more.
    private static func sweep() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        for name in names {
            guard let process = pid_t(name), kill(process, 0) != 0, errno == ESRCH else { continue }
            remove("\(root)/\(name)")
        }
    }

    private static func remove(_ folder: String) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        for name in names { try? PrivateCluster(folder: "\(folder)/\(name)").destroy() }
        try? FileManager.default.removeItem(atPath: folder)
    }
}

/// Gives each test a database of its own, a copy of the template if one is named.
package struct FreshDatabase: SuiteTrait, TestTrait, TestScoping {
    @TaskLocal package static var current: Address?

    let template: @Sendable () async throws -> String

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        let address = try await TestPostgres.freshDatabase(template: template())
        try await Self.$current.withValue(address) { try await function() }
        try await TestPostgres.drop(address)
    }
}

extension FreshDatabase {
    package struct NoDatabase: Error {}

    /// The database of the running test.
    package static var address: Address {
        get throws {
            guard let current else { throw NoDatabase() }
            return current
        }
    }
}

extension Trait where Self == FreshDatabase {
    package static var freshDatabase: FreshDatabase { FreshDatabase { "template0" } }

    /// A copy of a database that is prepared once: see `TestPostgres.template`.
    package static func freshDatabase(
        template: @escaping @Sendable () async throws -> String
    ) -> FreshDatabase {
        FreshDatabase(template: template)
    }
}
