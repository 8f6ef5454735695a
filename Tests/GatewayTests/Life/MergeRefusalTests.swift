import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 統合の断り: what cannot be carried over refuses the merge by name, and then nothing has changed; and one
/// officer
/// alone merges nothing.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergeRefusalTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private typealias Settled = (resident: TestResident, card: SoftwareCard)

    private var today: CalendarDay { gateway.clock.today }

    private func certificate(
        _ resident: TestResident, from: Int = -200, to: Int = 200, historyKey: String = "1"
    ) -> JSON {
        resident.row(
            "kodomo", today.adding(days: from), today.adding(days: to), historyKey: historyKey)
    }

    /// A row that says what no request needs to be made for: that there is something.
    private func plant(_ sql: String, _ gone: TestResident) async throws {
        let record = """
            (select person from exchange.life_event where identity_key = 'L-\(gone.index)' limit 1)
            """
        try await gateway.sql { transaction in
            _ = try transaction.query(
                Statement(
                    """
                    do $$ begin
                    set local session_replication_role = replica;
                    \(sql.replacing("RECORD", with: record));
                    end $$
                    """))
        }
    }

    static let held: [(code: String, sql: String)] = [
        (
            "merge-relations",
            """
            insert into exchange.delegation
                (person, delegation, code_hash, kinds, valid_to, made_at, code_lapses_at)
            values (RECORD, gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), '{}',
                current_date + 9, now(), now())
            """
        ),
        (
            "merge-emergency",
            """
            insert into exchange.emergency_review (person, visit, municipality, disaster, party, operator,
                reason, opened_at, due_at)
            values (RECORD, gen_random_uuid(), '132101', gen_random_uuid(), 'institution:1310000001',
                'sato', 'x', now(), now())
            """
        ),
    ]

    @Test(arguments: held.indices)
    func `what cannot be carried over refuses the merge by its name`(_ index: Int) async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let known = [stays, gone].map {
            gateway.lifeEvent(.movedWithin, of: $0.resident, "known", on: today)
        }
        try await gateway.tell(known).expect(202)
        try await plant(Self.held[index].sql, gone.resident)
        let refused = try await gateway.tellTwice([
            gateway.merge(gone.resident, into: stays.resident)
        ])
        #expect(try await gateway.codes(of: refused) == [Self.held[index].code])
        #expect(refused.int("refused") == 1)
        try await expectNothingMerged(gone.resident)
        // The other way round nothing is in the way.
        let other = try await gateway.tellTwice([
            gateway.merge(stays.resident, into: gone.resident)
        ])
        let isBothWays = Self.held[index].code == "merge-emergency"
        #expect(other.int("applied") == 1 || isBothWays, "\(other.text)")
    }

    private func expectNothingMerged(_ gone: TestResident) async throws {
        let merges = try await gateway.count(
            "select count(*) from exchange.record_merge where sequence like $1",
            [.text("merge-\(gone.index)-%")])
        #expect(merges == 0)
    }

    @Test func `records of two persons, of two towns, or of a merge are not merged`() async throws {
        func codes(_ row: JSON, by town: Party = Cast.town) async throws -> [String] {
            let answer = try await gateway.tellTwice([row], by: town)
            #expect(answer.int("applied") == 0, "\(answer.text)")
            return try await gateway.codes(of: answer, by: town)
        }
        let (stays, gone) = try await gateway.settleTwice()
        let merge = gateway.merge(gone.resident, into: stays.resident)
        #expect(try await codes(merge, by: Cast.otherTown) == ["merge-not-resident"])
        let away = try await gateway.settle(in: Cast.otherTown)
        #expect(
            try await codes(gateway.merge(away.resident, into: stays.resident))
                == ["merge-not-resident"])
        #expect(
            try await codes(gateway.merge(gone.resident, into: away.resident))
                == ["merge-not-resident"])
        let unknown = gateway.people.next()
        #expect(
            try await codes(gateway.merge(unknown, into: stays.resident)) == ["merge-not-resident"])
        let same = gateway.merge(stays.resident, into: stays.resident)
        #expect(try await codes(same) == ["format"])
        // What two bodies' rows say of them is two persons.
        let other = try await gateway.settle()
        try await gateway.hold([certificate(stays.resident)])
        var stranger = other.resident
        stranger.name = "別人 太郎"
        stranger.nameKana = "ベツジン タロウ"
        stranger.dateOfBirth = "1961-02-03"
        stranger.sex = "1"
        try await gateway.hold([certificate(stranger)])
        #expect(
            try await codes(gateway.merge(other.resident, into: stays.resident))
                == ["another-person"])
        // The same certificate, in other words, for the same days.
        try await gateway.hold([certificate(gone.resident, historyKey: "2")])
        #expect(try await codes(merge) == ["merge-certificate"])
        try await gateway.hold([certificate(gone.resident, to: -201 + 1, historyKey: "2")])
        #expect(try await codes(merge) == ["merge-certificate"])
        try await gateway.hold([
            certificate(gone.resident, from: -400, to: -201, historyKey: "2")
        ])
        #expect(try await gateway.tellTwice([merge]).int("applied") == 1)
        // Chains and circles.
        let third = try await gateway.settle()
        for row in [
            gateway.merge(stays.resident, into: third.resident, "chain"),
            gateway.merge(third.resident, into: gone.resident, "chain"),
            gateway.merge(gone.resident, into: third.resident, "chain"),
            gateway.merge(stays.resident, into: gone.resident, "circle"),
            gateway.merge(gone.resident, into: stays.resident, "again"),
        ] {
            #expect(try await codes(row) == ["merge-already"])
        }
    }

    @Test func `one officer alone merges nothing, and two say the same thing`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let merge = gateway.merge(gone.resident, into: stays.resident)
        func said(_ row: JSON, _ officer: String?) async throws -> [String] {
            let answer = try await gateway.tell([row], as: officer)
            try answer.expect(202)
            let outcome = ["applied", "unchanged", "underReview", "refused"].first {
                answer.int($0) == 1
            }
            return try await [outcome ?? answer.text] + gateway.codes(of: answer)
        }
        let waiting = ["underReview", "second-person-awaited"]
        // Twice the same officer; and an officer of whom nothing is known but the certificate.
        for officer in ["sato", "sato", nil] {
            let answer = try await said(merge, officer)
            #expect(answer == waiting)
        }
        try await expectNothingMerged(gone.resident)
        // Another content is another word.
        let other = gateway.lifeEvent(
            .joined, of: stays.resident, "merge-\(gone.resident.index)", on: today,
            [
                "merged": .object(
                    JSONObject([.init(name: "myNumber", value: .string(gone.resident.number))])),
                "knownOn": .string(today.adding(days: -1).text),
            ])
        #expect(try await said(other, "suzuki") == waiting)
        // A word that lapsed is none.
        try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    update exchange.merge_proposal
                    set proposed_at = now() - interval '2 days', lapses_at = now() - interval '1 day'
                    where operator = 'sato' and agreed_at is null
                    """))
        }
        #expect(try await said(merge, "suzuki") == waiting)
        #expect(try await said(merge, "sato") == ["applied"])
        #expect(try await said(merge, "tanaka") == ["unchanged"])
        #expect(try await said(other, "tanaka") == ["refused", "sequence-reused"])
        // Undone by its own kind alone, apart from all else.
        let cancel = gateway.lifeEvent(
            .cancelled, of: stays.resident, "cancel", on: today,
            ["corrects": .string("merge-\(gone.resident.index)-\(stays.resident.index)")])
        #expect(try await said(cancel, "sato") == ["refused", "merge-kind"])
        let undo = gateway.undo(gone.resident, from: stays.resident)
        let move = gateway.lifeEvent(.movedWithin, of: gone.resident, "move", on: today)
        let both = try await gateway.tellTwice([undo, move])
        #expect(try await gateway.codes(of: both) == ["merge-alone"])
        #expect(try await said(undo, "sato") == waiting)
        #expect(try await said(undo, "suzuki") == ["applied"])
        let entered = try await gateway.count(
            """
            select count(distinct e.person) from log.access_entry e
            where e.purpose = 'register-life-events' and e.person in (
                select person from exchange.record_merge where sequence = $1
                union select survivor from exchange.record_merge where sequence = $1)
            """, [.text("merge-\(gone.resident.index)-\(stays.resident.index)")])
        #expect(entered == 2)
    }

    @Test func `of two merges at once, and of a merge and a writing, one sees the other`()
        async throws
    {
        // A writing under the record that is not committed yet: the merge waits, and then refuses.
        let (stays, gone) = try await gateway.settleTwice()
        let known = gateway.lifeEvent(.movedWithin, of: gone.resident, "known", on: today)
        try await gateway.tell([known]).expect(202)
        let merge = gateway.merge(gone.resident, into: stays.resident)
        try await gateway.tell([merge], as: "sato").expect(202)
        let plant = """
            insert into exchange.delegation
                (person, delegation, code_hash, kinds, valid_to, made_at, code_lapses_at)
            select person, gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), '{}',
                current_date + 9, now(), now()
            from exchange.life_event where identity_key = 'L-\(gone.resident.index)'
            """
        async let written: Void = gateway.sql { transaction in
            try transaction.run(Statement(plant))
            try transaction.run(Statement("select pg_sleep(1)"))
        }
        try await Task.sleep(for: .milliseconds(300))
        let answer = try await gateway.tell([merge], as: "suzuki")
        try await written
        #expect(try await gateway.codes(of: answer) == ["merge-relations"])
        // And after a merge nothing is written under the record any more.
        let (kept, lost) = try await gateway.settleTwice()
        let second = gateway.lifeEvent(.movedWithin, of: lost.resident, "known", on: today)
        try await gateway.tell([second]).expect(202)
        #expect(
            try await gateway.tellTwice([gateway.merge(lost.resident, into: kept.resident)])
                .int("applied") == 1)
        await #expect(throws: DatabaseError.self) {
            try await gateway.sql { transaction in
                try transaction.run(
                    Statement(
                        plant.replacing(
                            "L-\(gone.resident.index)", with: "L-\(lost.resident.index)")))
            }
        }
        // A registration for the absorbed number beside the merge: whichever was first, the survivor
        // holds it.
        for _ in 0..<4 {
            let (one, two) = try await gateway.settleTwice()
            try await gateway.tell([gateway.merge(two.resident, into: one.resident)], as: "sato")
                .expect(202)
            async let merged = gateway.tell(
                [gateway.merge(two.resident, into: one.resident)], as: "suzuki")
            async let held = gateway.register([certificate(two.resident)])
            let (first, other) = try await (merged, held)
            #expect(
                first.int("applied") == 1 && other.int("applied") == 1, "\(first.text)\(other.text)"
            )
            let outcome = try await gateway.check(gateway.openVisit(one.card)).outcome(of: "kodomo")
            #expect(outcome == "entitled")
        }
        // Two merges that would make a circle.
        let (left, right) = try await gateway.settleTwice()
        let there = gateway.merge(left.resident, into: right.resident, "circle")
        let back = gateway.merge(right.resident, into: left.resident, "circle")
        for row in [there, back] { try await gateway.tell([row], as: "sato").expect(202) }
        async let one = gateway.tell([there], as: "suzuki", by: Cast.town)
        async let two = gateway.tell([back], as: "suzuki", by: Cast.town)
        // One registration of a field at a time: whoever was second asks again.
        let answers = [try await one, try await two]
        let applied = answers.reduce(0) { $0 + ($1.int("applied") ?? 0) }
        #expect(applied == 1 || answers.contains { $0.status >= 429 }, "\(answers.map(\.text))")
    }

    @Test func `broken off in the middle, nothing of it has happened`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        let merge = gateway.merge(gone.resident, into: stays.resident)
        try await gateway.tell([merge], as: "sato").expect(202)
        func rows() async throws -> [Int] {
            var counts: [Int] = []
            for table in ["record_merge", "entitlement", "identity", "life_event", "residence"] {
                counts.append(try await gateway.count("select count(*) from exchange.\(table)"))
            }
            return counts
        }
        let before = try await rows()
        // The very last thing that a merge writes fails.
        try await gateway.sql { transaction in
            try transaction.script(
                """
                create function public.break_off() returns trigger language plpgsql as $$
                begin raise exception 'broken off'; end $$;
                create trigger broken_off before insert on exchange.registration_result
                    for each statement execute function public.break_off();
                """)
        }
        let broken = try await gateway.tell([merge], as: "suzuki")
        #expect(broken.status >= 500, "\(broken.text)")
        try await gateway.sql { transaction in
            try transaction.script(
                """
                drop trigger broken_off on exchange.registration_result;
                drop function public.break_off();
                """)
        }
        #expect(try await rows() == before)
        #expect(try await gateway.tell([merge], as: "suzuki").int("applied") == 1)
        let outcome = try await gateway.check(gateway.openVisit(stays.card)).outcome(of: "kodomo")
        #expect(outcome == "entitled")
    }
}
