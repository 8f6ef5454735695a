package import Exchange

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
