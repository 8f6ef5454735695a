/// 高額療養費: the tables of limits by age and day, the limits of long-term specific diseases, and the
/// 配慮措置, as `subsidy/high-cost.json` holds them. A table may be there before its day.
package struct HighCostRules: Sendable, Hashable {
    package enum Age: String, CaseIterable, Sendable {
        case under70
        case from70
    }

    package struct Table: Sendable, Hashable {
        let id: String
        package let age: Age
        let period: EffectivePeriod
        /// 合算対象基準額: a share below this is not added up with others. None from 70.
        package let countedFrom: Int
        package let isHalvedInMonthOf75: Bool
        /// 改定の予告: the day from which another table is announced that is not on file yet.
        let announcedFrom: CalendarDay?
        package let classes: [HighCostClass]
    }

    /// 特定疾病療養 (長): the amounts a certificate may carry.
    struct LongTerm: Sendable, Hashable {
        let period: EffectivePeriod
        let ordinary: HighCostLimit
        /// 上位所得の人工透析
        let upper: HighCostLimit
        let upperClasses: [String]
    }

    struct Consideration: Sendable, Hashable {
        let period: EffectivePeriod
        let limit: HighCostLimit
        /// Whom it is for: whose share of the cost is this, of that age, in that setting; `nil` for all.
        let percent: Int?
        let age: Age?
        let setting: HighCostClass.Setting?
    }

    let tables: [Table]
    let longTerms: [LongTerm]
    let considerations: [Consideration]
    /// 年間上限の計算期間: the month in which its year starts; absent in files from before there was one.
    let yearStart: Int?

    /// The table of an age on a day; loading made sure that there is at most one.
    package func table(_ age: Age, on day: CalendarDay) -> Table? {
        tables.first { $0.age == age && $0.period.contains(day) }
    }

    /// 長: in the month of the 75th birthday each insurer counts half of the amount of its class (健康保険法施行令
    /// 42条9項); whoever is 75 has the ordinary one. A certificate may show the half already.
    func longTerm(given: Int?, code: String?, isHalved: Bool, on day: CalendarDay) -> HighCostLimit?
    {
        guard let rule = longTerms.first(where: { $0.period.contains(day) }) else { return nil }
        let isUpper = code.map(rule.upperClasses.contains) ?? false
        var limit = isUpper ? rule.upper : rule.ordinary
        if let given { limit = HighCostLimit(base: given, rule: limit.rule) }
        guard isHalved else { return limit }
        let half = (isUpper && limit.base > rule.ordinary.base ? rule.upper : rule.ordinary)
            .halved
        return half.base < limit.base ? half : limit
    }

    func consideration(on day: CalendarDay) -> Consideration? {
        considerations.first { $0.period.contains(day) }
    }

    /// Any table knows the class by this code.
    func knows(_ code: String) -> Bool {
        tables.contains { table in table.classes.contains { $0.code == code } }
    }
}

extension HighCostRules.Table {
    /// A class by its code, for a setting.
    package func row(_ code: String, _ setting: HighCostClass.Setting) -> HighCostClass? {
        classes.first { $0.code == code && ($0.setting ?? setting) == setting }
    }

    /// A class as people write it: `Ⅲ`, `現役並み３`, `区分ア`, `低所得Ⅱ`.
    package func code(written text: String) -> String? {
        let key = ClassText.key(text)
        return classes.first { row in
            ClassText.key(row.code) == key
                || (row.aliases + row.multipleAliases).contains { ClassText.key($0) == key }
        }?.code
    }

    /// 多数回該当: whether the class was written as that of multiple months (多ウ).
    func saysMultiple(_ text: String) -> Bool {
        let key = ClassText.key(text)
        return classes.contains { $0.multipleAliases.contains { ClassText.key($0) == key } }
    }
}

/// Spelling of class names: full-width and Roman digits are digits, and spaces and brackets say
/// nothing.
package enum ClassText {
    package static func key(_ text: String) -> String {
        var key = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x2160...0x2162: key += ["1", "2", "3"][Int(scalar.value - 0x2160)].unicodeScalars
            case 0xFF10...0xFF19, 0xFF21...0xFF3A, 0xFF41...0xFF5A:
                if let narrow = Unicode.Scalar(scalar.value - 0xFEE0) { key.append(narrow) }
            case 0x20, 0x3000, 0x28, 0x29, 0xFF08, 0xFF09, 0x30FB, 0x5F, 0x2D: continue
            default: key.append(scalar)
            }
        }
        return romanDigits(String(key))
    }

    /// `III`, `II`, `I` at the end, as typed on a keyboard.
    private static func romanDigits(_ text: String) -> String {
        let strokes = text.reversed().prefix { $0 == "I" || $0 == "i" }.count
        guard (1...3).contains(strokes) else { return text }
        return String(text.dropLast(strokes)) + String(strokes)
    }

    /// The setting a class name ends with (一般外来, 低Ⅱ入院), and the name without it.
    package static func split(_ text: String) -> (name: String, setting: HighCostClass.Setting?) {
        let endings: [(String, HighCostClass.Setting)] = [
            ("入院外", .outpatient), ("外来", .outpatient), ("入院", .inpatient), ("世帯", .inpatient),
        ]
        let key = key(text)
        for (ending, setting) in endings where key.hasSuffix(ending) && key != ending {
            return (String(key.dropLast(ending.count)), setting)
        }
        return (key, nil)
    }
}
