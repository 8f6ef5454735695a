package import Exchange
import Postgres

/// 確認待ちの行: a registered row that is held back because it speaks of another person than what is
/// known. Named by its version and its task: the sender knows which line that was, and nobody here
/// needs to see the person.
package struct OpenReview: Sendable, Hashable {
    package let version: Int
    package let body: String
    package let certificateType: String
    package let since: Instant
    package let task: RecordID
}

/// 確認の結果: the municipality's word, as the operator was given it.
package struct ReviewVerdict: Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// The person is the right one: the row answers from now on, and what the body said of the
        /// person is what it says, whatever other bodies say.
        case accept
        /// The person is another: the row never answers, and no answer speaks of a review.
        case reject
    }

    package let kind: Kind
    /// Where the word stands: a document's number and day, never what is in it.
    package let word: String

    /// Throws as `StatedWord`.
    package init(_ kind: Kind, word: String) throws(Refusal) {
        self.kind = kind
        self.word = try StatedWord(word, item: "word").text
    }
}

extension Records {
    /// Every row that is held back now, oldest first. It says nothing of a person.
    package mutating func openReviews() throws -> [OpenReview] {
        enter(nil)
        return try transaction.query(Self.selectReviews).map { row in
            OpenReview(
                version: try row.int(0), body: try row.text(1), certificateType: try row.text(2),
                since: Instant(microseconds: try row.instant(3)), task: try row.uuid(4).record)
        }
    }

    /// Settles one row by a version of its own after it; what was held back stays as it was, for
    /// replays and for the record. Throws `.recordUnknown` for a row that is not held back.
    /// An event that was told of the resident has its way with what is accepted.
    package mutating func settleReview(_ version: Int, _ verdict: ReviewVerdict, rules: RuleBook)
        throws
    {
        _ = try transaction.query(Self.lockReviews)
        let rows = try transaction.query(Self.selectReview, [.int(version)])
        guard let row = rows.first else { throw Refusal.recordUnknown }
        let person = try row.uuid(0).person
        subject.person = person
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("review", version)
        writer.member("verdict", verdict.kind.rawValue)
        writer.member("word", verdict.word)
        writer.endObject()
        let held: [Value] = [.person(person), .int(version)]
        switch verdict.kind {
        case .accept:
            try transaction.run(Self.acceptIdentity, held)
            try transaction.run(Self.acceptEntitlement, held)
            write(try ends(of: [person], rules).steps(task: nil))
        case .reject: write([(Self.reject, held)])
        }
        enter(person, basis: writer.text)
    }

    private static let standing = """
        e.is_under_review and not exists (
            select 1 from exchange.entitlement later
            where \(EntitlementRow.isSame) and later.version > e.version)
        """

    private static let selectReviews = Statement(
        """
        select e.version, e.body, e.certificate_type, e.known_at, e.task
        from exchange.entitlement e where \(standing) order by e.version
        """)

    /// Two verdicts on one row come one after the other, and the second finds it settled.
    private static let lockReviews = Statement(
        "select pg_advisory_xact_lock(\(AdvisoryLock.reviews.rawValue))")

    private static let selectReview = Statement(
        """
        select e.person from exchange.entitlement e where e.version = $1 and \(standing)
        """)

    private static let contents = """
        consent_kind, valid_from, valid_to, is_always_reimbursement, payer_number, recipient_number,
            birth_date, certification_name, designated_institutions, face, task
        """

    private static let key = "person, body, certificate_type, sub_key, history_key"

    private static let acceptEntitlement = Statement(
        """
        insert into exchange.entitlement (\(key), \(contents), face_digest, is_deleted, is_under_review)
        select \(key), \(contents), face_digest, is_deleted, false
        from exchange.entitlement where person = $1 and version = $2
        """)

    /// What the body said of the person with this very row.
    private static let acceptIdentity = Statement(
        """
        insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed, is_under_review)
        select i.person, i.body, i.name, i.name_kana, i.address, i.birth_date, i.sex,
            i.is_not_disclosed, false
        from exchange.entitlement e join exchange.identity i on i.task = e.task and i.line = e.line
            and i.is_under_review
        where e.person = $1 and e.version = $2
        """)

    /// What was held before holds again; where nothing was, the row is a deleted one. Its digest is
    /// of nothing that can be sent, so that the same row sent anew is looked at anew.
    private static let reject = Statement(
        """
        with held as (select * from exchange.entitlement where person = $1 and version = $2),
        before as (
            select later.* from held e
            join exchange.entitlement later on \(EntitlementRow.isSame) and not later.is_under_review
            order by later.version desc limit 1)
        insert into exchange.entitlement (\(key), \(contents), face_digest, is_deleted, is_under_review,
            is_by_event)
        select \(key), \(contents), face_digest, is_deleted, false, is_by_event from before
        union all
        select \(key), \(contents), sha256(face_digest || 'rejected'::bytea), true, false, false
        from held where not exists (select 1 from before)
        """)
}
