import Crypto
package import Exchange
import Postgres

/// A row of a registration whose individual number has already become a keyed hash.
package struct NumberedRow: Sendable {
    package let numberHash: HashChain
    package let row: SubsidyRegistrationRow

    package init(numberHash: HashChain, row: SubsidyRegistrationRow) {
        self.numberHash = numberHash
        self.row = row
    }
}

extension Records {
    /// Applies a registration exactly once per idempotency key, all rows in this transaction, one
    /// entry for each resident concerned.
    ///
    /// A row equal to what is held is `unchanged`. A row whose identity items speak of another
    /// person than what is known is kept `under-review`: it answers nothing, and what was held
    /// before goes on answering. The result says so alike whoever sent the other one. A row of a file
    /// says nothing against what became known after the file's `moment`. Throws `.idempotencyKeyReused`.
    package mutating func registerEntitlements(
        _ request: RegistrationRequest, _ rows: [NumberedRow], rules: RuleBook,
        as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        // The files of a party are applied one after the other anyway. Before the task begins, as a part of a
        // file holds the field of one of the two forms too: nobody at a counter is sent away for it.
        if !request.isPartOfFile { try shareEntitlements() }
        if let receipt = try beginTask(request) { return receipt }
        let (plan, persons) = try plan(rows, rules, moment)
        let ends = try ends(of: plan.words(among: Set(persons.known), of: caller.party.code), rules)
        for person in plan.touched { enter(person) }
        if plan.touched.isEmpty { enter(nil) }
        return endTask(request, plan.outcomes) { [plan, body = caller.party.code] task in
            persons.steps + Self.steps(plan, of: body, task: task) + ends.steps(task: task)
                + Self.saidAgain(plan, by: moment)
        }
    }

    /// What registering these rows would do. Nothing is written but entries: that somebody says another name
    /// or birth date of this number is told by a file that is only compared, too. Whatever else a comparison
    /// tells, the body said itself; of a number that others alone speak of it is told what it is told of one
    /// that nobody knows.
    mutating func weighEntitlements(
        _ rows: [NumberedRow], rules: RuleBook, as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        let (plan, persons) = try plan(rows, rules, moment)
        for person in plan.heldBack.intersection(persons.known) { enter(person) }
        return try outcomesWithItems(plan)
    }

    private mutating func plan(
        _ rows: [NumberedRow], _ rules: RuleBook, _ moment: FileMoment?
    ) throws -> (plan: RegistrationPlan, persons: NumberedPersons) {
        let persons = try persons(of: rows.map(\.numberHash))
        var newer = NewerWords()
        if let moment { newer = try newerWords(of: persons.known, than: moment) }
        var plan = RegistrationPlan(body: caller.party.code, rules: rules, newer: newer)
        try loadIdentities(of: persons.known, into: &plan)
        try loadHeld(of: persons.known, into: &plan)
        for (row, person) in zip(rows, persons.ofRows) { plan.add(row, person) }
        return (plan, persons)
    }

    private mutating func loadIdentities(
        of persons: [PersonKey], into plan: inout RegistrationPlan
    ) throws {
        let rows = try transaction.query(
            Self.selectIdentities, [.uuids(persons.map { UUIDBytes($0) })])
        for index in 0..<rows.count {
            let row = rows[index]
            plan.know(try row.uuid(0).person, body: try row.text(1), try .init(row, from: 2))
        }
    }

