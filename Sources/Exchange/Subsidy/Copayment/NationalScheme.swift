/// 国の公費負担医療: one scheme by its 法別番号 and period: what percent its patient bears, the cap of each
/// income class, and by which limit the insurer's share is held.
package struct NationalScheme: Sendable, Hashable {
    package let law: String
    package let name: BilingualText
    let period: EffectivePeriod
    /// `nil`: the share of the insurance. A ceiling: who bears less in insurance bears less here.
    package let percent: Int?
    /// 本人支払額: what a certificate tells as its cap is asked whole, whatever `percent` is without one.
    let asksToldCap: Bool
    /// 特定給付対象療養の限度額: the class that stands in for the patient's own. Empty: the patient's own,
    /// with its multiple months (特定疾病給付対象療養).
    let classes: [ClassRule]
    /// 上限額の区分: names of the columns of `incomes`.
    package let columns: [String]
    package let incomes: [Income]
    package let meals: MealsBearing
    let rule: RuleMark

    struct ClassRule: Sendable, Hashable {
        let of: [String]
        let use: String
    }

    package struct Income: Sendable, Hashable {
        package let name: String
        /// Other ways it is written. One that several rows share (中間) holds where they agree.
        let aliases: [String]
        /// By column; `nil` means no cap of its own.
        package let caps: [Int?]
        /// 対象外: columns in which the scheme does not take this class.
        let outside: Set<Int>
        let percent: Int?
    }

    /// 食事療養標準負担額を誰が負担するか
    package enum MealsBearing: String, CaseIterable, Sendable {
        case patient
        case half
        case scheme
    }

    /// The rows of an income as people write it; more than one when it leaves open which.
    func incomes(written text: String) -> [Income] {
        let key = ClassText.key(text)
        let named = incomes.filter { ClassText.key($0.name) == key }
        guard named.isEmpty else { return named }
        return incomes.filter { $0.aliases.contains { ClassText.key($0) == key } }
    }

    /// The one row that is meant, in this column; `nil` where the text leaves open which cap holds.
    func income(written text: String, column place: Int) -> Income? {
        let found = incomes(written: text)
        guard let income = found.first,
            found.allSatisfy({
                $0.caps[place] == income.caps[place] && $0.percent == income.percent
                    && $0.outside.contains(place) == income.outside.contains(place)
            })
        else { return nil }
        return income
    }

    /// The class that stands in for the patient's own. Where nobody told that one, the class in which all of
    /// the table of the patient's age agree: it stands in whatever the own one is.
    func standIn(for code: String?, in table: HighCostRules.Table?) -> String? {
        if let code { return standIn(for: code) }
        guard let table else { return nil }
        let uses = Set(table.classes.map { standIn(for: $0.code) })
        guard uses.count == 1, let use = uses.first else { return nil }
        return use
    }

    /// `percent` beside a cap that the certificate tells; `nil`: up to the cap, all that insurance leaves.
    func percent(besideCap cap: Int?) -> Int? { asksToldCap && cap != nil ? nil : percent }

    private func standIn(for code: String) -> String? {
        classes.first { $0.of.contains(code) }?.use
    }

    var hasFixedClass: Bool { !classes.isEmpty }
}

extension RuleFolder {
    func nationalSchemes(
        _ citations: inout CitationList, _ highCost: HighCostRules, _ laws: LawNumbers
    ) throws(RuleFault) -> [NationalScheme] {
        let file = try file("subsidy/national-schemes.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "schemes"])
        return try file.rows(
            "schemes", apart: "another row of the same law",
            { (one: NationalScheme, other: NationalScheme) in
                one.law == other.law && one.period.overlaps(other.period)
            }
        ) { row throws(RuleFault) in
            let scheme = try row.nationalScheme(&citations)
            guard laws.order.contains(scheme.law) else {
                throw row.fault("law", "is not in subsidy/law-numbers.json")
            }
            for rule in scheme.classes {
                for code in rule.of + [rule.use] where !highCost.knows(code) {
                    throw row.fault("limitClass", "names \(code), which no table of limits has")
                }
            }
            return scheme
        }
    }
}

extension RuleReader {
    fileprivate func nationalScheme(
        _ citations: inout CitationList
    ) throws(RuleFault) -> NationalScheme {
        try requireOnly([
            "law", "name", "effectiveFrom", "effectiveTo", "percent", "asksToldCap", "limitClass",
            "columns", "incomes", "meals", "source", "verified",
        ])
        let law = try string("law")
        let columns = try optional("columns", strings) ?? ["一般"]
        guard !columns.isEmpty, Set(columns).count == columns.count else {
            throw fault("columns", "is empty or names one twice")
        }
        let period = try effectivePeriod()
        let percent = try optionalInt("percent", in: 0...100)
        let asksToldCap = try bool("asksToldCap", default: false)
        if asksToldCap, percent == nil {
            throw fault("asksToldCap", "stands in for a percentage that is not given")
        }
        return NationalScheme(
            law: law, name: try text("name"), period: period,
            percent: percent, asksToldCap: asksToldCap,
            classes: try classRules(), columns: columns, incomes: try incomes(columns),
            meals: try choice("meals"),
            rule: try citations.mark(
                "law/\(law)/\(period.from.text)", source(), at: self))
    }

    private func classRules() throws(RuleFault) -> [NationalScheme.ClassRule] {
        var rules: [NationalScheme.ClassRule] = []
        for row in try optionalChildren("limitClass") {
            try row.requireOnly(["of", "use"])
            rules.append(.init(of: try row.strings("of"), use: try row.string("use")))
        }
        return rules
    }

    /// Columns go from the ordinary to the heavier case, so a cap never rises along them.
    private func incomes(_ columns: [String]) throws(RuleFault) -> [NationalScheme.Income] {
        guard object["incomes"] != nil else { return [] }
        return try rows("incomes", uniqueBy: "income") { row throws(RuleFault) in
            try row.requireOnly(["income", "aliases", "caps", "percent"])
            let (caps, outside) = try row.caps(count: columns.count)
            return NationalScheme.Income(
                name: try row.string("income"), aliases: try row.optionalStrings("aliases"),
                caps: caps, outside: outside,
                percent: try row.optionalInt("percent", in: 0...100))
        }
    }

    private func caps(count: Int) throws(RuleFault) -> (caps: [Int?], outside: Set<Int>) {
        var caps: [Int?] = []
        var outside: Set<Int> = []
        for value in object["caps"]?.array ?? [] {
            let isOutside = value == .string("outside")
            guard isOutside || value == .null || value.int.map({ $0 >= 0 }) ?? false else {
                throw fault("caps", "holds what is neither yen, null nor outside")
            }
            if isOutside { outside.insert(caps.count) }
            let yen = value.int
            if let yen, let last = caps.last, let last, yen > last {
                throw fault("caps", "rises from one column to the next")
            }
            caps.append(yen)
        }
        guard caps.count == count else {
            throw fault("caps", "has not one amount for each column")
        }
        guard outside.count < count else { throw fault("caps", "is outside in every column") }
        return (caps, outside)
    }
}
