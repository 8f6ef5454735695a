package import Exchange
import Postgres

/// A visit that Trust has verified and nobody has recorded yet.
package struct VerifiedVisit: Sendable {
    /// Keyed hashes of (issuer, serial) of the card's certificate.
    package let cardHash: HashChain
    package let nonce: String
    /// SHA-256 of the request's bytes: the same bytes get the same visit.
    package let requestDigest: [UInt8]
    package let kind: String
    package let consents: [String]
    package let cardValidTo: CalendarDay
    package let text: [UInt8]
    package let signature: [UInt8]
    package let certificate: [UInt8]

    package init(
        cardHash: HashChain, nonce: String, requestDigest: [UInt8],
        terms: (kind: String, consents: [String]),
        cardValidTo: CalendarDay,
        evidence: (text: [UInt8], signature: [UInt8], certificate: [UInt8])
    ) {
        self.cardHash = cardHash
        self.nonce = nonce
        self.requestDigest = requestDigest
        kind = terms.kind
        consents = terms.consents
        self.cardValidTo = cardValidTo
        text = evidence.text
        signature = evidence.signature
        certificate = evidence.certificate
    }
}

/// 受付: as its institution sees it.
package struct OpenedVisit: Sendable {
    package let id: RecordID
    package let patient: String
    package let kind: String
    package let consents: [String]
    package let term: VisitTerm
    package let cardValidTo: CalendarDay?
    /// Ids that this institution was given for the same resident before.
    package let replaces: [String]
    /// The same bytes were sent before: this is the visit they opened.
    package let isRepeat: Bool
}

extension Records {
    /// Opens the visit, or returns the one the same bytes opened before.
    ///
    /// `end` gives the last moment from the database's time; `pairwise` the resident's ids for this
    /// institution. Throws `.nonceUsed` for other bytes, `.cardUnbound`, `.cardSuperseded`,
    /// `.cardRevoked`, `.cardExpired`.
    package mutating func openVisit(
        _ request: VerifiedVisit, end: (Instant) -> Instant, pairwise: (PersonKey) -> PairwiseIDs
    ) throws -> OpenedVisit {
        let rows =
            first.isEmpty ? try transaction.pipeline(FirstReading.visit(request).steps) : first
        if rows[0].count > 0 { return try repeatVisit(rows[0][0], request, pairwise) }
        let person = try boundPerson(rows[1], of: request.cardHash)
        let ids = pairwise(person)
        let visit = OpenedVisit(
            id: .timeOrdered(), patient: ids.current, kind: request.kind,
            consents: request.consents, term: VisitTerm(opened: now, ends: end(now)),
            cardValidTo: request.cardValidTo, replaces: try given(ids.former, for: person),
            isRepeat: false)
        write([
            (Self.insertVisit, values(visit, person, request)),
            (
                Self.insertEvidence,
                [
                    .person(person), .id(visit.id), .bytes(request.text), .bytes(request.signature),
                    .bytes(request.certificate),
                ]
            ),
            (Self.confirmPaper, [.person(person), .text(caller.party.key), .id(visit.id)]),
        ])
        enter(person, visit: visit.id)
        return visit
    }

    /// The person a card is bound to. A card that no longer counts says so in its own words.
    mutating func boundPerson(_ rows: Rows, of card: HashChain) throws -> PersonKey {
        guard rows.count == 1 else {
            try requireVersion(of: .card, in: card)
            throw Refusal.cardUnbound
        }
        let row = rows[0]
        let person = try row.uuid(0).person
        subject.person = person
        if try row.bool(1) { throw Refusal.cardSuperseded }
        if try row.bool(2) { throw Refusal.cardRevoked }
        guard now.microseconds < (try row.instant(4)) else { throw Refusal.cardExpired }
        guard now.microseconds >= (try row.instant(3)) else { throw Refusal.cardUnbound }
        return person
    }

    /// Which of these ids this institution has: whoever never knew the resident learns of no other.
    mutating func given(_ ids: [String], for person: PersonKey) throws -> [String] {
        guard !ids.isEmpty else { return [] }
        let rows = try transaction.query(
            Self.selectGiven, [.person(person), .text(caller.party.key), .texts(ids)])
        let given = Set(try rows.map { try $0.text(0) })
        return ids.filter(given.contains)
    }

    private mutating func repeatVisit(
        _ row: Row, _ request: VerifiedVisit, _ pairwise: (PersonKey) -> PairwiseIDs
    ) throws -> OpenedVisit {
        let isSame =
            try row.text(1) == caller.party.key && row.optionalBytes(9) == request.requestDigest
        guard isSame else { throw Refusal.nonceUsed }
        let person = try row.uuid(0).person
        let visit = try OpenedVisit(row, replaces: given(pairwise(person).former, for: person))
        enter(person, visit: visit.id)
        return visit
    }

    private func values(_ visit: OpenedVisit, _ person: PersonKey, _ request: VerifiedVisit)
        -> [Value]
    {
        [
            .person(person), .id(visit.id), .text(caller.party.key), .text(visit.patient),
            .text(visit.kind), .texts(visit.consents), .text("card"), .null,
            .day(visit.cardValidTo), .time(visit.term.opened), .time(visit.term.ends),
            .text(request.nonce), .bytes(request.requestDigest),
        ]
    }

    private static let selectGiven = Statement(
        """
        select distinct patient from exchange.visit
        where person = $1 and party = $2 and patient = any ($3)
        """)

    fileprivate static let selectByNonce = Statement(
        """
        select person, party, visit, patient, kind, consents, opened_at, ends_at, card_valid_to,
            request_digest
        from exchange.visit where nonce = $1
        """)

    static let selectBinding = Statement(
        """
        select person, superseded_by is not null, revoked_at is not null, valid_from, valid_to
        from exchange.card_binding where card_hash = any ($1)
        """)

    static let insertVisit = Statement(
        """
        insert into exchange.visit (person, visit, party, patient, kind, consents, confirmed_by, limited_to,
            card_valid_to, opened_at, ends_at, nonce, request_digest)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        """)

    private static let insertEvidence = Statement(
        """
        insert into exchange.visit_evidence (person, visit, text, signature, certificate)
        values ($1, $2, $3, $4, $5)
        """)

    private static let confirmPaper = Statement(
        """
        insert into exchange.visit_confirmation (person, visit, confirmed_by)
        select v.person, v.visit, $3 from exchange.visit v
        where v.person = $1 and v.party = $2 and v.confirmed_by = 'paper'
        on conflict do nothing
        """)
}

extension OpenedVisit {
    /// One that was opened before.
    fileprivate init(_ row: Row, replaces: [String]) throws {
        let patient = try row.text(3)
        self.init(
            id: try row.uuid(2).record, patient: patient, kind: try row.text(4),
            consents: try row.texts(5),
            term: VisitTerm(
                opened: Instant(microseconds: try row.instant(6)),
                ends: Instant(microseconds: try row.instant(7))),
            cardValidTo: try row.optionalDay(8).map(CalendarDay.init(daysSince1970:)),
            replaces: replaces.filter { $0 != patient }, isRepeat: true)
    }
}

extension FirstReading {
    /// For `openVisit`.
    package static func visit(_ request: VerifiedVisit) -> FirstReading {
        FirstReading(steps: [
            (Records.selectByNonce, [.text(request.nonce)]),
            (Records.selectBinding, [.bytesArray(request.cardHash.byVersion)]),
        ])
    }
}
