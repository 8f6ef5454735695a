import Exchange
import Postgres

/// 会計と受給者証: a bill whose certificates and rules are found.
struct NamedBill: Sendable {
    /// In the order of law.
    let contents: [BillContent]
    let reckoning: BillReckoning
    let rulesVersion: String

    /// The certificates that were meant, among those that a check of the same visit shows as
    /// usable: on the day, and on each one of a stay, by what the registry said on it of the institution.
    init(
        _ sent: SubmittedBill, of institution: Party, _ standing: PartyStanding,
        in visit: VisitReading.VisitRow, _ reading: VisitReading, _ rules: RuleBook
    ) throws {
        guard let copayment = rules.copayment else { throw Refusal.rulesUnknown }
        let kind = rules.visitKinds.first { $0.code == reading.visitKind }
        let isInpatient = kind?.isInpatient ?? false
        let care = try sent.care(isInpatient: isInpatient, copayment)
        let meant = try Self.meant(
            sent, on: sent.day, of: institution,
            reading.facts(visit, standing, on: sent.day), in: visit, rules)
        var day = sent.day
        while day < sent.lastDay {
            day = day.adding(days: 1)
            let then = try Self.meant(
                sent, on: day, of: institution, reading.facts(visit, standing, on: day),
                in: visit, rules)
            // A stay is priced by one row: where another speaks on a day of it, also one in the middle, or
            // none, it is more than one bill.
            guard Set(then.map { $0.row.version }) == Set(meant.map { $0.row.version }) else {
                throw Refusal.certificateNotHeld
            }
        }
        contents = sent.contents(on: meant.map(\.row.certificate), care)
        let births = meant.lazy.compactMap { reading.birth(of: $0.row) }
        let spot = CareSpot(
            institution: institution.code, visit: visit.id.text, prescriber: care.prescriber)
        reckoning = try BillReckoning(
            contents[0], on: meant, born: births.first, at: spot, copayment)
        rulesVersion = rules.version
    }

    /// Each name means one certificate, and no two the same; the answer has the order of law.
    private static func meant(
        _ sent: SubmittedBill, on day: CalendarDay, of institution: Party,
        _ facts: EligibilityFacts, in visit: VisitReading.VisitRow, _ rules: RuleBook
    ) throws -> [BillReckoning.Held] {
        let question = EligibilityQuestion(
            institution: institution, serviceDate: day, visitID: sent.visitID,
            patientID: visit.patient)
        let answer = answerEligibility(question, facts, rules.subsidy)
        guard answer.items.first?.outcome != .declined else { throw Refusal.consentNotGiven }
        var found: [Int: BillReckoning.Held] = [:]
        for (number, name) in sent.certificates.enumerated() {
            let places = answer.items.indices.filter { place in
                let item = answer.items[place]
                return item.outcome.isUsable && item.certificate.map(name.names) == true
            }
            guard places.count == 1, let row = answer.items[places[0]].certificate,
                let program = answer.items[places[0]].program
            else { throw Refusal.certificateNotHeld }
            guard found.updateValue((row, program), forKey: places[0]) == nil else {
                throw Refusal.duplicateItem("insurance[\(number)]")
            }
        }
        return found.sorted { $0.key < $1.key }.map(\.value)
    }
}

/// 会計の用件 that waits for its months' turn.
struct AskedBill: Sendable {
    let use: BillUse
    let party: Party
    let identifier: RecordIdentifier?
    let visit: VisitReading.VisitRow
    /// Absent for a void: the bill says itself what it was.
    let named: NamedBill?
    let at: Instant

    var name: BillName? { identifier.map { BillName(party: party, identifier: $0) } }

    /// Decides at the moment of its turn: between question and answer another institution may have
    /// taken the rest of the cap.
    func decide(on desk: CapDesk, id: RecordID) throws -> DecidedBill {
        guard let named else { return try void(on: desk) }
        guard use != .quote else { return try quote(named, on: desk, id: id) }
        let held = name.flatMap { desk.bills[$0] }
        guard held?.person ?? visit.person == visit.person else { throw Refusal.billChanged }
        var next: BillVersion.Status = use == .reserve ? .reserved : .confirmed
        if let held {
            guard let status = try held.lines.next(use, named.contents) else {
                return DecidedBill(held, after: [])
            }
            next = status
        }
        guard next == .confirmed || visit.term.isOpen(at: at) else { throw Refusal.visitEnded }
        let before = held?.lines.all
        var after = named.contents.enumerated().map { place, content in
            month(of: content, on: desk).balance(without: before?[place].id, for: content)
        }
        let amounts = try named.reckoning.amounts(
            after: after, paidInYear: desk.paid(named, of: visit.person, without: before),
            onReceipt: desk.onReceipt(of: self, without: name))
        let ends = Instant.startOfDay(at.dayInJapan.adding(days: 1))
        let lines = named.contents.indices.map { place in
            if next == .confirmed { after[place].confirm(amounts[place], named.contents[place]) }
            let own = next == .reserved ? amounts[place].collected : 0
            return BillVersion(
                id: before?[place].id ?? (place == 0 ? id : .timeOrdered()),
                version: (held?.newest.version ?? 0) + 1, status: next, institution: party,
                content: named.contents[place], amounts: amounts[place],
                month: .init(after[place], cap: named.reckoning.caps[place], own: own),
                lapses: next == .reserved ? ends : nil, rulesVersion: named.rulesVersion,
                recordedAt: at)
        }
        return DecidedBill(
            kept(lines, under: held?.record), after: after, named.reckoning.yearLimit)
    }

