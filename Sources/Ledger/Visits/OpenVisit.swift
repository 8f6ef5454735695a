import Crypto
package import Exchange
import Postgres

/// A visit that Trust has verified and nobody has recorded yet.
package struct VerifiedVisit: Sendable {
    /// Keyed hash of (issuer, serial) of the card's certificate.
    package let cardHash: [UInt8]
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
        cardHash: [UInt8], nonce: String, requestDigest: [UInt8],
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
    /// The same bytes were sent before: this is the visit they opened.
    package let isRepeat: Bool
}

extension Ledger {
    /// Opens the visit, or finds the one that the same bytes opened before; the visits asked for at
    /// the same moment share statements and commit.
    ///
    /// `end` gives the last moment from the database's time, `pairwise` the resident's id for this
    /// institution, `answer` the bytes to send, whose digest goes on the entry. They run on the
    /// lane's thread, where they MUST NOT wait for anything, and once more should the batch fail.
    /// Throws `.nonceUsed` for other bytes, `.cardUnbound`, `.cardSuperseded`, `.cardRevoked`,
    /// `.cardExpired`; otherwise as `access`.
    package func openVisit(
        _ caller: Caller, _ request: VerifiedVisit,
        end: @escaping @Sendable (Instant) -> Instant,
        pairwise: @escaping @Sendable (PersonKey) -> String,
        answer: @escaping @Sendable (OpenedVisit) throws -> [UInt8]
    ) async throws -> (visit: OpenedVisit, answer: [UInt8]) {
        let opening = VisitOpening(
            caller: caller, request: request, end: end, pairwise: pairwise, answer: answer)
        do {
            return try await openings.submit(opening)
        } catch let error as DatabaseError where error.isWorthAnotherTry {
            return try await openings.submit(opening)
        }
    }
}

/// 受付の一括: one opening of a shared batch. Nonces and bindings of all are read in one statement,
/// visits, evidence and entries are inserted in one each, and one commit makes them durable.
///
/// The same nonce twice in one batch is refused by the index: the batch is then settled one by one,
/// and the later finds what the earlier opened.
struct VisitOpening: Sendable {
    let caller: Caller
    let request: VerifiedVisit
    let end: @Sendable (Instant) -> Instant
    let pairwise: @Sendable (PersonKey) -> String
    let answer: @Sendable (OpenedVisit) throws -> [UInt8]

    typealias Outcome = (visit: OpenedVisit, answer: [UInt8])

    static func run(_ transaction: inout Transaction, _ batch: [VisitOpening]) throws
        -> [Result<Outcome, any Error>]
    {
        let keys: [Value] = [
            .texts(batch.map(\.caller.party.key)), .texts(batch.map(\.request.nonce)),
            .bytesArray(batch.map(\.request.cardHash)),
        ]
        let rows = try transaction.pipeline([(select, keys)])[0]
        var entries: [Entry] = []
        var opened: [(NewVisit, VerifiedVisit)] = []
        let outcomes = try batch.indices.map { place in
            let opening = batch[place]
            let reading = try OpeningReading(rows[place])
            let entry = Entry(id: .timeOrdered(), caller: opening.caller, purpose: .openVisit)
            return entry.settled(into: &entries) { entry throws -> Outcome in
                let (visit, isNew) = try opening.visit(from: reading, &entry)
                let bytes = try opening.answer(visit.visit)
                entry.visit = visit.visit.id
                entry.digest = Array(SHA256.hash(data: bytes))
                if isNew { opened.append((visit, opening.request)) }
                return (visit.visit, bytes)
            }
        }
        var steps: [(Statement, [Value])] = []
        if !opened.isEmpty {
            let visits = opened.map(\.0)
            steps += [
                NewVisit.insertion(of: visits), evidence(opened), NewVisit.confirmation(by: visits),
            ]
        }
        if !entries.isEmpty { steps.append((EntryWriter.insert, EntryWriter.values(entries))) }
        _ = try transaction.pipelineAndCommit(steps)
        return outcomes
    }

    private func visit(
        from reading: OpeningReading, _ entry: inout Entry
    ) throws -> (NewVisit, isNew: Bool) {
        _ = try PartyStanding.admit(caller, .openVisit, reading.standing)
        if let earlier = reading.earlier {
            entry.person = earlier.person
            guard earlier.party == caller.party.key, earlier.requestDigest == request.requestDigest
            else { throw Refusal.nonceUsed }
            return (earlier, false)
        }
        guard let binding = reading.binding else { throw Refusal.cardUnbound }
        entry.person = binding.person
        try binding.require(at: reading.now)
        let visit = OpenedVisit(
            id: .timeOrdered(), patient: pairwise(binding.person), kind: request.kind,
            consents: request.consents,
            term: VisitTerm(opened: reading.now, ends: end(reading.now)),
            cardValidTo: request.cardValidTo, isRepeat: false)
        return (
            NewVisit(
                visit: visit, person: binding.person, party: caller.party.key,
                nonce: request.nonce, requestDigest: request.requestDigest), true
        )
    }

