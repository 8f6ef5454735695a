/// 問診票の読み取り: a score nobody can reach, an answer given twice or a follow-up nobody knows refuses
/// the file.
extension Questionnaire {
    init(reading file: RuleReader, followUps: [String: FollowUpRule]) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "effectiveFrom", "effectiveTo", "code", "name",
            "questions", "rules", "totalItem",
        ])
        code = try file.string("code")
        name = try file.text("name")
        effective = try file.effectivePeriod()
        source = try file.source()
        let questions = try file.rows("questions", uniqueBy: "linkId") { row throws(RuleFault) in
            try Question(reading: row, followUps: followUps)
        }
        guard !questions.isEmpty else { throw file.fault("questions", "is empty") }
        self.questions = questions
        totalItem = try file.optionalString("totalItem")
        rules = try file.rows("rules") { row throws(RuleFault) in
            try Rule(reading: row, questions: questions, followUps: followUps)
        }
    }
}

extension Questionnaire.Question {
    fileprivate init(
        reading row: RuleReader, followUps: [String: FollowUpRule]
    ) throws(RuleFault) {
        try row.requireOnly(["linkId", "text", "sensitive", "choices", "item"])
        linkID = try row.string("linkId")
        text = try row.optional("text", row.text)
        isSensitive = try row.bool("sensitive")
        item = try row.optionalString("item")
        let choices = try row.rows("choices", uniqueBy: "code") { choice throws(RuleFault) in
            try choice.requireOnly(["code", "name", "score", "followUp"])
            return Questionnaire.Choice(
                code: try choice.string("code"), name: try choice.optional("name", choice.text),
                score: try choice.optionalInt("score", in: 0...100),
                followUp: try choice.followUp(of: followUps))
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
