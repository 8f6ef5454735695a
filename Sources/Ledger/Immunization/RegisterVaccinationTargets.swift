package import Exchange
import Postgres

/// A row of the target registration whose individual number has already become a keyed hash.
package struct NumberedTargetRow: Sendable {
    package let numberHash: HashChain
    package let row: VaccinationTargetRow

    package init(numberHash: HashChain, row: VaccinationTargetRow) {
        self.numberHash = numberHash
        self.row = row
    }
}

extension Records {
    /// 予防接種対象者の登録: "1" invites or changes the last day, "2" takes the invitation back. Applied exactly
    /// once per idempotency key; whoever is newly invited finds a notice, written in the same commit. A row
    /// of a file says nothing against what was said after its `moment`.
    package mutating func registerVaccinationTargets(
        _ request: RegistrationRequest, _ rows: [NumberedTargetRow], as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let plan = try plan(rows, moment)
        for person in Set(plan.news.map(\.key.person)) { enter(person) }
        if plan.news.isEmpty { enter(nil) }
        let notices = NewNotice.insertion(
            of: plan.invited.map {
                NewNotice(
                    person: $0.key.person, kind: Notice.vaccinationDue,
                    subject: $0.subject)
            }, from: caller.party)
        return endTask(request, plan.outcomes) { [plan, body = caller.party.code] task in
            plan.persons.steps + [Self.insert(plan.news, of: body, task: task), notices]
        }
    }

    /// What registering these rows would do. Nothing is written and nobody entered.
    mutating func weighVaccinationTargets(
        _ rows: [NumberedTargetRow], as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        try plan(rows, moment).outcomes
    }

    /// How many invitations of the municipality stand now.
    mutating func standingVaccinationTargets() throws -> Int {
        try transaction.query(Self.countStanding, [.text(caller.party.code)])[0].int(0)
    }

    private struct InvitationPlan {
        let persons: NumberedPersons
        var news: [Invitation] = []
        /// Who was not invited before, or no longer.
        var invited: [Invitation] = []
        var outcomes: [RowOutcome] = []
    }

    private mutating func plan(
        _ rows: [NumberedTargetRow], _ moment: FileMoment?
    ) throws -> InvitationPlan {
        var plan = InvitationPlan(persons: try persons(of: rows.map(\.numberHash)))
        let held = try knownInvitations(of: plan.persons.known, moment)
        var known = held.mapValues(\.said)
        for (numbered, person) in zip(rows, plan.persons.ofRows) {
            let invitation = Invitation(person: person, row: numbered.row)
            let stood = held[invitation.key].flatMap { $0.said.isRemoved ? nil : $0.version }
            if held[invitation.key]?.isNewer == true, known[invitation.key] != invitation.said {
                let finding = RowFinding(
                    index: numbered.row.index, item: "municipalityIdentityKey", code: .newerStands)
                plan.outcomes.append(
                    RowOutcome(
                        line: numbered.row.index + 1, kind: .unchanged,
                        findings: numbered.row.warnings + [finding], standing: stood))
                continue
            }
            let before = known.updateValue(invitation.said, forKey: invitation.key)
            if before != invitation.said { plan.news.append(invitation) }
            if before?.isRemoved ?? true, !invitation.said.isRemoved {
                plan.invited.append(invitation)
            }
            var outcome = RowOutcome(
                line: numbered.row.index + 1,
                kind: before == invitation.said ? .unchanged : .applied,
                findings: numbered.row.warnings
                    + RowFinding.takingBackNothing(
                        before == nil && invitation.said.isRemoved,
                        index: numbered.row.index, item: "municipalityIdentityKey"),
                standing: stood, isEnd: invitation.said.isRemoved)
            if stood != nil, before?.validTo != invitation.said.validTo {
                outcome.changed = ["validTo"]
            }
            if stood != nil, !invitation.said.isRemoved,
                before?.illnessEnded != invitation.said.illnessEnded
            {
                outcome.changed.append("specialCaseEndedOn")
            }
            plan.outcomes.append(outcome)
        }
        return plan
    }

    private struct Invitation {
        struct Key: Hashable {
            let person: PersonKey
            let identityKey: String
            let programme: String
            let validFrom: Int
        }

        struct Said: Hashable {
            let validTo: Int
            let isRemoved: Bool
            /// 長期療養特例.
            let illnessEnded: Int?
        }

        let key: Key
        let said: Said
        let subject: String

        init(person: PersonKey, row: VaccinationTargetRow) {
            key = Key(
                person: person, identityKey: row.municipalityIdentityKey,
                programme: row.programme, validFrom: row.validFrom.daysSince1970)
            subject = row.subject
            said = Said(
                validTo: row.validTo.daysSince1970, isRemoved: row.modification == .delete,
                illnessEnded: row.illnessEnded?.daysSince1970)
        }
    }

    /// `isNewer`: it was said after the moment.
    private mutating func knownInvitations(of persons: [PersonKey], _ moment: FileMoment?) throws
        -> [Invitation.Key: (said: Invitation.Said, version: Int, isNewer: Bool)]
    {
        let key: [Value] = [.uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code)]
        let rows = try transaction.query(Self.selectInvitations, key + FileMoment.values(moment))
        var known: [Invitation.Key: (said: Invitation.Said, version: Int, isNewer: Bool)] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            let key = Invitation.Key(
                person: try row.uuid(0).person, identityKey: try row.text(1),
                programme: try row.text(2), validFrom: try row.day(3))
            let said = Invitation.Said(
                validTo: try row.day(4), isRemoved: try row.bool(5),
                illnessEnded: try row.optionalDay(8))
            known[key] = (said, try row.int(6), try row.bool(7))
        }
        return known
    }

    private static func insert(_ news: [Invitation], of body: String, task: RecordID)
        -> (Statement, [Value])
    {
        (
            insertInvitations,
            [
                .uuids(news.map { UUIDBytes($0.key.person) }), .text(body),
                .texts(news.map(\.key.identityKey)), .texts(news.map(\.key.programme)),
                .days(news.map(\.key.validFrom)), .days(news.map(\.said.validTo)),
                .bools(news.map(\.said.isRemoved)), .id(task),
                .days(news.map(\.said.illnessEnded)),
            ]
        )
    }

    private static let selectInvitations = Statement(
        """
        select distinct on (t.person, t.identity_key, t.programme, t.valid_from)
            t.person, t.identity_key, t.programme, t.valid_from, t.valid_to, t.is_removed, t.version,
            coalesce(t.by_merge is null and \(FileMoment.isSince("t")), false), t.illness_ended
        from exchange.vaccination_target t where t.person = any ($1) and t.municipality = $2
        order by t.person, t.identity_key, t.programme, t.valid_from, t.version desc
        """)

    private static let countStanding = Statement(
        """
        select count(*) from exchange.vaccination_target t
        where t.municipality = $1 and not t.is_removed and not exists (
            select 1 from exchange.vaccination_target later
            where later.person = t.person and later.municipality is not distinct from t.municipality
                and later.identity_key = t.identity_key and later.programme = t.programme
                and later.valid_from = t.valid_from and later.version > t.version)
        """)

    private static let insertInvitations = Statement(
        """
        insert into exchange.vaccination_target (person, municipality, identity_key, programme, valid_from,
            valid_to, is_removed, task, illness_ended)
        select person, $2, identity_key, programme, valid_from, valid_to, is_removed, $8, illness_ended
        from unnest($1::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $7::bool[], $9::date[])
            as t(person, identity_key, programme, valid_from, valid_to, is_removed, illness_ended)
        """)
}
