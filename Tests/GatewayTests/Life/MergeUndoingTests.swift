import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing
import Trust

/// 統合とその取消の守り: one officer alone learns nothing of what others hold, an undoing parts whom it names and
/// nobody else, and what was recorded since is never left with the wrong person.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergeUndoingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func certificate(
        _ resident: TestResident, from: Int = -200, to: Int = 200, historyKey: String = "1",
        _ changes: [String: JSON?] = [:]
    ) -> JSON {
        resident.row(
            "kodomo", today.adding(days: from), today.adding(days: to), historyKey: historyKey,
            changes)
    }

    private func join(_ gone: TestResident, into stays: TestResident) async throws {
        let answer = try await gateway.tellTwice([gateway.merge(gone, into: stays)])
        let codes = try await gateway.codes(of: answer)
        #expect(answer.int("applied") == 1, "\(codes)")
    }

    private func outcome(_ card: SoftwareCard) async throws -> String? {
        try await gateway.check(gateway.openVisit(card)).outcome(of: "kodomo")
    }

    /// RECORD is the record that the resident's own key names.
    private func plant(_ sql: String, _ resident: TestResident) async throws {
        let record = """
            (select person from exchange.life_event where identity_key = 'L-\(resident.index)' limit 1)
            """
        try await gateway.sql { transaction in
            try transaction.script(
                "set local session_replication_role = replica; "
                    + sql.replacing("RECORD", with: record))
        }
    }

    private func know(_ residents: TestResident...) async throws {
        let rows = residents.map { gateway.lifeEvent(.movedWithin, of: $0, "known", on: today) }
        try await gateway.tell(rows).expect(202)
    }

    static let delegation = """
        insert into exchange.delegation
            (person, delegation, code_hash, kinds, valid_to, made_at, code_lapses_at)
        values (RECORD, gen_random_uuid(), sha256(gen_random_uuid()::text::bytea), '{}',
            current_date + 9, now(), now())
        """

    // MARK: What one officer alone is told

    @Test func `what keeps two records apart is told to two officers alone`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await know(stays.resident, gone.resident)
        try await plant(Self.delegation, gone.resident)
        let merge = gateway.merge(gone.resident, into: stays.resident)
        func told(_ officer: String) async throws -> [String] {
            try await gateway.codes(of: gateway.tell([merge], as: officer))
        }
        #expect(try await told("sato") == ["second-person-awaited"])
        #expect(try await told("suzuki") == ["merge-relations"])
        // What was refused is not agreed to: the first alone still learns nothing, and two still decide.
        #expect(try await told("sato") == ["second-person-awaited"])
        try await plant("delete from exchange.delegation where person = RECORD", gone.resident)
        #expect(try await gateway.tell([merge], as: "suzuki").int("applied") == 1)
    }

    @Test func `a file that is only compared tells nothing of others, and enters both records`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await know(stays.resident, gone.resident)
        try await plant(Self.delegation, gone.resident)
        let header =
            "異動通番,自治体別本人キー,個人番号,異動事由,異動年月日,届出年月日,氏名,氏名カナ,通称,生年月日,性別,住所,"
            + "相手市区町村コード,訂正する異動通番,統合される自治体別本人キー,不開示フラグ\r\n"
        let line =
            "f-\(gone.resident.index),L-\(stays.resident.index),,41,\(today.text),\(today.text),,,,,,,,,"
            + "L-\(gone.resident.index),0\r\n"
        let clerk = "clerk-\(gone.resident.index)"
        let waiting = try await gateway.take(
            Array((header + line).utf8), as: "residence-moves", operatorID: clerk,
            field: "residence")
        func codes(_ answer: TLSClient.Answer) -> [String] {
            answer.results.flatMap(\.findings).compactMap { $0["code"]?.string }
        }
        #expect(waiting.text("status") == "waiting", "\(waiting.text)")
        #expect(!codes(waiting).contains { $0.hasPrefix("merge-") }, "\(waiting.text)")
        let entered = try await gateway.count(
            """
            select count(distinct e.person) from log.access_entry e
            where e.operator = $1 and e.purpose = 'register-life-events' and e.person is not null
            """, [.text(clerk)])
        #expect(entered == 2)
        try await gateway.decide(
            "confirm", on: waiting.text("file"),
            effect: waiting.json["effect"]?.object?["hash"]?.string, as: "residence-moves",
            operatorID: "suzuki"
        ).expect(200)
        let done = try await gateway.settled(waiting.text("file"), as: "residence-moves")
        #expect(done.text("status") == "done" && codes(done) == ["merge-relations"], "\(done.text)")
    }

    @Test func `one body brings a hundred merges, and is told to send the others apart`()
        async throws
    {
        let rows = (0..<101).map { _ in
            gateway.merge(gateway.people.next(), into: gateway.people.next())
        }
        let answer = try await gateway.tell(rows, as: "sato")
        try answer.expect(202)
        #expect(answer.int("underReview") == 100 && answer.int("refused") == 1, "\(answer.text)")
        #expect(try await gateway.codes(of: answer).contains("merges-too-many"))
    }

    // MARK: Whom an undoing parts

    @Test func `an undoing under a third record parts nobody, whichever was told of first`()
        async throws
    {
        let third = try await gateway.settle()
        func stray(_ sequence: String, _ gone: TestResident, _ stays: TestResident) -> JSON {
            gateway.lifeEvent(
                .parted, of: third.resident, sequence, on: today,
                ["corrects": .string("merge-\(gone.index)-\(stays.index)")])
        }
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(gone.resident)])
        try await join(gone.resident, into: stays.resident)
        let after = try await gateway.tellTwice([stray("after", gone.resident, stays.resident)])
        #expect(try await gateway.codes(of: after) == ["merge-kind"])
        #expect(try await outcome(stays.card) == "entitled")
        let (kept, lost) = try await gateway.settleTwice()
        try await gateway.hold([certificate(lost.resident)])
        let before = try await gateway.tellTwice([stray("before", lost.resident, kept.resident)])
        #expect(before.int("applied") == 1, "\(before.text)")
        try await join(lost.resident, into: kept.resident)
        #expect(try await outcome(kept.card) == "entitled")
        // The two themselves are parted under either.
        for one in [gone.resident, stays.resident] {
            let undo = gateway.lifeEvent(
                .parted, of: one, "un", on: today,
                ["corrects": .string("merge-\(gone.resident.index)-\(stays.resident.index)")])
            let answer = try await gateway.tellTwice([undo])
            #expect(answer.int("applied") == 1, "\(answer.text)")
        }
        #expect(try await outcome(stays.card) != "entitled")
    }

    // MARK: What was recorded since

    static let since = [
        """
        insert into exchange.vaccination (person, vaccination, version, party, identifier_system,
            identifier, status, face, visit, recorded_at)
        values (RECORD, gen_random_uuid(), 1, 'institution:1310000001', 'x', gen_random_uuid()::text,
            'completed', '{}', gen_random_uuid(), now())
        """,
        """
        insert into exchange.health_card (person, card, key, records, issued_at)
        values (RECORD, gen_random_uuid()::text, 'k', '{}', now())
        """,
        """
        insert into exchange.sensitive_screening_response (person, response, version, party, form, topic,
            status, face, saved_at)
        values (RECORD, gen_random_uuid(), 1, 'portal:portal-one', 'f', 't', 'completed', '{}', now())
        """,
        """
        insert into exchange.follow_up (person, follow_up, result, code, municipality, due_day,
            is_sensitive, made_at, checkup, asked_day)
        values (RECORD, gen_random_uuid(), gen_random_uuid(), 'x', '132101', current_date, false, now(),
            'x', current_date)
        """,
        delegation,
    ]

    @Test(arguments: since.indices)
    func `what was recorded since a merge keeps it from being undone`(_ index: Int) async throws {
        let (stays, gone) = try await gateway.settleTwice()
        try await know(stays.resident, gone.resident)
        // What the survivor had before is the survivor's.
        let before = Self.since[index].replacing("now()", with: "now() - interval '1 day'")
        try await plant(before, stays.resident)
        try await join(gone.resident, into: stays.resident)
        let undo = gateway.undo(gone.resident, from: stays.resident)
        try await plant(Self.since[index], stays.resident)
        let refused = try await gateway.tellTwice([undo])
        #expect(try await gateway.codes(of: refused) == ["merge-used"])
        let table = Self.since[index].split(separator: " ")[2]
        try await plant("delete from \(table) where person = RECORD", stays.resident)
        try await plant(before, stays.resident)
        #expect(try await gateway.tellTwice([undo]).int("applied") == 1)
    }

    @Test func `a bill since on a certificate that both held keeps them one, until it is voided`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        let same: [String: JSON?] = [
            "medicalSubsidyInsurerNumber": "89132104",
            "medicalSubsidyRecipientNumber": .string("R-00\(stays.resident.index)"),
        ]
        try await gateway.hold([certificate(stays.resident, same)])
        try await gateway.hold([certificate(gone.resident, same)])
        try await join(gone.resident, into: stays.resident)
        let visit = try await gateway.openVisit(gone.card)
        var bill = SentBill(cost: 10_000, on: today)
        bill.certificate = SentBill.localCertificate
        try await gateway.settle(bill, visit).expect(200)
        let undo = gateway.undo(gone.resident, from: stays.resident)
        let refused = try await gateway.tellTwice([undo])
        #expect(try await gateway.codes(of: refused) == ["merge-used"])
        try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit).expect(200)
        #expect(try await gateway.tellTwice([undo]).int("applied") == 1)
        #expect(try await outcome(gone.card) == "entitled")
        #expect(try await outcome(stays.card) == "entitled")
    }

    // MARK: What is on its way

    /// How many locks of this number are held, or waited for.
    private func locks(_ number: String, isGranted: Bool) async throws -> Int {
        try await gateway.count(
            """
            select count(*) from pg_locks where locktype = 'advisory' and granted = \(isGranted)
                and (classid::bigint << 32 | objid::bigint) = \(number)
            """)
    }

    /// The dose was read as the survivor's, and waits for its turn behind another of theirs; meanwhile the
    /// two records are parted.
    @Test func `what was on its way while two records were parted is of whom its visit is`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await know(stays.resident, gone.resident)
        try await gateway.hold([certificate(gone.resident)])
        let visit = try await gateway.openVaccinationVisit(gone.card)
        try await join(gone.resident, into: stays.resident)
        let undo = gateway.undo(gone.resident, from: stays.resident)
        try await gateway.tell([undo], as: "sato").expect(202)
        let number = """
            (select ('x' || left(replace(person::text, '-', ''), 16))::bit(64)::bigint
            from exchange.life_event where identity_key = 'L-\(stays.resident.index)' limit 1)
            """
        let isParted = Mutex(false)
        async let another: Void = gateway.sql { transaction in
            _ = try transaction.query(Statement("select pg_advisory_xact_lock(\(number))"))
            while !isParted.withLock({ $0 }) {
                _ = try transaction.query(Statement("select pg_sleep(0.02)"))
            }
        }
        while try await locks(number, isGranted: true) == 0 {}
        async let sent = gateway.record(SentDose(on: today), visit)
        while try await locks(number, isGranted: false) == 0 {}
        let parted = try await gateway.tell([undo], as: "suzuki")
        isParted.withLock { $0 = true }
        try await another
        try await sent.expect(201)
        #expect(parted.int("applied") == 1, "\(parted.text)")
        let held = try await gateway.count(
            """
            select count(*) from exchange.vaccination d
            join exchange.visit v on v.visit = d.visit and v.person = d.person
            where d.visit = $1::text::uuid
            """, [.text(visit.id)])
        #expect(held == 1, "the dose is of the person whose card was read")
    }

    // MARK: Who they are once they are two

    @Test func `undone, the survivor is not called as the other any more`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        // The town said how the other is called, and nothing of the survivor.
        try await gateway.hold([certificate(gone.resident)])
        try await join(gone.resident, into: stays.resident)
        let undo = gateway.undo(gone.resident, from: stays.resident)
        #expect(try await gateway.tellTwice([undo]).int("applied") == 1)
        var stranger = try await gateway.settle().resident
        stranger.name = "別人 太郎"
        stranger.nameKana = "ベツジン タロウ"
        stranger.dateOfBirth = "1961-02-03"
        stranger.sex = "1"
        try await gateway.hold([certificate(stranger)])
        // By another name and birth date they are still nobody else than before.
        try await join(stays.resident, into: stranger)
        let other = gateway.merge(gone.resident, into: stranger)
        let refused = try await gateway.tellTwice([other])
        #expect(try await gateway.codes(of: refused) == ["another-person"])
    }

    @Test func `an undoing that says more than it must leaves nobody protected by the other`()
        async throws
    {
        let (stays, gone) = try await gateway.settleTwice()
        try await gateway.hold([certificate(stays.resident, from: -900, to: -300, historyKey: "0")])
        try await gateway.hold([certificate(gone.resident, ["isNotDisclosed": .bool(true)])])
        try await join(gone.resident, into: stays.resident)
        let undo = gateway.lifeEvent(
            .parted, of: stays.resident, "unmerge", on: today,
            [
                "corrects": .string("merge-\(gone.resident.index)-\(stays.resident.index)"),
                "address": "東京都小金井市見本町9-9",
            ])
        #expect(try await gateway.tellTwice([undo]).int("applied") == 1)
        let withheld = try await gateway.count(
            """
            select count(*) from exchange.record_merge m join exchange.withheld w on w.person = m.survivor
            where m.sequence = $1
            """, [.text("merge-\(gone.resident.index)-\(stays.resident.index)")])
        #expect(withheld == 0)
    }
}
