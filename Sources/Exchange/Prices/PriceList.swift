/// 単価表: the prices of one municipality that stand, while rows are taken into it. Nothing ever has two prices
/// on one day: a row that would give it a second is refused, and nothing else changes for it.
package struct PriceList {
    /// What taking a row comes to. `version` is the one that stood before it.
    package enum Change: Hashable, Sendable {
        case added
        case changed(version: Int)
        case ended(version: Int)
        /// It says what stands, or takes back what never stood.
        case unchanged(version: Int?)
        /// 矛盾: another price of the same holds on a day of it.
        case contradicts
        /// An earlier row of the same sending speaks of the same key.
        case saidTwice
        /// 新しい登録あり: what the municipality said after the moment of the file stands.
        case newerStands(version: Int?)
    }

    private struct Standing {
        let terms: RegisteredPrice.Terms
        /// 0 for what this sending said.
        let version: Int
    }

    /// By service, so that a row is held against few.
    private var standing: [String: [RegisteredPrice.Key: Standing]] = [:]
    private let newer: Set<RegisteredPrice.Key>

    /// `prices` are the newest versions of the municipality's keys; of the `newer` ones no row says
    /// otherwise.
    package init(_ prices: [RegisteredPrice], newer: Set<RegisteredPrice.Key> = []) {
        self.newer = newer
        for price in prices {
            guard let terms = price.terms else { continue }
            standing[price.key.service, default: [:]][price.key] = Standing(
                terms: terms, version: price.version)
        }
    }

    /// Takes the rows of one sending; what became of each, in their order. What ends a price or shortens it
    /// comes first, wherever it stands in the list: so the old price may end behind the row of the new one.
    package mutating func take(_ rows: [PriceRow]) -> [Change] {
        var changes = [Change](repeating: .saidTwice, count: rows.count)
        var seen: Set<RegisteredPrice.Key> = []
        let said = rows.indices.filter { seen.insert(rows[$0].key).inserted }
        let ending = Set(said.filter { ends(rows[$0]) })
        for place in said where ending.contains(place) { changes[place] = take(rows[place]) }
        for place in said where !ending.contains(place) { changes[place] = take(rows[place]) }
        return changes
    }

    private func ends(_ row: PriceRow) -> Bool {
        guard let terms = row.terms else { return true }
        guard let before = standing[row.key.service]?[row.key]?.terms, let to = terms.to
        else { return false }
        return before.to.map { to < $0 } ?? true
    }

    private mutating func take(_ row: PriceRow) -> Change {
        let before = standing[row.key.service]?[row.key]
        guard row.terms != before?.terms else { return .unchanged(version: before?.version) }
        guard !newer.contains(row.key) else { return .newerStands(version: before?.version) }
        guard let terms = row.terms else {
            standing[row.key.service]?[row.key] = nil
            return before.map { .ended(version: $0.version) } ?? .unchanged(version: nil)
        }
        guard !contradicts(row.key, terms) else { return .contradicts }
        standing[row.key.service, default: [:]][row.key] = Standing(terms: terms, version: 0)
        return before.map { .changed(version: $0.version) } ?? .added
    }

    private func contradicts(_ key: RegisteredPrice.Key, _ terms: RegisteredPrice.Terms) -> Bool {
        let period = EffectivePeriod(from: key.from, to: terms.to)
        return (standing[key.service] ?? [:]).contains { other, standing in
            other != key && other.audience.meets(key.audience)
                && (other.vaccine == nil || key.vaccine == nil || other.vaccine == key.vaccine)
                && period.overlaps(EffectivePeriod(from: other.from, to: standing.terms.to))
        }
    }
}
