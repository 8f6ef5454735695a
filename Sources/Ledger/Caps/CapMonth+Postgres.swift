import Exchange
import Postgres

/// 上限額の月 as rows name it: body, type, sub key and first day, after the person.
extension CapMonth {
    /// Of a row `m`.
    static let columns = "m.body, m.certificate_type, m.sub_key, m.month"

    /// 自己負担上限月額 of rows `m` that are one person's month, under however many records: the one that was
    /// decided by last.
    static let cap = "(array_agg(m.cap order by m.decided_at desc nulls last, m.position desc))[1]"

    init(_ row: Row, from column: Int) throws {
        self.init(
            certificate: HeldCertificate(
                body: try row.text(column), typeID: try row.text(column + 1),
                subKey: try row.text(column + 2)),
            month: ServiceMonth(of: CalendarDay(daysSince1970: try row.day(column + 3))))
    }
}

extension HeldCertificate {
    static func isBefore(_ left: HeldCertificate, _ right: HeldCertificate) -> Bool {
        (left.body, left.typeID, left.subKey) < (right.body, right.typeID, right.subKey)
    }
}

/// 人物の月: whose month it is. Of a person with several records it is the sum of all their rows; the key of a
/// row where it is a record's own.
struct CapMonthKey: Hashable, Sendable {
    let person: PersonKey
    let capMonth: CapMonth

    /// The one order in which rows are locked: by their primary key.
    static func isBefore(_ left: CapMonthKey, _ right: CapMonthKey) -> Bool {
        guard left.person == right.person else {
            return (left.person.high, left.person.low) < (right.person.high, right.person.low)
        }
        guard left.capMonth.certificate == right.capMonth.certificate else {
            return HeldCertificate.isBefore(
                left.capMonth.certificate, right.capMonth.certificate)
        }
        return left.capMonth.month < right.capMonth.month
    }

    /// $1 to $5 of every statement on several months.
    static func values(_ keys: [CapMonthKey]) -> [Value] {
        [
            .uuids(keys.map { UUIDBytes($0.person) }),
            .texts(keys.map(\.capMonth.certificate.body)),
            .texts(keys.map(\.capMonth.certificate.typeID)),
            .texts(keys.map(\.capMonth.certificate.subKey)),
            .days(keys.map { Int($0.capMonth.month.firstDay) }),
        ]
    }

    /// `unnest` of `values`, which names its rows `q`.
    static let rows = """
        unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[]) with ordinality
            as q(person, body, certificate_type, sub_key, month, ord)
        """

    /// That a row `m` is of `q`.
    static let matches = matches(person: "q.person")

    /// `rows`, once for every record of the person, as `r`.
    static let records = "\(rows) cross join lateral \(Survivors.eachRecord(of: "q.person")) r"

    /// The same of the absorbed ones alone.
    static let absorbed = """
        \(rows) cross join lateral (
            select j.person as record from exchange.record_merge j
            where j.survivor = q.person and j.parted_at is null) r
        """

    /// That a row `m` is of one of `records`.
    static let matchesRecord = matches(person: "r.record")

    private static func matches(person: String) -> String {
        """
        m.person = \(person) and m.body = q.body and m.certificate_type = q.certificate_type
            and m.sub_key = q.sub_key and m.month = q.month
        """
    }
}
