/// 窓口負担額: what a patient pays for one bill, and how it came to be, in words to read aloud. Decided
/// from the certificate's terms and what the month holds, alone.
package struct BillAmounts: Hashable, Sendable {
    /// What the scheme alone would ask, to 1 yen.
    package let due: Int
    /// What the month's cap leaves of it, to 1 yen.
    package let share: Int
    /// What is taken at the counter, to 10 yen.
    package let collected: Int
    package let notes: [BillNote]
    package let warnings: [CaseWarning]

    package init(
        due: Int, share: Int, collected: Int, notes: [BillNote], warnings: [CaseWarning]
    ) {
        self.due = due
        self.share = share
        self.collected = collected
        self.notes = notes
        self.warnings = warnings
    }
}

/// 計算の一段 as it was told, with the row it follows from.
package struct BillNote: Hashable, Sendable {
    package let text: BilingualText
    package let rule: String?

    package init(text: BilingualText, rule: String?) {
        self.text = text
        self.rule = rule
    }
}

/// 会計の計算: terms, day and rules of one bill, ready for whatever the month holds when its turn comes.
package struct BillReckoning: Sendable {
    private let content: BillContent
    private let terms: CertificateTerms
    private let rules: CopaymentRules

    package var cap: Int? { terms.cap }

    /// Throws `.copaymentRulesUnknown`.
    package init(
        _ content: BillContent, _ row: EntitlementVersion, _ program: SubsidyProgram,
        _ rules: CopaymentRules
    ) throws(Refusal) {
        self.content = content
        self.rules = rules
        terms = try CertificateTerms(row, program, on: content.day, rules)
    }

    /// What is asked after `balance`. An amount that was collected already stands as it was, and
    /// may go over the cap; it is never more than the scheme would ask: `.collectedTooMuch`.
    package func amounts(after balance: CapBalance) throws(Refusal) -> BillAmounts {
        var expense = PublicExpense(cost: content.cost, percent: terms.percent)
        expense.rule = terms.rule
        var receipt = Receipt(percent: content.percent)
        receipt.publics = [expense]
        let whole = receipt.copayment(rules.roundings)
        let quote = try quote(due: whole.own[0], after: balance)
        var steps = whole.steps.filter { [.insuranceShare, .schemeShare].contains($0.kind) }
        if let cap = terms.cap, content.collected == nil, quote.share < quote.due {
            steps.append(.init(.monthRest, quote.share, of: cap, rule: terms.rule))
        }
        let paid = whole.charged[0] - quote.share
        steps.append(.init(.publicPays, paid, of: whole.charged[0], rule: terms.rule))
        steps.append(.init(.counter, quote.collected, of: quote.share))
        return BillAmounts(
            due: quote.due, share: quote.share, collected: quote.collected,
            notes: steps.map(note), warnings: warnings(of: steps))
    }

    private func quote(due: Int, after balance: CapBalance) throws(Refusal) -> MonthlyCap.Quote {
        let counter = rules.roundings.counter
        guard let collected = content.collected else {
            return balance.before.quote(due: due, under: terms.cap, counter)
        }
        let most = counter.yen(due)
        guard collected <= most else { throw .collectedTooMuch }
        return MonthlyCap.Quote(
            due: due, share: collected == most ? due : collected, collected: collected)
    }

    private func note(_ step: CopaymentStep) -> BillNote {
        let name = rules.cited(step.rule).name
        return BillNote(text: step.text, rule: name == CitedRule.asGivenName ? nil : name)
    }

    private func warnings(of steps: [CopaymentStep]) -> [CaseWarning] {
        let isVerified = terms.isVerified && steps.allSatisfy(\.rule.isVerified)
        // Under a cap the high-cost limit of the patient's own class can hardly matter; without one
        // it can.
        return (isVerified ? [] : [.unverifiedRule]) + (terms.cap == nil ? [.noLimit] : [])
    }
}

/// 保存の形: notes as the ledger keeps them.
extension [BillNote] {
    package var face: String {
        var writer = JSONWriter(reservingBytes: 512)
        writer.beginArray()
        for note in self {
            writer.object {
                $0.member("ja", note.text.ja)
                $0.member("en", note.text.en)
                $0.member("rule", note.rule)
            }
        }
        writer.endArray()
        return writer.text
    }

    /// Reads what `face` wrote.
    package init(face: String) throws(Refusal) {
        self = []
        for row in try JSON(reading: face).requiredArray(at: "notes") {
            let row = try row.requiredObject(at: "notes")
            append(
                BillNote(
                    text: BilingualText(
                        ja: try row.requiredString("ja"), en: try row.requiredString("en")),
                    rule: try row.optionalString("rule")))
        }
    }
}
