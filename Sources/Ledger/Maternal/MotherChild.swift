package import Exchange
import Postgres

/// 母子の関係: what a child's record may say of the pregnancy that it was born of. The relation gives nobody
/// access to anybody: whoever reads for a child acts by a guardianship of its own.
package struct BirthCourse: Sendable {
    /// Whose row was read: she is on the record.
    package let mother: PersonKey
    /// 在胎週数.
    package let age: GestationalAge
}

extension Records {
    /// As the newest word of any municipality on the child that stands has it, under whichever record of the
    /// child: one that does not know the mother any more, after a move of the child alone or a special
    /// adoption, says nothing of her; one that was taken back says nothing at all, and the one before it
    /// speaks again. Nothing, too, while either is under 支援措置, or where the days do not agree.
    package mutating func birthCourse(
        of child: PersonKey, born birth: CalendarDay?, rules: MaternalRules
    ) throws -> BirthCourse? {
        guard let birth, let row = try transaction.query(Self.selectMother, [.person(child)]).first
        else { return nil }
        let said = try MaternalNotification(face: row.text(1), rules)
        guard !said.isWithdrawn, let age = said.pregnancy?.gestation(ofChildBorn: birth) else {
            return nil
        }
        return BirthCourse(mother: try row.uuid(0).person, age: age)
    }

    private static let selectMother = Statement(
        """
        with word as (
            select n.municipality, n.face::jsonb as face
            from \(Survivors.eachRecord(of: "$1::uuid")) one
            join exchange.maternal_notification n on n.person = one.record
            where n.kind = 'child' and \(StandingWord.isNewest("n", of: "$1::uuid"))
            order by n.version desc limit 1)
        select whom.survivor, told.face
        from word cross join lateral (
            select person, kind, face from exchange.maternal_notification
            where municipality = word.municipality
                and notification_key = word.face ->> 'pregnancyKey'
            order by version desc limit 1) told
        cross join lateral (select \(Survivors.sql(of: "told.person")) as survivor) whom
        where told.kind = 'pregnancy' and whom.survivor <> $1
            and not \(RegisteredIdentity.isHidden("$1"))
            and not \(RegisteredIdentity.isHidden("whom.survivor"))
        """)
}
