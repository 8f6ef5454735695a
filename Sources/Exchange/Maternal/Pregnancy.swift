/// 妊娠の経過: what is known of one pregnancy, built from its events alone. A correction is a corrected
/// list of events, replayed.
package struct Pregnancy: Hashable, Sendable {
    package struct Loss: Hashable, Sendable {
        package let day: CalendarDay
        package let fetuses: Int
    }

    package struct Delivery: Hashable, Sendable {
        package let day: CalendarDay
        package let live: Int
        package let still: Int
    }

    package private(set) var calendar: PregnancyCalendar
    /// 胎児数, those lost included.
    package private(set) var fetuses = 1
    package private(set) var losses: [Loss] = []
    package private(set) var delivery: Delivery?

    package init(calendar: PregnancyCalendar) {
        self.calendar = calendar
    }

    package init(
        calendar: PregnancyCalendar, replaying events: [PregnancyEvent], rules: PregnancyRules
    ) throws(MaternalRefusal) {
        self.init(calendar: calendar)
        for event in events { self = try applying(event, rules: rules) }
    }

    package var remaining: Int { fetuses - losses.reduce(0) { $0 + $1.fetuses } }
    package var isPlural: Bool { fetuses > 1 }

    /// 流産・死産した日, the first, of any of the children.
    package var firstLoss: CalendarDay? {
        losses.first?.day ?? delivery.flatMap { $0.still > 0 ? $0.day : nil }
    }

    /// 妊娠が終わった日: delivery, or the loss of the last child; `nil` while it goes on.
    package var endedOn: CalendarDay? { delivery?.day ?? (remaining == 0 ? losses.last?.day : nil) }

    /// 流産・死産を除いて: as it would stand if nobody had told of a loss. That somebody was born alive is told.
    package var withoutLosses: Pregnancy {
        var told = self
        told.losses = []
        told.delivery = delivery.flatMap {
            $0.live > 0 ? Delivery(day: $0.day, live: $0.live, still: 0) : nil
        }
        return told
    }
}

/// 妊娠の出来事.
package enum PregnancyEvent: Hashable, Sendable {
    /// 分娩予定日の訂正.
    case expectedDate(CalendarDay)
    /// 胎児数が分かった: 2 for twins.
    case fetuses(Int)
    /// 流産・死産 of some or all, while others may go on.
    case loss(on: CalendarDay, fetuses: Int)
    case delivery(on: CalendarDay, live: Int, still: Int)
}

extension Pregnancy {
    /// Refused: anything after the end, a day the calendar does not hold, numbers that do not add up.
    package func applying(
        _ event: PregnancyEvent, rules: PregnancyRules
    ) throws(MaternalRefusal) -> Pregnancy {
        guard endedOn == nil else { throw .pregnancyEnded }
        var next = self
        switch event {
        case .expectedDate(let day):
            next.calendar = PregnancyCalendar(expectedDate: day)
            for loss in losses { try next.requireHeld(loss.day, rules) }
        case .fetuses(let count):
            guard (1...9).contains(count), count > fetuses - remaining else { throw .fetusCount }
            next.fetuses = count
        case .loss(let day, let count):
            try requireHeld(day, rules)
            guard (1...remaining).contains(count) else { throw .fetusCount }
            next.losses.append(Loss(day: day, fetuses: count))
        case .delivery(let day, let live, let still):
            try requireHeld(day, rules)
            guard live >= 0, still >= 0, live + still == remaining else { throw .childrenDiffer }
            next.delivery = Delivery(day: day, live: live, still: still)
        }
        return next
    }

    private func requireHeld(_ day: CalendarDay, _ rules: PregnancyRules) throws(MaternalRefusal) {
        guard let age = calendar.age(on: day), age.weeks <= rules.weeksMax,
            losses.allSatisfy({ $0.day <= day })
        else { throw .outsidePregnancy }
    }
}

/// 妊娠の終わりに決まること: which checkups and notices follow. Loss is sensitive: what follows from it is
/// told under the sensitive consent kind alone, but that notices stop needs nobody's consent.
package struct PregnancyEnding: Hashable, Sendable {
    package let day: CalendarDay
    package let age: GestationalAge
    package let term: PregnancyRules.WeekSpan?
    /// 妊婦健診の券 count no longer after a birth. A loss closes none: a ticket that came to its end weeks before
    /// any birth could be would tell every clinic of it. Postpartum checkups are counted from either.
    package let closesPrenatalAfter: CalendarDay?
    /// Codes of `FollowUpRule`.
    package let followUps: [String]
}

extension Pregnancy {
    /// 流産・死産後の支援: codes of `FollowUpRule`; every loss asks for it, while others may go on.
    package func followUps(rules: PregnancyRules) -> [String] {
        firstLoss == nil ? [] : [rules.lossFollowUp]
    }

    /// 在胎週数 of a child of this pregnancy; `nil` for one that was not born of it: nobody was, or not on
    /// that day. Of twins one may be born before midnight and one after.
    package func gestation(ofChildBorn birth: CalendarDay) -> GestationalAge? {
        guard let delivery, delivery.live > 0,
            abs(delivery.day.daysSince1970 - birth.daysSince1970) <= 1
        else { return nil }
        return calendar.age(on: birth)
    }

    /// `nil` while the pregnancy goes on.
    package func ending(rules: PregnancyRules) -> PregnancyEnding? {
        guard let day = endedOn, let age = calendar.age(on: day) else { return nil }
        return PregnancyEnding(
            day: day, age: age, term: rules.term(at: age),
            closesPrenatalAfter: delivery.flatMap { $0.live > 0 ? $0.day : nil },
            followUps: followUps(rules: rules))
    }
}
