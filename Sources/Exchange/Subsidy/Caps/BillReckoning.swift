/// 会計の計算: terms, day and rules of one bill, ready for whatever its months hold when its turn comes.
package struct BillReckoning: Sendable {
    /// 受給者証と制度 that a line of the bill is on.
    package typealias Held = (row: EntitlementVersion, program: SubsidyProgram)

    let content: BillContent
    let terms: [CertificateTerms]
    let rules: CopaymentRules
    /// 年間上限 that the bill counts towards.
    package let yearLimit: YearLimit?
    /// No class was told, and some class has a limit of the year.
    private let isClassUnsaid: Bool
    /// 高額療養費の月の限度額 of the class that was told, of one that stands in, or of 長.
    private let monthLimit: MonthLimit?
    private let birth: CalendarDay?
    private let spot: CareSpot

    /// Whether the other bills of its receipt matter: some limit of the month holds.
    package var isOnReceipt: Bool { monthLimit != nil }

    package var caps: [Int?] { terms.map(\.cap) }

    /// A certificate has a cap that nobody here can count: less may be left to pay than is computed.
    package var hasUncountedCap: Bool { terms.contains { $0.hasUncountedCap } }

    /// `certificates` in the order of law, at least one; `birth` where its day is known; `spot`: where, and
    /// in which visit, the care was given. Throws
    /// `.copaymentRulesUnknown`, `.localSchemeNotPriced`, also for a scheme whose way is none of `methods`,
    /// and `.missing` where a scheme counts a pharmacy with its prescriber, and the bill names none.
    package init(
        _ content: BillContent, on certificates: [Held], born birth: CalendarDay? = nil,
        at spot: CareSpot = .unsaid, _ rules: CopaymentRules,
        by methods: [LocalScheme.Method] = LocalScheme.Method.ofCounters
    ) throws(Refusal) {
        self.content = content
        self.rules = rules
        self.birth = birth
        self.spot = spot
        yearLimit = rules.highCost.yearLimit(of: content.care, on: content.day)
        isClassUnsaid =
            content.care.limitClass == nil
            && rules.highCost.mayLimitYear(of: content.care, on: content.day)
        var terms: [CertificateTerms] = []
        var before: String?
        for held in certificates {
            terms.append(
                try CertificateTerms(
                    held.row, held.program, on: content.day, content.care, after: before, rules,
                    born: birth, at: spot, by: methods))
            before =
                held.program.lawNumber ?? held.row.payerNumber.map { String($0.prefix(2)) }
                ?? Self.local
        }
        let needsPrescriber = terms.contains { $0.local?.terms.lacksPrescriber(spot) ?? false }
        guard !needsPrescriber else { throw .missing(SubmittedBill.prescriberItem) }
        self.terms = terms
        monthLimit = rules.monthLimit(
            of: content.care, under: terms.first?.scheme, born: birth, on: content.day)
    }

    /// What stands for the law number of a local scheme whose certificate has no payer number.
    private static let local = "local"

    /// Whether a line is decided from the bills of its month one by one.
    package func countsVisits(_ place: Int) -> Bool {
        terms[place].local?.terms.countsVisits ?? false
    }

    /// What each certificate asks after its own balance. The first bears what the insurance leaves,
    /// each other what the one before it leaves of that (法別番号の順, then local schemes): so nothing
    /// passes any of the caps, neither to 1 yen nor to 10, nor the rest of the year: `paidInYear` is what
    /// other bills took of it. With a class the insurer's limit of the month comes before all of
    /// them, over this bill and `others` of its receipt.
    ///
    /// An amount that was collected already stands as it was, and may go over the caps and the insurer's
    /// limits; it is never more than the schemes would ask: `.collectedTooMuch`. On several certificates
    /// each, in the order of law, answers for what the patient paid because of its own cap: what is
    /// left after it is the next one's.
    package func amounts(
        after balances: [CapBalance], paidInYear: Int = 0, onReceipt others: [ReceiptBill] = []
    ) throws(Refusal) -> [BillAmounts] {
        let month = month(after: others)
        var receipt = Receipt(percent: content.percent)
        if content.collected == nil { receipt.longTerm = month?.ofLongTerm }
        var lines: [BillAmounts] = []
        var left: BillDraft?
        var taken = content.collected
        if let taken, taken > asked(receipt, from: 0) { throw .collectedTooMuch }
        for place in terms.indices {
            receipt.publics.append(expense(place, month))
            let whole = receipt.copayment(rules.roundings)
            let isLast = isLast(place)
            let before = left
            var draft = draft(
                place, of: whole, after: balances[place], before, month,
                asCollected: isLast ? taken : nil)
            receipt.publics[place].cap = draft.share
            draft.meals = meals(place, after: balances[place], before)
            left = draft
            if isLast {
                if content.collected == nil {
                    hold(&draft, within: month)
                    hold(&draft, withinYear: paidInYear)
                } else if let month {
                    draft.isOverLimit = draft.share > month.patient
                }
                // What is nothing does not come down.
                draft.isLimitUnsaid = content.care.limitClass == nil && draft.collected > 0
                draft.isClassUnsaid = isClassUnsaid && draft.collected > 0
                draft.steps.append(.counter(draft.collected, of: draft.share, rules.roundings))
                tellMeals(&draft, paidOver: lines.reduce(0) { $0 + $1.over })
            } else if let sum = taken {
                let most = min(draft.collected, asked(receipt, from: place + 1))
                let over = max(0, sum - most)
                taken = sum - over
                draft.overCounts = min(over, overCounts(sum, draft, before, receipt))
                draft.collected += over
                draft.share = min(draft.due, draft.share + over - draft.overCounts)
                take(over, over: &draft, place)
            }
            lines.append(draft.told(rules, terms[place]))
        }
        return lines
    }

    // MARK: What is asked

    /// `nil` without a limit. Bills of before the 75th birthday are another insurer's.
    private func month(after others: [ReceiptBill]) -> MonthLimit.Rest? {
        monthLimit?.rest(
            content,
            after: others.filter { rules.isOfOneInsurer($0.day, content.day, born: birth) },
            rules.roundings)
    }

    /// What was collected is held to no limit of the insurer's: it pays back what is above.
    private func expense(_ place: Int, _ month: MonthLimit.Rest? = nil) -> PublicExpense {
        let isFirst = place == 0
        var expense = PublicExpense(
            cost: isFirst ? content.cost : 0, percent: terms[place].percent)
        expense.rule = terms[place].rule
        expense.takesOver = isFirst ? [] : [place - 1]
        if isFirst, content.collected == nil { expense.limit = month?.ofExpense }
        return expense
    }

    private func due(
        _ place: Int, of whole: Copayment, _ month: MonthLimit.Rest? = nil
    ) -> Int {
        terms[place].local.map { $0.terms.asked(visit(left(place, of: whole, month))) }
            ?? whole.own[place]
    }

    /// What is left to a certificate. A scheme that asks a part of it asks of what the insurance leaves of
    /// the month, not of what is left open by the patient's parts of earlier bills.
    private func left(_ place: Int, of whole: Copayment, _ month: MonthLimit.Rest?) -> Int {
        guard place == 0, content.collected == nil, let month,
            terms[place].local?.terms.isPartOfWhatIsLeft == true
        else { return whole.charged[place] }
        return month.charged
    }

    /// What a certificate and the patient pay together.
    private func charged(
        _ place: Int, of whole: Copayment, _ month: MonthLimit.Rest?, share: Int
    ) -> Int {
        guard place == 0, let month else { return whole.charged[place] }
        return max(share, month.charged)
    }

    /// What the patient pays, to 10 yen, where no month leaves less from this certificate on. What one
    /// visit or stay costs at most, every counter knows from the certificate alone.
    private func asked(_ receipt: Receipt, from first: Int) -> Int {
        var receipt = receipt
        var left = receipt.publics.last?.cap ?? 0
        for place in first..<terms.count {
            receipt.publics.append(expense(place))
            let due = due(place, of: receipt.copayment(rules.roundings))
            left = terms[place].local?.terms.most(due, days: content.care.days) ?? due
            receipt.publics[place].cap = left
        }
        return rules.roundings.counter.yen(left)
    }

    private func draft(
        _ place: Int, of whole: Copayment, after balance: CapBalance, _ before: BillDraft?,
        _ month: MonthLimit.Rest?, asCollected taken: Int?
    ) -> BillDraft {
        let (terms, left) = (terms[place], left(place, of: whole, month))
        let due = due(place, of: whole, month)
        var draft = BillDraft(due: due, steps: steps(place, of: whole, month))
        let local = terms.local.map { live in
            (live: live, month: balance.localMonth(live.terms, content.care, at: spot))
        }
        let rest = local.flatMap { $0.month.rest(visit(left), $0.live.terms) }
        draft.withinCounts = min(due, rest ?? due)
        if let taken {
            // A cap that counts visits or days of others leaves less than the counter could know.
            let asked = draft.withinCounts
            let counter = rules.roundings.counter
            let most =
                local.map { $0.month.collected(of: asked, $0.live.terms, counter) }
                ?? counter.yen(asked)
            draft.collected = taken
            draft.share = taken >= most ? asked : min(asked, taken)
            take(max(0, taken - most), over: &draft, place)
        } else if let (live, month) = local {
            let quote = month.quote(
                visit(left), live.scheme, live.terms, limit: nil, rules.roundings)
            draft.share = quote.share
            draft.collected = quote.collected
            draft.steps += quote.steps.filter { $0.kind != .counter }
        } else {
            let quote = balance.before.quote(due: due, under: terms.cap, rules.roundings.counter)
            draft.share = quote.share
            draft.collected = quote.collected
            if let cap = terms.cap, quote.share < quote.due {
                draft.steps.append(
                    .init(.monthRest, part: part(place), quote.share, of: cap, rule: terms.rule))
            }
        }
        // To 10 yen an earlier cap may leave less than to 1 yen.
        if let before { draft.collected = min(draft.collected, before.collected) }
        let charged = charged(place, of: whole, month, share: draft.share)
        draft.steps.append(
            .init(
                .publicPays, part: part(place), charged - draft.share, of: charged,
                rule: terms.rule))
        return draft
    }

    /// 合算: what the certificates leave is held to the patient's own limit, and the insurer pays the rest.
    private func hold(_ draft: inout BillDraft, within month: MonthLimit.Rest?) {
        guard let month, let own = month.own, own.yen < draft.share else { return }
        let before = draft.share
        draft.share = own.yen
        draft.collected = min(draft.collected, rules.roundings.counter.yen(own.yen))
        draft.steps.append(
            month.isAlone
                ? .init(.together, own.yen, of: before, by: own.cost, rule: own.rule)
                : .init(.limitRest, own.yen, of: own.most, by: own.cost, rule: own.rule))
    }

    /// 年間上限: the insurer pays what the year leaves no room for, and no scheme does.
    private func hold(_ draft: inout BillDraft, withinYear paid: Int) {
        guard let limit = yearLimit else { return }
        let rest = max(0, limit.yen - paid)
        guard rest < draft.collected else { return }
        draft.collected = rest
        draft.share = min(draft.share, rest)
        draft.steps.append(.init(.yearRest, rest, of: limit.yen, rule: limit.rule))
    }

    /// What of a sum nobody would have asked for, had no month a cap: visits and days of others were
    /// paid already. Asked of a certificate before the last, whose expense is the newest of the receipt.
    private func overCounts(
        _ sum: Int, _ draft: BillDraft, _ before: BillDraft?, _ receipt: Receipt
    ) -> Int {
        var receipt = receipt
        let place = receipt.publics.count - 1
        receipt.publics[place].cap = draft.withinCounts
        let own = rules.roundings.counter.yen(draft.withinCounts)
        let most = min(own, asked(receipt, from: place + 1))
        return max(0, sum - min(most, before?.collected ?? most))
    }

    private func take(_ yen: Int, over draft: inout BillDraft, _ place: Int) {
        guard yen > 0 else { return }
        draft.over = yen
        draft.steps.append(.init(.paidOver, part: part(place), yen, rule: terms[place].rule))
    }

    // MARK: Meals

    /// 食事療養標準負担額: the certificate that leaves least decides, as on a paper receipt; a local scheme may hold
    /// what is left under caps of its own.
    private func meals(_ place: Int, after balance: CapBalance, _ before: BillDraft?) -> Int {
        guard let whole = mealCharge?.yen else { return 0 }
        let bearing = terms[place].meals
        var left =
            switch bearing.who {
            case .scheme: 0
            case .half: rules.roundings.share.yen(whole, per: 2)
            case .patient: whole
            }
        if let perDay = bearing.perDay { left = min(left, perDay * content.care.days) }
        if let perMonth = bearing.perMonth {
            left = min(left, max(0, perMonth - balance.meals))
        }
        return min(left, before?.meals ?? left)
    }

    private var mealCharge: (yen: Int, row: MealCharges.Row, count: Int)? {
        guard let meals = content.care.meals,
            let row = rules.meals.row(meals.code, on: content.day)
        else { return nil }
        return (meals.count * row.yenPerMeal, row, meals.count)
    }

    /// `paidOver`: what the patient paid because of the certificates before.
    private func tellMeals(_ draft: inout BillDraft, paidOver: Int) {
        guard let charge = mealCharge else { return }
        draft.steps.append(
            .init(
                .meals, charge.yen, of: charge.row.yenPerMeal, by: charge.count,
                rule: charge.row.rule))
        if draft.meals < charge.yen {
            draft.steps.append(.init(.mealsLeft, draft.meals, of: charge.yen))
        }
        draft.steps.append(.init(.withMeals, paidOver + draft.collected + draft.meals))
    }

    // MARK: Places

    private func visit(_ left: Int) -> LocalMonth.Visit {
        LocalMonth.Visit(
            cost: content.cost, left: left, day: content.day.day, days: content.care.days,
            at: spot)
    }

    private func steps(
        _ place: Int, of whole: Copayment, _ month: MonthLimit.Rest?
    ) -> [CopaymentStep] {
        let kinds: [CopaymentStep.Kind] = [
            .insuranceShare, .highCost, .longTerm, .schemeShare, .takesOver,
        ]
        return whole.steps.filter { $0.part == place && kinds.contains($0.kind) }
            .map { $0.kind == .highCost ? month?.told($0) ?? $0 : $0 }
    }

    private func isLast(_ place: Int) -> Bool { place == terms.count - 1 }

    /// On one certificate nobody asks which.
    private func part(_ place: Int) -> Int? { terms.count == 1 ? nil : place }
}

