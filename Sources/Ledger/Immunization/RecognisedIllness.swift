import Exchange
import Postgres

/// 長期療養特例の認定: an invitation by which a municipality gives the time again. It goes with the resident: what the
/// illness kept them from is the same in every town, and the town that pays finds it among the remarks.
struct RecognisedIllness: Sendable {
    /// Of the invitation.
    let version: Int
    let illness: LongIllness

    /// By the columns behind those of a residence; `nil` for a row that is one.
    init?(_ row: Row) throws {
        guard let programme = try row.optionalText(6) else { return nil }
        version = try row.int(0)
        illness = LongIllness(
            ended: CalendarDay(daysSince1970: try row.day(7)), programmes: [programme],
            lastDay: CalendarDay(daysSince1970: try row.day(8)))
    }

    /// 住所地と認定 in one statement: where the residents lived, as `Records.selectHomes`, and what was
    /// recognised, of which most have nothing.
    static let selectWithHomes = withHomes(of: "any ($1)")
    static let selectWithHomesOfOne = withHomes(of: "$1")

    private static func withHomes(of persons: String) -> Statement {
        Statement(
            """
            \(Records.homesText(of: persons, with: ", null::text, null::date, null::date"))
            union all
            select t.version, t.municipality, null::date, null::timestamptz, null::date, t.person,
                t.programme, t.illness_ended, t.valid_to
            from exchange.vaccination_target t
            where t.person = \(persons) and t.illness_ended is not null and not t.is_removed
                and not exists (
                    select 1 from exchange.vaccination_target later
                    where later.person = t.person
                        and later.municipality is not distinct from t.municipality
                        and later.identity_key = t.identity_key and later.programme = t.programme
                        and later.valid_from = t.valid_from and later.version > t.version)
            """)
    }
}
