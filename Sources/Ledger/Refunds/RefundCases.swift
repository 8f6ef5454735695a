package import Exchange
import Postgres

/// 保存された償還払い: a case, with whose it is and the certificate as the body knows it.
package struct HeldRefund: Sendable {
    package let person: PersonKey
    package let payerNumber: String?
    package let recipientNumber: String?
    package let refund: RefundCase
}

extension Records {
    /// 申請: keeps the receipts of one month and what is due back of them, computed after what the month's cap
    /// holds now. The same application again is the case as it is held.
    ///
    /// Throws `.refundNotHeld` where the resident holds no such certificate on a day of a receipt,
    /// `.refundAsked` for a receipt of another application that was not refused, `.rulesUnknown`.
    package mutating func requestRefund(
        _ request: RefundRequest, by person: PersonKey, rules: RuleBook
    ) throws -> RefundCase {
        guard let copayment = rules.copayment else { throw Refusal.rulesUnknown }
        let held = request.certificate
        let key: [Value] = [
            .person(person), .text(held.body), .text(held.typeID), .text(held.subKey),
            .day(Int(request.month.firstDay)),
        ]
        let read = try transaction.pipeline([
            (Self.selectRows, Array(key.prefix(4)) + [kindsShown]),
            (Self.selectMonth, key), (Self.selectAsked, key), (Self.selectVisits, key),
        ])
        let receipts = request.written
        let asked = try read[2].map { (try $0.uuid(0).record, try $0.text(1)) }
        if let same = asked.first(where: { $0.1 == receipts }) {
            return try refund(same.0, of: person)
        }
        let others = Set(asked.flatMap { RefundRequest.receipts(in: $0.1) })
        guard others.isDisjoint(with: RefundRequest.receipts(in: receipts)) else {
            throw Refusal.refundAsked
        }
        let rows = try read[0].map { try EntitlementVersion($0, from: 0) }
        let first = request.receipts[0].day
        let row = rows.first { $0.covers(first) }
        let isHeld = request.receipts.allSatisfy { receipt in
            rows.contains { $0.covers(receipt.day) && $0.covers(receipt.lastDay) }
        }
        let program = rules.subsidy.programs(of: held.body, on: first).first {
            $0.certificateTypeID == held.typeID
        }
        guard let row, isHeld, let program else { throw Refusal.refundNotHeld }
        let sum = RefundSum(
            request, row, program, copayment, after: try Self.balance(read[1], read[3]))
        let id = RecordID.timeOrdered()
        try transaction.run(
            Self.insertRequest,
            key + [
                .id(id), .text(receipts), .int(request.paid), .orNull(sum.yen),
                .text(sum.notes.face), .text(rules.version), .text(caller.party.key), .time(now),
            ])
        return try refund(id, of: person)
    }

    private static func balance(_ rows: Rows, _ visits: Rows) throws -> CapBalance {
        var balance = CapBalance(confirmed: CapRun(), cost: 0, held: CapRun())
        if let row = rows.first {
            balance.confirmed = CapRun(share: try row.int(0), collected: try row.int(1))
            balance.cost = try row.int(2)
        }
        balance.visits = try visits.map { row in
            CapVisit(
                day: CalendarDay(daysSince1970: try row.day(0)).day, days: try row.int(1),
                isInpatient: try row.bool(2), share: try row.int(3))
        }
        return balance
    }

