/// 妊娠または子: one pregnancy, or one child, with what every municipality on the way said of it and the tickets
/// they gave out. The newest word speaks.
package struct MaternalEpisode: Sendable {
    package let id: RecordID
    package let notification: MaternalNotification
    package let tickets: [CheckupTicket]

    package init(id: RecordID, notification: MaternalNotification, tickets: [CheckupTicket]) {
        self.id = id
        self.notification = notification
        self.tickets = tickets
    }

    /// 受診券 with the last day of each kind: the birth for the visits of a pregnancy, and the end of the
    /// windows for what is counted from birth or delivery.
    package func book(_ rules: MaternalRules) -> TicketBook {
        var closedAfter: [String: CalendarDay] = [:]
        for ticket in tickets {
            guard let rule = rules.rule(of: ticket) else { continue }
            closedAfter[rule.kind] = lastDay(of: rule, rules)
        }
        return TicketBook(holding: tickets, closedAfter: closedAfter)
    }

    private func lastDay(of rule: TicketRule, _ rules: MaternalRules) -> CalendarDay? {
        switch notification.subject {
        case .child(let birth): return rules.lastDay(of: rule, from: birth)
        case .pregnancy(let pregnancy):
            guard let ending = pregnancy.ending(rules: rules.pregnancy) else { return nil }
            return rule.checkups.contains(rules.pregnancy.checkup)
                ? ending.closesPrenatalAfter : rules.lastDay(of: rule, from: ending.day)
        }
    }

    /// 交付: the tickets after a municipality's word. A municipality that speaks for the first time, or of a
    /// later day than any ticket elsewhere was given out on, takes over: tickets elsewhere no longer count
    /// from that day. One that only corrects what it said adds what is missing, unless the family has
    /// moved on.
    package func issuing(
        by body: String, _ notification: MaternalNotification, isFirst: Bool,
        _ rules: MaternalRules
    ) -> TicketBook {
        let book = TicketBook(holding: tickets)
        let elsewhere = tickets.filter { $0.replacedOn == nil && $0.number.body != body }
        let isLater = elsewhere.allSatisfy { $0.validFrom < notification.notifiedOn }
        guard !notification.isWithdrawn, isFirst || isLater else { return book }
        let given = rules.tickets(of: body, on: notification.notifiedOn).filter {
            $0.checkups.contains { rules.isOfChild($0) == (notification.kind == .child) }
        }
        let isPlural = notification.pregnancy?.isPlural ?? false
        let day = notification.notifiedOn
        let event: TicketEvent =
            !elsewhere.isEmpty
            ? .move(to: given, on: day, isPlural: isPlural)
            : .add(given, on: day, isPlural: isPlural)
        return (try? book.applying(event)) ?? book
    }

    /// 返還: the book after what the word says was given back; what was given back before stays so. Throws
    /// why the first that cannot be is not taken.
    package func returning(
        by body: String, _ notification: MaternalNotification, to book: TicketBook
    ) throws(MaternalRefusal) -> TicketBook {
        var book = book
        for returned in notification.returned {
            let number = book.tickets.last {
                $0.number.body == body && $0.number.kind == returned.kind
                    && $0.number.serial == returned.serial
            }?.number
            guard let number else { throw .noSuchTicket }
            if case .returned = book.state(of: number) { continue }
            book = try book.applying(.giveBack(number, on: returned.day))
        }
        return book
    }
}

extension MaternalRules {
    /// Whether a checkup is counted from birth.
    package func isOfChild(_ checkup: String) -> Bool { child.contains { $0.code == checkup } }
    /// Whether it is of a pregnancy or counted from its end.
    package func isOfMother(_ checkup: String) -> Bool {
        checkup == pregnancy.checkup || postpartum.contains { $0.code == checkup }
    }
}

extension [MaternalEpisode] {
    /// The one a checkup belongs to.
    package func episode(of result: CheckupResult, _ rules: MaternalRules) -> MaternalEpisode? {
        let standing = filter { !$0.notification.isWithdrawn }
        if rules.isOfChild(result.checkup) {
            return standing.last { $0.notification.kind == .child }
        }
        return standing.ended(before: result, rules)
            ?? standing.filter {
                ($0.notification.pregnancy?.calendar.weekZero).map { $0 <= result.day } ?? false
            }.max { one, other in
                guard let left = one.notification.pregnancy,
                    let right = other.notification.pregnancy
                else { return false }
                return left.calendar.weekZero < right.calendar.weekZero
            }
    }

