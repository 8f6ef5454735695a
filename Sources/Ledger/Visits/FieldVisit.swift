package import Exchange
import Postgres

/// 記録のための受付: the resident of a visit, and whether it opens a field of exchange.
package struct FieldVisit: Sendable {
    package let visit: RecordID
    package let person: PersonKey
    /// The id that the visit gave the resident.
    package let patientID: String
    package let term: VisitTerm
    package let consents: [String]
    /// The resident agreed to records of the field being exchanged.
    package fileprivate(set) var isConsented: Bool

    /// Beside the field, the resident agreed that this institution know of pregnancies.
    package func tellsOfPregnancies(_ rules: RuleBook) -> Bool {
        let kinds = rules.consentKinds(of: "maternal").intersection(rules.openConsentKinds)
        return isConsented && kinds.contains { consents.contains($0.code) }
    }

    /// And that it know how they end: what is due of one that goes on is due no more after a loss.
    package func tellsOfEndings(_ rules: RuleBook) -> Bool {
        let kind = rules.maternal?.items.sensitiveConsentKind.code
        return tellsOfPregnancies(rules) && kind.map(consents.contains) ?? false
    }

    /// An ended visit takes what was done while it was open: an outage must not lose a dose or a checkup. A
    /// mistake is seen when it is seen: the visit that brought a record takes its correction at any time.
    /// Throws `.consentNotGiven`, or `.visitEnded` for a visit that is over, was not of that day and did not
    /// bring what is corrected.
    func requireRecording(of day: CalendarDay?, broughtBy former: RecordID?, at now: Instant) throws
    {
        guard isConsented else { throw Refusal.consentNotGiven }
        guard former != visit, !term.isOpen(at: now) else { return }
        try term.requireAnswer(for: day ?? now.dayInJapan, at: now)
    }
}

extension Records {
    /// The visit that a request names, for the patient that it names by any id the institution
    /// was given for them. Any of `kinds` opens the field. Throws as `FieldVisitReading.opening`.
    package mutating func fieldVisit(
        _ id: String, of patient: String, item: String, opening kinds: Set<ConsentKind>,
        rules: RuleBook
    ) throws -> FieldVisit {
        let key = FieldVisitReading.Key(
            visit: try RecordID(id, item: "visit"), patient: patient, party: caller.party)
        let reading = try FieldVisitReading.load(&transaction, [key])[0]
        subject.person = reading.person
        subject.visit = reading.visit
        return try reading.opening(kinds, item: item, rules: rules)
    }

    /// `fieldVisit` of immunization.
    package mutating func vaccinationVisit(
        _ id: String, of patient: String, item: String, rules: RuleBook
    ) throws -> FieldVisit {
        try fieldVisit(
            id, of: patient, item: item, opening: rules.consentKinds(of: "immunization"),
            rules: rules)
    }
}

/// 受付の読み取り: visits that requests name, with the standing of their institutions; many in one statement.
struct FieldVisitReading: Sendable {
    struct Key: Sendable {
        let visit: RecordID
        let patient: String
        let party: Party
    }

    let now: Instant
    let standing: PartyStanding?
    private let found: Found?

    private struct Found: Sendable {
        let visit: FieldVisit
        let kind: String
        let isOfPatient: Bool
    }

    /// What a refusal is about; nothing where the institution has no such visit.
    var person: PersonKey? { found?.visit.person }
    var visit: RecordID? { found?.visit.visit }

    /// One reading for each key, in order.
    static func load(_ transaction: inout Transaction, _ keys: [Key]) throws -> [FieldVisitReading]
    {
        try transaction.query(
            select,
            [
                .uuids(keys.map { UUIDBytes($0.visit) }), .texts(keys.map(\.patient)),
                .texts(keys.map(\.party.key)),
            ]
        ).map(FieldVisitReading.init)
    }

    /// Throws `.visitUnknown` for another institution's in the same words as for none,
    /// `.visitForCheckAlone`, and `.patientDiffers(item)` where the visit is another patient's.
    func opening(
        _ kinds: Set<ConsentKind>, item: String, rules: RuleBook
    ) throws(Refusal) -> FieldVisit {
        guard let found else { throw .visitUnknown }
        guard rules.readingVisitKinds.contains(found.kind) else { throw .visitForCheckAlone }
        guard found.isOfPatient else { throw .patientDiffers(item) }
        var visit = found.visit
        visit.isConsented = visit.consents.contains(where: kinds.map(\.code).contains)
        return visit
    }

    private init(_ row: Row) throws {
        now = Instant(microseconds: try row.instant(0))
        standing = try PartyStanding(row, from: 1)
        found = try row.optionalUUID(6).map { id in
            Found(
                visit: FieldVisit(
                    visit: id.record, person: try row.uuid(7).person, patientID: try row.text(8),
                    term: VisitTerm(
                        opened: Instant(microseconds: try row.instant(11)),
                        ends: Instant(microseconds: try row.instant(12))),
                    consents: try row.texts(10), isConsented: false),
                kind: try row.text(9), isOfPatient: try row.bool(13))
        }
    }

    private static let select = Statement(
        """
        select clock_timestamp(), p.party, p.name, p.is_opted_in, p.suspended_at is not null,
            p.designations, v.visit, v.person, v.patient, v.kind, v.consents, v.opened_at, v.ends_at,
            v.patient = q.patient or coalesce(v.person = (
                select given.person from exchange.visit_now given
                where given.party = q.party and given.patient = q.patient limit 1), false)
        from unnest($1::uuid[], $2::text[], $3::text[]) with ordinality as q(visit, patient, party, ord)
        left join exchange.party p on p.party = q.party
        left join exchange.visit_now v on v.visit = q.visit and v.party = q.party
        order by q.ord
        """)
}
