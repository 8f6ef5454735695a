import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 連番の監査: a resident's sequence that leaves an entry out, counts one twice, or is not what the sealed map
/// says, is found, however consistently the rest of the database was changed with it.
@Suite struct SequenceAuditTests {
    struct Manipulation: Sendable, CustomTestStringConvertible {
        let name: String
        let sql: String
        let findings: Set<LogAudit.Finding>
        var testDescription: String { name }
    }

    /// Two residents, A at 0 2 4 6, B at 1 3, an epoch at 7, A again at 8.
    static func template() async throws -> String {
        try await TestPostgres.template("sequence_template") { owner in
            try await LedgerWorld.seal(into: owner, rounds: []) { world in
                let sealer = try world.sealer()
                try await SequenceTests.enter([0, 1, 0, 1, 0, nil, 0], world)
                try await sealer.seal()
                try await SequenceTests.epochs(world, sealer)
                try await SequenceTests.enter([0], world)
                try await world.sealAll()
            }
        }
    }

    static let a = "'\(SequenceTests.people[0])'"

    static let manipulations: [Manipulation] = [
        .init(
            name: "an entry taken out of its sequence, the later ones renumbered",
            sql: """
                update log.position set person = null, sequence = null, link = null where position = 4;
                update log.position set sequence = sequence - 1 where person = \(a) and position > 4
                """,
            findings: [.sequenceForeign(position: 4), .sequenceRepeated(position: 6)]),
        .init(
            name: "an entry given to another resident's sequence",
            sql: """
                update log.position set person = '\(SequenceTests.people[1])', sequence = 3
                where position = 4
                """, findings: [.sequenceForeign(position: 4)]),
        .init(
            name: "two entries with one number",
            sql: """
                drop index log.position_sequence;
                update log.position set sequence = 2 where position = 4
                """, findings: [.sequenceRepeated(position: 4)]),
        .init(
            name: "a number left out",
            sql: "update log.position set sequence = 9 where position = 8",
            findings: [.sequenceGap(position: 8)]),
        .init(
            name: "a link changed",
            sql: "update log.position set link = sha256('x') where position = 4",
            findings: [.linkAltered(position: 4)]),
        .init(
            name: "an entry said to be about somebody else, before it is sealed anew",
            sql: "update log.access_entry set person = gen_random_uuid() where salt = sha256('1')",
            findings: [.entryAltered(position: 0), .sequenceForeign(position: 0)]),
        .init(
            name: "the epoch's position given to a resident as the newest number",
            sql: """
                update log.position set person = null, sequence = null, link = null where position = 8;
                update log.position set person = \(a), sequence = 5, link = sha256('x') where position = 7
                """, findings: [.sequenceForeign(position: 7)]),
        .init(
            name: "the epoch's root changed", sql: "update log.epoch set root = sha256('x')",
            findings: [.entryAltered(position: 7), .mapDiffers(epoch: 1)]),
        .init(
            name: "the epoch said to hold less", sql: "update log.epoch set size = 6",
            findings: [.entryAltered(position: 7), .mapDiffers(epoch: 1)]),
        .init(
            name: "an epoch out of its order", sql: "update log.epoch set epoch = 2",
            findings: [.entryAltered(position: 7), .epochDisordered(epoch: 2)]),
        .init(
            name: "the epoch removed", sql: "delete from log.epoch",
            findings: [.entryMissing(position: 7)]),
        .init(
            name: "a tile of the map changed",
            sql: "update log.map_tile set slots = '\\x00' where prefix = ''",
            findings: [.mapTileAltered("")]),
        .init(
            name: "a tile of the map removed", sql: "delete from log.map_tile where prefix = ''",
            findings: [.mapTileAltered("")]),
        .init(
            name: "a tile of the map added",
            sql: "insert into log.map_tile (prefix, epoch, slots) values ('abc', 1, '\\x00')",
            findings: [.mapTileAltered("abc")]),
    ]

    @Test func `an untouched log has no findings`() async throws {
        try await LedgerWorld.with(template: Self.template) { world in
            let report = try await world.audit(world.note())
            #expect(report.findings.isEmpty && report.sealed == 9)
        }
    }

    @Test(arguments: manipulations)
    func `a planted manipulation is found`(manipulation: Manipulation) async throws {
        try await LedgerWorld.with(template: Self.template) { world in
            let note = try await world.note()
            try await world.manipulate(manipulation.sql)
            let findings = Set(try await world.audit(note).findings)
            #expect(manipulation.findings.isSubset(of: findings), "\(findings)")
        }
    }

    /// Whoever owns the machine makes the sequence and the map anew without an entry and signs it as a new
    /// epoch: the entry itself is still in the log.
    @Test func `a map sealed over a sequence that leaves an entry out is found`() async throws {
        try await LedgerWorld.with(template: Self.template) { world in
            try await world.manipulate(
                """
                update log.position set person = null, sequence = null, link = null where position = 8
                """)
            try await SequenceTests.enter([1], world)
            try await world.sealAll()
            try await SequenceTests.epochs(world, try world.sealer())
            try await world.sealAll()
            let findings = try await world.audit(world.note()).findings
            #expect(findings.contains(.sequenceForeign(position: 8)))
            #expect(findings.contains(.mapDiffers(epoch: 2)))
        }
    }
}
