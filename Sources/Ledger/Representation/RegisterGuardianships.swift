package import Exchange
import Postgres

/// A row of the registration whose individual numbers have already become keyed hashes.
package struct NumberedGuardianshipRow: Sendable {
    enum Person: Sendable {
        case number(HashChain)
        /// 自治体別本人キー: as this municipality registered it with invitations and checkups.
        case key(String)
    }

    let child: Person
    let guardian: Person
    let row: GuardianshipRow

    package init(_ row: GuardianshipRow, hash: (IndividualNumber) -> HashChain) {
        func person(_ registered: RegisteredPerson) -> Person {
            switch registered {
            case .number(let number): .number(hash(number))
            case .key(let key): .key(key)
            }
        }
        child = person(row.child)
        guardian = person(row.guardian)
        self.row = row
    }
}

extension Records {
    /// 保護者・後見の登録: applied exactly once per idempotency key. A municipality gives a guardian to its own
    /// residents alone; taking away is always taken. A row of a file gives nobody what was said otherwise of
    /// the two after the file's `moment`.
    ///
    /// When this is acknowledged nobody acts any more by what it took away: it waits for those who were
    /// acting, and each request after it finds the new word.
    package mutating func registerGuardianships(
        _ request: RegistrationRequest, _ rows: [NumberedGuardianshipRow],
        as moment: FileMoment? = nil
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let plan = try plan(rows, moment)
        let written = plan.news + plan.renamed
        for person in plan.looked { enter(person) }
        if plan.looked.isEmpty { enter(nil) }
        let told = Set(plan.news.map(\.key.person))
        let notices = NewNotice.insertion(
            of: told.map { NewNotice(person: $0, kind: Notice.guardianshipChanged) },
            from: caller.party)
        return endTask(request, plan.outcomes) { [body = caller.party.code] task in
            plan.persons.steps + [
                AdvisoryLock.waiting(forRelationsOf: told),
                Self.insert(written, of: body, task: task), notices,
            ]
        }
    }

    /// What registering these rows would do. Nothing is written but entries: that a child lives elsewhere, or
    /// that another municipality took custody away, is told by a file that is only compared, too.
    mutating func weighGuardianships(
        _ rows: [NumberedGuardianshipRow], as moment: FileMoment? = nil
    ) throws -> [RowOutcome] {
        let plan = try plan(rows, moment)
        for person in plan.looked { enter(person) }
        return plan.outcomes
    }

    /// How many guardianships of the municipality's hold on a day.
    mutating func standingGuardianships(on day: CalendarDay) throws -> Int {
        try transaction.query(Self.countStanding, [.text(caller.party.code), .day(day)])[0].int(0)
    }

    private mutating func plan(
        _ rows: [NumberedGuardianshipRow], _ moment: FileMoment?
    ) throws -> GuardianshipPlan {
        let named = rows.flatMap { [$0.child, $0.guardian] }
        let numbers = named.compactMap { if case .number(let hash) = $0 { hash } else { nil } }
        let persons = try persons(of: numbers)
        let byKey = try keyedPersons(
            named.compactMap { if case .key(let key) = $0 { key } else { nil } },
            of: caller.party.code)
        let byNumber = Dictionary(zip(numbers, persons.ofRows)) { first, _ in first }
        let known = persons.known + byKey.values
        var newer: Set<Guardianship.Pair> = []
        if let moment { newer = try newerPairs(of: known, than: moment) }
        var plan = GuardianshipPlan(
            body: caller.party.code, today: now.dayInJapan, persons: persons,
            homes: try homes(of: known), standing: try knownGuardianships(of: known),
            losses: try losses(of: known), newer: newer)
        for numbered in rows {
            let found = [numbered.child, numbered.guardian].map { person in
                switch person {
                case .number(let hash): byNumber[hash]
                case .key(let key): byKey[key]
                }
            }
            plan.weigh(numbered.row, child: found[0], guardian: found[1])
        }
        return plan
    }

    fileprivate typealias Guardianship = GuardianshipPlan.Guardianship

