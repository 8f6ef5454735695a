import Exchange
import Postgres

/// 変わる項目: by which items rows of entitlements differ from what their body said before, by the names of the
/// layouts. Of what another body says nothing is compared here, and no value leaves.
extension Records {
    /// What became of each row, those that change something with the items.
    mutating func outcomesWithItems(_ plan: RegistrationPlan) throws -> [RowOutcome] {
        let versions = plan.outcomes.filter { $0.kind == .applied && !$0.isEnd }
            .compactMap(\.standing)
        guard !versions.isEmpty else { return plan.outcomes }
        let rows = try transaction.query(
            Self.selectFaces, [.text(caller.party.code), .ints(versions)])
        var faces: [Int: String] = [:]
        for index in 0..<rows.count { faces[try rows[index].int(0)] = try rows[index].text(1) }
        let said = Dictionary(
            plan.entitlements.map { ($0.row.index + 1, $0.row.face) },
            uniquingKeysWith: { _, last in last })
        return plan.outcomes.map { outcome in
            guard outcome.kind == .applied, !outcome.isEnd, let version = outcome.standing,
                let before = faces[version], let face = said[outcome.line]
            else { return outcome }
            let items = JSONObject.items(of: face, otherThan: before)
            var outcome = outcome
            outcome.changed = items + outcome.changed.filter { !items.contains($0) }
            return outcome
        }
    }

    private static let selectFaces = Statement(
        """
        select e.version, e.face from exchange.entitlement e where e.body = $1 and e.version = any ($2)
        """)
}

extension RegistrationPlan.KnownIdentity {
    /// None where nothing was said before.
    func items(otherThan before: Self?) -> [String] {
        guard let before, before != self else { return [] }
        let items = facts.items(otherThan: before.facts).map { "basicFiveInfo.\($0.rawValue)" }
        return items + (isNotDisclosed == before.isNotDisclosed ? [] : ["isNotDisclosed"])
    }
}

extension JSONObject {
    fileprivate static func items(of face: String, otherThan before: String) -> [String] {
        guard let new = try? JSON(reading: face).object, let old = try? JSON(reading: before).object
        else { return [] }
        return new.items(otherThan: old)
    }

    /// Of an object within, those of its own under its name. What is left out says the same as what is empty.
    private func items(otherThan before: JSONObject) -> [String] {
        var items: [String] = []
        for name in members.map(\.name) + before.members.map(\.name).filter({ self[$0] == nil }) {
            let (new, old) = (said(name), before.said(name))
            guard new != old else { continue }
            if new?.object != nil || old?.object != nil {
                let nested = (new?.object ?? JSONObject()).items(
                    otherThan: old?.object ?? JSONObject())
                items += nested.map { "\(name).\($0)" }
            } else {
                items.append(name)
            }
        }
        return items
    }

    private func said(_ name: String) -> JSON? {
        guard let value = self[name], value != .null, value != .string(""), value != .array([])
        else { return nil }
        return value
    }
}
