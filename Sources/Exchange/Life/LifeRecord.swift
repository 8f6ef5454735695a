/// 異動の帰結: where a resident lived, day by day, and whether they died, as everything that was told comes to.
/// It follows from the set of words alone: their order and repetition change nothing.
package struct LifeRecord: Hashable, Sendable {
    /// 住所地: from that day until the next home; `Residence.nowhere` is none.
    package struct Home: Hashable, Sendable {
        package let from: CalendarDay
        package let municipality: String

        package init(from: CalendarDay, municipality: String) {
            self.from = from
            self.municipality = municipality
        }
    }

    /// Ascending; before the first nothing is known.
    package private(set) var homes: [Home] = []
    package private(set) var diedOn: CalendarDay?

    /// `feed` is what the card authority says: of a day it knows, its newest word speaks. `rules` say for
    /// how long somebody who left and has not arrived is still at home where they were.
    package init(_ events: some Sequence<LifeEvent>, feed: [Residence], rules: MoveRules) {
        let standing = events.standing
        arrive(standing, feed)
        for departure in standing.filter(\.kind.isDeparture).sorted(by: Self.isBefore) {
            depart(departure, within: rules.arrivalWithinDays)
        }
        end(by: standing.filter { $0.kind == .died })
        homes = homes.enumerated().filter { place, home in
            place == 0 || homes[place - 1].municipality != home.municipality
        }.map(\.element)
    }

    /// `nil` where nothing is known of the day.
    package func home(on day: CalendarDay) -> String? {
        homes.last { $0.from <= day }?.municipality
    }

    /// 資格の終わり: the last day of an entitlement of `body` that was to last from `from` to `to`; the day
    /// before `from` where it never began. Before the first known home the body's own word counts.
    package func lastDay(
        of body: String, from: CalendarDay, to: CalendarDay, _ afterMove: MoveRules.AfterMove
    ) -> CalendarDay {
        let stays = stays(under: body, afterMove)
        let never = from.adding(days: -1)
        guard
            let stay = stays.first(where: { $0.until.map { from <= $0 } ?? true && $0.from <= to })
        else {
            // A body that never was the resident's registers them for a reason of its own: only death
            // ends that.
            let wasThere = homes.contains {
                Self.isResponsible(body, afterMove, for: $0.municipality)
            }
            return wasThere ? never : diedOn.map { max(min(to, $0), never) } ?? to
        }
        return stay.until.map { min(to, $0) } ?? to
    }

    private struct Stay {
        let from: CalendarDay
        var until: CalendarDay?
    }

    private func stays(under body: String, _ afterMove: MoveRules.AfterMove) -> [Stay] {
        var stays: [Stay] = []
        guard let first = homes.first else { return stays }
        var isThere = true
        // Nobody says where they lived before the first home; whoever registered them then knew.
        stays.append(Stay(from: CalendarDay(daysSince1970: first.from.daysSince1970 - 100_000)))
        for home in homes {
            let isResponsible = Self.isResponsible(body, afterMove, for: home.municipality)
            if isThere, !isResponsible {
                stays[stays.count - 1].until = home.from.adding(days: -1)
            } else if !isThere, isResponsible {
                stays.append(Stay(from: home.from))
            }
            isThere = isResponsible
        }
        return stays
    }

    private static func isResponsible(
        _ body: String, _ afterMove: MoveRules.AfterMove, for municipality: String
    ) -> Bool {
        guard let bodies = ResponsibleBodies(municipality: municipality) else { return false }
        return bodies.contains(body)
            || afterMove == .followsInPrefecture
                && bodies.prefecture == ResponsibleBodies.prefecture(of: body)
    }

    // MARK: Reckoning

    private mutating func arrive(_ events: [LifeEvent], _ feed: [Residence]) {
        var told: [CalendarDay: LifeEvent] = [:]
        for event in events where event.kind.isArrival {
            let known = told[event.effectiveOn]
            guard known.map({ LifeEvent.isKnownEarlier($0, event) }) ?? true else { continue }
            told[event.effectiveOn] = event
        }
        var fed: [CalendarDay: Residence] = [:]
        for residence in feed {
            guard let known = fed[residence.from] else {
                fed[residence.from] = residence
                continue
            }
            let isNewer =
                (residence.knownAt, residence.version) > (known.knownAt, known.version)
            if isNewer { fed[residence.from] = residence }
        }
        homes =
            told.filter { fed[$0.key] == nil }
            .map { Home(from: $0.key, municipality: $0.value.municipality) }
            + fed.map { Home(from: $0.key, municipality: $0.value.municipality) }
        homes.sort { $0.from < $1.from }
    }

    /// A municipality takes nobody away but from itself.
    private mutating func depart(_ event: LifeEvent, within days: Int) {
        let day = event.effectiveOn
        guard home(on: day).map({ $0 == event.municipality }) ?? true else { return }
        let next = homes.first { $0.from > day && $0.municipality != event.municipality }
        if let next,
            next.municipality == event.otherMunicipality
                || next.from.daysSince1970 - day.daysSince1970 <= days
        {
            return
        }
        homes.removeAll { $0.from == day }
        homes.append(
            Home(from: day, municipality: event.otherMunicipality ?? Residence.nowhere))
        homes.sort { $0.from < $1.from }
    }

    /// 死亡: the word of a municipality where they lived that day, or of any where that is unknown.
    private mutating func end(by deaths: [LifeEvent]) {
        let told = deaths.filter { death in
            home(on: death.effectiveOn).map { $0 == death.municipality } ?? true
        }
        guard let day = told.max(by: LifeEvent.isKnownEarlier)?.effectiveOn else { return }
        diedOn = day
        homes.removeAll { $0.from > day }
        homes.append(Home(from: day.adding(days: 1), municipality: Residence.nowhere))
    }

    private static func isBefore(_ left: LifeEvent, _ right: LifeEvent) -> Bool {
        left.effectiveOn != right.effectiveOn
            ? left.effectiveOn < right.effectiveOn : LifeEvent.isKnownEarlier(left, right)
    }
}
