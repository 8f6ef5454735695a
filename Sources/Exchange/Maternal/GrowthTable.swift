/// 発育の分布: percentiles of a national survey, by age class and sex. A measurement is placed between
/// two published values; nothing is interpolated, and nothing is judged.
package struct GrowthTable: Hashable, Sendable {
    package enum Sex: String, Sendable { case male, female }

    /// 年・月・日齢の階級.
    package enum AgeClass: Hashable, Sendable {
        /// Exactly that day of life; birth is day 0.
        case day(Int)
        /// 1～2か月未満: so many months completed, the last not yet.
        case months(Range<Int>)
    }

    package struct Row: Hashable, Sendable {
        package let age: AgeClass
        package let male: [MeasuredAmount]
        package let female: [MeasuredAmount]

        package func values(_ sex: Sex) -> [MeasuredAmount] { sex == .male ? male : female }
    }

    package struct Measure: Hashable, Sendable {
        /// Code of the checkup item.
        package let item: String
        /// UCUM; the item's own unit.
        package let unit: String
        package let rows: [Row]
    }

    /// The percentiles a measurement lies between, a published value itself counting as reached.
    /// `atLeast` is `nil` below the lowest, `below` is `nil` from the highest on.
    package struct Place: Hashable, Sendable {
        package let atLeast: Int?
        package let below: Int?
        package let age: AgeClass
    }

    package let percentiles: [Int]
    package let measures: [Measure]
    package let effective: EffectivePeriod
    package let source: RuleSource

    package func measure(_ item: String) -> Measure? { measures.first { $0.item == item } }

    /// `nil` where the survey has no class for the day (days 1 to 29 but the first month's end, and
    /// beyond its last age) or no such measure.
    package func place(
        _ amount: MeasuredAmount, of item: String, sex: Sex, birth: CalendarDay,
        on day: CalendarDay
    ) -> Place? {
        guard let row = measure(item)?.rows.first(where: { $0.age.holds(birth: birth, on: day) })
        else { return nil }
        let reached = row.values(sex).prefix { $0 <= amount }.count
        return Place(
            atLeast: reached == 0 ? nil : percentiles[reached - 1],
            below: reached == percentiles.count ? nil : percentiles[reached], age: row.age)
    }
}

extension GrowthTable.AgeClass {
    fileprivate func holds(birth: CalendarDay, on day: CalendarDay) -> Bool {
        switch self {
        case .day(let count): birth.adding(days: count) == day
        case .months(let months): months.contains(birth.monthsCompleted(on: day))
        }
    }
}

extension RuleFolder {
    func growthTables(items: CheckupItems) throws(RuleFault) -> [GrowthTable] {
        var tables: [GrowthTable] = []
        for file in try readers(in: "maternal/") where file.file.hasPrefix("maternal/growth-") {
            let table = try GrowthTable(reading: file, items: items)
            guard !tables.contains(where: { $0.effective.overlaps(table.effective) }) else {
                throw file.fault("effectiveFrom", "overlaps another table")
            }
            tables.append(table)
        }
        guard !tables.isEmpty else {
            throw RuleFault(file: "maternal/growth-*.json", path: "", reason: "is missing")
        }
        return tables
    }
}

extension GrowthTable {
    fileprivate init(reading file: RuleReader, items: CheckupItems) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "effectiveFrom", "effectiveTo", "percentiles",
            "measures",
        ])
        percentiles = try file.amounts("percentiles").map { $0.thousandths / 1000 }
        effective = try file.effectivePeriod()
        source = try file.source()
        var measures: [Measure] = []
        for row in try file.children("measures") {
            try row.requireOnly(["item", "unit", "rows"])
            let item = try row.string("item")
            guard case .quantity(let quantity) = items[item]?.kind else {
                throw row.fault("item", "is no quantity of maternal/items.json")
            }
            let unit = try row.string("unit")
            guard unit == quantity.unit else { throw row.fault("unit", "is not the item's unit") }
            let rows = try row.growthRows(count: percentiles.count)
            measures.append(Measure(item: item, unit: unit, rows: rows))
        }
        self.measures = measures
    }
}

extension RuleReader {
    fileprivate func growthRows(count: Int) throws(RuleFault) -> [GrowthTable.Row] {
        var rows: [GrowthTable.Row] = []
        var monthsBefore = 1
        for row in try children("rows") {
            try row.requireOnly(["day", "fromMonths", "belowMonths", "male", "female"])
            let age: GrowthTable.AgeClass
            if row.object["day"] != nil {
                age = .day(try row.int("day", in: 0...30))
            } else {
                let first = try row.int("fromMonths", in: 1...239)
                guard first == monthsBefore else {
                    throw row.fault("fromMonths", "does not follow the class before it")
                }
                monthsBefore = try row.int("belowMonths", in: first + 1...240)
                age = .months(first..<monthsBefore)
            }
            let male = try row.amounts("male")
            let female = try row.amounts("female")
            guard male.count == count else { throw row.fault("male", "has not \(count) values") }
            guard female.count == count else {
                throw row.fault("female", "has not \(count) values")
            }
            rows.append(GrowthTable.Row(age: age, male: male, female: female))
        }
        return rows
    }

    /// Numbers that rise from one to the next, as percentiles do.
    fileprivate func amounts(_ name: String) throws(RuleFault) -> [MeasuredAmount] {
        guard let list = object[name]?.array else { throw fault(name, "is no list") }
        var amounts: [MeasuredAmount] = []
        for value in list { amounts.append(try amount(value, at: name)) }
        guard zip(amounts, amounts.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw fault(name, "does not rise")
        }
        return amounts
    }
}
