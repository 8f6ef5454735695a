/// 受診券: one ticket, as issued, and what became of it.
package struct CheckupTicket: Hashable, Sendable {
    /// 受診券番号. A municipality that issues the same serial again, after the family moved away and came
    /// back, counts its issues.
    package struct Number: Hashable, Sendable {
        package let body: String
        package let kind: String
        /// 回: from 1.
        package let serial: Int
        /// From 1.
        package let issue: Int

        package init(body: String, kind: String, serial: Int, issue: Int) {
            self.body = body
            self.kind = kind
            self.serial = serial
            self.issue = issue
        }

        /// Tickets of one kind and serial stand for the same visit, whoever issued them.
        func isSameVisit(as other: Number) -> Bool { kind == other.kind && serial == other.serial }
    }

    package struct Use: Hashable, Sendable {
        package let day: CalendarDay
        package let institution: String
        /// 冪等キー: the same result sent again carries the same key.
        package let key: String

        package init(day: CalendarDay, institution: String, key: String) {
            self.day = day
            self.institution = institution
            self.key = key
        }
    }

    /// 券面: what the municipality's own system printed on it, where it told by file.
    package struct Face: Hashable, Sendable {
        /// 受診券番号 as printed.
        package let number: String
        package let validFrom: CalendarDay
        package let validTo: CalendarDay
        /// 助成上限額, in yen; `nil`: that of the rule.
        package let limitYen: Int?

        package init(
            number: String, validFrom: CalendarDay, validTo: CalendarDay, limitYen: Int?
        ) {
            self.number = number
            self.validFrom = validFrom
            self.validTo = validTo
            self.limitYen = limitYen
        }
    }

    /// 状態.
    package enum State: Hashable, Sendable {
        case issued
        case used(Use)
        case returned(on: CalendarDay)
        /// 転出により交換: by tickets of the next municipality; or 再交付 by the same.
        case replaced(on: CalendarDay)
        /// The visit it stands for was used with another ticket.
        case spentElsewhere(Number)
    }

    package let number: Number
    package let validFrom: CalendarDay
    /// Facts as recorded; what they amount to is the book's to say (`TicketBook.state`).
    package fileprivate(set) var use: Use?
    package fileprivate(set) var returnedOn: CalendarDay?
    package fileprivate(set) var replacedOn: CalendarDay?
    package fileprivate(set) var face: Face?

    /// As it is kept.
    package init(
        number: Number, validFrom: CalendarDay, use: Use? = nil, returnedOn: CalendarDay? = nil,
        replacedOn: CalendarDay? = nil, face: Face? = nil
    ) {
        self.number = number
        self.validFrom = validFrom
        self.use = use
        self.returnedOn = returnedOn
        self.replacedOn = replacedOn
        self.face = face
    }
}

