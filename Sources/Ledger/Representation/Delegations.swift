package import Exchange
import Postgres

/// 委任: what a resident lets one other person do. Whom, nobody writes down: whoever shows the code takes it,
/// once, with a card of their own.
package struct Delegation: Sendable {
    package let id: RecordID
    package let kinds: [String]
    package let made: Instant
    package let to: CalendarDay
    /// Until then somebody may show the code.
    package let codeLapses: Instant
    package let accepted: Instant?
    package let ended: Instant?
}

/// What a resident writes of a delegation.
package struct DelegationGrant: Sendable {
    package let codeHash: [UInt8]
    package let kinds: Set<ConsentKind>
    package let to: CalendarDay

    package init(codeHash: [UInt8], kinds: Set<ConsentKind>, to: CalendarDay) {
        self.codeHash = codeHash
        self.kinds = kinds
        self.to = to
    }
}

extension Records {
    /// Throws `.notYoursToShare` for a kind that the resident does not decide about alone, or cannot
    /// share.
    package mutating func delegate(
        _ grant: DelegationGrant, by person: PersonKey, _ rules: ActingRules
    ) throws -> Delegation {
        let rows = try transaction.query(Self.selectBirth, [.person(person)])
        let birth = try rows.first.map { try BirthDate($0.text(0)) }
        let shareable = Represented.shareable(born: birth, on: now.dayInJapan, rules)
        guard grant.kinds.isSubset(of: shareable) else { throw Refusal.notYoursToShare }
        let delegation = Delegation(
            id: .timeOrdered(), kinds: grant.kinds.map(\.code).sorted(), made: now, to: grant.to,
            codeLapses: now.adding(seconds: Int64(rules.codeHours) * 3600), accepted: nil,
            ended: nil)
        write([
            (
                Self.insertDelegation,
                [
                    .person(person), .id(delegation.id), .bytes(grant.codeHash),
                    .texts(delegation.kinds), .day(grant.to), .time(now),
                    .time(delegation.codeLapses),
                ]
            )
        ])
        return delegation
    }

    /// Takes the delegation of this code. Throws `.delegationUnknown` in the same words whatever
    /// is wrong with it; of two who show it at once one is told so.
    package mutating func acceptDelegation(codeHash: [UInt8], by proxy: PersonKey) throws {
        let rows = try transaction.query(
            Self.acceptDelegation, [.bytes(codeHash), .person(proxy), .time(now)])
        guard let row = rows.first else { throw Refusal.delegationUnknown }
        let person = try row.uuid(0).person
        let kinds = Set(try row.texts(1).map { try ConsentKind($0) })
        acting = ActingBasis(representative: proxy, kinds: kinds)
        enter(person)
        notify(person, Notice.delegationChanged)
    }

    /// Ends a delegation of this resident now; ending it twice is the same as once. It waits for those
    /// who act for the resident at this moment. Throws `.delegationUnknown` for another's.
    package mutating func endDelegation(_ delegation: RecordID, of person: PersonKey) throws {
        let lock = AdvisoryLock.relations(of: person)
        let ended = try transaction.pipeline([
            (AdvisoryLock.wait, [.int(lock)]),
            (Self.endDelegation, [.person(person), .id(delegation), .time(now)]),
        ])[1]
        guard let isNew = try ended.first?.bool(0) else { throw Refusal.delegationUnknown }
        guard isNew else { return }
        notify(person, Notice.delegationChanged)
    }

    /// Newest first, those that ended among them.
    package mutating func delegations(of person: PersonKey, limit: Int) throws -> [Delegation] {
        try transaction.query(Self.selectDelegations, [.person(person), .int(limit)]).map { row in
            Delegation(
                id: try row.uuid(0).record, kinds: try row.texts(1),
                made: Instant(microseconds: try row.instant(2)),
                to: CalendarDay(daysSince1970: try row.day(3)),
                codeLapses: Instant(microseconds: try row.instant(4)),
                accepted: try row.optionalInstant(5).map(Instant.init(microseconds:)),
                ended: try row.optionalInstant(6).map(Instant.init(microseconds:)))
        }
    }

    private static let selectBirth = Statement(
        """
        select i.birth_date from exchange.identity i
        where i.person = $1 and \(SaidIdentity.stands("i")) order by i.version desc limit 1
        """)

    private static let insertDelegation = Statement(
        """
        insert into exchange.delegation (person, delegation, code_hash, kinds, valid_to, made_at,
            code_lapses_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """)

    private static let acceptDelegation = Statement(
        """
        update exchange.delegation d set proxy = $2, accepted_at = $3
        where d.code_hash = $1 and d.proxy is null and d.ended_at is null and d.person <> $2
            and d.code_lapses_at > $3
            and not exists (select 1 from exchange.withheld w where w.person = d.person)
        returning d.person, d.kinds
        """)

    private static let endDelegation = Statement(
        """
        update exchange.delegation set ended_at = coalesce(ended_at, $3)
        where person = $1 and delegation = $2 returning ended_at = $3
        """)

    private static let selectDelegations = Statement(
        """
        select delegation, kinds, made_at, valid_to, code_lapses_at, accepted_at, ended_at
        from exchange.delegation where person = $1 order by made_at desc limit $2
        """)
}
