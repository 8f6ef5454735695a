/// 上限までの累計: what has been asked under one cap, in the order of confirmation. Two totals run side by
/// side, to 1 yen as the receipt says it and to 10 yen as the counter collects it; each stops at the cap
/// on its own.
package struct CapRun: Hashable, Sendable {
    /// To 1 yen.
    package private(set) var share = 0
    /// As it is collected.
    package private(set) var collected = 0

    package init(share: Int = 0, collected: Int = 0) {
        self.share = share
        self.collected = collected
    }

    /// What a visit would cost after this much. `due`: what the scheme alone would ask.
    package func quote(due: Int, under cap: Int?, _ counter: Rounding) -> MonthlyCap.Quote {
        let due = max(0, due)
        let share = share(of: due, under: cap)
        return MonthlyCap.Quote(
            due: due, share: share, collected: collected(of: share, under: cap, counter))
    }

    /// The part of `due` that the cap still leaves; without a cap all of it.
    package func share(of due: Int, under cap: Int?) -> Int {
        cap.map { min(due, max(0, $0 - share)) } ?? due
    }

    /// What is collected of a share: rounded for the counter, within what the cap still leaves.
    package func collected(of share: Int, under cap: Int?, _ counter: Rounding) -> Int {
        let yen = counter.yen(share)
        return cap.map { min(yen, max(0, $0 - collected)) } ?? yen
    }

    /// Adds what was confirmed; taken back again with negative amounts.
    package mutating func add(share: Int, collected: Int) {
        self.share += share
        self.collected += collected
    }
}
