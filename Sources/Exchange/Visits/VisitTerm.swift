/// 受付の期間: from when to when an institution may ask, and about which days.
package struct VisitTerm: Hashable, Sendable {
    package let opened: Instant
    package let ends: Instant

    /// While a claim can still be corrected: the service month and five more (療養の給付の請求は月ごと; a
    /// returned claim is usually settled within half a year), so 184 days at most.
    static let claimOpenDays = 184
    /// 診療報酬の請求権の消滅時効 (民法166条, five years): nothing older is asked about.
    static let serviceDaysMax = 5 * 366

    package init(opened: Instant, ends: Instant) {
        self.opened = opened
        self.ends = ends
    }

    package func isOpen(at now: Instant) -> Bool { now >= opened && now < ends }

    /// Before its first day where it ended within its first second after midnight.
    package var lastDay: CalendarDay { ends.adding(seconds: -1).dayInJapan }

    /// Throws `.visitEnded` when this visit does not let its institution ask now,
    /// `.serviceDateOutOfRange` when it may ask but not about that day.
    ///
    /// An open visit answers for any day up to its own last one. An ended visit answers only for
    /// the days it was open on, while the claim for them is open.
    package func requireAnswer(for service: CalendarDay, at now: Instant) throws(Refusal) {
        let last = lastDay
        if isOpen(at: now) {
            guard service <= last,
                service.daysSince1970 >= last.daysSince1970 - Self.serviceDaysMax
            else { throw .serviceDateOutOfRange }
            return
        }
        guard now >= opened, now.dayInJapan <= last.adding(days: Self.claimOpenDays) else {
            throw .visitEnded
        }
        // A last day before the first answers for none.
        guard opened.dayInJapan <= service, service <= last else { throw .visitEnded }
    }
}
