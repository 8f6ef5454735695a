import Exchange
import Postgres

/// What many visits open for reading, loaded together: four statements in one snapshot and one
/// round trip, however many institutions ask at this moment; one more where any asks for a day that is past.
///
/// Entitlements of a consent kind the resident left out are not read at all.
struct VisitReading: Sendable {
    struct Key: Sendable {
        let visit: RecordID
        let party: Party
        /// 診療日 that is asked for, the first one of a stay; `nil`: none.
        let day: CalendarDay?
    }

    struct VisitRow: Sendable {
        let id: RecordID
        let person: PersonKey
        let patient: String
        let facts: VisitFacts
        let term: VisitTerm
    }

    let now: Instant
    let standing: PartyStanding?
    let visit: VisitRow?
    /// 受付の種類: its code.
    let visitKind: String?
    var residences: [Residence] = []
    var bodies: [BodyStanding] = []
    var entitlements: [EntitlementVersion] = []
    /// 生年月日 as each of them was registered with.
    private var births: [String] = []
    private var reachedMonths: [CapMonth] = []
    private let party: Party
    /// 指定の履歴 of the party, where the day that is asked for is past.
    private var past: DesignationHistory?

    static let selectVisits = Statement(
        """
        select q.ord, clock_timestamp(), p.party, p.name, p.is_opted_in,
            p.suspended_at is not null, p.designations,
            v.visit, v.person, v.patient, v.consents, v.limited_to, v.card_valid_to, v.opened_at, v.ends_at,
            v.consents <> v.agreed, v.kind
        from unnest($1::uuid[], $2::text[]) with ordinality as q(visit, party, ord)
        left join exchange.party p on p.party = q.party
        left join exchange.visit_now v on v.visit = q.visit and v.party = q.party
        order by q.ord
        """)

    static let selectResidences = Statement(
        """
        select q.ord, r.version, r.municipality, r.from_day, r.known_at,
            m.connected_since, m.as_of, r.prefecture, f.connected_since, f.as_of
        from unnest($1::uuid[], $2::text[]) with ordinality as q(visit, party, ord)
        join exchange.visit_now v on v.visit = q.visit and v.party = q.party
        join exchange.residence r on r.person = v.person
        left join exchange.party m on m.party = 'municipality:' || r.municipality
        left join exchange.party f on f.party = 'prefecture:' || r.prefecture
        """)

    static let selectEntitlements = Statement(
        """
        select q.ord, \(EntitlementVersion.columns), e.birth_date
        from unnest($1::uuid[], $2::text[]) with ordinality as q(visit, party, ord)
        join exchange.visit_now v on v.visit = q.visit and v.party = q.party
        join exchange.entitlement e on e.person = v.person and e.consent_kind = any (v.consents)
        where v.limited_to is null or exists (
            select 1 from exchange.entitlement shown
            where shown.person = v.record and shown.version = v.limited_to and shown.body = e.body
                and shown.certificate_type = e.certificate_type and shown.sub_key = e.sub_key
                and shown.history_key = e.history_key)
        """)

    /// Nearly everybody has one record, and one look in the index of what is filled. What two records hold
    /// (統合) is filled together.
    static let selectReached = Statement(
        """
        select q.ord, \(CapMonth.columns)
        from unnest($1::uuid[], $2::text[]) with ordinality as q(visit, party, ord)
        join exchange.visit_now v on v.visit = q.visit and v.party = q.party
        cross join lateral (
            select \(CapMonth.columns) from exchange.cap_month m
            where m.person = v.person and m.collected + m.borne_collected >= m.cap and not exists (
                select 1 from exchange.record_merge j
                where j.survivor = v.person and j.parted_at is null)
            union all
            select \(CapMonth.columns)
            from (
                select j.survivor as record from exchange.record_merge j
                where j.survivor = v.person and j.parted_at is null
                union
                select j.person from exchange.record_merge j
                where j.survivor = v.person and j.parted_at is null) r
            join exchange.cap_month m on m.person = r.record
            group by \(CapMonth.columns)
            having sum(m.collected + m.borne_collected) >= \(CapMonth.cap)) m
        where exists (
            select 1 from exchange.entitlement e
            where e.person = v.person and e.body = m.body
                and e.certificate_type = m.certificate_type and e.sub_key = m.sub_key
                and e.consent_kind = any (v.consents))
        """)

    /// One reading for each key, in order.
    static func load(_ transaction: inout Transaction, _ keys: [Key]) throws -> [VisitReading] {
        let values: [Value] = [
            .uuids(keys.map { UUIDBytes($0.visit) }), .texts(keys.map(\.party.key)),
        ]
        let steps = [selectVisits, selectResidences, selectEntitlements, selectReached]
            .map { ($0, values) }
        let rows = try transaction.pipeline(steps)
        var readings = try (0..<rows[0].count).map {
            try VisitReading(rows[0][$0], of: keys[$0].party)
        }
        for index in 0..<rows[1].count {
            let row = rows[1][index]
            try readings[row.int(0) - 1].addResidence(row)
        }
        for index in 0..<rows[2].count {
            let row = rows[2][index]
            let place = try row.int(0) - 1
            readings[place].entitlements.append(try EntitlementVersion(row, from: 1))
            readings[place].births.append(try row.text(1 + EntitlementVersion.columnCount))
        }
        for index in 0..<rows[3].count {
            let row = rows[3][index]
            try readings[row.int(0) - 1].reachedMonths.append(CapMonth(row, from: 1))
        }
        try takePast(&transaction, keys, &readings)
        return readings
    }

