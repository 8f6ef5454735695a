import Exchange
import Testing

@Suite struct QuestionnaireTests {
    static let day = MaternalCase.day("2026-06-01")

    static func form(_ code: String) throws -> Questionnaire {
        try #require(MaternalCase.rules.questionnaire(code, on: day))
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
        let score = try Self.form("epds").score(Self.answers(scores))
        #expect(score.total == total)
        #expect(score.followUps == followUps)
        #expect(score.unanswered.isEmpty)
    }

    @Test(arguments: 1...10)
    func `questions 1, 2 and 4 rise down the page, the others fall`(number: Int) throws {
        let question = try #require(
            Self.form("epds").questions.first { $0.linkID == "\(number)" })
        let rising = [1, 2, 4].contains(number)
        #expect(question.choices.map(\.score) == (rising ? [0, 1, 2, 3] : [3, 2, 1, 0]))
        #expect(question.choices.map(\.code) == ["1", "2", "3", "4"])
        #expect(question.isSensitive)
        // The wording belongs to its authors.
        #expect(question.text == nil && question.choices.allSatisfy { $0.name == nil })
    }

    @Test func `an answer to question 10 is heard though nothing else was answered`() throws {
        let form = try Self.form("epds")
        let alone = try form.score(["10": "3"])
        #expect(alone.total == nil)
        #expect(alone.followUps == ["self-harm"])
        #expect(alone.unanswered == ["1", "2", "3", "4", "5", "6", "7", "8", "9"])
        let never = try form.score(["10": "4"])
        #expect(never.followUps.isEmpty)
    }

    @Test func `a sum that already reaches nine needs no further answer`() throws {
        let partial = try Self.form("epds").score(["3": "1", "5": "1", "6": "1"])
        #expect(partial.total == nil && partial.followUps == ["maternal-support"])
    }

    @Test func `an answer or a question the form does not have is refused`() throws {
        let form = try Self.form("epds")
        #expect(throws: Questionnaire.Problem.unknownAnswer(question: "1")) {
            try form.score(["1": "0"])
        }
        #expect(throws: Questionnaire.Problem.unknownAnswer(question: "7")) {
            try form.score(["7": "5"])
        }
        #expect(throws: Questionnaire.Problem.unknownQuestion("11")) {
            try form.score(["11": "1"])
        }
    }

    @Test func `what happened at home is sensitive and asks for safety the same day`() throws {
        let form = try Self.form("child-rearing-3-4m")
        let score = try form.score(["community": "1", "home-hit": "yes", "home-no-food": "yes"])
        #expect(score.total == nil && !form.isScored && form.isSensitive)
        #expect(score.followUps == ["safety"])
        let safety = try #require(MaternalCase.rules.followUps["safety"])
        #expect(safety.isSensitive && safety.dueDay(after: Self.day) == Self.day)
        for question in form.questions where question.linkID.hasPrefix("home-") {
            #expect(question.isSensitive)
        }
    }

    @Test func `a form is not there before it was`() {
        #expect(MaternalCase.rules.questionnaire("epds", on: MaternalCase.day("2017-03-31")) == nil)
        #expect(MaternalCase.rules.questionnaire("epds", on: MaternalCase.day("2017-04-01")) != nil)
    }
}
