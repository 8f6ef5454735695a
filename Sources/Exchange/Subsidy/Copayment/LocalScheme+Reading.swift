/// Reads `subsidy/local-schemes/*.json`. Contradictions are refused with their place: an end before a
/// beginning, a share said in two ways, a cap of a visit above that of a month, counts without a cap.
extension RuleFolder {
    func localSchemes(
        _ citations: inout CitationList, _ highCost: HighCostRules, _ laws: LawNumbers
    ) throws(RuleFault) -> [LocalScheme] {
        var schemes: [LocalScheme] = []
        for file in try readers(in: "subsidy/local-schemes/") {
            _ = try file.source()
            try file.requireOnly(["source", "verified", "note", "schemes"])
            schemes += try file.rows(
                "schemes", apart: "a row of the same conditions",
                { (one: LocalScheme, other: LocalScheme) in one.contradicts(other) }
            ) { row throws(RuleFault) in
                let scheme = try row.localScheme(&citations)
                guard !laws.order.contains(scheme.key.law) else {
                    throw row.fault("law", "is the number of a national scheme")
                }
                for code in scheme.bearsUpTo.values where !highCost.knows(code) {
                    throw row.fault("bearsUpTo", "names \(code), which no table of limits has")
                }
                guard !schemes.contains(where: scheme.contradicts) else {
                    throw row.fault("effectiveFrom", "overlaps a row of another file")
                }
                return scheme
            }
        }
        return schemes
    }
}

extension LocalScheme {
    /// The items of a row; those of `inpatient` and `outpatient` are `LocalTerms.items`.
    static let items: Set<String> = [
        "prefecture", "municipality", "law", "payer", "division", "name", "shortName",
        "effectiveFrom", "effectiveTo", "conditions", "method", "inpatient", "outpatient", "meals",
        "mealsPerDay", "mealsPerMonth", "bearsOtherExpense", "otherLaws", "priority", "bearsUpTo",
        "source", "verified",
    ]

    fileprivate func contradicts(_ other: LocalScheme) -> Bool {
        key == other.key && conditions == other.conditions && period.overlaps(other.period)
    }
}

extension LocalScheme.Conditions {
    static let items: Set<String> = [
        "ageFrom", "ageBelow", "insurers", "incomes", "schooling", "childrenFrom", "childFrom",
    ]
}

extension LocalTerms {
    static let items: Set<String> = [
        "bearing", "fixed", "percent", "numerator", "denominator", "unit", "method", "perVisit",
        "visitsMax", "perDay", "daysMax", "perMonth", "perMonthMultiple", "countedPer",
        "pharmacies",
    ]
}

extension RuleReader {
    fileprivate func localScheme(
        _ citations: inout CitationList
    ) throws(RuleFault) -> LocalScheme {
        try requireOnly(LocalScheme.items)
        let key = try localKey()
        let inpatient = try terms("inpatient")
        let outpatient = try terms("outpatient")
        guard inpatient != nil || outpatient != nil else {
            throw fault("outpatient", "and inpatient are both missing")
        }
        // What counts of a stay counts of the visits of its month: in two ways at once it cannot.
        if let inpatient, let outpatient, inpatient.countedPer != outpatient.countedPer {
            throw fault("inpatient.countedPer", "differs from that of outpatient")
        }
        let meals = try mealCaps()
        let bearsOther = try bool("bearsOtherExpense")
        let parts = [
            "local", key.prefecture + (key.municipality ?? ""), key.law, "\(key.division)",
            try day("effectiveFrom").text,
        ]
        return LocalScheme(
            key: key, name: try text("name"), shortName: try string("shortName"),
            period: try effectivePeriod(), conditions: try conditions(),
            method: try choice("method"),
            inpatient: inpatient, outpatient: outpatient, meals: try choice("meals"),
            mealsPerDay: meals.perDay, mealsPerMonth: meals.perMonth,
            bearsOtherExpense: bearsOther, otherLaws: try otherLaws(areBorne: bearsOther),
            priority: try int("priority", in: 0...999), bearsUpTo: try bearsUpTo(),
            rule: try citations.mark(parts.joined(separator: "/"), source(), at: self),
            uncarried: nil)
    }

    /// 70, 71
    func mealCaps() throws(RuleFault) -> (perDay: Int?, perMonth: Int?) {
        let perDay = try optionalYen("mealsPerDay")
        let perMonth = try optionalYen("mealsPerMonth")
        if let perDay, let perMonth, perDay > perMonth {
            throw fault("mealsPerDay", "is above mealsPerMonth")
        }
        return (perDay, perMonth)
    }

    /// 75–77
    func otherLaws(areBorne: Bool) throws(RuleFault) -> [String] {
        let laws = try optionalStrings("otherLaws")
        guard areBorne || laws.isEmpty else {
            throw fault("otherLaws", "names schemes although none is borne")
        }
        return laws
    }

    private func localKey() throws(RuleFault) -> LocalScheme.Key {
        LocalScheme.Key(
            prefecture: try digits("prefecture", 2),
            municipality: try optionalDigits("municipality", 3), law: try digits("law", 2),
            payer: try optionalDigits("payer", 8),
            division: try int("division", in: 0...999))
    }

