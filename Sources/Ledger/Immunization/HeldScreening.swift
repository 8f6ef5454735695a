package import Exchange
import Postgres

/// 保存された予診票の回答: the newest version of a resident's answers to one form.
package struct HeldScreening: Sendable {
    package let id: RecordID
    package let newest: ScreeningVersion
}

/// 回答の保存: what became of it.
package struct SavedScreening: Sendable {
    package let held: HeldScreening
    /// False where the same answers were held already.
    package let isNew: Bool
}

extension Records {
    /// All that the resident saved, drafts among them, in the order in which they were begun. Answers to a
    /// form that the rules no longer hold are not shown.
    package mutating func screenings(of person: PersonKey, _ rules: ImmunizationRules) throws
        -> [HeldScreening]
    {
        try HeldScreening.load(&transaction, of: [person], rules)[person] ?? []
    }

    /// 提出済みの予診票: the newest of each vaccine.
    package mutating func submittedScreenings(of person: PersonKey, _ rules: ImmunizationRules)
        throws -> [HeldScreening]
    {
        var newest: [String: HeldScreening] = [:]
        for held in try screenings(of: person, rules) where held.newest.isSubmitted {
            let vaccine = held.newest.response.form.vaccine.code
            if newest[vaccine].map({ $0.newest.savedAt <= held.newest.savedAt }) ?? true {
                newest[vaccine] = held
            }
        }
        return newest.values.sorted { $0.newest.savedAt < $1.newest.savedAt }
    }

    /// The submitted answers that the caller names; `names` are the ids by which it knows a response.
    /// Throws `.recordUnknown` for a draft, and for another resident's in the same words as for none.
    package mutating func submittedScreening(
        named id: String, of person: PersonKey, _ rules: ImmunizationRules,
        _ names: (RecordID) -> PairwiseIDs
    ) throws -> HeldScreening {
        try screenings(of: person, rules).submitted(named: id, names)
    }

    /// Saves answers as a response of their own; the same answers again are the ones that are held.
    package mutating func saveScreening(
        _ response: ScreeningResponse, of person: PersonKey, _ rules: ImmunizationRules
    ) throws -> SavedScreening {
        try lockVaccinations(of: person)
        if let held = try screenings(of: person, rules).first(where: { $0.newest.holds(response) })
        {
            return SavedScreening(held: held, isNew: false)
        }
        guard response.status != .amended else { throw Refusal.malformed("status") }
        return save(response, as: .random(), version: 1, of: person)
    }

    /// Saves a later version of the answers that the resident knows by this id. Throws what
    /// `ScreeningVersion.requireSuccessor` does, and `.recordUnknown`.
    package mutating func saveScreening(
        _ response: ScreeningResponse, seen: Int, named id: String, of person: PersonKey,
        _ rules: ImmunizationRules, _ names: (RecordID) -> PairwiseIDs
    ) throws -> SavedScreening {
        try lockVaccinations(of: person)
        let known = try screenings(of: person, rules).first { names($0.id).contains(id) }
        guard let known else { throw Refusal.recordUnknown }
        if known.newest.holds(response) { return SavedScreening(held: known, isNew: false) }
        try known.newest.requireSuccessor(response, seen: seen)
        return save(response, as: known.id, version: known.newest.version + 1, of: person)
    }

    private mutating func save(
        _ response: ScreeningResponse, as id: RecordID, version: Int, of person: PersonKey
    ) -> SavedScreening {
        let new = HeldScreening(
            id: id,
            newest: ScreeningVersion(
                id: id.text, version: version, savedAt: now, response: response))
        write([
            (
                HeldScreening.insert,
                [
                    .person(person), .id(id), .int(version), .text(caller.party.key),
                    .text(response.form.canonical), .text(response.form.vaccine.code),
                    .text(response.status.rawValue), .text(response.face), .time(now),
                ]
            )
        ])
        return SavedScreening(held: new, isNew: true)
    }
}

extension [HeldScreening] {
    /// As `Records.submittedScreening`.
    func submitted(named id: String, _ names: (RecordID) -> PairwiseIDs) throws(Refusal)
        -> HeldScreening
    {
        guard let held = first(where: { $0.newest.isSubmitted && names($0.id).contains(id) })
        else { throw .recordUnknown }
        return held
    }
}

extension HeldScreening {
    /// All that each of these residents saved, in the order in which it was begun.
    static func load(
        _ transaction: inout Transaction, of persons: [PersonKey], _ rules: ImmunizationRules
    ) throws -> [PersonKey: [HeldScreening]] {
        guard !persons.isEmpty else { return [:] }
        return try read(transaction.query(select, [.uuids(persons.map { UUIDBytes($0) })]), rules)
    }

    private static func read(_ rows: Rows, _ rules: ImmunizationRules) throws
        -> [PersonKey: [HeldScreening]]
    {
        var held: [PersonKey: [HeldScreening]] = [:]
        for index in 0..<rows.count {
            guard let screening = try HeldScreening(rows[index], rules) else { continue }
            held[try rows[index].uuid(4).person, default: []].append(screening)
        }
        return held
    }

    fileprivate init?(_ row: Row, _ rules: ImmunizationRules) throws {
        let face = try row.text(3)
        guard let response = try? ScreeningResponse(face: face, rules) else { return nil }
        id = try row.uuid(0).record
        newest = ScreeningVersion(
            id: id.text, version: try row.int(1),
            savedAt: Instant(microseconds: try row.instant(2)), response: response)
    }

    fileprivate static let select = Statement(
        """
        select response, version, saved_at, face, person from (
            select distinct on (person, response) response, version, saved_at, face, person,
                min(saved_at) over (partition by person, response) as begun_at
            from exchange.screening_response where person = any ($1)
            order by person, response, version desc) newest
        order by begun_at, response
        """)

    fileprivate static let insert = Statement(
        """
        insert into exchange.screening_response
            (person, response, version, party, form, vaccine, status, face, saved_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """)
}
