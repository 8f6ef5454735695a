import Exchange
import Ledger
import TestSupport
import Testing

/// 医療機関ごとの上限 over the wire: each institution asks up to its own cap, and a pharmacy up to what is
/// left at the institution that prescribed.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct InstitutionCapServingTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    private var today: CalendarDay { gateway.clock.today }

    /// A child of the town, whose scheme asks up to 800 yen a month at each institution, and the visits
    /// there.
    private func settleChild(
        at institutions: [Party]
    ) async throws -> [RunningGateway.Visit] {
        let scheme = #"""
            {"source":"試験","verified":"unverified","note":"","schemes":[
             {"prefecture":"13","municipality":"210","law":"89","division":0,
              "name":{"ja":"例","en":"example"},"shortName":"小金井89",
              "effectiveFrom":"2015-01-01","conditions":{},"method":"in-kind",
              "outpatient":{"bearing":"all","unit":1,"method":"half-up","perMonth":800,
               "countedPer":"institution","pharmacies":"prescriber"},
              "meals":"patient","bearsOtherExpense":true,"priority":1,
              "source":"試験","verified":"unverified"}]}
            """#
        _ = try await gateway.reloadProfiles { files in
            files["subsidy/local-schemes/13-koganei.json"] = Array(scheme.utf8)
        }
        try await gateway.ledger.rules.refresh()
        let (resident, card) = try await gateway.settle()
        try await gateway.hold([
            resident.row(
                "kodomo", today.adding(days: -400), today.adding(days: 300),
                ["medicalSubsidyInsurerNumber": "89132104"])
        ])
        var visits: [RunningGateway.Visit] = []
        for institution in institutions {
            visits.append(try await gateway.openVisit(card, at: institution))
        }
        return visits
    }

    private func bill(
        _ use: String = "claim", cost: Int = 10_000, of prescriber: Party? = nil
    ) -> SentBill {
        var bill = SentBill(use, cost: cost, on: today)
        bill.certificate = SentBill.localCertificate
        bill.prescriber = prescriber?.code
        return bill
    }

    @Test func `two institutions in the same moment are each held to their own cap`()
        async throws
    {
        let institutions = [Cast.clinic, Cast.spare]
        let visits = try await settleChild(at: institutions)
        let sent = bill()
        let asked = try await withThrowingTaskGroup(of: (Int, Int?).self) { group in
            for number in 0..<8 {
                group.addTask { [gateway] in
                    let place = number % institutions.count
                    var bill = sent
                    bill.identifier = RecordID.random().text
                    let client = try await gateway.connect(institutions[place])
                    let answer = try await gateway.send(
                        client, "POST", RunningGateway.billPath,
                        bytes: Array(JSON.object(bill.body(visits[place])).text.utf8))
                    await client.close()
                    return (place, answer.yen("copay"))
                }
            }
            return try await group.reduce(into: [(Int, Int?)]()) { $0.append($1) }
        }
        for place in institutions.indices {
            let yen = asked.filter { $0.0 == place }.compactMap { $0.1 }
            #expect(yen.sorted() == [0, 0, 0, 800])
        }
        // Nobody's month is full: a cap of an institution is none of the certificate's.
        let told = try await gateway.settle(bill("predetermination"), visits[0])
        #expect(told.yen("copay") == 0 && told.yen("month-cap") == nil)
        #expect(told.yen("month-collected") == 1_600)
    }

    @Test func `a pharmacy takes what is left at the institution that prescribed`() async throws {
        let visits = try await settleChild(at: [Cast.clinic, Cast.spare, Cast.pharmacy])
        // 450 of the clinic's 800 yen.
        #expect(
            try await gateway.settle(bill(cost: 1_500), visits[0]).yen("copay") == 450)
        let unnamed = bill()
        try await gateway.expect(
            .missing("extension(prescriber)"), of: .settleBill, from: Cast.pharmacy
        ) {
            try await gateway.settle(unnamed, visits[2], by: Cast.pharmacy)
        }
        // Of the resident something was read already.
        gateway.expectMoreEntries(1)
        let medicine = bill(of: Cast.clinic)
        for _ in 0..<2 {
            let told = try await gateway.settle(medicine, visits[2], by: Cast.pharmacy)
            #expect(told.yen("copay") == 350)
        }
        var changed = medicine
        changed.prescriber = Cast.spare.code
        let other = changed
        try await gateway.expect(.billChanged, of: .settleBill, from: Cast.pharmacy) {
            try await gateway.settle(other, visits[2], by: Cast.pharmacy)
        }
        #expect(try await gateway.settle(bill("predetermination"), visits[0]).yen("copay") == 0)
        // Another's prescription is under that one's cap, at its own counter as well.
        let others = try await gateway.settle(
            bill(cost: 1_000, of: Cast.spare), visits[2], by: Cast.pharmacy)
        #expect(others.yen("copay") == 300)
        #expect(
            try await gateway.settle(bill(), visits[1], by: Cast.spare).yen("copay") == 500)
        // A prescription taken back makes room at the clinic again.
        try await gateway.settle(
            medicine.used(as: "claim", status: "cancelled"), visits[2], by: Cast.pharmacy
        ).expect(200)
        #expect(
            try await gateway.settle(bill("predetermination"), visits[0]).yen("copay") == 350)
    }
}
