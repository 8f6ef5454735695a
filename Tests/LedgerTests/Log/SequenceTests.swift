import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// 連番と時代: every entry about a resident has its number, whatever happens at once; and each epoch says how
/// many there are.
@Suite struct SequenceTests {
    static let people = (1...5).map { "00000000-0000-4000-8000-00000000000\($0)" }

    /// Entries about these people, in this order, one transaction each; nobody's where it is nil.
    static func enter(_ people: [Int?], _ world: LedgerWorld) async throws {
        for person in people {
            try await world.execute(insert(person.map { "'\(Self.people[$0])'" } ?? "null"))
        }
        try await world.settle()
    }

    static func insert(_ person: String, rows: Int = 1) -> String {
        """
        insert into log.access_entry (entry, format, party, purpose, person, outcome, salt)
        select gen_random_uuid(), 1, 'institution:1319999995', 'open-visit', \(person), 'ok',
            sha256(n::text::bytea)
        from generate_series(1, \(rows)) as n
        """
    }

    /// `position:person.sequence` in the order of the log; nobody's and epochs have a number alone.
    static func numbers(_ world: LedgerWorld) async throws -> [String] {
        try await world.texts(
            """
            select position || coalesce(':' || right(person::text, 1) || '.' || sequence, '')
            from log.position order by position
            """)
    }

    /// Steps until none is due; returns the epochs that were committed.
    @discardableResult
    static func epochs(_ world: LedgerWorld, _ sealer: Sealer) async throws -> [Int] {
        var committed: [Int] = []
        while true {
            switch try await sealer.advanceEpoch(every: 0) {
            case .notDue: return committed
            case .mapped: break
            case .committed(let epoch): committed.append(epoch)
            }
        }
    }

    static func own(_ person: Int, _ world: LedgerWorld) async throws -> OwnAccessLog {
        let id = try RecordID(people[person])
        return try await world.ledger.access(LedgerWorld.portal, .readOwnAccessLog) { records in
            // Entered for nobody, so that asking does not lengthen what is asked for.
            records.enter(nil)
            return try records.ownAccessLog(
                of: PersonKey(high: id.high, low: id.low), offset: 0, limit: 100)
        }
    }

