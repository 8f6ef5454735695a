import Exchange
import Postgres

/// 月の区切り: the institutions of a month in the order of their codes, a few thousand claims at a time, so that a
/// month of a million is judged in the memory of one slice. Nothing is held together but what one institution
/// sends and what shares certificate and month of service, and the second comes along (`ClaimBooks`).
struct MonthPlan {
    struct Slice {
        /// Codes of the first and the last institution with claims; `nil`: only records.
        let codes: ClosedRange<Int>?
        /// Of all institutions in it, as verdicts name them.
        let institutions: [String]
        let records: [RecordClaim]
    }

    /// A claim is about 300 bytes, those of the same people beside it twice as much, and what is known of
    /// them as much again: 10 MB. An institution is never parted: one of the most claims
    /// (`institutionCountMax`) is ten slices, 100 MB.
    static let sliceClaims = 5_000

    let body: String
    let month: ServiceMonth
    /// Never none: a month of records alone is one slice.
    let slices: [Slice]
    let records: [RecordClaim]
    let holdersOfRecords: [RecordID: PersonKey]
    /// Payer numbers of the body's own register.
    let payers: Set<UInt32>

    init(
        _ body: String, _ month: ServiceMonth, claims: [(institution: Int, count: Int)],
        records: [(claim: RecordClaim, person: PersonKey)], payers: Set<UInt32>
    ) {
        self.body = body
        self.month = month
        self.payers = payers
        self.records = records.map(\.claim)
        holdersOfRecords = Dictionary(
            records.map { ($0.claim.id, $0.person) }, uniquingKeysWith: { first, _ in first })
        slices = Self.slices(claims, Dictionary(grouping: self.records, by: \.institution))
    }

    private static func slices(
        _ claims: [(institution: Int, count: Int)], _ records: [String: [RecordClaim]]
    ) -> [Slice] {
        var codes: [String: (code: Int, count: Int)] = [:]
        for (code, count) in claims { codes[name(ofInstitution: code)] = (code, count) }
        var slices: [Slice] = []
        var (names, found, theirs, count) = ([String](), [Int](), [RecordClaim](), 0)
        func close() {
            guard !names.isEmpty else { return }
            let range = found.min().flatMap { first in found.max().map { first...$0 } }
            slices.append(Slice(codes: range, institutions: names, records: theirs))
            (names, found, theirs, count) = ([], [], [], 0)
        }
        for name in Set(codes.keys).union(records.keys).sorted() {
            let more = (codes[name]?.count ?? 0) + (records[name]?.count ?? 0)
            if count + more > sliceClaims { close() }
            names.append(name)
            if let code = codes[name]?.code { found.append(code) }
            theirs += records[name] ?? []
            count += more
        }
        close()
        return slices
    }

    static func name(ofInstitution code: Int) -> String {
        Claim.text(ofInstitution: UInt64(clamping: code)) ?? MonthSettlement.nobody
    }
}

extension Records {
    /// 大きな月の時間: one statement over a month of millions takes longer than one over a resident, and so does
    /// judging the largest institution between two of them.
    mutating func takeTime() throws {
        try transaction.run(Self.allowTime)
    }

    /// Throws `.recordUnknown` for a month without any claim.
    mutating func planMonth(_ month: ServiceMonth) throws -> MonthPlan {
        let rows = try transaction.pipeline([
            (Self.countClaims, monthKey(month)), (Self.selectPayers, [.text(caller.party.code)]),
        ])
        let claims = try rows[0].map { (institution: try $0.int(0), count: try $0.int(1)) }
        let records = try recordClaims(of: month)
        guard !claims.isEmpty || !records.isEmpty else { throw Refusal.recordUnknown }
        return MonthPlan(
            caller.party.code, month, claims: claims, records: records,
            payers: Set(try rows[1].map { UInt32(try $0.text(0)) ?? 0 }))
    }

    /// A minute: two million rows by index, and as many keys that are looked at once more at the commit. The
    /// largest slice is 50,000 claims and 100,000 beside them, some seconds of a busy core.
    private static let allowTime = Statement(
        """
        select set_config('statement_timeout', '60000', true),
            set_config('idle_in_transaction_session_timeout', '60000', true)
        """)

    private static let countClaims = Statement(
        """
        select c.institution, count(*) from exchange.claim_file f
        join exchange.claim c on c.file = f.file
        where f.body = $1 and f.month = $2 group by c.institution
        """)

    private static let selectPayers = Statement(
        """
        select distinct payer_number from exchange.entitlement
        where body = $1 and payer_number is not null
        """)

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
