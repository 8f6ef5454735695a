import Exchange

/// Which certificates an invented person holds: several at once, run out, not yet begun, refund
/// only, and of the municipality they left, so that every outcome of a check has somebody behind
/// it.
struct SyntheticQualification {
    struct Person {
        let index: Int
        let place: SyntheticResident.Place
        let isSingleParents: Bool
        let residences: [SyntheticResident.Residence]
        let bornOn: CalendarDay
    }

    private struct Term {
        let from: CalendarDay
        let to: CalendarDay
        let historyKey: String
    }

    private let person: Person
    private let bodies: [SyntheticBody]
    private let today: CalendarDay

    init(_ person: Person, _ bodies: [SyntheticBody], _ today: CalendarDay) {
        self.person = person
        self.bodies = bodies
        self.today = today
    }

    func entitlements(_ chance: inout SplitMix64) -> [SyntheticEntitlement] {
        schemes(&chance).flatMap { entitlements($0, &chance) }
    }

    private func schemes(_ chance: inout SplitMix64) -> [SyntheticScheme] {
        var held: [SyntheticScheme] = []
        switch person.place {
        case .mother:
            if person.isSingleParents { held.append(.singleParents) }
        case .firstChild, .secondChild:
            held.append(.children)
            if person.isSingleParents { held.append(.singleParents) }
            if chance.once(in: 25) { held.append(.chronicChildren) }
        case .single:
            if chance.once(in: 8) { held.append(.disability) }
            if chance.once(in: 12) { held.append(.rareDiseases) }
        }
        let isAdult = person.place == .mother || person.place == .single
        if isAdult, chance.once(in: 10) { held.append(.mental) }
        return held
    }

    /// The rows of one scheme: renewed each year, at home and, for who moved, where they lived
    /// before.
    private func entitlements(
        _ scheme: SyntheticScheme, _ chance: inout SplitMix64
    ) -> [SyntheticEntitlement] {
        let isRefundOnly = !scheme.isOfPrefecture && chance.once(in: 20)
        let segment =
            scheme.incomeSegments.isEmpty ? nil : chance.below(scheme.incomeSegments.count)
        return terms(&chance).flatMap { term in
            person.residences.enumerated().compactMap { place, residence in
                let isLast = place == person.residences.count - 1
                let leaves = isLast ? nil : person.residences[place + 1].from.adding(days: -1)
                let from = max(term.from, residence.from, person.bornOn)
                let to = min(term.to, leaves ?? term.to)
                guard from <= to else { return nil }
                return SyntheticEntitlement(
                    scheme: scheme,
                    body: scheme.isOfPrefecture
                        ? residence.body.prefecture : residence.body.municipality,
                    payerNumber: payerNumber(scheme, residence.body),
                    recipientNumber: recipientNumber(scheme), segment: segment,
                    isAlwaysReimbursement: isRefundOnly, validFrom: from, validTo: to,
                    historyKey: place == 0 ? term.historyKey : "\(term.historyKey)-\(place)")
            }
        }
    }

    /// A year from the 1st of August or of April on; usually last year's and this year's.
    private func terms(_ chance: inout SplitMix64) -> [Term] {
        let begins = yearBegins(month: chance.once(in: 2) ? 8 : 4)
        let (past, next) = (begins.adding(days: -365), begins.adding(days: 365))
        let last = Term(from: past, to: begins.adding(days: -1), historyKey: "1")
        let current = Term(from: begins, to: next.adding(days: -1), historyKey: "2")
        switch chance.below(12) {
        case 0: return [last]
        case 1:
            let soon = today.adding(days: 1 + chance.below(40))
            return [Term(from: soon, to: soon.adding(days: 364), historyKey: "1")]
        default: return [last, current]
        }
    }

    private func yearBegins(month: Int) -> CalendarDay {
        var first = today.adding(days: 1 - today.day)
        while first.month != month {
            let before = first.adding(days: -1)
            first = before.adding(days: 1 - before.day)
        }
        return first
    }

    private func payerNumber(_ scheme: SyntheticScheme, _ body: SyntheticBody) -> String {
        let place = bodies.firstIndex { $0.municipality == body.municipality } ?? 0
        return SyntheticNumbers.payerNumber(
            law: scheme.lawNumber, prefecture: String(body.municipality.prefix(2)), place: place + 1
        )
    }

    private func recipientNumber(_ scheme: SyntheticScheme) -> String {
        scheme.isOfPrefecture
            ? SyntheticNumbers.nationalRecipientNumber(person.index)
            : SyntheticNumbers.localRecipientNumber(person.index, prefix: scheme.lawNumber)
    }
}
