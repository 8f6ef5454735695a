package import Exchange
import Postgres

/// 保存された副反応疑いの報告: the newest version, with whose it is and the visit it was sent in.
package struct HeldReaction: Sendable {
    package let id: RecordID
    /// 本人: whoever the report is of now.
    package let person: PersonKey
    /// 記録された側: under whom it is kept, and with it whatever follows it.
    let record: PersonKey
    package let visit: RecordID
    /// The id that this visit gave the resident.
    package let patientID: String
    let municipality: String?
    package let newest: ReactionVersion

    /// As `HeldVaccination.isOf`.
    func isOf(_ person: PersonKey) -> Bool { person == self.person || person == record }
}

/// 報告の送信: what became of it.
package struct ReportedReaction: Sendable {
    package let held: HeldReaction
    /// False where the same report was there already.
    package let isNew: Bool

    package init(held: HeldReaction, isNew: Bool) {
        self.held = held
        self.isNew = isNew
    }
}

extension Records {
    /// Takes a report, or what follows it: report, its place among what the municipality receives, and the
    /// entry are one commit. The same report again is the one that is held.
    ///
    /// The duty binds whoever learns of it, when they do (予防接種法12条): it is named by a visit of the caller's
    /// own with this resident, of today or of any day before, such as that of the dose, and asks for
    /// nobody's consent; the entry says by which law. Nothing that others recorded is read for it.
    ///
    /// Throws what `fieldVisit` and `ReactionVersion.amended` do, and `.recordUnknown` for a dose or a
    /// report that the caller never recorded of this resident.
    package mutating func report(
        _ sent: SubmittedReaction, correcting correction: RecordCorrection?, rules book: RuleBook
    ) throws -> ReportedReaction {
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        let visit = try vaccinationVisit(
            sent.visitID, of: sent.patientID, item: "subject.reference", rules: book)
        try lockVaccinations(of: visit.person)
        let held = try heldReaction(sent.reaction.identifier, correction, visit)
        let amendment = try held?.newest.amended(
            by: sent.reaction, from: caller.party, seen: correction?.seen)
        if let held, amendment == .unchanged {
            enter(visit.person, visit: visit.visit)
            return ReportedReaction(held: held, isNew: false)
        }
        var reaction = sent.reaction
        reaction.suspects = try reaction.suspects.map { try known($0, of: visit.person) }
        for dose in reaction.doses { try reaction.requireOnset(after: dose) }
        let id = held?.id ?? .timeOrdered()
        let new = HeldReaction(
            id: id, person: visit.person, record: held?.record ?? visit.person,
            visit: visit.visit, patientID: visit.patientID,
            municipality: try held?.municipality
                ?? reaction.doses.first?.given.day.flatMap { try home(of: visit.person, on: $0) },
            newest: ReactionVersion(
                id: id.text, version: (held?.newest.version ?? 0) + 1, recordedAt: now,
                institution: caller.party, reaction: reaction,
                standing: rules.standing(of: reaction)))
        try file(new, rules, version: book.version)
        enter(
            visit.person, visit: visit.visit,
            basis: "\(id.text)/\(new.newest.version)" + Self.legalBasis(of: visit, at: now))
        return ReportedReaction(held: new, isNew: true)
    }

    /// 法令に基づく報告: why it was taken where the resident agreed to nothing now.
    private static func legalBasis(of visit: FieldVisit, at now: Instant) -> String {
        visit.isConsented && visit.term.isOpen(at: now) ? "" : " 予防接種法12条"
    }

    /// A report of the caller's own. Throws `.recordUnknown` for another's in the same words as for none.
    package mutating func ownReaction(_ id: RecordID) throws -> HeldReaction {
        let rows = try transaction.query(
            HeldReaction.selectByID, [.text(caller.party.key), .id(id)])
        guard let held = try rows.first.map(HeldReaction.init) else { throw Refusal.recordUnknown }
        subject.person = held.person
        subject.visit = held.visit
        return held
    }

    /// A report of the caller's own with its own records of the doses. Throws as `ownReaction` does.
    package mutating func reactionForm(_ id: RecordID) throws -> ReactionForm {
        let held = try ownReaction(id)
        var doses: [String: Vaccination] = [:]
        for text in held.newest.reaction.suspects.compactMap(\.recordID) {
            doses[text] = try ownVaccination(RecordID(text)).newest.vaccination
        }
        subject.visit = held.visit
        enter(held.person, visit: held.visit, basis: "\(id.text)/\(held.newest.version)")
        return ReactionForm(held.newest, records: doses)
    }

    /// What the caller holds under this identifier, or what it follows.
    private mutating func heldReaction(
        _ identifier: RecordIdentifier, _ correction: RecordCorrection?, _ visit: FieldVisit
    ) throws -> HeldReaction? {
        if let correction {
            let held = try ownReaction(correction.id)
            guard held.isOf(visit.person) else { throw Refusal.recordUnknown }
            return held
        }
        let held = try transaction.query(
            HeldReaction.selectByIdentifier,
            [.text(caller.party.key), .text(identifier.system), .text(identifier.value)]
        ).first.map(HeldReaction.init)
        guard held?.isOf(visit.person) ?? true else { throw Refusal.identifierReused }
        return held
    }

