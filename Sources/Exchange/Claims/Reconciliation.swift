/// 請求の照合: holds every claim of a run against the facts. A pure function of claims, facts and rules: the
/// same input gives the same findings in the same order, whatever order the facts came in.
package struct Reconciliation: Sendable {
    let rules: ClaimRules
    let facts: ClaimFacts
    /// The month of the run; later service months are ahead of it. `nil`: any month.
    let month: ServiceMonth?

    package init(rules: ClaimRules, facts: ClaimFacts, month: ServiceMonth?) {
        self.rules = rules
        self.facts = facts
        self.month = month
    }

    package func verdicts(of batch: ClaimBatch) -> ClaimVerdicts {
        ClaimVerdicts(
            findings(of: batch, among: nil), of: batch.claims.count, texts: rules.reasons)
    }

    /// The findings of some claims, or of all. Some must hold every claim of the certificates asked
    /// about, because duplicates and caps are of all claims of a certificate and month together.
    func findings(of batch: ClaimBatch, among some: [Int]?) -> [ClaimFinding] {
        var sink = FindingSink(texts: rules.reasons)
        if let some {
            for index in some { alone(index, in: batch, &sink) }
        } else {
            for index in batch.claims.indices { alone(index, in: batch, &sink) }
        }
        together(batch, among: some, &sink)
        return sink.findings.filter { !batch.claims[Int($0.claim)].marks.contains(.earlier) }
    }

    /// What can be said of a claim without any other.
    private func alone(_ index: Int, in batch: ClaimBatch, _ sink: inout FindingSink) {
        let claim = batch.claims[index]
        guard claim.marks.isDisjoint(with: [.withdrawn, .earlier]) else { return }
        sink.claim = Int32(index)
        sink.part = -1
        if claim.marks.contains(.damaged) { sink.add(.recordDamaged) }
        if let month, claim.month > month { sink.add(.monthAhead, .month(claim.month)) }
        guard claim.partCount > 0 else {
            if !claim.isOfInsuranceAlone { sink.add(.noPublicPayer) }
            return
        }
        otherPayer(claim, &sink)
        if claim.insurer != 0 { insurer(of: claim, batch.parts[claim.parts], &sink) }
        var place: Int8 = 0
        var previous: CertificateNumber?
        for part in batch.parts[claim.parts] {
            sink.part = place
            let key = part.certificate
            if let previous, key.payer != 0, previous.payer != 0,
                rules.rank(ofLaw: previous.law) > rules.rank(ofLaw: key.law)
            {
                sink.add(.publicOrderWrong, .order(payer: key.payer, before: previous.payer))
            }
            certificate(part, of: claim, &sink)
            amounts(part, &sink)
            previous = key
            place += 1
        }
    }

    /// 第三者行為・業務上: somebody else pays first.
    private func otherPayer(_ claim: Claim, _ sink: inout FindingSink) {
        let notes = claim.specialNotes & rules.conditions.otherPayerNotes
        if notes != 0 {
            sink.add(.otherPayer, .specialNote(UInt8(notes.trailingZeroBitCount)))
        } else if claim.dutyReason != 0,
            rules.conditions.otherPayerDuties.contains(claim.dutyReason)
        {
            sink.add(.otherPayer, .dutyReason(claim.dutyReason))
        }
    }

    private func amounts(_ part: ClaimPart, _ sink: inout FindingSink) {
        let pairs = [
            (part.copayment, part.copaymentRecomputed), (part.amount, part.amountRecomputed),
        ]
        for (claimed, expected) in pairs where claimed >= 0 && expected >= 0 && claimed != expected
        {
            sink.add(.amountMismatch, .amount(claimed: claimed, expected: expected))
        }
    }

    private func certificate(_ part: ClaimPart, of claim: Claim, _ sink: inout FindingSink) {
        let key = part.certificate
        let isMisread = !hasRightCheckDigit(key, &sink)
        let holder = facts.holders[key]
        let isRegistered = holder?.entitlements.isEmpty == false
        let isOurs = facts.hasRegister && !facts.elsewhere.contains(key.payer)
        if isOurs, !isRegistered, !isMisread {
            sink.add(.recipientUnknown)
        } else if rules.isNational(law: key.law), key.recipient.hasValidCheckDigit == false {
            sink.add(.badRecipientCheckDigit)
        }
        if let holder { person(holder, of: claim, &sink) }
        if let holder, isRegistered { entitlement(holder, part, of: claim, &sink) }
        condition(part, holder, of: claim, &sink)
        records(part, of: claim, &sink)
    }

    /// 検証番号: of a national number the digit binds; of a local one it is as the data says.
    private func hasRightCheckDigit(_ key: CertificateNumber, _ sink: inout FindingSink) -> Bool {
        guard key.namesPayer else { return true }
        let expected = Digits.luhnDigit(ofBody: Int(key.payer / 10))
        guard expected != Int(key.payer % 10) else { return true }
        let standing =
            rules.isNational(law: key.law)
            ? rules.reasons[.badPayerCheckDigit].standing : rules.conditions.localCheckDigit
        if standing != .accepted {
            sink.add(.badPayerCheckDigit, .checkDigit(expected: Int8(expected)), as: standing)
        }
        return false
    }

    private func person(
        _ holder: ClaimFacts.Holder, of claim: Claim, _ sink: inout FindingSink
    ) {
        if claim.birth != Claim.unsaidDay, holder.bornEarliest != Claim.unsaidDay,
            claim.birth < holder.bornEarliest || claim.birth > holder.bornLatest
        {
            sink.add(
                .personMismatch,
                .birth(
                    claimed: claim.birth, earliest: holder.bornEarliest,
                    latest: holder.bornLatest))
        } else if claim.sex != 0, holder.sex != 0, claim.sex != holder.sex {
            sink.add(.personMismatch, .sex(claimed: claim.sex, registered: holder.sex))
        }
    }

    /// What is on record of the claim itself: refunds, checks answered otherwise, bills of another class.
    private func records(_ part: ClaimPart, of claim: Claim, _ sink: inout FindingSink) {
        guard !(facts.refunds.isEmpty && facts.otherAnswers.isEmpty && facts.otherClasses.isEmpty)
        else { return }
        let place = ClaimFacts.PlaceKey(part.certificate, claim.month, at: claim.institution)
        if let refunded = facts.refunds[place] { alreadyRefunded(refunded, part, of: claim, &sink) }
        for answer in facts.otherAnswers[place] ?? []
        where claim.days == 0 || claim.mayBe(on: answer.day, counting: part.dayCount) {
            sink.add(.checkAnsweredOtherwise, .answer(day: answer.day, answer.outcome))
        }
        let other = facts.otherClasses[place]?.filter {
            $0.isInpatient == claim.isInpatient && claim.specialNotes & (1 << UInt64($0.note)) != 0
        }.min { ($0.note, $0.told) < ($1.note, $1.told) }
        if let other {
            sink.add(.incomeClassDiffers, .limitClass(note: other.note, told: other.told))
        }
    }

    /// 償還払い済み: care of that day is paid for already. Another day of the month is other care. Where the
    /// claim does not say that there was service on the day under this payer, it is asked about, unless
    /// it is of the very cost that was paid back.
    private func alreadyRefunded(
        _ refunded: Set<ClaimFacts.Refunded>, _ part: ClaimPart, of claim: Claim,
        _ sink: inout FindingSink
    ) {
        var asked: ClaimFacts.Refunded?
        for receipt in refunded.sorted() {
            guard let isServed = claim.isServed(on: receipt.day, counting: part.dayCount) else {
                let costs = [claim.points, part.points].filter { $0 >= 0 }.map { Int($0) * 10 }
                if receipt.cost > 0, costs.contains(Int(receipt.cost)) {
                    return add(receipt, as: .rejected)
                }
                asked = asked ?? receipt
                continue
            }
            if isServed { return add(receipt, as: .rejected) }
        }
        if let asked { add(asked, as: .questioned) }

        func add(_ receipt: ClaimFacts.Refunded, as standing: ClaimStanding) {
            sink.add(
                .alreadyRefunded,
                .refunded(claim.month, day: receipt.day, cost: receipt.cost), as: standing)
        }
    }
}

/// Collects findings about one claim and part after another.
struct FindingSink {
    private let texts: ClaimReasonTexts
    private(set) var findings: [ClaimFinding] = []
    var claim: Int32 = 0
    var part: Int8 = -1

    init(texts: ClaimReasonTexts) { self.texts = texts }

    mutating func add(
        _ reason: ClaimReason, _ evidence: ClaimEvidence = .none, as standing: ClaimStanding? = nil
    ) {
        findings.append(
            ClaimFinding(
                claim: claim, part: part, reason: reason,
                standing: standing ?? texts[reason].standing, evidence: evidence))
    }
}
