import Exchange
import Postgres

/// 償還払いの月: the cases of receipts of one certificate and month, and what the month holds, under the
/// lock of its row until the commit. Whoever applies, decides or bills comes after whoever did before, and
/// sees it: no two of them ever count from the same. A person's month is that of all their records (統合), and
/// the survivor's row is the lock of them all.
struct RefundBook: Sendable {
    struct Case: Sendable {
        let id: RecordID
        /// Under which it stands, and what is decided of it does.
        let record: PersonKey
        /// As they are kept, a receipt a line.
        let written: String
        let isApproved: Bool
        let isToReexamine: Bool
        /// As it was computed last.
        let yen: Int?
        let notes: String
        /// What an approval left borne is on file.
        let isCounted: Bool

        var receipts: [RefundRequest.Receipt] {
            written.split(separator: "\n").compactMap { RefundRequest.Receipt(line: $0) }
        }
    }

    let key: CapMonthKey
    /// 受給者証の版 that stand.
    let rows: [EntitlementVersion]
    /// In the order in which they came; none that was refused.
    let cases: [Case]
    /// Confirmed bills, and what approved cases left borne; `nil` where that of one is not known.
    let balance: CapBalance?
    /// 受給者証を使った会計 that are confirmed.
    let billed: [BilledDays]

    /// Those that wait for their decision.
    var open: [Case] { cases.filter { !$0.isApproved } }

    /// `kinds`: of consent, that whoever acts is shown.
    static func lock(
        _ transaction: inout Transaction, _ key: CapMonthKey, showing kinds: Value
    ) throws -> RefundBook {
        let values = values(key)
        let read = try transaction.pipeline([
            AdvisoryLock.sharing(mergesOf: [key.person]), (insertMonth, values),
            (lockMonth, values), (selectMonth, values),
            (selectRows, Array(values.prefix(4)) + [kinds]), (selectVisits, values),
            (selectCases, values), (selectBilled, values),
        ])
        let cases = try read[6].map { row in
            Case(
                id: try row.uuid(0).record, record: try row.uuid(7).person,
                written: try row.text(1),
                isApproved: try row.bool(2), isToReexamine: try row.bool(3),
                yen: try row.optionalInt(4), notes: try row.text(5),
                isCounted: try row.bool(6))
        }
        let balance = try Self.balance(read[3], read[5])
        let isKnown = cases.allSatisfy { !$0.isApproved || $0.isCounted }
        return RefundBook(
            key: key, rows: try read[4].map { try EntitlementVersion($0, from: 0) },
            cases: cases, balance: isKnown ? balance : nil,
            billed: try read[7].map { row in
                BilledDays(
                    institution: try Party(key: try row.text(0)).code,
                    day: CalendarDay(daysSince1970: try row.day(1)), days: try row.int(2),
                    isInpatient: try row.bool(3))
            })
    }

    private static func balance(_ rows: Rows, _ visits: Rows) throws -> CapBalance {
        var balance = CapBalance(confirmed: CapRun(), cost: 0, held: CapRun())
        for index in 0..<rows.count {
            let row = rows[index]
            balance.confirmed.add(share: try row.int(0), collected: try row.int(1))
            balance.cost += try row.int(2)
            balance.borne.add(share: try row.int(3), collected: try row.int(4))
            balance.meals += try row.int(5)
        }
        var counted: [RecordID: CountedVisit] = [:]
        for index in 0..<visits.count {
            let row = visits[index]
            counted[try row.uuid(0).record] = try CountedVisit(row, from: 1)
        }
        balance.visits = CountedVisit.inOrder(counted).map(\.visit)
        return balance
    }

    /// Whether the certificate was held on every day of these receipts, and its scheme is known.
    func holds(_ receipts: [RefundRequest.Receipt], _ subsidy: SubsidyRules) -> Bool {
        receipts.allSatisfy { receipt in
            let certificate = key.capMonth.certificate
            let isKnown = subsidy.programs(of: certificate.body, on: receipt.day).contains {
                $0.certificateTypeID == certificate.typeID
            }
            return isKnown
                && (0..<receipt.days).allSatisfy { offset in
                    let day = receipt.day.adding(days: offset)
                    return rows.contains { $0.covers(day) }
                }
        }
    }

