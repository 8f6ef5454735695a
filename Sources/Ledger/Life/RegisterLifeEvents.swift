package import Exchange
import Postgres

/// 住民異動の登録の一行 whose individual numbers, where it has any, have already become keyed hashes.
package struct NumberedLifeEvent: Sendable {
    let number: HashChain?
    /// 統合される記録: by its number; by its key the row itself says it.
    let merged: HashChain?
    let row: LifeEventRow

    package init(_ row: LifeEventRow, number: HashChain?, merged: HashChain? = nil) {
        self.row = row
        self.number = number
        self.merged = merged
    }

    /// The keys by which it names people.
    fileprivate var keys: [String] {
        var keys = number == nil ? [row.municipalityIdentityKey] : []
        if case .key(let key) = row.merged { keys.append(key) }
        return keys
    }
}

extension Records {
    /// 住民異動の登録: applied exactly once per idempotency key, and each event once per sequence of its
    /// municipality. Homes, death and the ends of entitlements are reckoned anew from everything that is
    /// known of the person, in this commit; so any order and repetition comes to the same.
    ///
    /// When this is acknowledged, whoever is not to be disclosed is not, and nobody who is told to have
    /// died is received any more. The residents concerned are told by a notice. A merge of two records and
    /// its undoing wait until two have asked for them.
    package mutating func registerLifeEvents(
        _ request: RegistrationRequest, _ rows: [NumberedLifeEvent], _ agreement: MergeAgreement,
        rules: RuleBook
    ) throws -> RegistrationReceipt {
        if let receipt = try beginTask(request) { return receipt }
        let plan = try plan(rows, agreement, rules)
        for person in plan.touched { enter(person) }
        if plan.touched.isEmpty { enter(nil) }
        let outcome = try outcome(of: plan, rules)
        let hidden = Set(plan.news.filter(\.row.isNotDisclosed).map { plan.person(of: $0.record) })
            .union(plan.merges.map(\.survivor))
        let notices = NewNotice.insertion(of: Self.notices(of: plan), from: caller.party)
        let beforehand = plan.persons.steps + plan.proposals
        return endTask(request, plan.outcomes) { [body = caller.party.code, now] task in
            beforehand + [
                AdvisoryLock.waiting(forRelationsOf: hidden),
                Self.insertion(of: plan.news, of: body, task: task),
            ] + plan.merges.flatMap { $0.steps(body, task: task, at: now) }
                + outcome.steps(body, task: task, at: now) + [notices]
        }
    }

    /// Whose life changed, who became one, and who became two. What has no effect, such as a merge that was
    /// undone before it was told of, is told to nobody.
    private static func notices(of plan: LifePlan) -> [NewNotice] {
        let changed = plan.news.filter { $0.row.kind != .died && !$0.row.kind.isOfRecords }
            .map { plan.person(of: $0.record) }
        let told = [
            (Notice.lifeEvent, changed), (Notice.recordsMerged, plan.joining.map(\.survivor)),
            (Notice.recordsParted, plan.parting.flatMap { [$0.absorbed, $0.survivor] }),
        ]
        return told.flatMap { kind, persons in
            Set(persons).map { NewNotice(person: $0, kind: kind) }
        }
    }

    /// What registering these rows would do. Nothing is written but entries: of those who are said to be
    /// somebody else, and of those who would be one person or two. What others hold of the latter is not told
    /// before a second person confirmed the file.
    mutating func weighLifeEvents(_ rows: [NumberedLifeEvent], rules: RuleBook) throws
        -> [RowOutcome]
    {
        let plan = try plan(rows, .beforeTheFile, rules)
        for person in plan.lookedAt { enter(person) }
        return plan.outcomes
    }

    /// How many events the municipality has told of.
    mutating func standingLifeEvents() throws -> Int {
        try transaction.query(Self.countEvents, [.text(caller.party.code)])[0].int(0)
    }

    private mutating func plan(
        _ rows: [NumberedLifeEvent], _ agreement: MergeAgreement, _ rules: RuleBook
    ) throws -> LifePlan {
        let municipality = caller.party.code
        let byKey = try keyedRecords(rows.flatMap(\.keys), of: municipality)
        // Before anything of them is read: two municipalities tell of one move at the same time.
        let persons = try persons(
            of: rows.compactMap(\.number) + rows.compactMap(\.merged),
            joining: Array(byKey.values), alone: agreement.isWritten)
        var plan = LifePlan(
            municipality: municipality, today: now.dayInJapan, mismatch: rules.mismatch,
            persons: persons, mergesMax: agreement.mergesMax)
        (plan.known, plan.owners) = try knownEvents(
            rows.flatMap { [$0.row.sequence] + ($0.row.corrects.map { [$0] } ?? []) },
            of: municipality)
        plan.corrections = try corrections(of: rows.map(\.row.sequence), by: municipality)
        plan.said = try saidIdentities(of: persons.known)
        plan.weigh(Self.named(rows, persons, byKey))
        try settle(&plan, agreement, rules)
        return plan
    }

    /// Nothing of a merge's two records is read before two have asked for it.
    private mutating func settle(
        _ plan: inout LifePlan, _ agreement: MergeAgreement, _ rules: RuleBook
    ) throws {
        let asked = plan.asked
        var proposals = try proposals(of: asked, agreement)
        let agreed = asked.map { proposals.isAskedTwice($0) }
        try keepOthersOff(zip(asked, agreed).filter(\.1).map(\.0))
        for (merge, isAgreed) in zip(asked, agreed) {
            let facts = isAgreed ? try mergeFacts(merge, rules) : nil
            if plan.settle(merge, facts) { proposals.agree(merge) }
        }
        plan.proposals = proposals.steps
    }

