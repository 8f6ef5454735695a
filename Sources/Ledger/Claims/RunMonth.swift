import Crypto
package import Exchange
import Postgres

/// 照合の実行: one run of a month as it is kept.
package struct MonthRunRecord: Sendable {
    package let month: ServiceMonth
    /// From 1.
    package let run: Int
    package let rulesVersion: String
    package let digest: [UInt8]
    /// As JSON: in all, by scheme, by institution, and of records.
    package let totals: String
    package let unverified: [String]
    package let claims: Int
    package let reopened: Int
    package let madeAt: Instant
    /// The newest closing of the month; 0 before the first.
    package let closing: Int
}

extension Records {
    /// Reconciles a month of the caller's with what is known now. The same claims, facts and rules give the
    /// same run again; anything else makes a new one, and the old ones stay. Run, verdicts, statements and
    /// an entry for everybody in it are one commit; a crash leaves all of it or nothing.
    ///
    /// Of a closed month it says which of the closed claims are judged otherwise now, and changes nothing
    /// of the closing. Throws `.recordUnknown` for a month without any claim, `.rulesUnknown`.
    package mutating func runMonth(
        _ month: ServiceMonth, rules: RuleBook, kept: (String) throws -> RuleBook
    ) throws -> MonthRunRecord {
        try lockMonth(month)
        let settled = try settle(month, rules: rules, kept: kept)
        let digest = settled.settlement.digest
        enterAll(settled.persons, basis: month)
        let known = try transaction.pipeline([
            (Self.selectNewestRun, monthKey(month)), (Self.selectClosedRun, monthKey(month)),
        ])
        let newest = try known[0].first.map { try MonthRunRecord($0, of: month) }
        if let newest, newest.digest == digest, newest.rulesVersion == rules.version {
            return newest
        }
        let closed = try ClosedVerdicts(known[1])
        let lines = settled.lines(comparedWith: closed)
        let record = MonthRunRecord(
            month: month, run: (newest?.run ?? 0) + 1, rulesVersion: rules.version,
            digest: digest, totals: settled.settlement.totals,
            unverified: settled.settlement.unverified, claims: lines.count,
            reopened: lines.count(where: \.isReopened), madeAt: now, closing: closed.number)
        try keep(record, lines, settled.settlement.statements)
        return record
    }

    private mutating func keep(
        _ record: MonthRunRecord, _ lines: [VerdictLine],
        _ statements: [MonthSettlement.Statement]
    ) throws {
        let key = monthKey(record.month) + [.int(record.run)]
        try transaction.run(
            Self.insertRun,
            key + [
                .text(record.rulesVersion), .bytes(record.digest), .text(record.totals),
                .texts(record.unverified), .int(record.claims), .int(record.reopened),
                .text(caller.party.key), .time(now),
            ])
        for start in stride(from: 0, to: lines.count, by: 5_000) {
            let some = lines[start..<min(start + 5_000, lines.count)]
            try transaction.run(
                Self.insertVerdicts,
                key + [
                    .ints(some.indices.map { $0 + 1 }), .texts(some.map(\.claim)),
                    .uuids(some.map { $0.person.map { UUIDBytes($0) } }),
                    .texts(some.map(\.institution)), .texts(some.map(\.standing.rawValue)),
                    .bools(some.map(\.isReopened)), .texts(some.map(\.told)),
                ])
        }
        try transaction.run(
            Self.insertStatements,
            key + [
                .texts(statements.map(\.institution)), .ints(statements.map(\.count)),
                .bytesArray(statements.map(\.rows)),
            ])
    }

    mutating func enterAll(_ persons: some Collection<PersonKey>, basis month: ServiceMonth) {
        for person in persons { enter(person, basis: "{\"month\":\"\(month.text)\"}") }
        if persons.isEmpty { enter(nil) }
    }

    static let selectNewestRun = Statement(
        """
        select \(MonthRunRecord.columns) from exchange.claim_run r
        where r.body = $1 and r.month = $2 order by r.run desc limit 1
        """)

