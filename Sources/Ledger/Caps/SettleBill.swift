package import Exchange
import Postgres

/// 会計の答え: a bill as it now is.
package struct SettledBill: Sendable {
    package let held: HeldBill
    /// It was asked for, and nothing was kept.
    package let isQuote: Bool

    package init(held: HeldBill, isQuote: Bool) {
        self.held = held
        self.isQuote = isQuote
    }
}

extension FirstReading {
    /// Everything that the visit of a bill opens for its institution.
    package static func bill(_ visit: RecordID, of party: Party) -> FirstReading {
        FirstReading(steps: VisitReading.steps([.init(visit: visit, party: party)]))
    }
}

extension Records {
    /// Quotes, reserves, confirms or voids a bill within its visit. Bill, month, refunds due and
    /// entry are one commit; a crash leaves all of it or nothing. The same request again, also at
    /// once, is the bill as it is held. The access is to have read `FirstReading.bill`; `isPatient`
    /// says whether the institution knows the person by an id.
    ///
    /// Throws `.visitUnknown`, `.visitEnded`, `.serviceDateOutOfRange`, `.consentNotGiven`,
    /// `.certificateNotHeld`, `.recordUnknown` for a void of what was never sent, and what
    /// `BillVersion.next` and `BillReckoning` do.
    package mutating func settle(
        _ sent: SubmittedBill, rules: RuleBook, isPatient: (String, PersonKey) -> Bool
    ) throws -> SettledBill {
        guard let reading = try VisitReading.readings(first).first, let visit = reading.visit else {
            throw Refusal.visitUnknown
        }
        subject.person = visit.person
        subject.visit = visit.id
        guard sent.patientID == visit.patient || isPatient(sent.patientID, visit.person) else {
            throw Refusal.malformed("patient.reference")
        }
        let held: HeldBill
        if sent.use == .void {
            held = try void(sent.identifier, in: visit)
        } else {
            try visit.term.requireAnswer(for: sent.day, at: now)
            let bill = try named(sent, reading, visit, rules)
            held =
                sent.use == .quote
                ? try quote(bill, in: visit) : try decide(bill, sent.use, in: visit)
        }
        enter(visit.person, visit: visit.id, basis: held.newest.basis)
        return SettledBill(held: held, isQuote: sent.use == .quote)
    }

    /// A bill whose certificate and rules are found.
    struct NamedBill {
        let content: BillContent
        let reckoning: BillReckoning
        let rulesVersion: String
    }

    /// The certificate that was meant, among those that a check of the same visit shows as usable.
    private func named(
        _ sent: SubmittedBill, _ reading: VisitReading, _ visit: VisitReading.VisitRow,
        _ rules: RuleBook
    ) throws -> NamedBill {
        guard let copayment = rules.copayment else { throw Refusal.rulesUnknown }
        let question = EligibilityQuestion(
            institution: caller.party, serviceDate: sent.day, visitID: sent.visitID,
            patientID: visit.patient)
        let answer = answerEligibility(question, reading.facts(visit, standing), rules.subsidy)
        guard answer.items.first?.outcome != .declined else { throw Refusal.consentNotGiven }
        let meant = answer.items.filter { item in
            item.outcome.isUsable && item.certificate.map(sent.certificate.names) == true
        }
        guard meant.count == 1, let row = meant[0].certificate, let program = meant[0].program
        else { throw Refusal.certificateNotHeld }
        let content = sent.content(on: row.certificate)
        return NamedBill(
            content: content, reckoning: try BillReckoning(content, row, program, copayment),
            rulesVersion: rules.version)
    }

    /// Asking changes nothing, waits for nobody and keeps nothing.
    private mutating func quote(
        _ bill: NamedBill, in visit: VisitReading.VisitRow
    ) throws -> HeldBill {
        guard visit.term.isOpen(at: now) else { throw Refusal.visitEnded }
        let capMonth = bill.content.capMonth
        let key = capMonth.key(of: visit.person)
        let rows = try transaction.pipeline([
            (HeldMonth.select, key),
            (HeldMonth.selectHeld, key + [.time(now), .null, .null, .null]),
        ])
        let month = try HeldMonth(capMonth, rows[0], held: rows[1][0])
        let amounts = try bill.reckoning.amounts(after: month.balance)
        let version = BillVersion(
            id: subject.id, version: 1, status: .reserved, institution: caller.party,
            content: bill.content, amounts: amounts,
            month: .init(month.balance, cap: bill.reckoning.cap), lapses: nil,
            rulesVersion: bill.rulesVersion, recordedAt: now)
        return HeldBill(
            person: visit.person, visit: visit.id, patient: visit.patient, newest: version)
    }

    /// Decides at the moment of its turn: between question and answer another institution may have
    /// taken the rest of the cap.
    private mutating func decide(
        _ bill: NamedBill, _ use: BillUse, in visit: VisitReading.VisitRow
    ) throws -> HeldBill {
        guard let turn = try turn(bill.content.capMonth, bill.content.identifier, visit) else {
            throw Refusal.billChanged
        }
        let next: BillVersion.Status
        if let held = turn.held {
            guard let status = try held.newest.next(use, bill.content) else { return held }
            next = status
        } else {
            next = use == .reserve ? .reserved : .confirmed
        }
        guard next == .confirmed || visit.term.isOpen(at: now) else { throw Refusal.visitEnded }
        let amounts = try bill.reckoning.amounts(after: turn.month.balance)
        var after = turn.month.balance
        if next == .confirmed {
            after.confirmed.add(share: amounts.share, collected: amounts.collected)
            after.cost += bill.content.cost
        }
        let held = HeldBill(
            person: visit.person, visit: visit.id, patient: visit.patient,
            newest: BillVersion(
                id: turn.held?.newest.id ?? .timeOrdered(),
                version: (turn.held?.newest.version ?? 0) + 1, status: next,
                institution: caller.party, content: bill.content, amounts: amounts,
                month: .init(
                    after, cap: bill.reckoning.cap,
                    own: next == .reserved ? amounts.collected : 0),
                lapses: next == .reserved
                    ? Instant.startOfDay(now.dayInJapan.adding(days: 1)) : nil,
                rulesVersion: bill.rulesVersion, recordedAt: now))
        try keep(held, turn.month, after)
        return held
    }
}

extension BillVersion {
    /// For the entry: what the answer was decided from stands in this version.
    fileprivate var basis: String {
        var writer = JSONWriter(reservingBytes: 128)
        writer.beginObject()
        writer.member("rules", rulesVersion)
        writer.member("bill", id.text)
        writer.member("version", version)
        writer.endObject()
        return writer.text
    }
}

extension BillVersion.Month {
    /// After this balance; `own` is what the bill itself keeps.
    init(_ balance: CapBalance, cap: Int?, own: Int = 0) {
        self.init(
            cap: cap, collected: balance.confirmed.collected,
            held: balance.held.collected + own, cost: balance.cost)
    }
}
