/// 償還額の計算: what of each receipt is due back, with the steps of the arithmetic; decided after what the month's
/// cap already holds, receipt after receipt.
package struct RefundSum: Hashable, Sendable {
    /// `nil`: what the certificate asks is not on file, it has a cap that nobody here can count, or a receipt
    /// is of care without insurance, so the body computes by its own rules; or the certificate was used there
    /// or for one before it.
    package let yen: Int?
    package let notes: [BillNote]
    /// 患者に残る負担, receipt after receipt; nothing where no amount is told.
    package let borne: [BorneReceipt]
    /// 自己負担上限月額 that it was decided by.
    package let cap: Int?

    private init(yen: Int?, notes: [BillNote], borne: [BorneReceipt] = [], cap: Int? = nil) {
        self.yen = yen
        self.notes = notes
        self.borne = borne
        self.cap = cap
    }

    /// `rows`: the versions of the one certificate. A receipt is priced by the version of its day, a stay
    /// by one that holds on all of its days.
    package init(
        _ receipts: [RefundRequest.Receipt], on rows: [EntitlementVersion],
        _ subsidy: SubsidyRules, _ rules: CopaymentRules, after balance: CapBalance
    ) {
        var balance = balance
        var yen = 0
        var notes: [BillNote] = []
        var borne: [BorneReceipt] = []
        var cap: Int?
        for receipt in receipts {
            // 全額: what an insurer pays back of it is none of the scheme's.
            guard receipt.percent < 100 else {
                self.init(yen: nil, notes: [Self.withoutInsurance])
                return
            }
            guard let reckoning = Self.reckoning(receipt, on: rows, subsidy, rules),
                !reckoning.hasUncountedCap,
                let amounts = try? reckoning.amounts(after: [balance]).first,
                let eaten = Self.charge(receipt, rules)
            else {
                self.init(yen: nil, notes: [])
                return
            }
            // What was paid beyond the share of the insurance is no matter of the scheme.
            let share = rules.roundings.counter.yen(
                rules.roundings.share.yen(receipt.cost, percent: receipt.percent))
            let eligible = min(receipt.paid, share)
            // What was paid beyond the charge of the meals is none of it, either.
            let eligibleMeals = min(receipt.meals?.paid ?? 0, eaten)
            yen += max(0, eligible - amounts.collected) + max(0, eligibleMeals - amounts.meals)
            let rest = BorneReceipt(receipt, amounts, paid: eligible, meals: eligibleMeals)
            balance.bear([rest])
            borne.append(rest)
            notes += amounts.notes
            cap = reckoning.caps[0]
        }
        if Self.mayBeHighCost(receipts, rules) { notes.append(Self.insurersPart) }
        self.init(yen: yen, notes: notes, borne: borne, cap: cap)
    }

    /// 高額療養費: whether receipts of one institution come to more than the lowest limit of any class. Which
    /// class it is no receipt says, so that nothing is taken off, and whoever decides is told.
    private static func mayBeHighCost(
        _ receipts: [RefundRequest.Receipt], _ rules: CopaymentRules
    ) -> Bool {
        receipts.contains { receipt in
            let shares = receipts.filter {
                $0.institution == receipt.institution && $0.isInpatient == receipt.isInpatient
            }.map { rules.roundings.share.yen($0.cost, percent: $0.percent) }
            let classes = HighCostRules.Age.allCases.flatMap { age in
                rules.highCost.table(age, on: receipt.day)?.classes ?? []
            }
            let limits = classes.filter {
                $0.setting == nil || $0.setting == receipt.care.setting
            }.map { min($0.limit.base, $0.multiple ?? $0.limit.base) }
            return limits.min().map { shares.reduce(0, +) > $0 } ?? false
        }
    }

    /// 同じ月の申請: the cases of one certificate and month in their order, each after what those before it
    /// left borne, so that however receipts are spread over applications the cap is borne once. Behind a
    /// case that nobody can compute none is computed: what it leaves borne is not known. `balance` is
    /// `nil` where that is so from the first one on. A receipt of a day for which the certificate was
    /// `billed` there is not computed: its scheme has paid already, unless it is of other care.
    package static func inTurn(
        _ cases: [[RefundRequest.Receipt]], on rows: [EntitlementVersion],
        _ subsidy: SubsidyRules, _ rules: CopaymentRules, after balance: CapBalance?,
        besides billed: [BilledDays] = []
    ) -> [RefundSum] {
        var balance = balance
        return cases.map { receipts in
            let isBilled = receipts.contains { receipt in billed.contains { $0.are(of: receipt) } }
            guard !isBilled else {
                balance = nil
                return RefundSum(yen: nil, notes: [alreadyBilled])
            }
            guard var before = balance else { return RefundSum(yen: nil, notes: [behindUnknown]) }
            let sum = RefundSum(receipts, on: rows, subsidy, rules, after: before)
            before.bear(sum.borne)
            balance = sum.yen == nil ? nil : before
            return sum
        }
    }

    /// What stays borne where the body grants `granted`: nothing is borne that it pays back beyond what was
    /// computed. What it grants less is its own word on what the scheme covers, and is nothing that counts.
    package func left(granting granted: Int?) -> [BorneReceipt] {
        guard let yen else { return [] }
        var extra = max(0, (granted ?? yen) - yen)
        var left = borne
        for place in left.indices.reversed() {
            let less = min(extra, left[place].collected)
            let lessMeals = min(extra - less, left[place].meals)
            extra -= less + lessMeals
            left[place] = left[place].lowered(by: less, meals: lessMeals)
        }
        return left
    }

    /// 食事療養標準負担額 of the receipt; `nil` where it is not on file.
    private static func charge(
        _ receipt: RefundRequest.Receipt, _ rules: CopaymentRules
    ) -> Int? {
        guard let taken = receipt.meals?.taken else { return 0 }
        return rules.meals.row(taken.code, on: receipt.day).map { $0.yenPerMeal * taken.count }
    }

    private static func reckoning(
        _ receipt: RefundRequest.Receipt, on rows: [EntitlementVersion],
        _ subsidy: SubsidyRules, _ rules: CopaymentRules
    ) -> BillReckoning? {
        let row = rows.first { $0.covers(receipt.day) && $0.covers(receipt.lastDay) }
        guard let row else { return nil }
        let program = subsidy.programs(of: row.body, on: receipt.day).first {
            $0.certificateTypeID == row.certificateTypeID
        }
        guard let program else { return nil }
        let content = BillContent(
            identifier: RecordIdentifier(system: "", value: ""),
            certificate: row.certificate, day: receipt.day, cost: receipt.cost,
            percent: receipt.percent, collected: nil, care: receipt.care)
        return try? BillReckoning(
            content, on: [(row, program)], at: CareSpot(institution: receipt.institution), rules,
            by: LocalScheme.Method.ofRefunds)
    }

    private static let insurersPart = BillNote(
        text: .init(
            ja: "保険者の高額療養費の対象になりうる領収書があります。適用区分が申請にないため、保険者が支給する額を"
                + "引いていません。受給者証の発行元が、区分を確かめてから額を決めます。",
            en:
                "The insurer may pay back part of a receipt as high-cost benefit. No class was told, so "
                + "nothing is taken off for it: the body asks for the class before it decides."),
        rule: nil)

    private static let withoutInsurance = BillNote(
        text: .init(
            ja: "医療費の全額を支払った領収書があります。健康保険に加入している人は、先に保険者へ療養費を申請し、"
                + "保険の一部負担割合で申請してください。加入していない人の額は、受給者証の発行元が計算します。",
            en:
                "A receipt is of the whole cost. Whoever is insured asks the insurer first, and applies "
                + "here with the percentage of the insurance. The body computes for whoever is not "
                + "insured."), rule: nil)

    private static let alreadyBilled = BillNote(
        text: .init(
            ja: "この受給者証を使った会計が、同じ医療機関の同じ日にあります。同じ受診なら助成は済んでいます。"
                + "受給者証の発行元が領収書と突き合わせ、別の受診であれば額を決めます。",
            en:
                "The certificate was used at this institution on this day. For the same care the scheme "
                + "has paid already: the body compares the receipts, and names an amount for other "
                + "care."), rule: nil)

    private static let behindUnknown = BillNote(
        text: .init(
            ja: "同じ月に、負担額を計算できない申請があります。この申請の額も、受給者証の発行元が計算します。",
            en:
                "Another application of this month cannot be computed here. The body computes this one, "
                + "too."), rule: nil)
}

