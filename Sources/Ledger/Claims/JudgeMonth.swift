import Crypto
import Exchange
import Postgres

/// 判定の一行: one claim of a run as it is kept.
private struct VerdictLine {
    let claim: String
    let person: PersonKey?
    let institution: String
    let standing: ClaimStanding
    let isReopened: Bool
    let told: String
}

/// 月の判定: what a month comes to after its last institution.
struct JudgedMonth {
    fileprivate(set) var settlement = MonthSettlement()
    /// SHA-256 of the rows: by it two runs are the same, and by it a closing names what it closes.
    fileprivate(set) var digest: [UInt8] = []
    fileprivate(set) var persons: Set<PersonKey> = []
    /// 記した行: none where nothing was to be written.
    fileprivate(set) var lines = 0
    fileprivate(set) var reopened = 0
    /// 接種と健診の請求.
    fileprivate var records = 0

    fileprivate init() {}
}

/// 区切りの判定: some institutions of a month, with what was read of them.
private struct JudgedSlice {
    enum Line {
        /// By its place in the batch.
        case claim(Int)
        case record(HeldRecordClaim)
    }

    let report: MonthReport
    let records: [HeldRecordClaim]
    let books: ClaimBooks
    let checks: [Int: RecordID]
    let holders: [CertificateNumber: PersonKey]
    let unverified: Set<String>

    /// In the order in which the claims came, records last.
    var lines: [Line] {
        let claims = report.batch.claims
        let own = claims.indices.filter { !claims[$0].marks.contains(.earlier) }
        return own.map { Line.claim($0) } + records.map { Line.record($0) }
    }

    /// A closed claim is open again when it is judged otherwise and still claims, or is to be sent again.
    /// `closed`: what the newest closing's run told of each.
    func verdict(_ line: Line, comparedWith closed: [String: String]) -> VerdictLine {
        switch line {
        case .claim(let index):
            let claim = report.batch.claims[index]
            let id = books.places[index].text
            let told = report.told(index, check: checks[index]?.text)
            let isJudgedOtherwise = closed[id].map { !ToldClaim.isSame($0, told) } ?? false
            let isOut = claim.marks.contains(.withdrawn) && !claim.isToBeSentAgain
            return VerdictLine(
                claim: id,
                person: report.batch.parts(of: index).lazy
                    .compactMap { holders[$0.certificate] }.first,
                institution: Claim.text(ofInstitution: claim.institution)
                    ?? MonthSettlement.nobody,
                standing: report.verdicts.standings[index],
                isReopened: !isOut && isJudgedOtherwise, told: told)
        case .record(let held):
            let record = held.claim
            let (id, told) = (record.id.text, record.told)
            return VerdictLine(
                claim: id, person: held.person, institution: record.institution,
                standing: record.standing,
                isReopened: closed[id].map { !ToldClaim.isSame($0, told) } ?? false, told: told)
        }
    }
}

extension Records {
    /// Reads and judges slice after slice; of `run`, where one is to be written, verdicts and statements are
    /// written as they come. Throws `.rulesUnknown`, `.tooMany("claims")`.
    mutating func judge(
        _ plan: MonthPlan, writing run: NewRun? = nil, rules: RuleBook,
        kept: (String) throws -> RuleBook
    ) throws -> JudgedMonth {
        var judged = JudgedMonth()
        var hash = SHA256()
        var recordHash = SHA256()
        var records: [String: [HeldRecordClaim]] = [:]
        for slice in plan.slices {
            if !slice.reads.isEmpty {
                records = try recordClaims(of: plan.month, by: slice.reads)
            }
            let theirs = slice.institutions.flatMap { records[$0] ?? [] }
            let part = try judge(slice, theirs, of: plan, rules: rules, kept: kept)
            MonthSettlement.forEachDigested(of: part.report) { hash.update(data: $0) }
            let claims = theirs.map(\.claim)
            MonthSettlement.forEachDigested(of: claims) { recordHash.update(data: $0) }
            judged.settlement.add(part.report, claims, unverified: part.unverified)
            judged.persons.formUnion(part.holders.values)
            judged.persons.formUnion(theirs.map(\.person))
            judged.records += theirs.count
            if let run { try write(part, slice, of: plan, run, into: &judged) }
        }
        // Of a month without records the digest is that of its claims alone.
        if judged.records > 0 { hash.update(data: Array(recordHash.finalize())) }
        judged.settlement.forEachDigestedLast { hash.update(data: $0) }
        judged.digest = Array(hash.finalize())
        return judged
    }

    private mutating func judge(
        _ slice: MonthPlan.Slice, _ records: [HeldRecordClaim], of plan: MonthPlan,
        rules: RuleBook, kept: (String) throws -> RuleBook
    ) throws -> JudgedSlice {
        guard let claimRules = rules.claims else { throw Refusal.rulesUnknown }
        var books = ClaimBooks()
        if let codes = slice.codes {
            books = try ClaimBooks.load(&transaction, plan.body, plan.month, of: codes)
        }
        var facts = try MonthFacts(books, of: plan.body, rules)
        try facts.load(&transaction, payers: plan.payers, rules: kept)
        var run = MonthRun(
            rules: claimRules, month: plan.month, files: books.files, batch: books.batch,
            recipients: books.recipients)
        facts.recompute(&run)
        run.facts = facts.facts
        return JudgedSlice(
            report: run.report(), records: records, books: books, checks: facts.checks,
            holders: facts.persons, unverified: facts.reckoning.unverified)
    }

    private mutating func write(
        _ part: JudgedSlice, _ slice: MonthPlan.Slice, of plan: MonthPlan, _ run: NewRun,
        into judged: inout JudgedMonth
    ) throws {
        let key = monthKey(plan.month) + [.int(run.number)]
        var closed: [String: String] = [:]
        if let closedRun = run.closedRun {
            let rows = try transaction.query(
                Self.selectClosed,
                monthKey(plan.month) + [.int(closedRun), .texts(slice.institutions)])
            for index in 0..<rows.count {
                closed[try rows[index].text(0)] = try rows[index].text(1)
            }
        }
        let lines = part.lines
        for start in stride(from: 0, to: lines.count, by: MonthPlan.sliceClaims) {
            let some = lines[start..<min(start + MonthPlan.sliceClaims, lines.count)].map {
                part.verdict($0, comparedWith: closed)
            }
            try transaction.run(
                Self.insertVerdicts,
                key + [
                    .ints(some.indices.map { judged.lines + $0 + 1 }), .texts(some.map(\.claim)),
                    .uuids(some.map { $0.person.map { UUIDBytes($0) } }),
                    .texts(some.map(\.institution)), .texts(some.map(\.standing.rawValue)),
                    .bools(some.map(\.isReopened)), .texts(some.map(\.told)),
                ])
            judged.lines += some.count
            judged.reopened += some.count(where: \.isReopened)
        }
        let statements = MonthSettlement.statements(
            of: part.report, part.records.map(\.claim))
        try transaction.run(
            Self.insertStatements,
            key + [
                .texts(statements.map(\.institution)), .ints(statements.map(\.count)),
                .bytesArray(statements.map(\.rows)),
            ])
    }

    private static let selectClosed = Statement(
        """
        select claim, told from exchange.claim_verdict
        where body = $1 and month = $2 and run = $3 and institution = any ($4)
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
