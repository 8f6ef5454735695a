import Exchange
import Postgres

/// 受給者番号の持ち主: whose certificates the claims of a month name, the same whenever it is asked for.
extension MonthFacts {
    /// Of several who were given one number, one after the other, the one who holds it in the months that are
    /// claimed comes last, and stays.
    mutating func findPersons(_ transaction: inout Transaction) throws {
        var months: [CertificateNumber: (first: ServiceMonth, last: ServiceMonth)] = [:]
        for claim in books.batch.claims {
            for part in books.batch.parts[claim.parts] where part.certificate.namesHolder {
                let known = months[part.certificate] ?? (first: claim.month, last: claim.month)
                months[part.certificate] = (
                    first: min(known.first, claim.month), last: max(known.last, claim.month)
                )
            }
        }
        let asked = Array(months)
        let found = try transaction.query(
            Self.selectPersons,
            [
                .text(body), .texts(asked.map(\.key.payerText)),
                .texts(asked.map { books.recipients.text($0.key.recipient) }),
                .days(asked.map { Int($0.value.first.firstDay) }),
                .days(asked.map { Int($0.value.last.lastDay) }),
            ])
        for (place, person) in try found.map({ (try $0.int(0) - 1, try $0.uuid(1).person) }) {
            persons[asked[place].key] = person
        }
    }

    /// 受給者証の番号 on a day of care, as it was printed on it then: a renewed certificate may bear another one,
    /// and what was billed or paid back under the old one is held against claims under that.
    mutating func number(
        of certificate: HeldCertificate, _ person: PersonKey, on day: CalendarDay
    ) -> CertificateNumber? {
        let said = (versions[person] ?? []).filter {
            $0.certificate == certificate && !$0.isUnderReview
        }
        var spoken: Set<String> = []
        let row = said.reversed().first { row in
            spoken.insert(row.historyKey).inserted && !row.isDeleted && row.covers(day)
        }
        // What was taken back since was on it all the same.
        return (row ?? said.last { $0.covers(day) } ?? said.last).flatMap { number(of: $0) }
    }

    /// What came to a record by a merge that was undone says nothing of whose the certificate is.
    private static let selectPersons = Statement(
        """
        select h.ord, h.person from (
            select q.ord, \(Survivors.sql(of: "e.person")) as person, e.valid_to,
                e.valid_from <= q.last and e.valid_to >= q.first
                    and \(EntitlementRow.isCurrent) as holds
            from unnest($2::text[], $3::text[], $4::date[], $5::date[]) with ordinality
                as q(payer, recipient, first, last, ord)
            join exchange.entitlement e on e.recipient_number = q.recipient
                and e.payer_number = q.payer and e.body = $1
            where e.by_merge is null or not exists (
                select 1 from exchange.record_merge m
                where m.merge = e.by_merge and m.survivor = e.person and m.parted_at is not null)) h
        group by h.ord, h.person
        order by h.ord, bool_or(h.holds), max(h.valid_to), h.person
        """)
}
