/// 上限額の割当て: what each institution may have claimed, never more than the cap in all. The ledger
/// (上限額管理票) says what the counter collected, to 10 yen; a receipt says the share to 1 yen. A claim
/// stands in either form.
package struct ConfirmedShares: Sendable {
    /// What one institution confirmed.
    private struct Confirmed {
        let institution: UInt64
        var collected = 0
        /// The shares to 1 yen that are collected so.
        var least = 0
        var most = 0

        mutating func take(_ yen: Int) {
            collected = max(0, collected - yen)
            least = max(0, least - yen)
            most -= yen
        }
    }

    private let cap: Int?
    private let counter: Rounding
    private var run = CapRun()
    private var confirmed: [Confirmed] = []
    let isFromLedger: Bool

    /// `cap`: `nil` where there is none; then each institution stands for itself.
    package init(cap: Int32?, ledger: [ClaimFacts.LedgerEntry], counter: Rounding) {
        self.cap = cap.map { max(0, Int($0)) }
        self.counter = counter
        isFromLedger = !ledger.isEmpty
        for entry in ledger { confirm(entry) }
    }

    /// The part of a claimed copayment that stands: out of what the institution confirmed, or, where
    /// the ledger does not know the institution, out of what is left below the cap.
    package mutating func take(_ yen: Int32, at institution: UInt64) -> Int32 {
        let claimed = Int(yen)
        guard let place = confirmed.firstIndex(where: { $0.institution == institution }) else {
            return Int32(clamping: takeRest(claimed))
        }
        let own = confirmed[place]
        let stands = claimed <= own.most ? claimed : own.collected
        confirmed[place].take(stands)
        return Int32(clamping: stands)
    }

    /// What was confirmed and nobody claimed, beyond what rounding explains.
    func unclaimed() -> [(institution: UInt64, yen: Int32)] {
        confirmed.filter { $0.least > 0 }.map { ($0.institution, Int32(clamping: $0.collected)) }
    }

    private mutating func confirm(_ entry: ClaimFacts.LedgerEntry) {
        let collected = run.collected(of: max(0, Int(entry.yen)), under: cap, .asGiven)
        let origins = counter.origins(of: collected)
        // The total to 1 yen may have been short of the cap when this one reached it to 10 yen.
        let last = cap.flatMap { run.collected + collected == $0 ? $0 : nil }
        var most = run.share(of: last ?? origins.upperBound, under: cap)
        var least = min(origins.lowerBound, most)
        run.add(share: least, collected: collected)
        let place = confirmed.firstIndex { $0.institution == entry.institution }
        // Without a cap the receipt may have rounded once what the scheme rounds at each visit.
        if cap == nil, place != nil, collected > 0 {
            most += counter.unit
            least -= counter.unit
        }
        if place == nil { confirmed.append(Confirmed(institution: entry.institution)) }
        let own = place ?? confirmed.count - 1
        confirmed[own].collected += collected
        confirmed[own].least += least
        confirmed[own].most += most
    }

    private mutating func takeRest(_ claimed: Int) -> Int {
        let share = run.share(of: claimed, under: cap)
        let collected = run.collected(of: claimed, under: cap, counter)
        run.add(share: share, collected: collected)
        // A whole number of the counter's units may be what was collected.
        return claimed == counter.yen(claimed) ? max(share, collected) : share
    }
}
