import Exchange
import Postgres

/// 指定の履歴: for which schemes the registry said that an institution is designated, and on which days it said
/// so. A day on which it changed is of both: care of that day is not refused for the hour of an entry.
struct DesignationHistory {
    struct Designated: Hashable {
        let institution: UInt64
        let scheme: String
    }

    private struct Said {
        let party: String
        let until: Int32
        let designations: [Designation]
    }

    /// By party, the oldest first.
    private let said: [Said]

    /// Of the parties `$1`.
    static let select = Statement(
        """
        select p.party, h.until, h.designations
        from unnest($1::text[]) q(party) join exchange.party p on p.party = q.party,
        lateral (
            select null::timestamptz as until, null::bigint as serial, p.designations
            union all
            select past.until, past.serial, past.designations
            from exchange.party_past past where past.party = p.party) h
        order by p.party, h.until nulls last, h.serial
        """)

    init(_ rows: Rows) throws {
        said = try rows.map { row in
            let until = try row.optionalInstant(1).map(Instant.init(microseconds:))
            return Said(
                party: try row.text(0),
                until: until.map { Int32($0.dayInJapan.daysSince1970) } ?? Claim.endlessDay,
                designations: try row.texts(2).compactMap(Designation.init(text:)))
        }
    }

    /// Days since 1970. What the registry never said otherwise has no beginning, what it says now no end.
    func periods(by body: String) -> [Designated: [ClosedRange<Int32>]] {
        var periods: [Designated: [ClosedRange<Int32>]] = [:]
        var from = Claim.unsaidDay
        var last: String?
        for state in said {
            if state.party != last { (last, from) = (state.party, Claim.unsaidDay) }
            let institution = UInt64(state.party.dropFirst("institution:".count)) ?? 0
            let days = from...max(from, state.until)
            for designation in state.designations where designation.body == body {
                let place = Designated(institution: institution, scheme: designation.scheme)
                if let open = periods[place]?.last, open.upperBound >= from {
                    periods[place]?.removeLast()
                    periods[place]?.append(open.lowerBound...days.upperBound)
                } else {
                    periods[place, default: []].append(days)
                }
            }
            from = days.upperBound
        }
        return periods
    }

    /// By every body, on one day.
    func designations(of party: Party, on day: CalendarDay) -> Set<Designation> {
        let asked = Int32(day.daysSince1970)
        var found: Set<Designation> = []
        var from = Claim.unsaidDay
        for state in said where state.party == party.key {
            let days = from...max(from, state.until)
            if days.contains(asked) { found.formUnion(state.designations) }
            from = days.upperBound
        }
        return found
    }
}
