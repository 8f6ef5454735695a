import Exchange
import Ledger
import TestSupport
import Testing

/// 地方単独の窓口 over the wire: a scheme of the national master that counts visits, over all counters.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct LocalServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A child of the town whose certificate carries the number of a row of the master.
    private func settleChild() async throws -> (
        here: RunningGateway.Visit, there: RunningGateway.Visit, again: RunningGateway.Visit
    ) {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row(
                "kodomo", today.adding(days: -400), today.adding(days: 300),
                ["medicalSubsidyInsurerNumber": "89132104"])
        ])
        return (
            try await gateway.openVisit(card), try await gateway.openVisit(card, at: Cast.pharmacy),
            try await gateway.openVisit(card)
        )
    }

    private func bill(_ use: String = "claim") -> SentBill {
        var bill = SentBill(use, cost: 10_000, on: today)
        bill.certificate = SentBill.localCertificate
        return bill
    }

    @Test func `two visits of a month are paid for, wherever, and a void makes room again`()
        async throws
    {
        let (here, there, again) = try await settleChild()
        let first = bill()
        let told = try await gateway.settle(first, here)
        #expect(told.yen("copay") == 500)
        #expect(told.notes("ja").contains("助成制度の上限により500円までです。"))
        // A reservation elsewhere counts, until it is taken back.
        let held = bill("preauthorization")
        #expect(try await gateway.settle(held, there, by: Cast.pharmacy).yen("copay") == 500)
        #expect(try await gateway.settle(bill("predetermination"), again).yen("copay") == 0)
        try await gateway.settle(
            held.used(as: "preauthorization", status: "cancelled"), there, by: Cast.pharmacy
        ).expect(200)
        #expect(try await gateway.settle(bill(), again).yen("copay") == 500)
        #expect(try await gateway.settle(bill(), there, by: Cast.pharmacy).yen("copay") == 0)
        try await gateway.settle(first.used(as: "claim", status: "cancelled"), here).expect(200)
        // Two count still: the one that was free is a visit as well.
        #expect(try await gateway.settle(bill("predetermination"), here).yen("copay") == 0)
    }

    /// 300 of the 500 yen of a visit were asked in its first part, and two more visits came between.
    @Test func `a visit that is billed in two parts is one visit`() async throws {
        let (here, there, again) = try await settleChild()
        var part = bill()
        part.cost = 1_000
        #expect(try await gateway.settle(part, here).yen("copay") == 300)
        #expect(try await gateway.settle(bill(), there, by: Cast.pharmacy).yen("copay") == 500)
        #expect(try await gateway.settle(bill(), again).yen("copay") == 0)
        let rest = bill()
        #expect(try await gateway.settle(rest, here).yen("copay") == 200)
        #expect(try await gateway.settle(bill("predetermination"), here).yen("copay") == 0)
        try await gateway.settle(rest.used(as: "claim", status: "cancelled"), here).expect(200)
        #expect(try await gateway.settle(bill("predetermination"), here).yen("copay") == 200)
    }

    /// At the same moment: of each visit one bill pays for all its parts, whichever it is.
    @Test func `counters in the same moment count each other's visits`() async throws {
        let (here, there, _) = try await settleChild()
        let sent = bill()
        let answers = try await withThrowingTaskGroup(of: TLSClient.Answer.self) { group in
            for place in 0..<6 {
                group.addTask { [gateway] in
                    let party = place.isMultiple(of: 2) ? Cast.clinic : Cast.pharmacy
                    var bill = sent
                    bill.identifier = RecordID.random().text
                    let client = try await gateway.connect(party)
                    let visit = place.isMultiple(of: 2) ? here : there
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(visit)).text.utf8))
                    await client.close()
                    return answer
                }
            }
            return try await group.reduce(into: [TLSClient.Answer]()) { $0.append($1) }
        }
        #expect(answers.compactMap { $0.yen("copay") }.sorted() == [0, 0, 0, 0, 500, 500])
    }

    @Test func `what the master says and a counter cannot price is refused by its item`()
        async throws
    {
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row(
                "shogai", today.adding(days: -400), today.adding(days: 300),
                ["medicalSubsidyInsurerNumber": "90132101"])
        ])
        let visit = try await gateway.openVisit(card)
        var bill = bill()
        bill.certificate.value = "shogai"
        let sent = bill
        try await gateway.expect(
            .localSchemeNotPriced("conditions"), of: .settleBill, from: Cast.clinic
        ) {
            try await gateway.settle(sent, visit)
        }
    }

    // MARK: Ages

    /// A row of one payer number for some ages, as the national master has several of them.
    private static func row(_ ages: String, _ terms: String) -> String {
        """
        {"prefecture": "13", "municipality": "210", "law": "89", "payer": "89139992", "division": 1,
        "name": {"ja": "試験", "en": "Test"}, "shortName": "試験89", "effectiveFrom": "2015-01-01",
        "conditions": {\(ages)}, "method": "in-kind",
        "inpatient": {\(terms), "unit": 1, "method": "half-up"},
        "outpatient": {\(terms), "unit": 1, "method": "half-up"},
        "meals": "patient", "bearsOtherExpense": true, "priority": 1, "source": "試験",
        "verified": "unverified"}
        """
    }

    /// Days from the sixth birthday. The day before it, when the age is attained, is of the row below six.
    static let sixth: [(day: Int, yen: Int)] = [(-2, 0), (-1, 0), (0, 500), (1, 500)]

    @Test func `a child is priced by the row of its age, to the last day of it`() async throws {
        let rows = [
            Self.row(#""ageBelow": 6"#, #""bearing": "nothing""#),
            Self.row(#""ageFrom": 6"#, #""bearing": "fixed", "fixed": 500"#),
        ]
        let file = """
            {"source": "試験", "verified": "unverified", "schemes": [\(rows.joined(separator: ","))]}
            """
        _ = try await gateway.reloadProfiles {
            $0["subsidy/local-schemes/tests.json"] = Array(file.utf8)
        }
        try await gateway.ledger.rules.refresh()
        for (day, yen) in Self.sixth {
            var (resident, card) = try await gateway.settle()
            resident.dateOfBirth =
                today.adding(days: -day).anniversary(months: -72).text
            try await gateway.hold([
                resident.row(
                    "kodomo", today.adding(days: -400), today.adding(days: 300),
                    ["medicalSubsidyInsurerNumber": "89139992"])
            ])
            let visit = try await gateway.openVisit(card)
            let told = try await gateway.settle(bill(), visit)
            #expect(told.yen("copay") == yen, "\(day): \(told.text)")
        }
    }
}
