import Exchange
import Postgres

/// 月の区切り: the institutions of a month in the order of their codes, a few thousand claims at a time, so that a
/// month of a million is judged in the memory of one slice. Nothing is held together but what one institution
/// sends and what shares certificate and month of service, and the second comes along (`ClaimBooks`).
/// Vaccinations and checkups share nothing, and are counted here and read as slices come to them.
struct MonthPlan {
    struct Slice {
        /// Codes of the first and the last institution with claims; `nil`: only records.
        let codes: ClosedRange<Int>?
        /// Of all institutions in it, as verdicts name them, ascending.
        let institutions: [String]
        /// Who of them has records (`Party.key`), and how many those are.
        fileprivate let recorders: [String]
        fileprivate let recordCount: Int
        /// Whose records are read when it comes to this slice: of it and of those after it.
        fileprivate(set) var reads: [String] = []
    }

    /// 記録のある機関: vaccinations and checkups of one party in the month.
    struct Recorder {
        let party: String
        let institution: String
        let count: Int
    }

    /// A claim is about 300 bytes, those of the same people beside it twice as much, and what is known of
    /// them as much again: 10 MB. An institution is never parted: one of the most claims
    /// (`institutionCountMax`) is ten slices, 100 MB.
    static let sliceClaims = 5_000

    /// Some 200 bytes each, 4 MB; those of one institution in any case. Each time they are read, the month's
    /// are gone through once: a million in fifty times.
    static let recordsHeldMax = 20_000

    let body: String
    let month: ServiceMonth
    /// Never none: a month of records alone has slices too, and one of which all are gone has an empty one.
    let slices: [Slice]
    /// Payer numbers of the body's own register.
    let payers: Set<UInt32>

    init(
        _ body: String, _ month: ServiceMonth, claims: [(institution: Int, count: Int)],
        recorders: [Recorder], payers: Set<UInt32>
    ) {
        self.body = body
        self.month = month
        self.payers = payers
        slices = Self.reading(
            Self.slices(claims, Dictionary(grouping: recorders, by: \.institution)))
    }

    private static func slices(
        _ claims: [(institution: Int, count: Int)], _ recorders: [String: [Recorder]]
    ) -> [Slice] {
        var codes: [String: (code: Int, count: Int)] = [:]
        for (code, count) in claims { codes[name(ofInstitution: code)] = (code, count) }
        var slices: [Slice] = []
        var (names, found, theirs, count) = ([String](), [Int](), [Recorder](), 0)
        func close() {
            guard !names.isEmpty else { return }
            let range = found.min().flatMap { first in found.max().map { first...$0 } }
            slices.append(
                Slice(
                    codes: range, institutions: names, recorders: theirs.map(\.party),
                    recordCount: theirs.reduce(0) { $0 + $1.count }))
            (names, found, theirs, count) = ([], [], [], 0)
        }
        for name in Set(codes.keys).union(recorders.keys).sorted() {
            let own = recorders[name] ?? []
            let more = own.reduce(codes[name]?.count ?? 0) { $0 + $1.count }
            if count + more > sliceClaims { close() }
            names.append(name)
            if let code = codes[name]?.code { found.append(code) }
            theirs += own
            count += more
        }
        close()
        guard slices.isEmpty else { return slices }
        return [Slice(codes: nil, institutions: [], recorders: [], recordCount: 0)]
    }

    /// As many slices' records are read together as are held.
    private static func reading(_ slices: [Slice]) -> [Slice] {
        var slices = slices
        var (first, count) = (0, 0)
        for place in slices.indices {
            if count + slices[place].recordCount > recordsHeldMax { (first, count) = (place, 0) }
            slices[first].reads += slices[place].recorders
            count += slices[place].recordCount
        }
        return slices
    }

    static func name(ofInstitution code: Int) -> String {
        Claim.text(ofInstitution: UInt64(clamping: code)) ?? MonthSettlement.nobody
    }
}

/// 記録からの請求, and whose it is.
struct HeldRecordClaim {
    let claim: RecordClaim
    let person: PersonKey
}

extension Records {
    /// 大きな月の時間: one statement over a month of millions takes longer than one over a resident, and so does
    /// judging the largest institution between two of them.
    mutating func takeTime() throws {
        try transaction.run(Self.allowTime)
    }

