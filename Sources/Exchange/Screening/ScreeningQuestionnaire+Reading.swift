/// What the questions of a field may name.
struct ScreeningNames {
    var vaccines = VaccineRegister()
    var contraindications: [Contraindication] = []
    var followUps: [String: FollowUpRule] = [:]
}

/// 予診票・問診票の読み取り: a question nobody can answer, a use given twice, a score nobody can reach or a
/// condition on a later question refuses the file.
extension ScreeningQuestionnaire {
    /// `vaccines`: those that it is asked before; none before a checkup.
    init(
        reading file: RuleReader, before vaccines: [Vaccine.ID] = [], _ names: ScreeningNames
    ) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "code", "version", "name", "effectiveFrom",
            "effectiveTo", "vaccines", "guardianConsentBelow", "items", "rules", "totalItem",
        ])
        code = try file.string("code")
        version = try file.string("version")
        name = try file.text("name")
        effective = try file.effectivePeriod()
        source = try file.source()
        guardianBelowAge = try file.optionalInt("guardianConsentBelow", in: 0...20) ?? 0
        var items: [Item] = []
        for row in try file.children("items") {
            let item = try Item(reading: row, after: items, of: vaccines, names)
            guard !items.contains(where: { $0.linkID == item.linkID }) else {
                throw row.fault("linkId", "is given twice")
            }
            guard item.use == nil || !items.contains(where: { $0.use == item.use }) else {
                throw row.fault("use", "is given twice")
            }
            items.append(item)
        }
        guard !items.isEmpty else { throw file.fault("items", "is empty") }
        guard Set(items.filter { $0.scoreMax != nil }.map(\.isSensitive)).count <= 1 else {
            throw file.fault("items", "are scored in both compartments")
        }
        self.items = items
        totalItem = try file.optionalString("totalItem")
        rules =
            file.object["rules"] == nil
            ? []
            : try file.rows("rules") { row throws(RuleFault) in
                try Rule(reading: row, of: items, names.followUps)
            }
    }
}

extension ScreeningQuestionnaire.Item {
    fileprivate init(
        reading row: RuleReader, after items: [ScreeningQuestionnaire.Item],
        of form: [Vaccine.ID], _ names: ScreeningNames
    ) throws(RuleFault) {
        try row.requireOnly([
            "linkId", "text", "type", "required", "choices", "enableWhen", "vaccines",
            "contraindication", "concern", "advice", "use", "sensitive", "anew", "item",
        ])
        linkID = try row.string("linkId")
        text = try row.optional("text", row.text)
        isRequired = try row.bool("required")
        let isSensitive = try row.bool("sensitive", default: false)
        self.isSensitive = isSensitive
        isAskedAnew = try row.bool("anew", default: false)
        scoredAs = try row.optionalString("item")
        kind = try ScreeningQuestionnaire.Kind(reading: row, names.followUps)
        if !isSensitive, kind.followUps.contains(where: { names.followUps.isSensitive($0) }) {
            throw row.fault(
                "sensitive", "is false for a question that asks for a sensitive follow-up")
        }
        concern = try row.concern(of: text, kind, isBeforeDose: !form.isEmpty)
        let condition = try row.object["enableWhen"].map { _ throws(RuleFault) in
            try ScreeningQuestionnaire.Condition(reading: row.child("enableWhen"), after: items)
        }
        enabledWhen = condition
        // Otherwise how the one is answered would show in the other.
        let opener = items.first { $0.linkID == condition?.question }
        guard opener.map({ $0.isSensitive == isSensitive }) ?? true else {
            throw row.fault("enableWhen", "is of a question of the other compartment")
        }
        let asked = row.object["vaccines"] == nil ? [] : try names.vaccines.list(row, "vaccines")
        guard let code = try row.optionalString("contraindication") else {
            use = try ScreeningQuestionnaire.Use(reading: row, of: kind)
            topics = asked.map { names.vaccines.vaccines[$0.index].code }
            return
        }
        guard row.object["use"] == nil, kind == .boolean else {
            throw row.fault("contraindication", "stands beside another use, or is no yes and no")
        }
        guard let known = names.contraindications.first(where: { $0.code == code }) else {
            throw row.fault("contraindication", "is unknown")
        }
        use = .contraindication(code)
        // Nobody is asked what means nothing for the vaccine.
        let concerned = form.filter {
            known.vaccines.contains($0) && (asked.isEmpty || asked.contains($0))
        }
        guard !concerned.isEmpty else {
            throw row.fault("contraindication", "concerns no vaccine of the form")
        }
        topics = concerned.map { names.vaccines.vaccines[$0.index].code }
    }

    /// `nil` where nothing is scored.
    fileprivate var scoreMax: Int? { choices.compactMap(\.score).max() }
}

extension ScreeningQuestionnaire.Kind {
    fileprivate var followUps: [String] {
        guard case .choice(let choices) = self else { return [] }
        return choices.compactMap(\.followUp)
    }