    /// A dose that is named by its record is as that record says now.
    private mutating func known(
        _ suspect: VaccineReaction.Suspect, of person: PersonKey
    ) throws -> VaccineReaction.Suspect {
        guard let recordID = suspect.recordID else { return suspect }
        guard let id = try? RecordID(recordID) else { throw Refusal.recordUnknown }
        let visit = subject.visit
        let held = try ownVaccination(id)
        subject.visit = visit
        let given = held.newest.vaccination
        guard held.person == person, given.status == .completed,
            case .time(let time) = given.occurrence
        else { throw Refusal.recordUnknown }
        return VaccineReaction.Suspect(
            recordID: recordID,
            dose: .init(vaccine: given.vaccine, given: time, lotNumber: given.vial.lotNumber))
    }

    private mutating func file(
        _ new: HeldReaction, _ rules: ImmunizationRules, version: String
    ) throws {
        var place: Int?
        if let municipality = new.municipality {
            try transaction.run(HeldReaction.lock, [.text(municipality)])
            place = try transaction.query(HeldReaction.nextPlace, [.text(municipality)])[0].int(0)
        }
        // After the municipality's, in one order for everybody.
        try transaction.run(AdvisoryLock.wait, [.int(AdvisoryLock.reactions.rawValue)])
        let nationPlace = try transaction.query(HeldReaction.nextNationPlace)[0].int(0)
        let (newest, reaction) = (new.newest, new.newest.reaction)
        write([
            (
                HeldReaction.insert,
                [
                    .person(new.record), .id(new.id), .int(newest.version),
                    .text(caller.party.key), .text(reaction.identifier.system),
                    .text(reaction.identifier.value), .text(reaction.stage.rawValue),
                    .text(reaction.face(rules)), .text(newest.standing.rawValue), .text(version),
                    new.municipality.map { .text($0) } ?? .null,
                    place.map { .int($0) } ?? .null, .id(new.visit), .time(now),
                    .int(nationPlace), .person(new.record == new.person ? nil : new.person),
                ]
            )
        ])
    }
}

extension HeldReaction {
    init(_ row: Row) throws {
        id = try row.uuid(0).record
        record = try row.uuid(6).person
        person = try row.uuid(10).person
        visit = try row.uuid(7).record
        patientID = try row.text(8)
        municipality = try row.optionalText(9)
        newest = try ReactionVersion(row)
    }

    private static let columns = """
        \(ReactionVersion.columns), v.person, coalesce(former.visit, v.visit) as visit,
        coalesce(former.patient, r.patient) as patient, v.municipality,
        \(Survivors.sql(of: "v.person")) as whom
        """
    private static let tables = """
        exchange.vaccine_reaction v
        join exchange.visit r on r.visit = v.visit
        \(Survivors.formerVisit(of: "v", in: "vaccine_reaction", by: "reaction"))
        """

    fileprivate static let selectByID = Statement(
        """
        select \(columns) from \(tables)
        where v.party = $1 and v.reaction = $2 order by v.version desc limit 1
        """)

    fileprivate static let selectByIdentifier = Statement(
        """
        select \(columns) from \(tables)
        where v.party = $1 and v.identifier_system = $2 and v.identifier = $3
        order by v.version desc limit 1
        """)

    fileprivate static let lock = Statement(
        "select pg_advisory_xact_lock(hashtextextended('tsunagi reactions ' || $1, 0))::text")

    static let nextPlace = Statement(
        """
        select coalesce(max(place), 0) + 1 from exchange.vaccine_reaction
        where municipality = $1 and municipality is not null
        """)

    static let nextNationPlace = Statement(
        "select coalesce(max(nation_place), 0) + 1 from exchange.vaccine_reaction")

    fileprivate static let insert = Statement(
        """
        insert into exchange.vaccine_reaction
            (person, reaction, version, party, identifier_system, identifier, stage, face, standing,
            rules, municipality, place, visit, recorded_at, nation_place, survivor)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
        """)
}

extension ReactionVersion {
    /// Of `exchange.vaccine_reaction v`.
    static let columns = "v.reaction, v.version, v.recorded_at, v.party, v.face, v.standing"

    init(_ row: Row) throws {
        guard let standing = ReactionStanding(rawValue: try row.text(5)) else {
            // A later release wrote it: this one cannot say what it means.
            throw Refusal.rulesUnknown
        }
        self.init(
            id: try row.uuid(0).record.text, version: try row.int(1),
            recordedAt: Instant(microseconds: try row.instant(2)),
            institution: try Party(key: try row.text(3)),
            reaction: try VaccineReaction(face: try row.text(4)), standing: standing)
    }
}
