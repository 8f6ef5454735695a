/// 患者の区分: what a case says of the patient on the day of service, looked up in the rules: age, class,
/// limit, percentage.
struct PatientOfCase {
    let day: CalendarDay
    let birth: CalendarDay?
    let standing: AgeStanding?
    let table: HighCostRules.Table?
    let row: HighCostClass?
    let setting: HighCostClass.Setting
    let isHalved: Bool
    let isMultiple: Bool
    private(set) var warnings: [CaseWarning] = []

    init(_ reader: inout CaseReader, _ rules: CopaymentRules) throws(CaseFault) {
        let said = try reader.day("date", "day", "serviceDay", "month")
        day = said ?? rules.undatedDay
        if said == nil { warnings.append(.undated) }
        birth = try reader.day("birth", "birthDate", "dateOfBirth")
        if let birth, birth > day { throw CaseFault(.contradiction, reader.place("birth")) }
        let day = day
        standing = birth.map { AgeStanding(birth: $0, on: day) }
        isMultiple = try reader.bool("multi", "multiple") ?? false
        let age = try Self.age(&reader, standing)
        let isHalf = try reader.bool("half", "isMonthOf75") ?? standing?.isMonthOf75 ?? false
        let spoken = try Self.setting(&reader)
        guard let written = try reader.text("cls", "class") else {
            table = age.flatMap { rules.highCost.table($0, on: day) }
            row = nil
            setting = spoken ?? .outpatient
            isHalved = isHalf && age == .from70
            warnings.append(.noLimit)
            return
        }
        let place = reader.place("cls")
        let (name, ending) = ClassText.split(written)
        if let ending, let spoken, ending != spoken { throw CaseFault(.contradiction, place) }
        // Without a word on it the household's limit counts, which holds for every receipt.
        setting = ending ?? spoken ?? .inpatient
        let found = try Self.find(name, age, setting, rules, on: day, at: place)
        table = found.table
        row = found.row
        isHalved = isHalf && found.table.isHalvedInMonthOf75
        if found.row.setting != nil, ending ?? spoken == nil { warnings.append(.settingUnsaid) }
    }

    /// The limit of the patient's own class.
    var limit: HighCostLimit? { row?.limit(isMultiple: isMultiple, isHalved: isHalved) }

    /// The limit of a class that stands in for the patient's own: never with multiple months
    /// (健康保険法施行令42条: 特定給付対象療養).
    func limit(
        ofClass written: String, _ rules: CopaymentRules, at place: String
    ) throws(CaseFault) -> HighCostLimit {
        let (name, ending) = ClassText.split(written)
        let found = try Self.find(
            name, table?.age, ending ?? setting, rules, on: day, at: place)
        return found.row.limit(
            isMultiple: false, isHalved: isHalved && found.table.isHalvedInMonthOf75)
    }

    /// What the case says, or what age, class and day say.
    func percent(
        _ reader: inout CaseReader, _ rules: CopaymentRules
    ) throws(CaseFault) -> (percent: Int, reduced: Int?, rule: RuleMark) {
        let isReduced = try reader.bool("tokurei", "specialReduction") ?? false
        let byAge = standing.flatMap {
            rules.shares.row($0.group, class: row?.code, birth: birth, on: day)
        }
        let reduction = rules.shares.rows.first { $0.reducedPercent != nil }?.reducedPercent
        let reduced = isReduced ? reduction : byAge?.reducedPercent
        if let given = try reader.int("rate", "futanWari", in: 0...100) {
            // 3割 may be written as 3.
            return ((1...3).contains(given) ? given * 10 : given, reduced, .asGiven)
        }
        guard let byAge else {
            throw CaseFault(standing == nil ? .noShare : .noTable, reader.place("rate"))
        }
        return (byAge.percent, reduced, byAge.rule)
    }

    private static func age(
        _ reader: inout CaseReader, _ standing: AgeStanding?
    ) throws(CaseFault) -> HighCostRules.Age? {
        guard let isOld = try reader.bool("over70", "from70") else { return standing?.highCostAge }
        let age: HighCostRules.Age = isOld ? .from70 : .under70
        if let standing, standing.highCostAge != age {
            throw CaseFault(.contradiction, reader.place("over70"))
        }
        return age
    }

    private static func setting(
        _ reader: inout CaseReader
    ) throws(CaseFault) -> HighCostClass.Setting? {
        if let text = try reader.text("setting", "nyugai") {
            switch text {
            case "入院", "inpatient": return .inpatient
            case "外来", "入院外", "outpatient": return .outpatient
            default: throw CaseFault(.malformed, reader.place("setting"))
            }
        }
        if let isIn = try reader.bool("inpatient", "nyuin") {
            return isIn ? .inpatient : .outpatient
        }
        if let isOut = try reader.bool("outpatient", "gairai") {
            return isOut ? .outpatient : .inpatient
        }
        return nil
    }

    /// The class in the table of its age; without an age, in the one table that has it.
    private static func find(
        _ name: String, _ age: HighCostRules.Age?, _ setting: HighCostClass.Setting,
        _ rules: CopaymentRules, on day: CalendarDay, at place: String
    ) throws(CaseFault) -> (table: HighCostRules.Table, row: HighCostClass) {
        let ages = age.map { [$0] } ?? HighCostRules.Age.allCases
        var known: [String] = []
        for age in ages {
            guard let table = rules.highCost.table(age, on: day) else { continue }
            if let code = table.code(written: name), let row = table.row(code, setting) {
                return (table, row)
            }
            for row in table.classes where known.last != row.code { known.append(row.code) }
        }
        throw CaseFault(known.isEmpty ? .noTable : .unknownClass, place, known: known)
    }
}
