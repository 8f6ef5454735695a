/// 一部負担割合: what percent of the cost the insured person bears, by age, class and day
/// (健康保険法74条, 高齢者の医療の確保に関する法律67条), as `subsidy/insurance-share.json` holds it.
package struct InsuranceShares: Sendable, Hashable {
    struct Row: Sendable, Hashable {
        let group: AgeGroup
        let period: EffectivePeriod
        /// Only for these classes; empty for all others.
        let classes: [String]
        /// 軽減特例措置: only for those born on or before this day.
        let bornUntil: CalendarDay?
        let percent: Int
        /// What insurance alone bears, where the law lowers it.
        let reducedPercent: Int?
        let rule: RuleMark
    }

    /// 年齢区分, the youngest first.
    let ages: [AgeGroup]
    let rows: [Row]

    /// `nil` before birth.
    package func standing(birth: CalendarDay, on day: CalendarDay) -> AgeStanding? {
        AgeStanding(ages, birth: birth, on: day)
    }

    /// The group that an insurer's number alone tells; `nil` where the age does.
    func group(ofInsurer number: UInt32) -> AgeGroup? {
        let law = number / 1_000_000
        guard law > 0, law < 100 else { return nil }
        let digits = Digits.padded(Int(law), to: 2)
        return ages.first { $0.insurers.contains(digits) }
    }

    /// The share of a person, the row of the class before the row of all others.
    func row(
        _ group: AgeGroup, class code: String?, birth: CalendarDay?, on day: CalendarDay
    ) -> Row? {
        let fitting = rows.filter { row in
            row.group == group && row.period.contains(day)
                && (row.classes.isEmpty || code.map(row.classes.contains) ?? false)
                && row.bornUntil.map { until in birth.map { $0 <= until } ?? false } ?? true
        }
        return fitting.first { !$0.classes.isEmpty } ?? fitting.first { $0.bornUntil != nil }
            ?? fitting.first
    }

    /// 軽減特例措置 where only the age of the table of limits is known; `nil` for a class with a row of
    /// its own (現役並み).
    func reducedPercent(
        _ age: HighCostRules.Age, class code: String?, on day: CalendarDay
    ) -> Int? {
        let fitting = rows.filter { $0.group.limits == age && $0.period.contains(day) }
        guard !fitting.contains(where: { code.map($0.classes.contains) ?? false }) else {
            return nil
        }
        return fitting.compactMap(\.reducedPercent).first
    }
}

extension RuleFolder {
    func insuranceShares(
        _ citations: inout CitationList, _ highCost: HighCostRules
    ) throws(RuleFault) -> InsuranceShares {
        let file = try file("subsidy/insurance-share.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "ages", "rows"])
        let ages = try file.ages()
        let rows = try file.rows(
            "rows", apart: "another row",
            { (one: InsuranceShares.Row, other: InsuranceShares.Row) in one.contradicts(other) }
        ) { item throws(RuleFault) in
            let row = try item.insuranceShare(ages, &citations)
            if let code = row.classes.first(where: { !highCost.knows($0) }) {
                throw item.fault("classes", "names \(code), which no table of limits has")
            }
            return row
        }
        for group in ages where !rows.contains(where: { $0.group == group }) {
            throw file.fault("rows", "leaves out \(group.code)")
        }
        return InsuranceShares(ages: ages, rows: rows)
    }
}

extension InsuranceShares.Row {
    fileprivate func contradicts(_ other: Self) -> Bool {
        group == other.group && period.overlaps(other.period) && bornUntil == other.bornUntil
            && (classes == other.classes || classes.contains(where: other.classes.contains))
    }
}

extension RuleReader {
    fileprivate func ages() throws(RuleFault) -> [AgeGroup] {
        var last = -1
        let ages = try rows("ages", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "from", "starts", "limits", "splitsMonth", "insurers", "source",
                "verified",
            ])
            _ = try row.source()
            let from = try row.int("from", in: 0...150)
            guard last < 0 ? from == 0 : from > last else {
                throw row.fault("from", "is not above the age before it, beginning with 0")
            }
            last = from
            return AgeGroup(
                code: try row.string("code"), from: from, starts: try row.choice("starts"),
                limits: try row.choice("limits"),
                splitsMonth: try row.bool("splitsMonth", default: false),
                insurers: try row.optionalStrings("insurers"))
        }
        guard !ages.isEmpty else { throw fault("ages", "is empty") }
        return ages
    }

    fileprivate func insuranceShare(
        _ ages: [AgeGroup], _ citations: inout CitationList
    ) throws(RuleFault) -> InsuranceShares.Row {
        try requireOnly([
            "id", "age", "classes", "bornUntil", "effectiveFrom", "effectiveTo", "percent",
            "reducedPercent", "source", "verified",
        ])
        let age = try string("age")
        guard let group = ages.first(where: { $0.code == age }) else {
            throw fault("age", "is none of \(ages.map(\.code).joined(separator: ", "))")
        }
        let percent = try int("percent", in: 0...100)
        let reduced = try optionalInt("reducedPercent", in: 0...100)
        if let reduced, reduced > percent { throw fault("reducedPercent", "is above percent") }
        return InsuranceShares.Row(
            group: group, period: try effectivePeriod(), classes: try optionalStrings("classes"),
            bornUntil: try optionalDay("bornUntil"), percent: percent, reducedPercent: reduced,
            rule: try citations.mark("insurance-share/" + string("id"), source(), at: self))
    }
}