    private static let selectClosedRun = Statement(
        """
        select c.closing, v.claim, v.told from (
            select closing, run from exchange.claim_closing where body = $1 and month = $2
            order by closing desc limit 1) c
        left join exchange.claim_verdict v on v.body = $1 and v.month = $2 and v.run = c.run
        """)

    private static let insertRun = Statement(
        """
        insert into exchange.claim_run (body, month, run, rules, digest, totals, unverified, claims,
            reopened, party, made_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        """)

    private static let insertVerdicts = Statement(
        """
        insert into exchange.claim_verdict (body, month, run, ordinal, claim, person, institution,
            standing, is_reopened, told)
        select $1, $2, $3, v.* from unnest($4::bigint[], $5::text[], $6::uuid[], $7::text[],
            $8::text[], $9::boolean[], $10::text[]) v
        """)

    private static let insertStatements = Statement(
        """
        insert into exchange.claim_statement (body, month, run, institution, claims, rows)
        select $1, $2, $3, s.* from unnest($4::text[], $5::bigint[], $6::bytea[]) s
        """)
}

extension MonthRunRecord {
    /// Of a run `r`.
    static let columns = """
        r.run, r.rules, r.digest, r.totals, r.unverified, r.claims, r.reopened, r.made_at, coalesce((
                select max(c.closing) from exchange.claim_closing c
                where c.body = r.body and c.month = r.month), 0)
        """

    init(_ row: Row, of month: ServiceMonth) throws {
        self.init(
            month: month, run: try row.int(0), rulesVersion: try row.text(1),
            digest: try row.bytes(2), totals: try row.text(3), unverified: try row.texts(4),
            claims: try row.int(5), reopened: try row.int(6),
            madeAt: Instant(microseconds: try row.instant(7)), closing: try row.int(8))
    }
}

extension MonthSettlement {
    /// SHA-256 of the rows: by it two runs are the same, and by it a closing names what it closes.
    var digest: [UInt8] {
        var hash = SHA256()
        forEachDigested { hash.update(data: $0) }
        return Array(hash.finalize())
    }
}

/// What the newest closing's run told of each claim.
private struct ClosedVerdicts {
    private(set) var number = 0
    private(set) var told: [String: String] = [:]

    init(_ rows: Rows) throws {
        for index in 0..<rows.count {
            number = try rows[index].int(0)
            guard let claim = try rows[index].optionalText(1) else { continue }
            told[claim] = try rows[index].text(2)
        }
    }
}

/// 判定の一行: one claim of a run as it is kept.
struct VerdictLine {
    let claim: String
    let person: PersonKey?
    let institution: String
    let standing: ClaimStanding
    let isReopened: Bool
    let told: String
}

/// 月の照合の結果 before it is kept.
struct SettledMonth {
    let settlement: MonthSettlement
    let books: ClaimBooks
    let persons: Set<PersonKey>
    let checks: [Int: RecordID]
    let holders: [CertificateNumber: PersonKey]
    let holdersOfRecords: [RecordID: PersonKey]

    /// In the order of the batch, records last. A closed claim is open again when what is told of it
    /// changed and it still claims.
    fileprivate func lines(comparedWith closed: ClosedVerdicts) -> [VerdictLine] {
        let report = settlement.report
        var lines: [VerdictLine] = []
        lines.reserveCapacity(report.batch.claims.count + settlement.records.count)
        for (index, claim) in report.batch.claims.enumerated()
        where !claim.marks.contains(.earlier) {
            let id = books.places[index].text
            let told = report.told(index, check: checks[index]?.text)
            let before = closed.told[id]
            lines.append(
                VerdictLine(
                    claim: id,
                    person: report.batch.parts(of: index).lazy
                        .compactMap { holders[$0.certificate] }.first,
                    institution: Claim.text(ofInstitution: claim.institution)
                        ?? MonthSettlement.nobody,
                    standing: report.verdicts.standings[index],
                    isReopened: !claim.marks.contains(.withdrawn) && before != nil
                        && before != told, told: told))
        }
        for record in settlement.records {
            let before = closed.told[record.id.text]
            lines.append(
                VerdictLine(
                    claim: record.id.text, person: holdersOfRecords[record.id],
                    institution: record.institution, standing: record.standing,
                    isReopened: before != nil && before != record.told, told: record.told))
        }
        return lines
    }
}

