/// 予防接種の決まり: `profiles/immunization/`, read whole or refused whole: vaccines and their names, every
/// schedule with its past, the intervals between vaccines, and the words of each finding. A class, because
/// every verdict hands them on.
package final class ImmunizationRules: Sendable {
    package let vaccines: [Vaccine]
    package let products: [VaccineProduct]
    package let programmes: [Programme]
    package let spacings: [VaccineSpacing]
    package let contraindications: [Contraindication]
    /// 明らかな発熱, in tenths of a degree.
    package let feverFromTenths: Int
    /// How far ahead the forecast looks.
    package let forecastYears: Int
    /// 年度ごとの接種, past seasons among them.
    let campaigns: [Campaign]
    /// 接種期間 of the municipalities that set none of their own, and of each that does.
    let commonSeasons: MunicipalSeasons
    let ownSeasons: [String: MunicipalSeasons]
    /// 予診票, past versions among them.
    package let screenings: ScreeningForms
    /// 医師が確かめる回答 of all forms; what two of them ask in the same words is one.
    let concerns: [ScreeningQuestionnaire.Concern]
    /// 長期療養特例.
    let longIllness: [LongIllnessRule]
    /// 委託単価 by municipality.
    package let prices: [VaccinationPrice]
    /// 自己負担の区分: codes that a price or a record may name.
    package let copaymentClasses: Set<String>
    /// 副反応疑いの決まり.
    package let reactions: ReactionRules
    /// 国への書き出しの様式.
    package let reactionLayout: ReactionLayout
    /// 接種率の公表の決まり.
    package let coverage: CoverageRules
    let antigens: SharedAntigens
    /// By vaccine: the schedules that give it, or once gave it, 任意接種 first.
    private let voluntaryGiving: [[Int]]
    /// The same without 任意接種, unless there is nothing else.
    private let routineGiving: [[Int]]
    private let names: VaccineNames
    let codes: VaccineCodes
    private let words: [NeedleRule: RuleWords]

    /// `files` is keyed by the path inside `profiles/` (`immunization/vaccines.json`).
    /// `isKept`: an older release loaded them, and knew no classes of copayment.
    package init(reading files: [String: [UInt8]], isKept: Bool = false) throws(RuleFault) {
        let folder = RuleFolder(files: files)
        let register = try folder.vaccineRegister()
        vaccines = register.vaccines
        products = register.products
        names = register.names
        codes = VaccineCodes(register.vaccines)
        programmes = try folder.programmes(register)
        spacings = try folder.spacings(register)
        contraindications = try folder.contraindications(register)
        campaigns = try folder.campaigns(programmes)
        commonSeasons = MunicipalSeasons(of: campaigns, programmes)
        ownSeasons = Dictionary(
            uniqueKeysWithValues: Set(campaigns.flatMap(\.own.keys)).map {
                [campaigns, programmes] in
                ($0, MunicipalSeasons(of: campaigns, programmes, in: $0))
            })
        screenings = try folder.screeningForms(register, contraindications, campaigns)
        concerns = screenings.concerns
        longIllness = try folder.longIllness(programmes, isKept: isKept)
        (feverFromTenths, forecastYears, words) = try folder.ruleWords(
            tellConcerns: !concerns.isEmpty, tellLongIllness: !longIllness.isEmpty)
        reactions = try folder.reactionRules(register)
        reactionLayout = try folder.reactionLayout()
        coverage = try folder.coverageRules()
        let hasClasses = files["immunization/copayment-classes.json"] != nil
        copaymentClasses = hasClasses || !isKept ? try folder.copaymentClasses() : []
        prices = try folder.vaccinationPrices(programmes: programmes, vaccines: vaccines)
        antigens = SharedAntigens(vaccines, programmes)
        let giving = vaccines.indices.map { [programmes] vaccine in
            programmes.indices.filter { place in
                programmes[place].versions.contains {
                    $0.givesSet.contains(Vaccine.ID(index: vaccine))
                }
            }
        }
        voluntaryGiving = giving.map { [programmes] places in
            places.filter { programmes[$0].category == .voluntary }
                + places.filter { programmes[$0].category != .voluntary }
        }
        routineGiving = giving.map { [programmes] places in
            let routine = places.filter { programmes[$0].category != .voluntary }
            return routine.isEmpty ? places : routine
        }
    }

    /// The vaccine and dose that a name of a record or a file stands for; `nil` when nobody knows it.
    package func vaccine(named name: String) -> NamedVaccine? {
        names.meaning(of: name) ?? bracketed(name)
    }

    /// Of one history, read together: `HPV2` is the second dose where `HPV1` stands beside it and nothing
    /// names a product.
    package func vaccines(named texts: [String]) -> [NamedVaccine?] {
        let read = texts.map { vaccine(named: $0) }
        let doses = texts.map { names.dose(of: $0) }
        return texts.indices.map { place in
            guard let named = read[place], let dose = doses[place], named.vaccine != dose.vaccine,
                vaccine(dose.vaccine).isGeneric, let number = dose.number
            else { return read[place] }
            let family = antigens.vaccines(sharing: dose.vaccine)
            let isOfFamily = family.contains(named.vaccine)
            let numbers = Set(doses.compactMap { $0?.vaccine == dose.vaccine ? $0?.number : nil })
            let namesNoProduct = texts.indices.allSatisfy { other in
                guard let known = read[other]?.vaccine, family.contains(known) else { return true }
                return known == dose.vaccine || doses[other]?.vaccine == dose.vaccine
            }
            let follows = number > 1 && numbers.isSuperset(of: 1..<number)
            return isOfFamily && namesNoProduct && follows ? dose : named
        }
    }

    /// `水痘(みずぼうそう)`: two names of one vaccine, or `ロタ(ロタリックス)`, of a family and of one of it.
    private func bracketed(_ name: String) -> NamedVaccine? {
        guard let (outer, inner) = VaccineNames.bracketed(name),
            let whole = names.meaning(of: outer), let part = names.meaning(of: inner)
        else { return nil }
        let (this, that) = (vaccine(whole.vaccine), vaccine(part.vaccine))
        let isFamily = this.isGeneric || that.isGeneric
        let isOne =
            whole.vaccine == part.vaccine
            || (isFamily && Set(this.antigens) == Set(that.antigens))
        let isOneDose = whole.number == nil || part.number == nil || whole.number == part.number
        guard isOne, isOneDose else { return nil }
        return NamedVaccine(
            vaccine: this.isGeneric && !that.isGeneric ? part.vaccine : whole.vaccine,
            number: whole.number ?? part.number)
    }

    package func vaccine(_ id: Vaccine.ID) -> Vaccine { vaccines[id.index] }

    package func programme(_ code: String) -> Programme? {
        programmes.first { $0.code == code }
    }

    /// Codes of the vaccines that a schedule gives, or once gave.
    package func vaccines(of programme: Programme) -> [String] {
        vaccines.indices.filter { place in
            programme.versions.contains { $0.givesSet.contains(Vaccine.ID(index: place)) }
        }.map { vaccines[$0].code }
    }

    /// 単価のある接種: codes of all schedules that give any of these vaccines; a municipality may pay for a
    /// voluntary one, too.
    package func pricedProgrammes(giving names: [Concept]) -> Set<String> {
        var codes: Set<String> = []
        for name in names {
            guard let named = vaccine(named: name) else { continue }
            for place in voluntaryGiving[named.vaccine.index] {
                codes.insert(programmes[place].code)
            }
        }
        return codes
    }

    /// 妊娠ごとのワクチン: a schedule of the Act that gives it counts from the pregnancy.
    package func isOfPregnancy(_ name: Concept) -> Bool {
        guard let named = vaccine(named: name) else { return false }
        return routineGiving[named.vaccine.index].contains { programmes[$0].isOfPregnancy }
    }

    /// A boy's HPV is no routine vaccination because a voluntary one exists.
    func programmes(giving vaccine: Vaccine.ID, as basis: NeedleQuestion.Basis) -> [Int] {
        switch basis {
        case .routine: routineGiving[vaccine.index]
        case .voluntary: voluntaryGiving[vaccine.index]
        }
    }

    func finding(_ rule: NeedleRule) -> NeedleFinding {
        NeedleFinding(rule, words[rule]?.verdict ?? .stop)
    }

    /// False of rules that were kept from before it.
    func tells(_ rule: NeedleRule) -> Bool { words[rule] != nil }

    /// Total: a file in which a rule is missing is refused, but for what files of before do not know; no
    /// check finds that by them.
    func words(_ rule: NeedleRule) -> RuleWords {
        words[rule] ?? RuleWords(untold: rule)
    }
}

