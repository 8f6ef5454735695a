import Exchange
import Ledger
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
        let page = try await gateway.ask(
            Cast.town, "GET", "/claims/months/\(month.text)/runs/latest?show=all"
        ).answer
        let found = (page.json["results"]?.array ?? []).first { value in
            value.object?["result"]?.object?["publics"]?.array?.first?.object?["recipient"]?
                .string == recipient
        }
        return try #require(found?.object?["claim"]?.string)
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
}
