/// 予診票・問診票: the questions before a dose or a checkup, by form and version. An item says what its answer is
/// to the check, its score, and what it asks of the municipality, so that no answer has to be read by eye to
/// be heeded.
package struct ScreeningQuestionnaire: Hashable, Sendable {
    package struct Choice: Hashable, Sendable {
        package let code: String
        package let name: BilingualText?
        package let score: Int?
        /// Code of a `FollowUpRule`.
        package let followUp: String?
    }

    package enum Kind: Hashable, Sendable {
        case boolean, text, day, temperature
        case choice([Choice])
    }

    /// What the check does with the answer.
    package enum Use: Hashable, Sendable {
        /// A yes is this row of `contraindications.json`.
        case contraindication(String)
        case temperature, consent, signedBy, dueDay
    }

    /// Asked only where an earlier question was answered so.
    package struct Condition: Hashable, Sendable {
        package let question: String
        package let answer: ScreeningResponse.Value
    }

    /// 医師が確かめる回答: one that the doctor looks at before the dose, though no row of
    /// `contraindications.json` speaks of it.
    package struct Concern: Hashable, Sendable {
        /// As the form asks it, so that the check names it in its own words.
        package let question: BilingualText
        package let answer: Bool
        /// What the nurse does besides.
        package let advice: BilingualText?
    }

    package struct Item: Hashable, Sendable {
        package let linkID: String
        /// `nil` where the wording belongs to its authors and the form itself is shown.
        package let text: BilingualText?
        package let kind: Kind
        package let isRequired: Bool
        package let enabledWhen: Condition?
        package let use: Use?
        package let concern: Concern?
        /// Asked in the sensitive compartment alone.
        package let isSensitive: Bool
        /// その日のこと: last time's answer is no draft of this time's.
        let isAskedAnew: Bool
        /// Code of the checkup item that holds its score, where a result says it without the form.
        let scoredAs: String?
        /// Asked only before these; empty is everything that the form is for.
        let topics: [String]

        package var choices: [Choice] {
            guard case .choice(let choices) = kind else { return [] }
            return choices
        }
    }

    /// What a score asks for.
    package enum Rule: Hashable, Sendable {
        case total(atLeast: Int, followUp: String)
        case question(String, atLeast: Int, followUp: String)
    }

    package let code: String
    package let version: String
    package let name: BilingualText
    /// 保護者の同意: below this age the guardian consents.
    package let guardianBelowAge: Int
    package let items: [Item]
    package let rules: [Rule]
    /// Code of the checkup item that holds the total.
    package let totalItem: String?
    package let effective: EffectivePeriod
    package let source: RuleSource

    /// The code of the guardian among those who may sign.
    static let guardian = "guardian"
}