/// 計算中の一行: one certificate's line while the bill is computed.
struct BillDraft {
    let due: Int
    var share = 0
    var collected = 0
    var over = 0
    var overCounts = 0
    /// What caps that count visits or days leave of `due`, whatever the month's cap does.
    var withinCounts = 0
    var meals = 0
    /// No class was told: no limit of the month was applied.
    var isLimitUnsaid = false
    var isClassUnsaid = false
    /// What was collected is above the insurer's limit of the month.
    var isOverLimit = false
    var steps: [CopaymentStep]

    init(due: Int, steps: [CopaymentStep]) {
        self.due = due
        self.steps = steps
    }

    func told(_ rules: CopaymentRules, _ terms: CertificateTerms) -> BillAmounts {
        let isVerified = terms.isVerified && steps.allSatisfy(\.rule.isVerified)
        var warnings: [CaseWarning] = isVerified ? [] : [.unverifiedRule]
        if isLimitUnsaid { warnings.append(.noLimit) }
        if isClassUnsaid { warnings.append(.classUnsaid) }
        if isOverLimit { warnings.append(.overLimit) }
        if terms.hasUncountedCap { warnings.append(.capUncounted) }
        return BillAmounts(
            due: due, share: share, collected: collected, over: over, overCounts: overCounts,
            meals: meals,
            notes: steps.map { step in
                let rule = rules.cited(step.rule)
                let isGiven = rule.name == CitedRule.asGivenName
                return BillNote(
                    text: step.text, rule: isGiven ? nil : rule.name,
                    source: isGiven ? nil : rule.source, yen: step.amount)
            }, warnings: warnings)
    }
}