    private static func named(
        _ rows: [NumberedLifeEvent], _ persons: NumberedPersons, _ byKey: [String: PersonKey]
    ) -> [LifePlan.Named] {
        let count = rows.count { $0.number != nil }
        var named = persons.records.ofRows.prefix(count).makeIterator()
        var merged = persons.records.ofRows.dropFirst(count).makeIterator()
        return rows.map { row in
            let record =
                row.number == nil ? byKey[row.row.municipalityIdentityKey] : named.next()
            var other = row.merged == nil ? nil : merged.next()
            if case .key(let key) = row.row.merged { other = byKey[key] }
            return LifePlan.Named(row: row.row, record: record, merged: other)
        }
    }

    private mutating func knownEvents(_ sequences: [String], of municipality: String) throws
        -> (known: [String: LifePlan.Known], owners: [String: PersonKey])
    {
        let rows = try transaction.query(
            Self.selectSequences, [.text(municipality), .texts(sequences)])
        var known: [String: LifePlan.Known] = [:]
        var owners: [String: PersonKey] = [:]
        for index in 0..<rows.count {
            let event = try LifeEvent(rows[index], from: 2)
            let next = 2 + LifeEvent.columnCount
            known[event.sequence] = LifePlan.Known(
                try rows[index].uuid(0).person, merged: try rows[index].optionalUUID(1)?.person,
                event, try LifeEventRow.Told(face: rows[index].text(next + 2)),
                identityKey: try rows[index].text(next),
                isNotDisclosed: try rows[index].bool(next + 1))
            owners[event.sequence] = try rows[index].uuid(next + 3).person
        }
        return (known, owners)
    }

    /// What was told that names one of these, which may not have been told of yet.
    private mutating func corrections(of sequences: [String], by municipality: String) throws
        -> [String: Set<LifePlan.Correction>]
    {
        let rows = try transaction.query(
            Self.selectCorrections, [.text(municipality), .texts(sequences)])
        var corrections: [String: Set<LifePlan.Correction>] = [:]
        for index in 0..<rows.count {
            guard let kind = LifeEvent.Kind(rawValue: try rows[index].text(1)) else {
                throw DatabaseError.decoding(column: "kind")
            }
            corrections[try rows[index].text(0), default: []].insert(
                LifePlan.Correction(kind: kind, record: try rows[index].uuid(2).person))
        }
        return corrections
    }

    /// What bodies that hold rows of them say of each.
    private mutating func saidIdentities(of persons: [PersonKey]) throws
        -> [PersonKey: [IdentityFacts]]
    {
        let rows = try transaction.query(
            Self.selectIdentities, [.uuids(persons.map { UUIDBytes($0) })])
        var said: [PersonKey: [IdentityFacts]] = [:]
        for index in 0..<rows.count {
            let identity = try RegistrationPlan.KnownIdentity(rows[index], from: 2)
            said[try rows[index].uuid(0).person, default: []].append(identity.facts)
        }
        return said
    }

    private static func insertion(of news: [LifePlan.News], of municipality: String, task: RecordID)
        -> (Statement, [Value])
    {
        let rows = news.map(\.row)
        return (
            insertEvents,
            [
                .uuids(news.map { UUIDBytes($0.record) }), .text(municipality),
                .texts(rows.map(\.sequence)), .texts(rows.map(\.municipalityIdentityKey)),
                .texts(rows.map(\.kind.rawValue)), .days(rows.map(\.effectiveOn.daysSince1970)),
                .days(rows.map(\.knownOn.daysSince1970)),
                .texts(rows.map(\.otherMunicipality?.digits)), .texts(rows.map(\.corrects)),
                .bools(rows.map(\.isNotDisclosed)), .texts(rows.map(\.face)), .id(task),
            ]
        )
    }

    private static let selectSequences = Statement(
        """
        select l.person, m.person, \(LifeEvent.columns), l.identity_key, l.is_not_disclosed, l.face,
            \(Survivors.sql(of: "l.person"))
        from exchange.life_event l
        left join exchange.record_merge m on m.municipality = l.municipality and m.sequence = l.sequence
        where l.municipality = $1 and l.sequence = any ($2)
        """)

    private static let selectCorrections = Statement(
        """
        select l.corrects, l.kind, l.person from exchange.life_event l
        where l.municipality = $1 and l.corrects = any ($2)
        """)

    private static let countEvents = Statement(
        "select count(*) from exchange.life_event where municipality = $1")

    private static let insertEvents = Statement(
        """
        insert into exchange.life_event (person, municipality, sequence, identity_key, kind, effective_on,
            known_on, other_municipality, corrects, is_not_disclosed, face, task)
        select person, $2, sequence, identity_key, kind, effective_on, known_on, other_municipality,
            corrects, is_not_disclosed, face, $12
        from unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::date[], $7::date[], $8::text[],
            $9::text[], $10::bool[], $11::text[])
            as l(person, sequence, identity_key, kind, effective_on, known_on, other_municipality,
                corrects, is_not_disclosed, face)
        """)
}

extension LifeEvent {
    /// Of `exchange.life_event l`.
    static let columns = """
        l.municipality, l.sequence, l.kind, l.effective_on, l.known_on, l.other_municipality, l.corrects
        """
    static let columnCount = 7

    init(_ row: Row, from column: Int) throws {
        guard let kind = Kind(rawValue: try row.text(column + 2)) else {
            throw DatabaseError.decoding(column: "kind")
        }
        self.init(
            municipality: try row.text(column), sequence: try row.text(column + 1), kind: kind,
            days: (
                CalendarDay(daysSince1970: try row.day(column + 3)),
                CalendarDay(daysSince1970: try row.day(column + 4))
            ), otherMunicipality: try row.optionalText(column + 5),
            corrects: try row.optionalText(column + 6))
    }
}
