import Crypto
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
    package internal(set) var replaces: [String] = []
    /// The same bytes were sent before: this is the visit they opened.
    package let isRepeat: Bool

    static let paperKind = "paper"

    /// 紙の受給者証: who it was is confirmed at the next reading of the card.
    package var isConfirmedLater: Bool { kind == Self.paperKind }
}

extension Ledger {
    /// Opens the visit, or finds the one that the same bytes opened before; the visits asked for at
    /// the same moment share statements and commit.
    ///
    /// `end` gives the last moment from the database's time, `pairwise` the resident's ids for this
    /// institution, `answer` the bytes to send, whose digest goes on the entry. They run on the
    /// lane's thread, where they MUST NOT wait for anything, and once more should the batch fail.
    /// Throws `.nonceUsed` for other bytes, `.cardUnbound`, `.cardSuperseded`, `.cardRevoked`,
    /// `.cardExpired`; otherwise as `access`.
    package func openVisit(
        _ caller: Caller, _ request: VerifiedVisit,
        end: @escaping @Sendable (Instant) -> Instant,
        pairwise: @escaping @Sendable (PersonKey) -> PairwiseIDs,
        answer: @escaping @Sendable (OpenedVisit) throws -> [UInt8]
    ) async throws -> (visit: OpenedVisit, answer: [UInt8]) {
        let opening = VisitOpening(
            caller: caller, permissions: rules.permissions, request: request, end: end,
            pairwise: pairwise, answer: answer)
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
    let permissions: Permissions?
    let request: VerifiedVisit
    let end: @Sendable (Instant) -> Instant
    let pairwise: @Sendable (PersonKey) -> PairwiseIDs
    let answer: @Sendable (OpenedVisit) throws -> [UInt8]

    typealias Outcome = (visit: OpenedVisit, answer: [UInt8])

    static func run(_ transaction: inout Transaction, _ batch: [VisitOpening]) throws
        -> [Result<Outcome, any Error>]
    {
        let readings = try OpeningReading.load(&transaction, batch)
        var entries: [Entry] = []
        var opened: [(NewVisit, VerifiedVisit)] = []
        let outcomes = batch.indices.map { place in
            let opening = batch[place]
            let entry = Entry(id: .timeOrdered(), caller: opening.caller, purpose: .openVisit)
            return entry.settled(into: &entries) { entry throws -> Outcome in
                let (visit, isNew) = try opening.visit(from: readings[place], &entry)
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
        _ = try transaction.pipelineAndCommit(steps + EntryWriter.steps(entries))
        return outcomes
    }

    private func visit(
        from reading: OpeningReading, _ entry: inout Entry
    ) throws -> (NewVisit, isNew: Bool) {
        _ = try PartyStanding.admit(caller, .openVisit, reading.standing, by: permissions)
        if var earlier = reading.earlier {
            entry.person = earlier.person
            guard earlier.party == caller.party.key, earlier.requestDigest == request.requestDigest
            else { throw Refusal.nonceUsed }
            earlier.visit.replaces = reading.former.filter { $0 != earlier.visit.patient }
            return (earlier, false)
        }
        guard let binding = reading.binding, let patient = reading.ids?.current else {
            try reading.requireVersion(of: request.cardHash)
            throw Refusal.cardUnbound
        }
        entry.person = binding.person
        try binding.require(at: reading.now)
        let visit = OpenedVisit(
            id: .timeOrdered(), patient: patient, kind: request.kind,
            consents: request.consents,
            term: VisitTerm(opened: reading.now, ends: end(reading.now)),
            cardValidTo: request.cardValidTo, replaces: reading.former, isRepeat: false)
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

    private static let insertEvidence = Statement(
        """
        insert into exchange.visit_evidence (person, visit, text, signature, certificate)
        select person, visit, text, signature, certificate
        from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[], $5::bytea[])
            as e(person, visit, text, signature, certificate)
        """)
}

/// A visit with whose it is and what opened it, as its row says.
struct NewVisit {
    var visit: OpenedVisit
    let person: PersonKey
    let party: String
    var confirmedBy = Confirmation.card
    /// Paper alone: the certificate's row version.
    var limitedTo: Int?
    /// Cards alone.
    var nonce: String?
    var requestDigest: [UInt8]?

    /// 確認: what told who the resident is.
    enum Confirmation: String {
        case card, paper, declaration
    }

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
                .texts(visits.map(\.confirmedBy.rawValue)),
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
            confirmed_by, limited_to, card_valid_to, opened_at, ends_at, nonce, request_digest
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
            $8::date[], $9::timestamptz[], $10::timestamptz[], $11::text[], $12::bytea[], $13::text[])
            as v(person, visit, party, patient, kind, consents, limited_to, card_valid_to, opened_at, ends_at,
                nonce, request_digest, confirmed_by)
        """)

    private static let confirmPaper = Statement(
        """
        insert into exchange.visit_confirmation (person, visit, confirmed_by)
        select v.person, v.visit, q.visit
        from unnest($1::uuid[], $2::text[], $3::uuid[]) as q(person, party, visit)
        cross join lateral (
            select q.person as record union all
            select m.person from exchange.record_merge m
            where m.survivor = q.person and m.parted_at is null) r
        join exchange.visit v on v.person = r.record and v.party = q.party and v.confirmed_by = 'paper'
        on conflict do nothing
        """)
}
