import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 監査: every manipulation that somebody with the machine's own powers could plant is found; an
/// untouched log is not accused.
@Suite struct LogAuditTests {
    struct Manipulation: Sendable, CustomTestStringConvertible {
        let name: String
        let sql: String
        let findings: Set<LogAudit.Finding>
        var testDescription: String { name }
    }

    static let size = 300
    static let checkpointSize = 280
    static let entryAt = "(select entry from log.position where position = 100)"

    /// 300 entries with every column filled, sealed in three rounds; the last twenty came after the
    /// checkpoint that was kept elsewhere. Prepared once, copied for each manipulation. Each is of a
    /// resident of its own.
    static func template() async throws -> String {
        try await TestPostgres.template("sealed_template") { owner in
            try await LedgerWorld.seal(into: owner, rounds: [3, 277, 20])
        }
    }

    static func audited(
        _ manipulation: @escaping @Sendable (LedgerWorld) async throws -> Void
    ) async throws -> LogAudit.Report {
        try await LedgerWorld.with(template: template) { world in
            let note = try await world.texts(
                "select note from log.checkpoint where size = \(checkpointSize)")
            try await manipulation(world)
            return try await world.audit(Array(try #require(note.first).utf8))
        }
    }

    @Test func `an untouched log has no findings, whichever checkpoint it is held against`()
        async throws
    {
        let report = try await Self.audited { _ in }
        #expect(report.findings.isEmpty)
        #expect(report.sealed == Self.size && report.checkpoint.size == Self.checkpointSize)
        try await LedgerWorld.with(template: Self.template) { world in
            for note in try await world.texts("select note from log.checkpoint") {
                #expect(try await world.audit(Array(note.utf8)).findings.isEmpty)
            }
        }
    }

    /// What each column would be changed to. `xid` is where the sealer is, not what the entry says.
    static let columns: [String: String] = [
        "entry": "gen_random_uuid()", "at": "at + interval '1 microsecond'", "format": "2",
        "party": "'institution:1349999992'", "operator": "null", "purpose": "'read-patient'",
        "visit": "null", "person": "gen_random_uuid()", "outcome": "'card-unbound'",
        "basis": "basis || ' '",
        "digest": "sha256(digest)", "salt": "sha256(salt)",
    ]

    @Test func `every column of an entry is in the table of manipulations`() async throws {
        try await LedgerWorld.with { world in
            let columns = try await world.texts(
                """
                select column_name::text from information_schema.columns
                where table_schema = 'log' and table_name = 'access_entry'
                """)
            #expect(Set(columns) == Set(Self.columns.keys).union(["xid"]))
        }
    }

    @Test(arguments: columns.keys.sorted())
    func `an entry altered in any column is found at its position`(column: String) async throws {
        let value = try #require(Self.columns[column])
        let report = try await Self.audited { world in
            try await world.manipulate(
                "update log.access_entry set \(column) = \(value) where entry = \(Self.entryAt)")
        }
        // A position looks for its entry by id and time.
        let isGone = ["entry", "at"].contains(column)
        #expect(
            report.findings.contains(
                isGone ? .entryMissing(position: 100) : .entryAltered(position: 100)))
    }

    static let manipulations: [Manipulation] = [
        .init(
            name: "an entry removed", sql: "delete from log.access_entry where entry = \(entryAt)",
            findings: [.entryMissing(position: 100)]),
        .init(
            name: "an entry removed with its position",
            sql: """
                delete from log.access_entry where entry = \(entryAt);
                delete from log.position where position = 100
                """,
            findings: [.positionGap(position: 100), .rootDiffers(size: checkpointSize)]),
        .init(
            name: "a position removed, the entry left",
            sql: "delete from log.position where position = 100",
            findings: [.positionGap(position: 100), .rootDiffers(size: checkpointSize)]),
        .init(
            name: "two entries swapped",
            sql: swap("entry = case when p.position = 100 then b else a end"),
            findings: [.entryMissing(position: 100), .entryMissing(position: 101)]),
        .init(
            name: "two entries swapped with their leaves",
            sql: swap(
                """
                entry = case when p.position = 100 then b else a end,
                leaf = case when p.position = 100 then lb else la end
                """),
            findings: [
                .tileAltered(level: 0, index: 0), .headDiffers(size: size),
                .rootDiffers(size: checkpointSize),
            ]),
        .init(
            name: "a leaf changed",
            sql: "update log.position set leaf = sha256('x') where position = 7",
            findings: [.entryAltered(position: 7)]),
        .init(
            name: "an invented entry behind the head",
            sql: LedgerWorld.entries(1, operator: "invented")
                + "; update log.access_entry set xid = '3' where operator = 'invented'",
            findings: []),
        .init(
            name: "an invented entry in a position of its own",
            sql: LedgerWorld.entries(1, operator: "invented")
                + """
                ; update log.position set entry = (
                    select entry from log.access_entry where operator = 'invented')
                where position = 100
                """,
            findings: [.entryMissing(position: 100)]),
        .init(
            name: "a tile changed",
            sql: "update log.tile set hashes = overlay(hashes placing '\\x00' from 1000 for 1)",
            findings: [.tileAltered(level: 0, index: 0)]),
        .init(
            name: "a tile's root changed", sql: "update log.tile set root = sha256('x')",
            findings: [.tileAltered(level: 0, index: 0)]),
        .init(
            name: "a tile removed", sql: "delete from log.tile",
            findings: [.tileAltered(level: 0, index: 0)]),
        .init(
            name: "the head's root changed", sql: "update log.head set root = sha256('x')",
            findings: [.headDiffers(size: size)]),
        .init(
            name: "the head set back", sql: "update log.head set size = 250",
            findings: [.headDiffers(size: 250)]),
        .init(
            name: "the head removed", sql: "delete from log.head", findings: [.headDiffers(size: 0)]
        ),
        .init(
            name: "the log cut off before the checkpoint",
            sql: "delete from log.position where position >= 270",
            findings: [.missing(from: 270, to: checkpointSize), .headDiffers(size: size)]),
        .init(
            name: "a change of the key put in",
            sql: "insert into log.seal_key values (2, gen_random_uuid(), 'k', now())",
            findings: [.leafless("seal key 2")]),
        .init(
            name: "a month put in as archived",
            sql: """
                insert into log.archive values ('2026-01-01', gen_random_uuid(), 1, 9, 9,
                    sha256('x'), sha256('x'), now())
                """,
            findings: [.leafless("archive of 2026-01")]),
        .init(
            name: "a stored checkpoint forged",
            sql: """
                update log.checkpoint set note = regexp_replace(note, '(— .{40}).{4}', '\\1AAAA')
                where size = \(checkpointSize)
                """,
            findings: [.checkpointUnsigned(size: checkpointSize)]),
        .init(
            name: "a stored checkpoint that stands for another size",
            sql: """
                update log.checkpoint set note = (
                    select note from log.checkpoint where size = \(size))
                where size = \(checkpointSize)
                """,
            findings: [.checkpointDiffers(size: checkpointSize)]),
        .init(
            name: "a stored checkpoint of more than there is",
            sql: "update log.checkpoint set size = 1000 where size = \(size)",
            findings: [.checkpointDiffers(size: 1000)]),
        .init(
            name: "the whole log emptied",
            sql: "delete from log.position; delete from log.access_entry",
            findings: [.missing(from: 0, to: checkpointSize), .headDiffers(size: size)]),
        .init(
            name: "a position at the end of all numbers",
            sql: """
                insert into log.position (position, entry, leaf)
                values (9223372036854775807, gen_random_uuid(), sha256('x'))
                """,
            findings: [.positionGap(position: size), .entryMissing(position: .max)]),
        .init(
            name: "an epoch at the end of all numbers",
            sql: """
                delete from log.epoch;
                insert into log.epoch (epoch, entry, size, root, at)
                select n, (select entry from log.position where position = 90 + n), 1, sha256('x'), now()
                from generate_series(1, 2) n;
                update log.epoch set epoch = 9223372036854775807 where epoch = 1
                """,
            findings: [.epochDisordered(epoch: .max)]),
        .init(
            name: "a time that is none",
            sql: "update log.position set at = 'infinity' where position = 7",
            findings: [
                .unreadable(position: 7, "column at does not hold what was asked of it")
            ]),
        .init(
            name: "a column of positions dropped",
            sql: "alter table log.position drop column link",
            findings: [.formDiffers("the column log.position.link is not there")]),
        .init(
            name: "a column of entries dropped",
            sql: "alter table log.access_entry drop column digest cascade",
            findings: [.formDiffers("the column log.access_entry.digest is not there")]),
        .init(
            name: "a column retyped",
            sql: "alter table log.access_entry alter column basis type varchar",
            findings: [
                .formDiffers(
                    "the column log.access_entry.basis is of type character varying, not text")
            ]),
        .init(
            name: "a table dropped", sql: "drop table log.tile",
            findings: [.formDiffers("the table log.tile is not there")]),
        .init(
            name: "a leaf emptied",
            sql: """
                alter table log.position alter column leaf drop not null;
                update log.position set leaf = null where position = 7
                """,
            findings: [
                .unreadable(position: 7, "column leaf does not hold what was asked of it")
            ]),
    ]

    private static func swap(_ set: String) -> String {
        """
        alter table log.position drop constraint position_entry_key;
        with x as (select entry as a, leaf as la from log.position where position = 100),
            y as (select entry as b, leaf as lb from log.position where position = 101)
        update log.position p set \(set) from x, y where p.position in (100, 101)
        """
    }

    @Test(arguments: manipulations)
    func `a planted manipulation is found`(manipulation: Manipulation) async throws {
        let report = try await Self.audited { try await $0.manipulate(manipulation.sql) }
        #expect(!report.findings.isEmpty)
        #expect(manipulation.findings.isSubset(of: Set(report.findings)), "\(report.findings)")
    }

    /// What lies behind a place that cannot be read is not told as missing or changed: nobody looked.
    @Test func `what was not read is not told as found`() async throws {
        for sql in [
            "alter table log.position drop column link",
            """
            alter table log.position alter column leaf drop not null;
            update log.position set leaf = null where position = 7
            """,
        ] {
            let report = try await Self.audited { try await $0.manipulate(sql) }
            #expect(report.findings.count == 1, "\(report.findings)")
            #expect(!report.isReadToTheEnd)
        }
    }

    /// Each column of the log's own tables, taken away and put back: what the audit reads is named, and
    /// what it does not read is nothing to it. It never ends without an answer.
    @Test func `whichever column of the log is taken away, it is named`() async throws {
        try await LedgerWorld.with(template: Self.template) { world in
            let note = try await world.texts(
                "select note from log.checkpoint where size = \(Self.checkpointSize)")
            let columns = try await world.texts(
                """
                select c.relname || ' ' || a.attname from pg_class c
                join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
                where c.relnamespace = 'log'::regnamespace and c.relkind in ('r', 'p')
                    and not c.relispartition
                """)
            var named: Set<String> = []
            for column in columns {
                let parts = column.split(separator: " ")
                let (table, name) = (parts[0], parts[1])
                try await world.execute("alter table log.\(table) rename \(name) to gone")
                let report = try await world.audit(Array(try #require(note.first).utf8))
                let what = "the column log.\(table).\(name) is not there"
                if !report.findings.isEmpty {
                    #expect(report.findings == [.formDiffers(what)])
                    named.insert(column)
                }
                try await world.execute("alter table log.\(table) rename gone to \(name)")
            }
            #expect(named.count > 50)
            #expect(!named.contains { $0.hasPrefix("follower ") })
        }
    }

    @Test func `an entry held back without an entry that says so is found by its id`()
        async throws
    {
        let report = try await Self.audited { world in
            try await world.manipulate(
                """
                insert into log.withholding
                    (entry, person, party, reason, reference, release_at, marked_by)
                select entry, person, party, 'investigation', 'x', now() + interval '1 year',
                    (select entry from log.position where position = 7)
                from log.access_entry where entry = \(Self.entryAt)
                """)
        }
        #expect(report.findings.count == 1)
        guard case .withheldUnsaid? = report.findings.first else {
            Issue.record("\(report.findings)")
            return
        }
    }

    @Test func `a marking that waits for its seal is no finding`() async throws {
        let report = try await Self.audited { world in
            try await world.manipulate(
                LedgerWorld.entries(1, operator: "marking")
                    + """
                    ; insert into log.withholding
                        (entry, person, party, reason, reference, release_at, marked_by)
                    select entry, gen_random_uuid(), party, 'investigation', 'x',
                        now() + interval '1 year', entry
                    from log.access_entry where operator = 'marking'
                    """)
        }
        #expect(report.findings.isEmpty, "\(report.findings)")
    }

    @Test func `an entry put in behind the head is found by its id`() async throws {
        let report = try await Self.audited { world in
            try await world.manipulate(
                LedgerWorld.entries(1, operator: "invented")
                    + "; update log.access_entry set xid = '3' where operator = 'invented'")
        }
        #expect(report.findings.count == 1)
        guard case .neverSealed? = report.findings.first else {
            Issue.record("\(report.findings)")
            return
        }
    }

    /// Under the id of a sealed one, at another time, which the table takes; or excused by a position that is
    /// in no tree.
    @Test(
        arguments: [
            """
            insert into log.access_entry (entry, at, format, party, purpose, outcome, salt, xid)
            select entry, at + interval '1 second', format, party, purpose, 'invented', salt, xid
            from log.access_entry where entry = \(entryAt)
            """,
            """
            alter table log.position drop constraint position_position_check;
            with n as (
                insert into log.access_entry (entry, at, format, party, purpose, outcome, salt, xid)
                select gen_random_uuid(), at, format, party, purpose, 'invented', salt, xid
                from log.access_entry where entry = \(entryAt) returning entry, at)
            insert into log.position (position, entry, leaf, at)
            select -1, entry, sha256('x'), at from n
            """,
        ])
    func `an invented entry is found, whatever it leans on`(sql: String) async throws {
        let report = try await Self.audited { try await $0.manipulate(sql) }
        let isFound = report.findings.contains {
            if case .neverSealed = $0 { true } else { false }
        }
        #expect(isFound, "\(report.findings)")
        #expect(report.findings.contains(.positionOutside(position: -1)) == sql.contains("-1,"))
    }

    /// Somebody who rewrites everything inside the database, consistently: only what is kept
    /// elsewhere tells.
    @Test func `a log made anew without one entry meets the checkpoint kept elsewhere, and fails`()
        async throws
    {
        let report = try await Self.audited { world in
            try await world.manipulate(
                """
                delete from log.access_entry where entry = \(Self.entryAt);
                delete from log.position; delete from log.tile; delete from log.checkpoint;
                update log.head set size = 0, root = sha256(''), next_xid = '0'
                """)
            try await world.sealAll()
        }
        #expect(report.sealed == Self.size - 1)
        #expect(report.findings == [.rootDiffers(size: Self.checkpointSize)])
    }

    @Test func `entries that came after the checkpoint are not held against it, but must stand`()
        async throws
    {
        let report = try await Self.audited { world in
            try await world.manipulate(
                """
                update log.access_entry set outcome = 'x'
                where entry = (select entry from log.position where position = 290)
                """)
        }
        #expect(report.findings == [.entryAltered(position: 290)])
    }

    /// What was set back, and went on under another name, is no forgery to whoever knows both names.
    @Test func `a log that went on under another name is believed with its former key`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await SealerTests.enter(["one"], world)
            try await world.sealAll()
            let former = try await world.note()
            let renamed = try CheckpointSigner(
                origin: "tsunagi.example/after", privateKey: LedgerWorld.seed)
            try await SealerTests.enter(["two"], world)
            let sealer = try world.sealer(
                keys: [renamed], checkpoints: world.checkpoints + "-after")
            #expect(try await sealer.seal() == 1)
            let note = try await world.note()
            let before = try world.signer.key
            #expect(
                try await world.audit(note, renamed.key).findings == [.checkpointUnsigned(size: 1)])
            let told = try await world.audit(note, renamed.key, others: [before])
            #expect(told.findings.isEmpty && told.sealed == 2)
            // The checkpoint that was kept before still holds.
            #expect(try await world.audit(former, before, others: [renamed.key]).findings.isEmpty)
            let stranger = try CheckpointSigner(
                origin: LedgerWorld.origin, privateKey: [UInt8](repeating: 8, count: 32))
            #expect(
                try await world.audit(note, renamed.key, others: [stranger.key]).findings
                    == [.checkpointUnsigned(size: 1)])
            // Another key stands in for stored checkpoints alone, and these must be of the tree.
            await #expect(throws: CheckpointFault.notSigned) {
                try await world.audit(former, renamed.key, others: [before])
            }
            let forged = try world.signer.sign(size: 1, root: .emptyRoot).text
            try await world.manipulate(
                "update log.checkpoint set note = '\(forged)' where size = 1")
            #expect(
                try await world.audit(note, renamed.key, others: [before]).findings
                    == [.checkpointDiffers(size: 1)])
        }
    }

    @Test func `a checkpoint of another key is not believed`() async throws {
        try await LedgerWorld.with(template: Self.template) { world in
            let other = try CheckpointSigner(
                origin: LedgerWorld.origin, privateKey: [UInt8](repeating: 8, count: 32))
            let audit = LogAudit(
                world.owner.with(user: "tsunagi_reader"), logger: TestPostgres.logger)
            let note = try await world.note()
            await #expect(throws: CheckpointFault.notSigned) {
                try await audit.verify(note: note, key: other.key)
            }
            await audit.close()
        }
    }
}

