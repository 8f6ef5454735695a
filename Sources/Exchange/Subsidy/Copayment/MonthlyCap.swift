/// 自己負担上限月額の管理: what one certificate's holder has paid in one month of service, in the order of
/// confirmation, as `CapRun` counts it.
package struct MonthlyCap: Hashable, Sendable {
    package struct Quote: Hashable, Sendable {
        /// What the scheme alone would ask, to 1 yen.
        package let due: Int
        /// The part of it that the cap still leaves.
        package let share: Int
        /// What is taken at the counter, to 10 yen.
        package let collected: Int
    }

    package struct Entry: Hashable, Sendable {
        package let id: Int
        /// 医療費総額: counted even when nothing is paid (高額かつ長期).
        package let cost: Int
        package let quote: Quote
    }

    package let month: ServiceMonth
    /// `nil`: the scheme has no cap of the month.
    package let cap: Int?
    private let counter: Rounding
    package private(set) var entries: [Entry] = []
    package private(set) var cost = 0
    private var run = CapRun()

    package init(month: ServiceMonth, cap: Int?, counter: Rounding) {
        self.month = month
        self.cap = cap
        self.counter = counter
    }

    package var share: Int { run.share }
    package var collected: Int { run.collected }

    /// What is left until the cap, as it is collected.
    package var rest: Int? { cap.map { max(0, $0 - collected) } }
    package var isReached: Bool { rest == 0 }

    /// What a visit would cost now. Asking changes nothing.
    package func quote(due: Int) -> Quote { run.quote(due: due, under: cap, counter) }

    /// Decides again at the moment of confirmation: between question and answer another
    /// institution may have taken the rest. A confirmed amount is never changed by a later one.
    /// `nil` when the entry is already there: the same confirmation twice is one.
    @discardableResult
    package mutating func confirm(_ id: Int, cost: Int, due: Int) -> Quote? {
        guard !entries.contains(where: { $0.id == id }) else { return nil }
        let quote = quote(due: due)
        add(Entry(id: id, cost: cost, quote: quote), 1)
        entries.append(Entry(id: id, cost: cost, quote: quote))
        return quote
    }

    /// An amount that another already collected, as it was: it may go over the cap. Taken once.
    package mutating func take(_ entry: Entry) {
        guard !entries.contains(where: { $0.id == entry.id }) else { return }
        add(entry, 1)
        entries.append(entry)
    }

    /// Takes an entry back. The totals are then as if it had never been; other entries stay.
    @discardableResult
    package mutating func void(_ id: Int) -> Entry? {
        guard let place = entries.firstIndex(where: { $0.id == id }) else { return nil }
        let entry = entries.remove(at: place)
        add(entry, -1)
        return entry
    }

    /// 償還払い: what was collected beyond what the whole month may ask, whoever collected it.
    package var refundDue: Int {
        let due = entries.reduce(0) { $0 + $1.quote.due }
        return max(0, share - min(due, cap ?? due))
    }

    private mutating func add(_ entry: Entry, _ sign: Int) {
        run.add(share: sign * entry.quote.share, collected: sign * entry.quote.collected)
        cost += sign * entry.cost
    }
}
