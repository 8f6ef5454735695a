import Exchange
import Postgres

/// 会計と受給者証: a bill whose certificate and rules are found.
struct NamedBill: Sendable {
    let content: BillContent
    let reckoning: BillReckoning
    let rulesVersion: String

    /// The certificate that was meant, among those that a check of the same visit shows as usable.
    init(
        _ sent: SubmittedBill, of institution: Party, _ facts: EligibilityFacts,
        in visit: VisitReading.VisitRow, _ rules: RuleBook
    ) throws {
        guard let copayment = rules.copayment else { throw Refusal.rulesUnknown }
        let question = EligibilityQuestion(
            institution: institution, serviceDate: sent.day, visitID: sent.visitID,
            patientID: visit.patient)
        let answer = answerEligibility(question, facts, rules.subsidy)
        guard answer.items.first?.outcome != .declined else { throw Refusal.consentNotGiven }
        let meant = answer.items.filter { item in
            item.outcome.isUsable && item.certificate.map(sent.certificate.names) == true
        }
        guard meant.count == 1, let row = meant[0].certificate, let program = meant[0].program
        else { throw Refusal.certificateNotHeld }
        content = sent.content(on: row.certificate)
        reckoning = try BillReckoning(content, row, program, copayment)
        rulesVersion = rules.version
    }
}

/// 会計の用件 that waits for its month's turn.
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
            guard let status = try held.newest.next(use, named.content) else {
                return DecidedBill(held, after: nil)
            }
            next = status
        }
        guard next == .confirmed || visit.term.isOpen(at: at) else { throw Refusal.visitEnded }
        let month = desk.month(CapMonthKey(person: visit.person, capMonth: named.content.capMonth))
        var after = month.balance(without: held?.newest.id)
        let amounts = try named.reckoning.amounts(after: after)
        if next == .confirmed {
            after.confirmed.add(share: amounts.share, collected: amounts.collected)
            after.cost += named.content.cost
        }
        let own = next == .reserved ? amounts.collected : 0
        let ends = Instant.startOfDay(at.dayInJapan.adding(days: 1))
        let version = BillVersion(
            id: held?.newest.id ?? id, version: (held?.newest.version ?? 0) + 1, status: next,
            institution: party, content: named.content, amounts: amounts,
            month: .init(after, cap: named.reckoning.cap, own: own),
            lapses: next == .reserved ? ends : nil, rulesVersion: named.rulesVersion,
            recordedAt: at)
        return DecidedBill(kept(version), after: after)
    }

    /// Asking changes nothing, waits for nobody and keeps nothing.
    private func quote(_ named: NamedBill, on desk: CapDesk, id: RecordID) throws -> DecidedBill {
        guard visit.term.isOpen(at: at) else { throw Refusal.visitEnded }
        let month = desk.month(CapMonthKey(person: visit.person, capMonth: named.content.capMonth))
        let balance = month.balance(without: nil)
        let version = BillVersion(
            id: id, version: 1, status: .reserved, institution: party, content: named.content,
            amounts: try named.reckoning.amounts(after: balance),
            month: .init(balance, cap: named.reckoning.cap), lapses: nil,
            rulesVersion: named.rulesVersion, recordedAt: at)
        return DecidedBill(kept(version), after: nil)
    }

    /// 取消: takes back a bill of the caller's own; amounts and refunds due are then as if it had
    /// never been. Others' confirmed amounts stay.
    private func void(on desk: CapDesk) throws -> DecidedBill {
        guard let held = name.flatMap({ desk.bills[$0] }), held.person == visit.person else {
            throw Refusal.recordUnknown
        }
        let newest = held.newest
        try visit.term.requireAnswer(for: newest.content.day, at: at)
        guard try newest.next(.void, nil) != nil else { return DecidedBill(held, after: nil) }
        let month = desk.month(
            CapMonthKey(person: visit.person, capMonth: newest.content.capMonth))
        var after = month.balance(without: newest.id)
        if newest.status == .confirmed {
            after.confirmed.add(
                share: -newest.amounts.share, collected: -newest.amounts.collected)
            after.cost -= newest.content.cost
        }
        let version = BillVersion(
            id: newest.id, version: newest.version + 1, status: .voided, institution: party,
            content: newest.content, amounts: newest.amounts, month: .init(after, cap: month.cap),
            lapses: nil, rulesVersion: newest.rulesVersion, recordedAt: at)
        return DecidedBill(kept(version), after: after)
    }

    private func kept(_ version: BillVersion) -> HeldBill {
        HeldBill(person: visit.person, visit: visit.id, patient: visit.patient, newest: version)
    }
}

/// 識別子: what an institution calls a bill.
struct BillName: Hashable, Sendable {
    let party: Party
    let identifier: RecordIdentifier
}

/// 決まった会計: a bill as it is told, and what it leaves of its month where that is new.
struct DecidedBill: Sendable {
    let held: HeldBill
    let after: CapBalance?

    init(_ held: HeldBill, after: CapBalance?) {
        self.held = held
        self.after = after
    }

    var isNew: Bool { after != nil }
}

extension BillVersion.Month {
    /// After this balance; `own` is what the bill itself keeps.
    init(_ balance: CapBalance, cap: Int?, own: Int = 0) {
        self.init(
            cap: cap, collected: balance.confirmed.collected,
            held: balance.held.collected + own, cost: balance.cost)
    }
}
