/// 診察の前の確認: what a clinic needs before it examines a mother or a child: how far a pregnancy has come,
/// which checkup's days it is today, and which tickets stand unused. A loss is told to no clinic: its plan is
/// the one of a pregnancy of which nobody told that it ended.
package struct ClinicPlan: Hashable, Sendable {
    /// 妊娠の経過, of one that goes on as far as a clinic is told.
    package struct Course: Hashable, Sendable {
        /// 分娩予定日.
        package let expectedDate: CalendarDay
        /// 妊娠週数 today; `nil` after the last week that the schedule knows.
        package let age: GestationalAge?
        /// 胎児数, as notified.
        package let fetuses: Int
    }

    /// 使っていない受診券.
    package struct Ticket: Hashable, Sendable {
        package let number: CheckupTicket.Number
        /// 受診券番号 as printed, where the municipality told it.
        package let printed: String?
        package let validFrom: CalendarDay
        /// `nil` while nothing says: a pregnancy goes on.
        package let validTo: CalendarDay?
        /// Codes of the checkups that it pays for.
        package let checkups: [String]
    }

    package let plan: CheckupPlan
    package var course: Course?
    package var tickets: [Ticket] = []
}

extension MaternalRules {
    /// As of `today`: of each child, of the pregnancy that a checkup of today is of, and of a birth whose
    /// checkups of the mother are still open.
    package func clinicPlans(_ facts: CheckupPlanFacts, today: CalendarDay) -> [ClinicPlan] {
        let standing = facts.episodes.filter { !$0.notification.isWithdrawn }
            .map(\.withoutLosses)
        let done = facts.done.filter(isExamined)
        let current = CheckupResult(checkup: pregnancy.checkup, day: today, entries: [])
        let last = standing.episode(of: current, self)?.id
        var plans = standing.filter {
            $0.id == last || $0.notification.kind == .child || isSeenAfterBirth($0, on: today)
        }.map { episode in
            let plan = plan(of: episode, done, among: standing, today)
            return ClinicPlan(
                plan: plan, course: course(of: episode, at: plan.age),
                tickets: unused(of: episode, on: today))
        }
        if !standing.contains(where: { $0.notification.kind == .child }) {
            let born = CheckupPlanFacts(birth: facts.birth, episodes: [], done: facts.done)
            plans += self.plans(born, today: today).map { ClinicPlan(plan: $0) }
        }
        return plans.filter { !$0.plan.checkups.isEmpty || !$0.tickets.isEmpty }
    }

    /// 産婦健診の期間: of an earlier pregnancy, when the weeks of the next are counted already.
    private func isSeenAfterBirth(_ episode: MaternalEpisode, on today: CalendarDay) -> Bool {
        guard let born = episode.notification.pregnancy?.endedOn else { return false }
        return windows(afterDelivery: born).contains { $0.days.contains(today) }
    }

    private func course(
        of episode: MaternalEpisode, at age: GestationalAge?
    ) -> ClinicPlan.Course? {
        guard let expected = episode.notification.pregnancy, expected.endedOn == nil else {
            return nil
        }
        return ClinicPlan.Course(
            expectedDate: expected.calendar.expectedDate, age: age, fetuses: expected.fetuses)
    }

    /// In the order of their first days; those whose last day has passed are of no use to anybody.
    private func unused(
        of episode: MaternalEpisode, on today: CalendarDay
    ) -> [ClinicPlan.Ticket] {
        let book = episode.book(self)
        return book.open.compactMap { ticket in
            let ends = [ticket.face?.validTo, book.closedAfter[ticket.number.kind]]
            let last = ends.compactMap(\.self).min()
            if let last, last < today { return nil }
            return ClinicPlan.Ticket(
                number: ticket.number, printed: ticket.face?.number,
                validFrom: ticket.face?.validFrom ?? ticket.validFrom, validTo: last,
                checkups: rule(of: ticket)?.checkups ?? [])
        }
    }
}

extension MaternalEpisode {
    fileprivate var withoutLosses: MaternalEpisode {
        MaternalEpisode(id: id, notification: notification.withoutLosses, tickets: tickets)
    }
}