/// 受診券のつづり: all tickets of one pregnancy, or of one child, with those of every municipality on the
/// way. A visit is paid for at most once, whatever moves lie between.
package struct TicketBook: Hashable, Sendable {
    package private(set) var tickets: [CheckupTicket] = []
    /// 使える最後の日: by kind, once it is known.
    package private(set) var closedAfter: [String: CalendarDay] = [:]
    private var lastMove: CalendarDay?

    package init() {}

    /// A book that was issued before.
    package init(holding tickets: [CheckupTicket], closedAfter: [String: CalendarDay] = [:]) {
        self.tickets = tickets
        self.closedAfter = closedAfter
    }

    package init(issuing rules: [TicketRule], on day: CalendarDay, isPlural: Bool) {
        issue(rules, on: day, isPlural: isPlural)
    }

    package func ticket(_ number: CheckupTicket.Number) -> CheckupTicket? {
        tickets.first { $0.number == number }
    }

    /// The state of one ticket, decided from all of the book.
    package func state(of number: CheckupTicket.Number) -> CheckupTicket.State? {
        guard let ticket = ticket(number) else { return nil }
        if let use = ticket.use { return .used(use) }
        let spent = tickets.first { $0.use != nil && $0.number.isSameVisit(as: number) }
        if let spent { return .spentElsewhere(spent.number) }
        if let day = ticket.returnedOn { return .returned(on: day) }
        if let day = ticket.replacedOn { return .replaced(on: day) }
        return .issued
    }

    /// 使える券: in the order of issue.
    package var open: [CheckupTicket] { tickets.filter { state(of: $0.number) == .issued } }

    /// 転出日以後の使用: what the former municipality does not pay; the next one settles it.
    package var usesAfterMove: [CheckupTicket] {
        tickets.filter { ticket in
            guard let use = ticket.use, let moved = ticket.replacedOn else { return false }
            return use.day >= moved
        }
    }

    private mutating func issue(_ rules: [TicketRule], on day: CalendarDay, isPlural: Bool) {
        for rule in rules {
            for serial in 1...rule.count(isPlural: isPlural) {
                let earlier = tickets.filter {
                    $0.number.body == rule.body && $0.number.kind == rule.kind
                        && $0.number.serial == serial
                }
                // 返還された券 was given back for good: a correction of the notification brings no other.
                if earlier.contains(where: { $0.replacedOn == nil }) { continue }
                let last = earlier.map(\.number.issue).max() ?? 0
                let number = CheckupTicket.Number(
                    body: rule.body, kind: rule.kind, serial: serial, issue: last + 1)
                tickets.append(CheckupTicket(number: number, validFrom: day))
            }
        }
    }
}

/// 受診券の出来事.
package enum TicketEvent: Hashable, Sendable {
    case use(CheckupTicket.Number, CheckupTicket.Use)
    /// 使用の取消: of exactly the use with this key.
    case cancelUse(CheckupTicket.Number, key: String)
    case giveBack(CheckupTicket.Number, on: CalendarDay)
    /// 多胎と分かった: the municipality adds what is missing.
    case add([TicketRule], on: CalendarDay, isPlural: Bool)
    /// 転入: from this day on the tickets of the former municipality no longer count, and those of the
    /// new one stand for the same visits.
    case move(to: [TicketRule], on: CalendarDay, isPlural: Bool)
    /// The last day tickets of a kind can be used on: the end of the pregnancy, or of a window.
    case close(kind: String, after: CalendarDay)
    /// 交付・再交付: the municipality says by file what it printed for a visit. Another number than before is
    /// another ticket, in place of that before it; one that was replaced or given back comes not back.
    case tell(body: String, kind: String, serial: Int, CheckupTicket.Face)
}

extension TicketBook {
    /// The book after an event. Nothing changes when it is refused, and the same use sent again is not
    /// refused but changes nothing.
    package func applying(_ event: TicketEvent) throws(MaternalRefusal) -> TicketBook {
        var book = self
        switch event {
        case .use(let number, let use): try book.spend(number, use)
        case .cancelUse(let number, let key):
            try book.change(number) { ticket throws(MaternalRefusal) in
                guard ticket.use?.key == key else { throw .useNotFound }
                ticket.use = nil
            }
        case .giveBack(let number, let day):
            if let refusal = book.refusal(of: number) { throw refusal }
            try book.change(number) { $0.returnedOn = day }
        case .add(let rules, let day, let isPlural):
            // Two municipalities' tickets for one visit would be open side by side.
            let current = book.tickets.first { $0.replacedOn == nil }?.number.body
            guard rules.allSatisfy({ $0.body == current ?? $0.body }) else {
                throw .otherMunicipality
            }
            book.issue(rules, on: day, isPlural: isPlural)
        case .move(let rules, let day, let isPlural):
            if let lastMove = book.lastMove, day < lastMove { throw .moveOutOfOrder }
            book.lastMove = day
            for index in book.tickets.indices where book.tickets[index].replacedOn == nil {
                book.tickets[index].replacedOn = day
            }
            book.issue(rules, on: day, isPlural: isPlural)
        case .close(let kind, let day): book.closedAfter[kind] = day
        case .tell(let body, let kind, let serial, let face):
            try book.tell(face, body: body, kind: kind, serial: serial)
        }
        return book
    }

