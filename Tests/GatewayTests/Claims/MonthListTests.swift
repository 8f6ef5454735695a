import Exchange
import Gateway
import Ledger
import Logging
import Postgres
import TestSupport
import Testing
import Trust

/// 月の一覧 over the wire: how far each month is, and what came after a closing: which changes touched it, and
/// which of its claims, and no others, are open again for what reason.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MonthListTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func listed(_ month: ServiceMonth) async throws -> JSONObject? {
        let answer = try await gateway.send(Cast.town, "GET", "/claims/months?_count=100")
        try answer.expect(200)
        return (answer.json["months"]?.array ?? []).compactMap(\.object).first {
            $0["month"]?.string == month.text
        }
    }

    private func changes(_ month: ServiceMonth) async throws -> [String] {
        (try await listed(month)?["changes"]?.array ?? []).compactMap(\.object).map { change in
            let isWaiting = change["waiting"]?.bool == true
            return "\(change["cause"]?.string ?? "") \(change["claims"]?.int ?? 0) \(isWaiting)"
        }
    }

    private func reopened(_ month: ServiceMonth) async throws -> [String] {
        (try await listed(month)?["reopened"]?.array ?? []).compactMap(\.object).map { group in
            "\(group["code"]?.string ?? "-") \(group["claims"]?.int ?? 0)"
        }
    }

    private func lookInto() async throws {
        let (parts, logger) = (try gateway.parts(), Logger(label: "months"))
        let entries = try await gateway.entries {
            _ = try await parts.lookIntoLosses(logger)
        }
        gateway.expectMoreEntries(entries.count)
    }

    private func close(_ month: ServiceMonth) async throws {
        let run = try await gateway.reconcile(month)
        try run.expect(200)
        try await gateway.close(run, month).expect(200)
    }

    @Test func `a month is listed from its first file to its closing, and names nobody`()
        async throws
    {
        let month = try ServiceMonth(year: 2018, month: 5)
        #expect(try await listed(month) == nil)
        let (good, gone) = (try await gateway.enrol(month), "R-NOBODY-LISTED")
        try await gateway.submit([SentClaim(good.recipient), SentClaim(gone)], month).expect(201)
        let sent = try #require(try await listed(month))
        #expect(sent["status"]?.string == "open" && sent["run"] == nil)
        #expect(sent["files"]?.int == 1 && sent["claims"]?.int == 2)
        let run = try await gateway.reconcile(month)
        try run.expect(200)
        let judged = try #require(try await listed(month)?["run"]?.object)
        #expect(judged["run"]?.int == 1 && judged["rulesChanged"]?.bool == false)
        let counts = ["accepted", "questioned", "rejected"].map {
            judged[$0]?.object?["count"]?.int ?? -1
        }
        #expect(counts.reduce(0, +) == 2 && counts[0] == 1)
        try await gateway.close(run, month).expect(200)
        let (answer, entries) = try await gateway.ask(Cast.town, "GET", "/claims/months")
        #expect(entries.count == 1 && !entries[0].hasPerson)
        #expect(!answer.text.contains(good.recipient))
        let closed = try #require(try await listed(month))
        #expect(closed["status"]?.string == "closed" && closed["changes"]?.array?.isEmpty == true)
        #expect(closed["closing"]?.object?["run"]?.int == 1)
        // Another body sees none of it.
        let other = try await gateway.send(Cast.otherTown, "GET", "/claims/months")
        #expect(other.status == 200 && other.int("total") == 0)
    }

    @Test func `an entitlement corrected for the past opens the claims it touches, and no other`()
        async throws
    {
        let month = try ServiceMonth(year: 2018, month: 8)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let (touched, kept) = (try await gateway.enrol(month), try await gateway.enrol(month))
        try await gateway.submit([SentClaim(touched.recipient), SentClaim(kept.recipient)], month)
            .expect(201)
        try await close(month)
        // Longer at its end, long after the month: of no claim in it.
        try await gateway.hold([
            kept.resident.row("kodomo", first.adding(days: -100), first.adding(days: 500))
        ])
        #expect(try await changes(month) == [])
        // The same days, and paid back alone.
        try await gateway.hold([
            touched.resident.row(
                "kodomo", first.adding(days: -100), first.adding(days: 400),
                ["isAlwaysReimbursement": "1"])
        ])
        #expect(try await changes(month) == ["entitlement 1 true"])
        #expect(try await listed(month)?["status"]?.string == "closed")
        try await lookInto()
        #expect(try await changes(month) == ["entitlement 1 false"])
        #expect(try await listed(month)?["status"]?.string == "reopened")
        #expect(try await reopened(month) == ["REFUND_ONLY 1"])
        let reasons = try await gateway.reasons(month, show: "reopened")
        #expect(reasons == [touched.recipient: ["REFUND_ONLY"]])
        // Closed again, nothing of it is open.
        try await close(month)
        #expect(try await listed(month)?["status"]?.string == "closed")
        #expect(try await changes(month) == [])
    }

    /// A closed month with one claim whose entitlement is paid back alone since.
    private func touchedMonth(_ number: Int) async throws -> ServiceMonth {
        let month = try ServiceMonth(year: 2017, month: number)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let one = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(one.recipient)], month).expect(201)
        try await close(month)
        try await gateway.hold([
            one.resident.row(
                "kodomo", first.adding(days: -100), first.adding(days: 400),
                ["isAlwaysReimbursement": "1"])
        ])
        #expect(try await changes(month) == ["entitlement 1 true"])
        return month
    }

    /// As if the pause before the next try were over.
    private func waitForTry() async throws {
        try await gateway.sql {
            try $0.run(
                Statement(
                    """
                    update exchange.month_change set tried_at = tried_at - interval '2 hours'
                    where settled_at is null
                    """))
        }
    }

    @Test
    func `a month that cannot be judged again stays open until it can, and holds up no other`()
        async throws
    {
        let (failing, other) = (try await touchedMonth(2), try await touchedMonth(3))
        try await gateway.sql {
            try $0.script(
                """
                create function public.refuse_run() returns trigger language plpgsql as $$
                begin raise exception 'no run'; end $$;
                create trigger refused before insert on exchange.claim_run for each row
                    when (new.month = date '2017-02-01') execute function public.refuse_run();
                """)
        }
        try await lookInto()
        #expect(try await changes(failing) == ["entitlement 1 true"])
        #expect(try await changes(other) == ["entitlement 1 false"])
        try await gateway.sql {
            try $0.script(
                "drop trigger refused on exchange.claim_run; drop function public.refuse_run")
        }
        // Not before its pause is over; nor then, while its body is suspended.
        try await lookInto()
        #expect(try await changes(failing) == ["entitlement 1 true"])
        try await waitForTry()
        #expect(try await gateway.registry.suspend(Cast.town))
        try await gateway.ledger.refresh()
        try await lookInto()
        #expect(try await gateway.registry.resume(Cast.town))
        try await gateway.ledger.refresh()
        #expect(try await changes(failing) == ["entitlement 1 true"])
        try await waitForTry()
        try await lookInto()
        #expect(try await changes(failing) == ["entitlement 1 false"])
        #expect(try await reopened(failing) == ["REFUND_ONLY 1"])
    }

    @Test func `a dose that is withdrawn after its month was closed opens its claim by itself`()
        async throws
    {
        let month = ServiceMonth(of: gateway.clock.today)
        let visit = try await gateway.openVaccinationVisit(gateway.settleBaby())
        var dose = SentDose(on: gateway.clock.today)
        let answer = try await gateway.record(dose, visit)
        try answer.expect(201)
        // A month of records alone is listed before anybody ran it.
        #expect(try await listed(month)?["status"]?.string == "open")
        try await close(month)
        dose.status = "entered-in-error"
        try await gateway.correct(answer.text("id"), seen: "W/\"1\"", dose, visit).expect(200)
        #expect(try await changes(month) == ["vaccination 1 true"])
        try await lookInto()
        #expect(try await changes(month) == ["vaccination 1 false"])
        #expect(try await listed(month)?["status"]?.string == "reopened")
        #expect(try await reopened(month) == ["- 1"])
    }

    /// Of a closing that sent a claim back for want of a designation, and accepted another, as the run would
    /// have kept them.
    @Test func `a designation that comes later, or ended before, touches what was decided by it`()
        async throws
    {
        let month = try ServiceMonth(year: 2018, month: 11)
        let good = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(good.recipient)], month).expect(201)
        try await close(month)
        let key: [Value] = [
            .text(Cast.town.code), .day(Int(month.firstDay)), .text(Cast.pharmacy.code),
        ]
        try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim_verdict (body, month, run, ordinal, claim, institution,
                        standing, is_reopened, told)
                    values ($1, $2, 1, 99, 'sent.1', $3, 'rejected', false,
                        '{"reasons":[{"code":"NOT_DESIGNATED"}]}'),
                        ($1, $2, 1, 98, 'sent.2', $3, 'accepted', false, '{"reasons":[]}')
                    """), key)
        }
        let other = Designation(body: Cast.otherTown.code, scheme: "kodomo")
        #expect(try await gateway.registry.designate(Cast.pharmacy, other))
        #expect(try await changes(month) == [])
        let own = Designation(body: Cast.town.code, scheme: "kodomo")
        #expect(try await gateway.registry.designate(Cast.pharmacy, own))
        #expect(try await changes(month) == ["designation 1 true"])
        // An end before the month touches what was accepted, too: with the other, an upper bound.
        let end = CalendarDay(daysSince1970: Int(month.firstDay)).adding(days: -1)
        #expect(try await gateway.registry.undesignate(Cast.pharmacy, own, after: end))
        #expect(try await changes(month) == ["designation 3 true"])
    }
}
