import Exchange
import Postgres

/// 償還額の再計算: the cases of one month are computed in turn whenever one of them comes or is decided, so
/// that what is told of those that still wait holds for the month as it is now. Part of the transaction
/// that holds the month's lock; a crash leaves all of it or nothing.
struct RefundReckoning: Sendable {
    let book: RefundBook
    let rules: RuleBook
    let copayment: CopaymentRules
    let now: Instant

    /// Throws `.rulesUnknown`.
    init(_ book: RefundBook, _ rules: RuleBook, at now: Instant) throws {
        guard let copayment = rules.copayment else { throw Refusal.rulesUnknown }
        self.book = book
        self.rules = rules
        self.copayment = copayment
        self.now = now
    }

    func sums(_ cases: [[RefundRequest.Receipt]], after balance: CapBalance?) -> [RefundSum] {
        RefundSum.inTurn(
            cases, on: book.rows, rules.subsidy, copayment, after: balance, besides: book.billed)
    }

    /// `nil` for a case that does not wait for its decision.
    func sum(of id: RecordID) -> RefundSum? {
        let open = book.open
        guard let place = open.firstIndex(where: { $0.id == id }) else { return nil }
        return sums(open.map(\.receipts), after: book.balance)[place]
    }

    /// Keeps another amount than the one that was told last.
    func keep(
        _ sums: some Sequence<RefundSum>, of open: [RefundBook.Case],
        _ transaction: inout Transaction
    ) throws {
        for (told, sum) in zip(open, sums)
        where told.yen != sum.yen || told.notes != sum.notes.face {
            try write(told, sum.yen, sum.notes.face, isToReexamine: false, &transaction)
        }
    }

    /// 決定を受けて: what an approval leaves borne fills the month from now on, and the cases that wait are
    /// computed again without the decided one. Those approved by what it would have left are marked.
    ///
    /// `yen`: what was granted; `nil` of a refusal.
    func follow(
        _ id: RecordID, _ decided: RefundSum, granting yen: Int?,
        _ transaction: inout Transaction
    ) throws {
        let left = yen == nil ? [] : decided.left(granting: yen)
        var balance = book.balance
        if yen != nil {
            if decided.yen == nil { balance = nil }
            balance?.bear(left)
            for own in book.cases where own.id == id {
                try keep([decided], of: [own], &transaction)
                try fill(own, left, cap: decided.cap, &transaction)
            }
        }
        let rest = book.open.filter { $0.id != id }
        try keep(sums(rest.map(\.receipts), after: balance), of: rest, &transaction)
        guard
            Self.yen(left) < Self.yen(decided.borne) || Self.meals(left) < Self.meals(decided.borne)
        else { return }
        for later in book.cases.drop(while: { $0.id != id })
        where later.isApproved && later.isCounted && !later.isToReexamine {
            try write(later, later.yen, later.notes, isToReexamine: true, &transaction)
        }
    }

    private static func yen(_ receipts: [BorneReceipt]) -> Int {
        receipts.reduce(0) { $0 + $1.collected }
    }

    private static func meals(_ receipts: [BorneReceipt]) -> Int {
        receipts.reduce(0) { $0 + $1.meals }
    }

    /// The month of the record under which the case stands.
    private func fill(
        _ own: RefundBook.Case, _ left: [BorneReceipt], cap: Int?,
        _ transaction: inout Transaction
    ) throws {
        guard !left.isEmpty else { return }
        let key = RefundBook.values(
            CapMonthKey(person: own.record, capMonth: book.key.capMonth))
        let first = Int(book.key.capMonth.month.firstDay)
        try transaction.run(
            Self.insertBorne,
            key + [
                .id(own.id), .uuids(left.map { _ in UUIDBytes(RecordID.timeOrdered()) }),
                .days(left.map { first + $0.visit.day - 1 }), .ints(left.map(\.visit.days)),
                .bools(left.map(\.visit.isInpatient)), .ints(left.map(\.visit.share)),
                .ints(left.map(\.collected)), .texts(left.map(\.visit.spot.institution)),
            ])
        try transaction.run(
            Self.fillMonth,
            key + [
                .int(left.reduce(0) { $0 + $1.visit.share }), .int(Self.yen(left)),
                .orNull(cap), .int(Self.yen(left.filter(\.visit.isInpatient))),
                .int(Self.meals(left)), .time(now),
            ])
    }

    private func write(
        _ told: RefundBook.Case, _ yen: Int?, _ notes: String, isToReexamine: Bool,
        _ transaction: inout Transaction
    ) throws {
        try transaction.run(
            Self.insertReckoning,
            [
                .person(told.record), .id(told.id), .orNull(yen), .text(notes),
                .bool(isToReexamine), .text(rules.version), .time(now),
            ])
    }

    private static let insertReckoning = Statement(
        """
        insert into exchange.refund_reckoning
            (person, refund, version, yen, notes, is_to_reexamine, rules, at)
        select $1, $2, count(*) + 1, $3, $4, $5, $6, $7 from exchange.refund_reckoning
        where person = $1 and refund = $2
        """)

    private static let insertBorne = Statement(
        """
        insert into exchange.refund_borne
            (person, body, certificate_type, sub_key, month, refund, receipt, day, days,
            is_inpatient, share, collected, institution)
        select $1::uuid, $2::text, $3::text, $4::text, $5::date, $6::uuid, q.*
        from unnest($7::uuid[], $8::date[], $9::bigint[], $10::boolean[], $11::bigint[],
            $12::bigint[], $13::text[]) as q
        """)

    /// The cap of a month is the one that it was decided by last, and an approval is such a decision: where
    /// the body registered another one since the last bill, the month has that one from now on.
    private static let fillMonth = Statement(
        """
        update exchange.cap_month
        set borne_share = borne_share + $6, borne_collected = borne_collected + $7,
            cap = $8, borne_inpatient = borne_inpatient + $9, meals = meals + $10, decided_at = $11
        where person = $1 and body = $2 and certificate_type = $3 and sub_key = $4 and month = $5
        """)
}
