import Exchange
import Ledger
import Postgres
import TestSupport
import Testing
import Trust

/// 取り消された会計のある記録の統合: what amounts to nothing keeps no two records apart, is shown with the survivor's,
/// and is the record's own again when the merge is undone. Whatever counts refuses, as before.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct MergedBillsTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// Two records of one person, of which the one that goes holds a certificate of the prefecture.
    private func chronicTwice() async throws -> (
        stays: (resident: TestResident, card: SoftwareCard),
        gone: (resident: TestResident, card: SoftwareCard)
    ) {
        let two = try await gateway.settleTwice()
        let row = two.gone.resident.row(
            "nanbyo", today.adding(days: -400), today.adding(days: 300),
            [
                "incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015",
                "medicalSubsidyRecipientNumber": .string(
                    String(1_000_000 + two.gone.resident.index)),
                "designatedMedicalInstitutions": .string(
                    RunningGateway.chronicCare.map(\.code).joined(separator: " ")),
            ])
        try await gateway.hold([row], by: Cast.prefecture)
        return two
    }

    private func void(_ bill: SentBill, _ visit: RunningGateway.Visit) async throws
        -> TLSClient.Answer
    {
        let answer = try await gateway.settle(
            bill.used(as: "claim", status: "cancelled"), visit)
        try answer.expect(200)
        return answer
    }

    /// How many bills each month of a resident shows.
    private func billsShown(to card: SoftwareCard) async throws -> [Int] {
        let token = try await gateway.session(of: card)
        let own = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        try own.expect(200)
        return (own.json["months"]?.array ?? []).map {
            $0.object?["bills"]?.array?.count ?? 0
        }
    }

    @Test func `a bill keeps two records apart until it is voided`() async throws {
        let (stays, gone) = try await chronicTwice()
        let visit = try await gateway.openVisit(gone.card)
        let bill = SentBill(cost: 45_000, on: today)
        #expect(try await gateway.settle(bill, visit).yen("copay") == 9_000)
        #expect(
            try await gateway.refusalOfMerge(gone.resident, into: stays.resident)
                == ["merge-bills"])
        let voided = try await void(bill, visit)
        try await gateway.join(gone.resident, into: stays.resident)
        // Shown with the survivor's, whose month it leaves as it was.
        #expect(try await billsShown(to: stays.card) == [1])
        // Sent again, it is the void that it was; the bill itself is not to be had again by its number.
        #expect(try await void(bill, visit).billStatus == voided.billStatus)
        let again = try await gateway.settle(bill, visit)
        #expect(again.code == Refusal.billVoided.code, "\(again.text)")
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/ClaimResponse/\(voided.text("id"))")
        #expect(read.billStatus == "voided", "\(read.text)")
        // Undone, each has its own again.
        try await gateway.part(gone.resident, from: stays.resident)
        #expect(try await billsShown(to: stays.card) == [])
        #expect(try await billsShown(to: gone.card) == [1])
    }

    @Test func `sent again after the merge, it counts for the one person alone`() async throws {
        let (stays, gone) = try await chronicTwice()
        let visit = try await gateway.openVisit(gone.card)
        let bill = SentBill(cost: 45_000, on: today)
        try await gateway.settle(bill, visit).expect(200)
        _ = try await void(bill, visit)
        try await gateway.join(gone.resident, into: stays.resident)
        let later = try await gateway.openVisit(stays.card)
        let first = try await gateway.settle(SentBill(cost: 45_000, on: today), later)
        #expect(first.yen("copay") == 9_000 && first.yen("month-collected") == 9_000)
        // The cap of 10,000 yen is one, whichever card comes.
        let other = try await gateway.openVisit(gone.card)
        let second = try await gateway.settle(SentBill(cost: 45_000, on: today), other)
        #expect(second.yen("copay") == 1_000, "\(second.text)")
        #expect(try await billsShown(to: gone.card) == [3])
        #expect(
            try await gateway.refusalOfUndoing(gone.resident, from: stays.resident)
                == ["merge-used"])
    }

    /// A reservation may still be confirmed, and a refund is somebody's money.
    @Test func `what may still count refuses`() async throws {
        let (stays, gone) = try await chronicTwice()
        let visit = try await gateway.openVisit(gone.card)
        let open = SentBill("preauthorization", cost: 45_000, on: today)
        try await gateway.settle(open, visit).expect(200)
        try await gateway.lapse(open)
        func told() async throws -> [String] {
            try await gateway.refusalOfMerge(gone.resident, into: stays.resident)
        }
        #expect(try await told() == ["merge-bills"])
        _ = try await void(open, visit)
        let first = SentBill(cost: 45_000, on: today)
        try await gateway.settle(first, visit).expect(200)
        // 2,000 yen above the cap are due back.
        var over = SentBill(cost: 15_000, on: today)
        over.collected = 3_000
        try await gateway.settle(over, visit).expect(200)
        #expect(try await told() == ["merge-bills"])
        _ = try await void(over, visit)
        #expect(try await told() == ["merge-bills"])
        _ = try await void(first, visit)
        let recipient = String(1_000_000 + gone.resident.index)
        let inTheWay = """
            select cardinality(exchange.in_the_way_of_merge(e.person, e.person))::bigint
            from exchange.entitlement e where e.recipient_number = $1 limit 1
            """
        #expect(try await gateway.count(inTheWay, [.text(recipient)]) == 0)
        // The body answered the case while it was open: that stands, whatever came of the bill.
        try await gateway.sql { [identifier = over.identifier] transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.refund_answer
                        (person, refund, version, decision, yen, day, party, answered_at)
                    select c.person, c.refund, 1, 'approved', 2000, c.month, $2, now()
                    from exchange.refund_case c
                    join exchange.bill b on b.person = c.person and b.bill = c.bill and b.version = 1
                    where b.identifier = $1 and c.version = 1
                    """), [.text(identifier), .text(Cast.prefecture.key)])
        }
        #expect(try await told() == ["merge-bills"])
    }

    @Test func `a month that a refused bill left without an amount refuses nothing`() async throws {
        let (stays, gone) = try await gateway.settleTwice()
        let known = gateway.lifeEvent(.movedWithin, of: gone.resident, "known", on: today)
        try await gateway.tell([known]).expect(202)
        try await gateway.sql { [index = gone.resident.index] transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.cap_month (person, body, certificate_type, sub_key, month)
                    select person, '132101', 'kodomo', '', '2026-04-01'
                    from exchange.life_event where identity_key = $1
                    """), [.text("L-\(index)")])
        }
        try await gateway.join(gone.resident, into: stays.resident)
    }
}
