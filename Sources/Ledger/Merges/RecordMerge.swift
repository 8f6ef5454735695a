import Crypto
import Exchange
import Postgres

/// 統合の申出: a merge of two records, or its undoing, as a row asks for it.
struct AskedMerge {
    let row: LifeEventRow
    /// Whom the row names: the record that stays, or any of the two.
    let record: PersonKey
    let merged: PersonKey?
    /// Its undoing was told of before it.
    let isUndone: Bool

    /// What it does; nothing where it undoes what was not told of, or is undone already.
    func planned(_ facts: MergeFacts) -> PlannedMerge? {
        guard row.kind == .joined, let merged else { return facts.undoes }
        return PlannedMerge(
            id: .timeOrdered(), absorbed: merged, survivor: record, sequence: row.sequence,
            isJoin: true, isUndone: isUndone)
    }

    /// Of everything it says, and of whom: a second person agrees to this and nothing else, in whatever order
    /// the items are written.
    func digest(of municipality: String) -> [UInt8] {
        var hash = SHA256()
        let told = row.told
        let said = [
            municipality, row.sequence, row.kind.rawValue, row.municipalityIdentityKey,
            row.effectiveOn.text, row.knownOn.text, row.corrects, row.otherMunicipality?.digits,
            row.isNotDisclosed ? "1" : "0", told.name, told.nameKana, told.address,
            told.dateOfBirth?.text, told.sex?.rawValue,
        ]
        for text in said {
            hash.update(data: text.map { [1] + Array($0.utf8) + [0] } ?? [0])
        }
        hash.update(data: record.bytes + (merged?.bytes ?? []))
        return Array(hash.finalize())
    }
}

/// What a merge or its undoing does, once two asked for it.
struct PlannedMerge {
    let id: RecordID
    let absorbed: PersonKey
    let survivor: PersonKey
    let sequence: String
    /// Or parts what was joined.
    let isJoin: Bool
    /// It is kept as told, and joins nothing.
    let isUndone: Bool
}

/// 統合の事実: what decides whether two records may become one, or two again.
struct MergeFacts {
    fileprivate(set) var refusal: RowCode?
    /// The merge that an undoing names, while it stands.
    fileprivate(set) var undoes: PlannedMerge?

    func item(_ row: LifeEventRow) -> String {
        switch refusal {
        case .mergeAlready, .anotherPerson: row.mergedItem
        case .mergeUsed: "corrects"
        default: "municipalityIdentityKey"
        }
    }
}

extension Records {
    /// 統合の列を待つ: from now on nobody records anything of what these merges join or part. Whoever registers by
    /// an absorbed record's number shares the survivor's moves, which the caller has alone.
    mutating func keepOthersOff(_ merges: [AskedMerge]) throws {
        guard !merges.isEmpty else { return }
        var records = Set(merges.flatMap { [$0.record, $0.merged].compactMap(\.self) })
        let undone = try transaction.query(
            Self.selectMergesToUndo,
            [.text(caller.party.code), .texts(merges.map(\.row.corrects))])
        for index in 0..<undone.count {
            records.insert(try undone[index].uuid(0).person)
            records.insert(try undone[index].uuid(1).person)
        }
        let (statement, numbers) = AdvisoryLock.waiting(forMergesOf: records)
        try transaction.run(statement, numbers)
    }

    /// Read while nobody else writes under either record.
    mutating func mergeFacts(_ merge: AskedMerge, _ rules: RuleBook) throws -> MergeFacts {
        merge.row.kind == .joined
            ? try factsOfJoining(merge, rules) : try factsOfParting(merge)
    }

