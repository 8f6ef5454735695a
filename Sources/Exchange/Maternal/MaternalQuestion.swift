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
            let calendar = PregnancyCalendar(expectedDate: day)
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
        array(name) {
            for window in windows {
                $0.object {
                    $0.member("code", window.rule.code)
                    $0.member("name", window.rule.name)
                    $0.member("basis", window.rule.basis.rawValue)
                    $0.member(window.days)
                    $0.member("standard", window.standard?.text)
                    $0.member("law", window.rule.law)
                    $0.member("minimumDataSet", window.rule.isInMinimumDataSet)
                    $0.write(window.rule.items, of: items)
                    $0.member("questionnaires", window.rule.questionnaires)
                    $0.member(window.rule.source)
                }
            }
        }
    }

    fileprivate mutating func writeVisits(of calendar: PregnancyCalendar, by rules: MaternalRules) {
        array("visits") {
            for visit in rules.visits(of: calendar) {
                $0.object {
                    $0.member("number", visit.rule.number)
                    $0.member("week", visit.rule.week)
                    $0.member("everyWeeks", visit.rule.band.everyWeeks)
                    $0.member("name", rules.pregnancy.name)
                    $0.member(visit.days)
                    $0.member("standard", visit.standard.text)
                    $0.member("beyondStandard", visit.rule.isBeyondStandard)
                    $0.member("tests", visit.tests.map(\.span.code))
                }
            }
        }
        write(rules.pregnancy.items, of: rules.items)
        member("questionnaires", rules.pregnancy.questionnaires)
        member(rules.pregnancy.source)
    }

    fileprivate mutating func writeTests(of calendar: PregnancyCalendar, by rules: MaternalRules) {
        array("tests") {
            for test in rules.pregnancy.tests {
                $0.object {
                    $0.member("code", test.span.code)
                    $0.member("name", test.span.name)
                    $0.member("times", test.times)
                    $0.member(calendar.days(of: test.span.weeks))
                    $0.member("sensitive", test.items.contains(where: rules.items.isSensitive))
                    $0.member("items", test.items)
                    $0.member(rules.pregnancy.testSource)
                }
            }
        }
    }

    fileprivate mutating func writeTerms(of calendar: PregnancyCalendar, by rules: MaternalRules) {
        array("terms") {
            for term in rules.pregnancy.terms {
                $0.object {
                    $0.member("code", term.code)
                    $0.member("name", term.name)
                    $0.member(calendar.days(of: term.weeks))
                }
            }
        }
    }

    private mutating func write(_ listed: [CheckupRule.Item], of items: CheckupItems) {
        array("items") {
            for item in listed {
                $0.object {
                    $0.member("code", item.code)
                    $0.member("required", item.isRequired)
                    $0.member("dataSet", items[item.code]?.dataSet.rawValue)
                    $0.member("sensitive", items.isSensitive(item.code))
                }
            }
        }
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
        object(name) {
            $0.member("ja", text.ja)
            $0.member("en", text.en)
        }
    }

    private mutating func member(_ name: String, _ codes: [String]) {
        array(name) {
            for code in codes { $0.string(code) }
        }
    }
}
