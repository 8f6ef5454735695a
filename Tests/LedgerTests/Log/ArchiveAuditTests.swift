import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// 保管の監査: a month that left without a leaf, a leaf that lies, and a file that is not the one that was
/// entered, are each found.
@Suite struct ArchiveAuditTests {
    struct Manipulation: Sendable, CustomTestStringConvertible {
        let name: String
        let sql: String
        let findings: Set<LogAudit.Finding>
        var testDescription: String { name }
    }

    @Test func `a month that left without a leaf is missed, entry by entry`() async throws {
        try await OldLog.with { world, _, _ in
            try await world.execute("drop table log.access_entry_2015_03")
            let findings = try await world.audit(world.note()).findings
            #expect(findings == [0, 1, 3, 4].map { .entryMissing(position: $0) })
        }
    }

    /// Of what the sealer was asked to enter: whoever owns the machine asks for something else.
    static let lies: [String] = [
        "first = 1", "last = 3", "entries = 3", "root = sha256('x')", "month = '2015-04-01'",
    ]

    @Test(arguments: lies)
    func `a leaf that lies about its month is found`(lie: String) async throws {
        try await OldLog.with { world, archiving, folder in
            let month = try LogMonth(OldLog.march)
            let contents = try await archiving.write(month, to: folder + ArchiveTests.path)
            try await archiving.request(month, contents)
            try await world.manipulate("update log.archive_request set \(lie)")
            try await world.sealAll()
            let findings = try await world.audit(world.note()).findings
            let told = lie.hasPrefix("month") ? "2015-04" : OldLog.march
            #expect(findings == [.archiveDiffers(month: told)])
            // With the month gone as well.
            try await world.execute("drop table log.access_entry_2015_03")
            let gone = try await world.audit(world.note()).findings
            #expect(gone.contains(.archiveDiffers(month: told)))
        }
    }

