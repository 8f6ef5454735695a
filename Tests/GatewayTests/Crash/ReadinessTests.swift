import Glibc
import Postgres
import TestSupport
import Testing

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
}
