package import Exchange
import Postgres

/// 事後の確認: a visit opened without a card, which its municipality must still call justified or not.
package struct EmergencyReview: Sendable {
    package enum Verdict: String, CaseIterable, Sendable {
        case justified
        case notJustified = "not-justified"
    }

    package let visit: RecordID
    package let person: PersonKey
    package let municipality: String
    package let party: String
    package let operatorID: String
    package let reason: String
    package let opened: Instant
    package let due: Instant
    /// As the municipality itself registered them; nothing for a prefecture.
    package let identity: (name: String, birthDate: String)?

    package func isOverdue(at now: Instant) -> Bool { now >= due }
}

extension Records {
    /// What waits for this municipality, the most urgent first; a prefecture sees what its municipalities
    /// left unanswered in time. Everybody shown is entered.
    package mutating func emergencyReviews(limit: Int) throws -> [EmergencyReview] {
        let isPrefecture = caller.party.role == .prefecture
        let reviews = try transaction.query(
            Self.selectReviewsDue,
            [.text(caller.party.code), .bool(isPrefecture), .time(now), .int(limit)]
        ).map { try EmergencyReview($0, isNamed: !isPrefecture) }
        for review in reviews { enter(review.person, visit: review.visit) }
        if reviews.isEmpty { enter(nil) }
        return reviews
    }

    /// The municipality's word, given once. Throws `.recordUnknown` for another's and
    /// `.alreadySettled`.
    package mutating func answerReview(
        of visit: RecordID, _ verdict: EmergencyReview.Verdict, _ word: StatedWord
    ) throws {
        let rows = try transaction.query(
            Self.lockReview, [.id(visit), .text(caller.party.code)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        let person = try row.uuid(0).person
        subject.person = person
        subject.visit = visit
        guard try !row.bool(1) else { throw Refusal.alreadySettled }
        write([
            (
                Self.answerReview,
                [
                    .person(person), .id(visit), .text(verdict.rawValue), .text(word.text),
                    .text(caller.operatorID ?? caller.party.key), .time(now),
                ]
            )
        ])
        enter(person, visit: visit, basis: "\(verdict.rawValue): \(word.text)")
    }

    private static let selectReviewsDue = Statement(
        """
        select r.visit, r.person, r.municipality, r.party, r.operator, r.reason, r.opened_at,
            r.due_at, i.name, i.birth_date
        from exchange.emergency_review r
        left join lateral (
            select name, birth_date from exchange.identity i
            where i.person = r.person and i.body = r.municipality and \(SaidIdentity.stands("i"))
            order by i.version desc limit 1) i on true
        where r.answered_at is null and case when $2
            then left(r.municipality, 2) = left($1, 2) and r.due_at <= $3
            else r.municipality = $1 end
        order by r.due_at, r.visit limit $4
        """)

    private static let lockReview = Statement(
        """
        select person, answered_at is not null from exchange.emergency_review
        where visit = $1 and municipality = $2 for update
        """)

    private static let answerReview = Statement(
        """
        update exchange.emergency_review
        set verdict = $3, word = $4, answered_by = $5, answered_at = $6
        where person = $1 and visit = $2
        """)
}

extension EmergencyReview {
    fileprivate init(_ row: Row, isNamed: Bool) throws {
        visit = try row.uuid(0).record
        person = try row.uuid(1).person
        municipality = try row.text(2)
        party = try row.text(3)
        operatorID = try row.text(4)
        reason = try row.text(5)
        opened = Instant(microseconds: try row.instant(6))
        due = Instant(microseconds: try row.instant(7))
        let name = isNamed ? try row.optionalText(8) : nil
        identity = try name.map { ($0, try row.text(9)) }
    }
}

extension Ledger {
    /// How many reviews are open, and how many of them should have been answered: counts alone, for
    /// metrics.
    package func openReviews() async throws -> (open: Int, overdue: Int) {
        try await gateway.transaction(.readOnly) { transaction in
            let row = try transaction.query(Self.countReviews)[0]
            return (try row.int(0), try row.int(1))
        }
    }

    private static let countReviews = Statement(
        """
        select count(*), count(*) filter (where due_at <= clock_timestamp())
        from exchange.emergency_review where answered_at is null
        """)
}