    private mutating func refund(_ id: RecordID, of person: PersonKey) throws -> RefundCase {
        let rows = try transaction.query(Self.selectOne, [.person(person), .id(id)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        return try RefundCase(row)
    }

    /// The newest cases of a resident, of both kinds.
    package mutating func ownRefunds(of person: PersonKey, limit: Int) throws -> [RefundCase] {
        try transaction.query(
            Self.selectOwn, [.person(person), .int(limit), kindsShown]
        ).map { try RefundCase($0) }
    }

    /// Cases of the caller's certificates, the oldest first, with an entry for everybody shown; `status`
    /// narrows them.
    package mutating func refunds(
        _ status: RefundStatus?, offset: Int, limit: Int
    ) throws -> (cases: [HeldRefund], total: Int) {
        let rows = try transaction.query(
            Self.selectOfBody,
            [
                .text(caller.party.code), .orNull(status?.rawValue), .int(offset), .int(limit),
            ])
        let cases = try rows.map { try HeldRefund($0) }
        for person in Set(cases.map(\.person)) { enter(person) }
        if cases.isEmpty { enter(nil) }
        return (cases, try rows.first.map { try $0.int(18) } ?? 0)
    }

    /// 決定: answers a case of the caller's; the same answer again changes nothing.
    ///
    /// Throws `.recordUnknown` for another body's in the same words as for none, `.refundAnswered` where the
    /// answer cannot follow, or an approval names no amount and none was computed.
    package mutating func answerRefund(
        _ id: RecordID, _ answer: RefundAnswer
    ) throws -> HeldRefund {
        let key: [Value] = [.text(caller.party.code), .id(id)]
        guard let held = try transaction.query(Self.selectOfBodyOne, key).first.map(HeldRefund.init)
        else { throw Refusal.recordUnknown }
        subject.person = held.person
        enter(held.person)
        let last = held.refund.answer
        let isSame =
            last?.decision == answer.decision && last?.day == answer.day
            && last?.ground == answer.ground
            && (answer.yen == nil || answer.yen == last?.yen)
        if isSame { return held }
        let yen = answer.decision == .approved ? answer.yen ?? held.refund.yen : nil
        guard !held.refund.isWithdrawn, answer.follows(last),
            answer.decision != .approved || yen != nil
        else { throw Refusal.refundAnswered }
        try transaction.run(
            Self.insertAnswer,
            [
                .person(held.person), .id(id), .text(answer.decision.rawValue), .orNull(yen),
                .orNull(answer.ground?.rawValue), .day(answer.day), .text(caller.party.key),
                .time(now),
            ])
        guard let row = try transaction.query(Self.selectOfBodyOne, key).first else {
            throw Refusal.recordUnknown
        }
        return try HeldRefund(row)
    }
}

extension RefundCase {
    /// Of a case `m`.
    fileprivate static let columns = """
        m.refund, \(CapMonth.columns), m.paid, m.yen, m.notes, m.is_withdrawn, m.at, m.decision,
            m.granted, m.ground, m.day, m.above
        """

    fileprivate init(_ row: Row, from column: Int = 0) throws {
        let decision = try row.optionalText(column + 10).flatMap(RefundAnswer.Decision.init)
        let day = try row.optionalDay(column + 13).map(CalendarDay.init(daysSince1970:))
        var answer: RefundAnswer?
        if let decision, let day {
            answer = RefundAnswer(
                decision: decision, yen: try row.optionalInt(column + 11),
                ground: try row.optionalText(column + 12).flatMap(RefundAnswer.Ground.init),
                day: day)
        }
        self.init(
            id: try row.uuid(column).record, capMonth: try CapMonth(row, from: column + 1),
            origin: try row.optionalInt(column + 5).map { .receipts(paid: $0) }
                ?? (row.text(column + 14) == RefundVersion.Above.year.rawValue
                    ? .overYear : .overCap),
            yen: try row.optionalInt(column + 6),
            steps: try [BillNote](face: try row.text(column + 7)),
            since: Instant(microseconds: try row.instant(column + 9)),
            isWithdrawn: try row.bool(column + 8), answer: answer)
    }
}

extension HeldRefund {
    fileprivate init(_ row: Row) throws {
        self.init(
            person: try row.uuid(0).person, payerNumber: try row.optionalText(1),
            recipientNumber: try row.optionalText(2), refund: try RefundCase(row, from: 3))
    }
}

extension RefundRequest {
    /// As the ledger keeps them: one receipt a line.
    fileprivate var written: String {
        receipts.map { receipt in
            "\(receipt.institution) \(receipt.day.text) \(receipt.cost) \(receipt.percent) "
                + "\(receipt.paid)" + (receipt.isInpatient ? " inpatient \(receipt.days)" : "")
        }.joined(separator: "\n")
    }

    /// 同じ領収書: institution, day and cost, whatever else was typed of it.
    fileprivate static func receipts(in written: String) -> Set<String> {
        Set(
            written.split(separator: "\n").map {
                $0.split(separator: " ").prefix(3).joined(separator: " ")
            })
    }
}

extension Records {
    private static let selectRows = Statement(
        """
        select \(EntitlementVersion.columns) from exchange.entitlement e
        where e.person = $1 and e.body = $2 and e.certificate_type = $3 and e.sub_key = $4
            and \(EntitlementRow.isCurrent)
            and ($5::text[] is null or e.consent_kind = any ($5))
        order by e.valid_from
        """)

    private static let selectMonth = Statement(
        """
        select share, collected, cost from exchange.cap_month
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
        """)

    /// 受診 that were confirmed, in the order of their bills, for a scheme that counts visits or days.
    private static let selectVisits = Statement(
        """
        select b.day, b.days, b.is_inpatient, b.share from exchange.bill b
        where b.person = $1 and b.body = $2 and b.certificate_type = $3 and b.sub_key = $4
            and b.month = $5 and b.status = 'confirmed' and not exists (
                select 1 from exchange.bill later
                where later.person = b.person and later.bill = b.bill
                    and later.version > b.version)
        order by b.bill
        """)

    private static let selectAsked = Statement(
        """
        select q.refund, q.receipts from exchange.refund_request q
        where q.person = $1 and q.body = $2 and q.certificate_type = $3 and q.sub_key = $4
            and q.month = $5
            and not exists (
                select 1 from exchange.refund_answer a
                where a.person = q.person and a.refund = q.refund and a.decision = 'refused')
        """)

    private static let insertRequest = Statement(
        """
        insert into exchange.refund_request (person, body, certificate_type, sub_key, month, refund,
            receipts, paid, yen, notes, rules, party, at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """)

    private static let selectOne = Statement(
        """
        select \(RefundCase.columns) from exchange.refund_now m
        where m.person = $1 and m.refund = $2
        """)

    private static let selectOwn = Statement(
        """
        select \(RefundCase.columns) from exchange.refund_now m
        where m.person = $1 and ($3::text[] is null or exists (
            select 1 from exchange.entitlement e
            where e.person = m.person and e.body = m.body
                and e.certificate_type = m.certificate_type and e.consent_kind = any ($3)))
        order by m.at desc limit $2
        """)

    private static let withCertificate = """
        m.person, e.payer_number, e.recipient_number, \(RefundCase.columns)
        """

    private static let certificate = """
        left join lateral (
            select payer_number, recipient_number from exchange.entitlement
            where person = m.person and body = m.body and certificate_type = m.certificate_type
                and sub_key = m.sub_key
            order by version desc limit 1) e on true
        """

    private static let selectOfBody = Statement(
        """
        select \(withCertificate), count(*) over ()
        from exchange.refund_now m \(certificate)
        where m.body = $1 and m.above = 'month' and ($2::text is null or m.status = $2)
        order by m.at, m.refund offset $3 limit $4
        """)

    private static let selectOfBodyOne = Statement(
        """
        select \(withCertificate) from exchange.refund_now m \(certificate)
        where m.body = $1 and m.above = 'month' and m.refund = $2
        """)

    private static let insertAnswer = Statement(
        """
        insert into exchange.refund_answer (person, refund, version, decision, yen, ground, day,
            party, answered_at)
        select $1, $2, count(*) + 1, $3, $4, $5, $6, $7, $8 from exchange.refund_answer
        where person = $1 and refund = $2
        """)
}
