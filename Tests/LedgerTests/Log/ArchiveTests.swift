import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// 保管: a month of entries leaves the database in steps that may each be the last before a crash, and what
/// stays, the file, the leaf and the residents' lists prove each other.
@Suite struct ArchiveTests {
    static let path = "/" + ((try? LogMonth(OldLog.march)).map { ArchiveFile.name(of: $0) } ?? "")

    @Test func `a month leaves for a file, and the log still verifies, with the file and without`()
        async throws
    {
        try await OldLog.with { world, archiving, folder in
            let before = try await world.note()
            let outcome = try await archiving.archive(beside: world, to: folder)
            let contents = outcome.archived.contents
            #expect((contents.first, contents.last, contents.entries) == (0, 4, 4))
            #expect(try await world.count("pg_class where relname = 'access_entry_2015_03'") == 0)
            #expect(try await world.count("log.archive_request") == 0)
            #expect(try await world.count("log.position") == 10)
            let file = try Data(contentsOf: URL(filePath: folder + Self.path))
            #expect(sha256(String(decoding: file, as: UTF8.self)) == contents.archive)
            for note in [before, try await world.note()] {
                let report = try await world.audit(note, archives: [folder + Self.path])
                #expect(report.findings == [])
                #expect(report.archived.map(\.isGone) == [true])
                #expect(try await world.audit(note).findings == [])
            }
            let again = try await archiving.archive(beside: world, to: folder)
            #expect(again.path == nil && again.archived == outcome.archived)
        }
    }

    /// What was done before the machine died.
    static let steps = ["nothing", "half a file", "the file", "the request", "the leaf"]

