/// 高額な月の決まり: a row of `subsidy/cost-months.json`: how many months of a scheme's certificate above a
/// whole cost, within how many, open an application (軽症高額該当の33,330円, 高額かつ長期の5万円).
package struct CostMonthRule: Hashable, Sendable {
    package let code: String
    /// 法別番号 of the certificates that it counts.
    let law: String
    package let name: BilingualText
    let period: EffectivePeriod
    /// 医療費総額 in yen that a counted month exceeds.
    package let above: Int
    /// How many are needed.
    package let months: Int
    /// The months looked back on, the current one included.
    package let within: Int
    /// What to do once they are reached.
    let next: BilingualText
    let source: RuleSource

    /// The certificate and the rule, as a notice names them.
    package func subject(_ certificate: HeldCertificate, _ rules: SubsidyRules) -> BilingualText {
        guard let held = certificate.name(rules) else { return name }
        return BilingualText(ja: "\(held.ja) \(name.ja)", en: "\(held.en): \(name.en)")
    }

    fileprivate func counts(_ month: CapMonth, _ rules: SubsidyRules) -> Bool {
        let day = CalendarDay(daysSince1970: Int(month.month.firstDay))
        return period.contains(day)
            && rules.programs(of: month.certificate.body, on: day).contains {
                $0.certificateTypeID == month.certificate.typeID && $0.lawNumber == law
            }
    }
}

/// 月の合計: what one certificate's month came to, in yen.
package struct MonthSum: Hashable, Sendable {
    package let capMonth: CapMonth
    /// 医療費総額.
    package let cost: Int
    /// What the holder paid at counters and keeps paying, nothing that was passed on, nothing due back, and
    /// what refunds left borne.
    package let paid: Int
    /// What of it was for stays in hospital.
    package let inpatient: Int

    package init(capMonth: CapMonth, cost: Int, paid: Int, inpatient: Int = 0) {
        self.capMonth = capMonth
        self.cost = cost
        self.paid = paid
        self.inpatient = inpatient
    }

    /// 外来分, as a limit of outpatient care counts it.
    var outpatient: Int { max(0, paid - inpatient) }
}

/// 高額な月の数: the months of one certificate that a rule counts now, in their order.
package struct CostCount: Hashable, Sendable {
    package let rule: CostMonthRule
    package let certificate: HeldCertificate
    package let months: [ServiceMonth]

    package var isReached: Bool { months.count >= rule.months }

    /// Of every rule and certificate with any month to count, up to `month`.
    package static func all(
        _ sums: [MonthSum], at month: ServiceMonth, _ book: RuleBook
    ) -> [CostCount] {
        var counts: [CostCount] = []
        for rule in book.costMonths {
            let counted = sums.filter { sum in
                sum.cost > rule.above && sum.capMonth.month <= month
                    && sum.capMonth.month.number > month.number - Int32(rule.within)
                    && rule.counts(sum.capMonth, book.subsidy)
            }
            var certificates: [HeldCertificate] = []
            for sum in counted where !certificates.contains(sum.capMonth.certificate) {
                certificates.append(sum.capMonth.certificate)
            }
            for certificate in certificates {
                let months = counted.filter { $0.capMonth.certificate == certificate }
                counts.append(
                    CostCount(
                        rule: rule, certificate: certificate,
                        months: months.map(\.capMonth.month).sorted()))
            }
        }
        return counts
    }
}

/// 高額な月になった会計: the bill that took a certificate's month above an amount of whole cost.
package struct CostCrossing: Sendable {
    package let capMonth: CapMonth
    package let above: Int
    package let bill: RecordID
    package let party: Party
    package let partyName: String
    package let at: Instant

    package init(
        capMonth: CapMonth, above: Int, bill: RecordID, by party: (party: Party, name: String),
        at: Instant
    ) {
        self.capMonth = capMonth
        self.above = above
        self.bill = bill
        self.party = party.party
        partyName = party.name
        self.at = at
    }

    /// The crossings that made a rule's months full, each with its rule: once, and again only when as many
    /// months have passed as the rule looks back on.
    package static func completing(
        _ crossings: [CostCrossing], _ book: RuleBook
    ) -> [(rule: CostMonthRule, crossing: CostCrossing)] {
        var found: [(rule: CostMonthRule, crossing: CostCrossing)] = []
        for rule in book.costMonths {
            var months: [HeldCertificate: [Int32]] = [:]
            var told: [HeldCertificate: Int32] = [:]
            for crossing in crossings.sorted(by: { $0.at < $1.at })
            where crossing.above == rule.above && rule.counts(crossing.capMonth, book.subsidy) {
                let (certificate, month) = (
                    crossing.capMonth.certificate, crossing.capMonth.month.number
                )
                months[certificate, default: []].append(month)
                let isFull = rule.isFull(months[certificate] ?? [], around: month)
                let isToldOf = told[certificate].map { abs(month - $0) < rule.within } ?? false
                guard isFull, !isToldOf else { continue }
                told[certificate] = month
                found.append((rule, crossing))
            }
        }
        return found
    }
}

extension CostMonthRule {
    /// Enough months lie within some stretch of `within` that holds this one.
    fileprivate func isFull(_ months: [Int32], around month: Int32) -> Bool {
        let length = Int32(within)
        return months.contains { last in
            last >= month && month > last - length
                && months.count(where: { $0 <= last && $0 > last - length }) >= self.months
        }
    }
}

extension RuleFolder {
    func costMonthRules() throws(RuleFault) -> [CostMonthRule] {
        let file = try file("subsidy/cost-months.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "rules"])
        let laws = try lawNumbers()
        return try file.rows(
            "rules", apart: "another row of the same code and law",
            { (one: CostMonthRule, other: CostMonthRule) in
                one.code == other.code && one.law == other.law && one.period.overlaps(other.period)
            }
        ) { row throws(RuleFault) in
            try row.requireOnly([
                "code", "law", "name", "effectiveFrom", "effectiveTo", "above", "months", "within",
                "next", "source", "verified",
            ])
            let rule = CostMonthRule(
                code: try row.string("code"), law: try row.string("law"),
                name: try row.text("name"), period: try row.effectivePeriod(),
                above: try row.yen("above"), months: try row.int("months", in: 1...24),
                within: try row.int("within", in: 1...24), next: try row.text("next"),
                source: try row.source())
            guard laws.order.contains(rule.law) else {
                throw row.fault("law", "is not in subsidy/law-numbers.json")
            }
            guard rule.months <= rule.within else {
                throw row.fault("months", "are more than within")
            }
            return rule
        }
    }
}
