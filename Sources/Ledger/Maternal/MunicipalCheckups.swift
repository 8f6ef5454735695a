package import Exchange
import Postgres

/// 台帳の参照と引継ぎ: what a municipality holds of the checkups of somebody it notified.
extension Records {
    /// Under the municipality's own key: its own lines whole; of those from before the family came, where its
    /// word is the newest, what the law hands over (母子保健法19条の2: 最低限電子化すべき情報). Nothing where it knows
    /// nobody.
    package mutating func municipalCheckups(
        ofKey key: String, rules: MaternalRules
    ) throws -> (person: PersonKey, reports: [HeldCheckup])? {
        let rows = try transaction.query(
            Self.selectByKey, [.text(caller.party.code), .text(key)])
        guard let row = rows.first else {
            enter(nil)
            return nil
        }
        let person = try row.uuid(0).person
        let isCurrent = try row.bool(1)
        let reports = try checkups(of: person, in: .open, rules: rules).compactMap { held in
            if held.shown.line?.municipality == caller.party.code { return held }
            return isCurrent ? held.shown.minimum(rules).map(held.shown(as:)) : nil
        }
        enter(
            person,
            basis: reports.map { "\($0.id.text)/\($0.newest.version)" }.joined(separator: " "))
        return (person, reports)
    }

    private static let selectByKey = Statement(
        """
        select n.person, not exists (
            select 1 from exchange.maternal_notification later
            where later.person = n.person and later.episode = n.episode
                and later.municipality <> $1 and later.version > n.version)
        from exchange.maternal_notification n
        where n.municipality = $1 and n.notification_key = $2
            and not coalesce((n.face::jsonb ->> 'isWithdrawn')::boolean, false)
        order by n.version desc limit 1
        """)
}

extension HeldCheckup {
    fileprivate func shown(as shown: ShownCheckup) -> HeldCheckup {
        HeldCheckup(id: id, person: person, visit: visit, shown: shown)
    }
}
