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

/// 会計の計算: terms, day and rules of one bill, ready for whatever its months hold when its turn comes.
package struct BillReckoning: Sendable {
    /// 受給者証と制度 that a line of the bill is on.
    package typealias Held = (row: EntitlementVersion, program: SubsidyProgram)

    private let content: BillContent
    private let terms: [CertificateTerms]
    private let rules: CopaymentRules

    package var caps: [Int?] { terms.map(\.cap) }

    /// `certificates` in the order of law, at least one. Throws `.copaymentRulesUnknown`, and
    /// `.collectedOnSeveral` where it was collected before on more than one.
    package init(
        _ content: BillContent, on certificates: [Held], _ rules: CopaymentRules
    ) throws(Refusal) {
        guard content.collected == nil || certificates.count == 1 else {
            throw .collectedOnSeveral
        }
        self.content = content
        self.rules = rules
        var terms: [CertificateTerms] = []
        var before: String?
        for held in certificates {
            terms.append(
                try CertificateTerms(
                    held.row, held.program, on: content.day, after: before, rules))
            before = held.program.lawNumber ?? Self.local
        }
        self.terms = terms
    }

    /// What stands for the law number of a local scheme.
    private static let local = "local"

    /// Whether a line is decided from the bills of its month one by one.
    package func countsVisits(_ place: Int) -> Bool {
        terms[place].local?.terms.countsVisits ?? false
    }

    /// What each certificate asks after its own balance. The first bears what the insurance leaves,
    /// each other what the one before it leaves of that (法別番号の順, then local schemes): so nothing
    /// passes any of the caps, neither to 1 yen nor to 10.
    ///
    /// An amount that was collected already stands as it was, and may go over the cap; it is never
    /// more than the scheme would ask: `.collectedTooMuch`.
    package func amounts(after balances: [CapBalance]) throws(Refusal) -> [BillAmounts] {
        var receipt = Receipt(percent: content.percent)
        var lines: [BillAmounts] = []
        for (place, terms) in terms.enumerated() {
            let isFirst = place == 0
            var expense = PublicExpense(cost: isFirst ? content.cost : 0, percent: terms.percent)
            expense.rule = terms.rule
            expense.takesOver = isFirst ? [] : [place - 1]
            receipt.publics.append(expense)
            let whole = receipt.copayment(rules.roundings)
            let line = try line(place, of: whole, after: balances[place], lines.last)
            receipt.publics[place].cap = line.share
            lines.append(line)
        }
        return lines
    }

    private func line(
        _ place: Int, of whole: Copayment, after balance: CapBalance, _ before: BillAmounts?
    ) throws(Refusal) -> BillAmounts {
        let (terms, charged) = (terms[place], whole.charged[place])
        if let live = terms.local, content.collected == nil {
            return local(live, place, charged, whole, after: balance, before)
        }
        let due = terms.local.map { $0.terms.asked(visit(charged)) } ?? whole.own[place]
        let quote = try quote(due: due, under: terms.cap, after: balance)
        // To 10 yen an earlier cap may leave less than to 1 yen.
        let collected = min(quote.collected, before?.collected ?? quote.collected)
        var steps = steps(place, of: whole)
        if let cap = terms.cap, content.collected == nil, quote.share < quote.due {
            steps.append(
                .init(.monthRest, part: part(place), quote.share, of: cap, rule: terms.rule))
        }
        steps.append(
            .init(
                .publicPays, part: part(place), charged - quote.share, of: charged,
                rule: terms.rule))
        if isLast(place) { steps.append(.init(.counter, collected, of: quote.share)) }
        return BillAmounts(
            due: quote.due, share: quote.share, collected: collected,
            notes: steps.map(note), warnings: warnings(of: steps, terms))
    }

    /// A local scheme's line, by the arithmetic of `LocalMonth`.
    private func local(
        _ live: LocalScheme.Live, _ place: Int, _ charged: Int, _ whole: Copayment,
        after balance: CapBalance, _ before: BillAmounts?
    ) -> BillAmounts {
        let visit = visit(charged)
        let quote = balance.localMonth.quote(
            visit, live.scheme, live.terms, limit: nil, rules.roundings)
        let collected = min(quote.collected, before?.collected ?? quote.collected)
        var steps = steps(place, of: whole) + quote.steps.filter { $0.kind != .counter }
        steps.append(
            .init(
                .publicPays, part: part(place), quote.paid, of: charged, rule: live.scheme.rule))
        if isLast(place) { steps.append(.init(.counter, collected, of: quote.share)) }
        return BillAmounts(
            due: live.terms.asked(visit), share: quote.share, collected: collected,
            notes: steps.map(note), warnings: warnings(of: steps, terms[place]))
    }

    private func visit(_ left: Int) -> LocalMonth.Visit {
        LocalMonth.Visit(cost: content.cost, left: left, day: content.day.day)
    }

    private func steps(_ place: Int, of whole: Copayment) -> [CopaymentStep] {
        whole.steps.filter { step in
            step.part == place && [.insuranceShare, .schemeShare, .takesOver].contains(step.kind)
        }
    }

    private func isLast(_ place: Int) -> Bool { place == terms.count - 1 }

    /// On one certificate nobody asks which.
    private func part(_ place: Int) -> Int? { terms.count == 1 ? nil : place }

    private func quote(
        due: Int, under cap: Int?, after balance: CapBalance
    ) throws(Refusal) -> MonthlyCap.Quote {
        let counter = rules.roundings.counter
        guard let collected = content.collected else {
            return balance.before.quote(due: due, under: cap, counter)
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

    private func warnings(
        of steps: [CopaymentStep], _ terms: CertificateTerms
    ) -> [CaseWarning] {
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
