import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 請求の経過と明細 over the wire: what came back keeps its thread, and an institution reads of its own claims what
/// closed months say, and no more.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ClaimThreadServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private func months(_ year: Int) throws -> [ServiceMonth] {
        try (1...3).map { try ServiceMonth(year: year, month: $0) }
    }

    private func follow(
        _ claim: String, _ step: String, _ day: String, _ month: ServiceMonth
    ) async throws -> TLSClient.Answer {
        try await gateway.send(
            Cast.town, "POST", "/claims/months/\(month.text)/events",
            body: try JSON(
                reading: """
                    {"events":[{"claim":"\(claim)","step":"\(step)","on":"\(day)"}]}
                    """))
    }

    private func claimID(_ month: ServiceMonth, _ recipient: String) async throws -> String {
        try #require(try await claimIDs(month, recipient).first)
    }

    private func claimIDs(_ month: ServiceMonth, _ recipient: String) async throws -> [String] {
        let page = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest?show=all"
        ).answer
        return (page.json["results"]?.array ?? []).compactMap(\.object).filter { row in
            row["result"]?.object?["publics"]?.array?.first?.object?["recipient"]?.string
                == recipient
        }.compactMap { $0["claim"]?.string }
    }

    @Test func `what a closing sends back is corrected in its own thread and paid once`()
        async throws
    {
        let months = try months(2024)
        let held = try await gateway.enrol(months[0])
        // Of the wrong birth: it goes back.
        var wrong = SentClaim(held.recipient)
        wrong.birth = "1950-01-01"
        try await gateway.submit([wrong], months[0]).expect(201)
        let run = try await gateway.reconcile(months[0])
        try await gateway.close(run, months[0]).expect(200)
        // The next month brings it right, in the place of the first.
        var right = SentClaim(held.recipient)
        right.birth = held.resident.dateOfBirth
        right.extra = ",\"isResubmission\":true"
        try await gateway.submit([right], months[0], runMonth: months[1]).expect(201)
        try await gateway.reconcile(months[1]).expect(200)
        #expect(try await gateway.reasons(months[1], show: "all") == [held.recipient: []])
        // The closed month is as it was closed.
        let closed = try await gateway.reconcile(months[0])
        #expect(closed.int("reopened") == 0 && closed.text("digest") == run.text("digest"))
        // Sent a third time, without being asked for, it is a duplicate of the one in its place.
        var twice = right
        twice.extra = ""
        try await gateway.submit([twice], months[0], runMonth: months[2]).expect(201)
        try await gateway.reconcile(months[2]).expect(200)
        let found = try await gateway.reasons(months[2])
        #expect(found == [held.recipient: ["DUPLICATE_RECEIPT"]])
    }

    private func accepted(_ run: TLSClient.Answer) -> Int? {
        run.json["totals"]?.object?["total"]?.object?["accepted"]?.object?["count"]?.int
    }

    /// 二重払い: an entitlement that is registered after the closing, and the institution claims again, before
    /// the month is run once more or after it.
    @Test func `what went back is paid in its new place alone, whatever is registered since`()
        async throws
    {
        let first = try ServiceMonth(year: 2024, month: 5)
        let next = try ServiceMonth(year: 2024, month: 6)
        let late = (0..<2).map { _ in gateway.people.next() }
        let claims = late.map { SentClaim("R-00\($0.index)") }
        let again = claims.map { claim -> SentClaim in
            var claim = claim
            claim.extra = ",\"isResubmission\":true"
            return claim
        }
        try await gateway.submit(claims, first).expect(201)
        let run = try await gateway.reconcile(first)
        #expect(accepted(run) == 0)
        try await gateway.close(run, first).expect(200)
        try await gateway.submit([again[0]], first, runMonth: next).expect(201)
        let day = CalendarDay(daysSince1970: Int(first.firstDay))
        for resident in late {
            try await gateway.hold([
                resident.row("kodomo", day.adding(days: -100), day.adding(days: 400))
            ])
        }
        // Both are judged otherwise, and both went back: nothing of them is paid here.
        let second = try await gateway.reconcile(first)
        #expect([second.int("run"), second.int("reopened")] == [2, 2])
        #expect(accepted(second) == 0)
        #expect(try await gateway.reasons(first, show: "reopened").values.allSatisfy(\.isEmpty))
        let rows = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(first.text)/runs/2/statement"
        ).answer.text
        #expect(rows.split(separator: ",withdrawn,").count == 3 && rows.contains("再請求して"))
        try await gateway.close(second, first).expect(200)
        let told = try await gateway.ask(
            Cast.clinic, "GET", "/fhir/ClaimResponse?month=\(first.text)")
        #expect(told.answer.entries.map { $0["status"]?.string } == ["cancelled", "cancelled"])
        #expect(told.answer.text.contains("Claim again"))
        // Each is paid where it was claimed again.
        try await gateway.submit([again[1]], first, runMonth: next).expect(201)
        let paid = try await gateway.reconcile(next)
        #expect(accepted(paid) == 2)
        let last = try await gateway.reconcile(first)
        #expect(accepted(last) == 0 && last.text("digest") == second.text("digest"))
    }

    /// A pharmacy writes a receipt for each prescriber: both of a month went back, and both come again.
    @Test func `each of two that are sent again takes the place of one`() async throws {
        let month = try ServiceMonth(year: 2024, month: 8)
        let held = try await gateway.enrol(month)
        let both = [10, 11].map { day -> SentClaim in
            var claim = SentClaim(held.recipient)
            claim.institution = Cast.pharmacy
            claim.day = day
            claim.birth = "1950-01-01"
            return claim
        }
        try await gateway.submit(both, month).expect(201)
        let run = try await gateway.reconcile(month)
        let gone = try await claimIDs(month, held.recipient)
        #expect(gone.count == 2)
        try await gateway.close(run, month).expect(200)
        let again = both.map { claim -> SentClaim in
            var claim = claim
            claim.birth = held.resident.dateOfBirth
            claim.extra = ",\"isResubmission\":true"
            return claim
        }
        try await gateway.submit(again, month, runMonth: try ServiceMonth(year: 2024, month: 10))
            .expect(201)
        // Of neither thread the last step is that it went back.
        for claim in gone {
            try await follow(claim, "paid", gateway.clock.today.text, month).expect(200)
        }
    }

    /// A list of a payment body does not say that a receipt takes the place of another.
    @Test func `what comes after its month was closed is no duplicate of what went back`()
        async throws
    {
        let month = try ServiceMonth(year: 2024, month: 7)
        let held = try await gateway.enrol(month)
        var wrong = SentClaim(held.recipient)
        wrong.birth = "1950-01-01"
        try await gateway.submit([wrong, wrong], month).expect(201)
        let run = try await gateway.reconcile(month)
        try await gateway.close(run, month).expect(200)
        #expect(try await gateway.reconcile(month).text("digest") == run.text("digest"))
        try await gateway.submit([SentClaim(held.recipient)], month).expect(201)
        let second = try await gateway.reconcile(month)
        #expect(accepted(second) == 1 && second.int("reopened") == 0)
        #expect(
            try await gateway.reasons(month)[held.recipient]?.sorted()
                == ["DUPLICATE_RECEIPT", "PERSON_MISMATCH", "PERSON_MISMATCH"])
        // One more is a duplicate of the one that stands.
        var third = SentClaim(held.recipient)
        third.extra = ",\"specialNotes\":[]"
        try await gateway.submit([third], month).expect(201)
        let last = try await gateway.reconcile(month)
        #expect(accepted(last) == 1)
    }

    @Test func `each step must be able to follow the one before, and none is lost`() async throws {
        let month = try months(2025)[0]
        let held = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(held.recipient)], month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let claim = try await claimID(month, held.recipient)
        let today = gateway.clock.today
        try await gateway.expect(
            .claimStep("events[0].step"), of: .submitClaims, from: Cast.town
        ) {
            try await follow(claim, "reexamined", today.text, month)
        }
        try await follow(claim, "paid", today.text, month).expect(200)
        let again = try await follow(claim, "paid", today.text, month)
        #expect(again.int("taken") == 0)
        try await gateway.expect(
            .claimStep("events[0].step"), of: .submitClaims, from: Cast.town
        ) {
            try await follow(claim, "confirmed", today.text, month)
        }
        try await gateway.expect(
            .claimStep("events[0].on"), of: .submitClaims, from: Cast.town
        ) {
            try await follow(claim, "reexamined", today.adding(days: -9).text, month)
        }
        for step in ["reexamined", "confirmed", "clawed-back"] {
            try await follow(claim, step, today.text, month).expect(200)
        }
        // What was taken back claims nothing.
        let run = try await gateway.reconcile(month)
        let accepted = run.json["totals"]?.object?["total"]?.object?["accepted"]?.object
        #expect(accepted?["count"]?.int == 0)
        try await gateway.expect(.recordUnknown, of: .submitClaims, from: Cast.otherTown) {
            try await gateway.send(
                Cast.otherTown, "POST", "/claims/months/\(month.text)/events",
                body: try JSON(
                    reading: """
                        {"events":[{"claim":"\(claim)","step":"paid","on":"\(today.text)"}]}
                        """))
        }
    }

    @Test func `an entitlement that ends after payment is a clawback, not a wrong claim`()
        async throws
    {
        let month = try months(2025)[1]
        let held = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(held.recipient)], month).expect(201)
        try await gateway.reconcile(month).expect(200)
        let claim = try await claimID(month, held.recipient)
        try await follow(claim, "paid", gateway.clock.today.text, month).expect(200)
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let row = held.resident.row(
            "kodomo", first.adding(days: -100), first.adding(days: -1))
        try await gateway.hold([row])
        try await gateway.reconcile(month).expect(200)
        #expect(try await gateway.reasons(month) == [held.recipient: ["CLAWBACK (過誤)"]])
    }

    @Test func `an institution reads its own claims of closed months alone`() async throws {
        let month = try months(2025)[2]
        let mine = try await gateway.enrol(month)
        let theirs = try await gateway.enrol(month)
        var other = SentClaim(theirs.recipient)
        other.institution = Cast.pharmacy
        try await gateway.submit(
            [SentClaim(mine.recipient), SentClaim("R-NOBODY"), other], month
        ).expect(201)
        let run = try await gateway.reconcile(month)
        let path = "/claims/statements?month=\(month.text)"
        try await gateway.expect(.recordUnknown, of: .readSettledClaims, from: Cast.clinic) {
            try await gateway.send(Cast.clinic, "GET", path)
        }
        try await gateway.close(run, month).expect(200)
        let statement = try await gateway.ask(Cast.clinic, "GET", path)
        let text = String(decoding: statement.answer.body, as: UTF8.self)
        #expect(text.contains(mine.recipient) && text.contains("RECIPIENT_UNKNOWN"))
        #expect(!text.contains(theirs.recipient))
        #expect(statement.entries.count == 1 && statement.entries[0].hasPerson)
        let fhir = try await gateway.ask(
            Cast.clinic, "GET", "/fhir/ClaimResponse?month=\(month.text)&body=132101")
        #expect(fhir.answer.entries.map { $0["outcome"]?.string } == ["complete", "error"])
        #expect(fhir.answer.entries.allSatisfy { $0["resourceType"]?.string == "ClaimResponse" })
        let whole = try await gateway.ask(
            Cast.town, "GET", "/fhir/ExplanationOfBenefit?month=\(month.text)&show=all"
        ).answer
        #expect(whole.entries.count == 3)
        #expect(whole.entries.allSatisfy { $0["insurance"]?.array?.isEmpty == false })
        let all = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest/statement"
        ).answer
        #expect(String(decoding: all.body, as: UTF8.self).split(separator: "\r\n").count == 4)
    }

    // MARK: Pages of an institution's own statement

    /// As if other bodies had closed the month too, each with so many rows of the clinic's.
    private func pad(_ month: ServiceMonth, _ bodies: [(code: String, rows: Int)]) async throws {
        let values: [Value] = [
            .text(Cast.town.code), .day(Int(month.firstDay)), .texts(bodies.map { $0.code }),
        ]
        let parts: [Value] = [
            .text(Cast.clinic.code), values[1], values[2], .ints(bodies.map { $0.rows }),
        ]
        try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim_run (body, month, run, rules, digest, totals,
                        unverified, claims, reopened, party, made_at)
                    select p, month, run, rules, digest, totals, unverified, claims, reopened, party,
                        made_at
                    from exchange.claim_run cross join unnest($3::text[]) p
                    where body = $1 and month = $2 and run = 1
                    """), values)
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim_statement (body, month, run, institution, claims, rows)
                    select p.code, $2, 1, $1, p.rows,
                        convert_to('row of ' || p.code || e'\\r\\n', 'UTF8')
                    from unnest($3::text[], $4::bigint[]) p(code, rows)
                    """), parts)
            try transaction.run(
                Statement(
                    """
                    insert into exchange.claim_closing (body, month, closing, run, text, digest, entry,
                        closed_at)
                    select p, month, closing, run, text, digest, gen_random_uuid(), closed_at
                    from exchange.claim_closing cross join unnest($3::text[]) p
                    where body = $1 and month = $2 and closing = 1
                    """), values)
        }
    }

    @Test func `an institution reads its own statement in pages of whole bodies`() async throws {
        let month = try ServiceMonth(year: 2025, month: 4)
        let mine = try await gateway.enrol(month)
        try await gateway.submit([SentClaim(mine.recipient)], month).expect(201)
        try await gateway.close(try await gateway.reconcile(month), month).expect(200)
        try await pad(month, [("472018", 30_000), ("472051", 30_000), ("472077", 60_000)])
        var path: String? = "/claims/statements?month=\(month.text)"
        var pages: [String] = []
        while let next = path, pages.count < 9 {
            let page = try await gateway.ask(Cast.clinic, "GET", next).answer
            try page.expect(200)
            pages.append(page.text)
            path = try page["Link"].map { link -> String in
                #expect(link.hasPrefix("<https://") && link.hasSuffix(">; rel=\"next\""))
                let start = try #require(link.firstRange(of: "/claims/"))
                return String(link[start.lowerBound...].prefix { $0 != ">" })
            }
        }
        // No page is over 50,000 rows, but where one body alone is.
        let bodies = pages.map { page in
            ["472018", "472051", "472077"].filter { page.contains("row of \($0)\r\n") }
        }
        #expect(bodies == [["472018"], ["472051"], ["472077"]])
        #expect(pages.map { $0.contains(mine.recipient) } == [true, false, false])
        // Each page has the headings.
        let headings = Set(pages.map { page in page.prefix { $0 != "\r\n" } })
        #expect(headings.count == 1)
        let one = try await gateway.ask(
            Cast.clinic, "GET", "/claims/statements?month=\(month.text)&body=472051"
        ).answer
        #expect(one.text == pages[1] && one["Link"] == nil)
        try await gateway.expect(.recordUnknown, of: .readSettledClaims, from: Cast.clinic) {
            try await gateway.send(
                Cast.clinic, "GET", "/claims/statements?month=\(month.text)&after=472077")
        }
        let wrong = try await gateway.send(
            Cast.clinic, "GET", "/claims/statements?month=\(month.text)&after=x")
        #expect(wrong.status == 400 && wrong.text("item") == "after")
    }
}
