import Exchange
import Postgres

/// 届け出られた妊娠: what doses are counted from, as the last word of any municipality on each pregnancy has it.
struct NotifiedPregnancy: Sendable {
    let episode: RecordID
    let known: KnownPregnancy

    /// Of each of these residents themselves: a child's record says nothing here of its mother's.
    static func step(of persons: [PersonKey]) -> (Statement, [Value]) {
        (select, [.uuids(persons.map { UUIDBytes($0) })])
    }

    /// The same of one, whose statement is planned once, as in `CheckupCompartment.reading`.
    static func step(of person: PersonKey) -> (Statement, [Value]) {
        (selectOfOne, [.person(person)])
    }

    static func read(
        _ rows: Rows, _ rules: MaternalRules
    ) throws -> [PersonKey: [NotifiedPregnancy]] {
        var pregnancies: [PersonKey: [NotifiedPregnancy]] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            // A word that these rules cannot read says nothing of a dose.
            let said = try? MaternalNotification(face: row.text(2), rules)
            guard let pregnancy = said?.pregnancy else { continue }
            pregnancies[try row.uuid(0).person, default: []].append(
                NotifiedPregnancy(
                    episode: try row.uuid(1).record,
                    known: KnownPregnancy(pregnancy, rules.pregnancy)))
        }
        return pregnancies
    }

    private static let select = newest(among: "unnest($1::uuid[])")
    private static let selectOfOne = newest(among: "(values ($1::uuid))")

    /// The newest of each key under any record of the person, and of those that stand, of each pregnancy,
    /// the word of whom the family came to last: what one municipality took back may stand by the word of
    /// another, and a correction by one that the family has left takes nobody's place.
    private static func newest(among persons: String) -> Statement {
        Statement(
            """
            select distinct on (q.person, newest.episode) q.person, newest.episode, newest.face
            from \(persons) as q(person)
            cross join lateral \(StandingWord.newestOfEachKey(of: "q.person")) newest
            where newest.kind = 'pregnancy' and \(StandingWord.stands("newest", of: "q.person"))
            order by q.person, newest.episode,
                \(StandingWord.heldFrom("newest", of: "q.person")) desc nulls last, newest.version desc
            """)
    }
}
