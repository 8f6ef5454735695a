/// 予防接種の決まりの読み取り: vaccines, names, intervals, contraindications and words, each checked against the
/// others before any of it counts.
extension RuleFolder {
    func vaccineRegister() throws(RuleFault) -> VaccineRegister {
        var register = VaccineRegister()
        let file = try file("immunization/vaccines.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "vaccines"])
        for row in try file.children("vaccines") { try register.addVaccine(row) }
        let brands = try self.file("immunization/products.json")
        _ = try brands.source()
        try brands.requireOnly(["source", "verified", "note", "products"])
        for row in try brands.children("products") { try register.addProduct(row) }
        return register
    }

    func spacings(_ register: VaccineRegister) throws(RuleFault) -> [VaccineSpacing] {
        let file = try file("immunization/intervals.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "intervals"])
        return try file.rows("intervals", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "before", "after", "min", "effectiveFrom", "effectiveTo", "source",
                "verified", "note",
            ])
            return VaccineSpacing(
                code: try row.string("code"), before: try register.set(row, "before"),
                after: try register.set(row, "after"), least: try row.interval("min"),
                effective: try row.effectivePeriod().days, source: try row.source())
        }
    }

    func contraindications(_ register: VaccineRegister) throws(RuleFault) -> [Contraindication] {
        let file = try file("immunization/contraindications.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "contraindications"])
        return try file.rows("contraindications", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "question", "vaccines", "verdict", "source", "verified",
            ])
            return Contraindication(
                code: try row.string("code"), question: try row.text("question"),
                vaccines: try register.set(row, "vaccines"),
                verdict: try row.verdict("verdict"), source: try row.source())
        }
    }

    /// `tellConcerns`: a form has an answer for the doctor to look at. Rules that were kept from before have
    /// neither the answer nor the words for it, and none of the rules of what was not sent; `tellLongIllness`
    /// likewise.
    func ruleWords(tellConcerns: Bool, tellLongIllness: Bool) throws(RuleFault) -> (
        fever: Int, forecastYears: Int, words: [NeedleRule: RuleWords]
    ) {
        let file = try file("immunization/rules.json")
        _ = try file.source()
        try file.requireOnly([
            "source", "verified", "note", "feverFromTenths", "forecastYears", "rules",
        ])
        var words: [NeedleRule: RuleWords] = [:]
        _ = try file.rows("rules", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "verdict", "override", "nurse", "parent", "source", "verified",
            ])
            guard let rule = NeedleRule(rawValue: try row.string("code")) else {
                throw row.fault("code", "is not one of the closed set")
            }
            words[rule] = RuleWords(
                verdict: try row.verdict("verdict"), mayBeOverridden: try row.mayBeOverridden(),
                nurse: try row.text("nurse"),
                parent: try row.text("parent"), source: try row.source())
        }
        let isOfBefore = NeedleRule.ofUnsaid.allSatisfy { words[$0] == nil }
        for rule in NeedleRule.allCases
        where words[rule] == nil && (tellConcerns || rule != .concern)
            && (tellLongIllness || rule != .longIllness)
            && !(isOfBefore && NeedleRule.ofUnsaid.contains(rule))
        {
            throw file.fault("rules", "leaves out \(rule.rawValue)")
        }
        return (
            try file.int("feverFromTenths", in: 350...420),
            try file.int("forecastYears", in: 1...130),
            words
        )
    }
}

/// Vaccines, products and names as they are read; every other file names vaccines through it.
struct VaccineRegister {
    private(set) var vaccines: [Vaccine] = []
    private(set) var products: [VaccineProduct] = []
    private(set) var names = VaccineNames()
    private var ids: [String: Vaccine.ID] = [:]

    mutating func addVaccine(_ row: RuleReader) throws(RuleFault) {
        try row.requireOnly([
            "code", "name", "kind", "route", "antigens", "generic", "aliases", "numbered",
            "mappings", "source", "verified",
        ])
        guard vaccines.count < VaccineSet.countMax else {
            throw row.fault("code", "is one vaccine more than \(VaccineSet.countMax)")
        }
        let code = try row.string("code")
        let id = Vaccine.ID(index: vaccines.count)
        guard ids.updateValue(id, forKey: code) == nil else {
            throw row.fault("code", "is given twice")
        }
        let kind = try row.string("kind")
        guard ["live", "inactivated"].contains(kind) else {
            throw row.fault("kind", "is neither live nor inactivated")
        }
        vaccines.append(
            Vaccine(
                code: code, name: try row.text("name"), isLive: kind == "live",
                route: try row.choice("route"),
                antigens: try row.strings("antigens"),
                isGeneric: try row.bool("generic", default: false),
                mappings: try row.mappings(), source: try row.source()))
        try addNames(row, id, also: code)
    }

