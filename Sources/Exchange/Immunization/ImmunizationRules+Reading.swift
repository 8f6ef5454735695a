/// 予防接種の決まりの読み取り: vaccines, names, intervals, contraindications and words, each checked against the
/// others before any of it counts.
extension RuleFolder {
    func vaccineRegister() throws(RuleFault) -> VaccineRegister {
        var register = VaccineRegister()
        let file = try file("immunization/vaccines.json")
        let source = try file.source()
        try file.requireOnly(["source", "verified", "note", "vaccines"])
        for row in try file.children("vaccines") { try register.addVaccine(row, source) }
        let brands = try self.file("immunization/products.json")
        let brandSource = try brands.source()
        try brands.requireOnly(["source", "verified", "note", "products"])
        for row in try brands.children("products") { try register.addProduct(row, brandSource) }
        return register
    }

    func spacings(_ register: VaccineRegister) throws(RuleFault) -> [VaccineSpacing] {
        let file = try file("immunization/intervals.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "intervals"])
        var spacings: [VaccineSpacing] = []
        for row in try file.children("intervals") {
            try row.requireOnly([
                "code", "before", "after", "min", "effectiveFrom", "effectiveTo", "source",
                "verified", "note",
            ])
            let code = try row.string("code")
            guard !spacings.contains(where: { $0.code == code }) else {
                throw row.fault("code", "is given twice")
            }
            spacings.append(
                VaccineSpacing(
                    code: code, before: try register.set(row, "before"),
                    after: try register.set(row, "after"), least: try row.interval("min"),
                    effective: try row.effective(), source: try row.source()))
        }
        return spacings
    }

    func contraindications(_ register: VaccineRegister) throws(RuleFault) -> [Contraindication] {
        let file = try file("immunization/contraindications.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "contraindications"])
        var rows: [Contraindication] = []
        for row in try file.children("contraindications") {
            try row.requireOnly([
                "code", "question", "vaccines", "verdict", "source", "verified",
            ])
            let code = try row.string("code")
            guard !rows.contains(where: { $0.code == code }) else {
                throw row.fault("code", "is given twice")
            }
            rows.append(
                Contraindication(
                    code: code, question: try row.text("question"),
                    vaccines: try register.set(row, "vaccines"),
                    verdict: try row.verdict("verdict"), source: try row.source()))
        }
        return rows
    }

    func ruleWords() throws(RuleFault) -> (fever: Int, words: [NeedleRule: RuleWords]) {
        let file = try file("immunization/rules.json")
        _ = try file.source()
        try file.requireOnly(["source", "verified", "note", "feverFromTenths", "rules"])
        var words: [NeedleRule: RuleWords] = [:]
        for row in try file.children("rules") {
            try row.requireOnly([
                "code", "verdict", "override", "nurse", "parent", "source", "verified",
            ])
            guard let rule = NeedleRule(rawValue: try row.string("code")) else {
                throw row.fault("code", "is not one of the closed set")
            }
            let told = RuleWords(
                verdict: try row.verdict("verdict"), mayBeOverridden: try row.mayBeOverridden(),
                nurse: try row.text("nurse"),
                parent: try row.text("parent"), source: try row.source())
            guard words.updateValue(told, forKey: rule) == nil else {
                throw row.fault("code", "is given twice")
            }
        }
        for rule in NeedleRule.allCases where words[rule] == nil {
            throw file.fault("rules", "leaves out \(rule.rawValue)")
        }
        return (try file.int("feverFromTenths", in: 350...420), words)
    }
}

/// Vaccines, products and names as they are read; every other file names vaccines through it.
struct VaccineRegister {
    private(set) var vaccines: [Vaccine] = []
    private(set) var products: [VaccineProduct] = []
    private(set) var names = VaccineNames()
    private var ids: [String: Vaccine.ID] = [:]

    mutating func addVaccine(_ row: RuleReader, _ source: RuleSource) throws(RuleFault) {
        try row.requireOnly([
            "code", "name", "kind", "route", "antigens", "generic", "aliases", "numbered",
            "mappings",
        ])
        guard vaccines.count < VaccineSet.countMax else {
            throw row.fault("code", "is one vaccine more than \(VaccineSet.countMax)")
        }
        let code = try row.string("code")
        let id = Vaccine.ID(index: vaccines.count)
        guard ids.updateValue(id, forKey: code) == nil else {
            throw row.fault("code", "is given twice")
        }
        guard let route = Vaccine.Route(rawValue: try row.string("route")) else {
            throw row.fault("route", "is unknown")
        }
        let kind = try row.string("kind")
        guard ["live", "inactivated"].contains(kind) else {
            throw row.fault("kind", "is neither live nor inactivated")
        }
        let isGeneric = row.object["generic"] == nil ? false : try row.bool("generic")
        vaccines.append(
            Vaccine(
                code: code, name: try row.text("name"), isLive: kind == "live", route: route,
                antigens: try row.strings("antigens"), isGeneric: isGeneric,
                mappings: try row.mappings(), source: source))
        try addNames(row, id, also: code)
    }

    mutating func addProduct(_ row: RuleReader, _ source: RuleSource) throws(RuleFault) {
        try row.requireOnly(["name", "vaccine", "aliases"])
        let id = try vaccine(row, "vaccine", try row.string("vaccine"))
        let name = try row.text("name")
        products.append(VaccineProduct(name: name, vaccine: id, source: source))
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
    func optionalStrings(_ name: String) throws(RuleFault) -> [String] {
        object[name] == nil ? [] : try strings(name)
    }

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

    func optionalInterval(_ name: String) throws(RuleFault) -> DoseInterval? {
        object[name] == nil ? nil : try interval(name)
    }

    /// `effectiveFrom` to `effectiveTo` (absent: still in force), as days since 1970.
    func effective() throws(RuleFault) -> ClosedRange<Int> {
        let first = try day("effectiveFrom").daysSince1970
        let last = try optionalDay("effectiveTo")?.daysSince1970 ?? DoseWindow.never
        guard first <= last else { throw fault("effectiveTo", "is before effectiveFrom") }
        return first...last
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
