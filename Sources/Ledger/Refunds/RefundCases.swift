package import Exchange
import Postgres

/// 保存された償還払い: a case, with whose it is and the certificate as the body knows it.
package struct HeldRefund: Sendable {
    /// Whoever it is of now.
    package let person: PersonKey
    /// The record under which it stands.
    let record: PersonKey
    package let payerNumber: String?
    package let recipientNumber: String?
    package let refund: RefundCase
}

extension Records {
    /// 申請: keeps the receipts of one month and what is due back of them, computed after what the month's cap
    /// holds now and after what the other cases of the month leave borne. The same application again is the
    /// case as it is held.
    ///
    /// Throws `.refundNotHeld` where the resident holds no such certificate on a day of a receipt,
    /// `.refundAsked` for a receipt of another application that was not refused, `.rulesUnknown`.
    package mutating func requestRefund(
        _ request: RefundRequest, by person: PersonKey, rules: RuleBook
    ) throws -> RefundCase {
        let kinds = kindsShown
        let book = try RefundBook.lock(
            &transaction, CapMonthKey(person: person, capMonth: request.capMonth),
            showing: kinds)
        let reckoning = try RefundReckoning(book, rules, at: now)
        try request.requireMeals(reckoning.copayment)
        let written = request.receipts.map(\.line).joined(separator: "\n")
        if let same = book.cases.first(where: { $0.written == written }) {
            return try refund(same.id, of: same.record)
        }
        let others = Set(book.cases.flatMap(\.receipts).map(\.name))
        guard others.isDisjoint(with: request.receipts.map(\.name)) else {
            throw Refusal.refundAsked
        }
        guard book.holds(request.receipts, rules.subsidy) else { throw Refusal.refundNotHeld }
        let open = book.open
        let sums = reckoning.sums(
            open.map(\.receipts) + [request.receipts], after: book.balance)
        let own = sums[open.count]
        let id = RecordID.timeOrdered()
        try transaction.run(
            Self.insertRequest,
            RefundBook.values(book.key) + [
                .id(id), .text(written), .int(request.paid), .orNull(own.yen),
                .text(own.notes.face), .text(rules.version), .text(caller.party.key),
                .time(now),
            ])
        try reckoning.keep(sums, of: open, &transaction)
        return try refund(id, of: person)
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
        return (cases, try rows.first.map { try $0.int(20) } ?? 0)
    }

    /// 決定: answers a case of the caller's; the same answer again changes nothing. An approval that names no
    /// amount grants what is computed in this moment; what it leaves borne fills the month, and the other
    /// cases of the month are computed again.
    ///
    /// Throws `.recordUnknown` for another body's in the same words as for none, `.refundAnswered` where the
    /// answer cannot follow, or an approval names no amount and none was computed, `.rulesUnknown`.
    package mutating func answerRefund(
        _ id: RecordID, _ answer: RefundAnswer, rules: RuleBook
    ) throws -> HeldRefund {
        var held = try sharedOfBody(id)
        subject.person = held.person
        enter(held.person)
        var reckoning: RefundReckoning?
        if case .receipts = held.refund.origin, answer.decision != .paid {
            let kinds = kindsShown
            let key = CapMonthKey(person: held.person, capMonth: held.refund.capMonth)
            let book = try RefundBook.lock(&transaction, key, showing: kinds)
            reckoning = try RefundReckoning(book, rules, at: now)
            // Whoever answered while the month was locked is seen now.
            held = try ofBody(id)
        }
        let last = held.refund.answer
        let isSame =
            last?.decision == answer.decision && last?.day == answer.day
            && last?.ground == answer.ground
            && (answer.yen == nil || answer.yen == last?.yen)
        if isSame { return held }
        let sum = reckoning?.sum(of: id)
        let computed = reckoning == nil ? held.refund.yen : sum?.yen
        let yen = answer.decision == .approved ? answer.yen ?? computed : nil
        guard !held.refund.isWithdrawn, answer.follows(last),
            answer.decision != .approved || yen != nil
        else { throw Refusal.refundAnswered }
        try transaction.run(
            Self.insertAnswer,
            [
                .person(held.record), .id(id), .text(answer.decision.rawValue), .orNull(yen),
                .orNull(answer.ground?.rawValue), .day(answer.day), .text(caller.party.key),
                .time(now),
            ])
        if let reckoning, let sum {
            try reckoning.follow(id, sum, granting: yen, &transaction)
        }
        return try ofBody(id)
    }

    /// Nobody merges or parts whoever it is of before the commit.
    private mutating func sharedOfBody(_ id: RecordID) throws -> HeldRefund {
        var held = try ofBody(id)
        var shared: Set<PersonKey> = []
        repeat {
            shared.formUnion([held.record, held.person])
            let (share, numbers) = AdvisoryLock.sharing(mergesOf: shared)
            try transaction.run(share, numbers)
            held = try ofBody(id)
        } while !shared.contains(held.person)
        return held
    }

    private mutating func ofBody(_ id: RecordID) throws -> HeldRefund {
        let rows = try transaction.query(
            Self.selectOfBodyOne, [.text(caller.party.code), .id(id)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        return try HeldRefund(row)
    }
}

extension RefundCase {
    /// Of a case `m`.
    fileprivate static let columns = """
        m.refund, \(CapMonth.columns), m.paid, m.yen, m.notes, m.is_withdrawn, m.at, m.decision,
            m.granted, m.ground, m.day, m.above, m.is_to_reexamine
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
            isWithdrawn: try row.bool(column + 8), answer: answer,
            isToReexamine: try row.bool(column + 15))
    }
}

extension HeldRefund {
    fileprivate init(_ row: Row) throws {
        self.init(
            person: try row.uuid(0).person, record: try row.uuid(1).person,
            payerNumber: try row.optionalText(2), recipientNumber: try row.optionalText(3),
            refund: try RefundCase(row, from: 4))
    }
}

extension Records {
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
        where m.person = any (\(Survivors.records(of: "$1"))) and ($3::text[] is null or exists (
            select 1 from exchange.entitlement e
            where e.person = m.person and e.body = m.body
                and e.certificate_type = m.certificate_type and e.consent_kind = any ($3)))
        order by m.at desc limit $2
        """)

    private static let withCertificate = """
        \(Survivors.sql(of: "m.person")), m.person, e.payer_number, e.recipient_number,
            \(RefundCase.columns)
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
