import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 受診券 over the wire: the card is the ticket; one is used once, at once and after a move too, and a ticket
/// that a clinic names is refused by name.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckupTicketTests {
    typealias Visit = RunningGateway.Visit
    typealias Ticket = SentCheckup.Ticket

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    private func used(_ answer: TLSClient.Answer) -> String {
        let ticket = answer.parts("checkup-ticket").first
        let body = ticket?["body"]?.string ?? "-"
        return "\(body) \(ticket?["kind"]?.string ?? "-") \(ticket?["serial"]?.int ?? 0)"
    }

    private func visit(_ card: SoftwareCard) async throws -> Visit {
        try await gateway.openCheckupVisit(card)
    }

    @Test func `a notified pregnancy has its fourteen tickets, and twins nineteen`() async throws {
        let (resident, _) = try await gateway.settleMother()
        func tickets() async throws -> Int {
            try await gateway.count(
                """
                select count(*) from exchange.checkup_ticket where kind = 'prenatal' and person = (
                    select person from exchange.maternal_notification order by version desc limit 1)
                """)
        }
        #expect(try await tickets() == 14)
        try await gateway.notify([
            resident.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -10),
                ["fetuses": .number("2")])
        ])
        #expect(try await tickets() == 19)
        let again = try await gateway.send(
            Cast.town, "POST", "/maternal-health/registration-tasks",
            body: .array([
                resident.pregnancy(
                    due: today.adding(days: 100), notified: today.adding(days: -10),
                    ["fetuses": .number("2")])
            ]))
        #expect(again.int("unchanged") == 1)
        #expect(try await tickets() == 19)
    }

    @Test func `each checkup uses the next ticket, and the municipality pays its price`()
        async throws
    {
        let visit = try await visit(gateway.settleMother().card)
        let first = try await gateway.record(
            .prenatal(on: today.adding(days: 0)), visit)
        #expect(used(first) == "\(Cast.town.code) prenatal 1")
        #expect(first.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 5100)
        // Twice on one day is one checkup told twice.
        let second = try await gateway.record(.prenatal(on: today), visit)
        #expect(second.parts("checkup-claim").first?["state"]?.string == "duplicate")
        #expect(used(second) == "- - 0")
    }

    @Test func `a ticket that was used is refused by name, and open again once that was withdrawn`()
        async throws
    {
        let card = try await gateway.settleMother().card
        let visit = try await visit(card)
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = Ticket(Cast.town, "prenatal", 3)
        let made = try await gateway.record(checkup, visit)
        try made.expect(201)
        #expect(used(made) == "\(Cast.town.code) prenatal 3")
        var other = SentCheckup.prenatal(on: today)
        other.ticket = checkup.ticket
        let there = try await gateway.openCheckupVisit(card, at: Cast.paperClinic)
        try await gateway.expect(
            .ticketRefused(.ticketUsed), of: .recordCheckup, from: Cast.paperClinic
        ) { try await gateway.record(other, there, by: Cast.paperClinic) }
        // The same report again is no second use.
        #expect(try await gateway.record(checkup, visit).status == 200)
        checkup.status = "entered-in-error"
        try await gateway.correct(made.text("id"), seen: "W/\"1\"", checkup, visit).expect(200)
        let freed = try await gateway.record(other, there, by: Cast.paperClinic)
        #expect(used(freed) == "\(Cast.town.code) prenatal 3")
    }

    @Test func `one ticket shown at two clinics at once pays once`() async throws {
        for serial in 1...4 {
            let card = try await gateway.settleMother().card
            var checkup = SentCheckup.prenatal(on: today)
            checkup.ticket = Ticket(Cast.town, "prenatal", serial)
            var other = checkup
            other.identifier = RecordID.random().text
            let here = try await visit(card)
            let there = try await gateway.openCheckupVisit(card, at: Cast.paperClinic)
            async let first = gateway.record(checkup, here)
            async let second = gateway.record(other, there, by: Cast.paperClinic)
            let answers = try await [first, second]
            #expect(answers.map(\.status).sorted() == [201, 422])
            #expect(answers.first { $0.status == 422 }?.code == "ticket-used")
        }
    }

    static let wrong: [(ticket: Ticket, refusal: MaternalRefusal)] = [
        (Ticket(Cast.town, "prenatal", 99), .noSuchTicket),
        (Ticket(Cast.otherTown, "prenatal", 1), .noSuchTicket),
        (Ticket(Cast.town, "postpartum", 1), .ticketOfAnotherCheckup),
    ]

    @Test(arguments: wrong)
    func `a ticket that does not hold is refused by name`(
        ticket: Ticket, refusal: MaternalRefusal
    ) async throws {
        let visit = try await visit(gateway.settleMother().card)
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = ticket
        try await gateway.expect(
            .ticketRefused(refusal), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(checkup, visit) }
    }

    @Test func `a ticket is not for a day before it was given out`() async throws {
        let (resident, card) = try await gateway.settle()
        try await gateway.notify([
            resident.pregnancy(due: today.adding(days: 100), notified: today.adding(days: 1))
        ])
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = Ticket(Cast.town, "prenatal", 1)
        let visit = try await visit(card)
        try await gateway.expect(
            .ticketRefused(.ticketNotYetValid), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(checkup, visit) }
    }

    @Test func `after a move the old tickets no longer count, and the new town's do`()
        async throws
    {
        let (resident, card) = try await gateway.settleMother()
        let visit = try await visit(card)
        var checkup = SentCheckup.prenatal(on: today.adding(days: -2))
        checkup.ticket = Ticket(Cast.town, "prenatal", 1)
        try await move(visit, days: 2)
        try await gateway.record(checkup, visit).expect(201)
        try await gateway.feed([
            resident.residence(Cast.otherTown.code, from: today.adding(days: -1))
        ])
        var old = SentCheckup.prenatal(on: today)
        old.ticket = Ticket(Cast.town, "prenatal", 2)
        let now = try await self.visit(card)
        // The residence alone says so, before the new town gave out anything.
        try await gateway.expect(
            .ticketRefused(.ticketReplaced), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(old, now) }
        try await gateway.notify(
            [
                resident.pregnancy(
                    due: today.adding(days: 100), notified: today.adding(days: -1), key: "Q-7")
            ], by: Cast.otherTown)
        let here = try await gateway.record(.prenatal(on: today), now)
        // The first visit was paid for by the old town's ticket, whoever gives out the next.
        #expect(used(here) == "\(Cast.otherTown.code) prenatal 2")
        var twice = SentCheckup.prenatal(on: today)
        twice.ticket = Ticket(Cast.otherTown, "prenatal", 1)
        try await gateway.expect(
            .ticketRefused(.ticketUsed), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(twice, now) }
    }

    @Test func `after delivery its tickets are closed, and those for after delivery open`()
        async throws
    {
        let delivery = try JSON(
            reading: "{\"on\":\"\(today.adding(days: -14).text)\",\"live\":1,\"still\":0}")
        let (_, card) = try await gateway.settleMother(dueInDays: -10, ["delivery": delivery])
        let visit = try await visit(card)
        var late = SentCheckup.prenatal(on: today)
        late.ticket = Ticket(Cast.town, "prenatal", 1)
        try await gateway.expect(
            .ticketRefused(.ticketExpired), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(late, visit) }
        var after = SentCheckup.prenatal(on: today)
        after.checkup = "postpartum-2w"
        after.findings = [
            ("maternal-weight", .quantity("56", "kg")), ("systolic", .quantity("110", "mm[Hg]")),
            ("diastolic", .quantity("66", "mm[Hg]")),
        ]
        let made = try await gateway.record(after, visit)
        #expect(used(made) == "\(Cast.town.code) postpartum 1")
        #expect(made.parts("checkup-warning").isEmpty)
    }

    /// What a clinic is told of a report with no ticket named, and of one with its ticket.
    private func told(of mother: SoftwareCard) async throws -> [String] {
        var answers: [String] = []
        for serial in [nil, 2] {
            var sent = SentCheckup.prenatal(on: today.adding(days: serial == nil ? -1 : 0))
            sent.ticket = serial.map { Ticket(Cast.town, "prenatal", $0) }
            let made = try await gateway.record(sent, visit(mother))
            let claim = made.parts("checkup-claim").first?["state"]?.string ?? "-"
            let warnings = made.parts("checkup-warning").compactMap { $0["code"]?.string }
            answers.append("\(made.status) \(used(made)) \(claim) \(warnings)")
        }
        return answers
    }

    @Test func `after a loss no visit is planned, and a clinic is told as if there were none`()
        async throws
    {
        let day = today.adding(days: -3).text
        let (_, expecting) = try await gateway.settleMother(dueInDays: 100)
        let without = try await told(of: expecting)
        #expect(without.first == "201 \(Cast.town.code) prenatal 1 claimed []")
        let (_, still) = try await gateway.settleMother(
            dueInDays: 100,
            ["delivery": try JSON(reading: "{\"on\":\"\(day)\",\"live\":0,\"still\":1}")])
        #expect(try await told(of: still) == without)
        let losses = try JSON(reading: "[{\"on\":\"\(day)\",\"fetuses\":1}]")
        let (_, card) = try await gateway.settleMother(dueInDays: 100, ["losses": losses])
        #expect(try await told(of: card) == without)
        let token = try await gateway.session(of: card)
        let plan = try await gateway.send(
            Cast.portal, "GET", "/fhir/CarePlan", headers: [token])
        #expect(!plan.text.contains("prenatal"))
        #expect(plan.text.contains("postpartum-2w"))
    }

    @Test func `a notification by mistake is taken back with its tickets`() async throws {
        let (resident, card) = try await gateway.settleMother()
        var row = try #require(
            resident.pregnancy(
                due: today.adding(days: 100), notified: today.adding(days: -10)
            ).object)
        row = row.with("isWithdrawn", .bool(true))
        try await gateway.notify([.object(row)])
        var checkup = SentCheckup.prenatal(on: today)
        checkup.ticket = Ticket(Cast.town, "prenatal", 1)
        let visit = try await visit(card)
        try await gateway.expect(
            .ticketRefused(.noSuchTicket), of: .recordCheckup, from: Cast.clinic
        ) { try await gateway.record(checkup, visit) }
        checkup.ticket = nil
        let without = try await gateway.record(checkup, visit)
        #expect(without.parts("checkup-claim").first?["state"]?.string == "no-ticket")
        #expect(
            without.parts("checkup-warning").compactMap { $0["code"]?.string }
                == ["origin-unknown"])
        // The mistake was to take it back: the tickets are those that were given out.
        try await gateway.notify([.object(row.without("isWithdrawn"))])
        checkup = .prenatal(on: today.adding(days: -1))
        checkup.ticket = Ticket(Cast.town, "prenatal", 1)
        #expect(try await used(gateway.record(checkup, visit)) == "\(Cast.town.code) prenatal 1")
    }

    @Test func `a child's ticket is the card, too, and without one the line says so`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        var checkup = SentCheckup(on: today)
        checkup.checkup = "infant-6-7m"
        checkup.findings = checkup.findings.filter {
            !["neck-control", "hip"].contains($0.item)
        }
        let visit = try await visit(card)
        let without = try await gateway.record(checkup, visit)
        #expect(without.parts("checkup-claim").first?["state"]?.string == "no-ticket")
        try await gateway.notify([
            resident.birth(on: today.adding(days: -200), notified: today.adding(days: -190))
        ])
        checkup.status = "amended"
        let with = try await gateway.correct(
            without.text("id"), seen: "W/\"1\"", checkup, visit)
        #expect(used(with) == "\(Cast.town.code) infant-6-10m 1")
        #expect(with.parts("checkup-claim").first?["claimed"]?.object?["value"]?.int == 6500)
    }

    private static let pregnancy =
        #""notificationKey":"a","notificationKind":"pregnancy","notifiedOn":"2026-06-01""#

    static let rows: [(item: String, row: String)] = [
        (
            "notificationKind",
            #""notificationKey":"a","notificationKind":"x","notifiedOn":"2026-06-01""#
        ),
        ("expectedDate", pregnancy),
        ("fetuses", pregnancy + #","expectedDate":"2026-12-01","fetuses":0"#),
        (
            "delivery",
            pregnancy + #","expectedDate":"2026-12-01","#
                + #""delivery":{"on":"2026-12-01","live":2,"still":0}"#
        ),
        (
            "losses",
            pregnancy + #","expectedDate":"2026-12-01","losses":[{"on":"2020-12-01","fetuses":1}]"#
        ),
        (
            "notificationKey",
            #""notificationKey":"123456789018","notificationKind":"child","#
                + #""notifiedOn":"2026-06-01","dateOfBirth":"2026-05-01","myNumber":"123456789018""#
        ),
    ]

    @Test(arguments: rows)
    func `a row that is wrong is refused by its item`(item: String, row: String) async throws {
        let number = "123456789018"
        let full = row.contains("myNumber") ? row : row + ",\"myNumber\":\"\(number)\""
        let answer = try await gateway.send(
            Cast.town, "POST", "/maternal-health/registration-tasks",
            body: JSON(reading: "[{\(full)}]"))
        #expect(answer.int("refused") == 1)
        let report = try await gateway.send(
            Cast.town, "GET",
            "/maternal-health/registration-tasks/\(answer.text("taskId"))")
        let findings = report.json["results"]?.array?.first?.object?["findings"]?.array ?? []
        #expect(findings.compactMap { $0.object?["item"]?.string } == [item])
    }

    /// As if it had been opened so many days before.
    private func move(_ visit: Visit, days: Int) async throws {
        try await gateway.sql { transaction in
            _ = try transaction.run(
                Statement(
                    """
                    update exchange.visit set opened_at = opened_at - make_interval(days => $2::int),
                        ends_at = ends_at - make_interval(days => $2::int) where visit::text = $1
                    """), [.text(visit.id), .int(days)])
        }
    }
}