    @Test(arguments: steps)
    func `after a crash the next run ends what was begun`(step: String) async throws {
        try await OldLog.with { world, archiving, folder in
            let month = try LogMonth(OldLog.march)
            let path = folder + Self.path
            let done = try #require(Self.steps.firstIndex(of: step))
            if done == 1 { try Data("half".utf8).write(to: URL(filePath: path + ".new")) }
            var contents: ArchivedMonth.Contents?
            if done >= 2 { contents = try await archiving.write(month, to: path) }
            if done >= 3 { try await archiving.request(month, #require(contents)) }
            if done >= 4 {
                try await world.sealer().seal()
                #expect(try await archiving.entered(month) != nil)
                let report = try await world.audit(world.note(), archives: [path])
                #expect(report.findings == [] && report.archived.map(\.isGone) == [false])
            }
            // Work went on meanwhile, and the file was lost with the folder.
            try await SequenceTests.enter([0, 1], world)
            try? FileManager.default.removeItem(atPath: path)
            try await archiving.archive(beside: world, to: folder)
            #expect(!FileManager.default.fileExists(atPath: path + ".new"))
            try await world.sealAll()
            let report = try await world.audit(world.note(), archives: [path])
            #expect(report.findings == [] && report.archived.map(\.isGone) == [true])
            #expect(try await world.count("log.archive") == 1)
        }
    }

    @Test func `a month that may not go stays`() async throws {
        try await OldLog.with { world, archiving, folder in
            let until = try CalendarDay("2022-04-01")
            let early = Instant.startOfDay(until).adding(seconds: -1)
            await #expect(throws: LogArchiving.Stop.keptUntil(until)) {
                try await archiving.archive(LogMonth(OldLog.march), to: folder, now: early)
            }
            let present = LogMonth(of: WallClock.now())
            let error = await #expect(throws: LogArchiving.Stop.self) {
                try await archiving.archive(present, to: folder, now: WallClock.now())
            }
            guard case .keptUntil? = error else { throw try #require(error) }
            for (month, stop) in [
                ("2014-12", LogArchiving.Stop.absent(try LogMonth("2014-12"))),
                ("2015-05", .empty(try LogMonth("2015-05"))),
            ] {
                await #expect(throws: stop) {
                    try await archiving.archive(LogMonth(month), to: folder, now: OldLog.now)
                }
            }
            try await OldLog.enter([(0, "2015-03-20")], world)
            await #expect(throws: LogArchiving.Stop.notSealed(entries: 5, positions: 0)) {
                try await archiving.archive(LogMonth(OldLog.march), to: folder, now: OldLog.now)
            }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
            #expect(try await world.count("log.archive_request") == 0)
        }
    }

    @Test func `a month waits for whoever follows the log and has not taken all of it`()
        async throws
    {
        try await OldLog.with { world, archiving, folder in
            try await world.execute(
                """
                update log.follower set next_position = 4, asked_at = clock_timestamp()
                where name = 'audit-feed'
                """)
            let stop = LogArchiving.Stop.followed(follower: "audit-feed", next: 4, last: 4)
            await #expect(throws: stop) {
                try await archiving.archive(
                    LogMonth(OldLog.march), to: folder, now: OldLog.now, without: ["offices"])
            }
            #expect("\(stop)".contains("--without audit-feed"))
            #expect(try await world.count("log.archive_request") == 0)
            try await world.execute(
                "update log.follower set next_position = 5 where name = 'audit-feed'")
            try await archiving.archive(beside: world, to: folder)
            #expect(try await archiving.isHere(LogMonth(OldLog.march)) == false)
        }
    }

    @Test func `an entry put in behind the head keeps its month from leaving`() async throws {
        try await OldLog.with { world, archiving, folder in
            try await OldLog.enter([(0, "2015-03-20")], world)
            try await world.manipulate(
                """
                update log.access_entry set xid = (select min(xid::text::bigint)::text::xid8
                    from log.access_entry) where at = '2015-03-20 12:00+09'
                """)
            await #expect(throws: LogArchiving.Stop.self) {
                try await archiving.archive(LogMonth(OldLog.march), to: folder, now: OldLog.now)
            }
            #expect(try await archiving.isHere(LogMonth(OldLog.march)))
        }
    }

    @Test func `nothing is removed for a file that is not on the disk as it was entered`()
        async throws
    {
        try await OldLog.with { world, archiving, folder in
            let month = try LogMonth(OldLog.march)
            let path = folder + Self.path
            try await archiving.request(month, archiving.write(month, to: path))
            try await world.sealer().seal()
            let archived = try #require(try await archiving.entered(month))
            let text = try String(contentsOfFile: path, encoding: .utf8)
            try text.replacing("check-eligibility", with: "check-eligibilitx").write(
                toFile: path, atomically: true, encoding: .utf8)
            await #expect(throws: ArchiveFault.root) { try await archiving.remove(archived, path) }
            try FileManager.default.removeItem(atPath: path)
            await #expect(throws: ArchiveFault.self) { try await archiving.remove(archived, path) }
            #expect(try await archiving.isHere(month))
        }
    }

    @Test func `the list of a resident goes on over what was archived`() async throws {
        try await OldLog.with { world, archiving, folder in
            try await archiving.archive(beside: world, to: folder)
            try await SequenceTests.enter([0], world)
            try await world.sealAll()
            let log = try await SequenceTests.own(0, world)
            #expect(log.total == 5 && log.entries.map(\.sequence) == [5, 4, 3, 2, 1])
            #expect(log.entries.map { $0.kept == nil } == [false, false, true, false, true])
            #expect(log.map?.head?.count == 4 && log.archives.count == 1)
            let note = try #require(log.checkpoint)
            let root = try world.signer.key.open(Array(note.utf8)).root
            for entry in log.entries {
                guard case .archived(_, let at, let leaf) = entry.content else { continue }
                #expect(LogMonth(of: at).text == OldLog.march)
                #expect(try #require(entry.proof).verifies(leaf: leaf, root: root))
            }
            let month = try #require(log.archives.first)
            #expect(month.inclusion.verifies(leaf: .leaf(month.month.leafText), root: root))
        }
    }
}