extension Records {
    /// Reads and judges; nothing is written.
    mutating func settle(
        _ month: ServiceMonth, rules: RuleBook, kept: (String) throws -> RuleBook
    ) throws -> SettledMonth {
        guard let claimRules = rules.claims else { throw Refusal.rulesUnknown }
        let body = caller.party.code
        let books = try ClaimBooks.load(&transaction, body, month)
        var facts = try MonthFacts(books, of: body, rules)
        try facts.load(&transaction, rules: kept)
        var run = MonthRun(
            rules: claimRules, month: month, files: books.files, batch: books.batch,
            recipients: books.recipients)
        facts.recompute(&run)
        run.facts = facts.facts
        let records = try recordClaims(of: month)
        guard !books.batch.claims.isEmpty || !records.isEmpty else { throw Refusal.recordUnknown }
        let settlement = MonthSettlement(
            run.report(), records: records.map(\.claim), unverified: facts.reckoning.unverified)
        return SettledMonth(
            settlement: settlement, books: books,
            persons: Set(facts.persons.values).union(records.map(\.person)),
            checks: facts.checks, holders: facts.persons,
            holdersOfRecords: Dictionary(
                records.map { ($0.claim.id, $0.person) }, uniquingKeysWith: { first, _ in first }))
    }

    /// 接種と健診の請求 of a municipality, by the day of service; those of a record that was withdrawn claim
    /// nothing, and the municipality claims nothing of itself.
    private mutating func recordClaims(of month: ServiceMonth) throws -> [(
        claim: RecordClaim, person: PersonKey
    )] {
        let key: [Value] = [
            .text(caller.party.code), .day(Int(month.firstDay)), .day(Int(month.lastDay)),
        ]
        let rows = try transaction.pipeline([
            (Self.selectVaccinations, key), (Self.selectCheckups, key),
        ])
        return try zip(rows, [RecordClaim.Field.immunization, .checkup]).flatMap { rows, field in
            try rows.map { row in
                let party = try row.text(3)
                let claim = RecordClaim(
                    field, id: (try row.uuid(1).record, try row.int(2)),
                    institution: try Party(key: party).code,
                    programme: (
                        try row.text(4), CalendarDay(daysSince1970: try row.day(5))
                    ), yen: (try row.optionalInt(6), try row.optionalInt(7) ?? 0),
                    refusal: try row.optionalText(8).flatMap(CheckupClaimRefusal.init(rawValue:)))
                return (claim, try row.uuid(0).person)
            }
        }
    }

    private static let selectVaccinations = Statement(
        """
        select \(Survivors.sql(of: "c.person")), c.vaccination, c.version, v.party, c.programme, c.day,
            c.unit_yen,
            c.copayment_yen, null::text
        from exchange.vaccination_claim c
        join exchange.vaccination v on v.person = c.person and v.vaccination = c.vaccination
            and v.version = c.version
        where c.municipality = $1 and c.day between $2 and $3 and c.refusal is null
            and not exists (
                select 1 from exchange.vaccination_claim later
                where later.person = c.person and later.vaccination = c.vaccination
                    and later.version > c.version)
        """)

    private static let selectCheckups = Statement(
        """
        select \(Survivors.sql(of: "c.person")), c.result, c.version, r.party, c.checkup, c.day, c.yen,
            0::bigint, c.refusal
        from exchange.checkup_line c
        join exchange.checkup_result r on r.person = c.person and r.result = c.result
            and r.version = c.version
        where c.municipality = $1 and c.day between $2 and $3
            and coalesce(c.refusal, '') not in ('withdrawn', 'not-examined')
            and r.party <> 'municipality:' || $1
            and not exists (
                select 1 from exchange.checkup_line later
                where later.person = c.person and later.result = c.result
                    and later.version > c.version)
        """)
}
