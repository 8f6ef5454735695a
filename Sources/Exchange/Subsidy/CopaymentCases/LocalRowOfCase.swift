/// 事例の地方単独: the row of a local scheme that a case brings itself, by the item names of
/// `subsidy/local-schemes/`: whole, with `inpatient` and `outpatient`, or with the items of one of them for
/// both settings. What it leaves unsaid is 現物給付 of all that is left, and nothing of the meals; an item that
/// has no such name is refused.
struct LocalRowOfCase {
    let scheme: LocalScheme
    /// 78
    let isPrioritySaid: Bool
    /// Conditions that nobody asks of a case.
    let unread: [UnreadItem]

    private static let settings: Set<String> = ["inpatient", "outpatient"]
    /// Whose row it is, and where it comes from: nothing that is paid depends on it.
    private static let names: Set<String> = [
        "prefecture", "municipality", "law", "payer", "division", "name", "shortName", "source",
        "verified",
    ]
    private static let period: Set<String> = ["effectiveFrom", "effectiveTo"]
    /// 31 助成方法 and 56_2 計算方法 as they are written in Japanese.
    private static let words: [String: [String: String]] = [
        "method": [
            "現物": "in-kind", "現物給付": "in-kind", "償還": "refund", "償還払い": "refund",
            "四捨五入": "half-up", "切捨て": "down", "切り捨て": "down", "切上げ": "up", "切り上げ": "up",
        ]
    ]

    init(
        _ object: JSONObject, at place: String, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) {
        let given = JSONObject(object.members.filter { $0.value != .null }.map(Self.tidied))
        let isWhole = given.members.contains { Self.settings.contains($0.name) }
        try Self.refuseUnknown(given, at: place, isWhole: isWhole)
        try Self.checkPeriod(given, at: place, on: patient.day)
        // In a row without settings the two methods share a name, but never a word.
        let isPayment = given["method"]?.string.flatMap(LocalScheme.Method.init(rawValue:)) != nil
        let isOfTerms = { (name: String) in
            !isWhole && LocalTerms.items.contains(name) && !(name == "method" && isPayment)
        }
        let rounding = rules.roundings.share
        var inpatient: LocalTerms?
        var outpatient: LocalTerms?
        if isWhole {
            inpatient = try Self.terms("inpatient", of: given, at: place, rounding)
            outpatient = try Self.terms("outpatient", of: given, at: place, rounding)
        } else {
            let terms = JSONObject(given.members.filter { isOfTerms($0.name) })
            inpatient = try Self.terms(terms, at: place, rounding)
            outpatient = inpatient
        }
        let others = Self.names.union(Self.period).union(Self.settings)
        let row = JSONObject(
            given.members.filter { !others.contains($0.name) && !isOfTerms($0.name) })
        let day = patient.day
        scheme = try Self.read(row, at: place) { reader throws(RuleFault) in
            try reader.localRow(inpatient, outpatient, on: day)
        }
        for (age, code) in scheme.bearsUpTo where !rules.highCost.knows(code) {
            throw CaseFault(.unknownClass, "\(place).bearsUpTo.\(age.rawValue)")
        }
        isPrioritySaid = given["priority"] != nil
        let asked: Set<String> = ["ageFrom", "ageBelow"]
        unread = (given["conditions"]?.object?.members ?? []).filter { !asked.contains($0.name) }
            .map {
                UnreadItem(
                    path: JSONPath.member($0.name, of: "\(place).conditions"), nearest: nil)
            }
    }

    // MARK: Names

    private static func refuseUnknown(
        _ given: JSONObject, at place: String, isWhole: Bool
    ) throws(CaseFault) {
        let known = LocalScheme.items.union(LocalTerms.items)
        try refuse(given, but: known, at: place)
        // Beside terms of each setting nobody could tell whose another is.
        if isWhole,
            let other = given.members.first(where: { !LocalScheme.items.contains($0.name) })
        {
            throw CaseFault(.contradiction, JSONPath.member(other.name, of: place))
        }
        let within: [(String, Set<String>)] = [
            ("inpatient", LocalTerms.items), ("outpatient", LocalTerms.items),
            ("conditions", LocalScheme.Conditions.items),
            ("bearsUpTo", Set(HighCostRules.Age.allCases.map(\.rawValue))),
        ]
        for (name, known) in within {
            guard let value = given[name] else { continue }
            let path = JSONPath.member(name, of: place)
            guard let object = value.object else { throw CaseFault(.malformed, path) }
            try refuse(object, but: known, at: path)
        }
    }

    private static func refuse(
        _ object: JSONObject, but known: Set<String>, at place: String
    ) throws(CaseFault) {
        guard let name = object.members.map(\.name).first(where: { !known.contains($0) }) else {
            return
        }
        let nearest = NearestName.of(name, among: known)
        throw CaseFault(
            .unknownItem, JSONPath.member(name, of: place), known: nearest.map { [$0] } ?? [])
    }

