import Exchange
import Postgres

/// 喪失: days of one certificate that a version took away, or gave back to one that had lost some.
struct Loss {
    let number: Int
    private let person: PersonKey
    private let certificate: HeldCertificate
    private let numbers: (payer: String?, recipient: String?)
    private let days: ClosedRange<CalendarDay>

    /// Of `exchange.loss l`.
    static let columns = """
        l.loss, l.person, l.body, l.certificate_type, l.sub_key, l.payer_number, l.recipient_number,
            l.from_day, l.to_day
        """

    init(_ row: Row) throws {
        number = try row.int(0)
        person = try row.uuid(1).person
        certificate = HeldCertificate(
            body: try row.text(2), typeID: try row.text(3), subKey: try row.text(4))
        numbers = (try row.optionalText(5), try row.optionalText(6))
        days =
            CalendarDay(
                daysSince1970: try row.day(7))...CalendarDay(daysSince1970: try row.day(8))
    }

    /// What institutions are to be told that they were not told yet.
    func notices(
        _ transaction: inout Transaction, by book: RuleBook, kept: (String) throws -> RuleBook
    ) throws -> [NewCheckNotice] {
        // A loss of a record that was merged since is one of its survivor.
        let found = try transaction.query(Self.selectSurvivor, [.person(self.person)])
        let person = try found[0].uuid(0).person
        let key: [Value] = [.person(person)]
        let rows = try transaction.pipeline([
            (Self.selectChecks, key), (Self.selectVersions, key), (Self.selectHomes, key),
            (Self.selectTold, key), (Self.selectNow, []),
        ])
        // What was read then may be the rows of any record; what holds now is the survivor's.
        let versions = try rows[1].map { try EntitlementVersion($0, from: 0) }
        let holds = try rows[1].map { try $0.bool(EntitlementVersion.columnCount) }
        let nowHeld = zip(versions, holds).filter(\.1).map(\.0)
        let homes = try Homes(rows[2])
        let now = Instant(microseconds: try rows[4][0].instant(0))
        var told: [ToldKey: ChangedAnswer] = [:]
        for index in 0..<rows[3].count {
            let row = rows[3][index]
            told[try ToldKey(row)] = try ChangedAnswer(row, from: 4)
        }
        var notices: [NewCheckNotice] = []
        for index in 0..<rows[0].count {
            let row = rows[0][index]
            let check = try AnsweredCheck(row, from: 1, of: Party(key: row.text(0)))
            guard let check, days.contains(check.basis.serviceDate) else { continue }
            let then = check.facts(versions, homes.everywhere)
            let today = EligibilityFacts(
                visit: then.visit, residences: homes.lived, entitlements: nowHeld,
                bodies: homes.bodies, designations: check.basis.designations,
                reached: check.basis.reached, decidedAt: now)
            let change = answerAgain(
                check.question, on: certificate,
                then: (then, try kept(check.basis.rulesVersion).subsidy),
                now: (today, book.subsidy))
            guard let change else { continue }
            let last = told[ToldKey(check: check.id, certificate: certificate)]
            guard last.map({ !change.repeats($0) }) ?? change.isChanged else { continue }
            notices.append(
                NewCheckNotice(
                    person: person, party: check.institution,
                    content: CheckNotice(
                        check: check.id, visit: check.visit.id, certificate: certificate,
                        numbers: numbers, serviceDate: check.basis.serviceDate, change: change,
                        madeAt: now)))
        }
        return notices
    }

    private struct ToldKey: Hashable {
        let check: RecordID
        let certificate: HeldCertificate

        init(check: RecordID, certificate: HeldCertificate) {
            self.check = check
            self.certificate = certificate
        }

        init(_ row: Row) throws {
            check = try row.uuid(0).record
            certificate = HeldCertificate(
                body: try row.text(1), typeID: try row.text(2), subKey: try row.text(3))
        }
    }

    /// By the resident's own sequence; what is not sealed yet, by its transaction.
    private static let selectChecks = Statement(
        """
        select e.party, \(AnsweredCheck.columns)
        from (
            select s.entry, s.at from log.position s
            where s.person = any (\(Survivors.records(of: "$1")))
            union
            select w.entry, w.at from log.access_entry w
            where w.person = any (\(Survivors.records(of: "$1")))
                and w.xid >= (select next_xid from log.head)
        ) as known
        join log.access_entry e on e.entry = known.entry and e.at = known.at
        join exchange.visit_now v on v.visit = e.visit
        -- Of a record that was merged for a while, the visits are its own again.
        where e.purpose = 'check-eligibility' and e.outcome = 'ok' and e.basis is not null
            and v.person = $1
        order by e.at
        """)

    private static let selectSurvivor = Statement("select \(Survivors.sql(of: "$1::uuid"))")

