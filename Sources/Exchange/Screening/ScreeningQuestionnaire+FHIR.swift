/// Questionnaire (https://hl7.org/fhir/R4/questionnaire.html): one form before one dose or checkup, in both
/// languages.
extension ScreeningForm {
    /// With the days on which it is asked in a municipality; without any where it is asked on none.
    package func render(in municipality: String? = nil) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 8192)
        writer.object { form in
            form.member("resourceType", "Questionnaire")
            form.member("id", id)
            form.member("url", url)
            form.member("version", version)
            form.bilingual("title", title)
            form.member("status", "active")
            form.array("subjectType") { $0.string("Patient") }
            if let days = days(in: municipality) {
                form.period("effectivePeriod", days.from.text, days.to?.text)
            }
            form.array("code") {
                $0.codingItem(topic.system, topic.code, display: topic.name.ja)
            }
            form.array("item") { list in
                for item in items { item.write(to: &list, of: self) }
            }
        }
        return writer.bytes
    }

    var title: BilingualText {
        let year =
            season.map { BilingualText(ja: "\($0)年度 ", en: ", season \($0)") }
            ?? BilingualText(ja: "", en: "")
        return BilingualText(
            ja: "\(year.ja)\(questionnaire.name.ja)（\(topic.name.ja)）",
            en: "\(questionnaire.name.en) (\(topic.name.en)\(year.en))")
    }
}

extension ScreeningQuestionnaire.Item {
    fileprivate func write(to list: inout JSONWriter, of form: ScreeningForm) {
        list.object { item in
            if case .contraindication(let code)? = use {
                item.array("extension") {
                    $0.extensionItem(FHIR.Extension.contraindication, "valueCode", code)
                }
            }
            item.member("linkId", linkID)
            if let text { item.bilingual("text", text) }
            item.member("type", kind.type)
            if let condition = enabledWhen {
                item.array("enableWhen") { conditions in
                    conditions.object {
                        $0.member("question", condition.question)
                        $0.member("operator", "=")
                        let asked = form.items.first { $0.linkID == condition.question }
                        condition.answer.write(
                            "answer", in: form.answerSystem(of: asked ?? self), to: &$0)
                    }
                }
            }
            item.member("required", isRequired)
            guard case .choice(let choices) = kind else { return }
            item.array("answerOption") { options in
                for choice in choices {
                    options.object {
                        $0.coding(
                            "valueCoding", form.answerSystem(of: self), choice.code,
                            display: choice.name?.ja)
                    }
                }
            }
        }
    }
}

extension ScreeningQuestionnaire.Kind {
    /// `Questionnaire.item.type`.
    fileprivate var type: String {
        switch self {
        case .boolean: "boolean"
        case .text: "text"
        case .day: "date"
        case .temperature: "quantity"
        case .choice: "choice"
        }
    }
}
