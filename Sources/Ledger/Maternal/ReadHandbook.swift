package import Exchange
import Postgres

/// 本人の健診結果, as the resident reads them.
extension Records {
    /// What `make` makes of them, as `checkups`. Throws `.rulesUnknown`.
    package mutating func ownCheckups<Made: Sendable>(
        of person: PersonKey, in compartment: CheckupCompartment, rules book: RuleBook,
        _ make: @Sendable ([HeldCheckup]) throws -> [Made]
    ) throws -> [Made] {
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        if try isClosed(compartment, to: person, book) { return [] }
        return try checkups(of: person, in: compartment, rules: rules, make)
    }

    /// 特に慎重に扱う項目 are nobody's but the resident's own, and a child's card and its PIN are in a
    /// guardian's hands: to one who does not yet decide alone (`childDecidesFromAge`) the compartment is
    /// closed. They are answered as one of whom nothing is held, it is not read, and nothing in it is
    /// changed. Somebody whose birth nobody told decides alone.
    mutating func isClosed(
        _ compartment: CheckupCompartment, to person: PersonKey, _ book: RuleBook
    ) throws -> Bool {
        try !closed(compartment, among: [person], book).isEmpty
    }

    /// To which of many it is closed, read at once.
    mutating func closed(
        _ compartment: CheckupCompartment, among persons: [PersonKey], _ book: RuleBook
    ) throws -> Set<PersonKey> {
        guard compartment == .sensitive, !persons.isEmpty, let maternal = book.maternal,
            let decidesFrom = book.consentKinds.first(where: {
                $0.kind == maternal.items.sensitiveConsentKind
            })?.childDecidesFromAge
        else { return [] }
        let steps =
            persons.count == 1
            ? MaternalReading.steps(of: persons[0], rules: book)
            : MaternalReading.steps(of: persons, rules: book)
        let rows = try transaction.pipeline(steps)
        let reading = try MaternalReading(rows, maternal)
        let (moment, today) = (now, now.dayInJapan)
        return Set(
            persons.filter { person in
                let birth = reading.facts(of: person, at: moment).childBirth
                return birth.map { $0.yearsCompleted(on: today) < decidesFrom } ?? false
            })
    }
}

/// 家庭の母子健康手帳 of a resident, as of now: read once for the plan and for the page.
extension Records {
    /// A mother whose row is told of by the child's plan is on the
    /// record beside the child. What is planned for a pregnancy tells of its loss: visits that are planned
    /// no more, weeks that are counted no more, and that nothing is planned where there was a plan. So it is
    /// the resident's own, as everything of a loss; whoever acts for her sees what is planned for a child,
    /// and so does whoever holds the card of one who does not yet decide alone.
    /// Throws `.rulesUnknown`.
    package mutating func handbook(of person: PersonKey, rules book: RuleBook) throws
        -> FamilyHandbook
    {
        let facts = try maternalFacts(of: person, rules: book)
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        let reports = try checkups(of: person, in: .open, rules: rules).map(\.newest.report)
            .filter { $0.status != .enteredInError }
        let course = try birthCourse(of: person, born: facts.childBirth, rules: rules)
        if let course { enter(course.mother) }
        let isOwn = try acting == nil && !isClosed(.sensitive, to: person, book)
        let planned = facts.episodes.filter { isOwn || $0.notification.kind == .child }
        return FamilyHandbook(
            name: facts.name, birth: facts.childBirth, sex: facts.sex,
            plans: rules.plans(
                CheckupPlanFacts(
                    birth: facts.birth, episodes: planned, done: reports.map(\.result),
                    bornAt: course?.age),
                today: now.dayInJapan), reports: reports)
    }
}

/// 診察の前の確認 within a visit, as of now.
extension Records {
    /// What was found in confidence is no part of it, nor is whose child somebody is. Throws `.rulesUnknown`.
    package mutating func clinicPlans(of person: PersonKey, rules book: RuleBook) throws
        -> [ClinicPlan]
    {
        let facts = try maternalFacts(of: person, rules: book)
        guard let rules = book.maternal else { throw Refusal.rulesUnknown }
        let reports = try checkups(of: person, in: .open, rules: rules).map(\.newest.report)
            .filter { $0.status != .enteredInError }
        return rules.clinicPlans(
            CheckupPlanFacts(
                birth: facts.birth, episodes: facts.episodes, done: reports.map(\.result)),
            today: now.dayInJapan)
    }
}