    mutating func addProduct(_ row: RuleReader) throws(RuleFault) {
        try row.requireOnly(["name", "vaccine", "aliases", "source", "verified"])
        let id = try vaccine(row, "vaccine", try row.string("vaccine"))
        let name = try row.text("name")
        products.append(VaccineProduct(name: name, vaccine: id, source: try row.source()))
        try addNames(row, id, also: name.ja)
    }

    private mutating func addNames(
        _ row: RuleReader, _ id: Vaccine.ID, also name: String
    ) throws(RuleFault) {
        for alias in [name] + (try row.optionalStrings("aliases")) {
            try add(alias, NamedVaccine(vaccine: id, number: nil), row, "aliases")
        }
        for alias in try row.optionalChildren("numbered") {
            try alias.requireOnly(["alias", "dose"])
            let number = try alias.int("dose", in: 1...9)
            try add(
                try alias.string("alias"), NamedVaccine(vaccine: id, number: number), alias,
                "alias")
        }
    }

    private mutating func add(
        _ alias: String, _ meaning: NamedVaccine, _ row: RuleReader, _ item: String
    ) throws(RuleFault) {
        guard names.add(alias, meaning) else {
            throw row.fault(item, "names another vaccine already: \(alias)")
        }
    }

    func vaccine(_ row: RuleReader, _ item: String, _ code: String) throws(RuleFault) -> Vaccine.ID
    {
        guard let id = ids[code] else { throw row.fault(item, "is an unknown vaccine: \(code)") }
        return id
    }

    func list(_ row: RuleReader, _ item: String) throws(RuleFault) -> [Vaccine.ID] {
        var list: [Vaccine.ID] = []
        for code in try row.strings(item) { list.append(try vaccine(row, item, code)) }
        guard !list.isEmpty else { throw row.fault(item, "is empty") }
        return list
    }

    /// Codes of vaccines, or `all`, `live`, `live-injection`, `inactivated`.
    func set(_ row: RuleReader, _ item: String) throws(RuleFault) -> VaccineSet {
        var set = VaccineSet()
        let codes = try row.strings(item)
        guard !codes.isEmpty else { throw row.fault(item, "is empty") }
        for code in codes {
            guard let isMember = Self.groups[code] else {
                set.insert(try vaccine(row, item, code))
                continue
            }
            for place in vaccines.indices where isMember(vaccines[place]) {
                set.insert(Vaccine.ID(index: place))
            }
        }
        return set
    }

    private static let groups: [String: @Sendable (Vaccine) -> Bool] = [
        "all": { _ in true },
        "live": { $0.isLive },
        "live-injection": { $0.isLive && $0.route.isInjection },
        "inactivated": { !$0.isLive },
    ]
}

extension RuleReader {
    func verdict(_ name: String) throws(RuleFault) -> NeedleVerdict {
        guard let verdict = NeedleVerdict(rawValue: try string(name)) else {
            throw fault(name, "is none of stop, caution, fine")
        }
        return verdict
    }

    /// `override`: `with-reason` (also when absent) or `never`.
    fileprivate func mayBeOverridden() throws(RuleFault) -> Bool {
        switch try optionalString("override") {
        case nil, "with-reason": true
        case "never": false
        default: throw fault("override", "is neither with-reason nor never")
        }
    }

    func interval(_ name: String) throws(RuleFault) -> DoseInterval {
        guard let interval = DoseInterval(try string(name)) else {
            throw fault(name, "is no interval like 27d or 6m")
        }
        return interval
    }

    fileprivate func mappings() throws(RuleFault) -> [Vaccine.Mapping] {
        var mappings: [Vaccine.Mapping] = []
        for row in try optionalChildren("mappings") {
            try row.requireOnly(["system", "code", "source", "verified"])
            mappings.append(
                Vaccine.Mapping(
                    system: try row.string("system"), code: try row.string("code"),
                    source: try row.source()))
        }
        return mappings
    }
}