    /// $1 to $5 of every statement on the month.
    static func values(_ key: CapMonthKey) -> [Value] {
        let certificate = key.capMonth.certificate
        return [
            .person(key.person), .text(certificate.body), .text(certificate.typeID),
            .text(certificate.subKey), .day(Int(key.capMonth.month.firstDay)),
        ]
    }
}

extension RefundBook {
    private static let insertMonth = Statement(
        """
        insert into exchange.cap_month (person, body, certificate_type, sub_key, month)
        values ($1, $2, $3, $4, $5)
        on conflict (person, body, certificate_type, sub_key, month) do nothing
        """)

    /// The lock that bills of the month take as well.
    private static let lockMonth = Statement(
        """
        select position from exchange.cap_month
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
        for update
        """)

    private static let selectMonth = Statement(
        """
        select m.share, m.collected, m.cost, m.borne_share, m.borne_collected, m.meals
        from exchange.cap_month m
        where m.person = any (\(Survivors.records(of: "$1"))) and m.body = $2
            and m.certificate_type = $3 and m.sub_key = $4 and m.month = $5
        """)

    private static let selectRows = Statement(
        """
        select \(EntitlementVersion.columns) from exchange.entitlement e
        where e.person = $1 and e.body = $2 and e.certificate_type = $3 and e.sub_key = $4
            and \(EntitlementRow.isCurrent)
            and ($5::text[] is null or e.consent_kind = any ($5))
        order by e.valid_from
        """)

    /// 受診 that count, for a scheme that counts visits or days: bills that were confirmed, and receipts of
    /// cases that were approved.
    private static let selectVisits = Statement(
        """
        select \(CountedVisit.columnsOfBill) from exchange.bill m \(CountedVisit.reservation)
        where \(isOfMonth) and m.status = 'confirmed' and not exists (
            select 1 from exchange.bill later
            where later.person = m.person and later.bill = m.bill and later.version > m.version)
        union all
        select \(CountedVisit.columnsOfReceipt) from exchange.refund_borne m where \(isOfMonth)
        """)

    /// Of rows `m`, whichever of the person's records they are of.
    private static let isOfMonth = """
        m.person = any (\(Survivors.records(of: "$1"))) and m.body = $2
            and m.certificate_type = $3 and m.sub_key = $4 and m.month = $5
        """

    private static let selectBilled = Statement(
        """
        select b.party, b.day, b.days, b.is_inpatient from exchange.bill b
        where b.person = any (\(Survivors.records(of: "$1"))) and b.body = $2
            and b.certificate_type = $3 and b.sub_key = $4 and b.month = $5
            and b.status = 'confirmed' and not exists (
                select 1 from exchange.bill later
                where later.person = b.person and later.bill = b.bill
                    and later.version > b.version)
        """)

    private static let selectCases = Statement(
        """
        select q.refund, q.receipts, a.decision is not null, coalesce(s.is_to_reexamine, false),
            case when s.version is null then q.yen else s.yen end, coalesce(s.notes, q.notes),
            exists (
                select 1 from exchange.refund_borne b
                where b.person = q.person and b.refund = q.refund), q.person
        from exchange.refund_request q
        left join lateral (
            select decision from exchange.refund_answer
            where person = q.person and refund = q.refund order by version limit 1) a on true
        left join lateral (
            select version, yen, notes, is_to_reexamine from exchange.refund_reckoning
            where person = q.person and refund = q.refund
            order by version desc limit 1) s on true
        where q.person = any (\(Survivors.records(of: "$1"))) and q.body = $2
            and q.certificate_type = $3 and q.sub_key = $4 and q.month = $5
            and a.decision is distinct from 'refused'
        order by q.at, q.refund
        """)
}
