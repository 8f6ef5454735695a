/// 健診の予定: what a child, or a mother, is due for, what was done and what was missed, with the ticket for each.
/// One plan for each pregnancy and for each child.
package struct CheckupPlan: Hashable, Sendable {
    package enum State: String, CaseIterable, Hashable, Sendable {
        case done, due, upcoming, missed
    }

    package struct Checkup: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
        package let days: DayRange
        package let standard: CalendarDay?
        package let state: State
        package let ticket: CheckupTicket.Number?
    }

    package let title: BilingualText
    /// Where a pregnancy goes on: 妊娠週数 today.
    package let age: GestationalAge?
    /// 在胎週数: of a child whose relation to its mother's pregnancy stands.
    package var bornAt: GestationalAge?
    /// 母子健康手帳番号, as the municipality gave them.
    package var handbooks: [String] = []
    package let checkups: [Checkup]
}

/// What a plan is made from. `birth` is the registered one, for a child whose municipality notified nothing.
package struct CheckupPlanFacts: Sendable {
    package let birth: CalendarDay?
    package let episodes: [MaternalEpisode]
    /// Reports that stand.
    package let done: [CheckupResult]
    /// 在胎週数, of a child.
    package let bornAt: GestationalAge?

    package init(
        birth: CalendarDay?, episodes: [MaternalEpisode], done: [CheckupResult],
        bornAt: GestationalAge? = nil
    ) {
        self.birth = birth
        self.episodes = episodes
        self.done = done
        self.bornAt = bornAt
    }
}

extension MaternalRules {
    package func plans(_ facts: CheckupPlanFacts, today: CalendarDay) -> [CheckupPlan] {
        let standing = facts.episodes.filter { !$0.notification.isWithdrawn }
        let done = facts.done.filter(isExamined)
        var plans = standing.map { episode in
            var plan = plan(of: episode, done, among: standing, today)
            if episode.notification.kind == .child { plan.bornAt = facts.bornAt }
            plan.handbooks = episode.notification.handbooks
            return plan
        }
        if !standing.contains(where: { $0.notification.kind == .child }), let birth = facts.birth {
            let plan = plan(of: windows(ofChildBorn: birth), Self.childTitle, done, today)
            // Somebody grown has no infant checkups, missed or not.
            if plan.checkups.contains(where: { [.due, .upcoming].contains($0.state) }) {
                plans.append(plan)
            }
        }
        return plans.filter { !$0.checkups.isEmpty }
    }

    private static let childTitle = BilingualText(ja: "乳幼児健診の予定", en: "Checkups of the child")
    private static let pregnancyTitle = BilingualText(
        ja: "妊産婦健診の予定", en: "Checkups of pregnancy and after delivery")

    /// Of one pregnancy or child. `found`: in one who was examined.
    func plan(
        of episode: MaternalEpisode, _ found: [CheckupResult], among standing: [MaternalEpisode],
        _ today: CalendarDay
    ) -> CheckupPlan {
        let book = episode.book(self)
        let done = found.of(episode, among: standing)
        switch episode.notification.subject {
        case .child(let birth):
            return plan(
                of: windows(ofChildBorn: birth), Self.childTitle, done, today, tickets: book)
        case .pregnancy(let pregnancy):
            guard let ending = pregnancy.ending(rules: self.pregnancy) else {
                let age = pregnancy.calendar.age(on: today)
                return CheckupPlan(
                    title: Self.pregnancyTitle,
                    // Nobody told of its end; it goes on no longer than the schedule knows.
                    age: age.flatMap { $0.weeks <= self.pregnancy.weeksMax ? $0 : nil },
                    checkups: visits(of: pregnancy.calendar, done, today, book))
            }
            return plan(
                of: windows(afterDelivery: ending.day), Self.pregnancyTitle, done, today,
                tickets: book)
        }
    }