    private func digits(_ name: String, _ count: Int) throws(RuleFault) -> String {
        let text = try string(name)
        guard text.utf8.count == count, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw fault(name, "is not \(count) digits")
        }
        return text
    }

    private func optionalDigits(_ name: String, _ count: Int) throws(RuleFault) -> String? {
        object[name] == nil ? nil : try digits(name, count)
    }

    func conditions() throws(RuleFault) -> LocalScheme.Conditions {
        let row = try child("conditions")
        try row.requireOnly(LocalScheme.Conditions.items)
        let from = try row.optionalInt("ageFrom", in: 0...150)
        let below = try row.optionalInt("ageBelow", in: 0...150)
        if let from, let below, from >= below {
            throw row.fault("ageFrom", "is not below ageBelow")
        }
        var insurers: [LocalScheme.Insurer] = []
        for word in try row.optionalStrings("insurers") {
            guard let insurer = LocalScheme.Insurer(rawValue: word), !insurers.contains(insurer)
            else { throw row.fault("insurers", "names an unknown one, or one twice") }
            insurers.append(insurer)
        }
        return LocalScheme.Conditions(
            ageFrom: from, ageBelow: below, insurers: insurers,
            incomes: try row.optionalStrings("incomes"),
            schooling: try row.optionalStrings("schooling"),
            childrenFrom: try row.optionalInt("childrenFrom", in: 1...20),
            childFrom: try row.optionalInt("childFrom", in: 1...20))
    }

    func bearsUpTo() throws(RuleFault) -> [HighCostRules.Age: String] {
        guard object["bearsUpTo"] != nil else { return [:] }
        let row = try child("bearsUpTo")
        try row.requireOnly(Set(HighCostRules.Age.allCases.map(\.rawValue)))
        var classes: [HighCostRules.Age: String] = [:]
        for age in HighCostRules.Age.allCases {
            classes[age] = try row.optionalString(age.rawValue)
        }
        return classes
    }

    private func terms(_ name: String) throws(RuleFault) -> LocalTerms? {
        try optional(name, child)?.localTerms()
    }

    /// Also read from a case that brings its own terms.
    func localTerms() throws(RuleFault) -> LocalTerms {
        try requireOnly(LocalTerms.items)
        var terms = LocalTerms(bearing: try bearing(), rounding: try rounding())
        terms.perVisit = try optionalYen("perVisit")
        terms.visitsMax = try optionalInt("visitsMax", in: 1...999)
        terms.perDay = try optionalYen("perDay")
        terms.daysMax = try optionalInt("daysMax", in: 1...31)
        terms.perMonth = try optionalYen("perMonth")
        terms.perMonthMultiple = try optionalYen("perMonthMultiple")
        if object["countedPer"] != nil { terms.countedPer = try choice("countedPer") }
        if object["pharmacies"] != nil { terms.pharmacies = try choice("pharmacies") }
        try refuseContradictions(terms)
        try refuseEmptyCounts(terms)
        return terms
    }

    private func refuseEmptyCounts(_ terms: LocalTerms) throws(RuleFault) {
        if terms.countedPer != .all, !terms.hasCountOfMonth {
            throw fault("countedPer", "is given without a cap or count of day or month")
        }
        if terms.pharmacies == .free, terms.bearing == .nothing {
            throw fault("pharmacies", "are free although nothing is asked anywhere")
        }
        if terms.pharmacies == .prescriber, terms.countedPer == .all {
            throw fault("pharmacies", "count with their prescriber although all counters are one")
        }
    }

    private func refuseContradictions(_ terms: LocalTerms) throws(RuleFault) {
        let pairs = [
            ("perVisit", terms.perVisit, "perMonth", terms.perMonth),
            ("perDay", terms.perDay, "perMonth", terms.perMonth),
            ("perMonthMultiple", terms.perMonthMultiple, "perMonth", terms.perMonth),
        ]
        for case (let low, let lower?, let high, let higher?) in pairs where lower > higher {
            throw fault(low, "is above \(high)")
        }
        if terms.visitsMax != nil, terms.perVisit == nil {
            throw fault("visitsMax", "counts without perVisit")
        }
        if terms.daysMax != nil, terms.perDay == nil {
            throw fault("daysMax", "counts without perDay")
        }
        if terms.perMonthMultiple != nil, terms.perMonth == nil {
            throw fault("perMonthMultiple", "is given without perMonth")
        }
    }

    private func bearing() throws(RuleFault) -> LocalTerms.Bearing {
        let word = try string("bearing")
        let needs: [String: Set<String>] = [
            "nothing": [], "all": [], "fixed": ["fixed"], "percent": ["percent"],
            "fraction": ["numerator", "denominator"],
        ]
        guard let needed = needs[word] else {
            throw fault("bearing", "is none of nothing, all, fixed, percent, fraction")
        }
        for other in ["fixed", "percent", "numerator", "denominator"]
        where object[other] != nil && !needed.contains(other) {
            throw fault(other, "contradicts bearing \(word)")
        }
        switch word {
        case "nothing": return .nothing
        case "all": return .all
        case "fixed": return .fixed(try yen("fixed"))
        case "percent": return .percent(try int("percent", in: 1...100))
        default:
            let denominator = try int("denominator", in: 2...100)
            return .fraction(try int("numerator", in: 1...denominator - 1), of: denominator)
        }
    }
}
