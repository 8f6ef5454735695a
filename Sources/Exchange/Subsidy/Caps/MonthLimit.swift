/// 高額療養費の月の限度額: what the insurer leaves of a month's care at one institution to a patient whose class is
/// told, before any public expense (健康保険法施行令41条から43条). It is of a month and not of a bill: what other
/// bills put on the same receipt (レセプト) counts towards it. Pure; nothing is kept.
struct MonthLimit: Hashable, Sendable {
    /// Of the patient's own class; `nil` where none was told.
    let own: HighCostLimit?
    /// Of the first certificate's expense: the class that its law lets stand in (特定給付対象療養), or the own one.
    let expense: HighCostLimit?
    /// 特定疾病 (長), of that expense as well.
    let longTerm: HighCostLimit?
    /// 合算対象基準額
    let countedFrom: Int
}

extension CopaymentRules {
    /// `nil` where neither a class nor 長 was told, and no class stands in whatever the own one is. `birth`
    /// says the age, and the month of the 75th birthday; without it nothing is halved.
    func monthLimit(
        of care: BillCare, under scheme: NationalScheme?, born birth: CalendarDay?,
        on day: CalendarDay
    ) -> MonthLimit? {
        let standing = birth.flatMap { shares.standing(birth: $0, on: day) }
        let found = care.limitClass.flatMap { highCost.row($0, care.setting, on: day) }
        let table = found?.table ?? standing.flatMap { highCost.table($0.group.limits, on: day) }
        let isHalved = standing?.isMonthOf75 == true && table?.isHalvedInMonthOf75 != false
        let own = found?.row.limit(isMultiple: care.isMultiple, isHalved: isHalved)
        // A class that stands in never has multiple months, as in `tsunagi copay`.
        let standIn = table.flatMap { table in
            scheme?.standIn(for: found?.row.code, in: table)
                .flatMap { table.row($0, care.setting) }
        }?.limit(isMultiple: false, isHalved: isHalved)
        let longTerm = care.longTerm.flatMap {
            highCost.longTerm(given: $0, code: found?.row.code, isHalved: isHalved, on: day)
        }
        guard own != nil || standIn != nil || longTerm != nil else { return nil }
        return MonthLimit(
            own: own, expense: standIn ?? own, longTerm: longTerm,
            countedFrom: table?.countedFrom ?? 0)
    }

    /// 75歳到達月: from the birthday on another insurer counts, and has a receipt of its own.
    func isOfOneInsurer(
        _ day: CalendarDay, _ other: CalendarDay, born birth: CalendarDay?
    ) -> Bool {
        guard let birth else { return true }
        return shares.standing(birth: birth, on: day)?.group
            == shares.standing(birth: birth, on: other)?.group
    }
}

extension HighCostRules {
    /// The row of a class, in the table of whichever age has it.
    fileprivate func row(
        _ code: String, _ setting: HighCostClass.Setting, on day: CalendarDay
    ) -> (table: Table, row: HighCostClass)? {
        for age in Age.allCases {
            guard let table = self.table(age, on: day), let row = table.row(code, setting)
            else { continue }
            return (table, row)
        }
        return nil
    }
}

/// 同じ明細書の会計: another bill of the same person, month and institution, both for visits or both for stays:
/// at month's end they are one receipt.
package struct ReceiptBill: Hashable, Sendable {
    /// The first in the order of law: whose expense the cost is.
    let certificate: HeldCertificate
    let day: CalendarDay
    let cost: Int
    /// 一部負担割合
    let percent: Int
    /// What the first certificate's scheme asked before any cap, to 1 yen.
    let due: Int
    /// What all certificates left to the patient, to 1 yen.
    let borne: Int

    package init(
        certificate: HeldCertificate, day: CalendarDay, cost: Int, percent: Int, due: Int,
        borne: Int
    ) {
        self.certificate = certificate
        self.day = day
        self.cost = cost
        self.percent = percent
        self.due = due
        self.borne = borne
    }

    package init(_ lines: BillLines) {
        let content = lines.first.content
        self.init(
            certificate: content.certificate, day: content.day, cost: content.cost,
            percent: content.percent, due: lines.first.amounts.due,
            borne: lines.last.amounts.share)
    }
}

