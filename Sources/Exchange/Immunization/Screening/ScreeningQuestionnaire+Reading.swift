/// 予診票の読み取り: a question nobody can answer, a use given twice or a condition on a later question refuses the
/// file.
extension RuleFolder {
    func screeningQuestionnaires(
        _ register: VaccineRegister, _ contraindications: [Contraindication]
    ) throws(RuleFault) -> [ScreeningQuestionnaire] {
        var questionnaires: [ScreeningQuestionnaire] = []
        for file in try readers(in: "immunization/questionnaires/") {
            let questionnaire = try ScreeningQuestionnaire(
                reading: file, register, contraindications)
            for other in questionnaires {
                let isSameVersion =
                    other.code == questionnaire.code && other.version == questionnaire.version
                guard !isSameVersion else { throw file.fault("version", "is given twice") }
                guard
                    !other.effective.overlaps(questionnaire.effective)
                        || other.vaccines.allSatisfy({ !questionnaire.vaccines.contains($0) })
                else {
                    throw file.fault("vaccines", "has a vaccine that another form asks about")
                }
            }
            questionnaires.append(questionnaire)
        }
        return questionnaires
    }
}

extension ScreeningQuestionnaire {
    fileprivate init(
        reading file: RuleReader, _ register: VaccineRegister,
        _ contraindications: [Contraindication]
    ) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "code", "version", "name", "effectiveFrom",
            "effectiveTo", "vaccines", "guardianConsentBelow", "items",
        ])
        code = try file.string("code")
        version = try file.string("version")
        name = try file.text("name")
        effective = try file.effectivePeriod()
        source = try file.source()
        vaccines = try register.list(file, "vaccines")
        guardianBelowAge = try file.int("guardianConsentBelow", in: 0...20)
        var items: [Item] = []
        for row in try file.children("items") {
            let item = try Item(
                reading: row, after: items, of: vaccines, register, contraindications)
            guard !items.contains(where: { $0.linkID == item.linkID }) else {
                throw row.fault("linkId", "is given twice")
            }
            guard item.use == nil || !items.contains(where: { $0.use == item.use }) else {
                throw row.fault("use", "is given twice")
            }
            items.append(item)
        }
        for use in [Use.consent, .signedBy] where !items.contains(where: { $0.use == use }) {
            throw file.fault("items", "leaves out the consent or who signs it")
        }
        self.items = items
    }
}

extension ScreeningQuestionnaire.Item {
    fileprivate init(
        reading row: RuleReader, after items: [ScreeningQuestionnaire.Item],
        of form: [Vaccine.ID], _ register: VaccineRegister,
        _ contraindications: [Contraindication]
    ) throws(RuleFault) {
        try row.requireOnly([
            "linkId", "text", "type", "required", "choices", "enableWhen", "vaccines",
            "contraindication", "use",
        ])
        linkID = try row.string("linkId")
        text = try row.text("text")
        isRequired = try row.bool("required")
        kind = try ScreeningQuestionnaire.Kind(reading: row)
        enabledWhen = try row.object["enableWhen"].map { _ throws(RuleFault) in
            try ScreeningQuestionnaire.Condition(reading: row.child("enableWhen"), after: items)
        }
        let asked = row.object["vaccines"] == nil ? [] : try register.list(row, "vaccines")
        guard let code = try row.optionalString("contraindication") else {
            use = try ScreeningQuestionnaire.Use(reading: row, of: kind)
            vaccines = asked
            return
        }
        guard row.object["use"] == nil, kind == .boolean else {
            throw row.fault("contraindication", "stands beside another use, or is no yes and no")
        }
        guard let known = contraindications.first(where: { $0.code == code }) else {
            throw row.fault("contraindication", "is unknown")
        }
        use = .contraindication(code)
        // Nobody is asked what means nothing for the vaccine.
        vaccines = form.filter {
            known.vaccines.contains($0) && (asked.isEmpty || asked.contains($0))
        }
        guard !vaccines.isEmpty else {
            throw row.fault("contraindication", "concerns no vaccine of the form")
        }
    }
}

extension ScreeningQuestionnaire.Kind {
    fileprivate init(reading row: RuleReader) throws(RuleFault) {
        switch try row.string("type") {
        case "boolean": self = .boolean
        case "text": self = .text
        case "date": self = .day
        case "temperature": self = .temperature
        case "choice":
            var choices: [ScreeningQuestionnaire.Choice] = []
            for choice in try row.children("choices") {
                try choice.requireOnly(["code", "name"])
                let code = try choice.string("code")
                guard !choices.contains(where: { $0.code == code }) else {
                    throw choice.fault("code", "is given twice")
                }
                choices.append(.init(code: code, name: try choice.text("name")))
            }
            guard choices.count > 1 else { throw row.fault("choices", "are fewer than two") }
            self = .choice(choices)
        default: throw row.fault("type", "is none of boolean, text, date, temperature, choice")
        }
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
