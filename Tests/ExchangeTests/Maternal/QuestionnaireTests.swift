import Exchange
import Testing

@Suite struct QuestionnaireTests {
    static let day = MaternalCase.day("2026-06-01")
    private static let rules = MaternalCase.rules

    static func form(
        _ code: String, before checkup: String, in compartment: CheckupCompartment = .open
    ) throws -> ScreeningForm {
        try #require(
            rules.screenings.answerable(on: day).first {
                $0.questionnaire.code == code && $0.topic.code == checkup
                    && $0.compartment == compartment
            })
    }

    static func epds(before checkup: String = "postpartum-2w") throws -> ScreeningForm {
        try form("epds", before: checkup, in: .sensitive)
    }

    private static func score(
        _ form: ScreeningForm, _ answers: [String: String]
    ) -> ScreeningScore {
        ScreeningResponse(
            form: form, status: .completed, authored: nil,
            answers: answers.map { .init(linkID: $0, value: .choice($1)) }
        ).score
    }

    /// Answers by the score wanted of each question, with the form's own order of answers.
    static func answers(_ scores: [Int]) -> [String: String] {
        var answers: [String: String] = [:]
        for (index, score) in scores.enumerated() {
            let rises = [1, 2, 4].contains(index + 1)
            answers["\(index + 1)"] = "\(rises ? score + 1 : 4 - score)"
        }
        return answers
    }

    static let scored: [(scores: [Int], total: Int, followUps: [String])] = [
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 0, []),
        ([3, 3, 2, 0, 0, 0, 0, 0, 0, 0], 8, []),
        ([3, 3, 3, 0, 0, 0, 0, 0, 0, 0], 9, ["maternal-support"]),
        ([1, 1, 1, 1, 1, 1, 1, 1, 1, 0], 9, ["maternal-support"]),
        ([0, 0, 0, 0, 0, 0, 0, 0, 0, 1], 1, ["self-harm"]),
        ([0, 0, 0, 0, 0, 2, 3, 0, 0, 3], 8, ["self-harm"]),
        ([0, 0, 0, 0, 0, 3, 3, 0, 0, 3], 9, ["self-harm", "maternal-support"]),
        ([3, 3, 3, 3, 3, 3, 3, 3, 3, 3], 30, ["self-harm", "maternal-support"]),
    ]

    @Test(arguments: scored)
    func `nine points, or any thought of self-harm, ask for a follow-up`(
        scores: [Int], total: Int, followUps: [String]
    ) throws {
        let score = try Self.score(Self.epds(), Self.answers(scores))
        #expect(score.total == total)
        #expect(score.followUps == followUps)
    }

    @Test(arguments: 1...10)
    func `questions 1, 2 and 4 rise down the page, the others fall`(number: Int) throws {
        let question = try #require(Self.epds().items.first { $0.linkID == "\(number)" })
        let rising = [1, 2, 4].contains(number)
        #expect(question.choices.map(\.score) == (rising ? [0, 1, 2, 3] : [3, 2, 1, 0]))
        #expect(question.choices.map(\.code) == ["1", "2", "3", "4"])
        // The wording belongs to its authors.
        #expect(question.text == nil && question.choices.allSatisfy { $0.name == nil })
    }

    @Test func `an answer to question 10 is heard though nothing else was answered`() throws {
        let alone = try Self.score(Self.epds(), ["10": "3"])
        #expect(alone.total == nil)
        #expect(alone.followUps == ["self-harm"])
        let never = try Self.score(Self.epds(), ["10": "4"])
        #expect(never.followUps.isEmpty)
    }

    @Test func `a sum that already reaches nine needs no further answer`() throws {
        let partial = try Self.score(Self.epds(), ["3": "1", "5": "1", "6": "1"])
        #expect(partial.total == nil && partial.followUps == ["maternal-support"])
    }

    @Test func `what happened at home is a form of its own and asks for safety the same day`()
        throws
    {
        let code = "child-rearing-3-4m"
        let open = try Self.form(code, before: "infant-3-4m")
        let home = try Self.form(code, before: "infant-3-4m", in: .sensitive)
        #expect(open.items.map(\.linkID) == ["community"])
        #expect(home.items.allSatisfy(\.isSensitive) && home.items.count > 1)
        #expect(open.canonical != home.canonical && open.id != home.id)
        let score = Self.score(home, ["home-hit": "yes", "home-no-food": "yes"])
        #expect(score.total == nil)
        #expect(score.followUps == ["safety"])
        let safety = try #require(Self.rules.followUps["safety"])
        #expect(safety.isSensitive && safety.dueDay(after: Self.day) == Self.day)
    }

    /// What was lost on its way comes again at once; after the next birth a mother may say the same words.
    @Test(arguments: [(0, true), (1, true), (2, false), (700, false)])
    func `the same answers on a later day are answers of their own`(
        days: Int, isSentAgain: Bool
    ) throws {
        func isSame(_ status: ScreeningResponse.Status, _ time: String? = nil) throws -> Bool {
            let told = ScreeningResponse(
                form: try Self.epds(), status: status, authored: try time.map { try GivenTime($0) },
                answers: [.init(linkID: "10", value: .choice("1"))])
            let held = ScreeningVersion(
                id: "s-1", version: 1, savedAt: Instant.startOfDay(Self.day), response: told)
            #expect(held.holds(told))
            return held.isSentAgain(by: told, on: Self.day.adding(days: days))
        }
        #expect(try isSame(.completed) == isSentAgain)
        #expect(try isSame(.draft))
        #expect(try isSame(.completed, "2026-06-01"))
    }

    @Test func `a score is of how it is now and is asked anew, an illness is not`() throws {
        let epds = try Self.epds()
        let scored = ScreeningResponse(
            form: epds, status: .completed, authored: nil,
            answers: Self.answers(Array(repeating: 1, count: 10)).map {
                .init(linkID: $0, value: .choice($1))
            })
        #expect(try scored.reused(in: Self.epds(before: "postpartum-1m")).answers.isEmpty)
        let history = try Self.form("child-history-3y", before: "infant-3y")
        let told = ScreeningResponse(
            form: history, status: .completed, authored: nil,
            answers: [.init(linkID: "congenital", value: .choice("yes"))])
        #expect(told.reused(in: history)["congenital"] == .choice("yes"))
    }

    /// 母子保健法12条・13条の健診 are those that a doctor judges; a test alone asks for no answers.
    @Test func `before every checkup by law or notice there is a form, in force as long as it`() {
        let judged = (Self.rules.child + Self.rules.postpartum).filter { rule in
            rule.items.contains { $0.code.hasSuffix("judgement") }
        }
        #expect(judged.count > 8)
        let asking =
            judged.map { ($0.code, $0.questionnaires) }
            + [(Self.rules.pregnancy.checkup, Self.rules.pregnancy.questionnaires)]
        for (checkup, questionnaires) in asking {
            #expect(!questionnaires.isEmpty, "\(checkup)")
            for code in questionnaires {
                let forms = Self.rules.screenings.answerable(on: Self.day).filter {
                    $0.topic.code == checkup && $0.questionnaire.code == code
                }
                #expect(!forms.isEmpty, "\(checkup) \(code)")
            }
        }
    }

    @Test func `of one checkup no compartment has two forms, of which one would hide the other`() {
        let forms = Self.rules.screenings.answerable(on: Self.day)
        let places = forms.map { "\($0.topic.code) \($0.compartment)" }
        #expect(Set(places).count == places.count)
    }

    @Test func `what is of the day is asked anew before each visit, an illness is not`() throws {
        let form = try Self.form("prenatal", before: "prenatal")
        let told = ScreeningResponse(
            form: form, status: .completed, authored: nil,
            answers: [
                .init(linkID: "bleeding", value: .boolean(true)),
                .init(linkID: "illnesses", value: .boolean(true)),
                .init(linkID: "illnesses-which", value: .text("甲状腺")),
            ])
        let draft = told.reused(in: form)
        #expect(draft.answers.map(\.linkID) == ["illnesses", "illnesses-which"])
        #expect(draft.status == .draft && draft["bleeding"] == nil)
    }

    @Test func `smoking, alcohol, loss and violence are asked in the other compartment alone`()
        throws
    {
        let home = try Self.form("prenatal", before: "prenatal", in: .sensitive)
        #expect(
            home.items.map(\.linkID) == [
                "smoking", "smoking-others", "alcohol", "earlier-loss", "partner-violence",
            ])
        #expect(Self.score(home, ["partner-violence": "yes"]).followUps == ["safety"])
        let open = try Self.form("prenatal", before: "prenatal")
        #expect(!open.items.contains { $0.isSensitive })
        // What a score or an answer asks for without confidence is no secret of the sensitive.
        for form in Self.rules.screenings.all where form.compartment == .open {
            let asked = form.items.flatMap(\.choices).compactMap(\.followUp)
            let isOpen = asked.allSatisfy { Self.rules.followUps[$0]?.isSensitive == false }
            #expect(isOpen, "\(form.id)")
        }
    }

    @Test func `every form is told by its name, in one field and one compartment`() throws {
        let forms = Self.rules.screenings
        #expect(Set(forms.all.map(\.id)).count == forms.all.count)
        for form in forms.all {
            #expect(forms.form(named: form.canonical) == form)
            #expect(forms.form(id: form.id) == form)
            #expect(forms.of(form.compartment).form(id: form.id) == form)
        }
        #expect(forms.all.contains { $0.compartment == .sensitive })
    }

    @Test func `a form is not there before it was`() {
        #expect(Self.rules.questionnaire("epds", on: MaternalCase.day("2017-03-31")) == nil)
        #expect(Self.rules.questionnaire("epds", on: MaternalCase.day("2017-04-01")) != nil)
    }
}
