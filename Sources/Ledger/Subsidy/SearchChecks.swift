package import Exchange
import Postgres

/// 検索の位置: the last answer of a page. Answers stand in the order of their entries' times, and of their ids
/// within one, so that no page repeats or leaves out any while others arrive.
package struct CheckCursor: Hashable, Sendable {
    package let at: Instant
    package let entry: RecordID

    package init(at: Instant, entry: RecordID) {
        self.at = at
        self.entry = entry
    }

    /// `microseconds-id`; throws `.malformed("_cursor")`.
    package init(text: String) throws(Refusal) {
        let parts = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let microseconds = Int64(parts[0]), microseconds >= 0 else {
            throw .malformed("_cursor")
        }
        at = Instant(microseconds: microseconds)
        entry = try RecordID(String(parts[1]), item: "_cursor")
    }

    package var text: String { "\(at.microseconds)-\(entry.text)" }
}

/// 検索の条件: which of the answers that an institution was given. What is left out narrows nothing.
package struct CheckSearch: Sendable {
    /// Any id by which the institution was ever given the resident.
    package var patient: String?
    package var visit: RecordID?
    /// `created` of the answers: from one instant, before another.
    package var from: Instant?
    package var before: Instant?
    package var cursor: CheckCursor?
    package let count: Int

    package init(count: Int) {
        self.count = count
    }
}

package struct CheckPage: Sendable {
    /// Each is one that `replay(of:)` knows.
    package let checks: [RecordID]
    /// Nothing where the search has come to its end.
    package let next: CheckCursor?
}

/// An answer as a search finds it.
private struct FoundCheck {
    let id: RecordID
    let at: Instant
    let person: PersonKey
    let visit: RecordID

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        at = Instant(microseconds: try row.instant(1))
        person = try row.uuid(2).person
        visit = try row.uuid(3).record
    }
}

extension Records {
    /// Which checks this institution was answered, oldest first. What a resident has since taken back is as
    /// if it had not been asked. Everybody whose answers stand in the page is entered, and one who was asked
    /// for by name whether anything was found or not.
    ///
    /// Throws `.recordUnknown` for a visit or a patient of another institution in the same words as for none,
    /// and for a visit of somebody else than the patient.
    package mutating func answeredChecks(_ search: CheckSearch) throws -> CheckPage {
        if let visit = search.visit {
            subject.person = try known(by: Self.selectOfVisit, .id(visit))
            subject.visit = visit
        }
        if let patient = search.patient {
            let person = try known(by: Self.selectOfPatient, .text(patient))
            guard search.visit == nil || subject.person == person else {
                throw Refusal.recordUnknown
            }
            subject.person = person
        }
        let from = search.from ?? Instant(microseconds: 0)
        // An answer is entered after it was made, and before long.
        let before = search.before ?? now.adding(seconds: 3_600)
        // A cursor comes back from the caller: what it says of times to come says nothing.
        let after = search.cursor.map { min($0.at, now) }
        let found = try transaction.query(
            subject.person == nil ? Self.selectOfDays : Self.selectOfPerson,
            [
                .person(subject.person), .text(caller.party.key), .id(search.visit),
                .time(max(from, after ?? from)), .time(before.adding(seconds: 3_600)),
                .int(Int(from.microseconds)), .int(Int(before.microseconds)),
                .time(after), .id(search.cursor?.entry), .int(search.count + 1),
            ]
        ).map { try FoundCheck($0) }
        let page = Array(found.prefix(search.count))
        enter(page)
        return CheckPage(
            checks: page.map(\.id),
            next: found.count > search.count
                ? page.last.map { CheckCursor(at: $0.at, entry: $0.id) } : nil)
    }

    /// The resident whom the institution knows by a visit or by an id.
    private mutating func known(by statement: Statement, _ name: Value) throws -> PersonKey {
        let rows = try transaction.query(statement, [.text(caller.party.key), name])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        return try row.uuid(0).person
    }

    /// Which answers were shown stands in the basis, so that what was told can be found again.
    private mutating func enter(_ page: [FoundCheck]) {
        for (person, checks) in Dictionary(grouping: page, by: \.person) {
            let visits = Set(checks.map(\.visit))
            enter(
                person, visit: visits.count == 1 ? visits.first : nil,
                basis: checks.map(\.id.text).joined(separator: " "))
        }
        if page.isEmpty { enter(subject.person, visit: subject.visit) }
    }

    private static let selectOfVisit = Statement(
        "select v.person from exchange.visit_now v where v.party = $1 and v.visit = $2")

    private static let selectOfPatient = Statement(
        "select v.person from exchange.visit_now v where v.party = $1 and v.patient = $2 limit 1")

    /// By the resident's own sequence; what is not sealed yet, by its transaction.
    private static let selectOfPerson = select(
        """
        from (
            select s.entry, s.at from log.position s where s.person = any (\(everOf))
            union all
            select w.entry, w.at from log.access_entry w
            where w.person = any (\(everOf)) and w.xid >= (select next_xid from log.head)
        ) as known
        join log.access_entry e on e.entry = known.entry and e.at = known.at
        join exchange.visit_now v on v.visit = e.visit and v.person = $1::uuid
            and ($3::uuid is null or v.visit = $3)
        """)

    private static let selectOfDays = select(
        """
        from log.access_entry e
        join exchange.visit_now v on v.visit = e.visit and $1::uuid is null and $3::uuid is null
        """)

    /// The basis says when the answer was made and what of the visit stood then (`EligibilityBasis`).
    private static func select(_ source: String) -> Statement {
        Statement(
            """
            select e.entry, e.at, v.person, v.visit
            \(source)
            cross join lateral (
                select case when e.purpose = 'check-eligibility' and e.outcome = 'ok'
                    then e.basis::jsonb end as told) b
            where e.party = $2::text and v.party = $2
                and e.purpose = 'check-eligibility' and e.outcome = 'ok'
                and e.at >= $4::timestamptz and e.at < $5::timestamptz
                and (b.told ->> 'at')::bigint >= $6::bigint
                and (b.told ->> 'at')::bigint < $7::bigint
                and ($8::timestamptz is null or (e.at, e.entry) > ($8, $9::uuid))
                and case when b.told -> 'consents' is null then v.agreed
                    else array(select jsonb_array_elements_text(b.told -> 'consents')) end <@ v.consents
            order by e.at, e.entry limit $10
            """)
    }

    /// Every record that is of the person now, and every one that ever stood for one of those: what was asked
    /// while they were one (統合) is entered under the survivor.
    private static let everOf = """
        array(
            select own.record from \(Survivors.eachRecord(of: "$1::uuid")) own
            union
            select m.survivor from \(Survivors.eachRecord(of: "$1::uuid")) own
            join exchange.record_merge m on m.person = own.record)
        """
}