    /// For a day that is past, what the registry said then: a designation that ended since does not take back
    /// the answer of that day. Nearly all ask for today.
    private static func takePast(
        _ transaction: inout Transaction, _ keys: [Key], _ readings: inout [VisitReading]
    ) throws {
        let places = keys.indices.filter { readings[$0].isPast(keys[$0].day) }
        guard !places.isEmpty else { return }
        let parties = Set(places.map { keys[$0].party.key }).sorted()
        let history = try DesignationHistory(
            transaction.query(DesignationHistory.select, [.texts(parties)]))
        for place in places { readings[place].past = history }
    }

    private func isPast(_ day: CalendarDay?) -> Bool {
        day.map { $0 < now.dayInJapan } ?? false
    }

    /// 上限到達 of the certificates that the visit opens; of others nothing is said.
    private var reached: Set<CapMonth> {
        let opened = Set(entitlements.map(\.certificate))
        return Set(reachedMonths.filter { opened.contains($0.certificate) })
    }

    /// The day on which the holder was born, where the body knew it.
    func birth(of row: EntitlementVersion) -> CalendarDay? {
        entitlements.firstIndex(of: row).flatMap { (try? BirthDate(births[$0]))?.day }
    }

    /// Everything an answer about that day is decided from; `nil`: about none. The day is the one of the key
    /// or one after it, so that the history is there wherever it is past.
    func facts(
        _ visit: VisitRow, _ standing: PartyStanding, on day: CalendarDay?
    ) -> EligibilityFacts {
        var designations = standing.designations(on: day ?? now.dayInJapan)
        if let day, let past, isPast(day) { designations = past.designations(of: party, on: day) }
        return EligibilityFacts(
            visit: visit.facts, residences: residences, entitlements: entitlements, bodies: bodies,
            designations: designations, reached: reached, decidedAt: now)
    }

    private init(_ row: Row, of party: Party) throws {
        self.party = party
        now = Instant(microseconds: try row.instant(1))
        standing = try PartyStanding(row, from: 2)
        visit = try row.optionalUUID(7) == nil ? nil : VisitRow(row, from: 7)
        visitKind = try row.optionalText(16)
    }

    private mutating func addResidence(_ row: Row) throws {
        residences.append(try Residence(row, from: 1))
        try add(body: row.text(2), row, 5)
        try add(body: row.text(7), row, 8)
    }

    private mutating func add(body: String, _ row: Row, _ column: Int) throws {
        guard !bodies.contains(where: { $0.body == body }) else { return }
        bodies.append(try BodyStanding(body, row, from: column))
    }
}

extension BodyStanding {
    /// Since when it is connected, and when its last registration was applied.
    init(_ body: String, _ row: Row, from column: Int) throws {
        self.init(
            body: body,
            connectedSince: try row.optionalDay(column).map(CalendarDay.init(daysSince1970:)),
            asOf: try row.optionalInstant(column + 1).map(Instant.init(microseconds:)))
    }
}

extension VisitReading.VisitRow {
    init(_ row: Row, from column: Int) throws {
        id = try row.uuid(column).record
        person = try row.uuid(column + 1).person
        patient = try row.text(column + 2)
        let limitedTo = try row.optionalInt(column + 4)
        let opened = Instant(microseconds: try row.instant(column + 6))
        facts = VisitFacts(
            kind: limitedTo.map { .paper(limitedTo: $0) } ?? .card,
            consents: Set(try row.texts(column + 3).map { try ConsentKind($0) }),
            isNarrowed: try row.bool(column + 8), opened: opened,
            cardValidTo: try row.optionalDay(column + 5).map(CalendarDay.init(daysSince1970:)))
        term = VisitTerm(opened: opened, ends: Instant(microseconds: try row.instant(column + 7)))
    }
}

extension Residence {
    /// Version, municipality, first day, and since when that is known.
    init(_ row: Row, from column: Int) throws {
        self.init(
            version: try row.int(column), municipality: try row.text(column + 1),
            from: CalendarDay(daysSince1970: try row.day(column + 2)),
            knownAt: Instant(microseconds: try row.instant(column + 3)))
    }
}

extension EntitlementVersion {
    static let columns = """
        e.version, e.body, e.certificate_type, e.history_key, e.sub_key, e.valid_from, e.valid_to, e.known_at,
            e.is_deleted, e.is_under_review, e.is_always_reimbursement, e.payer_number, e.recipient_number,
            e.certification_name, e.designated_institutions, e.face
        """
    static let columnCount = 16

    init(_ row: Row, from column: Int) throws {
        let subKey = try row.text(column + 4)
        self.init(
            version: try row.int(column), body: try row.text(column + 1),
            certificateTypeID: try row.text(column + 2), historyKey: try row.text(column + 3),
            subKey: subKey.isEmpty ? nil : subKey,
            validFrom: CalendarDay(daysSince1970: try row.day(column + 5)),
            validTo: CalendarDay(daysSince1970: try row.day(column + 6)),
            knownAt: Instant(microseconds: try row.instant(column + 7)),
            isDeleted: try row.bool(column + 8), isUnderReview: try row.bool(column + 9),
            isAlwaysReimbursement: try row.bool(column + 10),
            payerNumber: try row.optionalText(column + 11),
            recipientNumber: try row.optionalText(column + 12),
            certificationName: try row.text(column + 13),
            designatedMedicalInstitutions: try row.optionalText(column + 14),
            face: try row.text(column + 15))
    }
}
