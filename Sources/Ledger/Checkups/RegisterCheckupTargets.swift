package import Exchange
import Postgres

/// A row of the checkup registration whose individual number has already become a keyed hash.
package struct NumberedCheckupRow: Sendable {
    package let numberHash: HashChain
    package let row: MunicipalCheckupRow

    package init(numberHash: HashChain, row: MunicipalCheckupRow) {
        self.numberHash = numberHash
        self.row = row
    }
}

extension Records {
    /// 自治体検診対象者情報登録 (v1.0.0): "1" registers or updates, "2" removes, and again corrects the day of
    /// removal. Applied exactly once per idempotency key; a row that says what is known already is
    /// `unchanged`, and so is one of a file against what was said after its `moment`.
    package mutating func registerCheckupTargets(
        _ request: RegistrationRequest, _ rows: [NumberedCheckupRow],
        as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let (news, outcomes, persons) = try plan(rows, moment)
        for person in Set(news.map(\.key.person)) { enter(person) }
        if news.isEmpty { enter(nil) }
        return endTask(request, outcomes) { [news, body = caller.party.code] task in
            persons.steps + [Self.insert(news, of: body, task: task)]
        }
    }

    /// What registering these rows would do. Nothing is written and nobody entered.
    mutating func weighCheckupTargets(
        _ rows: [NumberedCheckupRow], as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        try plan(rows, moment).outcomes
    }

    private mutating func plan(_ rows: [NumberedCheckupRow], _ moment: FileMoment?) throws
        -> (news: [Target], outcomes: [RowOutcome], persons: NumberedPersons)
    {
        let persons = try persons(of: rows.map(\.numberHash))
        var (known, standing, newer) = try knownTargets(of: persons.known, moment)
        var news: [Target] = []
        var outcomes: [RowOutcome] = []
        for (numbered, person) in zip(rows, persons.ofRows) {
            let target = Target(person: person, row: numbered.row)
            if newer.contains(target.key), known[target.key] != target.said {
                let finding = RowFinding(
                    index: numbered.row.index, item: "municipalityIdentityKey", code: .newerStands)
                outcomes.append(
                    RowOutcome(
                        line: numbered.row.index + 1, kind: .unchanged,
                        findings: numbered.row.warnings + [finding],
                        standing: standing[target.key]))
                continue
            }
            let before = known.updateValue(target.said, forKey: target.key)
            let isRepeat = before == target.said
            if !isRepeat { news.append(target) }
            outcomes.append(
                RowOutcome(
                    line: numbered.row.index + 1, kind: isRepeat ? .unchanged : .applied,
                    findings: numbered.row.warnings
                        + RowFinding.takingBackNothing(
                            before == nil && target.said.isRemoved,
                            index: numbered.row.index, item: "municipalityIdentityKey"),
                    standing: standing[target.key], isEnd: target.said.isRemoved))
        }
        return (news, outcomes, persons)
    }

    /// How many targets the municipality has now.
    mutating func standingCheckupTargets() throws -> Int {
        try transaction.query(Self.countStanding, [.text(caller.party.code)])[0].int(0)
    }

    private struct Target {
        struct Key: Hashable {
            let person: PersonKey
            let identityKey: String
        }

        struct Said: Hashable {
            let face: String
            let isRemoved: Bool
            let removedOn: Int?
        }

        let key: Key
        let said: Said

        init(person: PersonKey, row: MunicipalCheckupRow) {
            key = Key(person: person, identityKey: row.municipalityIdentityKey)
            said = Said(
                face: row.face, isRemoved: row.modification == .delete,
                removedOn: row.removalDate?.daysSince1970)
        }
    }

    /// `newer`: of which it was said after the moment.
    private mutating func knownTargets(of persons: [PersonKey], _ moment: FileMoment?) throws
        -> (
            said: [Target.Key: Target.Said], standing: [Target.Key: Int], newer: Set<Target.Key>
        )
    {
        let key: [Value] = [.uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code)]
        let rows = try transaction.query(Self.selectTargets, key + FileMoment.values(moment))
        var known: [Target.Key: Target.Said] = [:]
        var standing: [Target.Key: Int] = [:]
        var newer: Set<Target.Key> = []
        for index in 0..<rows.count {
            let row = rows[index]
            let key = Target.Key(person: try row.uuid(0).person, identityKey: try row.text(1))
            let said = Target.Said(
                face: try row.text(2), isRemoved: try row.bool(3),
                removedOn: try row.optionalDay(4))
            known[key] = said
            if !said.isRemoved { standing[key] = try row.int(5) }
            if try row.bool(6) { newer.insert(key) }
        }
        return (known, standing, newer)
    }

    private static func insert(_ news: [Target], of body: String, task: RecordID)
        -> (Statement, [Value])
    {
        (
            insertTargets,
            [
                .uuids(news.map { UUIDBytes($0.key.person) }), .text(body),
                .texts(news.map(\.key.identityKey)), .texts(news.map(\.said.face)),
                .bools(news.map(\.said.isRemoved)), .days(news.map(\.said.removedOn)), .id(task),
            ]
        )
    }

    private static let selectTargets = Statement(
        """
        select distinct on (t.person, t.identity_key) t.person, t.identity_key, t.face, t.is_removed,
            t.removed_on, t.version, coalesce(t.by_merge is null and \(FileMoment.isSince("t")), false)
        from exchange.checkup_target t where t.person = any ($1) and t.municipality = $2
        order by t.person, t.identity_key, t.version desc
        """)

    private static let countStanding = Statement(
        """
        select count(*) from exchange.checkup_target t
        where t.municipality = $1 and not t.is_removed and not exists (
            select 1 from exchange.checkup_target later
            where later.person = t.person and later.municipality is not distinct from t.municipality
                and later.identity_key = t.identity_key and later.version > t.version)
        """)

    private static let insertTargets = Statement(
        """
        insert into exchange.checkup_target (person, municipality, identity_key, face, is_removed,
            removed_on, task)
        select person, $2, identity_key, face, is_removed, removed_on, $7
        from unnest($1::uuid[], $3::text[], $4::text[], $5::bool[], $6::date[])
            as t(person, identity_key, face, is_removed, removed_on)
        """)
}
