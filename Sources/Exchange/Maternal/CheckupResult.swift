/// 健診結果: what one checkup found, as an institution or an office writes it, before anything of it is
/// believed.
package struct CheckupResult: Hashable, Sendable {
    package enum Value: Hashable, Sendable {
        /// The number as written and its UCUM unit.
        case quantity(String, unit: String)
        case choice(String)
        case day(String)
        case text(String)
        /// 未実施, with the code of its reason.
        case notExamined(reason: String)
    }

    package struct Entry: Hashable, Sendable {
        package let item: String
        package let value: Value

        package init(item: String, value: Value) {
            self.item = item
            self.value = value
        }
    }

    package let checkup: String
    package let day: CalendarDay
    package let entries: [Entry]

    package init(checkup: String, day: CalendarDay, entries: [Entry]) {
        self.checkup = checkup
        self.day = day
        self.entries = entries
    }
}

/// Whom a checkup is counted from.
package enum CheckupOrigin: Hashable, Sendable {
    case birth(CalendarDay)
    case delivery(CalendarDay)
    case pregnancy(PregnancyCalendar)
}

/// 結果の点検: everything worth saying of one result, and what it asks of the municipality. Pure: the
/// same result gives the same findings in the same order.
package struct CheckedResult: Hashable, Sendable {
    package let findings: [ItemFinding]
    /// Codes of `FollowUpRule`, in the order of the entries, each once.
    package let followUps: [String]

    /// 受け付けられる: warnings do not stand in the way.
    package var isAccepted: Bool { !findings.contains { $0.severity == .error } }
}

extension MaternalRules {
    /// Checks units, ranges, codes, what is required, and the day against the window. A day outside the
    /// window is a warning: a child that was seen late was seen. `origin` is `nil` where nobody told it;
    /// `compartment` is `nil` for a result on paper, which is of both.
    package func check(
        _ result: CheckupResult, of origin: CheckupOrigin?,
        in compartment: CheckupCompartment? = nil
    ) -> CheckedResult {
        guard let items = checkupItems(result.checkup, on: result.day) else {
            return CheckedResult(
                findings: [ItemFinding(item: result.checkup, code: .unknownCheckup)],
                followUps: [])
        }
        var findings = dayFindings(result, of: origin)
        var followUps: [String] = []
        var seen: Set<String> = []
        for entry in result.entries {
            guard let item = self.items[entry.item] else {
                findings.append(ItemFinding(item: entry.item, code: .unknownItem))
                continue
            }
            if !seen.insert(entry.item).inserted {
                findings.append(ItemFinding(item: entry.item, code: .duplicateItem, named: item))
                continue
            }
            let code =
                self.items.finding(in: entry.value, of: item) ?? compartment?.finding(of: item)
            if let code { findings.append(ItemFinding(item: entry.item, code: code, named: item)) }
            if !items.contains(where: { $0.code == entry.item }) {
                findings.append(ItemFinding(item: entry.item, code: .notOfCheckup, named: item))
            }
            if code == nil, let followUp = item.followUp(for: entry.value),
                !followUps.contains(followUp)
            {
                followUps.append(followUp)
            }
        }
        let isInConfidence = items.allSatisfy { self.items.isSensitive($0.code) }
        for listed in items where listed.isRequired && !seen.contains(listed.code) {
            // What is sensitive is asked of no report that has an open part, by kept rules neither.
            guard let item = self.items[listed.code], !item.isSensitive || isInConfidence,
                compartment?.finding(of: item) == nil
            else { continue }
            findings.append(ItemFinding(item: listed.code, code: .required, named: item))
        }
        let scored = questionnaires(of: result).flatMap { $0.followUps(of: result.entries) }
        for code in scored where !followUps.contains(code) { followUps.append(code) }
        return CheckedResult(findings: findings, followUps: followUps)
    }

