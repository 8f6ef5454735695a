import Exchange
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

extension OwnEntry {
    /// Nothing of an archived one.
    var kept: StoredEntry? {
        guard case .kept(let entry, _) = content else { return nil }
        return entry
    }
}

/// 古い月: a log that began in the spring of 2015, long before any time of keeping ends.
enum OldLog {
    static let march = "2015-03"
    static let now = Instant.startOfDay(CalendarDay(daysSince1970: 20_000))

    /// Positions 0 to 5: A and B in March, A in April (its transaction before one of March), A in March,
    /// nobody in March, B in April; an epoch at 6; A today at 7, and an epoch at 8.
    static func template() async throws -> String {
        try await TestPostgres.template("archive_template") { owner in
            try await LedgerWorld.seal(into: owner, rounds: []) { world in
                try await LedgerWorld.furnish(owner)
                for month in ["2015-03", "2015-04", "2015-05"] {
                    try await world.execute(partition(month))
                }
                try await enter(
                    [
                        (0, "2015-03-02"), (1, "2015-03-02"), (0, "2015-04-01"), (0, "2015-03-31"),
                        (nil, "2015-03-15"), (1, "2015-04-30"),
                    ], world)
                let sealer = try world.sealer()
                try await sealer.seal()
                try await SequenceTests.epochs(world, sealer)
                try await SequenceTests.enter([0], world)
                try await world.sealAll()
                try await SequenceTests.epochs(world, sealer)
                try await world.sealAll()
            }
        }
    }

    /// As `log.ensure_partitions` made them in their time.
    static func partition(_ month: String) -> String {
        """
        do $$
        declare
            first timestamp := '\(month)-01';
            name text := 'access_entry_' || to_char(first, 'YYYY_MM');
        begin
            execute format('create table log.%I
                (like log.access_entry including defaults including constraints)', name);
            execute format('alter table log.access_entry attach partition log.%I
                for values from (%L) to (%L)', name, first at time zone 'Asia/Tokyo',
                (first + interval '1 month') at time zone 'Asia/Tokyo');
            execute format('create trigger %I before truncate on log.%I
                for each statement execute function log.refuse_change()', name || '_kept', name);
        end $$
        """
    }

    /// Each in a transaction of its own, at noon in Japan.
    static func enter(_ entries: [(person: Int?, day: String)], _ world: LedgerWorld) async throws {
        for (person, day) in entries {
            let person = person.map { "'\(SequenceTests.people[$0])'" } ?? "null"
            try await world.execute(
                """
                insert into log.access_entry
                    (entry, at, format, party, operator, purpose, visit, person, outcome, basis, digest, salt)
                values (gen_random_uuid(), '\(day) 12:00+09', 1, 'institution:1319999995', 'op "と"',
                    'check-eligibility', gen_random_uuid(), \(person), 'ok', '{"a":1}', sha256('body'),
                    sha256('\(day)'))
                """)
        }
        try await world.settle()
    }

    static func with<R: Sendable>(
        _ body: @Sendable (LedgerWorld, LogArchiving, _ folder: String) async throws -> R
    ) async throws -> R {
        try await LedgerWorld.with(template: template) { world in
            try FileManager.default.createDirectory(
                atPath: world.checkpoints, withIntermediateDirectories: true)
            let archiving = LogArchiving(world.owner, logger: TestPostgres.logger)
            do {
                let result = try await body(world, archiving, world.checkpoints)
                await archiving.close()
                return result
            } catch {
                await archiving.close()
                throw error
            }
        }
    }
}

extension LogArchiving {
    /// Beside a sealer, as on a site.
    @discardableResult
    func archive(
        _ month: String = OldLog.march, beside world: LedgerWorld, to folder: String,
        now: Instant = OldLog.now
    ) async throws -> Outcome {
        let sealer = try world.sealer()
        return try await withThrowingTaskGroup(of: Outcome?.self) { group in
            group.addTask {
                while !Task.isCancelled {
                    try await LedgerWorld.amongOthers { try await sealer.seal() }
                    try? await Task.sleep(for: .milliseconds(20))
                }
                return nil
            }
            group.addTask { try await archive(LogMonth(month), to: folder, now: now) }
            let outcome = try await group.next()
            group.cancelAll()
            return try #require(outcome.flatMap { $0 })
        }
    }
}
