/// ワクチン: what may be injected or swallowed, by the name the ordinance gives it. A generic entry
/// (ロタ, HPV) stands for a record that does not say which product it was.
package struct Vaccine: Hashable, Sendable {
    /// The place in `ImmunizationRules.vaccines`.
    package struct ID: Hashable, Sendable {
        package let index: Int
    }

    package enum Route: String, CaseIterable, Hashable, Sendable {
        case subcutaneous, intramuscular, percutaneous, oral, nasal
        case subcutaneousOrIntramuscular = "subcutaneous-or-intramuscular"

        /// 注射: BCG's stamp counts as an injection in the interval rules.
        var isInjection: Bool { self != .oral && self != .nasal }
    }

    package let code: String
    package let name: BilingualText
    package let isLive: Bool
    package let route: Route
    package let antigens: [String]
    /// 製剤の種類の記録がない: which of a family it was is not known.
    package let isGeneric: Bool
    /// Codes of other systems, each with how sure they are.
    package let mappings: [Mapping]
    package let source: RuleSource

    package struct Mapping: Hashable, Sendable {
        package let system: String
        package let code: String
        package let source: RuleSource
    }
}

/// 製品: a brand of a vaccine.
package struct VaccineProduct: Hashable, Sendable {
    package let name: BilingualText
    package let vaccine: Vaccine.ID
    package let source: RuleSource
}

/// A name as a file wrote it, understood: MR1 is the first dose of MR.
package struct NamedVaccine: Hashable, Sendable {
    package let vaccine: Vaccine.ID
    /// 何回目: counted over all periods of its schedule (MR2 is 2, 日本脳炎2期 is 4).
    package let number: Int?
}

/// コードの読み: which vaccine a code means, ours or another system's; one that several vaccines have means none.
struct VaccineCodes: Sendable {
    private struct Key: Hashable {
        let system: String
        let code: String
    }

    private var meanings: [Key: Vaccine.ID] = [:]

    init(_ vaccines: [Vaccine]) {
        var shared: Set<Key> = []
        for (place, vaccine) in vaccines.enumerated() {
            let own = Key(system: FHIR.System.vaccine, code: vaccine.code)
            let others = vaccine.mappings.map { Key(system: $0.system, code: $0.code) }
            for key in Set([own] + others) {
                if meanings.updateValue(Vaccine.ID(index: place), forKey: key) != nil {
                    shared.insert(key)
                }
            }
        }
        for key in shared { meanings[key] = nil }
    }

    func meaning(of code: String, in system: String) -> Vaccine.ID? {
        meanings[Key(system: system, code: code)]
    }
}

/// ワクチン名の読み: aliases as data, without regard to width, case, spaces and hyphens, with or without ワクチン
/// behind it; a number or 追加 at the end that is no part of an alias is the dose.
struct VaccineNames: Sendable {
    private var names: [String: NamedVaccine] = [:]
    /// 追加が何回目か: by the aliases that say it, and so of the products, too.
    private var boosters: [Vaccine.ID: Int] = [:]

    /// False when another vaccine has the name already.
    mutating func add(_ name: String, _ meaning: NamedVaccine) -> Bool {
        let key = Self.key(name)
        if let known = names[key] { return known == meaning }
        names[key] = meaning
        if let number = meaning.number, key.hasSuffix(Self.booster) {
            boosters[meaning.vaccine] = number
        }
        return !key.isEmpty
    }

    func meaning(of text: String) -> NamedVaccine? {
        let key = Self.key(text)
        return entry(key) ?? dose(key) ?? boosterDose(key)
    }

    /// The name without the number at its end, and that as the dose, also where the whole is a name of its
    /// own: HPV2 as the second dose of HPV.
    func dose(of text: String) -> NamedVaccine? { dose(Self.key(text)) }

    private static let booster = "追加"

    private func entry(_ key: String) -> NamedVaccine? {
        if let known = names[key] { return known }
        let ending = "ワクチン"
        return key.hasSuffix(ending) ? names[String(key.dropLast(ending.count))] : nil
    }

    private func dose(_ key: String) -> NamedVaccine? {
        guard let (stem, number) = Self.numbered(key), let known = entry(stem),
            known.number == nil
        else { return nil }
        return NamedVaccine(vaccine: known.vaccine, number: number)
    }

    private func boosterDose(_ key: String) -> NamedVaccine? {
        guard key.hasSuffix(Self.booster),
            let known = entry(String(key.dropLast(Self.booster.count))), known.number == nil,
            let number = boosters[known.vaccine]
        else { return nil }
        return NamedVaccine(vaccine: known.vaccine, number: number)
    }

    /// `ロタ(ロタリックス)2回目`, `組換え沈降B型肝炎ワクチン「ビームゲン」`: what stands around the last bracket, and what
    /// stands in it.
    static func bracketed(_ text: String) -> (outer: String, inner: String)? {
        let name = NameNormalisation.searchable(text)
        guard let open = name.lastIndex(where: { "(「".contains($0) }),
            let close = name[open...].firstIndex(where: { ")」".contains($0) })
        else { return nil }
        let outer = String(name[..<open]) + String(name[name.index(after: close)...])
        let inner = String(name[name.index(after: open)..<close])
        return outer.isEmpty || inner.isEmpty ? nil : (outer, inner)
    }

    private static let marks: Set<Unicode.Scalar> = [
        "-", "‐", "‑", "–", "−", "・", ".", ",", "、", "/", "+", "_", "(", ")", "[", "]", "#",
        "「", "」",
    ]

    static func key(_ text: String) -> String {
        var key = String.UnicodeScalarView()
        for scalar in NameNormalisation.searchable(text).unicodeScalars
        where !marks.contains(scalar) {
            key.append(scalar)
        }
        return String(key)
    }

    /// `HBV3`, `HBV第3回`, `HBV3回目`: the stem and 3.
    private static func numbered(_ key: String) -> (stem: String, number: Int)? {
        var rest = Substring(key)
        for ending in ["回目", "回", "DOSE"] where rest.hasSuffix(ending) {
            rest = rest.dropLast(ending.count)
            break
        }
        guard let digit = rest.last, let number = digit.wholeNumberValue, (1...9).contains(number)
        else { return nil }
        rest = rest.dropLast()
        for ending in ["第", "DOSE"] where rest.hasSuffix(ending) {
            rest = rest.dropLast(ending.count)
            break
        }
        return rest.isEmpty ? nil : (String(rest), number)
    }
}