    private mutating func factsOfJoining(_ merge: AskedMerge, _ rules: RuleBook) throws
        -> MergeFacts
    {
        var facts = MergeFacts()
        guard let absorbed = merge.merged else { return facts }
        let survivor = merge.record
        guard absorbed != survivor else {
            facts.refusal = .mergeAlready
            return facts
        }
        // Undone before it was told of, it joins nothing.
        guard !merge.isUndone else { return facts }
        let two: [Value] = [.person(absorbed), .person(survivor)]
        let rows = try transaction.pipeline([
            (Self.selectOtherMerges, two), (Self.selectInTheWay, two),
        ])
        guard rows[0].count == 0 else {
            facts.refusal = .mergeAlready
            return facts
        }
        let homes = try homesToday(of: [absorbed, survivor], rules)
        if homes != [caller.party.code, caller.party.code] {
            facts.refusal = .mergeNotResident
        } else if try areDifferent(absorbed, survivor, rules) {
            facts.refusal = .anotherPerson
        } else if let first = try rows[1][0].texts(0).first {
            guard let code = RowCode(rawValue: "merge-" + first) else {
                throw DatabaseError.decoding(column: "in_the_way_of_merge")
            }
            facts.refusal = code
        } else if try haveTwoPregnancies(absorbed, survivor, rules) {
            facts.refusal = .mergeHeld
        } else if try EntitlementEnds.load(&transaction, of: [absorbed, survivor])
            .clash(of: absorbed, with: survivor)
        {
            facts.refusal = .mergeCertificate
        }
        return facts
    }

    private mutating func factsOfParting(_ merge: AskedMerge) throws -> MergeFacts {
        var facts = MergeFacts()
        let rows = try transaction.query(
            Self.selectMergeToUndo, [.text(caller.party.code), .text(optional: merge.row.corrects)])
        guard let row = rows.first else { return facts }
        facts.undoes = PlannedMerge(
            id: try row.uuid(0).record, absorbed: try row.uuid(1).person,
            survivor: try row.uuid(2).person, sequence: merge.row.sequence, isJoin: false,
            isUndone: false)
        if try row.bool(3) { facts.refusal = .mergeUsed }
        return facts
    }

    /// 本人の同一性: what any body says of the one must not be another person than what any says of the other.
    private mutating func areDifferent(
        _ absorbed: PersonKey, _ survivor: PersonKey, _ rules: RuleBook
    ) throws -> Bool {
        let rows = try transaction.query(
            Self.selectWords, [.uuids([UUIDBytes(absorbed), UUIDBytes(survivor)])])
        var said: [PersonKey: [IdentityFacts]] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            said[try row.uuid(0).person, default: []].append(
                try RegistrationPlan.KnownIdentity(row, from: 1).facts)
        }
        return (said[absorbed] ?? []).contains { one in
            (said[survivor] ?? []).contains {
                Exchange.compare(one, $0, rules.mismatch) == .anotherPerson
            }
        }
    }

    /// 二つの妊娠: that nobody but the municipality can tell apart, or say to be one. Without rules any two are.
    private mutating func haveTwoPregnancies(
        _ absorbed: PersonKey, _ survivor: PersonKey, _ rules: RuleBook
    ) throws -> Bool {
        let rows = try transaction.pipeline(EpisodeReading.steps(of: [absorbed, survivor]))
        guard let maternal = rules.maternal else {
            return try Set(rows[0].map { try $0.uuid(4).person }).count > 1
        }
        let known = try EpisodeReading(rows, maternal)
        func told(of person: PersonKey) -> [MaternalEpisode] {
            known.episodes(of: person, [], knownBy: now).map { $0.episode() }
        }
        return told(of: absorbed).isAtOdds(
            with: told(of: survivor), on: now.dayInJapan, maternal)
    }

    /// Merges that stand and have either in a place that forbids another.
    private static let selectOtherMerges = Statement(
        """
        select 1 from exchange.record_merge m
        where m.parted_at is null and (m.person in ($1, $2) or m.survivor = $1)
        """)

    private static let selectInTheWay = Statement("select exchange.in_the_way_of_merge($1, $2)")

    private static let selectMergesToUndo = Statement(
        """
        select m.person, m.survivor from exchange.record_merge m
        where m.municipality = $1 and m.sequence = any ($2) and m.parted_at is null
        """)

    private static let selectMergeToUndo = Statement(
        """
        select m.merge, m.person, m.survivor, exchange.used_since_merge(m.merge)
        from exchange.record_merge m
        where m.municipality = $1 and m.sequence = $2 and m.parted_at is null
        """)

    private static let selectWords = Statement(
        """
        select distinct on (i.person, i.body) i.person, i.name, i.name_kana, i.address, i.birth_date, i.sex,
            i.is_not_disclosed
        from exchange.identity i where i.person = any ($1) and \(SaidIdentity.stands("i"))
        order by i.person, i.body, i.version desc
        """)
}
