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
        /// 地方単独: what it asks of each visit, as a bound for the month.
        fileprivate var most: LocalMost?
        /// 月額上限のない地方単独: beside `most` nothing can be said of it.
        fileprivate var isBoundAlone = false

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

    /// 告げられた適用区分: of a bill at the counter.
    package struct ToldClass: Hashable, Sendable {
        package let code: String
        package let isMultiple: Bool

        package init(code: String, isMultiple: Bool) {
            self.code = code
            self.isMultiple = isMultiple
        }

        /// As it is told: of multiple months with their word behind it.
        package var text: String { isMultiple ? "\(code)(多数回該当)" : code }
    }

    private let rules: CopaymentRules
    private let subsidy: SubsidyRules
    /// 未検証の決まり that an amount rested on, by name: a month is not closed on one.
    package private(set) var unverified: Set<String> = []
    /// 調べていない自己負担額: of some public payer a copayment is claimed that nothing was held against.
    package private(set) var hasUnexamined = false

    package init(_ rules: CopaymentRules, _ subsidy: SubsidyRules) {
        self.rules = rules
        self.subsidy = subsidy
    }

    /// `nil` where neither the law's scheme nor a registered cap says what is asked, or where it is another
    /// cap for stays in hospital than for visits: the month of a certificate has one.
    ///
    /// `isInpatient`: what the claim is of; `nil` where it does not say. `spot`: whose it is.
    package func terms(
        of row: EntitlementVersion, on day: CalendarDay, isInpatient: Bool?,
        at spot: CareSpot = .unsaid
    ) -> Terms? {
        let program = subsidy.programs(of: row.body, on: day).first {
            $0.certificateTypeID == row.certificateTypeID
        }
        guard let program, let terms = terms(row, program, on: day, isInpatient, at: spot),
            // What a local scheme asks of each visit a receipt of a month does not say; its cap holds, and a
            // bound. A cap that cannot be counted may lower what is asked; under one of the month, or
            // below a bound, that is no difference to tell.
            terms.local != nil || !terms.hasUncountedCap || terms.cap != nil
        else { return nil }
        let most = LocalMost(terms, of: row)
        let isBoundAlone = terms.local != nil && terms.cap == nil
        guard most != nil || !isBoundAlone else { return nil }
        let source = "program/\(program.body)/\(program.certificateTypeID)"
        return Terms(
            percent: terms.percent, cap: terms.cap, rule: terms.rule,
            unverifiedProgram: program.source.isVerified ? nil : source, most: most,
            isBoundAlone: isBoundAlone)
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
        _ isInpatient: Bool?, at spot: CareSpot
    ) -> CertificateTerms? {
        if isInpatient != false {
            do throws(Refusal) {
                let stay = try CertificateTerms(
                    row, program, on: day, BillCare(isInpatient: true), after: nil, rules,
                    at: spot)
                if isInpatient == true { return stay }
            } catch {
                // A claim that does not say may be of a stay, which has a cap of its own here.
                guard isInpatient == nil, error != .localSchemeNotPriced("perMonth") else {
                    return nil
                }
            }
        }
        return try? CertificateTerms(
            row, program, on: day, .visit, after: nil, rules, at: spot)
    }

    /// A cap that claims are held to is an amount, too.
    package mutating func use(_ terms: Terms) {
        note(terms.rule)
        if let program = terms.unverifiedProgram { unverified.insert(program) }
    }

    /// One for each of `parts`, whose terms stand in `terms`. Behind a payer whose terms nobody knows nothing
    /// can be said; of those before it all can. `told`: the classes that bills of this receipt were
    /// reckoned by at the counter; they come before what the receipt says. `confirmed`: what bills of the
    /// institution come to under each, which the ledger judges.
    package mutating func expected(
        _ claim: Claim, _ parts: ArraySlice<ClaimPart>, _ terms: [Terms?],
        told: Set<ToldClass> = [], confirmed: [Int] = []
    ) -> [Expected?] {
        var found = priced(claim, parts, terms, told)
        let isBound = terms.contains { $0?.most != nil }
        let share = isBound ? known(of: claim, told)?.share : nil
        let percent = share?.rule.isVerified == true ? share?.percent : nil
        for (place, part) in parts.enumerated() where part.copayment >= 0 {
            let bound = terms[place]?.most?.yen(
                part, of: claim, isFirst: place == 0, left: percent, rules.roundings.counter)
            guard let most = bound else {
                if isUnexamined(part, terms[place], of: claim) { hasUnexamined = true }
                continue
            }
            let claimed = Int(part.copayment)
            guard claimed > most, most < found[place]?.copayment ?? claimed,
                claimed > (confirmed.indices.contains(place) ? confirmed[place] : 0)
            else { continue }
            found[place] = Expected(copayment: most, amount: nil)
        }
        return found
    }

    /// 地方単独: neither a cap nor a bound says anything of its copayment.
    private func isUnexamined(_ part: ClaimPart, _ terms: Terms?, of claim: Claim) -> Bool {
        if let terms { return terms.isBoundAlone }
        let day = CalendarDay(daysSince1970: Int(claim.month.firstDay))
        return rules.scheme(law: Digits.padded(part.certificate.law, to: 2), on: day) == nil
    }

    /// Of the payers before the first whose terms are not known, or are a bound alone.
    private mutating func priced(
        _ claim: Claim, _ parts: ArraySlice<ClaimPart>, _ terms: [Terms?], _ told: Set<ToldClass>
    ) -> [Expected?] {
        let nothing = [Expected?](repeating: nil, count: parts.count)
        let terms = terms.prefix { $0?.isBoundAlone == false }.compactMap(\.self)
        guard let known = known(of: claim, told),
            let receipt = receipt(claim, parts.prefix(terms.count), terms, known)
        else { return nothing }
        let whole = receipt.copayment(rules.roundings)
        let isPlain = known.isLimitKnown || whole.share <= known.lowest
        let found: [Expected?] = zip(parts, terms).enumerated().map { place, pair in
            let part = pair.0
            var asked = pair.1
            // What a payer before it left is not known where a cap may have stopped it.
            if terms.prefix(place).contains(where: \.isCapped) {
                asked.mayAskLess = true
            }
            guard let due = due(part, whole.own[place], asked, isPlain) else { return nil }
            use(asked)
            for rule in known.rules { note(rule) }
            for step in whole.steps where step.part == place { note(step.rule) }
            return Expected(
                copayment: due.copayment,
                amount: isPlain ? due.patient.map { whole.charged[place] - $0 } : nil)
        }
        return found + nothing.dropFirst(found.count)
    }

    /// What the patient pays, and what is to be held against the claim: below its cap a smaller copayment
    /// may be what the month left, which the ledger of caps judges; above the lowest limit of the
    /// high-cost benefit it may be that, where nobody says the class.
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
        _ claim: Claim, _ parts: ArraySlice<ClaimPart>, _ terms: [Terms], _ known: Known
    ) -> Receipt? {
        // No points are none that anybody said.
        guard let points = parts.first?.points, points > 0,
            parts.allSatisfy({ $0.points == points }), claim.points >= points
        else { return nil }
        var receipt = Receipt(percent: known.share.percent)
        receipt.percentRule = known.share.rule
        receipt.insuranceOnly = Int(claim.points - points) * 10
        receipt.limit = known.limit
        receipt.countedFrom = known.countedFrom
        for (place, part) in parts.enumerated() {
            let terms = terms[place]
            var expense = PublicExpense(
                cost: place == 0 ? Int(points) * 10 : 0, percent: terms.percent)
            expense.rule = terms.rule
            expense.takesOver = Array(0..<place)
            if known.limit != nil { expense.limit = limit(of: part, claim, known) }
            receipt.publics.append(expense)
        }
        return receipt
    }

    // MARK: Classes

    /// What is known of a receipt's insurance: the share, and the limit as far as a class is said.
    private struct Known {
        let share: InsuranceShares.Row
        /// Of the one class that is said; `nil` where none is, or several with limits of their own.
        let row: HighCostClass?
        let isMultiple: Bool
        let countedFrom: Int
        /// The lowest of the classes that it may be.
        let lowest: Int
        /// What says the class.
        let rules: [RuleMark]

        var limit: HighCostLimit? { row?.limit(isMultiple: isMultiple, isHalved: false) }
        var isLimitKnown: Bool { row != nil }
    }

    /// 適用区分の食い違い: the receipt's note where it names another class than the counter was told.
    package func differing(_ claim: Claim, told: Set<ToldClass>) -> UInt8? {
        guard !told.isEmpty, let standing = standing(of: claim),
            let said = said(claim, standing), let note = said.note
        else { return nil }
        return told.allSatisfy { said.agrees(with: $0) } ? nil : note
    }

    private func standing(of claim: Claim) -> AgeStanding? {
        guard claim.birth != Claim.unsaidDay else { return nil }
        let standing = rules.shares.standing(
            birth: CalendarDay(daysSince1970: Int(claim.birth)),
            on: CalendarDay(daysSince1970: Int(claim.serviceDays.first)))
        // 後期高齢者医療 insures some before they are of its age.
        guard let group = rules.shares.group(ofInsurer: claim.insurer) else { return standing }
        return standing?.moved(to: group)
    }

    private func said(_ claim: Claim, _ standing: AgeStanding) -> ReceiptClasses.Said? {
        rules.receiptClasses.said(
            by: claim, at: standing.group.limits,
            on: CalendarDay(daysSince1970: Int(claim.month.firstDay)))
    }

    /// `nil` without insurance or a birth date, from 70 on where not even the share is said, and in the
    /// month of the 75th birthday, which two insurers count.
    private func known(of claim: Claim, _ told: Set<ToldClass>) -> Known? {
        guard claim.insurer != 0, let standing = standing(of: claim) else { return nil }
        let said = said(claim, standing)
        var classes = said?.classes
        var isMultiple = said?.isMultiple ?? false
        var marks = said?.rules ?? []
        if let only = told.first {
            marks = []
            classes = told.count == 1 ? [only.code] : nil
            isMultiple = only.isMultiple
            // Of two that differ nobody knows which the receipt was reckoned by.
            if let said, said.note != nil, !said.agrees(with: only) { classes = nil }
        }
        guard let share = share(claim, standing, classes),
            standing.group.limits == .under70 || !standing.isMonthOf75
        else { return nil }
        let day = CalendarDay(daysSince1970: Int(claim.month.firstDay))
        let table = rules.highCost.table(standing.group.limits, on: day)
        let setting = claim.isInpatient.map { $0 ? HighCostClass.Setting.inpatient : .outpatient }
        let rows = (table?.classes ?? []).filter { row in
            (classes?.contains(row.code) ?? true)
                && (row.setting == nil || setting == nil || row.setting == setting)
        }
        // Of several classes the amounts may be the same.
        let amounts = rows.map { row -> [Int?] in
            [row.limit.base, row.limit.threshold, row.limit.percentOver, row.multiple]
        }
        let isOne = Set(amounts).count == 1
        // 長: how much its own limit is, no receipt says.
        let isLongTerm = claim.specialNotes & rules.receiptClasses.longTermNotes != 0
        let isKnown = classes != nil && setting != nil && isOne && !isLongTerm
        return Known(
            share: share, row: isKnown ? rows.first : nil, isMultiple: isMultiple,
            countedFrom: table?.countedFrom ?? 0,
            lowest: rows.map { min($0.limit.base, $0.multiple ?? $0.limit.base) }.min() ?? 0,
            rules: standing.group.limits == .under70 && !isKnown ? [] : marks)
    }

    /// From 70 on the share depends on the class: all that it may be must have one.
    private func share(
        _ claim: Claim, _ standing: AgeStanding, _ classes: Set<String>?
    ) -> InsuranceShares.Row? {
        let birth = CalendarDay(daysSince1970: Int(claim.birth))
        let day = CalendarDay(daysSince1970: Int(claim.serviceDays.first))
        guard standing.group.limits != .under70 else {
            return rules.shares.row(standing.group, class: nil, birth: birth, on: day)
        }
        let rows = (classes ?? []).compactMap {
            rules.shares.row(standing.group, class: $0, birth: birth, on: day)
        }
        guard let row = rows.first, row.reducedPercent == nil,
            rows.allSatisfy({ $0.percent == row.percent && $0.reducedPercent == nil })
        else { return nil }
        return row
    }

    /// Of a public expense: the class that its law lets stand in, or the patient's own. A class that stands
    /// in never has multiple months.
    private func limit(
        of part: ClaimPart, _ claim: Claim, _ known: Known
    ) -> HighCostLimit? {
        let day = CalendarDay(daysSince1970: Int(claim.month.firstDay))
        let scheme = rules.scheme(law: Digits.padded(part.certificate.law, to: 2), on: day)
        let age: HighCostRules.Age = standing(of: claim)?.group.limits ?? .under70
        let table = rules.highCost.table(age, on: day)
        guard let other = scheme?.standIn(for: known.row?.code, in: table) else {
            return known.limit
        }
        let setting: HighCostClass.Setting = claim.isInpatient == true ? .inpatient : .outpatient
        return table?.row(other, setting)?.limit(isMultiple: false, isHalved: false)
    }

    private mutating func note(_ rule: RuleMark) {
        guard !rule.isVerified else { return }
        unverified.insert(rules.cited(rule).name)
    }
}

extension ReceiptClasses.Said {
    fileprivate func agrees(with told: ClaimReckoning.ToldClass) -> Bool {
        classes.contains(told.code) && isMultiple == told.isMultiple
    }
}