    private mutating func loadHeld(
        of persons: [PersonKey], into plan: inout RegistrationPlan
    ) throws {
        let ofBody: [Value] = [
            .uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code),
        ]
        let read = try transaction.pipeline([
            (Self.selectHeld, ofBody), (Self.selectCurrent, ofBody),
        ])
        let (rows, standing) = (read[0], read[1])
        for index in 0..<standing.count {
            let row = standing[index]
            plan.stand(try Self.key(row), version: try row.int(4))
        }
        for index in 0..<rows.count {
            let row = rows[index]
            let key = try Self.key(row)
            let isSaid = try row.optionalText(6) != nil
            plan.hold(
                key,
                .init(
                    digest: try row.bytes(4), isUnderReview: try row.bool(5),
                    heldBack: isSaid ? try .init(row, from: 6) : nil), version: try row.int(12))
        }
    }

    private static func key(_ row: Row) throws -> RegistrationPlan.RowKey {
        RegistrationPlan.RowKey(
            person: try row.uuid(0).person, certificateType: try row.text(1),
            subKey: try row.text(2), historyKey: try row.text(3))
    }

    /// 再度の登録: what stood already was said again, now or by a file of changes as of its moment, which a file
    /// of before cannot know. A whole list says nearly all of it again, and no list is older than one before
    /// it. In one order for everybody, so that two registrations do not wait for each other in a circle.
    private static func saidAgain(_ plan: RegistrationPlan, by file: FileMoment?)
        -> [(Statement, [Value])]
    {
        guard !plan.saidAgain.isEmpty, file?.isWholeList != true else { return [] }
        return [
            (
                insertSaidAgain,
                [.ints(plan.saidAgain.sorted()), .time(file?.at), .bool(file != nil)]
            )
        ]
    }

    private static func steps(_ plan: RegistrationPlan, of body: String, task: RecordID)
        -> [(Statement, [Value])]
    {
        let news = plan.entitlements
        let identities = plan.identities
        let hidden = identities.filter(\.said.isNotDisclosed).map(\.person)
        return [
            // 支援措置: when this is acknowledged, nobody is answered in their place any more.
            AdvisoryLock.waiting(forRelationsOf: Set(hidden)),
            (
                insertIdentities,
                [
                    .uuids(identities.map { UUIDBytes($0.person) }), .text(body),
                    .texts(identities.map(\.said.name)), .texts(identities.map(\.said.nameKana)),
                    .texts(identities.map(\.said.address)),
                    .texts(identities.map(\.said.dateOfBirth.text)),
                    .texts(identities.map(\.said.sex.rawValue)),
                    .bools(identities.map(\.said.isNotDisclosed)),
                    .bools(identities.map(\.isUnderReview)), .ints(identities.map(\.line)),
                    .id(task),
                ]
            ),
            (
                insertEntitlements,
                [
                    .uuids(news.map { UUIDBytes($0.key.person) }), .text(body),
                    .texts(news.map(\.key.certificateType)), .texts(news.map(\.key.subKey)),
                    .texts(news.map(\.key.historyKey)), .texts(news.map(\.consentKind)),
                    .days(news.map(\.certificate.validFrom.daysSince1970)),
                    .days(news.map(\.certificate.validTo.daysSince1970)),
                    .bools(news.map(\.row.isDeleted)),
                    .bools(news.map(\.isUnderReview)),
                    .bools(news.map(\.certificate.isAlwaysReimbursement)),
                    .texts(news.map(\.certificate.payerNumber?.digits)),
                    .texts(news.map(\.certificate.recipientNumber?.text)),
                    .texts(news.map(\.row.person.dateOfBirth.text)),
                    .texts(news.map(\.certificate.name)),
                    .texts(news.map(\.certificate.designatedMedicalInstitutions)),
                    .texts(news.map(\.row.face)), .bytesArray(news.map(\.digest)), .id(task),
                    .ints(news.map { $0.row.index + 1 }),
                ]
            ),
        ]
    }

    /// What a body says of a person counts while it holds a row of theirs: a body that linked the
    /// wrong number takes its rows back and is then free to register the right ones.
    static let selectIdentities = Statement(
        """
        select distinct on (person, body) person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed
        from exchange.identity i where person = any ($1) and \(SaidIdentity.stands("i"))
            and exists (
                select 1 from exchange.entitlement e
                where e.person = i.person and e.body = i.body and \(EntitlementRow.isCurrent))
        order by person, body, version desc
        """)

    private static let selectHeld = Statement(
        """
        select distinct on (e.person, e.certificate_type, e.sub_key, e.history_key)
            e.person, e.certificate_type, e.sub_key, e.history_key, e.face_digest, e.is_under_review,
            i.name, i.name_kana, i.address, i.birth_date, i.sex, i.is_not_disclosed, e.version
        from exchange.entitlement e
        left join exchange.identity i on e.is_under_review and i.is_under_review and i.task = e.task
            and i.line = e.line
        where e.person = any ($1) and e.body = $2
        order by e.person, e.certificate_type, e.sub_key, e.history_key, e.version desc
        """)

    private static let insertSaidAgain = Statement(
        """
        insert into office.said_again (version, known_at, is_by_file)
        select version, coalesce($2::timestamptz, clock_timestamp()), $3::boolean
        from unnest($1::bigint[]) as v(version) order by version
        on conflict (version, is_by_file) do update
        set known_at = greatest(said_again.known_at, excluded.known_at)
        """)

    private static let selectCurrent = Statement(
        """
        select e.person, e.certificate_type, e.sub_key, e.history_key, e.version
        from exchange.entitlement e
        where e.person = any ($1) and e.body = $2 and \(EntitlementRow.isCurrent)
        """)

    private static let insertIdentities = Statement(
        """
        insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed, is_under_review, task, line)
        select person, $2, name, name_kana, address, birth_date, sex, is_not_disclosed,
            is_under_review, $11, line
        from unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bool[], $9::bool[], $10::bigint[])
            as i(person, name, name_kana, address, birth_date, sex, is_not_disclosed,
                is_under_review, line)
        """)

    private static let insertEntitlements = Statement(
        """
        insert into exchange.entitlement (person, body, certificate_type, sub_key, history_key, consent_kind,
            valid_from, valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
            recipient_number, birth_date, certification_name, designated_institutions, face,
            face_digest, task, line)
        select person, $2, certificate_type, sub_key, history_key, consent_kind, valid_from,
            valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
            recipient_number, birth_date, certification_name, designated_institutions, face,
            face_digest, $19, line
        from unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[],
            $8::date[], $9::bool[], $10::bool[], $11::bool[], $12::text[], $13::text[],
            $14::text[], $15::text[], $16::text[], $17::text[], $18::bytea[], $20::bigint[])
            as e(person, certificate_type, sub_key, history_key, consent_kind, valid_from,
                valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
                recipient_number, birth_date, certification_name, designated_institutions, face,
                face_digest, line)
        """)
}

extension RegistrationPlan.KnownIdentity {
    init(_ row: Row, from column: Int) throws {
        facts = IdentityFacts(
            name: try row.text(column), nameKana: try row.optionalText(column + 1),
            address: try row.optionalText(column + 2), dateOfBirth: try row.text(column + 3),
            sex: try row.text(column + 4))
        isNotDisclosed = try row.bool(column + 5)
    }
}