    /// 未実施の健診: of what the checkup must examine nothing was, and each item says why. It is kept as that, and
    /// the person still waits to be seen.
    package func isExamined(_ result: CheckupResult) -> Bool {
        let items = checkupItems(result.checkup, on: result.day) ?? []
        let required = Set(items.filter(\.isRequired).map(\.code))
        let told = result.entries.filter { required.contains($0.item) }
        let counted = told.isEmpty ? result.entries : told
        return counted.isEmpty
            || counted.contains { if case .notExamined = $0.value { false } else { true } }
    }

    /// The items of a checkup in force on a day; those of a pregnancy checkup are its own and those of
    /// every test.
    func checkupItems(_ code: String, on day: CalendarDay) -> [CheckupRule.Item]? {
        if code == pregnancy.checkup {
            guard pregnancy.effective.contains(day) else { return nil }
            let tests = pregnancy.tests.flatMap(\.items)
            return pregnancy.items + tests.map { CheckupRule.Item(code: $0, isRequired: false) }
        }
        return checkup(code, on: day)?.items
    }

    private func questionnaires(of result: CheckupResult) -> [ScreeningQuestionnaire] {
        let codes =
            result.checkup == pregnancy.checkup
            ? pregnancy.questionnaires
            : checkup(result.checkup, on: result.day)?.questionnaires ?? []
        return codes.compactMap { questionnaire($0, on: result.day) }
    }

    private func dayFindings(_ result: CheckupResult, of origin: CheckupOrigin?) -> [ItemFinding] {
        let code: ItemFinding.Code?
        switch origin {
        case nil: code = .originUnknown
        case .birth(let start), .delivery(let start):
            let window = checkup(result.checkup, on: result.day)?.window.days(from: start)
            let isInside = window?.contains(result.day) ?? false
            code = result.day < start ? .beforeBirth : isInside ? nil : .outsideWindow
        case .pregnancy(let calendar):
            guard let age = calendar.age(on: result.day) else {
                code = .beforePregnancy
                break
            }
            code = pregnancy.visit(at: age) == nil ? .outsideWindow : nil
        }
        return code.map { [ItemFinding(item: result.checkup, code: $0)] } ?? []
    }
}

extension CheckupCompartment {
    /// Whether an item belongs into the other one.
    fileprivate func finding(of item: CheckupItem) -> ItemFinding.Code? {
        switch self {
        case .open: item.isSensitive ? .sensitiveItem : nil
        case .sensitive: item.isSensitive ? nil : .openItem
        }
    }
}

extension CheckupItems {
    /// What is wrong with one value, if anything.
    fileprivate func finding(
        in value: CheckupResult.Value, of item: CheckupItem
    ) -> ItemFinding.Code? {
        if case .notExamined(let reason) = value {
            return notExaminedReasons[reason] == nil ? .unknownReason : nil
        }
        switch (item.kind, value) {
        case (.quantity(let rule), .quantity(let text, let unit)):
            return rule.finding(in: text, unit: unit)
        case (.choice(let choices), .choice(let code)):
            return choices.contains { $0.code == code } ? nil : .unknownChoice
        case (.day, .day(let text)):
            return (try? CalendarDay(text)) == nil ? .notADay : nil
        case (.text(let lengthMax), .text(let text)):
            return text.unicodeScalars.count > lengthMax ? .tooLong : nil
        default: return .wrongKind
        }
    }
}

extension CheckupItem.Quantity {
    fileprivate func finding(in text: String, unit given: String) -> ItemFinding.Code? {
        guard given == unit else { return .wrongUnit }
        return switch range.fault(in: text) {
        case nil: nil
        case .notANumber: .notANumber
        case .tooPrecise: .tooPrecise
        case .below: .belowRange
        case .above: .aboveRange
        }
    }
}

extension CheckupItem {
    fileprivate func followUp(for value: CheckupResult.Value) -> String? {
        guard case .choice(let choices) = kind, case .choice(let code) = value else { return nil }
        return choices.first { $0.code == code }?.followUp
    }
}
