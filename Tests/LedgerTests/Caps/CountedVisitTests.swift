import Exchange
import Ledger
import TestSupport
import Testing

/// 数える受診 against a simple model: 500 yen a visit, twice a month. Whatever is reserved, confirmed, voided,
/// billed in parts, or entered late, and whoever dies, the ledger asks what a list of places on paper asks.
@Suite struct CountedVisitTests {
    /// 順番の紙: every live bill in the order of its place.
    struct Paper {
        struct Entry {
            let bill: String
            let visit: Int
            var share: Int
        }

        var entries: [Entry] = []

        /// What a bill of a visit is asked, in its place where it has one, and otherwise behind all.
        func asked(_ bill: String, _ visit: Int) -> Int {
            let place = entries.firstIndex { $0.bill == bill } ?? entries.count
            var visits: [Int] = []
            for entry in entries[..<place] where !visits.contains(entry.visit) {
                visits.append(entry.visit)
            }
            let turn = visits.firstIndex(of: visit) ?? visits.count
            let others = entries.filter { $0.visit == visit && $0.bill != bill }
            return turn < 2 ? max(0, 500 - others.reduce(0) { $0 + $1.share }) : 0
        }

        mutating func keep(_ bill: String, _ visit: Int, _ share: Int) {
            if let place = entries.firstIndex(where: { $0.bill == bill }) {
                entries[place].share = share
            } else {
                entries.append(Entry(bill: bill, visit: visit, share: share))
            }
        }
    }

    /// A child of the town at each institution.
    private static func visits(
        of name: String, in world: LedgerWorld
    ) async throws -> [OpenedVisit] {
        let someone = Someone(name: name)
        try await world.welcome(someone)
        let row = SampleRow(payer: "89132104", from: "2019-01-01", to: "2099-12-31")
        _ = try await world.register([row], of: someone, key: name)
        var visits: [OpenedVisit] = []
        for caller in LedgerWorld.institutions {
            visits.append(
                try await world.openVisit(someone, nonce: caller.party.code, by: caller))
        }
        return visits
    }

    @Test(arguments: Seeded.seeds(6))
    func `what is asked of counted visits is what a list of places says`(seed: UInt64)
        async throws
    {
        try await LedgerWorld.with { world in
            let visits = try await Self.visits(of: "one", in: world)
            let today = visits[0].term.opened.dayInJapan
            var chance = Seeded(seed)
            var paper = Paper()
            var open: [(bill: SampleBill, visit: Int)] = []
            for number in 0..<24 {
                let known = open.isEmpty ? nil : open[chance.int(0...(open.count - 1))]
                let visit = chance.int(0...2)
                var bill = SampleBill(
                    identifier: "\(number)", cost: 10_000, day: today,
                    certificates: [SampleBill.local])
                var place = visit
                switch chance.int(0...4) {
                case 0: bill.use = "preauthorization"
                // Entered late: what was taken already stands as it was.
                case 1: bill.collected = chance.int(0...50) * 10
                case 2, 3:
                    guard let known else { continue }
                    (bill, place) = known
                    // What is confirmed already is no question any more.
                    let isHeld = bill.use == "preauthorization"
                    if isHeld, chance.oneIn(2) {
                        bill.use = "claim"
                    } else {
                        bill.status = "cancelled"
                    }
                default: break
                }
                let (sent, opened) = (bill, visits[place])
                let caller = LedgerWorld.institutions[place]
                if chance.oneIn(4) {
                    await #expect(throws: Died.self) {
                        _ = try await world.settle(
                            sent, opened, by: caller, dies: true, through: world.ledger)
                    }
                }
                let told = try await world.settle(sent, opened, by: caller)
                open.removeAll { $0.bill.identifier == bill.identifier }
                guard bill.status != "cancelled" else {
                    paper.entries.removeAll { $0.bill == bill.identifier }
                    continue
                }
                let asked = paper.asked(bill.identifier, place)
                let share = min(asked, bill.collected ?? asked)
                #expect(told.amounts.share == share)
                #expect(told.amounts.collected == bill.collected ?? asked)
                paper.keep(bill.identifier, place, share)
                if bill.use == "preauthorization" || chance.oneIn(3) { open.append((bill, place)) }
            }
        }
    }
}
