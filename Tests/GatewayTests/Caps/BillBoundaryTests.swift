import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 会計の境目: who may not, what is no bill, how the check and the resident see the month.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct BillBoundaryTests {
    typealias Visit = RunningGateway.Visit

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    // MARK: Refusals

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let refusal: Refusal
        var party = Cast.clinic
        let send:
            @Sendable (RunningGateway, CalendarDay) async throws
                -> @Sendable () async throws -> TLSClient.Answer

        init(
            _ name: String, _ refusal: Refusal, from party: Party = Cast.clinic,
            _ send:
                @escaping @Sendable (RunningGateway, CalendarDay) async throws
                -> @Sendable () async throws -> TLSClient.Answer
        ) {
            testDescription = name
            self.refusal = refusal
            self.party = party
            self.send = send
        }

        /// A bill within a visit of a chronic patient's, after a change.
        init(
            _ name: String, _ refusal: Refusal, consents: [String] = ["subsidy"],
            row: [String: JSON?] = [:],
            _ change: @escaping @Sendable (inout SentBill, CalendarDay) -> Void
        ) {
            self.init(name, refusal) { gateway, today in
                let card = try await gateway.settleChronic(row).card
                let visit = try await gateway.openVisit(card, consents: consents)
                var bill = SentBill(on: today)
                bill.identifier = name
                change(&bill, today)
                let sent = bill
                return { try await gateway.settle(sent, visit) }
            }
        }
    }

    static let cases: [Case] = [
        Case("a visit without consent", .consentNotGiven, consents: []) { _, _ in },
        Case("another institution's visit", .visitUnknown, from: Cast.pharmacy) { gateway, today in
            let visit = try await gateway.openVisit(gateway.settleChronic().card)
            return {
                try await gateway.settle(SentBill(on: today), visit, by: Cast.pharmacy)
            }
        },
        Case("a visit that ended, for a day that was not its own", .visitEnded) {
            gateway, today in
            let card = try await gateway.settleChronic().card
            let visit = try await gateway.openVisit(card)
            let token = try await gateway.session(of: card)
            try await gateway.send(
                Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [token]
            ).expect(204)
            return { try await gateway.settle(SentBill(on: today.adding(days: -1)), visit) }
        },
        Case("a reservation within a visit that ended", .visitEnded) { gateway, today in
            let card = try await gateway.settleChronic().card
            let visit = try await gateway.openVisit(card)
            let token = try await gateway.session(of: card)
            try await gateway.send(
                Cast.portal, "POST", "/visits/\(visit.id)/end", headers: [token]
            ).expect(204)
            return {
                try await gateway.settle(SentBill("preauthorization", on: today), visit)
            }
        },
        Case("a day that has not come", .serviceDateOutOfRange) { bill, today in
            bill.day = today.adding(days: 1)
        },
        Case("a certificate of another kind", .certificateNotHeld) { bill, _ in
            bill.certificate.value = "shoman"
        },
        Case(
            "a certificate always by refund", .certificateNotHeld,
            row: [
                "isAlwaysReimbursement": "1"
            ]
        ) { _, _ in },
        Case(
            "an institution that the certificate does not name", .certificateNotHeld,
            row: [
                "designatedMedicalInstitutions": "1399999999"
            ]
        ) { _, _ in },
        Case(
            "an income class that no table has", .copaymentRulesUnknown,
            row: [
                "incomeSegment": nil
            ]
        ) { _, _ in },
        Case("more collected than asked", .collectedTooMuch) { bill, _ in
            bill.collected = 6_010
        },
        Case("a void of what was never sent", .recordUnknown) { bill, _ in
            bill.status = "cancelled"
        },
        Case("another patient's id", .patientDiffers("patient.reference")) { gateway, today in
            let one = try await gateway.openVisit(gateway.settleChronic().card)
            let other = try await gateway.openVisit(gateway.settleChronic().card)
            let mixed = Visit(id: one.id, patient: other.patient)
            return { try await gateway.settle(SentBill(on: today), mixed) }
        },
        Case("another content under the number", .billChanged) { gateway, today in
            let visit = try await gateway.openVisit(gateway.settleChronic().card)
            var bill = SentBill(on: today)
            try await gateway.settle(bill, visit).expect(200)
            bill.cost += 10
            return { [bill] in try await gateway.settle(bill, visit) }
        },
        Case("a number of another patient's bill", .billChanged) { gateway, today in
            let bill = SentBill(on: today)
            let one = try await gateway.openVisit(gateway.settleChronic().card)
            try await gateway.settle(bill, one).expect(200)
            let other = try await gateway.openVisit(gateway.settleChronic().card)
            return { try await gateway.settle(bill, other) }
        },
    ]

    @Test(arguments: cases)
    func `what is no bill is refused on the record and changes nothing`(row: Case) async throws {
        let request = try await row.send(gateway, today)
        let counts =
            """
            select (select count(*) from exchange.bill)
                + (select coalesce(sum(position), 0)::bigint from exchange.cap_month)
            """
        let before = try await gateway.count(counts)
        try await gateway.expect(row.refusal, of: .settleBill, from: row.party) {
            try await request()
        }
        #expect(try await gateway.count(counts) == before)
    }

    @Test func `another institution's bill is as unknown as none`() async throws {
        let visit = try await gateway.openVisit(gateway.settleChronic().card)
        let made = try await gateway.settle(SentBill(on: today), visit)
        for id in [made.text("id"), RecordID.random().text] {
            try await gateway.expect(.recordUnknown, of: .readBill, from: Cast.pharmacy) {
                try await gateway.send(Cast.pharmacy, "GET", "/fhir/ClaimResponse/\(id)")
            }
        }
    }

    // MARK: Months

    @Test func `the month is that of the service date, whenever the bill comes`() async throws {
        let card = try await gateway.settleChronic().card
        let visit = try await gateway.openVisit(card)
        let last = today.adding(days: -today.day)
        let earlier = try await gateway.settle(SentBill(cost: 90_000, on: last), visit)
        let now = try await gateway.settle(SentBill(cost: 30_000, on: today), visit)
        #expect(earlier.yen("copay") == 10_000)
        #expect(now.yen("copay") == 6_000 && now.yen("month-collected") == 6_000)
        #expect(try await gateway.check(visit, day: last).outcome(of: "nanbyo") == "cap-reached")
        #expect(try await gateway.check(visit).outcome(of: "nanbyo") == "entitled")
    }

    @Test func `a check says when the cap is reached, and its answer is replayed after a void`()
        async throws
    {
        let card = try await gateway.settleChronic().card
        let visit = try await gateway.openVisit(card)
        let bill = SentBill(cost: 60_000, on: today)
        try await gateway.settle(bill.used(as: "preauthorization"), visit).expect(200)
        #expect(try await gateway.check(visit).outcome(of: "nanbyo") == "entitled")
        try await gateway.settle(bill, visit).expect(200)
        let reached = try await gateway.check(visit)
        #expect(reached.outcome(of: "nanbyo") == "cap-reached")
        #expect(reached.json["insurance"]?.array?.count == 1)
        let without = try await gateway.openVisit(card, consents: ["subsidy-mental"])
        #expect(!(try await gateway.check(without)).outcomes.contains("cap-reached"))
        try await gateway.settle(bill.used(as: "claim", status: "cancelled"), visit).expect(200)
        #expect(try await gateway.check(visit).outcome(of: "nanbyo") == "entitled")
        let read = try await gateway.send(
            Cast.clinic, "GET", "/fhir/CoverageEligibilityResponse/\(reached.text("id"))")
        #expect(read.body == reached.body)
    }

    // MARK: The resident

    @Test func `the resident sees every month, bill and balance at once, on the record`()
        async throws
    {
        let card = try await gateway.settleChronic().card
        let token = try await gateway.session(of: card)
        let empty = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        #expect(empty.status == 200 && empty.json["months"]?.array?.isEmpty == true)
        let here = try await gateway.openVisit(card)
        let there = try await gateway.openVisit(card, at: Cast.pharmacy)
        try await gateway.settle(SentBill(cost: 20_000, on: today), here).expect(200)
        try await gateway.settle(
            SentBill("preauthorization", cost: 10_000, on: today), there, by: Cast.pharmacy
        ).expect(200)
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries {
            sent = try await gateway.send(Cast.portal, "GET", "/balances", headers: [token])
        }
        #expect(entries.map(\.purpose) == ["read-own-balances"])
        let months = try #require(sent?.json["months"]?.array)
        let month = try #require(months.first?.object)
        #expect(months.count == 1 && month["month"]?.string == ServiceMonth(of: today).text)
        #expect(month["cap"]?.int == 10_000 && month["collected"]?.int == 4_000)
        #expect(month["reserved"]?.int == 2_000 && month["rest"]?.int == 4_000)
        #expect(month["certificate"]?.object?["type"]?.string == "nanbyo")
        let bills = (month["bills"]?.array ?? []).compactMap(\.object)
        #expect(bills.map { $0["status"]?.string } == ["reserved", "confirmed"])
        #expect(bills.map { $0["institution"]?.string } == [Cast.pharmacy.code, Cast.clinic.code])
        let other = try await gateway.session(of: gateway.settleChronic().card)
        let others = try await gateway.send(Cast.portal, "GET", "/balances", headers: [other])
        #expect(others.json["months"]?.array?.isEmpty == true)
    }
}
