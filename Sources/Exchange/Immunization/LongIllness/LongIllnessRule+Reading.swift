/// 長期療養特例の読み取り: `immunization/long-term-illness.json`, each row held against the schedules that it names.
extension RuleFolder {
    /// None where the file is not there: rules that were kept from before know no special case.
    func longIllness(_ programmes: [Programme], isKept: Bool) throws(RuleFault)
        -> [LongIllnessRule]
    {
        let path = "immunization/long-term-illness.json"
        if isKept, files[path] == nil { return [] }
        let file = try file(path)
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "periods"])
        var rules: [LongIllnessRule] = []
        for row in try file.rows("periods", uniqueBy: "code", { row throws(RuleFault) in row }) {
            let rule = try LongIllnessRule(reading: row, programmes)
            for other in rules where other.effective.overlaps(rule.effective) {
                guard let twice = rule.programmes.intersection(other.programmes).min() else {
                    continue
                }
                throw row.fault("programmes", "\(twice) is that of \(other.code), too")
            }
            rules.append(rule)
        }
        return rules
    }
}

extension LongIllnessRule {
    fileprivate init(reading row: RuleReader, _ known: [Programme]) throws(RuleFault) {
        try row.requireOnly([
            "code", "programmes", "months", "until", "effectiveFrom", "effectiveTo", "source",
            "verified", "note",
        ])
        code = try row.string("code")
        let named = try row.strings("programmes")
        guard !named.isEmpty else { throw row.fault("programmes", "is empty") }
        var codes: Set<String> = []
        for code in named {
            guard let programme = known.first(where: { $0.code == code }) else {
                throw row.fault("programmes", "is unknown: \(code)")
            }
            guard programme.category != .voluntary else {
                throw row.fault("programmes", "is not of the Act: \(code)")
            }
            // Whoever missed a season has the next one.
            guard programme.versions.allSatisfy({ $0.season == nil }) else {
                throw row.fault("programmes", "is given every year: \(code)")
            }
            guard codes.insert(code).inserted else {
                throw row.fault("programmes", "is given twice: \(code)")
            }
        }
        programmes = codes
        months = try row.int("months", in: 1...120)
        until = try row.optionalBound("until")
        if let until {
            guard case .attained = until else { throw row.fault("until", "is no age like 15y") }
        }
        effective = try row.effectivePeriod().days
        source = try row.source()
    }
}
