/// 代理関係: one row by which somebody may act for a resident.
package struct Relation: Hashable, Sendable {
    package enum Ground: Hashable, Sendable {
        /// 親権・後見: as a municipality says, by a code of `acting.json`.
        case guardian(_ code: String)
        /// 委任: the kinds that the resident chose.
        case delegation(_ kinds: Set<ConsentKind>)
    }

    package let ground: Ground
    package let from: CalendarDay
    /// The last day; nothing where no row says one.
    package let to: CalendarDay?

    package init(ground: Ground, from: CalendarDay, to: CalendarDay?) {
        self.ground = ground
        self.from = from
        self.to = to
    }

    package func holds(on day: CalendarDay) -> Bool {
        from <= day && (to.map { day <= $0 } ?? true)
    }
}

/// 代理される人: a resident, with everything by which one other person may act for them.
package struct Represented: Sendable {
    package let birth: BirthDate?
    package let relations: [Relation]

    package init(birth: BirthDate?, relations: [Relation]) {
        self.birth = birth
        self.relations = relations
    }

    /// The kinds in which that person may act on a day; none is no relation.
    ///
    /// Below a kind's age the guardian acts. From that age the child alone decides: it is open to
    /// whom the child let act in it, and what a child cannot share is open to nobody until the child
    /// is of age. Somebody whose birth is not known is taken for a child that decides alone. Of an
    /// uncertain day of birth the first possible one counts.
    package func openKinds(on day: CalendarDay, _ rules: ActingRules) -> Set<ConsentKind> {
        let held = relations.filter { $0.holds(on: day) }
        return Set(
            rules.kinds.filter { kind in
                held.contains { isOpen(kind, by: $0.ground, on: day, rules) }
            }.map(\.kind))
    }

    /// The kinds that a resident may let somebody else act in.
    package static func shareable(
        born birth: BirthDate?, on day: CalendarDay, _ rules: ActingRules
    ) -> Set<ConsentKind> {
        let resident = Represented(birth: birth, relations: [])
        return Set(
            rules.kinds.filter { resident.mayShare($0, on: day, rules) }.map(\.kind))
    }

    private func isOpen(
        _ kind: ConsentKindRule, by ground: Relation.Ground, on day: CalendarDay,
        _ rules: ActingRules
    ) -> Bool {
        switch ground {
        case .guardian(let code):
            guard let guardian = rules.guardian(code) else { return false }
            guard let age = age(on: day) else { return false }
            guard guardian.isOfMinor else { return age >= rules.guardianshipEndsAtAge }
            return age < rules.guardianshipEndsAtAge && age < kind.childDecidesFromAge
        case .delegation(let kinds):
            return kinds.contains(kind.kind) && mayShare(kind, on: day, rules)
        }
    }

    private func mayShare(
        _ kind: ConsentKindRule, on day: CalendarDay, _ rules: ActingRules
    ) -> Bool {
        guard let age = age(on: day), age >= kind.childDecidesFromAge else { return false }
        return kind.childMayShare || age >= rules.guardianshipEndsAtAge
    }

    private func age(on day: CalendarDay) -> Int? {
        birth?.earliest?.yearsCompleted(on: day)
    }
}