/// 受給者証を使った日: those of a bill that was confirmed on the certificate.
package struct BilledDays: Hashable, Sendable {
    /// 医療機関コード, ten digits.
    package let institution: String
    package let day: CalendarDay
    package let days: Int
    /// 入院: a stay has a receipt of its own.
    package let isInpatient: Bool

    package init(institution: String, day: CalendarDay, days: Int, isInpatient: Bool) {
        self.institution = institution
        self.day = day
        self.days = days
        self.isInpatient = isInpatient
    }

    /// Whether a receipt is of one of the days there.
    func are(of receipt: RefundRequest.Receipt) -> Bool {
        institution == receipt.institution && isInpatient == receipt.isInpatient
            && day <= receipt.lastDay && receipt.day <= day.adding(days: days - 1)
    }
}

/// 領収書ごとの負担: what of one receipt stays with the patient once the rest is paid back. It counts towards the
/// month's cap as a bill would.
package struct BorneReceipt: Hashable, Sendable {
    /// With the share to 1 yen.
    package let visit: CapVisit
    /// To 10 yen, and never more than was paid.
    package let collected: Int
    /// 食事の負担, which no cap of the care counts.
    package let meals: Int

    package init(visit: CapVisit, collected: Int, meals: Int = 0) {
        self.visit = visit
        self.collected = collected
        self.meals = meals
    }

    /// `paid`: what was paid of the share of the insurance, which may be less than the scheme asks; `meals`:
    /// what was paid of their charge.
    init(_ receipt: RefundRequest.Receipt, _ amounts: BillAmounts, paid: Int, meals: Int) {
        let collected = min(amounts.collected, paid)
        let share = collected < amounts.collected ? min(amounts.share, collected) : amounts.share
        self.init(
            visit: CapVisit(
                day: receipt.day.day, days: receipt.days, isInpatient: receipt.isInpatient,
                share: share, collected: collected,
                at: CareSpot(institution: receipt.institution)), collected: collected,
            meals: min(amounts.meals, meals))
    }

    func lowered(by yen: Int, meals less: Int) -> BorneReceipt {
        guard yen > 0 || less > 0 else { return self }
        return BorneReceipt(
            visit: CapVisit(
                day: visit.day, days: visit.days, isInpatient: visit.isInpatient,
                share: max(0, visit.share - yen), collected: collected - yen, at: visit.spot),
            collected: collected - yen,
            meals: meals - less)
    }
}

extension CapBalance {
    /// Receipts whose rest was paid back, in their order.
    package mutating func bear(_ receipts: [BorneReceipt]) {
        for receipt in receipts {
            borne.add(share: receipt.visit.share, collected: receipt.collected)
            visits.append(receipt.visit)
            meals += receipt.meals
        }
    }
}
