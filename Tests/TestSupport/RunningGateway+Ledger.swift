import Exchange
import Ledger
package import Postgres
import Synchronization
import Testing

/// How many entries the answers so far must have left. Registrations and the card feed leave one for each
/// resident concerned, so they are counted apart; so does a list of those who may act.
struct EntryTally {
    private(set) var expected = 0

    /// What says nothing of anyone on any path.
    private static let silent = [
        "/fhir/metadata", "/openapi.json", "/log/", "/oauth2/token", "nonces",
        "/.well-known/", "/fhir/CodeSystem",
    ]
    private static let byCode = Dictionary(
        Refusal.table.map { ($0.code, $0.isEntered) }, uniquingKeysWith: { first, _ in first })

    mutating func count(_ method: String, _ path: String, _ answer: TLSClient.Answer) {
        // Turned away at the door: whatever was asked for.
        let isForm = path.hasPrefix("/fhir/Questionnaire") && !path.contains("Response")
        let isSilent =
            (path == "/errors" || Self.silent.contains(where: path.contains)
                || isForm && !path.contains("$"))
            && answer["Connection"] != "close"
        guard !isSilent else { return }
        guard answer.status >= 400 else {
            // A report of the card feed is entered under the feed's own purpose.
            let isRegistration =
                path.contains("registration-tasks") || path.hasPrefix("/files/")
            let isMany =
                path.contains("/card-feed/") || path.hasPrefix("/files/card-bindings")
                || (method == "POST" && isRegistration)
            if !isMany { expected += 1 }
            expected += answer.json["representatives"]?.array?.count ?? 0
            return
        }
        if answer.code.flatMap({ Self.byCode[$0] }) == true { expected += 1 }
    }

    mutating func more(_ count: Int) { expected += count }
}

extension RunningGateway {
    package struct EntryRow: Sendable {
        package let party: String
        package let purpose: String
        package let outcome: String
        package let hasPerson: Bool
        package let basis: String?
    }

    /// A read or a change as the owner.
    @discardableResult
    package func sql<R: Sendable>(
        _ body: @escaping @Sendable (inout Transaction) throws -> R
    ) async throws -> R {
        try await owner.transaction { try body(&$0) }
    }

    package func count(_ sql: String, _ values: [Value] = []) async throws -> Int {
        try await self.sql { try $0.query(Statement(sql), values)[0].int(0) }
    }

    /// What `body` adds to the log, in order.
    package func entries(_ body: () async throws -> Void) async throws -> [EntryRow] {
        let before = try await count("select count(*) from log.access_entry")
        try await body()
        return try await sql { transaction in
            let rows = try transaction.query(
                Statement(
                    """
                    select party, purpose, outcome, person is not null, basis from log.access_entry
                    order by at, entry offset $1
                    """), [.int(before)])
            return try (0..<rows.count).map { index in
                EntryRow(
                    party: try rows[index].text(0), purpose: try rows[index].text(1),
                    outcome: try rows[index].text(2), hasPerson: try rows[index].bool(3),
                    basis: try rows[index].optionalText(4))
            }
        }
    }

    /// For answers of which a test knows that they left more, or fewer, entries than their status says.
    package func expectMoreEntries(_ count: Int) {
        tally.withLock { $0.more(count) }
    }

    /// For a test that knows of each answer only that it is refused, before or after anything was read: the
    /// entries that there are count as expected.
    package func takeEntriesAsTold() async throws {
        let entered = try await entered()
        tally.withLock { $0.more(entered - $0.expected) }
    }

    /// Those of registrations and the card feed apart.
    private func entered() async throws -> Int {
        try await count(
            """
            select count(*) from log.access_entry
            where outcome <> 'ok'
                or not (purpose in ('record-mass-checkup', 'record-sensitive-mass-checkup')
                        and person is null)
                    and purpose not in ('register-entitlements', 'register-checkup-targets',
                        'register-guardianships', 'register-vaccination-targets', 'feed-cards',
                        'register-vaccination-prices', 'register-checkup-prices',
                        'register-maternal-notifications', 'register-life-events',
                        'register-schemes', 'register-seasons',
                        'register-past-doses')
            """)
    }

    /// Waits until every entry has its position.
    package func seal() async throws {
        let entries = try await count("select count(*) from log.access_entry")
        // Other databases of the server may hold the horizon back: a machine with a slow disk copies
        // databases for seconds.
        for _ in 0..<2_400 {
            try await sealer.seal()
            let sealed = try await count(
                """
                select count(*) - (select coalesce(sum(entries), 0)::bigint from log.archive)
                from log.position where at is not null
                """)
            if sealed >= entries { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw TLSClient.Gone(description: "entries were not sealed in 60 s")
    }

    /// Waits until every entry has its position and the offices' index has followed.
    package func index() async throws {
        try await seal()
        let index = OfficeIndex(
            database.with(user: "tsunagi_sealer"), logger: TestPostgres.logger)
        while try await index.advance() > 0 {}
        await index.close()
    }

    /// Waits until a signed epoch counts every entry; returns the epoch.
    @discardableResult
    package func sealEpoch() async throws -> Int {
        try await seal()
        var epoch = 0
        for _ in 0..<2_400 {
            switch try await sealer.advanceEpoch(every: 0) {
            case .committed(let committed): epoch = committed
            case .mapped: continue
            case .notDue: break
            }
            try await sealer.seal()
            if epoch > 0 { return epoch }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw TLSClient.Gone(description: "no epoch was committed in 60 s")
    }

    /// Files go on being worked on after their receipt, and enter what they do.
    private func restFiles() async throws {
        for _ in 0..<2_400 {
            let busy = try await count(
                "select count(*) from office.file where state in ('weighing', 'applying')")
            if busy == 0 { return }
            try await Task.sleep(for: .milliseconds(25))
        }
        throw TLSClient.Gone(description: "files were not at rest in 60 s")
    }

    /// 帳尻: no answer without its entry, no entry without its answer, and a log that verifies against
    /// its checkpoint.
    package func checkLedger() async throws {
        try await restFiles()
        let entered = try await entered()
        #expect(entered == tally.withLock { $0.expected })
        try await seal()
        guard let note = try await ledger.checkpoint() else {
            return #expect(entered == 0, "nothing was sealed")
        }
        let audit = LogAudit(database, logger: TestPostgres.logger)
        let report = try await audit.verify(note: Array(note.utf8), key: sealKey)
        await audit.close()
        #expect(report.findings.isEmpty)
        let leaves = try await count(
            """
            select (select count(*) from log.access_entry) + (select count(*) from log.epoch)
                + (select count(*) + coalesce(sum(entries), 0)::bigint from log.archive)
            """)
        #expect(report.sealed == leaves)
        #expect(report.checkpoint.size == report.sealed)
    }
}
