package import Exchange
import Postgres

/// 統合された記録: which record stands for each of some now. What is asked by the number, the key, the card, the
/// visit or the token of an absorbed record is answered from the survivor.
struct Survivors {
    private let byRecord: [PersonKey: PersonKey]

    static let none = Survivors(byRecord: [:])

    subscript(_ record: PersonKey) -> PersonKey { byRecord[record] ?? record }

    /// The record that stands for the one an SQL expression names, by whatever name its row is called.
    static func sql(of person: String) -> String {
        """
        coalesce((select its_merge.survivor from exchange.record_merge its_merge
            where its_merge.person = \(person) and its_merge.parted_at is null), \(person))
        """
    }

    /// Every record that is of the person now: of a parameter, the survivor first.
    static func records(of person: String) -> String {
        """
        array(select \(person)::uuid union all select m.person from exchange.record_merge m
            where m.survivor = \(person)::uuid and m.parted_at is null)
        """
    }

    /// Each of a parameter's persons under every record that is of them; a person once.
    static func recordsOfAsked(_ persons: String) -> String {
        """
        (select distinct u.person, u.person as record from unnest(\(persons)::uuid[]) as u(person)
        union all
        select m.survivor, m.person from exchange.record_merge m
        where m.survivor = any (\(persons)::uuid[]) and m.parted_at is null)
        """
    }

    /// The same of one person whom a column of the outer statement names, as `record`: one look in an index.
    static func eachRecord(of person: String) -> String {
        """
        (select \(person) as record union all select m.person from exchange.record_merge m
            where m.survivor = \(person) and m.parted_at is null)
        """
    }

    /// 統合の間の訂正の受付: what was decided while the record was merged may have come in a visit of the survivor.
    /// Undone, nothing tells of that one any more: the visit, and by which id it knew the resident, are those
    /// of the version before, as `former`; nothing of any other version. `visit` is the version's own.
    static func formerVisit(
        of version: String, in table: String, by key: String, visit: String = "r"
    ) -> String {
        """
        left join lateral (
            select w.visit, w.patient
            from exchange.\(table) o join exchange.visit w on w.visit = o.visit
            where \(version).survivor is not null
                and \(sql(of: "\(visit).person")) <> \(sql(of: "\(version).person"))
                and o.person = \(version).person and o.\(key) = \(version).\(key) and o.survivor is null
            order by o.version desc limit 1) former on true
        """
    }

    fileprivate init(byRecord: [PersonKey: PersonKey]) { self.byRecord = byRecord }

    fileprivate var all: [PersonKey] { Array(byRecord.keys) + byRecord.values }
}

extension Records {
    /// Holds the lock of these records' moves, and of those that stand for them, until the end of this
    /// access:
    /// shared by whoever writes under them, alone by whoever says whose they are. So no merge can come
    /// between
    /// looking a person up and writing.
    mutating func survivors(of records: [PersonKey], _ lock: Statement = AdvisoryLock.shareAll)
        throws -> Survivors
    {
        guard !records.isEmpty else { return .none }
        let held = Set(records + (try selectSurvivors(of: records)).all)
        try transaction.run(lock, AdvisoryLock.moves(of: held))
        let survivors = try selectSurvivors(of: records)
        // A merge that was on its way when the lock was asked for.
        let others = Set(survivors.all).subtracting(held)
        if !others.isEmpty { try transaction.run(lock, AdvisoryLock.moves(of: others)) }
        return survivors
    }

    /// 本人: whoever a record is of now.
    mutating func survivor(of record: PersonKey) throws -> PersonKey {
        try selectSurvivors(of: [record])[record]
    }

    /// 統合された記録: what stands beside a person's own record, in the order in which it came.
    package mutating func absorbedRecords(of survivor: PersonKey) throws -> [PersonKey] {
        try transaction.query(Self.selectRecordsOf, [.person(survivor)]).map {
            try $0.uuid(0).person
        }
    }

    private mutating func selectSurvivors(of records: [PersonKey]) throws -> Survivors {
        let rows = try transaction.query(
            Self.selectMerged, [.uuids(records.map { UUIDBytes($0) })])
        var survivors: [PersonKey: PersonKey] = [:]
        for index in 0..<rows.count {
            survivors[try rows[index].uuid(0).person] = try rows[index].uuid(1).person
        }
        return Survivors(byRecord: survivors)
    }

    static let selectRecordsOf = Statement(
        """
        select m.person from exchange.record_merge m
        where m.survivor = $1 and m.parted_at is null order by m.joined_at, m.merge
        """)

    private static let selectMerged = Statement(
        """
        select m.person, m.survivor from exchange.record_merge m
        where m.person = any ($1) and m.parted_at is null
        """)
}
