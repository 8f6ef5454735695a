/// 問診票の読み取り: a score nobody can reach, an answer given twice or a follow-up nobody knows refuses
/// the file.
extension Questionnaire {
    init(reading file: RuleReader, followUps: [String: FollowUpRule]) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "effectiveFrom", "effectiveTo", "code", "name",
            "questions", "rules",
        ])
        code = try file.string("code")
        name = try file.text("name")
        effective = try file.effectivePeriod()
        source = try file.source()
        var questions: [Question] = []
        for row in try file.children("questions") {
            let question = try Question(reading: row, followUps: followUps)
            guard !questions.contains(where: { $0.linkID == question.linkID }) else {
                throw row.fault("linkId", "is given twice")
            }
            questions.append(question)
        }
        guard !questions.isEmpty else { throw file.fault("questions", "is empty") }
        self.questions = questions
        var rules: [Rule] = []
        for row in try file.children("rules") {
            rules.append(try Rule(reading: row, questions: questions, followUps: followUps))
        }
        self.rules = rules
    }
}

extension Questionnaire.Question {
    fileprivate init(
        reading row: RuleReader, followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        try row.requireOnly(["linkId", "text", "sensitive", "choices"])
        linkID = try row.string("linkId")
        text = row.object["text"] == nil ? nil : try row.text("text")
        isSensitive = try row.bool("sensitive")
        var choices: [Questionnaire.Choice] = []
        for choice in try row.children("choices") {
            try choice.requireOnly(["code", "name", "score", "followUp"])
            let code = try choice.string("code")
            guard !choices.contains(where: { $0.code == code }) else {
                throw choice.fault("code", "is given twice")
            }
            choices.append(
                Questionnaire.Choice(
                    code: code,
                    name: choice.object["name"] == nil ? nil : try choice.text("name"),
                    score: choice.object["score"] == nil
                        ? nil : try choice.int("score", in: 0...100),
                    followUp: try choice.followUp(of: followUps)))
        }
        guard choices.count > 1 else { throw row.fault("choices", "are fewer than two") }
        let scored = choices.count { $0.score != nil }
        guard scored == 0 || scored == choices.count else {
            throw row.fault("choices", "are scored only in part")
        }
        self.choices = choices
    }

    fileprivate var scoreMax: Int { choices.compactMap(\.score).max() ?? 0 }
}

extension Questionnaire.Rule {
    fileprivate init(
        reading row: RuleReader, questions: [Questionnaire.Question],
        followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        try row.requireOnly(["question", "atLeast", "totalAtLeast", "followUp"])
        guard let followUp = try row.followUp(of: followUps) else {
            throw row.fault("followUp", "is missing")
        }
        guard let linkID = try row.optionalString("question") else {
            let reachable = questions.reduce(0) { $0 + $1.scoreMax }
            let limit = try row.int("totalAtLeast", in: 1...max(1, reachable))
            self = .total(atLeast: limit, followUp: followUp)
            return
        }
        guard let question = questions.first(where: { $0.linkID == linkID }) else {
            throw row.fault("question", "is none of the questions")
        }
        let limit = try row.int("atLeast", in: 1...max(1, question.scoreMax))
        self = .question(linkID, atLeast: limit, followUp: followUp)
    }
}
