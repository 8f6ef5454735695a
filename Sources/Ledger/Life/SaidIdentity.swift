import Exchange
import Postgres

/// 基本情報の写し: what one municipality says of a person, as a version to be written.
struct SaidIdentity: Hashable {
    let person: PersonKey
    private var name: String
    private var nameKana: String?
    private var address: String?
    private var birthDate: String
    private var sex: String
    private var isNotDisclosed: Bool
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

    /// 取り消された異動の前: what an event said that was taken back is no word any more. An item of which nothing
    /// was said since is what it was `before` the event.
    func without(_ told: LifeEventRow.Told, before: SaidIdentity?) -> SaidIdentity {
        guard let before else { return self }
        var said = self
        if told.name == name { said.name = before.name }
        if told.nameKana != nil, told.nameKana == nameKana { said.nameKana = before.nameKana }
        if told.address != nil, told.address == address { said.address = before.address }
        if told.dateOfBirth?.text == birthDate { said.birthDate = before.birthDate }
        if told.sex?.rawValue == sex { said.sex = before.sex }
        return said
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

    /// What the body said of the person just before an event of its own, where the event said otherwise.
    fileprivate static let selectBefore = Statement(
        """
        select i.person, i.name, i.name_kana, i.address, i.birth_date, i.sex, i.is_not_disclosed
        from exchange.life_event l
        join exchange.identity told on told.person = l.person and told.body = l.municipality
            and told.task = l.task
        join exchange.identity i on i.person = told.person and i.body = told.body
            and i.version < told.version
        where l.municipality = $1 and l.sequence = $2 and \(stands("i"))
        order by told.version, i.version desc limit 1
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
    /// Nothing where the event changed nothing, or was the body's first word on the person.
    mutating func ownIdentity(before event: LifeEvent) throws -> SaidIdentity? {
        try transaction.query(
            SaidIdentity.selectBefore, [.text(event.municipality), .text(event.sequence)]
        ).first.map { try SaidIdentity($0) }
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