extension LedgerWorld {
    /// Entries with every column filled, in one transaction.
    static func entries(_ count: Int, operator name: String = "op") -> String {
        """
        insert into log.access_entry
            (entry, format, party, operator, purpose, visit, person, outcome, basis, digest, salt)
        select gen_random_uuid(), 1, 'institution:1319999995', '\(name)', 'check-eligibility',
            gen_random_uuid(), gen_random_uuid(), 'ok', '{}', sha256('body'), sha256(n::text::bytea)
        from generate_series(1, \(count)) as n
        """
    }

    /// A migrated database with entries sealed in as many rounds, and what `body` adds.
    static func seal(
        into owner: Address, rounds: [Int],
        _ body: (LedgerWorld) async throws -> Void = { _ in }
    ) async throws {
        _ = try await Migrations.apply(as: owner, logger: TestPostgres.logger)
        let world = LedgerWorld(
            owner: owner,
            pool: Pool(
                owner, limits: .init(connectionsMax: 1), label: "owner", logger: TestPostgres.logger
            ),
            ledger: Ledger(
                .init(gateway: owner.with(user: "tsunagi_gateway"), office: nil),
                logger: TestPostgres.logger),
            checkpoints: temporaryFolder())
        for round in rounds {
            try await world.execute(entries(round))
            let sealed = try await world.sealAll()
            try #require(sealed == round)
        }
        try await body(world)
        await world.close()
    }
}
