import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 資格確認 over the wire: its closed set, its days, and what it never tells.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct CheckTests {
    typealias Visit = RunningGateway.Visit

    struct Situation: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let scheme: String?
        let outcome: EligibilityOutcome
        let visit: @Sendable (RunningGateway) async throws -> Visit

        init(
            _ outcome: EligibilityOutcome, of scheme: String?,
            _ visit: @escaping @Sendable (RunningGateway) async throws -> Visit
        ) {
            testDescription = outcome.rawValue
            self.outcome = outcome
            self.scheme = scheme
            self.visit = visit
        }
    }

    let gateway: RunningGateway

    init() throws { gateway = try .running }

    static let situations: [Situation] = [
        Situation(.entitled, of: "kodomo") { try await held($0, from: -10, to: 300) },
        Situation(.entitledRefundOnly, of: "kodomo") {
            try await held($0, from: -10, to: 300, ["isAlwaysReimbursement": "1"])
        },
        Situation(.ended, of: "kodomo") { try await held($0, from: -400, to: -30) },
        Situation(.notYet, of: "kodomo") { try await held($0, from: 30, to: 300) },
        Situation(.noneHeld, of: "kodomo") { gateway in
            try await gateway.openVisit(gateway.settle().card)
        },
        Situation(.institutionNotDesignated, of: "nanbyo") { gateway in
            let (resident, card) = try await gateway.settle()
            try await holdRareDisease(resident, gateway)
            return try await gateway.openVisit(card)
        },
        Situation(.capReached, of: "nanbyo") { gateway in
            let visit = try await gateway.openVisit(gateway.settleChronic().card)
            let bill = SentBill(cost: 90_000, on: gateway.clock.today)
            try await gateway.settle(bill, visit).expect(200)
            return visit
        },
        Situation(.bodyNotConnected, of: nil) { gateway in
            try await gateway.openVisit(gateway.settle(in: Cast.silentTown).card)
        },
        Situation(.residenceUnknown, of: nil) { gateway in
            try await gateway.openVisit(gateway.settle(in: nil).card)
        },
        Situation(.declined, of: nil) { gateway in
            try await gateway.openVisit(gateway.settle().card, consents: [])
        },
    ]

    private static func held(
        _ gateway: RunningGateway, from: Int, to: Int, _ changes: [String: JSON?] = [:]
    ) async throws -> Visit {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: from), today.adding(days: to), changes)
        ])
        return try await gateway.openVisit(card)
    }

    private static func holdRareDisease(_ resident: TestResident, _ gateway: RunningGateway)
        async throws
    {
        let today = gateway.clock.today
        try await gateway.hold(
            [
                resident.row(
                    "nanbyo", today.adding(days: -10), today.adding(days: 300),
                    ["incomeSegment": "D", "medicalSubsidyInsurerNumber": "54136015"])
            ], by: Cast.prefecture)
    }

    @Test func `every outcome is reachable`() {
        #expect(Set(Self.situations.map(\.outcome)) == Set(EligibilityOutcome.allCases))
    }

    @Test(arguments: situations)
    func `each situation has its own outcome`(_ row: Situation) async throws {
        let visit = try await row.visit(gateway)
        var sent: TLSClient.Answer?
        let entries = try await gateway.entries { sent = try await gateway.check(visit) }
        let answer = try #require(sent)
        #expect(answer.status == 200)
        if let scheme = row.scheme {
            #expect(answer.outcome(of: scheme) == row.outcome.rawValue)
            #expect(answer.outcomes.filter { $0 == "none-held" }.count >= 4)
        } else {
            #expect(Set(answer.outcomes) == [row.outcome.rawValue])
        }
        let isHeld = row.outcome.isHeld
        #expect((answer.json["insurance"] != nil) == isHeld)
        #expect((answer.json["contained"] != nil) == isHeld)
        #expect(entries.map(\.outcome) == ["ok"])
        #expect(entries.map(\.hasPerson) == [true])
        #expect(answer.text("disposition").contains(" / "))
    }

    @Test func `a designated institution is entitled where another is not`() async throws {
        let (resident, card) = try await gateway.settle()
        try await Self.holdRareDisease(resident, gateway)
        let designation = Designation(body: Cast.prefecture.code, scheme: "54")
        #expect(try await gateway.registry.designate(Cast.pharmacy, designation))
        let there = try await gateway.check(
            gateway.openVisit(card, at: Cast.pharmacy), by: Cast.pharmacy)
        #expect(there.outcome(of: "nanbyo") == "entitled")
        let here = try await gateway.check(gateway.openVisit(card))
        #expect(here.outcome(of: "nanbyo") == "institution-not-designated")
    }

    @Test func `a certificate near its card's end carries the warning beside the outcome`()
        async throws
    {
        let card = try await gateway.settle(cardDays: 30).card
        let answer = try await gateway.check(gateway.openVisit(card))
        #expect(answer.warnings == ["card-expires-soon"])
        #expect(!answer.outcomes.contains("card-expires-soon"))
    }

    // MARK: Days

    @Test func `a past service date is answered by what held then`() async throws {
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        try await gateway.hold([
            resident.row("kodomo", today.adding(days: -400), today.adding(days: -30))
        ])
        let visit = try await gateway.openVisit(card)
        #expect(try await gateway.check(visit).outcome(of: "kodomo") == "ended")
        let then = try await gateway.check(visit, day: today.adding(days: -31))
        #expect(then.outcome(of: "kodomo") == "entitled")
        #expect(then.text("servicedDate") == today.adding(days: -31).text)
    }

    /// 年齢の上限, as certificates say it: by their last day. Days are counted from the sixth birthday; the town
    /// may go on with another row from it, which is refunded.
    static let ages: [(day: Int, isFollowed: Bool, outcome: String)] = [
        (-2, false, "entitled"), (-1, false, "entitled"), (0, false, "ended"),
        (-2, true, "entitled"), (-1, true, "entitled"), (0, true, "entitled-refund-only"),
    ]

    @Test(arguments: ages.indices)
    func `a child is covered up to the last day of an age limit and not after it`(
        _ index: Int
    ) async throws {
        let (day, isFollowed, outcome) = Self.ages[index]
        var (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        let birthday = today.adding(days: -5)
        resident.dateOfBirth = birthday.anniversary(months: -72).text
        let below = resident.row("kodomo", birthday.adding(days: -300), birthday.adding(days: -1))
        let above = resident.row(
            "kodomo", birthday, today.adding(days: 300), historyKey: "2",
            ["isAlwaysReimbursement": "1"])
        try await gateway.hold(isFollowed ? [below, above] : [below])
        let answer = try await gateway.check(
            gateway.openVisit(card), day: birthday.adding(days: day))
        #expect(answer.outcome(of: "kodomo") == outcome)
        #expect(answer.outcomes.count { $0 != "none-held" } == 1, "\(answer.outcomes)")
    }

    static let daysOut: [Int] = [1, -5 * 366 - 1]

    @Test(arguments: daysOut)
    func `a day beyond the visit or the claim is refused`(_ days: Int) async throws {
        let visit = try await gateway.openVisit(gateway.settle().card)
        try await gateway.expect(.serviceDateOutOfRange, of: .checkEligibility, from: Cast.clinic) {
            try await gateway.check(visit, day: gateway.clock.today.adding(days: days))
        }
    }

    @Test func `an ended visit answers for its own day alone, while the claim is open`()
        async throws
    {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let today = gateway.clock.today
        try await move(visit, days: 1)
        #expect(try await gateway.check(visit, day: today.adding(days: -1)).status == 200)
        for day in [today, today.adding(days: -2)] {
            try await gateway.expect(.visitEnded, of: .checkEligibility, from: Cast.clinic) {
                try await gateway.check(visit, day: day)
            }
        }
        try await move(visit, days: 184)
        try await gateway.expect(.visitEnded, of: .checkEligibility, from: Cast.clinic) {
            try await gateway.check(visit, day: today.adding(days: -185))
        }
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

    // MARK: What is nobody else's

    @Test func `another institution's visit is as unknown as none`() async throws {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let none = Visit(id: "00000000-0000-4000-8000-000000000000", patient: visit.patient)
        var bodies: Set<[UInt8]> = []
        for visit in [visit, none] {
            let answer = try await gateway.expect(
                .visitUnknown, of: .checkEligibility, from: Cast.pharmacy
            ) { try await gateway.check(visit, by: Cast.pharmacy) }
            bodies.insert(answer.body)
        }
        #expect(bodies.count == 1)
    }

    @Test func `a visit is not asked for another patient`() async throws {
        let visit = try await gateway.openVisit(gateway.settle().card)
        let other = try await gateway.openVisit(gateway.settle().card)
        let answer = try await gateway.check(Visit(id: visit.id, patient: other.patient))
        gateway.expect(.patientDiffers("patient.reference"), in: answer)
    }

    @Test func `declined is the same bytes whatever is held, wherever one lives`() async throws {
        let today = gateway.clock.today
        let (rich, richCard) = try await gateway.settle()
        try await gateway.hold([
            rich.row("kodomo", today.adding(days: -10), today.adding(days: 300))
        ])
        try await Self.holdRareDisease(rich, gateway)
        let cards = [
            richCard, try await gateway.settle().card, try await gateway.settle(in: nil).card,
            try await gateway.settle(in: Cast.silentTown).card,
            try await gateway.settle(in: Cast.otherTown).card,
        ]
        var answers: Set<String> = []
        for card in cards {
            let visit = try await gateway.openVisit(card, consents: [])
            answers.insert(try await gateway.check(visit).normalised(visit))
        }
        #expect(answers.count == 1)
        let bytes = answers.first ?? ""
        #expect(bytes.contains("\"declined\""))
        #expect(!bytes.contains("asOf"))
        #expect(!bytes.contains(Cast.town.code))
    }

    @Test func `a sensitive scheme that was left out is invisible`() async throws {
        let (resident, card) = try await gateway.settle()
        let visit = try await gateway.openVisit(card)
        let without = try await gateway.check(visit).normalised(visit)
        let today = gateway.clock.today
        try await gateway.hold(
            [
                resident.row(
                    "seishintsuin", today.adding(days: -10), today.adding(days: 300),
                    ["incomeSegment": "1", "medicalSubsidyInsurerNumber": "21136015"])
            ], by: Cast.prefecture)
        #expect(try await gateway.check(visit).normalised(visit) == without)
        #expect(!without.contains("seishintsuin"))
        let open = try await gateway.openVisit(card, consents: ["subsidy", "subsidy-mental"])
        let told = try await gateway.check(open)
        #expect(told.outcome(of: "seishintsuin") == "institution-not-designated")
    }

    @Test(arguments: Seeded.seeds(4))
    func `another resident's data never changes an answer`(_ seed: UInt64) async throws {
        var chance = Seeded(seed)
        let (resident, card) = try await gateway.settle()
        let today = gateway.clock.today
        if !chance.oneIn(4) {
            try await gateway.hold([
                resident.row(
                    "kodomo", today.adding(days: chance.int(-500 ... -1)),
                    today.adding(days: chance.int(0...500)))
            ])
        }
        let visit = try await gateway.openVisit(card)
        let before = try await gateway.check(visit).normalised(visit)
        for _ in 0..<3 {
            let (other, otherCard) = try await gateway.settle(
                in: chance.pick([Cast.town, Cast.otherTown, nil]))
            // The same numbers on the paper, the same keys: whatever could collide does.
            let row = other.row(
                "kodomo", today.adding(days: chance.int(-500 ... -1)),
                today.adding(days: chance.int(0...500)),
                ["medicalSubsidyRecipientNumber": .string("R-00\(resident.index)")])
            try await gateway.hold([row])
            let theirs = try await gateway.openVisit(
                otherCard, consents: chance.pick([[], ["subsidy"]]))
            _ = try await gateway.check(theirs)
        }
        #expect(try await gateway.check(visit).normalised(visit) == before)
    }
}