    private static func evidence(_ opened: [(NewVisit, VerifiedVisit)]) -> (Statement, [Value]) {
        (
            insertEvidence,
            [
                .uuids(opened.map { UUIDBytes($0.0.person) }),
                .uuids(opened.map { UUIDBytes($0.0.visit.id) }),
                .bytesArray(opened.map(\.1.text)), .bytesArray(opened.map(\.1.signature)),
                .bytesArray(opened.map(\.1.certificate)),
            ]
        )
    }

    private static let select = Statement(
        """
        select clock_timestamp(), p.party, p.name, p.is_opted_in, p.suspended_at is not null,
            p.designations, \(CardBinding.columns),
            v.person, v.party, v.request_digest, v.visit, v.patient, v.kind, v.consents,
            v.opened_at, v.ends_at, v.card_valid_to
        from unnest($1::text[], $2::text[], $3::bytea[]) with ordinality as q(party, nonce, card, ord)
        left join exchange.party p on p.party = q.party
        left join exchange.visit v on v.nonce = q.nonce
        left join exchange.card_binding b on b.card_hash = q.card
        order by q.ord
        """)

    private static let insertEvidence = Statement(
        """
        insert into exchange.visit_evidence (person, visit, text, signature, certificate)
        select person, visit, text, signature, certificate
        from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[])
            as e(person, visit, text, signature, certificate)
        """)
}

/// What one opening is decided from.
private struct OpeningReading {
    let now: Instant
    let standing: PartyStanding?
    let binding: CardBinding?
    /// What the nonce opened before.
    let earlier: NewVisit?

    init(_ row: Row) throws {
        now = Instant(microseconds: try row.instant(0))
        standing = try PartyStanding(row, from: 1)
        binding = try row.optionalUUID(6) == nil ? nil : CardBinding(row, from: 6)
        earlier = try row.optionalUUID(11) == nil ? nil : NewVisit(row, from: 11)
    }
}

/// A visit with whose it is and what opened it, as its row says.
struct NewVisit {
    let visit: OpenedVisit
    let person: PersonKey
    let party: String
    /// Paper alone: the certificate's row version.
    var limitedTo: Int?
    /// Cards alone.
    var nonce: String?
    var requestDigest: [UInt8]?

    static func insertion(of visits: [NewVisit]) -> (Statement, [Value]) {
        (
            insert,
            [
                .uuids(visits.map { UUIDBytes($0.person) }),
                .uuids(visits.map { UUIDBytes($0.visit.id) }), .texts(visits.map(\.party)),
                .texts(visits.map(\.visit.patient)), .texts(visits.map(\.visit.kind)),
                .texts(visits.map { $0.visit.consents.joined(separator: " ") }),
                .ints(visits.map(\.limitedTo)),
                .days(visits.map { $0.visit.cardValidTo?.daysSince1970 }),
                .instants(visits.map(\.visit.term.opened.microseconds)),
                .instants(visits.map(\.visit.term.ends.microseconds)),
                .texts(visits.map(\.nonce)), .bytesArray(visits.map(\.requestDigest)),
            ]
        )
    }

    /// 後から確認: paper visits of the same persons at the same institutions are confirmed by these.
    static func confirmation(by visits: [NewVisit]) -> (Statement, [Value]) {
        (
            confirmPaper,
            [
                .uuids(visits.map { UUIDBytes($0.person) }), .texts(visits.map(\.party)),
                .uuids(visits.map { UUIDBytes($0.visit.id) }),
            ]
        )
    }

    // A consent kind has no space: the list travels as one text, because arrays of arrays must be
    // rectangles.
    private static let insert = Statement(
        """
        insert into exchange.visit (person, visit, party, patient, kind, consents, confirmed_by, limited_to,
            card_valid_to, opened_at, ends_at, nonce, request_digest)
        select person, visit, party, patient, kind, string_to_array(consents, ' '),
            case when limited_to is null then 'card' else 'paper' end, limited_to,
            card_valid_to, opened_at, ends_at, nonce, request_digest
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::date[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::bytea[])
            as v(person, visit, party, patient, kind, consents, limited_to, card_valid_to, opened_at, ends_at,
                nonce, request_digest)
        """)

    private static let confirmPaper = Statement(
        """
        insert into exchange.visit_confirmation (person, visit, confirmed_by)
        select v.person, v.visit, q.visit
        from unnest($1::uuid[], $2::text[], $3::uuid[]) as q(person, party, visit)
        join exchange.visit v on v.person = q.person and v.party = q.party and v.confirmed_by = 'paper'
        on conflict do nothing
        """)
}

extension NewVisit {
    fileprivate init(_ row: Row, from column: Int) throws {
        person = try row.uuid(column).person
        party = try row.text(column + 1)
        requestDigest = try row.optionalBytes(column + 2)
        visit = OpenedVisit(
            id: try row.uuid(column + 3).record, patient: try row.text(column + 4),
            kind: try row.text(column + 5), consents: try row.texts(column + 6),
            term: VisitTerm(
                opened: Instant(microseconds: try row.instant(column + 7)),
                ends: Instant(microseconds: try row.instant(column + 8))),
            cardValidTo: try row.optionalDay(column + 9).map(CalendarDay.init(daysSince1970:)),
            isRepeat: true)
    }
}
