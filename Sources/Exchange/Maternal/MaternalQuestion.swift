/// `tsunagi maternal windows`: the question of the command line, and its answer as JSON. The same
/// question and rules give the same bytes.
package struct MaternalQuestion: Hashable, Sendable {
    package enum Fault: Error, Hashable, Sendable, CustomStringConvertible {
        case notOne
        case notADay(option: String)

        package var description: String {
            switch self {
            case .notOne:
                "Give either --birth or --due. "
                    + "生年月日 (--birth) か分娩予定日 (--due) のどちらか一つを指定してください。"
            case .notADay(let option):
                "\(option) is no day that exists: write it as 2026-04-01. "
                    + "\(option) は実在する日を 2026-04-01 の形で書いてください。"
            }
        }
    }

    private enum Origin: Hashable { case birth(CalendarDay), due(CalendarDay) }

    private let origin: Origin

    package init(birth: String?, due: String?) throws(Fault) {
        switch (birth, due) {
        case (let birth?, nil): origin = .birth(try Self.day(birth, option: "--birth"))
        case (nil, let due?): origin = .due(try Self.day(due, option: "--due"))
        default: throw .notOne
        }
    }

    package func answer(by rules: MaternalRules) -> String {
        var writer = JSONWriter(reservingBytes: 16_384)
        writer.beginObject()
        switch origin {
        case .birth(let day):
            writer.member("birth", day.text)
            writer.write("windows", rules.windows(ofChildBorn: day), items: rules.items)
        case .due(let day):
            let calendar = PregnancyCalendar(expectedDate: day, rules: rules.pregnancy)
            writer.member("due", day.text)
            writer.member("weekZero", calendar.weekZero.text)
            writer.writeVisits(of: calendar, by: rules)
            writer.writeTests(of: calendar, by: rules)
            writer.writeTerms(of: calendar, by: rules)
            // Counted from the expected date; the day of delivery moves them.
            writer.member("postpartumIfDeliveredOn", day.text)
            writer.write("postpartum", rules.windows(afterDelivery: day), items: rules.items)
        }
        writer.endObject()
        return writer.text
    }

    private static func day(_ text: String, option: String) throws(Fault) -> CalendarDay {
        // A window may reach years ahead, and its days are written with four digits.
        guard let day = try? CalendarDay(text), (1868...9900).contains(day.year) else {
            throw .notADay(option: option)
        }
        return day
    }
}

extension JSONWriter {
    fileprivate mutating func write(
        _ name: String, _ windows: [MaternalSchedule.Window], items: CheckupItems
    ) {
        self.name(name)
        beginArray()
        for window in windows {
            beginObject()
            member("code", window.rule.code)
            member("name", window.rule.name)
            member("basis", window.rule.basis.rawValue)
            member(window.days)
            member("standard", window.standard?.text)
            member("law", window.rule.law)
            member("minimumDataSet", window.rule.isInMinimumDataSet)
            write(window.rule.items, of: items)
            member("questionnaires", window.rule.questionnaires)
            member(window.rule.source)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func writeVisits(of calendar: PregnancyCalendar, by rules: MaternalRules) {
        name("visits")
        beginArray()
        for visit in rules.visits(of: calendar) {
            beginObject()
            member("number", visit.rule.number)
            member("week", visit.rule.week)
            member("everyWeeks", visit.rule.band.everyWeeks)
            member("name", rules.pregnancy.name)
            member(visit.days)
            member("standard", visit.standard.text)
            member("beyondStandard", visit.rule.isBeyondStandard)
            member("tests", visit.tests.map(\.code))
            endObject()
        }
        endArray()
        write(rules.pregnancy.items, of: rules.items)
        member(rules.pregnancy.source)
    }

    fileprivate mutating func writeTests(of calendar: PregnancyCalendar, by rules: MaternalRules) {
        name("tests")
        beginArray()
        for test in rules.pregnancy.tests {
            beginObject()
            member("code", test.code)
            member("name", test.name)
            member("times", test.times)
            member(calendar.days(ofWeeks: test.weeks.lowerBound, through: test.weeks.upperBound))
            member("sensitive", test.items.contains(where: rules.items.isSensitive))
            member("items", test.items)
            member(rules.pregnancy.testSource)
            endObject()
        }
        endArray()
    }

    fileprivate mutating func writeTerms(of calendar: PregnancyCalendar, by rules: MaternalRules) {
        name("terms")
        beginArray()
        for term in rules.pregnancy.terms {
            beginObject()
            member("code", term.code)
            member("name", term.name)
            member(calendar.days(ofWeeks: term.weeks.lowerBound, through: term.weeks.upperBound))
            endObject()
        }
        endArray()
    }

    private mutating func write(_ listed: [CheckupRule.Item], of items: CheckupItems) {
        name("items")
        beginArray()
        for item in listed {
            beginObject()
            member("code", item.code)
            member("required", item.isRequired)
            member("dataSet", items[item.code]?.dataSet.rawValue)
            member("sensitive", items.isSensitive(item.code))
            endObject()
        }
        endArray()
    }

    private mutating func member(_ days: DayRange) {
        member("first", days.first.text)
        member("last", days.last.text)
    }

    private mutating func member(_ source: RuleSource) {
        member("source", source.text)
        member("verified", source.isVerified)
    }

    private mutating func member(_ name: String, _ text: BilingualText) {
        self.name(name)
        beginObject()
        member("ja", text.ja)
        member("en", text.en)
        endObject()
    }

    private mutating func member(_ name: String, _ codes: [String]) {
        self.name(name)
        beginArray()
        for code in codes { string(code) }
        endArray()
    }
}
