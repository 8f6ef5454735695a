/// Reads `subsidy/high-cost.json`: a table that overlaps another of the same age, a class given twice or an
/// amount that cannot be halved is refused with its place.
extension RuleFolder {
    func highCostRules(_ citations: inout CitationList) throws(RuleFault) -> HighCostRules {
        let file = try file("subsidy/high-cost.json")
        _ = try file.source()
        try file.requireOnly([
            "source", "verified", "note", "yearStart", "tables", "longTerm", "considerations",
        ])
        let tables = try file.rows(
            "tables", apart: "another table of the same age",
            { (one: HighCostRules.Table, other: HighCostRules.Table) in
                one.age == other.age && one.period.overlaps(other.period)
            }
        ) { row throws(RuleFault) in try row.highCostTable(&citations) }
        let longTerms = try longTerms(file, tables, &citations)
        return HighCostRules(
            tables: tables, longTerms: longTerms,
            considerations: try considerations(file, &citations),
            yearStart: try file.optionalInt("yearStart", in: 1...12))
    }

    private func longTerms(
        _ file: RuleReader, _ tables: [HighCostRules.Table],
        _ citations: inout CitationList
    ) throws(RuleFault) -> [HighCostRules.LongTerm] {
        try file.rows(
            "longTerm", apart: "another row",
            { (one: HighCostRules.LongTerm, other: HighCostRules.LongTerm) in
                one.period.overlaps(other.period)
            }
        ) { row throws(RuleFault) in
            try row.requireOnly([
                "id", "effectiveFrom", "effectiveTo", "ordinary", "upper", "upperClasses",
                "source", "verified",
            ])
            let rule = try citations.mark(
                "long-term/" + row.string("id"), row.source(), at: row)
            let ordinary = try row.yen("ordinary")
            let upper = try row.yen("upper")
            guard upper >= ordinary else { throw row.fault("upper", "is below ordinary") }
            for (item, yen) in [("ordinary", ordinary), ("upper", upper)] where yen % 2 != 0 {
                throw row.fault(item, "cannot be halved")
            }
            let classes = try row.strings("upperClasses")
            for code in classes
            where !tables.contains(where: { $0.classes.contains { $0.code == code } }) {
                throw row.fault("upperClasses", "names a class no table has")
            }
            return HighCostRules.LongTerm(
                period: try row.effectivePeriod(),
                ordinary: HighCostLimit(base: ordinary, rule: rule),
                upper: HighCostLimit(base: upper, rule: rule), upperClasses: classes)
        }
    }

    private func considerations(
        _ file: RuleReader, _ citations: inout CitationList
    ) throws(RuleFault) -> [HighCostRules.Consideration] {
        try file.rows(
            "considerations", apart: "another row",
            { (one: HighCostRules.Consideration, other: HighCostRules.Consideration) in
                one.period.overlaps(other.period)
            }
        ) { row throws(RuleFault) in
            try row.requireOnly([
                "id", "effectiveFrom", "effectiveTo", "base", "over", "percentOver", "percent",
                "age", "setting", "source", "verified",
            ])
            let rule = try citations.mark(
                "consideration/" + row.string("id"), row.source(), at: row)
            let age: HighCostRules.Age? = try row.optional("age", row.choice)
            let setting: HighCostClass.Setting? = try row.optional("setting", row.choice)
            return HighCostRules.Consideration(
                period: try row.effectivePeriod(), limit: try row.limit(rule),
                percent: try row.optionalInt("percent", in: 0...100), age: age, setting: setting)
        }
    }
}

extension RuleReader {
    fileprivate func highCostTable(
        _ citations: inout CitationList
    ) throws(RuleFault) -> HighCostRules.Table {
        try requireOnly([
            "id", "age", "effectiveFrom", "effectiveTo", "countedFrom", "halvedInMonthOf75",
            "announcedFrom", "rows", "source", "verified",
        ])
        let id = try string("id")
        let source = try source()
        let isHalved = try bool("halvedInMonthOf75")
        var classes: [HighCostClass] = []
        for row in try children("rows") {
            let found = try row.highCostClass(table: id, isHalved: isHalved, &citations, source)
            let isTwice = classes.contains {
                $0.code == found.code
                    && ($0.setting == nil || found.setting == nil || $0.setting == found.setting)
            }
            guard !isTwice else { throw row.fault("class", "is given twice") }
            classes.append(found)
        }
        guard !classes.isEmpty else { throw fault("rows", "is empty") }
        return HighCostRules.Table(
            id: id, age: try choice("age"), period: try effectivePeriod(),
            countedFrom: try int("countedFrom", in: 0...1_000_000),
            isHalvedInMonthOf75: isHalved, announcedFrom: try optionalDay("announcedFrom"),
            classes: classes)
    }

    private func highCostClass(
        table: String, isHalved: Bool, _ citations: inout CitationList, _ source: RuleSource
    ) throws(RuleFault) -> HighCostClass {
        try requireOnly([
            "class", "aliases", "multipleAliases", "setting", "earner", "base", "over",
            "percentOver", "multiple", "annual", "source", "verified",
        ])
        let code = try string("class")
        let setting: HighCostClass.Setting? = try optional("setting", choice)
        let name = ["high-cost", table, code] + (setting.map { [$0.rawValue] } ?? [])
        let rule = try citations.mark(
            name.joined(separator: "/"), try ownSource(or: source), at: self)
        let limit = try limit(rule)
        let multiple = try optionalYen("multiple")
        if let multiple, multiple > limit.base { throw fault("multiple", "is above base") }
        let halves = [("base", limit.base), ("over", limit.threshold), ("multiple", multiple)]
        for case (let item, let yen?) in halves where isHalved && yen % 2 != 0 {
            throw fault(item, "cannot be halved")
        }
        let multipleAliases = try optionalStrings("multipleAliases")
        guard multiple != nil || multipleAliases.isEmpty else {
            throw fault("multipleAliases", "stand without multiple")
        }
        let annual = try optionalYen("annual")
        if let annual, annual < limit.base { throw fault("annual", "is below base") }
        return HighCostClass(
            code: code, aliases: try optionalStrings("aliases"),
            multipleAliases: multipleAliases, setting: setting,
            isEarner: try bool("earner", default: false), limit: limit, multiple: multiple,
            annual: annual)
    }

    fileprivate func limit(_ rule: RuleMark) throws(RuleFault) -> HighCostLimit {
        let threshold = try optionalYen("over")
        guard (threshold == nil) == (object["percentOver"] == nil) else {
            throw fault("percentOver", "and over are given together or not at all")
        }
        return HighCostLimit(
            base: try yen("base"), threshold: threshold,
            percentOver: threshold == nil ? 0 : try int("percentOver", in: 1...100), rule: rule)
    }
}

extension RuleReader {
    /// A class may say more exactly than its table where it comes from.
    func ownSource(or source: RuleSource) throws(RuleFault) -> RuleSource {
        guard object["source"] != nil || object["verified"] != nil else { return source }
        return try self.source()
    }

    func yen(_ name: String) throws(RuleFault) -> Int { try int(name, in: 0...1_000_000_000) }

    func optionalYen(_ name: String) throws(RuleFault) -> Int? {
        object[name] == nil ? nil : try yen(name)
    }
}
