package import Exchange
import Postgres

/// 副反応疑いの報告の受領: one report of a resident as the municipality receives it.
package struct DeliveredReaction: Sendable {
    package let person: PersonKey
    package let id: RecordID
    package let place: Int
    /// 宛名番号: the municipality's own key of the resident, where it ever registered one.
    package let identityKey: String?
    package let version: ReactionVersion
}

extension Records {
    /// The reports and what followed them, after a place, in the order in which they were committed. Each
    /// resident shown is entered. Throws `.malformed("_cursor")` for a place that was never given.
    package mutating func receiveReactions(after place: Int, limit: Int) throws
        -> [DeliveredReaction]
    {
        let next = try transaction.query(
            HeldReaction.nextPlace, [.text(caller.party.code)])[0].int(0)
        guard place < next else { throw Refusal.malformed("_cursor") }
        let rows = try transaction.query(
            Self.selectReactions, [.text(caller.party.code), .int(place), .int(limit)])
        let reports = try rows.map { row in
            DeliveredReaction(
                person: try row.uuid(6).person, id: try row.uuid(0).record,
                place: try row.int(7), identityKey: try row.optionalText(8),
                version: try ReactionVersion(row))
        }
        var versions: [PersonKey: [String]] = [:]
        for report in reports {
            versions[report.person, default: []].append(
                "\(report.id.text)/\(report.version.version)")
        }
        for (person, versions) in versions {
            enter(person, basis: versions.joined(separator: " "))
        }
        if reports.isEmpty { enter(nil) }
        return reports
    }

    private static let selectReactions = Statement(
        """
        select \(ReactionVersion.columns), coalesce(m.survivor, v.person), v.place, t.identity_key
        from exchange.vaccine_reaction v
        left join exchange.record_merge m on m.person = v.person and m.parted_at is null
        left join lateral (
            select identity_key from exchange.vaccination_target t
            where t.person in (v.person, m.survivor) and t.municipality = v.municipality
            order by t.person = v.person desc, t.version desc limit 1) t on true
        where v.municipality = $1 and v.municipality is not null and v.place > $2
        order by v.place limit $3
        """)
}
