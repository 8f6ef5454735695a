/// 患者の区分: what a case says of the patient on the day of service, looked up in the rules: age, class,
/// limit, percentage.
struct PatientOfCase {
    let day: CalendarDay
    let birth: CalendarDay?
    let standing: AgeStanding?
    let table: HighCostRules.Table?
    let row: HighCostClass?
    let setting: HighCostClass.Setting
    /// By an item of its own, or with the class.
    let isSettingSaid: Bool
    let isHalved: Bool
    let isMultiple: Bool
    private(set) var warnings: [CaseWarning] = []

    /// `visitDay`: what a month's visits say of their day, where the case itself says none.
    init(
        _ reader: inout CaseReader, _ rules: CopaymentRules, visitDay: CalendarDay? = nil
    ) throws(CaseFault) {
        let eras = rules.eraOverruns
        let said =
            try reader.day("date", "day", "serviceDay", "month", past: eras, orMonth: true)
            ?? visitDay
        day = said ?? rules.undatedDay
        if said == nil { warnings.append(.undated) }
        birth = try reader.day("birth", "birthDate", "dateOfBirth", past: eras)
        if reader.isPastEraEnd { warnings.append(.eraEnded) }
        if let birth, birth > day { throw CaseFault(.contradiction, reader.place("birth")) }
        let day = day
        standing = birth.flatMap { rules.shares.standing(birth: $0, on: day) }
        let saidMultiple = try reader.bool("multi", "multiple")
        let age = try Self.age(&reader, standing)
        let isHalf = try reader.bool("half", "isMonthOf75") ?? standing?.isMonthOf75 ?? false
        let spoken = try Self.setting(&reader)
        guard let written = try reader.text("cls", "class") else {
            table = age.flatMap { rules.highCost.table($0, on: day) }
            row = nil
            isMultiple = saidMultiple ?? false
            setting = spoken ?? .outpatient
            isSettingSaid = spoken != nil
            isHalved = isHalf && table?.isHalvedInMonthOf75 == true
            warnings.append(.noLimit)
            warnOfNextTable()
            return
        }
        let place = reader.place("cls")
        let (name, ending) = ClassText.split(written)
        if let ending, let spoken, ending != spoken { throw CaseFault(.contradiction, place) }
        // Without a word on it the household's limit counts, which holds for every receipt.
        setting = ending ?? spoken ?? .inpatient
        isSettingSaid = ending ?? spoken != nil
        let found = try Self.find(name, age, setting, rules, on: day, at: place)
        table = found.table
        row = found.row
        isMultiple = saidMultiple ?? found.table.saysMultiple(name)
        isHalved = isHalf && found.table.isHalvedInMonthOf75
        if found.row.setting != nil, ending ?? spoken == nil { warnings.append(.settingUnsaid) }
        warnOfNextTable()
    }

    private mutating func warnOfNextTable() {
        guard let next = table?.announcedFrom, next <= day else { return }
        warnings.append(.tableAnnounced)
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
        return limit(of: found)
    }

    /// The limit of the class that `scheme` lets stand in. Where no class and no setting was told, the
    /// household's, which holds for every receipt.
    func standIn(
        of scheme: NationalScheme, _ rules: CopaymentRules, at place: String
    ) throws(CaseFault) -> (limit: HighCostLimit, isSettingUnsaid: Bool)? {
        guard let name = scheme.standIn(for: row?.code, in: table) else { return nil }
        let isUnsaid = row == nil && !isSettingSaid
        let found = try Self.find(
            name, table?.age, isUnsaid ? .inpatient : setting, rules, on: day, at: place)
        return (limit(of: found), isUnsaid && found.row.setting != nil)
    }

    private func limit(
        of found: (table: HighCostRules.Table, row: HighCostClass)
    ) -> HighCostLimit {
        found.row.limit(
            isMultiple: false, isHalved: isHalved && found.table.isHalvedInMonthOf75)
    }

    /// What the case says, or what age, class and day say.
    func percent(
        _ reader: inout CaseReader, _ rules: CopaymentRules
    ) throws(CaseFault) -> (percent: Int, reduced: Int?, rule: RuleMark) {
        let byAge = standing.flatMap {
            rules.shares.row($0.group, class: row?.code, birth: birth, on: day)
        }
        var reduced = byAge?.reducedPercent
        if try reader.bool("tokurei", "specialReduction") ?? false {
            reduced = reduced ?? reducedPercent(rules)
            // Who is not of that age, class and day has no such reduction.
            guard reduced != nil else {
                throw CaseFault(.contradiction, reader.place("tokurei"))
            }
        }
        if let given = try Self.givenPercent(&reader) { return (given, reduced, .asGiven) }
        guard let byAge else {
            throw CaseFault(standing == nil ? .noShare : .noTable, reader.place("rate"))
        }
        return (byAge.percent, reduced, byAge.rule)
    }

    /// 軽減特例措置 of a patient whose birth date the case leaves out: by the age of the table.
    private func reducedPercent(_ rules: CopaymentRules) -> Int? {
        guard standing == nil, let table else { return nil }
        return rules.shares.reducedPercent(table.age, class: row?.code, on: day)
    }

    /// Percent, or 割 under their own name. No law asks for one to nine percent: that is somebody's
    /// 割 written as percent, and is never guessed at.
    private static func givenPercent(_ reader: inout CaseReader) throws(CaseFault) -> Int? {
        let tenths = try reader.int("futanWari", in: 0...10)
        let percent = try reader.percent("rate")
        guard percent.map({ $0 == 0 || $0 >= 10 }) ?? true else {
            throw CaseFault(.outOfRange, reader.place("rate"))
        }
        if let tenths, let percent, tenths * 10 != percent {
            throw CaseFault(.contradiction, reader.place("futanWari"))
        }
        return tenths.map { $0 * 10 } ?? percent
    }

    private static func age(
        _ reader: inout CaseReader, _ standing: AgeStanding?
    ) throws(CaseFault) -> HighCostRules.Age? {
        guard let isOld = try reader.bool("over70", "from70") else { return standing?.group.limits }
        let age: HighCostRules.Age = isOld ? .from70 : .under70
        if let standing, standing.group.limits != age {
            throw CaseFault(.contradiction, reader.place("over70"))
        }
        return age
    }

    private static func setting(
        _ reader: inout CaseReader
    ) throws(CaseFault) -> HighCostClass.Setting? {
        var said: [HighCostClass.Setting] = []
        if let text = try reader.text("setting", "nyugai") {
            switch text {
            case "入院", "inpatient": said.append(.inpatient)
            case "外来", "入院外", "outpatient": said.append(.outpatient)
            default: throw CaseFault(.malformed, reader.place("setting"))
            }
        }
        if let isIn = try reader.bool("inpatient", "nyuin") {
            said.append(isIn ? .inpatient : .outpatient)
        }
        if let isOut = try reader.bool("outpatient", "gairai") {
            said.append(isOut ? .outpatient : .inpatient)
        }
        guard said.allSatisfy({ $0 == said.first }) else {
            throw CaseFault(.contradiction, reader.place("setting"))
        }
        return said.first
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
