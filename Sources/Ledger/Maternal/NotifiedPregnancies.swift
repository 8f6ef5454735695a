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

    /// The newest of each key, and of those that stand the newest of each pregnancy: what one municipality
    /// took back may stand by the word of another.
    private static let select = Statement(
        """
        select distinct on (person, episode) person, episode, face from (
            select distinct on (person, municipality, notification_key) person, version, episode, kind,
                face
            from exchange.maternal_notification where person = any ($1)
            order by person, municipality, notification_key, version desc) newest
        where kind = 'pregnancy' and not coalesce((face::jsonb ->> 'isWithdrawn')::boolean, false)
        order by person, episode, version desc
        """)
}
