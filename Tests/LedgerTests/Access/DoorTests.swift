import Crypto
import Exchange
import Ledger
import Postgres
import Synchronization
import TestSupport
import Testing

/// 門: no answer without its entry, no entry of what did not happen, and a refusal on the record
/// before it is told.
@Suite struct DoorTests {
    static let someone = Someone(name: "one")

    @Test func `an access that enters nothing gives no answer, and nothing of it stays`()
        async throws
    {
        try await LedgerWorld.with { world in
            let before = try await world.count("log.access_entry")
            let error = await #expect(throws: (any Error).self) {
                try await world.ledger.access(LedgerWorld.clinic, .readPatient) { _ in "an answer" }
            }
            #expect(
                LedgerError.safeText(of: try #require(error)) == "unentered access: read-patient")
            #expect(LedgerError.refusal(for: try #require(error)) == nil)
            #expect(try await world.count("log.access_entry") == before)
        }
    }

    @Test func `what an access writes and its entries are one transaction`() async throws {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let visit = try await world.openVisit(Self.someone, nonce: "n1")
            let rows = try await world.texts(
                """
                select e.outcome || ' ' || (e.xid = v.xmin::text::bigint::text::xid8)::text
                from log.access_entry e join exchange.visit v on v.visit = e.visit
                where e.visit = '\(visit.id.text)' and e.person = v.person and e.purpose = 'open-visit'
                """)
            #expect(rows == ["ok true"])
        }
    }

    @Test func `a refusal commits its entry and rolls back everything else`() async throws {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let person = try await world.person(Self.someone)
            let visit = try LedgerWorld.visit(Self.someone, nonce: "n1")
            await #expect(throws: Refusal.visitUnknown) {
                try await world.openVisit(visit) { _ in throw Refusal.visitUnknown }
            }
            #expect(try await world.count("exchange.visit") == 0)
            let entries = try await world.texts(
                """
                select outcome || ' ' || person::text from log.access_entry where purpose = 'open-visit'
                """)
            let code = Refusal.visitUnknown.code
            #expect(entries == ["\(code) \(RecordID(high: person.high, low: person.low).text)"])
        }
    }

    /// A feed writes as it goes, a visit only with its commit: of neither anything may stay.
    @Test func `what was already written when the refusal came is taken back`() async throws {
        try await LedgerWorld.with { world in
            let (request, events) = try LedgerWorld.arrival(of: Self.someone)
            let rules = try world.ledger.rules.current()
            await #expect(throws: Refusal.taskUnknown) {
                try await world.ledger.access(LedgerWorld.authority, .feedCards) { records in
                    _ = try records.applyCardFeed(request, events, rules: rules)
                    throw Refusal.taskUnknown
                }
            }
            for table in ["person", "card_binding", "residence", "registration_task"] {
                #expect(try await world.count("exchange.\(table)") == 0)
            }
            let outcomes = try await world.texts("select outcome from log.access_entry")
            #expect(outcomes == [Refusal.taskUnknown.code])
        }
    }

    /// Every kind of refusal that a standing gives, and the one of the wrong role: entered, then told.
    @Test func `a party that may not act is refused on the record`() async throws {
        try await LedgerWorld.with { world in
            let unknown = LedgerWorld.caller(.institution, "1300000000")
            let cases: [(Caller, Purpose, Refusal, String)] = [
                (unknown, .openVisit, .partyUnknown, ""),
                (
                    LedgerWorld.clinic, .openVisit, .partyNotOptedIn,
                    "update exchange.party set is_opted_in = false where party = 'institution:1319999995'"
                ),
                (
                    LedgerWorld.pharmacy, .openVisit, .partySuspended,
                    "update exchange.party set suspended_at = now() where party = 'institution:1349999992'"
                ),
                (LedgerWorld.portal, .openVisit, .notYourPurpose, ""),
                (LedgerWorld.koganei, .feedCards, .notYourPurpose, ""),
            ]
            for (caller, purpose, refusal, sql) in cases {
                if !sql.isEmpty { try await world.execute(sql) }
                await #expect(throws: refusal) {
                    try await world.ledger.access(caller, purpose) { records in records.enter(nil) }
                }
                let outcomes = try await world.texts(
                    """
                    select outcome from log.access_entry
                    where party = '\(caller.party.key)' and purpose = '\(purpose.rawValue)'
                    """)
                #expect(outcomes == [refusal.code])
            }
        }
    }

    @Test func `without an office role a registration is refused, not served by the gateway's`()
        async throws
    {
        try await LedgerWorld.with { world in
            let ledger = Ledger(
                .init(gateway: world.owner.with(user: "tsunagi_gateway"), office: nil),
                logger: TestPostgres.logger)
            await #expect(throws: Refusal.notYourPurpose) {
                try await ledger.access(LedgerWorld.koganei, .registerEntitlements) {
                    $0.enter(nil)
                }
            }
            await ledger.shutdown()
            let entered = try await world.count(
                "log.access_entry where outcome = 'not-your-purpose'")
            #expect(entered == 1)
        }
    }

    /// Both doors ask the same: the role, then the registry.
    @Test func `a shared read is for those whose purpose it is`() async throws {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let visit = try await world.openVisit(Self.someone, nonce: "n1")
            for (caller, refusal) in [
                (LedgerWorld.portal, Refusal.notYourPurpose),
                (LedgerWorld.koganei, .notYourPurpose), (LedgerWorld.pharmacy, .visitUnknown),
            ] {
                await #expect(throws: refusal) {
                    _ = try await world.ledger.access(caller, .checkEligibility, visit: visit.id) {
                        _ in Answered(body: [], basis: "")
                    }
                }
                #expect(
                    try await world.count(
                        """
                        log.access_entry where party = '\(caller.party.key)'
                            and purpose = 'check-eligibility' and outcome = '\(refusal.code)'
                        """) == 1)
            }
        }
    }

    @Test func `a party turned away at the door is on the record when that returns`() async throws {
        try await LedgerWorld.with { world in
            try await world.ledger.turnAway(LedgerWorld.clinic.party, .certificateRevoked)
            let entries = try await world.texts(
                "select party || ' ' || purpose || ' ' || outcome from log.access_entry")
            #expect(entries == ["\(LedgerWorld.clinic.party.key) connect certificate-revoked"])
        }
    }

    /// The same visit is being opened elsewhere, uncommitted: the access meets it at its own
    /// insert, runs again and finds it.
    @Test func `of two accesses that made the same thing at once both are answered`() async throws {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let runs = Atomic<Int>(0)
            let visit = try LedgerWorld.visit(Self.someone, nonce: "same")
            let inserted = Gate()
            let mayCommit = Gate()
            async let other: Void = world.pool.transaction { transaction in
                try transaction.script(Self.sameVisit)
                inserted.open()
                mayCommit.waitBlocking()
            }
            try await inserted.wait()
            async let mine = world.openVisit(visit) { _ in
                runs.add(1, ordering: .relaxed)
                return []
            }
            try await eventually {
                try await world.isWaitingForALock
            }
            mayCommit.open()
            try await other
            let opened = try await mine
            #expect(opened.isRepeat)
            #expect(runs.load(ordering: .relaxed) == 2)
            #expect(try await world.count("exchange.visit") == 1)
            #expect(try await world.count("log.access_entry where purpose = 'open-visit'") == 1)
        }
    }

    static let sameVisit = """
        insert into exchange.visit (person, visit, party, patient, kind, consents, confirmed_by, opened_at,
            ends_at, nonce, request_digest)
        select person, gen_random_uuid(), 'institution:1319999995', 'patient', 'outpatient', '{}', 'card',
            now(), now(), 'same', '\\x\(sha256("same").map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
                .joined())'
        from office.number_key
        """

    @Test func `it runs again once, and then the error is told`() async throws {
        try await LedgerWorld.with { world in
            let runs = Atomic<Int>(0)
            await #expect(throws: DatabaseError.server(sqlState: "23505", constraint: nil)) {
                try await world.ledger.access(LedgerWorld.clinic, .openVisit) { records in
                    runs.add(1, ordering: .relaxed)
                    records.enter(nil)
                    throw DatabaseError.server(sqlState: "23505", constraint: nil)
                }
            }
            #expect(runs.load(ordering: .relaxed) == 2)
            let entered = try await world.count("log.access_entry")
            #expect(entered == 0)
        }
    }

    /// The server refuses at COMMIT itself, after every statement went well.
    @Test func `a commit that fails gives no answer`() async throws {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            try await world.execute(Self.failingCommit)
            let before = try await world.count("log.access_entry")
            await #expect(throws: DatabaseError.server(sqlState: "P0001", constraint: nil)) {
                try await world.openVisit(Self.someone, nonce: "n1")
            }
            #expect(try await world.count("exchange.visit") == 0)
            #expect(try await world.count("log.access_entry") == before)
        }
    }

    static let failingCommit = """
        create function exchange.fail() returns trigger language plpgsql as $$
        begin raise exception 'not today'; end $$;
        create constraint trigger visit_fails after insert on exchange.visit
            deferrable initially deferred for each row execute function exchange.fail();
        """

    @Test func `a check whose entry the server refuses is not answered`() async throws {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let visit = try await world.openVisit(Self.someone, nonce: "n1")
            let day = visit.term.opened.dayInJapan
            let answered = try await world.check(visit, on: day)
            try await world.execute(
                """
                alter table log.access_entry add constraint refuse_checks
                    check (purpose <> 'check-eligibility') not valid
                """)
            await #expect(
                throws: DatabaseError.server(sqlState: "23514", constraint: "refuse_checks")
            ) { try await world.check(visit, on: day) }
            let entries = try await world.texts(
                "select entry::text from log.access_entry where purpose = 'check-eligibility'")
            #expect(entries == [answered.id.text])
        }
    }

    @Test func `an answer's entry has its id, its visit, its resident and its digest`() async throws
    {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let visit = try await world.openVisit(Self.someone, nonce: "n1")
            let answer = try await world.check(visit, on: visit.term.opened.dayInJapan)
            let digest = Array(SHA256.hash(data: answer.body)).map { byte in
                (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }.joined()
            let rows = try await world.texts(
                """
                select encode(e.digest, 'hex') || ' ' || e.visit || ' ' || (e.person = v.person)
                from log.access_entry e join exchange.visit v using (visit)
                where e.entry = '\(answer.id.text)' and e.outcome = 'ok'
                """)
            #expect(rows == ["\(digest) \(visit.id.text) true"])
        }
    }

    @Test func `a check of somebody else's visit is refused like one that never was`() async throws
    {
        try await LedgerWorld.with { world in
            try await world.welcome(Self.someone)
            let visit = try await world.openVisit(Self.someone, nonce: "n1")
            let day = visit.term.opened.dayInJapan
            await #expect(throws: Refusal.visitUnknown) {
                try await world.check(visit, by: LedgerWorld.pharmacy, on: day)
            }
            let rows = try await world.texts(
                """
                select outcome || coalesce(visit::text, ' nobody') || coalesce(person::text, ' nobody')
                from log.access_entry where party = 'institution:1349999992'
                """)
            #expect(rows == ["\(Refusal.visitUnknown.code) nobody nobody"])
        }
    }

    /// What one of forty entries has that the other thirty-nine have not.
    enum OddOne: String, CaseIterable, CustomTestStringConvertible {
        /// A NUL cannot be sent at all.
        case refusedBeforeSending
        case refusedByServer
        case nothing
        var testDescription: String { rawValue }

        var operatorID: String {
            switch self {
            case .refusedBeforeSending: "nul\0nul"
            case .refusedByServer: "refused"
            case .nothing: "ordinary"
            }
        }
        var entered: Int { self == .nothing ? 40 : 39 }
    }

    /// All of them wait behind a lock, so that they are one batch when it falls.
    @Test(arguments: OddOne.allCases)
    func `entries share a commit, and one bad entry fails one request`(odd: OddOne) async throws {
        try await LedgerWorld.with { world in
            try await world.execute(
                "alter table log.access_entry add constraint refuse_one check (operator <> 'refused')"
            )
            let locked = Gate()
            let mayRelease = Gate()
            async let lock: Void = world.pool.transaction { transaction in
                try transaction.script("lock table log.access_entry in share mode")
                locked.open()
                mayRelease.waitBlocking()
            }
            try await locked.wait()
            async let refused = Self.refuseForty(odd, world)
            try await Task.sleep(for: .milliseconds(300))
            mayRelease.open()
            try await lock
            #expect(await refused == odd.entered)
            #expect(try await world.count("log.access_entry") == odd.entered)
            let commits = try await world.count("(select distinct xid from log.access_entry) as x")
            // The first to come is a batch of its own; the rest are the next one.
            #expect(commits <= (odd == .nothing ? 2 : 40))
        }
    }

    private static func refuseForty(_ odd: OddOne, _ world: LedgerWorld) async -> Int {
        await withTaskGroup(of: Bool.self) { group in
            for number in 0..<40 {
                let name = number == 17 ? odd.operatorID : "op-\(number)"
                let caller = LedgerWorld.caller(.institution, "1319999995", operator: name)
                group.addTask {
                    do {
                        try await world.ledger.refuse(caller, .openVisit, .cardLocked)
                    } catch {
                        return (error as? Refusal) == .cardLocked
                    }
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
    }

    @Test func `a database that could forget for one role is not served any more`() async throws {
        try await LedgerWorld.with { world in
            try await world.ledger.requireDurability()
            let database = try #require(
                try await world.texts("select current_database()").first)
            try await world.execute(
                "alter role tsunagi_office in database \(database) set synchronous_commit = off")
            let ledger = Ledger(
                .init(
                    gateway: world.owner.with(user: "tsunagi_gateway"),
                    office: world.owner.with(user: "tsunagi_office")), logger: TestPostgres.logger)
            await #expect(throws: UnsafeDatabase.self) { try await ledger.requireDurability() }
            await ledger.shutdown()
        }
    }

    @Test func `how long an entry waits for its seal is told`() async throws {
        try await LedgerWorld.with { world in
            _ = try await world.sealAll()
            #expect(try await world.ledger.unsealedSeconds() == 0)
            _ = try await world.ledger.access(LedgerWorld.koganei, .registerEntitlements) {
                $0.enter(nil)
            }
            try await Task.sleep(for: .milliseconds(1_600))
            #expect(try await world.ledger.unsealedSeconds() >= 1)
            _ = try await world.sealAll()
            #expect(try await world.ledger.unsealedSeconds() == 0)
        }
    }

    @Test func `a database that could forget is not served`() async throws {
        for (name, value) in [("synchronous_commit", "off"), ("synchronous_commit", "local")] {
            try await LedgerWorld.with { world in
                let database = try #require(
                    try await world.texts("select current_database()").first)
                try await world.execute("alter database \(database) set \(name) = \(value)")
                let ledger = Ledger(
                    .init(gateway: world.owner.with(user: "tsunagi_gateway"), office: nil),
                    logger: TestPostgres.logger)
                let error = await #expect(throws: UnsafeDatabase.self) {
                    try await ledger.prepare()
                }
                await ledger.shutdown()
                #expect(try #require(error).description.contains("\(name)=\(value)"))
            }
        }
    }
}
