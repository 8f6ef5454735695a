package import Exchange
import Postgres

/// 再現: an answer that was given, with everything it was decided from, as it was known then.
package struct EligibilityReplay: Sendable {
    package let id: RecordID
    package let at: Instant
    package let institution: Party
    package let person: PersonKey
    package let visit: RecordID
    package let patient: String
    package let digest: [UInt8]
    package let basis: EligibilityBasis
    package let facts: EligibilityFacts
}

extension Records {
    /// Loads an answered check by its id: for the institution it was given to.
    ///
    /// Throws `.recordUnknown` for another institution's in the same words as for none, also where the
    /// resident has since taken back anything of what stood when it was given, and `.answerFormUnknown` for
    /// an answer that this release does not write.
    package mutating func replay(of id: RecordID) throws -> EligibilityReplay {
        try replay([id], whereParty: caller.party.key)
    }

    /// For a municipality or prefecture whose rows the answer was decided from: it sees the same
    /// facts, and its own body's outcomes are all that leaves (`Exchange` leaves the others out).
    package mutating func replayForBody(of id: RecordID, orNamed names: EntryNames) throws
        -> EligibilityReplay
    {
        let replay = try replay([id] + names.byVersion, whereParty: nil)
        guard replay.facts.bodies.contains(where: { $0.body == caller.party.code }) else {
            throw Refusal.recordUnknown
        }
        return replay
    }

    private mutating func replay(_ ids: [RecordID], whereParty party: String?) throws
        -> EligibilityReplay
    {
        let rows = try transaction.query(
            Self.selectCheck, [.uuids(ids.map { UUIDBytes($0) }), .text(optional: party)])
        guard rows.count == 1 else { throw Refusal.recordUnknown }
        let row = rows[0]
        let person = try row.uuid(4).person
        subject.person = person
        let basis = try EligibilityBasis(try row.text(1))
        guard basis.form == EligibilityAnswer.form else { throw Refusal.answerFormUnknown }
        let visit = try VisitReading.VisitRow(row, from: 3)
        var agreed = visit.facts
        agreed.consents = basis.consents ?? agreed.consents
        let standing = Set(try row.texts(15).map { try ConsentKind($0) })
        // What was answered without a kind that is gone rests on nothing that was taken back.
        guard party == nil || agreed.consents.isSubset(of: standing) else {
            throw Refusal.recordUnknown
        }
        let facts = try facts(of: row.uuid(14).person, agreed, basis)
        let code = try row.text(12)
        return EligibilityReplay(
            id: try row.uuid(13).record, at: Instant(microseconds: try row.instant(0)),
            institution: try Party(
                role: .institution, code: String(code.dropFirst("institution:".count))),
            person: person, visit: visit.id, patient: visit.patient, digest: try row.bytes(2),
            basis: basis,
            facts: facts)
    }

    /// `record` is under whom the visit was opened: the check read that record's rows, or, while it was
    /// merged, its survivor's.
    private mutating func facts(
        of record: PersonKey, _ visit: VisitFacts, _ basis: EligibilityBasis
    ) throws -> EligibilityFacts {
        let rows = try transaction.pipeline([
            (Self.selectEntitlementVersions, [.person(record), .ints(basis.entitlements)]),
            (Self.selectResidenceVersions, [.person(record), .ints(basis.residences)]),
        ])
        let held = try rows[0].map { try EntitlementVersion($0, from: 0) }
        let lived = try rows[1].map { try Residence($0, from: 0) }
        return EligibilityFacts(
            visit: visit, residences: lived, entitlements: held, bodies: basis.bodies,
            designations: basis.designations, reached: basis.reached,
            decidedAt: basis.decidedAt)
    }

    /// By its position, in one month's partition; what is not sealed yet is found by its transaction. The
    /// answer of a month that was archived cannot be decided again.
    private static let selectCheck = Statement(
        """
        select e.at, e.basis, e.digest, v.visit, v.person, v.patient, v.agreed, v.limited_to,
            v.card_valid_to, v.opened_at, v.ends_at, false, e.party, e.entry, v.record, v.consents
        from (
            select s.entry, s.at from log.position s where s.entry = any ($1)
            union all
            select w.entry, w.at from log.access_entry w
            where w.entry = any ($1) and w.xid >= (select next_xid from log.head) limit 1
        ) as known
        join log.access_entry e on e.entry = known.entry and e.at = known.at
        join exchange.visit_now v on v.visit = e.visit
        where e.purpose = 'check-eligibility' and e.outcome = 'ok'
            and ($2::text is null or e.party = $2)
        """)

    private static let selectEntitlementVersions = Statement(
        """
        select \(EntitlementVersion.columns) from exchange.entitlement e
        where e.person = any (\(everOf)) and e.version = any ($2)
        """)

    private static let selectResidenceVersions = Statement(
        """
        select version, municipality, from_day, known_at from exchange.residence
        where person = any (\(everOf)) and version = any ($2)
        """)

    /// The record, and every one that ever stood for it.
    private static let everOf = """
        array(select $1::uuid union select m.survivor from exchange.record_merge m where m.person = $1::uuid)
        """
}
