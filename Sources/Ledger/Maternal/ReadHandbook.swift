package import Exchange

/// 本人の健診結果, as the resident reads them.
extension Records {
    /// 特に慎重に扱う項目 are nobody's but the resident's own, and a child's card and its PIN are in a guardian's
    /// hands: one who does not yet decide alone (`childDecidesFromAge`) is answered as one of whom nothing is
    /// held, and the compartment is not read. Somebody whose birth nobody told decides alone. Throws
    /// `.rulesUnknown`.
    package mutating func ownCheckups(
        of person: PersonKey, in compartment: CheckupCompartment, rules book: RuleBook
    ) throws -> [HeldCheckup] {
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        if compartment == .sensitive {
            let birth = try maternalFacts(of: person, rules: book).childBirth
            let kind = rules.items.sensitiveConsentKind
            let decidesFrom = book.consentKinds.first { $0.kind == kind }?.childDecidesFromAge
            let age = birth?.yearsCompleted(on: now.dayInJapan)
            if let age, let decidesFrom, age < decidesFrom { return [] }
        }
        return try checkups(of: person, in: compartment, rules: rules)
    }
}

/// 家庭の母子健康手帳 of a resident, as of now: read once for the plan and for the page.
extension Records {
    /// A mother whose row is told of by the child's plan is on the
    /// record beside the child. Throws `.rulesUnknown`.
    package mutating func handbook(of person: PersonKey, rules book: RuleBook) throws
        -> FamilyHandbook
    {
        let facts = try maternalFacts(of: person, rules: book)
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        let reports = try checkups(of: person, in: .open, rules: rules).map(\.newest.report)
            .filter { $0.status != .enteredInError }
        let course = try birthCourse(of: person, born: facts.childBirth, rules: rules)
        if let course { enter(course.mother) }
        return FamilyHandbook(
            name: facts.name, birth: facts.childBirth, sex: facts.sex,
            plans: rules.plans(
                CheckupPlanFacts(
                    birth: facts.birth, episodes: facts.episodes, done: reports.map(\.result),
                    bornAt: course?.age),
                today: now.dayInJapan), reports: reports)
    }
}
