/// 採点: the sum of the answers' scores and what it asks for. A rule fires on the answers that are there, so
/// that one alarming answer is heard even when the rest was left out.
package struct ScreeningScore: Hashable, Sendable {
    /// The sum; `nil` where nothing is scored, and while a scored question is unanswered.
    package let total: Int?
    /// Codes of `FollowUpRule`, each once: those of the rules in their order, then of the answers.
    package let followUps: [String]
}

extension ScreeningResponse {
    package var score: ScreeningScore {
        var scores: [String: Int] = [:]
        var chosen: [String] = []
        var isWhole = true
        for item in enabled {
            let isScored = item.choices.contains { $0.score != nil }
            guard case .choice(let code)? = self[item.linkID],
                let choice = item.choices.first(where: { $0.code == code })
            else {
                isWhole = isWhole && !isScored
                continue
            }
            scores[item.linkID] = choice.score
            if let followUp = choice.followUp { chosen.append(followUp) }
        }
        let sum = scores.values.reduce(0, +)
        let asked =
            form.questionnaire.rules.compactMap { $0.followUp(sum: sum, scores: scores) } + chosen
        return ScreeningScore(
            total: isWhole && !scores.isEmpty ? sum : nil,
            followUps: asked.enumerated().filter { !asked[..<$0.offset].contains($0.element) }
                .map(\.element))
    }
}

extension ScreeningQuestionnaire {
    /// What the scores of a result ask for, where they were written and the form was not.
    func followUps(of entries: [CheckupResult.Entry]) -> [String] {
        func score(_ item: String?) -> Int? {
            guard let item, let entry = entries.first(where: { $0.item == item }),
                case .quantity(let digits, unit: _) = entry.value
            else { return nil }
            return Int(digits)
        }
        var scores: [String: Int] = [:]
        for item in items { scores[item.linkID] = score(item.scoredAs) }
        let sum = score(totalItem) ?? 0
        return rules.compactMap { $0.followUp(sum: sum, scores: scores) }
    }
}

extension ScreeningQuestionnaire.Rule {
    /// Scores are never negative, so a sum of some answers that reaches the limit stays above it.
    fileprivate func followUp(sum: Int, scores: [String: Int]) -> String? {
        switch self {
        case .total(let limit, let followUp): sum >= limit ? followUp : nil
        case .question(let linkID, let limit, let followUp):
            (scores[linkID] ?? 0) >= limit ? followUp : nil
        }
    }
}