    private func plan(
        of windows: [MaternalSchedule.Window], _ title: BilingualText, _ done: [CheckupResult],
        _ today: CalendarDay, tickets book: TicketBook = TicketBook()
    ) -> CheckupPlan {
        var tickets = OpenTickets(book, self)
        let checkups = windows.compactMap { window -> CheckupPlan.Checkup? in
            let rule = window.rule
            let isDone = done.contains { $0.checkup == rule.code }
            // Asked for by an earlier test, not by age.
            guard isDone || rule.basis != .whenReferred || isReferred(to: rule, by: done)
            else { return nil }
            let state = isDone ? .done : window.days.state(on: today)
            // What is found in confidence alone may have been done: nobody is told that it was missed.
            guard state != .missed || !isHiddenWhole(rule) else { return nil }
            return CheckupPlan.Checkup(
                code: rule.code, name: rule.name, days: window.days, standard: window.standard,
                state: state, ticket: tickets.next(for: rule.code, state))
        }
        return CheckupPlan(title: title, age: nil, checkups: checkups)
    }

    /// リファー: an earlier result asks for it.
    private func isReferred(to rule: CheckupRule, by done: [CheckupResult]) -> Bool {
        guard let referral = rule.referral else { return false }
        return done.contains {
            $0.checkup == referral.checkup
                && check($0, of: nil).followUps.contains(referral.followUp)
        }
    }

    private func isHiddenWhole(_ rule: CheckupRule) -> Bool {
        rule.items.allSatisfy { items.isSensitive($0.code) }
    }

    private func visits(
        of calendar: PregnancyCalendar, _ done: [CheckupResult], _ today: CalendarDay,
        _ book: TicketBook
    ) -> [CheckupPlan.Checkup] {
        var tickets = OpenTickets(book, self)
        return visits(of: calendar).compactMap { visit in
            let isDone = done.contains {
                $0.checkup == pregnancy.checkup && visit.days.contains($0.day)
            }
            guard isDone || !visit.rule.isBeyondStandard else { return nil }
            let state = isDone ? .done : visit.days.state(on: today)
            let name = BilingualText(
                ja: "\(pregnancy.name.ja)（\(visit.rule.number)回目）",
                en: "\(pregnancy.name.en), visit \(visit.rule.number)")
            return CheckupPlan.Checkup(
                code: pregnancy.checkup, name: name, days: visit.days, standard: visit.standard,
                state: state, ticket: tickets.next(for: pregnancy.checkup, state))
        }
    }
}

extension [CheckupResult] {
    /// 産婦健診は分娩ごと: of a pregnancy that has ended, what was found since and before the next of hers ended: who
    /// gives birth again is due again. A child is born once, and visits of a pregnancy are told apart by
    /// their days.
    fileprivate func of(
        _ episode: MaternalEpisode, among episodes: [MaternalEpisode]
    ) -> [CheckupResult] {
        guard let ended = episode.notification.pregnancy?.endedOn else { return self }
        let next = episodes.compactMap { $0.notification.pregnancy?.endedOn }.filter { $0 > ended }
            .min()
        return filter { result in
            result.day >= ended && (next.map { result.day < $0 } ?? true)
        }
    }
}

/// The open tickets of a book, each told once, in the order in which they will be used.
private struct OpenTickets {
    private var open: [CheckupTicket]
    private let rules: MaternalRules

    init(_ book: TicketBook, _ rules: MaternalRules) {
        open = book.open
        self.rules = rules
    }

    mutating func next(for checkup: String, _ state: CheckupPlan.State) -> CheckupTicket.Number? {
        guard [.due, .upcoming].contains(state),
            let place = open.firstIndex(where: {
                rules.rule(of: $0)?.checkups.contains(checkup) == true
            })
        else { return nil }
        return open.remove(at: place).number
    }
}

extension DayRange {
    fileprivate func state(on today: CalendarDay) -> CheckupPlan.State {
        if today < first { return .upcoming }
        return today > last ? .missed : .due
    }
}