    // MARK: Values

    /// 10, 11
    private static func checkPeriod(
        _ given: JSONObject, at place: String, on day: CalendarDay
    ) throws(CaseFault) {
        var reader = CaseReader(given, path: place)
        let from = try reader.day("effectiveFrom", past: .none)
        let to = try reader.day("effectiveTo", past: .none)
        if let from, let to, to < from { throw CaseFault(.contradiction, "\(place).effectiveTo") }
        if let from, day < from { throw CaseFault(.notEffective, "\(place).effectiveFrom") }
        if let to, to < day { throw CaseFault(.notEffective, "\(place).effectiveTo") }
    }

    private static func terms(
        _ setting: String, of given: JSONObject, at place: String, _ rounding: Rounding
    ) throws(CaseFault) -> LocalTerms? {
        guard let object = given[setting]?.object else { return nil }
        return try terms(object, at: JSONPath.member(setting, of: place), rounding)
    }

    /// 56: what is not said is as a public expense's percentage is rounded.
    private static func terms(
        _ object: JSONObject, at place: String, _ rounding: Rounding
    ) throws(CaseFault) -> LocalTerms {
        var members = object.members
        if object["unit"] == nil {
            members.append(.init(name: "unit", value: .number(String(rounding.unit))))
        }
        if object["method"] == nil {
            members.append(.init(name: "method", value: .string(rounding.method.rawValue)))
        }
        return try read(JSONObject(members), at: place) { reader throws(RuleFault) in
            try reader.localTerms()
        }
    }

    private static func read<Value>(
        _ object: JSONObject, at place: String,
        _ body: (RuleReader) throws(RuleFault) -> Value
    ) throws(CaseFault) -> Value {
        do throws(RuleFault) {
            let text = JSON.object(object).text
            return try body(try RuleReader(file: place, bytes: Array(text.utf8)))
        } catch {
            let code: CaseFault.Code = has(error.path, in: object) ? .malformed : .missing
            throw CaseFault(code, error.path.isEmpty ? place : "\(place).\(error.path)")
        }
    }

    /// Whether anything is written at a path of names.
    private static func has(_ path: String, in object: JSONObject) -> Bool {
        var value = JSON.object(object)
        for name in path.split(separator: ".") {
            guard let next = value.object?[String(name.prefix { $0 != "[" })] else { return false }
            value = next
        }
        return true
    }

    /// As the rules' own reader has it: whole numbers without a point, a percentage never as a ratio, words
    /// of the rules, and `null` as nothing.
    private static func tidied(_ member: JSONObject.Member) -> JSONObject.Member {
        let value: JSON
        switch member.value {
        case .number:
            let number = ExactNumber(member.value)
            let whole = member.name == "percent" ? number?.percent : number?.whole()
            value = whole.map { JSON.number(String($0)) } ?? member.value
        case .string(let text):
            let word = words[member.name]?[text]
            value = word.map { JSON.string($0) } ?? member.value
        case .object(let object):
            value = .object(
                JSONObject(object.members.filter { $0.value != .null }.map { tidied($0) }))
        default: value = member.value
        }
        return .init(name: member.name, value: value)
    }
}

extension RuleReader {
    fileprivate func localRow(
        _ inpatient: LocalTerms?, _ outpatient: LocalTerms?, on day: CalendarDay
    ) throws(RuleFault) -> LocalScheme {
        let mealCaps = try mealCaps()
        let bearsOther = try bool("bearsOtherExpense", default: true)
        let nobody = BilingualText(ja: "", en: "")
        return LocalScheme(
            key: .init(prefecture: "", municipality: nil, law: "", payer: nil, division: 0),
            name: nobody, shortName: "", period: .init(from: day, to: nil),
            conditions: object["conditions"] == nil ? .ofAnybody : try conditions(),
            method: try choice("method", default: .inKind), inpatient: inpatient,
            outpatient: outpatient, meals: try choice("meals", default: .patient),
            mealsPerDay: mealCaps.perDay, mealsPerMonth: mealCaps.perMonth,
            bearsOtherExpense: bearsOther, otherLaws: try otherLaws(areBorne: bearsOther),
            priority: try optionalInt("priority", in: 0...999) ?? 0, bearsUpTo: try bearsUpTo(),
            rule: .asGiven, uncarried: nil)
    }

    private func choice<Choice>(
        _ name: String, default absent: Choice
    ) throws(RuleFault) -> Choice where Choice: RawRepresentable<String> & CaseIterable {
        object[name] == nil ? absent : try choice(name)
    }
}

extension LocalScheme.Conditions {
    fileprivate static let ofAnybody = LocalScheme.Conditions(
        ageFrom: nil, ageBelow: nil, insurers: [], incomes: [], schooling: [], childrenFrom: nil,
        childFrom: nil)
}
