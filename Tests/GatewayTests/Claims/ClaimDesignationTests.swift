import Exchange
import Ledger
import Postgres
import TestSupport
import Testing

/// 診療日の指定: a claim is held against what the registry said of its institution on the day of the care, by the
/// names of a scheme that a check asks for.
@Suite(.runningGateway, .serialized, .timeLimit(.minutes(10)))
struct ClaimDesignationTests {
    let gateway: RunningGateway

    init() throws { gateway = try .running }

    /// Somebody under the prefecture's scheme that asks for a designation, and a claim of an institution.
    private func claim(
        at institution: Party, _ month: ServiceMonth, day: Int = 10
    ) async throws -> SentClaim {
        let resident = gateway.people.next()
        let first = CalendarDay(daysSince1970: Int(month.firstDay))
        let row = resident.row(
            "nanbyo", first.adding(days: -100), first.adding(days: 400),
            ["incomeSegment": "D", "medicalSubsidyInsurerNumber": "54136015"])
        try await gateway.hold([row], by: Cast.prefecture)
        var claim = SentClaim("R-00\(resident.index)")
        claim.payer = "54136015"
        claim.institution = institution
        claim.day = day
        return claim
    }

    /// What the registry said of a party until then.
    private func remember(_ party: Party, _ designations: [String], until: String) async throws {
        try await gateway.sql { transaction in
            try transaction.run(
                Statement(
                    """
                    insert into exchange.party_past (party, until, is_opted_in, designations)
                    values ($1, $2::text::timestamptz, true, $3)
                    """), [.text(party.key), .text(until), .texts(designations)])
        }
    }

    private func judge(
        _ claims: [SentClaim], _ month: ServiceMonth
    ) async throws -> (reasons: [[String]?], counts: [Int]) {
        try await gateway.submit(claims, month, by: Cast.prefecture).expect(201)
        let run = try await gateway.reconcile(month, by: Cast.prefecture)
        try run.expect(200)
        let total = run.json["totals"]?.object?["total"]?.object
        let counts = ClaimStanding.allCases.map {
            total?[$0.rawValue]?.object?["count"]?.int ?? -1
        }
        let found = try await gateway.reasons(month, show: "all", by: Cast.prefecture)
        return (claims.map { found[$0.recipient] }, counts)
    }

    @Test func `a designation that ended later does not reject the care before`() async throws {
        let own = "\(Cast.prefecture.code):54"
        try await remember(Cast.spare, [own, "132101:zz"], until: "2024-02-10 09:00+09")
        // A suspension in between says nothing of the designation.
        try await remember(Cast.spare, [own], until: "2024-05-15 09:00+09")
        let april = try ServiceMonth(year: 2024, month: 4)
        let before = try await judge(
            [claim(at: Cast.spare, april), claim(at: Cast.paperClinic, april)], april)
        #expect(before.reasons == [[], ["NOT_DESIGNATED"]])
        #expect(before.counts == [1, 0, 1])
        // The day it ended is still covered, the day after is not.
        let may = try ServiceMonth(year: 2024, month: 5)
        let around = try await judge(
            [claim(at: Cast.spare, may, day: 15), claim(at: Cast.spare, may, day: 16)], may)
        #expect(around.reasons == [[], ["NOT_DESIGNATED"]])
        #expect(around.counts == [1, 0, 1])
    }

    @Test func `another body's designation, and one of another scheme, are none`() async throws {
        try await remember(
            Cast.pharmacy, ["132101:54", "\(Cast.prefecture.code):21"], until: "2024-12-31 09:00+09"
        )
        let month = try ServiceMonth(year: 2024, month: 9)
        let found = try await judge([claim(at: Cast.pharmacy, month)], month)
        #expect(found.reasons == [["NOT_DESIGNATED"]] && found.counts == [0, 0, 1])
    }

    @Test func `a check for a day that is past is answered by the designation of that day`()
        async throws
    {
        let today = gateway.clock.today
        let yesterday = today.adding(days: -1)
        try await remember(
            Cast.pharmacy, ["\(Cast.prefecture.code):54"], until: "\(yesterday.text) 12:00+09")
        let (resident, card) = try await gateway.settle()
        let row = resident.row(
            "nanbyo", today.adding(days: -10), today.adding(days: 300),
            ["incomeSegment": "D", "medicalSubsidyInsurerNumber": "54136015"])
        try await gateway.hold([row], by: Cast.prefecture)
        let visit = try await gateway.openVisit(card, at: Cast.pharmacy)
        let before = try await gateway.check(visit, day: yesterday, by: Cast.pharmacy)
        #expect(before.outcome(of: "nanbyo") == "entitled")
        let now = try await gateway.check(visit, by: Cast.pharmacy)
        #expect(now.outcome(of: "nanbyo") == "institution-not-designated")
    }

