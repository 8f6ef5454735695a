import Exchange
import Postgres

/// 基本情報の写し: what one municipality says of a person, as a version to be written.
struct SaidIdentity: Hashable {
    let person: PersonKey
    fileprivate var name: String
    fileprivate var nameKana: String?
    fileprivate var address: String?
    fileprivate var birthDate: String
    fileprivate var sex: String
    fileprivate var isNotDisclosed: Bool
    /// 統合による言い直し: said because of it.
    private var merge: RecordID?

    /// `told`: the words of its events, the earliest known first, and which of them are new. An item is
    /// the last word's on it, if that is a new one. Nothing where the person is not known whole.
    init?(
        _ person: PersonKey, _ base: SaidIdentity?,
        _ told: [(told: LifeEventRow.Told, isNew: Bool)]
    ) {
        func last<Item>(_ item: (LifeEventRow.Told) -> Item?) -> Item? {
            let word = told.last { item($0.told) != nil }
            return word.flatMap { $0.isNew ? item($0.told) : nil }
        }
        guard let name = last(\.name) ?? base?.name,
            let birthDate = last(\.dateOfBirth)?.text ?? base?.birthDate,
            let sex = last(\.sex)?.rawValue ?? base?.sex
        else { return nil }
        self.person = person
        self.name = name
        self.birthDate = birthDate
        self.sex = sex
        nameKana = last(\.nameKana) ?? base?.nameKana
        address = last(\.address) ?? base?.address
        isNotDisclosed = base?.isNotDisclosed ?? false
        merge = base?.merge
    }

    /// 一つになった記録: the survivor's words stay, and who is protected under either record is protected.
    static func joined(
        _ own: SaidIdentity?, _ absorbed: SaidIdentity?, _ merge: PlannedMerge?
    ) -> SaidIdentity? {
        guard let merge else { return own }
        var joined = own ?? absorbed.flatMap { SaidIdentity(merge.survivor, $0, []) }
        if absorbed?.isNotDisclosed == true { joined?.isNotDisclosed = true }
        joined?.merge = merge.id
        return joined
    }

    fileprivate init(
        _ person: PersonKey, name: String, nameKana: String?, address: String?, birthDate: String,
        sex: String, isNotDisclosed: Bool
    ) {
        self.person = person
        self.name = name
        self.nameKana = nameKana
        self.address = address
        self.birthDate = birthDate
        self.sex = sex
        self.isNotDisclosed = isNotDisclosed
    }

    fileprivate init(_ row: Row) throws {
        person = try row.uuid(0).person
        name = try row.text(1)
        nameKana = try row.optionalText(2)
        address = try row.optionalText(3)
        birthDate = try row.text(4)
        sex = try row.text(5)
        isNotDisclosed = try row.bool(6)
    }

    /// 今の言葉か: of a row of `exchange.identity` that an SQL expression names. What waits for a second look is
    /// not said yet, and what a merge said is said no more once it is undone: the body's word before speaks.
    static func stands(_ row: String) -> String {
        """
        not \(row).is_under_review and (\(row).by_merge is null or exists (
            select 1 from exchange.record_merge s where s.merge = \(row).by_merge and s.parted_at is null))
        """
    }

    static func insertion(of all: [SaidIdentity], _ body: String, task: RecordID)
        -> (Statement, [Value])
    {
        (
            insert,
            [
                .uuids(all.map { UUIDBytes($0.person) }), .text(body), .texts(all.map(\.name)),
                .texts(all.map(\.nameKana)), .texts(all.map(\.address)),
                .texts(all.map(\.birthDate)), .texts(all.map(\.sex)),
                .bools(all.map(\.isNotDisclosed)), .id(task),
                .uuids(all.map { $0.merge.map { UUIDBytes($0) } }),
            ]
        )
    }

    private static let insert = Statement(
        """
        insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed, is_under_review, task, by_merge)
        select person, $2, name, name_kana, address, birth_date, sex, is_not_disclosed, false, $9, by_merge
        from unnest($1::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
            $10::uuid[])
            as i(person, name, name_kana, address, birth_date, sex, is_not_disclosed, by_merge)
        """)