extension MonthLimit {
    /// 限度額の残り: what a month's limit leaves of one bill after the others of its receipt.
    struct Rest: Hashable, Sendable {
        let limit: MonthLimit
        /// No other bill is on the receipt: the limit is that of the bill alone.
        let isAlone: Bool
        /// What the insurance leaves of this bill: the month's limit less that of the bills before.
        let charged: Int
        /// What of the limit the patient's parts of the bills before have not filled.
        let open: Int
        /// The cost that it was reckoned for, and its limit.
        let cost: Int
        let most: Int
        let rule: RuleMark
        /// 合算: what the patient's own limit leaves, and for which cost; `nil` where the receipt is below what
        /// is added up.
        let own: Together?

        struct Together: Hashable, Sendable {
            let yen: Int
            let cost: Int
            let most: Int
            let rule: RuleMark
        }

        /// What a patient bears at most of this bill.
        var patient: Int { min(open, own?.yen ?? open) }
    }

    /// The limit is of the receipt of the month. The patient's part of it is filled by what the scheme asked,
    /// and the insurance's by the shares: so bills one after the other come to what one bill of all
    /// of it comes to, and never to less. `content` is the first line's.
    func rest(
        _ content: BillContent, after others: [ReceiptBill], _ roundings: Roundings
    ) -> Rest {
        let share = roundings.share.yen(content.cost, percent: content.percent)
        var part = Part()
        for other in others where other.certificate == content.certificate {
            part.add(other, roundings)
        }
        let cost = part.cost + content.cost
        let (most, rule) = self.most(cost, roundings)
        let before = part.cost == 0 ? 0 : min(part.share, self.most(part.cost, roundings).yen)
        return Rest(
            limit: self, isAlone: others.isEmpty,
            charged: min(share, max(0, min(part.share + share, most) - before)),
            open: min(share, max(0, most - part.due)), cost: cost, most: most, rule: rule,
            own: together(content, share, others, roundings))
    }

    /// The lower of the limits of a part: one of them there is.
    private func most(_ cost: Int, _ roundings: Roundings) -> (yen: Int, rule: RuleMark) {
        let limits = [expense, longTerm].compactMap { limit in
            limit.map { (yen: $0.yen(cost: cost, roundings.highCostTerm), rule: $0.rule) }
        }
        return limits.min { $0.yen < $1.yen } ?? (yen: Receipt.yenMax, rule: RuleMark.asGiven)
    }

    /// 合算: parts of the receipt whose share reaches the floor count together, each by its first certificate.
    private func together(
        _ content: BillContent, _ share: Int, _ others: [ReceiptBill], _ roundings: Roundings
    ) -> Rest.Together? {
        var parts: [HeldCertificate: Part] = [:]
        for other in others { parts[other.certificate, default: Part()].add(other, roundings) }
        parts[content.certificate, default: Part()].cost += content.cost
        parts[content.certificate, default: Part()].share += share
        guard let limit = own, let part = parts[content.certificate], part.share >= countedFrom
        else { return nil }
        let counted = parts.values.filter { $0.share >= countedFrom }
        let cost = counted.reduce(0) { $0 + $1.cost }
        let most = limit.yen(cost: cost, roundings.highCostTerm)
        return Rest.Together(
            yen: max(0, most - counted.reduce(0) { $0 + $1.borne }), cost: cost, most: most,
            rule: limit.rule)
    }

    /// What bills of one certificate come to on a receipt.
    private struct Part {
        var cost = 0
        var share = 0
        var due = 0
        var borne = 0

        mutating func add(_ bill: ReceiptBill, _ roundings: Roundings) {
            cost += bill.cost
            share += roundings.share.yen(bill.cost, percent: bill.percent)
            due += bill.due
            borne += bill.borne
        }
    }
}

extension MonthLimit.Rest {
    /// The limit as the receipt of this bill alone is held to it.
    var ofExpense: HighCostLimit? {
        isAlone ? limit.expense : HighCostLimit(base: open, rule: rule)
    }

    /// Of several bills `ofExpense` is the lower of both already.
    var ofLongTerm: HighCostLimit? { isAlone ? limit.longTerm : nil }

    /// A step that came of `ofExpense`, as it is told.
    func told(_ step: CopaymentStep) -> CopaymentStep {
        guard !isAlone else { return step }
        return CopaymentStep(
            .limitRest, part: step.part, step.amount, of: most, by: cost, rule: step.rule)
    }
}
