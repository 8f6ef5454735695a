import Exchange
import Foundation
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 準備完了: what a load balancer is told of a process whose surroundings went wrong, and that it is told again
/// when they are right.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ReadinessTests {
    /// The process's clock and the database's go apart: the database's is put forward and back, as this
    /// process sees it.
    @Test func `a process whose clock leaves the database's is not ready, and is again`()
        async throws
    {
        try await CrashWorld.with { world in
            try await world.execute(
                """
                create schema skew;
                create table skew.clock (ahead interval not null);
                insert into skew.clock values ('0 s');
                create function skew.clock_timestamp() returns timestamptz language sql volatile as
                    $$ select pg_catalog.clock_timestamp() + (select ahead from skew.clock) $$;
                grant usage on schema skew to tsunagi_gateway;
                grant select on skew.clock to tsunagi_gateway;
                alter role tsunagi_gateway set search_path = skew, pg_catalog;
                """)
            let (process, door) = try await Door.open(world)
            try await door.comes { try await $0.asked("/ready").status == 200 }
            for ahead in ["2 s", "-2 s", "1 hour", "-1 day"] {
                try await world.execute("update skew.clock set ahead = '\(ahead)'")
                let answer = try await door.asked("/ready")
                #expect(answer.status == 503, "\(ahead): \(answer.text)")
                #expect(answer.text.contains("database-and-clock: clocks differ by "))
                // It is no reason to start it anew.
                #expect(try await door.asked("/live").status == 200)
                try await world.execute("update skew.clock set ahead = '0.2 s'")
                #expect(try await door.asked("/ready").status == 200)
            }
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
        }
    }

    /// Somebody keeps a lock, or takes a column: each is told as what it is, and is over by itself when it is
    /// taken back.
    @Test func `a process says whether the log is locked or changed`() async throws {
        try await CrashWorld.with { world in
            let (process, door) = try await Door.open(world)
            try await door.comes { try await $0.asked("/ready").status == 200 }
            async let lock: Void = world.owner.transaction { transaction in
                try transaction.script("lock table log.access_entry in access exclusive mode")
                // Of a connection that says nothing the server would take the lock away.
                for _ in 0..<150 {
                    usleep(100_000)
                    try transaction.script("select 1")
                }
            }
            try await door.comes { door in
                try await door.asked("/ready").text.contains("seal: the database is too slow, or")
            }
            try await lock
            try await door.comes { try await $0.asked("/ready").status == 200 }

            try await world.execute("alter table log.access_entry rename xid to gone")
            try await door.comes { door in
                let answer = try await door.asked("/ready")
                return answer.status == 503
                    && answer.text.contains("seal: the access log is not as it was made")
                    && answer.text.contains("SQLSTATE 42703")
            }
            #expect(try await door.asked("/live").status == 200)
            try await world.execute("alter table log.access_entry rename gone to xid")
            try await door.comes { try await $0.asked("/ready").status == 200 }
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
        }
    }

    /// チェックポイントの置き場がいっぱい: `/dev/full` stands where the day's file would be, so that nobody need be root.
    /// Entries are committed and sealed as before, and no checkpoint leaves the database until there is room.
    @Test func `a full folder of checkpoints is told, stops no entry and is made up for`()
        async throws
    {
        try await CrashWorld.with { world in
            let folder = world.folder + "/checkpoints"
            let links = try Self.fill(folder)
            let (process, door) = try await Door.open(world)
            try await door.comes { try await $0.asked("/ready").status == 200 }
            let told = "s for a checkpoint outside the database"
            #expect(try await !door.asked("/ready").text.contains(told))
            let first = try await Self.ask(10, door, world)
            // A minute passes until somebody is asked to look.
            try await door.comes { door in
                let answer = try await door.asked("/ready")
                #expect(answer.status == 200, "\(answer.text)")
                return answer.text.contains(told)
            }
            let second = try await Self.ask(10, door, world)
            #expect(first == 10 && second == 20)
            #expect(try await world.count("log.position") > 0)
            #expect(try await world.count("log.checkpoint") == 0)
            #expect(!FileManager.default.fileExists(atPath: folder + "/latest"))

            for link in links { try FileManager.default.removeItem(atPath: link) }
            try await door.comes { try await !$0.asked("/ready").text.contains(told) }
            #expect(try await world.count("log.checkpoint") > 0)
            #expect(try await Self.ask(1, door, world) == 21)
            process.signal(SIGTERM)
            #expect(try await process.exit() == 0, "\(process.complaint)")
            let note = try #require(FileManager.default.contents(atPath: folder + "/latest"))
            let audit = LogAudit(
                world.cluster.address(user: "tsunagi_reader"), logger: TestPostgres.logger)
            let report = try await audit.verify(note: Array(note), key: try world.sealKey)
            await audit.close()
            #expect(report.findings.isEmpty, "\(report.findings)")
            #expect(report.checkpoint.size >= 21)
        }
    }

    /// The files of today and, should midnight come, of tomorrow.
    private static func fill(_ folder: String) throws -> [String] {
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
        let today = WallClock.now().dayInJapan
        return try [today, today.adding(days: 1)].map { day in
            let link = "\(folder)/\(day.text).checkpoints"
            try FileManager.default.createSymbolicLink(
                atPath: link, withDestinationPath: "/dev/full")
            return link
        }
    }

    /// Asks for a patient whom nobody knows; returns how many such answers have their entry by then.
    private static func ask(_ count: Int, _ door: Door, _ world: CrashWorld) async throws -> Int {
        let client = try await TLSClient(
            port: door.port, credentials: try world.pki.credentials(of: Cast.clinic))
        for _ in 0..<count {
            let answer = try await client.send("GET", "/fhir/Patient/unknown")
            #expect(answer.code == Refusal.recordUnknown.code)
        }
        await client.close()
        return try await world.count("log.access_entry where outcome = 'record-unknown'")
    }
}