    /// 産婦健診は終わった妊娠のもの: weeks are counted from before anything was conceived, so the next pregnancy may
    /// have begun by them within the days on which a mother is seen after the last.
    private func ended(before result: CheckupResult, _ rules: MaternalRules) -> MaternalEpisode? {
        guard rules.postpartum.contains(where: { $0.code == result.checkup }),
            let window = rules.checkup(result.checkup, on: result.day)?.window
        else { return nil }
        return filter {
            ($0.notification.pregnancy?.endedOn).map {
                window.days(from: $0).contains(result.day)
            } ?? false
        }.max { one, other in
            guard let left = one.notification.pregnancy?.endedOn,
                let right = other.notification.pregnancy?.endedOn
            else { return false }
            return left < right
        }
    }

    /// 前の妊娠の問診: answers before a mother's checkup that were given in another pregnancy, or after another
    /// delivery, than the one she would be seen for `today`.
    package func isOfFormer(
        _ checkup: String, answeredOn day: CalendarDay, today: CalendarDay, _ rules: MaternalRules
    ) -> Bool {
        func owner(_ day: CalendarDay) -> RecordID? {
            episode(of: CheckupResult(checkup: checkup, day: day, entries: []), rules)?.id
        }
        return rules.isOfMother(checkup) && owner(day) != owner(today)
    }

    /// Two pregnancies of one woman never overlap, and a child is born once: what another municipality
    /// notifies after a move is the same.
    package func same(as notification: MaternalNotification, _ rules: MaternalRules)
        -> MaternalEpisode?
    {
        last {
            !$0.notification.isWithdrawn && $0.notification.isOfSame(as: notification, rules)
        }
    }

    /// 統合の妨げ: whether pregnancies of two records of one person cannot be read as hers, because nobody but the
    /// municipality can say what they are to each other: both go on, or of one time one has ended and the
    /// other has not, as far as anybody told.
    package func isAtOdds(
        with other: [MaternalEpisode], on today: CalendarDay, _ rules: MaternalRules
    ) -> Bool {
        let (own, others) = (standingPregnancies, other.standingPregnancies)
        return own.contains { left in
            others.contains { right in
                let isOne = left.overlaps(right, rules)
                let goesOn = (left.goesOn(on: today, rules), right.goesOn(on: today, rules))
                return goesOn == (true, true)
                    || (isOne && (goesOn.0 || goesOn.1))
                    || (isOne && (left.endedOn == nil) != (right.endedOn == nil))
            }
        }
    }

    private var standingPregnancies: [Pregnancy] {
        filter { !$0.notification.isWithdrawn }.compactMap(\.notification.pregnancy)
    }
}

extension MaternalNotification {
    /// 同じ妊娠・同じ子: as `same`, whether or not either stands.
    package func isOfSame(as other: MaternalNotification, _ rules: MaternalRules) -> Bool {
        guard kind == other.kind else { return false }
        guard let left = pregnancy, let right = other.pregnancy else { return true }
        return left.overlaps(right, rules)
    }
}

extension Pregnancy {
    fileprivate func overlaps(_ other: Pregnancy, _ rules: MaternalRules) -> Bool {
        calendar.weekZero < other.lastDay(rules) && other.calendar.weekZero < lastDay(rules)
    }

    /// Nobody told of its end, and it may still go on.
    fileprivate func goesOn(on day: CalendarDay, _ rules: MaternalRules) -> Bool {
        endedOn == nil && day <= lastDay(rules)
    }

    fileprivate func lastDay(_ rules: MaternalRules) -> CalendarDay {
        endedOn ?? calendar.days(of: 0...rules.pregnancy.weeksMax).last
    }
}

extension MaternalEpisode {
    /// What its checkups are counted from; `nil` while nobody told.
    package func origin(of result: CheckupResult, _ rules: MaternalRules) -> CheckupOrigin? {
        switch notification.subject {
        case .child(let birth): .birth(birth)
        case .pregnancy(let pregnancy):
            result.checkup == rules.pregnancy.checkup
                ? .pregnancy(pregnancy.calendar) : pregnancy.endedOn.map(CheckupOrigin.delivery)
        }
    }
}
