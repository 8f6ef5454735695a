import Exchange
import Postgres

/// 異動による終わり: until when entitlements last, as life events have it. What a body itself said stays the
/// word that is reckoned from: a correction of the event gives back what it took.
struct EntitlementEnds {
    struct Key: Hashable {
        let person: PersonKey
        let body: String
        let certificateType: String
        let subKey: String
        let historyKey: String

        func of(_ other: PersonKey) -> Key {
            Key(
                person: other, body: body, certificateType: certificateType, subKey: subKey,
                historyKey: historyKey)
        }
    }

    /// The body's own newest word.
    struct Own {
        let validFrom: CalendarDay
        let validTo: CalendarDay
        let isDeleted: Bool
        let face: String

        func deleted(_ isDeleted: Bool) -> Own {
            Own(validFrom: validFrom, validTo: validTo, isDeleted: isDeleted, face: face)
        }
    }

    private struct Last: Hashable {
        let to: CalendarDay
        let isDeleted: Bool
    }

    private struct Ending {
        let key: Key
        let last: Last
        let face: String
    }

    private var own: [Key: Own] = [:]
    /// How it stands now, where an event had its way.
    private var standing: [Key: Last] = [:]
    private var endings: [Ending] = []

    /// A body says so now: whatever stood before is passed.
    mutating func say(_ key: Key, _ word: Own) {
        own[key] = word
        standing[key] = Last(to: word.validTo, isDeleted: word.isDeleted)
    }

    /// The body's own words on a person, by what they are of.
    func words(of person: PersonKey) -> [(key: Key, own: Own)] {
        own.filter { $0.key.person == person }.map { ($0.key, $0.value) }
    }

    func word(_ key: Key) -> Own? { own[key] }

    /// Nothing is reckoned of this person.
    mutating func leaveOut(_ person: PersonKey) {
        own = own.filter { $0.key.person != person }
        standing = standing.filter { $0.key.person != person }
    }

    mutating func stand(_ key: Key, to: CalendarDay, isDeleted: Bool) {
        standing[key] = Last(to: to, isDeleted: isDeleted)
    }

    /// Finds out which of them last otherwise than they stand. Throws `.malformed` for a face that is
    /// no row of ours.
    mutating func reckon(_ records: [PersonKey: LifeRecord], _ rules: MoveRules) throws {
        for (key, own) in own {
            guard let record = records[key.person] else { continue }
            let last = Self.last(key, own, record, rules)
            guard standing[key] != last else { continue }
            let face = try JSON(reading: Array(own.face.utf8)).requiredObject(at: "face")
                .replacing("validTo", by: .string(last.to.text))
            endings.append(Ending(key: key, last: last, face: JSON.object(face).text))
        }
    }

    private static func last(
        _ key: Key, _ own: Own, _ record: LifeRecord, _ rules: MoveRules
    ) -> Last {
        guard !own.isDeleted else { return Last(to: own.validTo, isDeleted: true) }
        let day = record.lastDay(
            of: key.body, from: own.validFrom, to: own.validTo,
            rules.afterMove(key.certificateType, of: key.body))
        // One that never began is taken back.
        return day < own.validFrom
            ? Last(to: own.validFrom, isDeleted: true) : Last(to: day, isDeleted: false)
    }

    /// Written after the bodies' own words, on whose newest each is made. Without a `task` they belong
    /// to that word's.
    func steps(task: RecordID?) -> [(Statement, [Value])] {
        guard !endings.isEmpty else { return [] }
        let keys = endings.map(\.key)
        return [
            (
                Self.insert,
                [
                    .uuids(keys.map { UUIDBytes($0.person) }), .texts(keys.map(\.body)),
                    .texts(keys.map(\.certificateType)), .texts(keys.map(\.subKey)),
                    .texts(keys.map(\.historyKey)),
                    .days(endings.map(\.last.to.daysSince1970)),
                    .bools(endings.map(\.last.isDeleted)), .texts(endings.map(\.face)), .id(task),
                ]
            )
        ]
    }

    // The digest stays the own word's: the same row sent again says nothing new.
    private static let insert = Statement(
        """
        insert into exchange.entitlement (person, body, certificate_type, sub_key, history_key, consent_kind,
            valid_from, valid_to, is_deleted, is_under_review, is_always_reimbursement, payer_number,
            recipient_number, birth_date, certification_name, designated_institutions, face,
            face_digest, task, is_by_event)
        select e.person, e.body, e.certificate_type, e.sub_key, e.history_key, e.consent_kind,
            e.valid_from, n.valid_to, n.is_deleted, false, e.is_always_reimbursement, e.payer_number,
            e.recipient_number, e.birth_date, e.certification_name, e.designated_institutions, n.face,
            e.face_digest, coalesce($9, e.task), true
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::date[], $7::bool[],
            $8::text[])
            as n(person, body, certificate_type, sub_key, history_key, valid_to, is_deleted, face)
        cross join lateral (
            select * from exchange.entitlement e
            where e.person = n.person and e.body = n.body and e.certificate_type = n.certificate_type
                and e.sub_key = n.sub_key and e.history_key = n.history_key
                and not e.is_under_review and not e.is_by_event
            order by e.version desc limit 1) e
        """)
}

extension EntitlementEnds {
    static func load(_ transaction: inout Transaction, of persons: [PersonKey]) throws
        -> EntitlementEnds
    {
        let rows = try transaction.query(select, [.uuids(persons.map { UUIDBytes($0) })])
        var ends = EntitlementEnds()
        var told: [Key: Int] = [:]
        // The body's own word comes before an event's on it.
        for index in 0..<rows.count {
            let row = rows[index]
            let key = Key(
                person: try row.uuid(0).person, body: try row.text(1),
                certificateType: try row.text(2), subKey: try row.text(3),
                historyKey: try row.text(4))
            let (isByEvent, version) = (try row.bool(5), try row.int(6))
            let to = CalendarDay(daysSince1970: try row.day(8))
            let isDeleted = try row.bool(9)
            if !isByEvent {
                told[key] = version
                ends.say(
                    key,
                    Own(
                        validFrom: CalendarDay(daysSince1970: try row.day(7)), validTo: to,
                        isDeleted: isDeleted, face: try row.text(10)))
            } else if version > told[key] ?? 0 {
                ends.stand(key, to: to, isDeleted: isDeleted)
            }
        }
        return ends
    }

    private static let select = Statement(
        """
        select distinct on (e.person, e.body, e.certificate_type, e.sub_key, e.history_key, e.is_by_event)
            e.person, e.body, e.certificate_type, e.sub_key, e.history_key, e.is_by_event, e.version,
            e.valid_from, e.valid_to, e.is_deleted, e.face
        from exchange.entitlement e where e.person = any ($1) and not e.is_under_review
        order by e.person, e.body, e.certificate_type, e.sub_key, e.history_key, e.is_by_event,
            e.version desc
        """)
}
