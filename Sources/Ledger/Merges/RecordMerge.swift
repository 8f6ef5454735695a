import Crypto
package import Exchange
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
    private(set) var planned: PlannedMerge?

    init(row: LifeEventRow, record: PersonKey, merged: PersonKey?, isUndone: Bool) {
        self.row = row
        self.record = record
        self.merged = merged
        self.isUndone = isUndone
    }

    mutating func plan(_ facts: MergeFacts) {
        if row.kind == .joined, let merged {
            planned = PlannedMerge(
                id: .timeOrdered(), absorbed: merged, survivor: record, sequence: row.sequence,
                isJoin: true, isUndone: isUndone)
        } else if let standing = facts.undoes {
            planned = PlannedMerge(
                id: standing.id, absorbed: standing.absorbed, survivor: standing.survivor,
                sequence: row.sequence, isJoin: false, isUndone: false)
        }
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

/// 二人目の決まり: how merges are agreed to.
package enum MergeAgreement: Sendable {
    /// ファイル: a second person confirmed the file, or it is only being compared.
    case withTheFile
    /// Each row waits for another officer to send the same one.
    case rowByRow(by: Officer, FourEyes, hours: Int)
}

extension Records {
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

    /// 二人目: whether two have asked for it by now; the caller's word is the first or the second. One that
    /// lapsed is begun anew.
    mutating func isAgreed(_ merge: AskedMerge, _ agreement: MergeAgreement) throws -> Bool {
        guard case .rowByRow(let officer, let rule, let hours) = agreement else { return true }
        let key: [Value] = [
            .text(caller.party.code), .text(merge.row.sequence),
            .bytes(merge.digest(of: caller.party.code)),
        ]
        let said: [Value] = [
            .text(optional: officer.name), officer.certificate.map { .bytes($0) } ?? .null,
            .time(now),
        ]
        let term: [Value] = [.time(now.adding(seconds: Int64(hours) * 3_600))]
        try transaction.run(Self.insertProposal, key + said + term)
        let held = try transaction.query(Self.lockProposal, key)[0]
        if try held.bool(3) { return true }
        let first = Officer(
            party: officer.party, name: try held.optionalText(0),
            certificate: try held.optionalBytes(1))
        guard Instant(microseconds: try held.instant(2)) > now else {
            try transaction.run(Self.renewProposal, key + said + term)
            return false
        }
        guard rule.accepts(officer, after: first) else { return false }
        try transaction.run(Self.agree, key + said)
        return true
    }

    /// Merges that stand and have either in a place that forbids another.
    private static let selectOtherMerges = Statement(
        """
        select 1 from exchange.record_merge m
        where m.parted_at is null and (m.person in ($1, $2) or m.survivor = $1)
        """)

    private static let selectInTheWay = Statement("select exchange.in_the_way_of_merge($1, $2)")

    private static let selectMergeToUndo = Statement(
        """
        select m.merge, m.person, m.survivor, exchange.bills_since_merge(m.merge)
        from exchange.record_merge m
        where m.municipality = $1 and m.sequence = $2 and m.parted_at is null
        """)

    private static let selectWords = Statement(
        """
        select distinct on (i.person, i.body) i.person, i.name, i.name_kana, i.address, i.birth_date, i.sex,
            i.is_not_disclosed
        from exchange.identity i where i.person = any ($1) and not i.is_under_review
        order by i.person, i.body, i.version desc
        """)

    private static let insertProposal = Statement(
        """
        insert into exchange.merge_proposal (municipality, sequence, digest, operator, certificate,
            proposed_at, lapses_at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing
        """)

    private static let lockProposal = Statement(
        """
        select p.operator, p.certificate, p.lapses_at, p.agreed_at is not null
        from exchange.merge_proposal p
        where p.municipality = $1 and p.sequence = $2 and p.digest = $3 for update
        """)

    private static let renewProposal = Statement(
        """
        update exchange.merge_proposal
        set operator = $4, certificate = $5, proposed_at = $6, lapses_at = $7
        where municipality = $1 and sequence = $2 and digest = $3
        """)

    private static let agree = Statement(
        """
        update exchange.merge_proposal
        set second_operator = $4, second_certificate = $5, agreed_at = $6
        where municipality = $1 and sequence = $2 and digest = $3
        """)
}