    fileprivate static let selectWords = Statement(
        """
        select i.person, i.name, i.name_kana, i.address, i.birth_date, i.sex, i.is_not_disclosed, i.known_at,
            coalesce(t.field = 'life-event', false), i.by_merge is not null
        from exchange.identity i left join exchange.registration_task t on t.task = i.task
        where i.person = $1 and i.body = $2 and \(stands("i")) order by i.version
        """)

    fileprivate static let selectOwn = Statement(
        """
        select distinct on (i.person) i.person, i.name, i.name_kana, i.address, i.birth_date, i.sex,
            i.is_not_disclosed
        from exchange.identity i where i.person = any ($1) and i.body = $2 and \(stands("i"))
        order by i.person, i.version desc
        """)
}

extension Records {
    mutating func ownWords(of person: PersonKey) throws -> OwnWords {
        let rows = try transaction.query(
            SaidIdentity.selectWords, [.uuid(UUIDBytes(person)), .text(caller.party.code)])
        return OwnWords(
            person: person,
            versions: try rows.map { row in
                OwnWords.Version(
                    said: try SaidIdentity(row), at: Instant(microseconds: try row.instant(7)),
                    isByEvent: try row.bool(8), isByMerge: try row.bool(9))
            })
    }

    mutating func ownIdentities(of persons: [PersonKey]) throws -> [PersonKey: SaidIdentity] {
        let rows = try transaction.query(
            SaidIdentity.selectOwn,
            [.uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code)])
        var own: [PersonKey: SaidIdentity] = [:]
        for index in 0..<rows.count {
            let said = try SaidIdentity(rows[index])
            own[said.person] = said
        }
        return own
    }
}

/// 異動のほかの言葉: everything that one body said of a person, the oldest first. Once an event was taken back, what
/// it said is no word any more: each item is then the last word on it of an event that stands, or of a list
/// where that said otherwise since; so the order in which events came changes nothing.
struct OwnWords {
    struct Version {
        let said: SaidIdentity
        let at: Instant
        /// It follows from events, and from what stood before them.
        let isByEvent: Bool
        let isByMerge: Bool
    }

    let person: PersonKey
    let versions: [Version]

    /// `told`: of the events that stand, the earliest known first, and since when each is here. Nothing
    /// where the person is not known whole.
    func with(_ told: [(told: LifeEventRow.Told, at: Instant)]) -> SaidIdentity? {
        func last<Item: Equatable>(
            _ said: (SaidIdentity) -> Item, _ item: (LifeEventRow.Told) -> Item?
        ) -> Item? {
            let word = ownWord(said)
            let later = told.last { word?.at ?? $0.at <= $0.at && item($0.told) != nil }
            return later.flatMap { item($0.told) } ?? word?.item
        }
        guard let name = last(\.name, \.name),
            let birthDate = last(\.birthDate, { $0.dateOfBirth?.text }),
            let sex = last(\.sex, { $0.sex?.rawValue })
        else { return nil }
        return SaidIdentity(
            person, name: name,
            nameKana: last(\.nameKana) { $0.nameKana.map(Optional.some) } ?? nil,
            address: last(\.address) { $0.address.map(Optional.some) } ?? nil, birthDate: birthDate,
            sex: sex, isNotDisclosed: versions.last?.said.isNotDisclosed ?? false)
    }

    /// What a list said of an item otherwise than what stood before it. A first word by a merge is that of
    /// the record that was absorbed.
    private func ownWord<Item: Equatable>(_ item: (SaidIdentity) -> Item) -> (
        item: Item, at: Instant
    )? {
        var word: (item: Item, at: Instant)?
        for (place, version) in versions.enumerated() {
            let said = item(version.said)
            let isOwn = !version.isByEvent || (place == 0 && version.isByMerge)
            let isNew = place == 0 || item(versions[place - 1].said) != said
            if isOwn, isNew { word = (said, version.at) }
        }
        return word
    }
}
