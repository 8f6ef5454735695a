import Exchange
import TestSupport
import Testing

/// 医師が確かめる回答: what a form asks beside the contraindications is a caution where it is answered so, and
/// never nothing.
@Suite struct ScreeningConcernTests {
    private static let day = "2026-06-15"

    private static func forms() throws -> [ScreeningForm] {
        try VaccinationCase.rules().screenings.answerable(on: CalendarDay(day))
    }

    /// What the check finds of one answer alone, and of the one that opens its question.
    private static func found(
        _ item: ScreeningQuestionnaire.Item, _ answer: Bool, in form: ScreeningForm
    ) throws -> [NeedleFinding] {
        let rules = try VaccinationCase.rules()
        let vaccine = try #require(rules.vaccine(named: form.topic.code)?.vaccine)
        var answers: [ScreeningResponse.Answer] = []
        if let condition = item.enabledWhen {
            answers.append(.init(linkID: condition.question, value: condition.answer))
        }
        answers.append(.init(linkID: item.linkID, value: .boolean(answer)))
        let response = ScreeningResponse(
            form: form, status: .completed, authored: nil, answers: answers)
        var question = NeedleQuestion(
            birth: nil, history: [], candidate: GivenDose(vaccine, on: try CalendarDay(day)))
        question.person = response.screening(birth: nil, on: try CalendarDay(day))
        return checkBeforeNeedle(question, rules).findings.filter { $0.rule == .concern }
    }

    @Test func `of every yes or no of every form the file says what it is to the check`() throws {
        for form in try VaccinationCase.rules().screenings.all {
            for item in form.items where item.kind == .boolean {
                #expect(
                    (item.use == nil) != (item.concern == nil), "\(form.id) \(item.linkID)")
            }
        }
    }

    @Test func `each form's answers for the doctor are these`() throws {
        let common = [
            "understood": false, "unwell": true, "ill-last-month": true,
            "vaccinated-last-month": true, "doctor-agreed": false, "family-reaction": true,
        ]
        let own = [
            "child": ["birth-or-growth": true], "adult": ["anticoagulant": true],
            "hpv": ["fainted": true, "may-be-pregnant": true],
            "maternal": ["pregnancy-disorder": true],
        ]
        let forms = try Self.forms()
        #expect(Set(forms.map(\.questionnaire.code)) == Set(own.keys))
        for form in forms {
            var heeded: [String: Bool] = [:]
            for item in form.items {
                if let concern = item.concern { heeded[item.linkID] = concern.answer }
            }
            let expected = common.merging(own[form.questionnaire.code] ?? [:]) { $1 }
            #expect(heeded == expected, "\(form.id)")
        }
    }

    @Test func `answered so it is a caution in the question's own words, and otherwise nothing`()
        throws
    {
        let rules = try VaccinationCase.rules()
        for form in try Self.forms() {
            for item in form.items {
                guard let concern = item.concern, let asked = item.text else { continue }
                #expect(try Self.found(item, !concern.answer, in: form).isEmpty, "\(item.linkID)")
                let found = try Self.found(item, concern.answer, in: form)
                #expect(found.map(\.verdict) == [.caution], "\(form.id) \(item.linkID)")
                let finding = try #require(found.first)
                #expect(rules.code(of: finding) == "questionnaire-concern")
                for reader in [ImmunizationRules.Reader.nurse, .parent] {
                    let text = rules.text(of: finding, for: reader)
                    let answer = concern.answer ? ("はい", "yes") : ("いいえ", "no")
                    #expect(text.ja.contains(asked.ja) && text.ja.contains(answer.0))
                    #expect(text.en.contains(asked.en) && text.en.contains(answer.1))
                    #expect(!text.ja.contains("—") && !text.en.contains("—"))
                }
                let isOfDose = item.linkID == "vaccinated-last-month"
                let nurse = rules.text(of: finding, for: .nurse)
                #expect(nurse.ja.contains("接種歴に加えて") == isOfDose)
                #expect(nurse.en.contains("add it to the history") == isOfDose)
            }
        }
    }

    /// A concern of what is no yes and no, or means something else; `ScreeningTests` sees each refused.
    static let wrong: [(old: String, new: String, path: String)] = [
        (
            #""linkId": "unwell-details","#, #""linkId": "unwell-details", "concern": true,"#,
            "items[3].concern"
        ),
        (
            #""contraindication": "convulsion""#,
            #""contraindication": "convulsion", "concern": true"#, "items[15].concern"
        ),
        (#""use": "consent""#, #""use": "consent", "concern": false"#, "items[33].concern"),
        (#""concern": true"#, #""concern": "yes""#, "items[2].concern"),
        (
            #""linkId": "unwell-details","#,
            #""linkId": "unwell-details", "advice": {"ja": "聞く", "en": "ask"},"#,
            "items[3].advice"
        ),
    ]

    /// Rules that were kept from before: no form has such an answer, and no file its words.
    @Test func `rules of before are read, and words are missing only where they are needed`() throws
    {
        var files = Profiles.files
        let path = "immunization/rules.json"
        let file = try #require(try JSON(reading: files[path] ?? []).object)
        let added = [
            "questionnaire-concern", "expiry-unsaid", "temperature-unsaid", "answers-unsaid",
        ]
        let rows = try file.requiredArray("rules").filter {
            !added.contains($0.object?["code"]?.string ?? "")
        }
        files[path] = Array(JSON.object(file.with("rules", .array(rows))).text.utf8)
        let wordless = files
        #expect(throws: RuleFault.self) { _ = try ImmunizationRules(reading: wordless) }
        for path in Profiles.files.keys where path.hasPrefix("immunization/questionnaires/") {
            let form = try #require(try JSON(reading: files[path] ?? []).object)
            let items = try form.requiredArray("items").map { item in
                item.object.map { JSON.object($0.without("concern").without("advice")) } ?? item
            }
            files[path] = Array(JSON.object(form.with("items", .array(items))).text.utf8)
        }
        let rules = try ImmunizationRules(reading: files)
        #expect(rules.screenings.all.allSatisfy { $0.items.allSatisfy { $0.concern == nil } })
    }
}