    /// A month that was judged once is judged again when all of its records are gone: what was closed of them
    /// is open. Throws `.recordUnknown` for a month that never had a claim.
    mutating func planMonth(_ month: ServiceMonth) throws -> MonthPlan {
        let rows = try transaction.pipeline([
            (Self.countClaims, monthKey(month)), (Self.selectPayers, [.text(caller.party.code)]),
            (Self.countVaccinations, recordKey(month)), (Self.countCheckups, recordKey(month)),
            (Self.selectAnyRun, monthKey(month)),
        ])
        let claims = try rows[0].map { (institution: try $0.int(0), count: try $0.int(1)) }
        var counts: [String: Int] = [:]
        for found in rows[2...3] {
            for (party, count) in try found.map({ (try $0.text(0), try $0.int(1)) }) {
                counts[party, default: 0] += count
            }
        }
        guard !claims.isEmpty || !counts.isEmpty || rows[4].count > 0 else {
            throw Refusal.recordUnknown
        }
        return MonthPlan(
            caller.party.code, month, claims: claims,
            recorders: try counts.map { party, count in
                MonthPlan.Recorder(
                    party: party, institution: try Party(key: party).code, count: count)
            }, payers: Set(try rows[1].map { UInt32(try $0.text(0)) ?? 0 }))
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

    private static let selectAnyRun = Statement(
        "select run from exchange.claim_run where body = $1 and month = $2 limit 1")

    private static let selectPayers = Statement(
        """
        select distinct payer_number from exchange.entitlement
        where body = $1 and payer_number is not null
        """)

    private func recordKey(_ month: ServiceMonth) -> [Value] {
        [.text(caller.party.code), .day(Int(month.firstDay)), .day(Int(month.lastDay))]
    }

    /// 接種と健診の請求 of a municipality by some parties, by the day of service; those of a record that was
    /// withdrawn claim nothing, and the municipality claims nothing of itself. By institution, of each by day
    /// and id.
    mutating func recordClaims(
        of month: ServiceMonth, by parties: [String]
    ) throws -> [String: [HeldRecordClaim]] {
        let key = recordKey(month) + [.texts(parties)]
        let rows = try transaction.pipeline([
            (Self.selectVaccinations, key), (Self.selectCheckups, key),
        ])
        let fields = [RecordClaim.Field.immunization, .checkup]
        let found: [HeldRecordClaim] = try zip(rows, fields).flatMap { rows, field in
            try rows.map { row in
                let party = try row.text(3)
                let claim = RecordClaim(
                    field, id: (try row.uuid(1).record, try row.int(2)),
                    institution: try Party(key: party).code,
                    programme: (
                        try row.text(4), CalendarDay(daysSince1970: try row.day(5))
                    ), yen: (try row.optionalInt(6), try row.optionalInt(7) ?? 0),
                    refusal: try row.optionalText(8).flatMap(CheckupClaimRefusal.init(rawValue:)))
                return HeldRecordClaim(claim: claim, person: try row.uuid(0).person)
            }
        }
        return Dictionary(grouping: found, by: \.claim.institution).mapValues { records in
            records.sorted {
                ($0.claim.day, $0.claim.id.text) < ($1.claim.day, $1.claim.id.text)
            }
        }
    }

    private static let selectVaccinations = Statement(
        """
        select \(Survivors.sql(of: "c.person")), c.vaccination, c.version, v.party, c.programme, c.day,
            c.unit_yen,
            c.copayment_yen, null::text
        \(vaccinations) and v.party = any ($4)
        """)

    private static let countVaccinations = Statement(
        "select v.party, count(*) \(vaccinations) group by v.party")

    private static let vaccinations = """
        from exchange.vaccination_claim c
        join exchange.vaccination v on v.person = c.person and v.vaccination = c.vaccination
            and v.version = c.version
        where c.municipality = $1 and c.day between $2 and $3 and c.refusal is null
            and not exists (
                select 1 from exchange.vaccination_claim later
                where later.person = c.person and later.vaccination = c.vaccination
                    and later.version > c.version)
        """

    private static let selectCheckups = Statement(
        """
        select \(Survivors.sql(of: "c.person")), c.result, c.version, r.party, c.checkup, c.day, c.yen,
            0::bigint, c.refusal
        \(checkups) and r.party = any ($4)
        """)

    private static let countCheckups = Statement(
        "select r.party, count(*) \(checkups) group by r.party")

    private static let checkups = """
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
        """
}