    /// A bare row is all that the sealer is asked by: what it says may be true, and its time tells on it.
    @Test func `a month that was archived before its time is found, whatever its leaf tells`()
        async throws
    {
        try await OldLog.with { world, archiving, folder in
            let name = try #require(
                try await world.texts(
                    "select to_char(max(at) at time zone 'Asia/Tokyo', 'YYYY-MM') from log.access_entry"
                ).first)
            let month = try LogMonth(name)
            let path = folder + "/" + ArchiveFile.name(of: month)
            try await archiving.request(month, archiving.write(month, to: path))
            try await world.sealAll()
            let archived = try #require(try await archiving.entered(month))
            let early = LogAudit.Finding.archivedEarly(
                month: name, at: archived.at,
                until: month.adding(months: 85).start.dayInJapan)
            #expect(try await world.audit(world.note()).findings == [early])
            try await world.execute(
                "drop table log.access_entry_\(name.replacing("-", with: "_"))")
            let report = try await world.audit(world.note(), archives: [path])
            #expect(report.findings == [early] && report.retention?.months == 84)
            #expect("\(early)".contains(archived.at.text))
        }
    }

    static let manipulations: [Manipulation] = [
        .init(
            name: "the archive's row changed", sql: "update log.archive set archive = sha256('x')",
            findings: [.entryAltered(position: 9)]),
        .init(
            name: "the archive's row removed", sql: "delete from log.archive",
            findings: [
                .entryMissing(position: 9), .entryMissing(position: 0), .entryMissing(position: 4),
            ]),
        .init(
            name: "a leaf of the archived changed",
            sql: "update log.position set leaf = sha256('x') where position = 3",
            findings: [.archiveDiffers(month: "2015-03")]),
        .init(
            name: "an archived entry taken out of its sequence",
            sql: """
                update log.position set person = null, sequence = null, link = null where position = 3
                """, findings: [.sequenceGap(position: 7)]),
        .init(
            name: "another month's entry removed and said to be of the archive",
            sql: """
                delete from log.access_entry where at = '2015-04-01 12:00+09';
                update log.position set at = '2015-03-31 23:59+09' where position = 2
                """, findings: [.archiveDiffers(month: "2015-03")]),
        .init(
            name: "an entry removed, its time with it",
            sql: """
                delete from log.access_entry where at = '2015-04-01 12:00+09';
                update log.position set at = null where position = 2
                """, findings: [.entryMissing(position: 2)]),
        .init(
            name: "one entry of the archived put back",
            sql: OldLog.partition("2015-03")
                + """
                ; insert into log.access_entry (entry, at, format, party, purpose, outcome, salt)
                select entry, at, 1, 'institution:1', 'open-visit', 'ok', 'salt' from log.position
                where position = 1
                """,
            findings: [
                .entryAltered(position: 1), .archivePartial(month: "2015-03", missing: 3),
            ]),
    ]

    @Test(arguments: manipulations)
    func `a planted manipulation is found`(manipulation: Manipulation) async throws {
        try await OldLog.with { world, archiving, folder in
            try await archiving.archive(beside: world, to: folder)
            try await world.manipulate(manipulation.sql)
            let findings = Set(try await world.audit(world.note()).findings)
            #expect(manipulation.findings.isSubset(of: findings), "\(findings)")
        }
    }

    /// The marking would be an entry of March: of another resident, or of this one and about something else.
    @Test(arguments: [(0, false), (1, true)])
    func `an entry held back by a marking of an archived month that says nothing of it is found`(
        person: Int, needsFile: Bool
    ) async throws {
        try await OldLog.with { world, archiving, folder in
            try await archiving.archive(beside: world, to: folder)
            try await world.manipulate(
                """
                insert into log.withholding
                    (entry, person, party, reason, reference, release_at, marked_by)
                select gen_random_uuid(), '\(SequenceTests.people[person])',
                    'institution:1319999995', 'investigation', 'x', now() + interval '1 year', entry
                from log.position where position = 1
                """)
            func isFound(_ report: LogAudit.Report) -> Bool {
                report.findings.contains { if case .withheldUnsaid = $0 { true } else { false } }
            }
            #expect(isFound(try await world.audit(world.note())) == !needsFile)
            let path = folder + "/" + ArchiveFile.name(of: try LogMonth(OldLog.march))
            #expect(isFound(try await world.audit(world.note(), archives: [path])))
        }
    }

    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        let forge: @Sendable ([String]) -> [String]
        let finding: LogAudit.Finding
        var testDescription: String { name }
    }

    /// The lines of the file: its head, four entries, its end.
    static let forgeries: [Forgery] = [
        .init(
            name: "an entry changed",
            forge: { $0.replacing(2) { $0.replacing("check-eligibility", with: "read-patient") } },
            finding: .archivedEntryAltered(position: 1)),
        .init(
            name: "an entry of somebody else", forge: { $0.replacing(2, person) },
            finding: .archivedEntryAltered(position: 1)),
        .init(
            name: "a line left out", forge: { Array($0[..<2] + $0[3...]) },
            finding: .archiveUnreadable("2015-03", .root)),
        .init(
            name: "two lines swapped", forge: { [$0[0], $0[2], $0[1]] + $0[3...] },
            finding: .archiveUnreadable("2015-03", .line(3))),
        .init(
            name: "cut off after a line", forge: { Array($0[..<4]) },
            finding: .archiveUnreadable("2015-03", .cutOff)),
        .init(
            name: "a line after the end", forge: { $0 + [$0[1]] },
            finding: .archiveUnreadable("2015-03", .line(7))),
        .init(
            name: "another month's name",
            forge: { [$0[0].replacing("2015-03", with: "2015-04")] + $0.dropFirst() },
            finding: .archiveUnreadable("", .line(2))),
        .init(
            name: "a number that no leaf has", forge: { $0.replacing(2, renumber) },
            finding: .archiveAltered(month: "2015-03")),
        .init(
            name: "no archive at all", forge: { _ in ["{}"] },
            finding: .archiveUnreadable("", .line(1))),
    ]

    @Sendable private static func person(_ line: String) -> String {
        line.replacing(SequenceTests.people[1], with: SequenceTests.people[2])
    }

    /// The resident's own number is of no leaf: only the file's hash has it.
    @Sendable private static func renumber(_ line: String) -> String {
        line.replacing(#""sequence":1"#, with: #""sequence":2"#)
    }

    @Test func `every forgery of a file is found`() async throws {
        try await OldLog.with { world, archiving, folder in
            try await archiving.archive(beside: world, to: folder)
            let path = folder + ArchiveTests.path
            let honest = try String(contentsOfFile: path, encoding: .utf8)
            let lines = honest.split(separator: "\n").map(String.init)
            try #require(lines.count == 6)
            for forgery in Self.forgeries {
                let forged = forgery.forge(lines).joined(separator: "\n") + "\n"
                try #require(forged != honest, "\(forgery.name) changes nothing")
                let file = folder + "/forged.jsonl"
                try forged.write(toFile: file, atomically: true, encoding: .utf8)
                let findings = try await world.audit(world.note(), archives: [file]).findings
                #expect(findings.contains(forgery.finding), "\(forgery.name): \(findings)")
            }
            let half = folder + "/half.jsonl"
            try String(honest.dropLast(9)).write(toFile: half, atomically: true, encoding: .utf8)
            #expect(
                try await world.audit(world.note(), archives: [half]).findings
                    == [.archiveUnreadable("2015-03", .cutOff)])
        }
    }

    /// Line, leaf and end all made anew by whoever has the program: the log has another hash.
    @Test func `a file that was made anew throughout is not the one that was entered`() async throws
    {
        try await OldLog.with { world, archiving, folder in
            try await archiving.archive(beside: world, to: folder)
            let other = folder + "/other"
            try FileManager.default.createDirectory(
                atPath: other, withIntermediateDirectories: true)
            try await LedgerWorld.with(template: OldLog.template) { forger in
                try await forger.manipulate(
                    "update log.access_entry set outcome = 'x' where at = '2015-03-15 12:00+09'")
                let archiving = LogArchiving(forger.owner, logger: TestPostgres.logger)
                _ = try await archiving.write(LogMonth(OldLog.march), to: other + ArchiveTests.path)
                await archiving.close()
            }
            let findings = try await world.audit(
                world.note(), archives: [other + ArchiveTests.path]
            ).findings
            #expect(
                findings == [
                    .archivedEntryAltered(position: 4), .archiveAltered(month: OldLog.march),
                ])
        }
    }
}

extension [String] {
    fileprivate func replacing(_ place: Int, _ change: (String) -> String) -> [String] {
        var lines = self
        lines[place] = change(lines[place])
        return lines
    }
}
