/// 予診票: the forms before vaccinations, each vaccine asked about by one on any day.
extension RuleFolder {
    func screeningForms(
        _ register: VaccineRegister, _ contraindications: [Contraindication],
        _ campaigns: [Campaign]
    ) throws(RuleFault) -> ScreeningForms {
        let names = ScreeningNames(vaccines: register, contraindications: contraindications)
        var read: [(questionnaire: ScreeningQuestionnaire, vaccines: [Vaccine.ID])] = []
        for file in try readers(in: "immunization/questionnaires/") {
            let vaccines = try register.list(file, "vaccines")
            let questionnaire = try ScreeningQuestionnaire(
                reading: file, before: vaccines, names)
            try questionnaire.requireConsent(file)
            for other in read {
                try file.requireApart(questionnaire, other.questionnaire)
                guard
                    !other.questionnaire.effective.overlaps(questionnaire.effective)
                        || other.vaccines.allSatisfy({ !vaccines.contains($0) })
                else {
                    throw file.fault("vaccines", "has a vaccine that another form asks about")
                }
            }
            read.append((questionnaire, vaccines))
        }
        return ScreeningForms(
            read.flatMap { questionnaire, vaccines in
                vaccines.flatMap { id in
                    let topic = ScreeningForm.Topic.vaccine(register.vaccines[id.index])
                    let seasons = campaigns.filter { $0.vaccines.contains(id) }
                    return [ScreeningForm(questionnaire, before: topic)].compactMap(\.self)
                        + seasons.compactMap {
                            ScreeningForm(questionnaire, before: topic, campaign: $0)
                        }
                }
            })
    }

    /// 問診票: those before checkups, which say themselves what they ask.
    func checkupQuestionnaires(
        followUps: [String: FollowUpRule], items: CheckupItems
    ) throws(RuleFault) -> [ScreeningQuestionnaire] {
        let names = ScreeningNames(followUps: followUps)
        var forms: [ScreeningQuestionnaire] = []
        for file in try readers(in: "maternal/")
        where file.file.hasPrefix("maternal/questionnaire-") {
            let form = try ScreeningQuestionnaire(reading: file, names)
            let named = [form.totalItem] + form.items.map(\.scoredAs)
            guard named.allSatisfy({ $0.map { items[$0] != nil } ?? true }) else {
                throw file.fault("item", "is not in maternal/items.json")
            }
            if let open = form.scoredInConfidence.first(where: { !items.isSensitive($0) }) {
                throw file.fault("item", "\(open) is open, and the question is sensitive")
            }
            for other in forms {
                try file.requireApart(form, other)
                guard other.code != form.code || !other.effective.overlaps(form.effective) else {
                    throw file.fault("effectiveFrom", "overlaps another form of the same code")
                }
            }
            forms.append(form)
        }
        return forms
    }
}

extension RuleReader {
    fileprivate func requireApart(
        _ one: ScreeningQuestionnaire, _ other: ScreeningQuestionnaire
    ) throws(RuleFault) {
        guard one.code != other.code || one.version != other.version else {
            throw fault("version", "is given twice")
        }
    }
}

extension ScreeningQuestionnaire {
    /// Codes of the checkup items by which a result tells what was answered in confidence.
    fileprivate var scoredInConfidence: [String] {
        let asked = items.filter(\.isSensitive)
        let isTotal = asked.contains { $0.choices.contains { $0.score != nil } }
        return asked.compactMap(\.scoredAs) + [isTotal ? totalItem : nil].compactMap(\.self)
    }

    /// Nobody is vaccinated without consent; and vaccinations have no compartment.
    fileprivate func requireConsent(_ file: RuleReader) throws(RuleFault) {
        _ = try file.int("guardianConsentBelow", in: 0...20)
        for use in [Use.consent, .signedBy] where !items.contains(where: { $0.use == use }) {
            throw file.fault("items", "leaves out the consent or who signs it")
        }
        guard items.allSatisfy({ $0.text != nil && !$0.isSensitive }) else {
            throw file.fault("items", "has a question that is sensitive or without words")
        }
    }
}
