package import Exchange
import Postgres

/// 指定の履歴: for which schemes the registry said that an institution is designated, and on which days: those
/// that the body gave, and without them those on which it said so. A day on which it changed is of both: care
/// of that day is not refused for the hour of an entry.
struct DesignationHistory {
    struct Designated: Hashable {
        let institution: UInt64
        let scheme: String
    }

    /// Days since 1970. What the registry never said otherwise has no beginning, what it says now no end.
    struct Period {
        let days: ClosedRange<Int32>
        /// It begins when the registry was told, because nobody said since when it holds.
        let isAsTold: Bool
    }

    private struct Said {
        let party: String
        let until: Int32
        let terms: [DesignationTerm]
    }

    /// 一続きの指定: the registry said it without a break, and its last word decides the days it gave.
    private struct Run {
        let start: Int32
        let end: Int32
        let term: DesignationTerm

        var period: Period? {
            let first = term.first.map { Int32($0.daysSince1970) } ?? start
            let last = min(term.last.map { Int32($0.daysSince1970) } ?? Claim.endlessDay, end)
            guard first <= last else { return nil }
            return Period(days: first...last, isAsTold: term.first == nil)
        }

        /// A word that begins after the last day of this one begins another.
        func goesOn(with next: DesignationTerm?, from day: Int32) -> Bool {
            guard let next else { return false }
            guard let last = term.last else { return true }
            return (next.first.map { Int32($0.daysSince1970) } ?? day)
                <= Int32(last.daysSince1970)
        }
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
                terms: try row.texts(2).compactMap(DesignationTerm.init(text:)))
        }
    }

    /// By institution and scheme, those of one body.
    func periods(by body: String) -> [Designated: [Period]] {
        var periods: [Designated: [Period]] = [:]
        for (party, states) in Dictionary(grouping: said, by: \.party) {
            let institution = UInt64(party.dropFirst("institution:".count)) ?? 0
            for (designation, found) in Self.periods(of: states) where designation.body == body {
                periods[.init(institution: institution, scheme: designation.scheme)] = found
            }
        }
        return periods
    }

    /// By every body, on one day.
    func designations(of party: Party, on day: CalendarDay) -> Set<Designation> {
        let asked = Int32(day.daysSince1970)
        let periods = periods(of: party.key)
        return Set(
            periods.filter { $0.value.contains { $0.days.contains(asked) } }.map(\.key))
    }

    /// By every body, of a party as the registry knows it.
    func periods(of party: String) -> [Designation: [Period]] {
        Self.periods(of: said.filter { $0.party == party })
    }

    /// Of one party, from the oldest word on.
    private static func periods(of states: [Said]) -> [Designation: [Period]] {
        var runs: [Designation: Run] = [:]
        var periods: [Designation: [Period]] = [:]
        var from = Claim.unsaidDay
        for state in states {
            let told = Dictionary(state.terms.map { ($0.designation, $0) }) { $1 }
            for (designation, run) in runs where !run.goesOn(with: told[designation], from: from) {
                if let period = run.period { periods[designation, default: []].append(period) }
                runs[designation] = nil
            }
            let until = max(from, state.until)
            for (designation, term) in told {
                let start = runs[designation]?.start ?? from
                runs[designation] = Run(start: start, end: until, term: term)
            }
            from = until
        }
        for (designation, run) in runs {
            if let period = run.period { periods[designation, default: []].append(period) }
        }
        return periods
    }
}

/// 指定の一覧の行: one period of a designation, as the registry knows it.
package struct DesignationLine: Sendable {
    package let party: String
    package let designation: Designation
    /// `nil`: nobody said.
    package let first: CalendarDay?
    /// 登録の日: where nobody said the first day, the one on which the registry was told; `nil`: it always stood.
    package let told: CalendarDay?
    /// `nil`: it has no end.
    package let last: CalendarDay?

    fileprivate init(
        _ party: String, _ designation: Designation, _ period: DesignationHistory.Period
    ) {
        self.party = party
        self.designation = designation
        let bounds = (period.days.lowerBound, period.days.upperBound)
        let begin =
            bounds.0 == Claim.unsaidDay ? nil : CalendarDay(daysSince1970: Int(bounds.0))
        first = period.isAsTold ? nil : begin
        told = period.isAsTold ? begin : nil
        last = bounds.1 == Claim.endlessDay ? nil : CalendarDay(daysSince1970: Int(bounds.1))
    }

    /// One line for the person at the command line.
    package var text: String {
        let term = DesignationTerm(designation, first: first, last: last)
        let beginning =
            first == nil ? ", first day not said" + (told.map { ", told \($0.text)" } ?? "") : ""
        return "\(party): \(term.phrase)\(beginning)\(last == nil ? ", no last day" : "")"
    }
}

extension PartyRegistry {
    /// 指定の一覧: the designations of a party, those that ended too, and those that it gave where it is a
    /// body; by party, body and scheme, the oldest first.
    package func designations(of party: Party) async throws -> [DesignationLine] {
        let body = [.municipality, .prefecture].contains(party.role) ? party.code : nil
        return try await pool.transaction(.readOnly) { transaction in
            let named = try transaction.query(
                Self.selectDesignated, [.text(party.key), .orNull(body)]
            ).map { try $0.text(0) }
            let history = try DesignationHistory(
                transaction.query(DesignationHistory.select, [.texts(named)]))
            return named.flatMap { name in
                history.periods(of: name)
                    .filter { name == party.key || $0.key.body == body }
                    .sorted { ($0.key.body, $0.key.scheme) < ($1.key.body, $1.key.scheme) }
                    .flatMap { entry in
                        entry.value.map { DesignationLine(name, entry.key, $0) }
                    }
            }
        }
    }

    private static let selectDesignated = Statement(
        """
        select distinct h.party
        from (
            select party, designations from exchange.party
            union all
            select party, designations from exchange.party_past) h
        where cardinality(h.designations) > 0 and (h.party = $1 or exists (
            select 1 from unnest(h.designations) as d (term) where split_part(d.term, ':', 1) = $2::text))
        order by 1
        """)
}
