package import Exchange
import Postgres

/// 連携の一行: what a body is to receive of one of its residents' records, as it was when that happened.
package struct Delivery: Sendable {
    package let field: DeliveryField
    package let id: RecordID
    package let person: PersonKey
    /// Nothing in an answer about one resident to what was not yet received.
    package let place: Int?
    package let isWithdrawn: Bool
    /// The body's own key of the resident, where it ever registered one.
    package let whom: FollowUpTask.Whom
    package let content: DeliveredContent

    /// The columns of `head` come first; those of the field follow.
    init(_ row: Row, _ field: DeliveryField, _ content: DeliveredContent) throws {
        self.field = field
        id = try row.uuid(0).record
        person = try row.uuid(1).person
        place = try row.optionalInt(2)
        isWithdrawn = try row.bool(3)
        whom = try Self.whom(row, 4)
        self.content = content
    }

    /// The two columns of `keys`.
    static func whom(_ row: Row, _ column: Int) throws -> FollowUpTask.Whom {
        if let key = try row.optionalText(column) { return .identityKey(key) }
        return try row.optionalText(column + 1).map { .notificationKey($0) } ?? .unknown
    }

    static let headCount = 6

    static let head = """
        d.record, coalesce(j.survivor, d.person), d.place, d.is_withdrawn, k.identity_key,
        n.notification_key
        """

    /// Who the resident of a delivery `d` is now, and the keys by which its body knows them, the latest
    /// first; those of the record that it was made of before the others of the person. Lists are said again
    /// of the survivor, notifications are not.
    static let keys = """
        left join exchange.record_merge j on j.person = d.person and j.parted_at is null
        left join lateral (
            select identity_key from (
                select t.identity_key, t.known_at, t.person from exchange.checkup_target t
                where t.person in (d.person, j.survivor) and t.municipality = d.body
                union all
                select t.identity_key, t.known_at, t.person from exchange.vaccination_target t
                where t.person in (d.person, j.survivor) and t.municipality = d.body) known
            order by known.person = d.person desc, known_at desc limit 1) k on true
        left join lateral (
            select m.notification_key
            from \(Survivors.eachRecord(of: "coalesce(j.survivor, d.person)")) one
            join exchange.maternal_notification m on m.person = one.record
            where m.municipality = d.body
            order by m.person = d.person desc, m.version desc limit 1) n on true
        """

    /// `id/version` as the entry of whoever received it names it.
    var basis: String {
        switch content {
        case .entitlement(let version): "entitlement/\(version.version)"
        case .vaccination(let line): "\(id.text)/\(line.version.version)"
        case .checkup(let checkup): "\(id.text)/\(checkup.version.version)"
        case .check(let notice): "\(notice.check.text)/\(notice.change.outcome.rawValue)"
        case .lapse(let notice): "\(id.text)/\(notice.bill.version)/lapsed"
        case .bill(let bill, _): "\(id.text)/\(bill.version)"
        }
    }
}