    fileprivate init(
        reading row: RuleReader, _ followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        switch try row.string("type") {
        case "boolean": self = .boolean
        case "text": self = .text
        case "date": self = .day
        case "temperature": self = .temperature
        case "choice": self = .choice(try row.screeningChoices(followUps))
        default: throw row.fault("type", "is none of boolean, text, date, temperature, choice")
        }
    }
}

extension RuleReader {
    fileprivate func concern(
        of text: BilingualText?, _ kind: ScreeningQuestionnaire.Kind, isBeforeDose: Bool
    ) throws(RuleFault) -> ScreeningQuestionnaire.Concern? {
        guard object["concern"] != nil else {
            guard object["advice"] == nil else {
                throw fault("advice", "stands without a concern")
            }
            return nil
        }
        guard kind == .boolean, isBeforeDose, object["contraindication"] == nil,
            object["use"] == nil, let text
        else {
            throw fault(
                "concern", "stands beside a use, or is no yes and no before a vaccination")
        }
        return ScreeningQuestionnaire.Concern(
            question: text, answer: try bool("concern"),
            advice: try optional("advice", self.text))
    }

    fileprivate func screeningChoices(
        _ followUps: [String: FollowUpRule]
    ) throws(RuleFault) -> [ScreeningQuestionnaire.Choice] {
        let choices = try rows("choices", uniqueBy: "code") { choice throws(RuleFault) in
            try choice.requireOnly(["code", "name", "score", "followUp"])
            return ScreeningQuestionnaire.Choice(
                code: try choice.string("code"), name: try choice.optional("name", choice.text),
                score: try choice.optionalInt("score", in: 0...100),
                followUp: try choice.followUp(of: followUps))
        }
        guard choices.count > 1 else { throw fault("choices", "are fewer than two") }
        let scored = choices.count { $0.score != nil }
        guard scored == 0 || scored == choices.count else {
            throw fault("choices", "are scored only in part")
        }
        return choices
    }
}

extension ScreeningQuestionnaire.Rule {
    private static let openlyScored = "is sensitive, and the question is not"

    fileprivate init(
        reading row: RuleReader, of items: [ScreeningQuestionnaire.Item],
        _ followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        try row.requireOnly(["question", "atLeast", "totalAtLeast", "followUp"])
        guard let followUp = try row.followUp(of: followUps) else {
            throw row.fault("followUp", "is missing")
        }
        // What is scored is told by what the score asks for.
        let isSensitive = followUps.isSensitive(followUp)
        guard let linkID = try row.optionalString("question") else {
            let scored = items.filter { $0.scoreMax != nil }
            guard !isSensitive || scored.allSatisfy(\.isSensitive) else {
                throw row.fault("followUp", Self.openlyScored)
            }
            let reachable = items.reduce(0) { $0 + ($1.scoreMax ?? 0) }
            let limit = try row.int("totalAtLeast", in: 1...max(1, reachable))
            self = .total(atLeast: limit, followUp: followUp)
            return
        }
        guard let item = items.first(where: { $0.linkID == linkID }) else {
            throw row.fault("question", "is none of the questions")
        }
        guard !isSensitive || item.isSensitive else {
            throw row.fault("followUp", Self.openlyScored)
        }
        let limit = try row.int("atLeast", in: 1...max(1, item.scoreMax ?? 0))
        self = .question(linkID, atLeast: limit, followUp: followUp)
    }
}

extension ScreeningQuestionnaire.Use {
    fileprivate init?(
        reading row: RuleReader, of kind: ScreeningQuestionnaire.Kind
    ) throws(RuleFault) {
        switch (try row.optionalString("use"), kind) {
        case (nil, .temperature): throw row.fault("type", "is a temperature without a use")
        case (nil, _): return nil
        case ("temperature", .temperature): self = .temperature
        case ("consent", .boolean): self = .consent
        case ("due-date", .day): self = .dueDay
        case ("signed-by", .choice(let choices)):
            guard choices.contains(where: { $0.code == ScreeningQuestionnaire.guardian }) else {
                throw row.fault("choices", "leave out the guardian")
            }
            self = .signedBy
        default: throw row.fault("use", "is unknown, or not of this type")
        }
    }
}

extension ScreeningQuestionnaire.Condition {
    fileprivate init(
        reading row: RuleReader, after items: [ScreeningQuestionnaire.Item]
    ) throws(RuleFault) {
        try row.requireOnly(["question", "answer"])
        question = try row.string("question")
        guard let item = items.first(where: { $0.linkID == row.object["question"]?.string })
        else { throw row.fault("question", "is none of the questions before") }
        switch item.kind {
        case .boolean: answer = .boolean(try row.bool("answer"))
        case .choice(let choices):
            let code = try row.string("answer")
            guard choices.contains(where: { $0.code == code }) else {
                throw row.fault("answer", "is none of the choices")
            }
            answer = .choice(code)
        default: throw row.fault("question", "has no answers to choose from")
        }
    }
}