/// 異なるワクチンの接種間隔: a row of `intervals.json`.
package struct VaccineSpacing: Sendable {
    package let code: String
    let before: VaccineSet
    let after: VaccineSet
    package let least: DoseInterval
    /// The law in force on the later of the two days; days since 1970.
    package let effective: ClosedRange<Int>
    package let source: RuleSource
}

/// 接種不適当者・接種要注意者: a row of `contraindications.json`.
package struct Contraindication: Sendable {
    package let code: String
    package let question: BilingualText
    let vaccines: VaccineSet
    package let verdict: NeedleVerdict
    package let source: RuleSource
}

/// What a finding is called, how grave it is, and what nurse and parent read. `{other}`, `{dose}`,
/// `{earliest}` and the like are filled in when somebody reads it.
struct RuleWords: Hashable, Sendable {
    let verdict: NeedleVerdict
    /// 例外の可否: a doctor may go on with a reason, or nobody may.
    let mayBeOverridden: Bool
    let nurse: BilingualText
    let parent: BilingualText
    let source: RuleSource

    init(
        verdict: NeedleVerdict, mayBeOverridden: Bool, nurse: BilingualText,
        parent: BilingualText, source: RuleSource
    ) {
        self.verdict = verdict
        self.mayBeOverridden = mayBeOverridden
        self.nurse = nurse
        self.parent = parent
        self.source = source
    }

    fileprivate init(untold rule: NeedleRule) {
        let text = BilingualText(ja: rule.rawValue, en: rule.rawValue)
        self.init(
            verdict: .stop, mayBeOverridden: false, nurse: text, parent: text,
            source: RuleSource(text: rule.rawValue, isVerified: false))
    }
}
