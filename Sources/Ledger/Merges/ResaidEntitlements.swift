import Exchange
import Postgres

/// 言い直した資格: what bodies said of one record, said of another one, or taken back where it stood, in
/// versions that
/// name the merge. The same certificate under both records is one.
struct ResaidEntitlements {
    private struct Word {
        let from: EntitlementEnds.Key
        let to: PersonKey
        let isDeleted: Bool
        let merge: RecordID
    }

    private var words: [Word] = []

    /// From now on the survivor holds what the absorbed record did. `ends` holds the words of both, and what
    /// it reckons goes on from the survivor's.
    mutating func join(_ merge: PlannedMerge, _ ends: inout EntitlementEnds) {
        for (key, own) in ends.words(of: merge.absorbed).sorted(by: Self.isBefore)
        where !own.isDeleted {
            say(key, of: merge.absorbed, isDeleted: true, merge)
            let there = key.of(merge.survivor)
            guard ends.word(there)?.isDeleted ?? true else { continue }
            say(key, of: merge.survivor, isDeleted: false, merge)
            ends.say(there, own)
        }
        ends.leaveOut(merge.absorbed)
    }

    /// What came by the merge goes back to where it stood, and what a body said of it since stays where
    /// it was said.
    mutating func part(
        _ merge: PlannedMerge, _ ends: inout EntitlementEnds, _ transaction: inout Transaction
    ) throws {
        let came = try transaction.query(Self.selectCame, [.id(merge.id)])
        var isUntouched: [EntitlementEnds.Key: Bool] = [:]
        for index in 0..<came.count {
            let row = came[index]
            let key = EntitlementEnds.Key(
                person: merge.survivor, body: try row.text(0), certificateType: try row.text(1),
                subKey: try row.text(2), historyKey: try row.text(3))
            isUntouched[key] = try row.bool(4)
        }
        for (key, own) in ends.words(of: merge.survivor).sorted(by: Self.isBefore)
        where isUntouched[key] == true {
            say(key, of: merge.survivor, isDeleted: true, merge)
            ends.say(key, own.deleted(true))
        }
        let gone = try transaction.query(Self.selectGone, [.id(merge.id), .person(merge.absorbed)])
        for index in 0..<gone.count {
            let row = gone[index]
            let key = EntitlementEnds.Key(
                person: merge.absorbed, body: try row.text(0), certificateType: try row.text(1),
                subKey: try row.text(2), historyKey: try row.text(3))
            guard isUntouched[key.of(merge.survivor)] ?? true, let own = ends.word(key) else {
                continue
            }
            say(key, of: merge.absorbed, isDeleted: false, merge)
            ends.say(key, own.deleted(false))
        }
    }

    private mutating func say(
        _ key: EntitlementEnds.Key, of person: PersonKey, isDeleted: Bool, _ merge: PlannedMerge
    ) {
        words.append(Word(from: key, to: person, isDeleted: isDeleted, merge: merge.id))
    }

    private static func isBefore(
        _ left: (key: EntitlementEnds.Key, own: EntitlementEnds.Own),
        _ right: (key: EntitlementEnds.Key, own: EntitlementEnds.Own)
    ) -> Bool {
        let order = { (key: EntitlementEnds.Key) in
            (key.body, key.certificateType, key.subKey, key.historyKey)
        }
        return order(left.key) < order(right.key)
    }

    func steps(task: RecordID) -> [(Statement, [Value])] {
        guard !words.isEmpty else { return [] }
        let keys = words.map(\.from)
        return [
            (
                Self.insert,
                [
                    .uuids(keys.map { UUIDBytes($0.person) }),
                    .uuids(words.map { UUIDBytes($0.to) }), .texts(keys.map(\.body)),
                    .texts(keys.map(\.certificateType)), .texts(keys.map(\.subKey)),
                    .texts(keys.map(\.historyKey)), .bools(words.map(\.isDeleted)),
                    .uuids(words.map { UUIDBytes($0.merge) }), .id(task),
                ]
            )
        ]
    }

    /// Each is the newest own word as it was before the statement.
    private static let insert = Statement(
        """
        insert into exchange.entitlement (person, body, certificate_type, sub_key, history_key, consent_kind,
            valid_from, valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
            recipient_number, birth_date, certification_name, designated_institutions, face,
            face_digest, task, by_merge)
        select n.to_person, e.body, e.certificate_type, e.sub_key, e.history_key, e.consent_kind,
            e.valid_from, e.valid_to, n.is_deleted, false, e.is_always_reimbursement, e.payer_number,
            e.recipient_number, e.birth_date, e.certification_name, e.designated_institutions, e.face,
            e.face_digest, $9, n.merge
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[],
            $8::uuid[]) with ordinality
            as n(person, to_person, body, certificate_type, sub_key, history_key, is_deleted, merge, ord)
        cross join lateral (
            select * from exchange.entitlement e
            where e.person = n.person and e.body = n.body and e.certificate_type = n.certificate_type
                and e.sub_key = n.sub_key and e.history_key = n.history_key
                and not e.is_under_review and not e.is_by_event
            order by e.version desc limit 1) e
        order by n.ord
        """)

    /// What the survivor got by the merge, and whether its body said nothing of it since.
    private static let selectCame = Statement(
        """
        select e.body, e.certificate_type, e.sub_key, e.history_key, not exists (
            select 1 from exchange.entitlement later
            where later.person = e.person and later.version > e.version and not later.is_under_review
                and not later.is_by_event
                and row(later.body, later.certificate_type, later.sub_key, later.history_key)
                    is not distinct from row(e.body, e.certificate_type, e.sub_key, e.history_key))
        from exchange.entitlement e
        join exchange.record_merge m on m.merge = e.by_merge and m.survivor = e.person
        where e.by_merge = $1 and not e.is_deleted
        """)

    private static let selectGone = Statement(
        """
        select e.body, e.certificate_type, e.sub_key, e.history_key from exchange.entitlement e
        where e.by_merge = $1 and e.person = $2 and e.is_deleted
        order by e.body, e.certificate_type, e.sub_key, e.history_key
        """)
}

extension EntitlementEnds {
    /// 重なる受給者証: the two hold the same certificate for the same days, in other words.
    func clash(of absorbed: PersonKey, with survivor: PersonKey) -> Bool {
        let there = words(of: survivor).filter { !$0.own.isDeleted }
        return words(of: absorbed).contains { key, own in
            !own.isDeleted
                && there.contains { other, said in
                    let isSameRow = other == key.of(survivor)
                    if isSameRow { return said.face != own.face }
                    return other.body == key.body && other.certificateType == key.certificateType
                        && other.subKey == key.subKey && said.validFrom <= own.validTo
                        && own.validFrom <= said.validTo
                }
        }
    }
}
