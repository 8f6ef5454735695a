/// 地単公費マスター as it comes: the raw file of 94 columns beside the rules, each row a condition row of a
/// local scheme. What a counter's quote needs of a row and cannot carry is refused by the item's number when
/// somebody asks for it; every other row is priced.
///
/// The columns are those of the layout `national-local-schemes`. What the codes in them mean is data
/// (`subsidy/national-master.json`): a code that nobody told the meaning of is never guessed at.
struct NationalMaster {
    static let folder = "subsidy/national-master/"
    static let layout = "national-local-schemes"
    /// Any code of an item that has no row of its own.
    fileprivate static let anyCode = "*"

    /// By item, by code: one of `NationalItem.meanings`, or for a class of income its name.
    private let codes: [String: [String: String]]
    private let rule: RuleMark

    /// Where the row stands in the file.
    struct Row {
        let payer: String
        let scheme: LocalScheme
    }

    init(codes: [String: [String: String]], rule: RuleMark) {
        self.codes = codes
        self.rule = rule
    }

    /// Nothing for a row that no certificate can name: without payer number, or of no period.
    func row(_ row: CheckedRow) -> Row? {
        guard let payer = row.text("item8"), payer.utf8.count == 8, let from = row.day("item10"),
            let to = row.day("item11"), from <= to, let prefecture = row.text("item3"),
            let name = row.text("item1")
        else { return nil }
        var reader = NationalRow(row: row, codes: codes)
        let outpatient = reader.outpatient()
        let method = reader.method()
        let bearsOther = reader.bearsOther()
        let incomes = reader.incomes()
        reader.refuseConditions()
        return Row(
            payer: payer,
            scheme: LocalScheme(
                key: LocalScheme.Key(
                    prefecture: prefecture, municipality: nil, law: String(payer.prefix(2)),
                    payer: payer, division: row.text("item9").flatMap { Int($0) } ?? 0),
                name: BilingualText(ja: name, en: name), shortName: row.text("item2") ?? name,
                period: EffectivePeriod(from: from, to: to),
                conditions: .init(
                    ageFrom: nil, ageBelow: nil, insurers: [], incomes: incomes, schooling: [],
                    childrenFrom: nil, childFrom: nil),
                method: method, inpatient: nil, outpatient: outpatient, meals: .patient,
                mealsPerDay: nil, mealsPerMonth: nil, bearsOtherExpense: bearsOther,
                otherLaws: bearsOther
                    ? ["item75", "item76", "item77"].compactMap { row.text($0) } : [],
                priority: row.text("item78").flatMap { Int($0) } ?? 0, bearsUpTo: [:], rule: rule,
                uncarried: reader.uncarried))
    }
}

/// 項目: what the arithmetic of a quote understands, by the item's number.
enum NationalItem {
    /// Nothing for an item whose code is a name (22_1).
    static let meanings: [String: Set<String>?] = {
        var meanings: [String: Set<String>?] = [
            "item17": ["borne", "not-borne"], "item31": ["in-kind", "refund"],
            "item32": ["patient-share", "subsidy"],
            "item46": ["nothing", "fixed", "percent", "fraction", "all"],
            "item56_1": ["1", "10", "100"], "item56_2": ["half-up", "down", "up"],
            "item53": ["none", "all", "institution"], "item54": ["none", "together", "apart"],
            "item74": ["borne", "not-borne"],
        ]
        meanings.updateValue(nil, forKey: "item22_1")
        for item in conditions { meanings[item] = ["none"] }
        return meanings
    }()

    /// Conditions of a visit or a month that a quote is not told: carried only where a code says that
    /// there is none.
    static let conditions = [
        "item33", "item38", "item39", "item40", "item87", "item88", "item89", "item90", "item91",
        "item55_2",
    ]
}

/// One row on its way: the first item that a quote cannot carry is kept.
private struct NationalRow {
    let row: CheckedRow
    let codes: [String: [String: String]]
    private(set) var uncarried: String?

    init(row: CheckedRow, codes: [String: [String: String]]) {
        self.row = row
        self.codes = codes
        // A cell that its layout refuses says nothing that could be priced.
        uncarried = row.findings.first { $0.severity == .error }?.item
    }

    mutating func method() -> LocalScheme.Method {
        meaning("item31", isRequired: true) == "refund" ? .refund : .inKind
    }

    mutating func bearsOther() -> Bool { meaning("item74") == "borne" }

    /// 22_2 is the scheme's own name of the class.
    mutating func incomes() -> [String] {
        if let own = row.text("item22_2") { return [own] }
        return meaning("item22_1").map { [$0] } ?? []
    }

    mutating func refuseConditions() {
        for item in NationalItem.conditions { _ = meaning(item) }
    }

    /// `nil` where outpatient care is not borne.
    mutating func outpatient() -> LocalTerms? {
        guard meaning("item17", isRequired: true) != "not-borne" else { return nil }
        if meaning("item32", isRequired: true) == "subsidy" { refuse("item32") }
        var terms = LocalTerms(bearing: bearing(), rounding: rounding())
        terms.perVisit = yen("item63")
        terms.visitsMax = number("item64", in: 1...999)
        terms.perDay = yen("item65")
        terms.daysMax = number("item66", in: 1...31)
        terms.perMonth = yen("item68")
        terms.perMonthMultiple = yen("item69")
        if terms.visitsMax != nil, terms.perVisit == nil { refuse("item64") }
        if terms.daysMax != nil, terms.perDay == nil { refuse("item66") }
        if terms.perMonthMultiple != nil, terms.perMonth == nil { refuse("item69") }
        let caps = [
            ("item63", terms.perVisit), ("item65", terms.perDay),
            ("item69", terms.perMonthMultiple),
        ]
        for (item, cap) in caps {
            if let cap, let month = terms.perMonth, cap > month { refuse(item) }
        }
        terms.countedPer = countedPer()
        if terms.countedPer != .all, !terms.hasCountOfMonth { refuse("item53") }
        return terms
    }

