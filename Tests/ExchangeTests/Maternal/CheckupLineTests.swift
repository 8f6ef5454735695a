import Exchange
import Testing

/// What a report is to the municipality: one row for each way it can go.
@Suite struct CheckupLineTests {
    typealias Named = (body: String, kind: String, serial: Int)
    /// Another report, or the version before, with why its line claimed nothing.
    typealias Told = (checkup: String, refusal: CheckupClaimRefusal?)

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var checkup = "infant-3-4m"
        var status = "final"
        var home: String? = "132101"
        var ticket: Named?
        var others: [Told] = []
        var before: Told?
        var yen: Int?
        var refusal: CheckupClaimRefusal?
        /// Serial of the ticket that is used.
        var used: Int?
        /// 集団健診: the municipality that examined.
        var examiner: String?
        /// Of the items that must be examined, those that were not.
        var absent: [String] = []

        init(_ name: String, _ change: (inout Case) -> Void) {
            testDescription = name
            change(&self)
        }
    }

    private static let all = ["weight", "height", "head-circumference", "child-judgement"]

    static let cases: [Case] = [
        Case("a price") { $0.yen = 6800 },
        Case("another town's price") {
            $0.home = "222216"
            $0.yen = 6950
        },
        Case("no price agreed on") { $0.home = "011002" },
        Case("withdrawn") {
            $0.status = "entered-in-error"
            $0.refusal = .withdrawn
        },
        Case("nobody told where they live") {
            $0.home = nil
            $0.refusal = .residenceUnknown
        },
        Case("told already") {
            $0.others = [("infant-3-4m", nil)]
            $0.refusal = .duplicate
        },
        Case("another checkup told already") {
            $0.others = [("infant-1m", nil)]
            $0.yen = 6800
        },
        Case("told already, which waits for a ticket") {
            $0.others = [("infant-3-4m", .noTicket)]
            $0.refusal = .duplicate
        },
        Case("told already, twice") {
            $0.others = [("infant-3-4m", .duplicate)]
            $0.yen = 6800
        },
        Case("the town held it as well, which nobody is paid for") {
            $0.others = [("infant-3-4m", .ownCheckup)]
            $0.yen = 6800
        },
        Case("a correction of what was claimed") {
            $0.others = [("infant-3-4m", nil)]
            $0.before = ("infant-3-4m", nil)
            $0.yen = 6800
        },
        Case("a correction of a second report") {
            $0.others = [("infant-3-4m", nil)]
            $0.before = ("infant-3-4m", .duplicate)
            $0.refusal = .duplicate
        },
        Case("a correction of what was claimed as another checkup") {
            $0.others = [("infant-3-4m", nil)]
            $0.before = ("infant-1m", nil)
            $0.refusal = .duplicate
        },
        Case("the card is the ticket") {
            $0.checkup = "infant-6-7m"
            $0.used = 1
            $0.yen = 6500
        },
        Case("a ticket that is named") {
            $0.checkup = "infant-9-10m"
            $0.ticket = ("132101", "infant-6-10m", 2)
            $0.used = 2
            $0.yen = 6500
        },
        Case("no ticket of the town one lives in") {
            $0.checkup = "infant-1m"
            $0.home = "222216"
            $0.refusal = .noTicket
        },
        Case("the town's own checkup, for which a ticket was given out") {
            $0.checkup = "infant-6-7m"
            $0.examiner = "132101"
            $0.used = 1
            $0.refusal = .ownCheckup
        },
        Case("the town's own checkup without a ticket") {
            $0.examiner = "132101"
            $0.refusal = .ownCheckup
        },
        Case("the town's own checkup, told already") {
            $0.examiner = "132101"
            $0.others = [("infant-3-4m", nil)]
            $0.refusal = .duplicate
        },
        Case("the town's own checkup, told already by itself") {
            $0.examiner = "132101"
            $0.others = [("infant-3-4m", .ownCheckup)]
            $0.refusal = .duplicate
        },
        Case("a correction of the town's own checkup") {
            $0.checkup = "infant-6-7m"
            $0.examiner = "132101"
            $0.others = [("infant-6-7m", nil)]
            $0.before = ("infant-6-7m", .ownCheckup)
            $0.used = 1
            $0.refusal = .ownCheckup
        },
        Case("a correction of the town's own checkup of a child that lived elsewhere") {
            $0.home = "222216"
            $0.examiner = "132101"
            $0.others = [("infant-3-4m", nil)]
            $0.before = ("infant-3-4m", .ownCheckup)
            $0.refusal = .duplicate
        },
        Case("nothing was examined, for which a ticket was given out") {
            $0.checkup = "infant-6-7m"
            $0.absent = Self.all
            $0.refusal = .notExamined
        },
        Case("nothing was examined where nobody told where they live") {
            $0.home = nil
            $0.absent = Self.all
            $0.refusal = .notExamined
        },
        Case("nothing was examined by the town itself") {
            $0.examiner = "132101"
            $0.absent = Self.all
            $0.refusal = .notExamined
        },
        Case("told already that nothing was examined") {
            $0.others = [("infant-3-4m", .notExamined)]
            $0.yen = 6800
        },
        Case("examined after all, by a correction") {
            $0.before = ("infant-3-4m", .notExamined)
            $0.yen = 6800
        },
        Case("all but one was not examined") {
            $0.absent = Array(Self.all.dropLast())
            $0.yen = 6800
        },
        Case("another town's checkup of a child that moved here") {
            $0.home = "222216"
            $0.examiner = "132101"
            $0.yen = 6950
        },
    ]

    private static func line(of row: Case) throws -> CheckupLine {
        let birth = MaternalCase.day("2026-03-01")
        let notified = MaternalCase.day("2026-03-05")
        let notification = MaternalNotification(
            key: "C", notifiedOn: notified, subject: .child(birth))
        let empty = MaternalEpisode(
            id: RecordID(high: 0, low: 1), notification: notification, tickets: [])
        let issued = empty.issuing(
            by: "132101", notification, isFirst: true, MaternalCase.rules)
        let book = MaternalEpisode(
            id: empty.id, notification: notification, tickets: issued.tickets
        ).book(MaternalCase.rules)
        var findings = row.absent.map { CheckupSample.absent($0, "not-possible") }
        if !row.absent.contains("child-judgement") {
            findings.append(CheckupSample.choice("child-judgement", "observation"))
        }
        let report = try CheckupSample.report(
            row.checkup, on: "2026-10-01", status: row.status, ticket: row.ticket, findings)
        func beside(_ told: Told, _ id: String) -> CheckupClaimFacts.Other {
            CheckupClaimFacts.Other(
                id: id, checkup: told.checkup, day: MaternalCase.day("2026-09-01"),
                isWithdrawn: false, refusal: told.refusal)
        }
        let party = try row.examiner.map { try Party(role: .municipality, code: $0) }
        return try MaternalCase.rules.line(
            of: CheckupSample.version(report, by: party ?? CheckupSample.party()),
            CheckupClaimFacts(
                municipality: row.home, tickets: book, before: row.before.map { beside($0, "r-1") },
                others: row.others.enumerated().map { beside($1, "o-\($0)") }))
    }

    @Test(arguments: cases)
    func `what a report is to the municipality`(row: Case) throws {
        let line = try Self.line(of: row)
        #expect(line.charge?.yen == row.yen)
        #expect(line.refusal == row.refusal)
        #expect(line.ticket?.serial == row.used)
        let isJudged = !row.absent.contains("child-judgement")
        #expect(line.judgement == (isJudged ? "observation" : nil))
        #expect(line.isOutOfArea == (row.home.map { $0.hasPrefix("13") } == false))
    }

    static let wrong: [(ticket: Named, refusal: MaternalRefusal)] = [
        (("132101", "infant-6-10m", 9), .noSuchTicket),
        (("132101", "infant-1m", 1), .ticketExpired),
        (("132101", "newborn-hearing", 1), .ticketExpired),
    ]

    @Test(arguments: wrong)
    func `a named ticket that does not hold refuses the report`(
        ticket: Named, refusal: MaternalRefusal
    ) throws {
        #expect(throws: refusal) {
            try Self.line(
                of: Case("wrong") {
                    $0.checkup = "infant-6-7m"
                    $0.ticket = ticket
                })
        }
    }

    @Test func `prenatal checkups come again, but not twice on a day`() throws {
        func beside(_ day: String) -> CheckupClaimFacts.Other {
            CheckupClaimFacts.Other(
                id: "o", checkup: "prenatal", day: MaternalCase.day(day), isWithdrawn: false,
                refusal: nil)
        }
        func refusal(_ day: String, before: String? = nil) throws -> CheckupClaimRefusal? {
            try MaternalCase.rules.line(
                of: CheckupSample.version(CheckupSample.report("prenatal", on: day)),
                CheckupClaimFacts(
                    municipality: "132101", tickets: TicketBook(), before: before.map(beside),
                    others: [beside("2026-09-01")])
            ).refusal
        }
        #expect(try refusal("2026-09-01") == .duplicate)
        #expect(try refusal("2026-09-02") == .noTicket)
        #expect(try refusal("2026-09-01", before: "2026-09-01") == .noTicket)
        // Moved onto a day on which another was claimed.
        #expect(try refusal("2026-09-01", before: "2026-09-02") == .duplicate)
    }

    typealias Delivered = (other: String, known: [UInt64], refusal: CheckupClaimRefusal)

    static let deliveries: [Delivered] = [
        ("2025-02-10", [1, 2], .noTicket), ("2026-11-12", [1, 2], .duplicate),
        // Of the former pregnancy nobody here was told.
        ("2025-02-10", [2], .noTicket), ("2026-11-12", [2], .duplicate),
        // Of neither: 56 days are those of one delivery.
        ("2025-02-10", [], .noTicket), ("2026-09-25", [], .noTicket),
        ("2026-09-26", [], .duplicate),
    ]

    /// 産婦健診は分娩ごと: what was paid for after the first child says nothing of the second.
    @Test(arguments: deliveries)
    func `a checkup after delivery comes once after each`(
        other: String, known: [UInt64], refusal: CheckupClaimRefusal
    ) throws {
        let episodes = [
            MaternalEpisodeTests.episode(
                try MaternalEpisodeTests.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1),
            MaternalEpisodeTests.episode(
                try MaternalEpisodeTests.pregnancy(due: "2026-11-17", key: "Q"), 2),
        ]
        let line = try MaternalCase.rules.line(
            of: CheckupSample.version(CheckupSample.report("postpartum-2w", on: "2026-11-20")),
            CheckupClaimFacts(
                municipality: "132101", tickets: TicketBook(),
                others: [
                    CheckupClaimFacts.Other(
                        id: "o", checkup: "postpartum-2w", day: MaternalCase.day(other),
                        isWithdrawn: false, refusal: nil)
                ], episodes: episodes.filter { known.contains($0.id.low) }))
        #expect(line.refusal == refusal)
    }

    /// 出産後すぐの次の妊娠: by its weeks the second pregnancy began 2025-02-18, within the 56 days after the first.
    @Test(arguments: [
        ("2025-02-28", "2025-02-10", CheckupClaimRefusal.duplicate),
        // After the second delivery the same report of the first is still no second one.
        ("2025-02-28", "2025-12-01", .noTicket), ("2025-12-05", "2025-12-01", .duplicate),
    ])
    func `what is done after one delivery is not taken for the next, though its weeks had begun`(
        day: String, other: String, refusal: CheckupClaimRefusal
    ) throws {
        let episodes = [
            MaternalEpisodeTests.episode(
                try MaternalEpisodeTests.pregnancy(due: "2025-02-01", ended: "2025-01-28"), 1),
            MaternalEpisodeTests.episode(
                try MaternalEpisodeTests.pregnancy(
                    due: "2025-11-25", ended: "2025-11-20", key: "Q"), 2),
        ]
        let line = try MaternalCase.rules.line(
            of: CheckupSample.version(CheckupSample.report("postpartum-2w", on: day)),
            CheckupClaimFacts(
                municipality: "132101", tickets: TicketBook(),
                others: [
                    CheckupClaimFacts.Other(
                        id: "o", checkup: "postpartum-2w", day: MaternalCase.day(other),
                        isWithdrawn: false, refusal: nil)
                ], episodes: episodes))
        #expect(line.refusal == refusal)
    }

    @Test func `what a report is to others is told with why it claims nothing`() throws {
        let version = try CheckupSample.version(CheckupSample.report("infant-1m", on: "2026-09-01"))
        func beside(_ line: CheckupLine?) -> CheckupClaimFacts.Other {
            ShownCheckup(version: version, compartment: .open, warnings: [], line: line).beside
        }
        let refused = CheckupLine(
            municipality: nil, judgement: nil, isOutOfArea: false, ticket: nil, charge: nil,
            refusal: .residenceUnknown)
        #expect(beside(refused).refusal == .residenceUnknown && beside(nil).refusal == nil)
        #expect(beside(nil).id == version.id && beside(nil).checkup == "infant-1m")
    }

    @Test(arguments: CheckupClaimRefusal.allCases)
    func `every reason says what to do`(refusal: CheckupClaimRefusal) {
        #expect(refusal.text.ja.count { $0 == "。" } >= 2)
        #expect(refusal.text.en.hasSuffix(".") && refusal.text.en.count > 40)
    }
}
