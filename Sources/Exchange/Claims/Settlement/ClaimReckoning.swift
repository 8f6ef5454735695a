/// 請求額の再計算: what a receipt's public payers leave to the patient and pay themselves, by the terms of its
/// certificates and the counter's own calculator. Where a term, the share of the insurance, or how two
/// public payers overlap is not known, it says nothing: nobody is told of a difference that is a guess.
package struct ClaimReckoning: Sendable {
    /// What a certificate asks of its holder, with the row behind it where that is not verified.
    package struct Terms: Sendable {
        fileprivate let percent: Int?
        package let cap: Int?
        fileprivate let rule: RuleMark
        /// The body's own row that names scheme and classes, where nobody verified it.
        fileprivate let unverifiedProgram: String?
        /// The scheme has caps by class, and nobody says the class: what is asked may be less.
        fileprivate var mayAskLess = false

        fileprivate var isCapped: Bool { cap != nil || mayAskLess }
    }

    /// Of one public payer, in yen; `nil`: it cannot be said.
    package struct Expected: Hashable, Sendable {
        package let copayment: Int?
        package let amount: Int?

        package init(copayment: Int?, amount: Int?) {
            self.copayment = copayment
            self.amount = amount
        }
    }

    private let rules: CopaymentRules
    private let subsidy: SubsidyRules
    /// 未検証の決まり that an amount rested on, by name: a month is not closed on one.
    package private(set) var unverified: Set<String> = []

    package init(_ rules: CopaymentRules, _ subsidy: SubsidyRules) {
        self.rules = rules
        self.subsidy = subsidy
    }

    /// `nil` where neither the law's scheme nor a registered cap says what is asked, or where it is another
    /// cap for stays in hospital than for visits: the month of a certificate has one.
    ///
    /// `isInpatient`: what the claim is of; `nil` where it does not say.
    package func terms(
        of row: EntitlementVersion, on day: CalendarDay, isInpatient: Bool?
    ) -> Terms? {
        let program = subsidy.programs(of: row.body, on: day).first {
            $0.certificateTypeID == row.certificateTypeID
        }
        guard let program, let terms = terms(row, program, on: day, isInpatient),
            // What a local scheme asks of each visit a receipt of a month does not say; its cap holds. A
            // cap that cannot be counted may lower what is asked; under one of the month that is no
            // difference to tell.
            (terms.local == nil && !terms.hasUncountedCap) || terms.cap != nil
        else { return nil }
        let source = "program/\(program.body)/\(program.certificateTypeID)"
        return Terms(
            percent: terms.percent, cap: terms.cap, rule: terms.rule,
            unverifiedProgram: program.source.isVerified ? nil : source)
    }

    /// Of a certificate whose numbers and cap alone are known: by its law, without the class of its holder.
    /// The most that any class is asked is what no claim may be above.
    package func terms(
        of certificate: CertificateNumber, cap: Int32?, on day: CalendarDay
    ) -> Terms? {
        let scheme = rules.scheme(law: Digits.padded(certificate.law, to: 2), on: day)
        guard scheme != nil || cap != nil else { return nil }
        let classes = scheme?.incomes ?? []
        let percent = scheme?.percent(besideCap: cap.map { Int($0) })
        let percents = [percent] + classes.map { $0.percent ?? percent }
        let isAsInsured = percents.contains { $0 == nil }
        return Terms(
            percent: isAsInsured ? nil : percents.compactMap(\.self).max(),
            cap: cap.map { Int($0) },
            rule: scheme?.rule ?? .asGiven, unverifiedProgram: nil,
            mayAskLess: cap == nil && !classes.isEmpty)
    }

    private func terms(
        _ row: EntitlementVersion, _ program: SubsidyProgram, on day: CalendarDay,
        _ isInpatient: Bool?
    ) -> CertificateTerms? {
        if isInpatient != false {
            do throws(Refusal) {
                let stay = try CertificateTerms(
                    row, program, on: day, BillCare(isInpatient: true), after: nil, rules)
                if isInpatient == true { return stay }
            } catch {
                // A claim that does not say may be of a stay, which has a cap of its own here.
                guard isInpatient == nil, error != .localSchemeNotPriced("perMonth") else {
                    return nil
                }
            }
        }
        return try? CertificateTerms(row, program, on: day, .visit, after: nil, rules)
    }

    /// A cap that claims are held to is an amount, too.
    package mutating func use(_ terms: Terms) {
        note(terms.rule)
        if let program = terms.unverifiedProgram { unverified.insert(program) }
    }

    /// One for each of `parts`, whose terms stand in `terms`. Behind a payer whose terms nobody knows nothing
    /// can be said; of those before it all can.
    package mutating func expected(
        _ claim: Claim, _ parts: ArraySlice<ClaimPart>, _ terms: [Terms?]
    ) -> [Expected?] {
        let nothing = [Expected?](repeating: nil, count: parts.count)
        let terms = terms.prefix { $0 != nil }.compactMap(\.self)
        guard let receipt = receipt(claim, parts.prefix(terms.count), terms) else {
            return nothing
        }
        let whole = receipt.copayment(rules.roundings)
        let isPlain = whole.share <= lowestLimit(claim)
        let found: [Expected?] = zip(parts, terms).enumerated().map { place, pair in
            let part = pair.0
            var asked = pair.1
            // What a payer before it left is not known where a cap may have stopped it.
            if terms.prefix(place).contains(where: \.isCapped) {
                asked.mayAskLess = true
            }
            guard let due = due(part, whole.own[place], asked, isPlain) else { return nil }
            use(asked)
            for step in whole.steps where step.part == place { note(step.rule) }
            return Expected(
                copayment: due.copayment,
                amount: isPlain ? due.patient.map { whole.charged[place] - $0 } : nil)
        }
        return found + nothing.dropFirst(found.count)
    }

    /// What the patient pays, and what is to be held against the claim: below its cap a smaller copayment
    /// may be what the month left, which the ledger of caps judges; above the lowest limit of the
    /// high-cost benefit it may be that.
    private func due(
        _ part: ClaimPart, _ own: Int, _ terms: Terms, _ isPlain: Bool
    ) -> (copayment: Int?, patient: Int?)? {
        let most = min(own, terms.cap ?? own)
        guard part.copayment >= 0 else { return terms.isCapped ? nil : (nil, own) }
        let claimed = Int(part.copayment)
        if claimed > most { return (most, terms.mayAskLess ? nil : most) }
        if !terms.isCapped, isPlain { return (most, most) }
        return (nil, claimed)
    }

    /// The cost is the first public payer's; those after it take over what it leaves.
    private func receipt(
        _ claim: Claim, _ parts: ArraySlice<ClaimPart>, _ terms: [Terms]
    ) -> Receipt? {
        // No points are none that anybody said.
        guard claim.insurer != 0, let points = parts.first?.points, points > 0,
            parts.allSatisfy({ $0.points == points }), claim.points >= points,
            let share = insuranceShare(claim)
        else { return nil }
        var receipt = Receipt(percent: share.percent)
        receipt.percentRule = share.rule
        receipt.insuranceOnly = Int(claim.points - points) * 10
        for place in terms.indices {
            let terms = terms[place]
            var expense = PublicExpense(
                cost: place == 0 ? Int(points) * 10 : 0, percent: terms.percent)
            expense.rule = terms.rule
            expense.takesOver = Array(0..<place)
            receipt.publics.append(expense)
        }
        return receipt
    }

    /// From 70 on the share depends on an income class that a receipt does not say.
    private func insuranceShare(_ claim: Claim) -> InsuranceShares.Row? {
        guard claim.birth != Claim.unsaidDay else { return nil }
        let birth = CalendarDay(daysSince1970: Int(claim.birth))
        let day = CalendarDay(daysSince1970: Int(claim.serviceDays.first))
        let group =
            rules.shares.group(ofInsurer: claim.insurer)
            ?? rules.shares.standing(birth: birth, on: day)?.group
        guard let group, group.limits == .under70 else { return nil }
        return rules.shares.row(group, class: nil, birth: birth, on: day)
    }

    private func lowestLimit(_ claim: Claim) -> Int {
        let day = CalendarDay(daysSince1970: Int(claim.month.firstDay))
        let classes = rules.highCost.table(.under70, on: day)?.classes ?? []
        return classes.map { min($0.limit.base, $0.multiple ?? $0.limit.base) }.min() ?? 0
    }

    private mutating func note(_ rule: RuleMark) {
        guard !rule.isVerified else { return }
        unverified.insert(rules.cited(rule).name)
    }
}
