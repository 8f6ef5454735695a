/// 母子保健の決まり: every checkup, item, questionnaire, follow-up, ticket and growth table of one version
/// of `profiles/maternal/`, each file checked against the others before any of it counts.
package struct MaternalRules: Sendable {
    package let pregnancy: PregnancyRules
    /// 産婦健診: counted from delivery.
    package let postpartum: [CheckupRule]
    /// 新生児・乳幼児健診: counted from birth.
    package let child: [CheckupRule]
    package let items: CheckupItems
    package let questionnaires: [ScreeningQuestionnaire]
    /// 問診票: one for each checkup that asks and each compartment.
    package let screenings: ScreeningForms
    package let followUps: [String: FollowUpRule]
    package let growthTables: [GrowthTable]
    package let tickets: [TicketRule]
    package let prices: [CheckupPrice]
    /// 集計の秘匿: numbers on fewer are not told; `nil` in rules from before there were any.
    package let attendanceLeast: Int?
    private let byCode: [String: [CheckupRule]]

    /// `files` is keyed by the path inside `profiles/`. A wrong file is refused whole, with path and
    /// reason.
    package init(reading files: [String: [UInt8]]) throws(RuleFault) {
        try self.init(reading: RuleFolder(files: files))
    }

    /// `isKept`: an older release loaded them, for which some files did not exist yet.
    init(reading folder: RuleFolder, isKept: Bool = false) throws(RuleFault) {
        followUps = try folder.followUps()
        items = try folder.checkupItems(followUps: followUps, isKept: isKept)
        growthTables = try folder.growthTables(items: items)
        questionnaires = try folder.checkupQuestionnaires(followUps: followUps, items: items)
        let reading = CheckupReading(
            items: items, questionnaires: Set(questionnaires.map(\.code)), isKept: isKept)
        pregnancy = try folder.pregnancyRules()
        try reading.require(pregnancy, followUps: followUps)
        postpartum = try reading.checkups(folder.file("maternal/postpartum.json"))
        child = try reading.checkups(folder.file("maternal/child.json"))
        byCode = Dictionary(grouping: child + postpartum, by: \.code)
        try reading.require(postpartum + child, followUps: followUps)
        let asking = [AskingCheckup(pregnancy)] + (postpartum + child).map { AskingCheckup($0) }
        screenings = ScreeningForms(Self.forms(of: questionnaires, before: asking))
        let checkups = Set((postpartum + child).map(\.code) + [pregnancy.checkup])
        tickets = try folder.ticketRules(checkups: checkups)
        prices = try folder.checkupPrices(checkups: checkups)
        attendanceLeast = try folder.attendanceLeast(isKept: isKept)
    }

    /// The row of a checkup in force on a day.
    package func checkup(_ code: String, on day: CalendarDay) -> CheckupRule? {
        byCode[code]?.first { $0.effective.contains(day) }
    }

    /// 妊婦健診 comes again and again, each time on its own day; any other checkup comes once after a birth.
    package func comesAgain(_ checkup: String) -> Bool { checkup == pregnancy.checkup }

    package func questionnaire(_ code: String, on day: CalendarDay) -> ScreeningQuestionnaire? {
        questionnaires.first { $0.code == code && $0.effective.contains(day) }
    }

    private static func forms(
        of questionnaires: [ScreeningQuestionnaire], before checkups: [AskingCheckup]
    ) -> [ScreeningForm] {
        var seen: Set<String> = []
        return checkups.filter { seen.insert($0.code).inserted }.flatMap { checkup in
            questionnaires.filter { checkup.questionnaires.contains($0.code) }.flatMap { asked in
                CheckupCompartment.allCases.compactMap {
                    ScreeningForm(
                        asked, before: .checkup(code: checkup.code, name: checkup.name), in: $0)
                }
            }
        }
    }

    package func growthTable(on day: CalendarDay) -> GrowthTable? {
        growthTables.first { $0.effective.contains(day) }
    }

    /// The tickets a municipality gives out on a day.
    package func tickets(of body: String, on day: CalendarDay) -> [TicketRule] {
        tickets.filter { $0.body == body && $0.effective.contains(day) }
    }
}