    @Test func `each resident's entries are numbered from one, in the order of the log`()
        async throws
    {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter([0, 1, 0, nil, 0], world)
            try await sealer.seal()
            try await Self.enter([1, 0, 2], world)
            try await sealer.seal()
            #expect(
                try await Self.numbers(world) == [
                    "0:1.1", "1:2.1", "2:1.2", "3", "4:1.3", "5:2.2", "6:1.4", "7:3.1",
                ])
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `three sealers at once give no number twice and leave none out`() async throws {
        try await LedgerWorld.with { world in
            let sealers = try (0..<3).map { _ in try world.sealer() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for person in 0..<3 {
                    group.addTask {
                        for _ in 0..<12 {
                            try await world.execute(
                                Self.insert("'\(Self.people[person])'", rows: 2))
                        }
                    }
                }
                for sealer in sealers {
                    group.addTask {
                        for _ in 0..<40 {
                            try await LedgerWorld.amongOthers {
                                _ = try await sealer.seal()
                                _ = try await sealer.advanceEpoch(every: 0)
                            }
                            try await Task.sleep(for: .milliseconds(5))
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await world.sealAll()
            for person in 0..<3 {
                let numbers = try await world.texts(
                    """
                    select string_agg(sequence::text, ',' order by position) from log.position
                    where person = '\(Self.people[person])'
                    """)
                #expect(numbers == [(1...24).map(String.init).joined(separator: ",")])
            }
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `an epoch counts what was sealed before it, and the list says so`() async throws {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter([0, 1, 0], world)
            try await sealer.seal()
            #expect(try await Self.own(0, world).map == nil)
            #expect(try await Self.epochs(world, sealer) == [1])
            // Sealed and not yet signed: nobody is shown it.
            #expect(try await Self.own(0, world).map == nil)
            try await world.sealAll()
            try await Self.enter([0], world)
            try await world.sealAll()
            try await Self.enter([0], world)
            let log = try await Self.own(0, world)
            #expect(log.total == 4 && log.map?.head?.count == 2 && log.map?.epoch.size == 3)
            #expect(log.entries.map(\.sequence) == [nil, 3, 2, 1])
            #expect(log.entries.map(\.isCommitted) == [false, false, true, true])
            #expect(log.entries.map { $0.proof != nil } == [false, true, true, true])
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `a resident without an entry is proved to have none`() async throws {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter([0, 1], world)
            try await sealer.seal()
            try await Self.epochs(world, sealer)
            try await world.sealAll()
            let log = try await Self.own(4, world)
            let map = try #require(log.map)
            #expect(log.entries.isEmpty && log.total == 0 && map.head == nil)
            #expect(map.proof.verifies(nil, at: map.index, root: map.epoch.root))
        }
    }

    /// An epoch in many steps: sealing goes on beside it, another sealer goes on with it, and until it is
    /// signed everybody is shown the epoch before.
    @Test func `an epoch in the making is nobody's concern, and any sealer finishes it`()
        async throws
    {
        try await LedgerWorld.with { world in
            let first = try world.sealer()
            try await Self.enter([0], world)
            try await first.seal()
            try await Self.epochs(world, first)
            try await first.seal()
            try await world.execute(Self.insert("'\(Self.people[1])'", rows: 2_250))
            try await Self.enter([0], world)
            try await world.sealAll()
            #expect(try await first.advanceEpoch(every: 0) == .mapped)
            try await Self.enter([0], world)
            try await world.sealAll()
            let during = try await Self.own(0, world)
            #expect(during.map?.epoch.number == 1 && during.map?.head?.count == 1)
            let second = try world.sealer()
            #expect(try await second.advanceEpoch(every: 0) == .mapped)
            #expect(try await second.advanceEpoch(every: 0) == .committed(epoch: 2))
            #expect(try await Self.own(0, world).map?.epoch.number == 1)
            // Unsigned, so that nothing may follow it.
            try await Self.enter([1], world)
            #expect(try await first.seal(signing: false) > 0)
            #expect(try await first.advanceEpoch(every: 0) == .notDue)
            try await world.sealAll()
            let after = try await Self.own(0, world)
            #expect(after.map?.epoch.number == 2 && after.map?.head?.count == 2)
            #expect(after.map?.epoch.size == 2_253 && after.total == 3)
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }

    @Test func `a log that stands still is not lengthened by epochs`() async throws {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await Self.enter([0], world)
            try await sealer.seal()
            #expect(try await Self.epochs(world, sealer) == [1])
            try await sealer.seal()
            #expect(try await Self.epochs(world, sealer) == [])
            try await Self.enter([1], world)
            try await sealer.seal()
            #expect(try await sealer.advanceEpoch(every: 600) == .notDue)
            #expect(try await Self.epochs(world, sealer) == [2])
            #expect(try await Self.numbers(world) == ["0:1.1", "1", "2:2.1", "3"])
        }
    }

    @Test func `what was sealed while an epoch was in the making is in the next one`() async throws
    {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await world.execute(Self.insert("'\(Self.people[1])'", rows: 1_100))
            try await world.settle()
            try await sealer.seal()
            #expect(try await sealer.advanceEpoch(every: 0) == .mapped)
            try await Self.enter([0], world)
            try await sealer.seal()
            #expect(try await Self.epochs(world, sealer) == [1])
            try await sealer.seal()
            #expect(try await Self.epochs(world, sealer) == [2])
            try await sealer.seal()
            #expect(try await Self.epochs(world, sealer) == [])
            #expect(try await Self.own(0, world).map?.head?.count == 1)
        }
    }

    struct Damage: Sendable, CustomTestStringConvertible {
        let sql: String
        let fault: String
        var testDescription: String { sql }
    }

    static let damages = [
        Damage(sql: "update log.map_tile set slots = '\\x00' where prefix = ''", fault: "mapTile"),
        Damage(sql: "delete from log.map_tile where prefix = ''", fault: "map"),
        Damage(
            sql: """
                update log.map_tile set slots =
                    set_byte(slots, length(slots) - 1, 255 - get_byte(slots, length(slots) - 1))
                """, fault: "map"),
        // What stands beside the root that it folds to: the first byte of the resident's leaf.
        Damage(
            sql: """
                with own as (select substring(sha256('tsunagi resident index v1'::bytea || '\\x00'::bytea
                    || uuid_send('\(people[0])'::uuid)) from 1 for 16) as index)
                update log.map_tile set slots = set_byte(slots, position(index in slots) + 15,
                    255 - get_byte(slots, position(index in slots) + 15))
                from own where position(index in slots) > 0
                """, fault: "mapTile"),
    ]

    @Test(arguments: damages)
    func `a map changed by hand is neither sealed over nor shown`(damage: Damage) async throws {
        try await LedgerWorld.with { world in
            let sealer = try world.sealer()
            try await world.execute(Self.insert("gen_random_uuid()", rows: 40))
            try await Self.enter([0], world)
            try await sealer.seal()
            try await Self.epochs(world, sealer)
            try await world.sealAll()
            try await world.manipulate(damage.sql)
            try await Self.enter([0], world)
            try await sealer.seal()
            let error = await #expect(throws: (any Error).self) {
                try await sealer.advanceEpoch(every: 0)
            }
            let fault = "\(try #require(error))"
            #expect(fault.hasPrefix(damage.fault))
            await #expect(throws: LogDamage.self) { try await Self.own(0, world) }
            #expect(try await world.count("log.epoch") == 1)
        }
    }

    /// …/Tests/LedgerTests/Log/SequenceTests.swift → the migrations.
    static let migrations = URL(filePath: #filePath).resolvingSymlinksInPath()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Sources/Ledger/Migrations")

    @Test func `what was sealed before this release gets the numbers the sealer would have given`()
        async throws
    {
        try await LedgerWorld.with { world in
            try await Self.enter([0, 1, 0, nil, 2, 0, 1], world)
            try await world.sealAll()
            let numbered = try await Self.numbers(world)
            let file = Self.migrations.appending(path: "0009_sequences.sql")
            let sql = String(decoding: try Data(contentsOf: file), as: UTF8.self)
            try await world.execute(
                """
                alter table log.position drop column person, drop column sequence, drop column link;
                drop table log.epoch, log.map_tile, log.map_edge;
                """)
            try await world.execute(sql)
            #expect(try await Self.numbers(world) == numbered)
            #expect(try await world.audit(world.note()).findings.isEmpty)
            try await Self.enter([0], world)
            try await world.sealAll()
            #expect(try await Self.numbers(world).last == "7:1.4")
            #expect(try await world.audit(world.note()).findings.isEmpty)
        }
    }
}