    private mutating func spend(
        _ number: CheckupTicket.Number, _ use: CheckupTicket.Use
    ) throws(MaternalRefusal) {
        if let known = ticket(number)?.use, known.key == use.key {
            guard known == use else { throw .keyReused }
            return
        }
        switch state(of: number) {
        case nil: throw .noSuchTicket
        case .used, .spentElsewhere: throw .ticketUsed
        case .returned: throw .ticketReturned
        // 転出日より前の受診: reported late, it is still the former municipality's.
        case .replaced(let moved) where use.day < moved: break
        case .replaced: throw .ticketReplaced
        case .issued: break
        }
        try change(number) { [closedAfter] ticket throws(MaternalRefusal) in
            guard ticket.face?.validFrom ?? ticket.validFrom <= use.day else {
                throw .ticketNotYetValid
            }
            if let last = ticket.face?.validTo, last < use.day { throw .ticketExpired }
            if let last = closedAfter[number.kind], last < use.day { throw .ticketExpired }
            ticket.use = use
        }
    }

    private mutating func tell(
        _ face: CheckupTicket.Face, body: String, kind: String, serial: Int
    ) throws(MaternalRefusal) {
        let first = CheckupTicket.Number(body: body, kind: kind, serial: serial, issue: 1)
        let last = latest(body: body, kind: kind, serial: serial)
        if let last, last.replacedOn == nil, last.face == face || last.face == nil,
            last.returnedOn == nil
        {
            // What was given out by the rules, used or not, is told its face once.
            return try change(last.number) { $0.face = face }
        }
        if tickets.contains(where: { $0.use != nil && $0.number.isSameVisit(as: first) }) {
            throw .ticketUsed
        }
        let isElsewhere = tickets.contains { $0.replacedOn == nil && $0.number.body != body }
        guard !isElsewhere else { throw .otherMunicipality }
        guard let last else {
            tickets.append(CheckupTicket(number: first, validFrom: face.validFrom, face: face))
            return
        }
        guard last.replacedOn == nil else { throw .ticketReplaced }
        if last.face?.number == face.number {
            guard last.returnedOn == nil else { throw .ticketReturned }
            return try change(last.number) { $0.face = face }
        }
        // The older row of two, sent once more: the family holds the newer ticket.
        let earlier = tickets.first {
            $0.number.body == body && $0.number.isSameVisit(as: first) && $0.face == face
        }
        if let earlier {
            throw earlier.returnedOn == nil ? MaternalRefusal.ticketReplaced : .ticketReturned
        }
        if last.returnedOn == nil {
            try change(last.number) { $0.replacedOn = face.validFrom }
        }
        tickets.append(
            CheckupTicket(
                number: .init(
                    body: body, kind: kind, serial: serial, issue: last.number.issue + 1),
                validFrom: face.validFrom, face: face))
    }

    /// The last issue of a municipality's ticket for a visit.
    package func latest(body: String, kind: String, serial: Int) -> CheckupTicket? {
        tickets.filter {
            $0.number.body == body && $0.number.kind == kind && $0.number.serial == serial
        }.max { $0.number.issue < $1.number.issue }
    }

    /// Why a ticket cannot be given back.
    private func refusal(of number: CheckupTicket.Number) -> MaternalRefusal? {
        switch state(of: number) {
        case nil: .noSuchTicket
        case .issued: nil
        case .used, .spentElsewhere: .usedTicketStays
        case .returned: .ticketReturned
        case .replaced: .ticketReplaced
        }
    }

    private mutating func change(
        _ number: CheckupTicket.Number,
        _ body: (inout CheckupTicket) throws(MaternalRefusal) -> Void
    ) throws(MaternalRefusal) {
        guard let index = tickets.firstIndex(where: { $0.number == number }) else {
            throw .noSuchTicket
        }
        try body(&tickets[index])
    }
}