    /// 53, 54: caps over all counters, or of each institution, there stays and visits apart or together.
    private mutating func countedPer() -> LocalTerms.CountRange {
        let isPerInstitution = meaning("item53") == "institution"
        let isApart = meaning("item54") == "apart"
        // Over all counters one month holds stays and visits.
        if isApart, !isPerInstitution { refuse("item54") }
        return isPerInstitution ? (isApart ? .receipt : .institution) : .all
    }

    private mutating func bearing() -> LocalTerms.Bearing {
        switch meaning("item46", isRequired: true) {
        case "all": return .all
        case "fixed": return yen("item47", isRequired: true).map { .fixed($0) } ?? .nothing
        case "percent":
            return number("item48", in: 1...100, isRequired: true).map { .percent($0) } ?? .nothing
        case "fraction":
            let whole = number("item50", in: 2...100, isRequired: true)
            let part = number("item49", in: 1...99, isRequired: true)
            guard let part, let whole, part < whole else {
                refuse("item49")
                return .nothing
            }
            return .fraction(part, of: whole)
        default: return .nothing
        }
    }

    /// Without one of its own, amounts are not rounded before the counter's 10 yen.
    private mutating func rounding() -> Rounding {
        let unit = meaning("item56_1").flatMap { Int($0) } ?? 1
        let method = meaning("item56_2").flatMap(Rounding.Method.init(rawValue:)) ?? .down
        return Rounding(unit: unit, method: method)
    }

    private mutating func yen(_ item: String, isRequired: Bool = false) -> Int? {
        number(item, in: 0...Receipt.yenMax, isRequired: isRequired)
    }

    private mutating func number(
        _ item: String, in range: ClosedRange<Int>, isRequired: Bool = false
    ) -> Int? {
        guard let text = row.text(item) else {
            if isRequired { refuse(item) }
            return nil
        }
        guard let number = Int(text), range.contains(number) else {
            refuse(item)
            return nil
        }
        return number
    }

    /// What a code means; nothing where none is written. One that nobody told the meaning of is refused.
    private mutating func meaning(_ item: String, isRequired: Bool = false) -> String? {
        guard let code = row.text(item) else {
            if isRequired { refuse(item) }
            return nil
        }
        guard let means = codes[item]?[code] ?? codes[item]?[NationalMaster.anyCode] else {
            refuse(item)
            return nil
        }
        return means
    }

    private mutating func refuse(_ item: String) {
        if uncarried == nil { uncarried = item }
    }
}

extension RuleFolder {
    /// By payer number. Throws with the line for a file that is no such master.
    func nationalMaster(
        _ citations: inout CitationList
    ) throws(RuleFault) -> [String: [LocalScheme]] {
        let paths = files.keys.filter {
            $0.hasPrefix(NationalMaster.folder) && $0.hasSuffix(".csv")
        }.sorted()
        guard !paths.isEmpty else { return [:] }
        let codes = try nationalCodes()
        let layouts = try Layouts(of: self, isKept: true).all
            .filter { $0.code == NationalMaster.layout }
        guard let layout = layouts.max(by: { $0.effectiveFrom < $1.effectiveFrom }) else {
            throw RuleFault(file: paths[0], path: "", reason: "has no layout")
        }
        var schemes: [String: [LocalScheme]] = [:]
        for path in paths {
            let master = NationalMaster(
                codes: codes.byItem,
                rule: try citations.mark("national/" + path, codes.source, at: codes.file))
            try Self.read(files[path] ?? [], layout, path) { row in
                guard let row = master.row(row) else { return }
                schemes[row.payer, default: []].append(row.scheme)
            }
        }
        return schemes
    }

    /// A block at a time: the cells of the whole would be ten times the file.
    private static func read(
        _ bytes: [UInt8], _ layout: Layout, _ path: String, _ take: (CheckedRow) -> Void
    ) throws(RuleFault) {
        // UTF-8 needs no table.
        let table = CharacterTable(decode: { _ in nil }, encode: { _ in nil })
        var check = FileCheck(layout: layout, table: table, announced: AnnouncedFile())
        do throws(FileRefusal) {
            for from in stride(from: 0, to: bytes.count, by: blockBytes) {
                let block = bytes[from..<min(from + blockBytes, bytes.count)]
                for row in try check.read(block) { take(row) }
            }
            for row in try check.finish() { take(row) }
        } catch {
            let fault = error.faults.first
            throw RuleFault(
                file: path, path: fault?.line.map { "line \($0)" } ?? "",
                reason: fault?.en ?? "cannot be read")
        }
    }

    private static let blockBytes = 64 * 1024

    private func nationalCodes() throws(RuleFault) -> (
        byItem: [String: [String: String]], source: RuleSource, file: RuleReader
    ) {
        let file = try file("subsidy/national-master.json")
        let source = try file.source()
        try file.requireOnly(["source", "verified", "note", "codes"])
        var codes: [String: [String: String]] = [:]
        for row in try file.children("codes") {
            try row.requireOnly(["item", "code", "means"])
            let (item, means) = (try row.string("item"), try row.string("means"))
            guard let known = NationalItem.meanings[item] else {
                throw row.fault("item", "is none that a quote reads")
            }
            guard known?.contains(means) ?? true else {
                throw row.fault(
                    "means", "is none of " + (known ?? []).sorted().joined(separator: ", "))
            }
            let code = try row.string("code")
            guard codes[item, default: [:]].updateValue(means, forKey: code) == nil else {
                throw row.fault("code", "is given twice")
            }
        }
        return (codes, source, file)
    }
}
