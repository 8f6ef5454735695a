/// 予診票: the questions before a dose, by form and version. An item says what its answer is to the check,
/// so that no answer has to be read by eye to be heeded.
package struct ScreeningQuestionnaire: Hashable, Sendable {
    package struct Choice: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
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

    package struct Item: Hashable, Sendable {
        package let linkID: String
        package let text: BilingualText
        package let kind: Kind
        package let isRequired: Bool
        package let enabledWhen: Condition?
        package let use: Use?
        /// Asked only for these; empty is every vaccine of the form.
        let vaccines: [Vaccine.ID]
    }

    package let code: String
    package let version: String
    package let name: BilingualText
    package let vaccines: [Vaccine.ID]
    /// 保護者の同意: below this age the guardian consents.
    package let guardianBelowAge: Int
    package let items: [Item]
    package let effective: EffectivePeriod
    package let source: RuleSource

    /// The code of the guardian among those who may sign.
    static let guardian = "guardian"
}

/// One form for one vaccine: what a FHIR Questionnaire is.
package struct VaccineForm: Hashable, Sendable {
    package let questionnaire: ScreeningQuestionnaire
    package let vaccine: Vaccine
    /// What is asked before this vaccine.
    package let items: [ScreeningQuestionnaire.Item]

    fileprivate init(
        _ questionnaire: ScreeningQuestionnaire, _ id: Vaccine.ID, _ rules: ImmunizationRules
    ) {
        self.questionnaire = questionnaire
        vaccine = rules.vaccine(id)
        items = questionnaire.items.filter { $0.vaccines.isEmpty || $0.vaccines.contains(id) }
    }

    package var url: String { Self.url(questionnaire, vaccine) }

    /// `url|version`.
    package var canonical: String { url + "|" + questionnaire.version }
    package var id: String {
        "screening-\(questionnaire.code)-\(vaccine.code)-\(questionnaire.version)"
    }

    fileprivate static func url(
        _ questionnaire: ScreeningQuestionnaire, _ vaccine: Vaccine
    ) -> String {
        "urn:tsunagi:Questionnaire:screening-\(questionnaire.code)-\(vaccine.code)"
    }
}

extension ImmunizationRules {
    /// The form in force on a day.
    package func form(for vaccine: Vaccine.ID, on day: CalendarDay) -> VaccineForm? {
        questionnaires.first { $0.vaccines.contains(vaccine) && $0.effective.contains(day) }
            .map { VaccineForm($0, vaccine, self) }
    }

    /// The form a response names (`url|version`), also one that is no longer in force: its answers stay
    /// readable.
    package func form(named canonical: String) -> VaccineForm? {
        for questionnaire in questionnaires where canonical.hasSuffix("|" + questionnaire.version) {
            let vaccine = questionnaire.vaccines.first {
                VaccineForm.url(questionnaire, self.vaccine($0)) + "|" + questionnaire.version
                    == canonical
            }
            if let vaccine { return VaccineForm(questionnaire, vaccine, self) }
        }
        return nil
    }

    /// The form of this id, also one that is no longer in force.
    package func form(id: String) -> VaccineForm? {
        questionnaires.lazy.flatMap { questionnaire in
            questionnaire.vaccines.lazy.map { VaccineForm(questionnaire, $0, self) }
        }.first { $0.id == id }
    }

    /// Every form in force on a day, in the order of the files and of their vaccines.
    package func forms(on day: CalendarDay) -> [VaccineForm] {
        questionnaires.filter { $0.effective.contains(day) }.flatMap { questionnaire in
            questionnaire.vaccines.map { VaccineForm(questionnaire, $0, self) }
        }
    }
}