    private static let selectVersions = Statement(
        """
        select \(EntitlementVersion.columns), e.person = $1 from exchange.entitlement e
        where e.person = any (\(Survivors.records(of: "$1")))
        """)

    private static let selectHomes = Statement(
        """
        select r.version, r.municipality, r.from_day, r.known_at, m.connected_since, m.as_of, r.prefecture,
            f.connected_since, f.as_of, r.person = $1
        from exchange.residence r
        left join exchange.party m on m.party = 'municipality:' || r.municipality
        left join exchange.party f on f.party = 'prefecture:' || r.prefecture
        where r.person = any (\(Survivors.records(of: "$1")))
        """)

    private static let selectTold = Statement(
        """
        select check_entry, body, certificate_type, sub_key, told, outcome, outcome_day
        from exchange.check_notice where person = any (\(Survivors.records(of: "$1"))) order by version
        """)

    private static let selectNow = Statement("select clock_timestamp()")
}

extension ChangedAnswer {
    init(_ row: Row, from column: Int) throws {
        guard let told = EligibilityOutcome(rawValue: try row.text(column)),
            let outcome = EligibilityOutcome(rawValue: try row.text(column + 1))
        else { throw DatabaseError.decoding(column: "outcome") }
        self.init(
            told: told, outcome: outcome,
            day: try row.optionalDay(column + 2).map(CalendarDay.init(daysSince1970:)))
    }
}

extension CheckNotice {
    /// Of `exchange.check_notice c`.
    static let columns = """
        c.check_entry, c.visit, c.body, c.certificate_type, c.sub_key, c.payer_number,
            c.recipient_number, c.service_day, c.told, c.outcome, c.outcome_day, c.made_at
        """

    init(_ row: Row, from column: Int) throws {
        self.init(
            check: try row.uuid(column).record, visit: try row.uuid(column + 1).record,
            certificate: HeldCertificate(
                body: try row.text(column + 2), typeID: try row.text(column + 3),
                subKey: try row.text(column + 4)),
            numbers: (try row.optionalText(column + 5), try row.optionalText(column + 6)),
            serviceDate: CalendarDay(daysSince1970: try row.day(column + 7)),
            change: try ChangedAnswer(row, from: column + 8),
            madeAt: Instant(microseconds: try row.instant(column + 11)))
    }
}

/// 住所地と実施機関: everywhere a resident lived, and how far those bodies' registrations are.
private struct Homes {
    private(set) var lived: [Residence] = []
    /// Under any record of the person.
    private(set) var everywhere: [Residence] = []
    private(set) var bodies: [BodyStanding] = []

    init(_ rows: Rows) throws {
        for index in 0..<rows.count {
            let row = rows[index]
            everywhere.append(try Residence(row, from: 0))
            guard try row.bool(9) else { continue }
            lived.append(try Residence(row, from: 0))
            try add(row.text(1), row, 4)
            try add(row.text(6), row, 7)
        }
    }

    private mutating func add(_ body: String, _ row: Row, _ column: Int) throws {
        guard !bodies.contains(where: { $0.body == body }) else { return }
        bodies.append(try BodyStanding(body, row, from: column))
    }
}

/// 書くお知らせ: a notice to an institution, written with the mark of its loss.
struct NewCheckNotice {
    let person: PersonKey
    let party: Party
    let content: CheckNotice

    static func insertion(of notices: [NewCheckNotice]) -> (Statement, [Value]) {
        let contents = notices.map(\.content)
        return (
            insert,
            [
                .uuids(notices.map { UUIDBytes($0.person) }),
                .uuids(notices.map { _ in UUIDBytes(RecordID.timeOrdered()) }),
                .uuids(contents.map { UUIDBytes($0.check) }),
                .uuids(contents.map { UUIDBytes($0.visit) }), .texts(notices.map(\.party.key)),
                .texts(contents.map(\.certificate.body)),
                .texts(contents.map(\.certificate.typeID)),
                .texts(contents.map(\.certificate.subKey)), .texts(contents.map(\.payerNumber)),
                .texts(contents.map(\.recipientNumber)),
                .days(contents.map(\.serviceDate.daysSince1970)),
                .texts(contents.map(\.change.told.rawValue)),
                .texts(contents.map(\.change.outcome.rawValue)),
                .days(contents.map { $0.change.day?.daysSince1970 }),
                .instants(contents.map(\.madeAt.microseconds)),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.check_notice (person, notice, check_entry, visit, party, body,
            certificate_type, sub_key, payer_number, recipient_number, service_day, told, outcome,
            outcome_day, made_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::date[], $12::text[], $13::text[],
            $14::date[], $15::timestamptz[])
        """)
}
