package import Exchange

/// 台帳の参照と引継ぎ: what a municipality holds of the checkups of somebody it notified.
extension Records {
    /// Under the municipality's own key: its own lines whole; of those from before the family came, where its
    /// word is the newest, what the law hands over (母子保健法19条の2: 最低限電子化すべき情報). Nothing where it knows
    /// nobody.
    package mutating func municipalCheckups(
        ofKey key: String, rules: MaternalRules
    ) throws -> (person: PersonKey, reports: [HeldCheckup])? {
        guard let found = try notified([key])[key] else {
            enter(nil)
            return nil
        }
        let person = found.person
        let reports = try checkups(of: person, in: .open, rules: rules).compactMap { held in
            if held.shown.line?.municipality == caller.party.code { return held }
            return found.isCurrent ? held.shown.minimum(rules).map(held.shown(as:)) : nil
        }
        enter(
            person,
            basis: reports.map { "\($0.id.text)/\($0.newest.version)" }.joined(separator: " "))
        return (person, reports)
    }
}

extension HeldCheckup {
    fileprivate func shown(as shown: ShownCheckup) -> HeldCheckup {
        HeldCheckup(id: id, person: person, record: record, visit: visit, shown: shown)
    }
}