    /// Asking changes nothing, waits for nobody and keeps nothing.
    private func quote(_ named: NamedBill, on desk: CapDesk, id: RecordID) throws -> DecidedBill {
        guard visit.term.isOpen(at: at) else { throw Refusal.visitEnded }
        let own = reserved(on: desk)
        let balances = named.contents.map { content in
            let line = own.first { $0.content.capMonth == content.capMonth }
            return month(of: content, on: desk).balance(without: line?.id, for: content)
        }
        let amounts = try named.reckoning.amounts(
            after: balances, paidInYear: desk.paid(named, of: visit.person, without: own),
            onReceipt: desk.onReceipt(of: self, without: own.isEmpty ? nil : name))
        let lines = named.contents.indices.map { place in
            BillVersion(
                id: id, version: 1, status: .reserved, institution: party,
                content: named.contents[place], amounts: amounts[place],
                month: .init(balances[place], cap: named.reckoning.caps[place]), lapses: nil,
                rulesVersion: named.rulesVersion, recordedAt: at)
        }
        return DecidedBill(kept(lines, under: nil), after: [])
    }

    /// 同じ番号の予約: what it keeps from others it keeps from no quote of its own bill, so that a changed cost is
    /// quoted as it will be confirmed.
    private func reserved(on desk: CapDesk) -> [BillVersion] {
        guard let held = name.flatMap({ desk.bills[$0] }), held.person == visit.person,
            held.newest.status == .reserved
        else { return [] }
        return held.lines.all
    }

    /// 取消: takes back a bill of the caller's own; amounts and refunds due are then as if it had
    /// never been. Others' confirmed amounts stay.
    private func void(on desk: CapDesk) throws -> DecidedBill {
        guard let held = name.flatMap({ desk.bills[$0] }), held.person == visit.person else {
            throw Refusal.recordUnknown
        }
        let newest = held.newest
        try visit.term.requireAnswer(for: newest.content.day, at: at)
        guard try held.lines.next(.void, []) != nil else { return DecidedBill(held, after: []) }
        var after: [CapBalance] = []
        let lines = held.lines.all.map { line in
            let month = month(of: line.content, on: desk)
            var balance = month.balance(without: line.id)
            if line.status == .confirmed { balance.void(line.amounts, line.content) }
            after.append(balance)
            return BillVersion(
                id: line.id, version: line.version + 1, status: .voided, institution: party,
                content: line.content, amounts: line.amounts,
                month: .init(balance, cap: month.cap), lapses: nil,
                rulesVersion: line.rulesVersion, recordedAt: at)
        }
        return DecidedBill(kept(lines, under: held.record), after: after)
    }

    private func month(of content: BillContent, on desk: CapDesk) -> CapDesk.Month {
        desk.month(CapMonthKey(person: visit.person, capMonth: content.capMonth))
    }

    /// `lines` are never empty; `record`: where the bill stands, if it does.
    private func kept(_ lines: [BillVersion], under record: PersonKey?) -> HeldBill {
        HeldBill(
            person: visit.person, record: record ?? visit.person, visit: visit.id,
            patient: visit.patient,
            lines: BillLines(lines[0], further: Array(lines.dropFirst())))
    }
}

/// 識別子: what an institution calls a bill.
struct BillName: Hashable, Sendable {
    let party: Party
    let identifier: RecordIdentifier
}

/// 決まった会計: a bill as it is told, and what each line leaves of its month where that is new.
struct DecidedBill: Sendable {
    let held: HeldBill
    let after: [CapBalance]
    /// 年間上限 that it was decided by.
    let yearLimit: YearLimit?

    init(_ held: HeldBill, after: [CapBalance], _ yearLimit: YearLimit? = nil) {
        self.held = held
        self.after = after
        self.yearLimit = yearLimit
    }

    var isNew: Bool { !after.isEmpty }
}

extension BillVersion.Month {
    /// After this balance; `own` is what the bill itself keeps.
    init(_ balance: CapBalance, cap: Int?, own: Int = 0) {
        self.init(
            cap: cap, collected: balance.counted,
            held: balance.held.collected + own, cost: balance.cost)
    }
}
