import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 登録: what becomes of each row, against what is held and against the rows before it, and what is written.
@Suite struct RegistrationTests {
    static let someone = Someone(name: "one")

    struct Body: Sendable {
        var by = LedgerWorld.koganei
        let rows: [SampleRow]
        /// `outcome` or `outcome item/code`, a line for each row; applied rows without a finding
        /// are not told.
        let told: [String]
        /// Rows held by all bodies after it: versions, and those of them that are under review.
        let held: (versions: Int, underReview: Int)
        var applied = 0
    }

    struct Story: Sendable, CustomTestStringConvertible {
        let name: String
        let bodies: [Body]
        var testDescription: String { name }
    }

    static let changed = SampleRow(recipient: "1234574")
    static let elsewhere = SampleRow(type: "nanbyo", birth: "1950-01-01", segment: nil)
    static let review = "2 under-review basicFiveInfo/under-review"

    static let stories: [Story] = [
        Story(
            name: "a row that is new",
            bodies: [Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1)]),
        Story(
            name: "the same row again is unchanged",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(rows: [SampleRow()], told: ["1 unchanged"], held: (1, 0)),
            ]),
        Story(
            name: "a row with another number is a new version",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(rows: [changed], told: [], held: (2, 0), applied: 1),
                Body(rows: [SampleRow()], told: [], held: (3, 0), applied: 1),
            ]),
        Story(
            name: "a deletion is a version, a second one unchanged",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(rows: [SampleRow(isDeleted: true)], told: [], held: (2, 0), applied: 1),
                Body(rows: [SampleRow(isDeleted: true)], told: ["1 unchanged"], held: (2, 0)),
            ]),
        Story(
            name: "a deletion of what nobody registered is told that it ended nothing",
            bodies: [
                Body(
                    rows: [SampleRow(isDeleted: true)],
                    told: ["1 applied historyKey/nothing-stands"], held: (1, 0), applied: 1),
                Body(rows: [SampleRow(isDeleted: true)], told: ["1 unchanged"], held: (1, 0)),
            ]),
        Story(
            name:
                "another name alone, or another sex alone, is a change of the person's, not another person",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(rows: [SampleRow(name: "結婚 花子")], told: ["1 unchanged"], held: (1, 0)),
                Body(rows: [SampleRow(sex: "1")], told: ["1 unchanged"], held: (1, 0)),
                Body(rows: [changed], told: [], held: (2, 0), applied: 1),
            ]),
        Story(
            name: "another birth date is held back",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(
                    rows: [SampleRow(birth: "2020-04-02")],
                    told: ["1 under-review basicFiveInfo/under-review"], held: (2, 1)),
            ]),
        Story(
            name: "another sex with another kana name is held back",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(
                    rows: [SampleRow(kana: "ケンショウ タロウ", sex: "1")],
                    told: ["1 under-review basicFiveInfo/under-review"], held: (2, 1)),
            ]),
        Story(
            name: "a row under review sent again is still under review and kept once",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(
                    rows: [SampleRow(birth: "2020-04-02")],
                    told: ["1 under-review basicFiveInfo/under-review"], held: (2, 1)),
                Body(
                    rows: [SampleRow(birth: "2020-04-02")],
                    told: ["1 under-review basicFiveInfo/under-review"], held: (2, 1)),
            ]),
        Story(
            name: "the corrected row after one under review is applied",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(
                    rows: [SampleRow(birth: "2020-04-02")],
                    told: ["1 under-review basicFiveInfo/under-review"], held: (2, 1)),
                Body(rows: [SampleRow()], told: [], held: (3, 1), applied: 1),
            ]),
        Story(
            name:
                "another body's other birth date holds back the later of the two, in the same words",
            bodies: [
                Body(by: LedgerWorld.tokyo, rows: [elsewhere], told: [], held: (1, 0), applied: 1),
                Body(
                    rows: [SampleRow()], told: ["1 under-review basicFiveInfo/under-review"],
                    held: (2, 1)),
            ]),
        Story(
            name:
                "only the row that speaks of another is held back, the others of the body are applied",
            bodies: [
                Body(rows: [SampleRow()], told: [], held: (1, 0), applied: 1),
                Body(
                    rows: [
                        SampleRow(type: "hitorioya", segment: "1"),
                        SampleRow(
                            key: "h2", birth: "2020-04-02", from: "2027-04-01", to: "2028-03-31"),
                        SampleRow(key: "h1", number: "123456789026"),
                    ], told: [review], held: (4, 1), applied: 2),
            ]),
        Story(
            name: "within one body the first row is known to the second",
            bodies: [
                Body(
                    rows: [
                        SampleRow(),
                        SampleRow(
                            key: "h2", birth: "2020-04-02", from: "2027-04-01", to: "2028-03-31"),
                    ], told: [review], held: (2, 1), applied: 1)
            ]),
        Story(
            name: "a key twice in one body: the second is refused",
            bodies: [
                Body(
                    rows: [SampleRow(), changed], told: ["2 refused historyKey/duplicate-key"],
                    held: (1, 0), applied: 1)
            ]),
        Story(
            name: "a certificate type that the body never declared is refused",
            bodies: [
                Body(
                    rows: [SampleRow(type: "nanbyo")],
                    told: ["1 refused orgSpecificCertificateTypeId/unknown-type"], held: (0, 0))
            ]),
        Story(
            name: "an income segment outside the master is refused, the others are applied",
            bodies: [
                Body(
                    rows: [
                        SampleRow(type: "shogai", key: "s1", segment: "9"),
                        SampleRow(
                            type: "shogai", key: "s2", segment: "2", from: "2027-04-01",
                            to: "2028-03-31"),
                    ], told: ["1 refused incomeSegment/unknown-code"], held: (1, 0), applied: 1)
            ]),
        Story(name: "no rows at all are a task", bodies: [Body(rows: [], told: [], held: (0, 0))]),
    ]

    @Test func `each row has its outcome`() async throws {
        try await LedgerWorld.with { world in
            for (number, story) in Self.stories.enumerated() {
                try await Self.play(story, as: "s\(number)", world)
            }
        }
    }

    /// Each story has a person and tasks of its own, so that all can share a database.
    private static func play(_ story: Story, as name: String, _ world: LedgerWorld) async throws {
        let held = """
            exchange.entitlement e join exchange.registration_task t using (task)
            where t.idempotency_key like '\(name) %'
            """
        for (place, body) in story.bodies.enumerated() {
            let report = try await world.register(
                body.rows, of: Someone(name: name), by: body.by, key: "\(name) \(place)")
            let here = Comment(rawValue: "\(story.name): body \(place + 1)")
            #expect(told(report) == body.told, here)
            #expect(report.receipt.counts[.applied] ?? 0 == body.applied, here)
            #expect(report.receipt.rows == body.rows.count, here)
            #expect(try await world.count(held) == body.held.versions, here)
            #expect(
                try await world.count(held + " and e.is_under_review") == body.held.underReview,
                here)
        }
    }

    /// `line outcome item/code`, read from the stored JSON as the sender would.
    static func told(_ report: RegistrationReport) -> [String] {
        report.results.map { result in
            var text = "\(result.line) \(result.outcome)"
            guard case .array(let findings)? = try? JSON(reading: Array(result.findings.utf8))
            else {
                return text + " unreadable"
            }
            for case .object(let finding) in findings {
                text += " \(finding["item"]?.string ?? "?")/\(finding["code"]?.string ?? "?")"
            }
            return text
        }
    }

    @Test func `the same key again gives the same task and applies nothing`() async throws {
        try await LedgerWorld.with { world in
            let first = try await world.register([SampleRow()], of: Self.someone, key: "k")
            let second = try await world.register([SampleRow()], of: Self.someone, key: "k")
            #expect(first.receipt.task == second.receipt.task)
            #expect(first.receipt.receivedAt == second.receipt.receivedAt)
            #expect(try await world.count("exchange.entitlement") == 1)
            await #expect(throws: Refusal.idempotencyKeyReused) {
                try await world.register([Self.changed], of: Self.someone, key: "k")
            }
            #expect(try await world.count("exchange.entitlement") == 1)
        }
    }

    @Test func `the same body from eight connections at once is one task`() async throws {
        try await LedgerWorld.with { world in
            let tasks = try await withThrowingTaskGroup(of: RecordID.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        try await world.register([SampleRow()], of: Self.someone, key: "k").receipt
                            .task
                    }
                }
                return try await group.reduce(into: Set<RecordID>()) { $0.insert($1) }
            }
            #expect(tasks.count == 1)
            #expect(try await world.count("exchange.registration_task") == 1)
            #expect(try await world.count("exchange.entitlement") == 1)
            #expect(try await world.count("exchange.person") == 1)
        }
    }

    /// Whoever waited here would hold one of the few connections of all offices.
    @Test func `while one registration is applied, another of the party is told to come back`()
        async throws
    {
        try await LedgerWorld.with { world in
            let isHeld = Gate()
            let mayGo = Gate()
            async let other: Void = world.pool.transaction { transaction in
                try transaction.script(
                    """
                    select pg_advisory_xact_lock(
                        hashtextextended('municipality:132101/medical-subsidy', 0))
                    """)
                isHeld.open()
                mayGo.waitBlocking()
            }
            try await isHeld.wait()
            let request = RegistrationRequest(
                field: "medical-subsidy", idempotencyKey: "k", bodyDigest: sha256("k"),
                refused: [], rowsTotal: 0)
            let rules = try world.ledger.rules.current()
            let error = await #expect(throws: (any Error).self) {
                try await world.ledger.access(LedgerWorld.koganei, .registerEntitlements) {
                    try $0.registerEntitlements(request, [], rules: rules)
                }
            }
            #expect(LedgerError.refusal(for: try #require(error)) == .overloaded)
            _ = try await world.register(
                [SampleRow(type: "nanbyo")], of: Self.someone, by: LedgerWorld.tokyo, key: "k")
            mayGo.open()
            try await other
            _ = try await world.register([SampleRow()], of: Self.someone, key: "k")
            #expect(try await world.count("exchange.registration_task") == 2)
        }
    }

    /// A transaction that has written holds back the sealer, and with it every resident's proof.
    @Test func `until its commit a registration has written nothing`() async throws {
        try await LedgerWorld.with { world in
            let (request, events) = try LedgerWorld.arrival(of: Self.someone)
            let rules = try world.ledger.rules.current()
            let isDecided = Gate()
            let mayCommit = Gate()
            async let receipt = world.ledger.access(LedgerWorld.authority, .feedCards) { records in
                let receipt = try records.applyCardFeed(request, events, rules: rules)
                isDecided.open()
                mayCommit.waitBlocking()
                return receipt
            }
            try await isDecided.wait()
            let writing = try await world.count(
                """
                pg_stat_activity where datname = current_database() and usename = 'tsunagi_office'
                    and backend_xid is not null
                """)
            mayCommit.open()
            #expect(writing == 0)
            #expect(try await receipt.counts[.applied] == 2)
            #expect(try await world.count("exchange.card_binding") == 1)
        }
    }

    /// Two bodies meet the same unknown number at the same moment: one person, and one key for both.
    @Test func `two bodies registering the same new person at once make one person`() async throws {
        try await LedgerWorld.with { world in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    for body in [LedgerWorld.koganei, LedgerWorld.tokyo] {
                        let type = body == LedgerWorld.koganei ? "kodomo" : "nanbyo"
                        group.addTask {
                            _ = try await world.register(
                                [SampleRow(type: type)], of: Someone(name: "p\(number)"), by: body,
                                key: "k\(number)")
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await world.count("office.number_key") == 10)
            #expect(
                try await world.count(
                    """
                    (select person from exchange.entitlement group by person
                    having count(distinct body) = 2) p
                    """
                )
                    == 10)
        }
    }

    /// The index of a resident in the log is a hash of the key and of no secret: nobody may try keys out. A
    /// UUID of version 7 has the same figure in its thirteenth place whoever it is, and 62 random bits.
    @Test func `a new person's key is the second and random bits alone`() async throws {
        try await LedgerWorld.with { world in
            let begun = WallClock.now().microseconds / 1_000_000
            var keys: [PersonKey] = []
            for number in 0..<8 {
                let someone = Someone(name: "p\(number)")
                try await world.welcome(someone)
                keys.append(try await world.person(someone))
            }
            #expect(keys.allSatisfy { abs(Int64($0.high >> 32) - begun) < 600 })
            #expect(Set(keys.map { $0.high >> 12 & 15 }).count > 1)
            #expect(Set(keys.map { $0.high & 0xFFFF_FFFF }).count == keys.count)
        }
    }

    @Test func `there is one entry for each resident concerned, and none about those refused`()
        async throws
    {
        try await LedgerWorld.with { world in
            _ = try await world.register(
                [
                    SampleRow(), SampleRow(key: "h2", from: "2027-04-01", to: "2028-03-31"),
                    SampleRow(number: "123456789026"),
                    SampleRow(type: "unheard-of", number: "123456789034"),
                ], of: Self.someone, key: "k")
            let entries = try await world.count(
                "log.access_entry where purpose = 'register-entitlements' and person is not null")
            #expect(entries == 2)
            #expect(
                try await world.count(
                    """
                    (select person from exchange.entitlement except
                    select person from log.access_entry where purpose = 'register-entitlements') missing
                    """) == 0)
        }
    }

    @Test func `another party's task is unknown in the same words as none`() async throws {
        try await LedgerWorld.with { world in
            let task = try await world.register([SampleRow()], of: Self.someone, key: "k").receipt
                .task
            for id in [task, RecordID.random()] {
                await #expect(throws: Refusal.taskUnknown) {
                    try await world.ledger.access(LedgerWorld.tokyo, .readRegistration) {
                        try $0.registrationReport(id)
                    }
                }
            }
        }
    }
}
