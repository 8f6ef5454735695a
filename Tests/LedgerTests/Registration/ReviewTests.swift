import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 確認待ちの決着: what an operator settles on the municipality's word, by versions, on the record.
@Suite struct ReviewTests {
    static let someone = Someone(name: "reviewed")
    static let desk = LedgerWorld.caller(.operator_, "desk")
    static let day = try? CalendarDay("2026-11-21")

    /// What is held and what is sent against it.
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let before: (by: Caller, row: SampleRow)
        let sent: (by: Caller, row: SampleRow)
        /// The newest reviewed version of the sent row after each verdict: recipient, deleted.
        let accepted: String
        let rejected: String
        var testDescription: String { name }
    }

    static let corrected = SampleRow(birth: "2020-04-02", recipient: "1234574")

    static let cases: [Case] = [
        Case(
            name: "a body's own correction of a birth date",
            before: (LedgerWorld.koganei, SampleRow()), sent: (LedgerWorld.koganei, corrected),
            accepted: "1234574 2020-04-02 false", rejected: "1234566 2020-04-01 false"),
        Case(
            name: "a row against another body's word",
            before: (LedgerWorld.tokyo, SampleRow(type: "nanbyo", birth: "1950-01-01")),
            sent: (LedgerWorld.koganei, corrected), accepted: "1234574 2020-04-02 false",
            rejected: "1234574 2020-04-02 true"),
    ]

    private static func open(_ world: LedgerWorld) async throws -> [OpenReview] {
        try await world.ledger.access(desk, .settleReview) { try $0.openReviews() }
    }

    private static func settle(
        _ version: Int, _ kind: ReviewVerdict.Kind, _ world: LedgerWorld
    ) async throws {
        let verdict = try ReviewVerdict(kind, word: "小金井市 令和8年度 第12号")
        let rules = try world.ledger.rules.current()
        try await world.ledger.access(desk, .settleReview) {
            try $0.settleReview(version, verdict, rules: rules)
        }
    }

    /// A world with an operator and one row under review.
    private static func with(
        _ row: Case, _ body: @Sendable (LedgerWorld, OpenReview) async throws -> Void
    ) async throws {
        try await LedgerWorld.with { world in
            let registry = PartyRegistry(world.owner, logger: TestPostgres.logger)
            _ = try await registry.load(
                [.init(party: desk.party, name: "運用窓口")], isOptedIn: true)
            await registry.close()
            _ = try await world.register(
                [row.before.row], of: someone, by: row.before.by, key: "before")
            let report = try await world.register(
                [row.sent.row], of: someone, by: row.sent.by, key: "sent")
            try #require(report.receipt.counts[.underReview] == 1)
            let reviews = try await open(world)
            let review = try #require(reviews.first)
            #expect(reviews.count == 1)
            #expect(review.task == report.receipt.task)
            #expect(review.body == row.sent.by.party.code)
            try await body(world, review)
        }
    }

    private static func newest(_ row: SampleRow, _ world: LedgerWorld) async throws -> String {
        try await world.texts(
            """
            select recipient_number || ' ' || birth_date || ' ' || is_deleted
            from exchange.entitlement where certificate_type = '\(row.type)' and not is_under_review
            order by version desc limit 1
            """
        ).first ?? "none"
    }

    @Test(arguments: cases)
    func `an accepted row answers, and the same word again is unchanged`(_ row: Case) async throws {
        try await Self.with(row) { world, review in
            try await Self.settle(review.version, .accept, world)
            #expect(try await Self.open(world).isEmpty)
            #expect(try await Self.newest(row.sent.row, world) == row.accepted)
            let again = try await world.register(
                [row.sent.row], of: Self.someone, by: row.sent.by, key: "again")
            #expect(RegistrationTests.told(again) == ["1 unchanged"])
            // What the body said is its word now: another row with it is not looked at again.
            var next = row.sent.row
            next.key = "h9"
            (next.from, next.to) = ("2027-04-01", "2028-03-31")
            let more = try await world.register(
                [next], of: Self.someone, by: row.sent.by, key: "more")
            #expect(more.receipt.counts[.applied] == 1)
        }
    }

    @Test(arguments: cases)
    func `a rejected row never answers, and is looked at again when it is sent again`(_ row: Case)
        async throws
    {
        try await Self.with(row) { world, review in
            try await Self.settle(review.version, .reject, world)
            #expect(try await Self.open(world).isEmpty)
            #expect(try await Self.newest(row.sent.row, world) == row.rejected)
            let again = try await world.register(
                [row.sent.row], of: Self.someone, by: row.sent.by, key: "again")
            #expect(again.receipt.counts[.underReview] == 1)
            #expect(try await Self.open(world).count == 1)
        }
    }

    private static func withheld(_ world: LedgerWorld) async throws -> Int {
        try await world.count("exchange.withheld")
    }

    /// 支援措置: a word under review protects while it waits, and not when it was found to be of another.
    @Test(arguments: [ReviewVerdict.Kind.reject, .accept])
    func `a word of protection lasts as long as its row`(_ kind: ReviewVerdict.Kind) async throws {
        var row = Self.cases[0]
        var hidden = Self.corrected
        hidden.isNotDisclosed = true
        row = Case(
            name: row.name, before: row.before, sent: (row.sent.by, hidden),
            accepted: row.accepted, rejected: row.rejected)
        try await Self.with(row) { world, review in
            #expect(try await Self.withheld(world) == 1)
            try await Self.settle(review.version, kind, world)
            #expect(try await Self.withheld(world) == (kind == .accept ? 1 : 0))
        }
    }

    /// The other body gives way; what was rejected in the meantime is new when it comes again.
    @Test func `a rejected row is applied once nothing contradicts it any more`() async throws {
        let row = Self.cases[1]
        try await Self.with(row) { world, review in
            try await Self.settle(review.version, .reject, world)
            var gone = row.before.row
            gone.isDeleted = true
            _ = try await world.register([gone], of: Self.someone, by: row.before.by, key: "gone")
            let again = try await world.register(
                [row.sent.row], of: Self.someone, by: row.sent.by, key: "again")
            #expect(again.receipt.counts[.applied] == 1)
            #expect(try await Self.newest(row.sent.row, world) == row.accepted)
        }
    }

    @Test func `the warning beside an answer ends with the verdict`() async throws {
        let row = Self.cases[0]
        let day = try #require(Self.day)
        for kind in ReviewVerdict.Kind.allCases {
            try await Self.with(row) { world, review in
                try await world.welcome(Self.someone)
                let visit = try await world.openVisit(Self.someone, nonce: "n")
                let before = try await world.check(visit, on: day)
                #expect(String(decoding: before.body, as: UTF8.self).contains("part-under-review"))
                try await Self.settle(review.version, kind, world)
                let after = try await world.check(visit, on: day)
                let text = String(decoding: after.body, as: UTF8.self)
                #expect(!text.contains("part-under-review"))
                #expect(text.contains(kind == .accept ? "1234574" : "1234566"))
            }
        }
    }

    private static func names(_ world: LedgerWorld) async throws -> [String] {
        try await world.texts(
            "select name from exchange.identity where not is_under_review and body = '132101'")
    }

    /// Two rows of one body, in one task, with one birth date: each has its own word on the person.
    @Test(arguments: [0, 1])
    func `an accepted row brings what was said with it, not with its neighbour`(place: Int)
        async throws
    {
        let rows = ["試験 一子", "試験 二子"].enumerated().map {
            SampleRow(key: "h\($0.offset)", birth: "2020-04-02", name: $0.element)
        }
        let known = SampleRow(type: "nanbyo", birth: "1950-01-01")
        let row = Case(
            name: "first", before: (LedgerWorld.tokyo, known),
            sent: (LedgerWorld.koganei, SampleRow(key: "h9", birth: "2020-04-02")),
            accepted: "", rejected: "")
        try await Self.with(row) { world, first in
            try await Self.settle(first.version, .reject, world)
            let report = try await world.register(
                rows, of: Self.someone, by: LedgerWorld.koganei, key: "two")
            #expect(report.receipt.counts[.underReview] == 2)
            let held = try await Self.open(world)
            try #require(held.count == 2)
            try await Self.settle(held[place].version, .accept, world)
            #expect(try await Self.names(world) == [rows[place].name])
        }
    }

    @Test func `a held row that is sent again with another name is another word to settle`()
        async throws
    {
        let row = Self.cases[1]
        try await Self.with(row) { world, first in
            var sent = row.sent.row
            let again = try await world.register(
                [sent], of: Self.someone, by: row.sent.by, key: "same")
            #expect(again.receipt.counts[.underReview] == 1)
            #expect(try await Self.open(world) == [first])
            sent.name = "試験 花代"
            _ = try await world.register([sent], of: Self.someone, by: row.sent.by, key: "other")
            let held = try await Self.open(world)
            #expect(held.count == 1 && held.first?.version != first.version)
            let version = try #require(held.first).version
            try await Self.settle(version, .accept, world)
            #expect(try await Self.names(world) == ["試験 花代"])
        }
    }

    @Test func `each verdict is an entry about the resident with the word it rests on`()
        async throws
    {
        try await Self.with(Self.cases[0]) { world, review in
            try await Self.settle(review.version, .accept, world)
            let entries = try await world.texts(
                """
                select party || ' ' || outcome || ' ' || basis from log.access_entry
                where purpose = 'settle-review' and person is not null
                """)
            #expect(entries.count == 1)
            #expect(
                entries.first?.hasPrefix("operator:desk ok {\"review\":\(review.version)") == true)
            #expect(entries.first?.contains("第12号") == true)
            for kind in ReviewVerdict.Kind.allCases {
                await #expect(throws: Refusal.recordUnknown) {
                    try await Self.settle(review.version, kind, world)
                }
            }
            let verdict = try ReviewVerdict(.accept, word: "x")
            let rules = try world.ledger.rules.current()
            await #expect(throws: Refusal.notYourPurpose) {
                try await world.ledger.access(LedgerWorld.koganei, .settleReview) {
                    try $0.settleReview(review.version, verdict, rules: rules)
                }
            }
        }
    }

    /// Each lock has its own number: the sealer at work keeps no officer waiting.
    @Test func `a review is settled while the sealer is at work`() async throws {
        try await Self.with(Self.cases[0]) { world, review in
            let isHeld = Gate()
            let mayGo = Gate()
            async let sealing: Void = world.pool.transaction { transaction in
                try transaction.script("select pg_advisory_xact_lock(7461746974)")
                isHeld.open()
                mayGo.waitBlocking()
            }
            try await isHeld.wait()
            try await Self.settle(review.version, .accept, world)
            mayGo.open()
            try await sealing
        }
    }

    @Test(arguments: ["", "two\nlines", String(repeating: "a", count: 201), "of 123456789018"])
    func `a word that is none is refused`(_ word: String) {
        #expect(throws: Refusal.self) { try ReviewVerdict(.accept, word: word) }
    }
}
