/// 問診票: questions to be answered before a checkup, the score each answer carries, and what a score
/// asks of the municipality. A rule fires on the answers that are there, so that one alarming answer is
/// heard even when the rest was left out.
package struct Questionnaire: Hashable, Sendable {
    package struct Choice: Hashable, Sendable {
        package let code: String
        package let name: BilingualText?
        package let score: Int?
        package let followUp: String?
    }

    package struct Question: Hashable, Sendable {
        package let linkID: String
        /// `nil` where the wording belongs to its authors and the form itself is shown.
        package let text: BilingualText?
        package let isSensitive: Bool
        package let choices: [Choice]
        /// Code of the checkup item that holds its score, where a result says it without the form.
        package let item: String?
    }

    package enum Rule: Hashable, Sendable {
        case total(atLeast: Int, followUp: String)
        case question(String, atLeast: Int, followUp: String)
    }

    /// 採点の結果.
    package struct Score: Hashable, Sendable {
        /// The sum; `nil` while a question is unanswered.
        package let total: Int?
        /// Codes of `FollowUpRule`, each once: those of the rules in their order, then of the answers.
        package let followUps: [String]
        /// In the order of the form.
        package let unanswered: [String]
    }

    package enum Problem: Error, Hashable, Sendable {
        case unknownQuestion(String)
        /// The question has no such answer.
        case unknownAnswer(question: String)
    }

    package let code: String
    package let name: BilingualText
    package let questions: [Question]
    package let rules: [Rule]
    /// Code of the checkup item that holds the total.
    package let totalItem: String?
    package let effective: EffectivePeriod
    package let source: RuleSource

    package var isScored: Bool { questions.contains { $0.choices.contains { $0.score != nil } } }
    package var isSensitive: Bool { questions.contains(where: \.isSensitive) }

    /// Answers are codes by link id.
    package func score(_ answers: [String: String]) throws(Problem) -> Score {
        for linkID in answers.keys.sorted()
        where !questions.contains(where: { $0.linkID == linkID }) {
            throw .unknownQuestion(linkID)
        }
        var scores: [String: Int] = [:]
        var chosen: [String] = []
        var unanswered: [String] = []
        for question in questions {
            guard let answer = answers[question.linkID] else {
                unanswered.append(question.linkID)
                continue
            }
            guard let choice = question.choices.first(where: { $0.code == answer }) else {
                throw .unknownAnswer(question: question.linkID)
            }
            scores[question.linkID] = choice.score
            if let followUp = choice.followUp { chosen.append(followUp) }
        }
        let sum = scores.values.reduce(0, +)
        let asked = rules.compactMap { $0.followUp(sum: sum, scores: scores) } + chosen
        return Score(
            total: isScored && unanswered.isEmpty ? sum : nil,
            followUps: asked.enumerated().filter { !asked[..<$0.offset].contains($0.element) }
                .map(\.element),
            unanswered: unanswered)
    }
}

extension Questionnaire {
    /// What the scores of a result ask for, where they were written and the form was not.
    func followUps(of entries: [CheckupResult.Entry]) -> [String] {
        func score(_ item: String?) -> Int? {
            guard let item, let entry = entries.first(where: { $0.item == item }),
                case .quantity(let digits, unit: _) = entry.value
            else { return nil }
            return Int(digits)
        }
        var scores: [String: Int] = [:]
        for question in questions { scores[question.linkID] = score(question.item) }
        let sum = score(totalItem) ?? 0
        return rules.compactMap { $0.followUp(sum: sum, scores: scores) }
    }
}

extension Questionnaire.Rule {
    /// Scores are never negative, so a sum of some answers that reaches the limit stays above it.
    fileprivate func followUp(sum: Int, scores: [String: Int]) -> String? {
        switch self {
        case .total(let limit, let followUp): sum >= limit ? followUp : nil
        case .question(let linkID, let limit, let followUp):
            (scores[linkID] ?? 0) >= limit ? followUp : nil
        }
    }
}
