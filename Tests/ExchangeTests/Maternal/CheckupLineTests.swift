import Exchange
import Testing

/// What a report is to the municipality: one row for each way it can go.
@Suite struct CheckupLineTests {
    typealias Named = (body: String, kind: String, serial: Int)

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var checkup = "infant-3-4m"
        var status = "final"
        var home: String? = "132101"
        var ticket: Named?
        var others: [String] = []
        var yen: Int?
        var refusal: CheckupClaimRefusal?
        /// Serial of the ticket that is used.
        var used: Int?
        /// 集団健診: the municipality that examined.
        var examiner: String?

        init(_ name: String, _ change: (inout Case) -> Void) {
            testDescription = name
            change(&self)
        }
    }

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
            $0.others = ["infant-3-4m"]
            $0.refusal = .duplicate
        },
        Case("another checkup told already") {
            $0.others = ["infant-1m"]
            $0.yen = 6800
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
            $0.others = ["infant-3-4m"]
            $0.refusal = .duplicate
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
        let report = try CheckupSample.report(
            row.checkup, on: "2026-10-01", status: row.status, ticket: row.ticket,
            [CheckupSample.choice("child-judgement", "observation")])
        let others = try row.others.enumerated().map { place, checkup in
            try CheckupSample.version(
                CheckupSample.report(checkup, on: "2026-09-01", identifier: "o"),
                id: "o-\(place)"
            ).beside
        }
        let party = try row.examiner.map { try Party(role: .municipality, code: $0) }
        return try MaternalCase.rules.line(
            of: CheckupSample.version(report, by: party ?? CheckupSample.party()),
            CheckupClaimFacts(municipality: row.home, tickets: book, others: others))
    }

    @Test(arguments: cases)
    func `what a report is to the municipality`(row: Case) throws {
        let line = try Self.line(of: row)
        #expect(line.charge?.yen == row.yen)
        #expect(line.refusal == row.refusal)
        #expect(line.ticket?.serial == row.used)
        #expect(line.judgement == "observation")
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
        func refusal(_ day: String) throws -> CheckupClaimRefusal? {
            let other = try CheckupSample.version(
                CheckupSample.report("prenatal", on: "2026-09-01"), id: "o")
            return try MaternalCase.rules.line(
                of: CheckupSample.version(CheckupSample.report("prenatal", on: day)),
                CheckupClaimFacts(
                    municipality: "132101", tickets: TicketBook(), others: [other.beside])
            ).refusal
        }
        #expect(try refusal("2026-09-01") == .duplicate)
        #expect(try refusal("2026-09-02") == .noTicket)
    }

    @Test(arguments: CheckupClaimRefusal.allCases)
    func `every reason says what to do`(refusal: CheckupClaimRefusal) {
        #expect(refusal.text.ja.count { $0 == "。" } >= 2)
        #expect(refusal.text.en.hasSuffix(".") && refusal.text.en.count > 40)
    }
}
