/// お金の決まり: every table the calculator looks up, from one version of `profiles/`, with the citation of
/// each row.
package struct CopaymentRules: Sendable {
    static let path = "subsidy/copayment.json"

    package let highCost: HighCostRules
    package let shares: InsuranceShares
    let receiptClasses: ReceiptClasses
    package let schemes: [NationalScheme]
    package let locals: [LocalScheme]
    /// 地単公費マスター as it came, by 公費負担者番号.
    let national: [String: [LocalScheme]]
    package let meals: MealCharges
    package let roundings: Roundings
    /// The day a case without one is computed by.
    package let undatedDay: CalendarDay
    package let lawOrder: [String]
    /// 改元をまたぐ日付: none in versions kept from before eras could be written on.
    let eraOverruns: EraOverruns
    let citations: [CitedRule]

    package func cited(_ mark: RuleMark) -> CitedRule {
        citations.indices.contains(Int(mark.place)) ? citations[Int(mark.place)] : citations[0]
    }

    /// 国の公費 by law number on a day.
    package func scheme(law: String, on day: CalendarDay) -> NationalScheme? {
        schemes.first { $0.law == law && $0.period.contains(day) }
    }
}

extension RuleFolder {
    /// `nil` for a version that was loaded before there was a calculator; otherwise all files are
    /// needed.
    func copaymentRules() throws(RuleFault) -> CopaymentRules? {
        guard files[CopaymentRules.path] != nil else { return nil }
        var citations = CitationList()
        let laws = try lawNumbers()
        let highCost = try highCostRules(&citations)
        let shares = try insuranceShares(&citations, highCost)
        let receiptClasses = try receiptClasses(&citations, highCost)
        let schemes = try nationalSchemes(&citations, highCost, laws)
        let locals = try localSchemes(&citations, highCost, laws)
        let national = try nationalMaster(&citations)
        let meals = try mealCharges(&citations)
        let file = try file(CopaymentRules.path)
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "undatedDay", "roundings"])
        let roundings = try file.roundings(&citations)
        let isOlder = files[EraOverruns.path] == nil
        return CopaymentRules(
            highCost: highCost, shares: shares, receiptClasses: receiptClasses, schemes: schemes,
            locals: locals,
            national: national, meals: meals, roundings: roundings,
            undatedDay: try file.day("undatedDay"), lawOrder: laws.order,
            eraOverruns: isOlder
                ? EraOverruns.none : try EraOverruns(reading: self.file(EraOverruns.path)),
            citations: citations.rules)
    }
}

extension RuleReader {
    func roundings(_ citations: inout CitationList) throws(RuleFault) -> Roundings {
        var found: [String: (rounding: Rounding, rule: RuleMark)] = [:]
        _ = try rows("roundings", uniqueBy: "use") { row throws(RuleFault) in
            try row.requireOnly(["use", "unit", "method", "source", "verified"])
            let use = try row.string("use")
            let rule = try citations.mark("rounding/" + use, row.source(), at: row)
            found[use] = (rounding: try row.rounding(), rule: rule)
        }
        guard let share = found["share"] else { throw fault("roundings", "leaves out share") }
        guard let term = found["high-cost-term"] else {
            throw fault("roundings", "leaves out high-cost-term")
        }
        guard let counter = found["counter"] else { throw fault("roundings", "leaves out counter") }
        return Roundings(
            share: share.rounding, highCostTerm: term.rounding, counter: counter.rounding,
            counterRule: counter.rule)
    }

    func rounding() throws(RuleFault) -> Rounding {
        let unit = try int("unit", in: 1...100)
        guard [1, 10, 100].contains(unit) else { throw fault("unit", "is none of 1, 10, 100") }
        return Rounding(unit: unit, method: try choice("method"))
    }
}