    /// Told when all was over: the days are the body's word, not the day of the entry, and nothing is asked.
    @Test func `a designation holds from its first to its last day, whenever it is told`()
        async throws
    {
        let own = Designation(body: Cast.prefecture.code, scheme: "54")
        let (registry, place) = (gateway.registry, Cast.paperClinic)
        let month = try ServiceMonth(year: 2023, month: 11)
        let first = CalendarDay(daysSince1970: Int(month.firstDay)).adding(days: 4)
        let last = first.adding(days: 15)
        #expect(try await registry.designate(place, own, from: first))
        #expect(try await registry.undesignate(place, own, after: last))
        // An end before the beginning is none, and changes nothing.
        let early = first.adding(days: -1)
        #expect(try await registry.undesignate(place, own, after: early) == false)
        var claims: [SentClaim] = []
        for day in [4, 5, 20, 21] { claims.append(try await claim(at: place, month, day: day)) }
        let found = try await judge(claims, month)
        #expect(found.reasons == [["NOT_DESIGNATED"], [], [], ["NOT_DESIGNATED"]])
        #expect(found.counts == [2, 0, 2])
        let told = try await registry.designations(of: place).map(\.text)
        let line = "\(place.key): by \(Cast.prefecture.code) for 54 from 2023-11-05 to 2023-11-20"
        #expect(told.filter { $0.contains("for 54") } == [line])
    }

    @Test func `a designation counts at the counter from its first day on`() async throws {
        let today = gateway.clock.today
        let byType = Designation(body: Cast.prefecture.code, scheme: "nanbyo")
        let (resident, card) = try await gateway.settle()
        let row = resident.row(
            "nanbyo", today.adding(days: -10), today.adding(days: 300),
            ["incomeSegment": "D", "medicalSubsidyInsurerNumber": "54136015"])
        try await gateway.hold([row], by: Cast.prefecture)
        let visit = try await gateway.openVisit(card, at: Cast.paperClinic)
        for (days, outcome) in [(1, "institution-not-designated"), (0, "entitled")] {
            let first = today.adding(days: days)
            #expect(
                try await gateway.registry.designate(Cast.paperClinic, byType, from: first))
            let told = try await gateway.check(visit, by: Cast.paperClinic)
            #expect(told.outcome(of: "nanbyo") == outcome)
        }
        #expect(try await gateway.registry.undesignate(Cast.paperClinic, byType))
    }

    /// Designated from the 5th to the 7th of last month, and neither before nor since.
    @Test func `a stay is billed by the designation of each of its days`() async throws {
        let today = gateway.clock.today
        let last = ServiceMonth(of: today.adding(days: -today.day))
        let first = CalendarDay(daysSince1970: Int(last.firstDay)).adding(days: 4)
        try await remember(Cast.spare, [], until: "\(first.text) 12:00+09")
        try await remember(
            Cast.spare, ["\(Cast.prefecture.code):54"],
            until: "\(first.adding(days: 2).text) 12:00+09")
        let (resident, card) = try await gateway.settle()
        let row = resident.row(
            "nanbyo", today.adding(days: -400), today.adding(days: 300),
            ["incomeSegment": "C1", "medicalSubsidyInsurerNumber": "54136015"])
        try await gateway.hold([row], by: Cast.prefecture)
        let visit = try await gateway.openVisit(card, at: Cast.spare, kind: "inpatient")
        func stay(_ from: Int, _ to: Int) -> SentBill {
            var bill = SentBill(cost: 100_000, on: first.adding(days: from))
            bill.lastDay = first.adding(days: to)
            return bill
        }
        for (from, to) in [(0, 5), (0, 3), (2, 3), (3, 3), (-1, 2)] {
            let bill = stay(from, to)
            for use in ["predetermination", "preauthorization", "claim"] {
                try await gateway.expect(.certificateNotHeld, of: .settleBill, from: Cast.spare) {
                    try await gateway.settle(bill.used(as: use), visit, by: Cast.spare)
                }
            }
        }
        let held = try await gateway.settle(stay(0, 2), visit, by: Cast.spare)
        #expect(held.yen("copay") == 10_000)
        // Each day for itself, as a check for it says.
        for (offset, outcome) in [
            (-1, "institution-not-designated"), (2, "cap-reached"),
            (3, "institution-not-designated"),
        ] {
            let told = try await gateway.check(
                visit, day: first.adding(days: offset), by: Cast.spare)
            #expect(told.outcome(of: "nanbyo") == outcome)
        }
    }

    /// As `tsunagi party designate --scheme nanbyo` does, and as a check at the counter reads it.
    @Test func `a designation by certificate type counts for claims as for checks`() async throws {
        let byType = Designation(body: Cast.prefecture.code, scheme: "nanbyo")
        #expect(try await gateway.registry.designate(Cast.clinic, byType))
        let today = gateway.clock.today
        let now = try await judge(
            [claim(at: Cast.clinic, ServiceMonth(of: today), day: today.day)],
            ServiceMonth(of: today))
        #expect(now.reasons == [[]])
        // Care of before it was told: nobody says since when it holds, so it is asked about.
        let long = try ServiceMonth(year: 2023, month: 9)
        let before = try await judge([claim(at: Cast.clinic, long)], long)
        #expect(before.reasons == [["NOT_DESIGNATED"]])
        #expect(before.counts == [0, 1, 0])
    }
}