/// 問診票を用いる健診: what is asked before, and under which name.
private struct AskingCheckup {
    let code: String
    let name: BilingualText
    let questionnaires: [String]

    init(_ rule: CheckupRule) {
        code = rule.code
        name = rule.name
        questionnaires = rule.questionnaires
    }

    init(_ pregnancy: PregnancyRules) {
        code = pregnancy.checkup
        name = pregnancy.name
        questionnaires = pregnancy.questionnaires
    }
}

/// What checkups of one version may name.
private struct CheckupReading {
    let items: CheckupItems
    let questionnaires: Set<String>
    /// An older release loaded them: what is sensitive now may have been asked of every report then.
    let isKept: Bool

    func checkups(_ file: RuleReader) throws(RuleFault) -> [CheckupRule] {
        try file.requireOnly(["source", "verified", "note", "checkups"])
        _ = try file.source()
        return try file.rows(
            "checkups", apart: "another row of the same checkup",
            { (one: CheckupRule, other: CheckupRule) in
                one.code == other.code && one.effective.overlaps(other.effective)
            }
        ) { row throws(RuleFault) in
            let rule = try CheckupRule(reading: row)
            try require(rule.items.map(\.code), of: row, "items")
            if let asked = firstAskedInConfidence(rule.items) {
                throw row.fault("items", "\(asked) \(Self.askedInConfidence)")
            }
            guard rule.questionnaires.allSatisfy(questionnaires.contains) else {
                throw row.fault("questionnaires", "names an unknown questionnaire")
            }
            return rule
        }
    }

    func require(
        _ pregnancy: PregnancyRules, followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        let unknown = pregnancy.items.map(\.code).first { items[$0] == nil }
        if let unknown {
            throw RuleFault(
                file: "maternal/pregnancy.json", path: "items",
                reason: "\(unknown) is not in maternal/items.json")
        }
        if let asked = firstAskedInConfidence(pregnancy.items) {
            throw RuleFault(
                file: "maternal/pregnancy.json", path: "items",
                reason: "\(asked) \(Self.askedInConfidence)")
        }
        guard pregnancy.questionnaires.allSatisfy(questionnaires.contains) else {
            throw RuleFault(
                file: "maternal/pregnancy.json", path: "questionnaires",
                reason: "names an unknown questionnaire")
        }
        for test in pregnancy.tests {
            guard test.items.allSatisfy({ items[$0] != nil }) else {
                throw RuleFault(
                    file: "maternal/pregnancy-tests.json", path: "tests",
                    reason: "\(test.span.code) names an item that is not in maternal/items.json")
            }
        }
        guard followUps[pregnancy.lossFollowUp] != nil else {
            throw RuleFault(
                file: "maternal/pregnancy-terms.json", path: "lossSupport",
                reason: "is not in maternal/follow-up.json")
        }
    }

    private static let askedInConfidence = "is sensitive, and asked of every report"

    /// Beside an open report the one in confidence holds what was found and nothing that it must: it may be
    /// of one scale alone. A checkup that is in confidence as a whole may ask.
    private func firstAskedInConfidence(_ listed: [CheckupRule.Item]) -> String? {
        guard !isKept, listed.contains(where: { !items.isSensitive($0.code) }) else { return nil }
        return listed.first { $0.isRequired && items.isSensitive($0.code) }?.code
    }

    /// What refers must be a checkup, and able to ask for it.
    func require(
        _ checkups: [CheckupRule], followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        let codes = Set(checkups.map(\.code))
        let wrong = checkups.first { rule in
            rule.referral.map {
                !codes.contains($0.checkup) || followUps[$0.followUp] == nil
            } ?? false
        }
        guard let wrong else { return }
        throw RuleFault(
            file: "maternal/child.json", path: "checkups",
            reason: "\(wrong.code) is referred by a checkup or follow-up that is not there")
    }

    private func require(
        _ codes: [String], of row: RuleReader, _ name: String
    ) throws(RuleFault) {
        guard let unknown = codes.first(where: { items[$0] == nil }) else { return }
        throw row.fault(name, "\(unknown) is not in maternal/items.json")
    }
}