    private mutating func knownGuardianships(of persons: [PersonKey]) throws
        -> [Guardianship.Key: Guardianship.Standing]
    {
        let rows = try transaction.query(
            Self.selectGuardianships,
            [.uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code)])
        var known: [Guardianship.Key: Guardianship.Standing] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            let key = Guardianship.Key(
                person: try row.uuid(0).person, guardian: try row.uuid(1).person,
                kind: try row.text(2), from: try row.day(3))
            let said = Guardianship.Said(
                to: try row.optionalDay(4), isCustodyLost: try row.bool(5),
                isCustodyRestored: try row.bool(6))
            let names = try row.optionalText(8).map {
                Guardianship.Names(person: $0, guardian: try row.text(9))
            }
            known[key] = Guardianship.Standing(said: said, names: names, version: try row.int(7))
        }
        return known
    }

    private mutating func losses(of persons: [PersonKey]) throws
        -> [Guardianship.Pair: Set<Guardianship.Loss>]
    {
        let rows = try transaction.query(
            Self.selectLosses, [.uuids(persons.map { UUIDBytes($0) })])
        return try rows.map { row in
            let key = Guardianship.Key(
                person: try row.uuid(0).person, guardian: try row.uuid(1).person,
                kind: try row.text(3), from: try row.day(4))
            return Guardianship.Loss(municipality: try row.text(2), key: key)
        }.reduce(into: [:]) { losses, loss in
            let pair = Guardianship.Pair(person: loss.key.person, guardian: loss.key.guardian)
            losses[pair, default: []].insert(loss)
        }
    }

    /// Of which of these children the municipality spoke since, and beside whom.
    private mutating func newerPairs(of persons: [PersonKey], than moment: FileMoment) throws
        -> Set<Guardianship.Pair>
    {
        let key: [Value] = [
            .uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code),
        ]
        return Set(
            try transaction.query(Self.selectNewer, key + moment.values).map { row in
                Guardianship.Pair(person: try row.uuid(0).person, guardian: try row.uuid(1).person)
            })
    }

    /// Where each of them lives today.
    mutating func homes(of persons: [PersonKey]) throws -> [PersonKey: String] {
        let rows = try transaction.query(
            Self.selectHomesOfAll, [.uuids(persons.map { UUIDBytes($0) })])
        var lived: [PersonKey: [Residence]] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            lived[try row.uuid(0).person, default: []].append(try Residence(row, from: 1))
        }
        return lived.compactMapValues {
            $0.residence(on: now.dayInJapan, knownBy: now)?.municipality
        }
    }

    private static func insert(_ words: [Guardianship], of body: String, task: RecordID)
        -> (Statement, [Value])
    {
        (
            insertGuardianships,
            [
                .uuids(words.map { UUIDBytes($0.key.person) }),
                .uuids(words.map { UUIDBytes($0.key.guardian) }), .text(body),
                .texts(words.map(\.key.kind)), .days(words.map(\.key.from)),
                .days(words.map(\.said.to)), .bools(words.map(\.said.isCustodyLost)), .id(task),
                .bools(words.map(\.said.isCustodyRestored)), .texts(words.map(\.names?.person)),
                .texts(words.map(\.names?.guardian)),
            ]
        )
    }

    private static let selectGuardianships = Statement(
        """
        select distinct on (person, guardian, kind, valid_from)
            person, guardian, kind, valid_from, valid_to, is_custody_lost,
            is_custody_restored, version, person_key, guardian_key
        from exchange.guardianship where person = any ($1) and municipality = $2
        order by person, guardian, kind, valid_from, version desc
        """)

    private static let selectNewer = Statement(
        """
        select g.person, g.guardian from exchange.guardianship g
        where g.person = any ($1) and g.municipality = $2 and \(FileMoment.isSince("g"))
        """)

    private static let selectLosses = Statement(
        """
        select person, guardian, municipality, kind, valid_from from exchange.custody_lost
        where person = any ($1)
        """)

    private static let countStanding = Statement(
        """
        select count(*) from exchange.guardianship g
        where g.municipality = $1 and not g.is_custody_lost and (g.valid_to is null or g.valid_to >= $2)
            and not exists (
                select 1 from exchange.guardianship later
                where later.person = g.person and later.guardian = g.guardian
                    and later.municipality is not distinct from g.municipality and later.kind = g.kind
                    and later.valid_from = g.valid_from and later.version > g.version)
        """)

    private static let selectHomesOfAll = Statement(
        """
        select person, version, municipality, from_day, known_at from exchange.residence
        where person = any ($1)
        """)

    private static let insertGuardianships = Statement(
        """
        insert into exchange.guardianship (person, guardian, municipality, kind, valid_from, valid_to,
            is_custody_lost, task, is_custody_restored, person_key, guardian_key)
        select person, guardian, $3, kind, valid_from, valid_to, is_custody_lost, $8, is_custody_restored,
            person_key, guardian_key
        from unnest($1::uuid[], $2::uuid[], $4::text[], $5::date[], $6::date[], $7::bool[], $9::bool[],
            $10::text[], $11::text[])
            as g(person, guardian, kind, valid_from, valid_to, is_custody_lost, is_custody_restored,
                person_key, guardian_key)
        """)
}
