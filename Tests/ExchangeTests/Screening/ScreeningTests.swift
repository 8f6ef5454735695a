import Exchange
import TestSupport
import Testing

/// 予診票: every form asks what the check must know, and every answer is read or refused by name.
@Suite struct ScreeningTests {
    private static func form(_ vaccine: String) throws -> ScreeningForm {
        let rules = try VaccinationCase.rules()
        let id = try #require(rules.vaccine(named: vaccine)?.vaccine)
        return try #require(
            rules.screenings.answerable(on: CalendarDay("2026-06-15")).first {
                $0.topic.code == rules.vaccine(id).code
            })
    }

    private static func item(_ linkID: String, _ value: String) -> String {
        #"{"linkId":""# + linkID + #"","answer":[{"# + value + "}]}"
    }

    /// What answers every required question: no to all, consent of the guardian. `answers` are booleans.
    static func items(for vaccine: String, _ answers: [String: String] = [:]) throws -> [String] {
        try form(vaccine).items.compactMap { question in
            let isAsked = question.enabledWhen == nil && question.isRequired
            let usual = ["consent": "true", "understood": "true"][question.linkID] ?? "false"
            switch question.kind {
            case .boolean where isAsked || answers[question.linkID] != nil:
                return item(
                    question.linkID, #""valueBoolean":"# + (answers[question.linkID] ?? usual))
            case .choice:
                let code = answers[question.linkID] ?? "guardian"
                return item(question.linkID, #""valueCoding":{"code":""# + code + #""}"#)
            default: return nil
            }
        }
    }

    static func response(_ items: [String], status: String = "completed") -> String {
        #"{"resourceType":"QuestionnaireResponse","questionnaire":"#
            + #""urn:tsunagi:Questionnaire:screening-child-mr|1","status":""#
            + status + #"","subject":{"reference":"Patient/pw-1"},"item":["#
            + items.joined(separator: ",") + "]}"
    }

    private static func read(_ text: String) throws -> ScreeningResponse {
        try SubmittedResponse(reading: Array(text.utf8), VaccinationCase.rules().screenings)
            .response
    }

    @Test func `every product that a schedule gives has one form, the yearly campaigns' too`()
        throws
    {
        let rules = try VaccinationCase.rules()
        let day = try CalendarDay("2026-10-01")
        let given = Set(rules.programmes.flatMap { rules.vaccines(of: $0) })
        let forms = Dictionary(grouping: rules.screenings.answerable(on: day), by: \.topic.code)
        // 製剤の種類の記録がない, and what is no longer given, are asked of nobody.
        let asked = rules.vaccines.filter { !$0.isGeneric && given.contains($0.code) }
        let without = asked.filter { forms[$0.code]?.count != 1 }.map(\.code)
        #expect(Set(without) == ["mmr", "opv", "pcv7", "pcv13"])
        for campaign in ["influenza", "influenza-high-dose", "covid"] {
            #expect(forms[campaign]?.count == 1, "\(campaign)")
        }
    }

    @Test func `every form asks of every contraindication of its vaccine`() throws {
        let rules = try VaccinationCase.rules()
        let forms = rules.screenings.answerable(on: try CalendarDay("2026-06-15"))
        #expect(forms.count >= 25)
        for form in forms {
            let asked = form.items.compactMap { item -> String? in
                guard case .contraindication(let code)? = item.use else { return nil }
                return code
            }
            let vaccine = try #require(rules.vaccine(named: form.topic.code)?.vaccine)
            var question = NeedleQuestion(
                birth: nil, history: [],
                candidate: GivenDose(vaccine, on: try CalendarDay("2026-06-15")))
            question.person.answers = rules.contraindications.map(\.code)
            let heeded = checkBeforeNeedle(question, rules).findings.filter { $0.rule == .answer }
                .map(rules.code(of:))
            // The HPV form asks of pregnancy without a rule, and so do the others where the law has none.
            #expect(Set(asked) == Set(heeded), "\(form.url)")
            #expect(rules.screenings.form(named: form.canonical) == form)
        }
    }

    @Test func `a form is a Questionnaire in both languages`() throws {
        let form = try Self.form("MR")
        let resource = try #require(try JSON(reading: form.render()).object)
        #expect(try resource.requiredString("url") == form.url)
        for item in try resource.requiredArray("item") {
            let object = try #require(item.object)
            #expect(object["_text"] != nil, "\(item)")
        }
        let links = try resource.requiredArray("item").compactMap { $0.object?["linkId"]?.string }
        #expect(links.contains("transfusion"))
        #expect(!links.contains("keloid"), "BCG alone asks of a keloid")
    }

    @Test func `a whole response is read, and read again from what is written`() throws {
        let response = try Self.read(Self.response(Self.items(for: "mr")))
        #expect(response.unanswered == [])
        let again = ScreeningVersion(
            id: "qr-1", version: 1, savedAt: Instant(microseconds: 0), response: response
        ).render(as: "pw-1")
        #expect(try Self.read(String(decoding: again, as: UTF8.self)) == response)
    }

    static let faults: [(old: String, new: String, refusal: Refusal)] = [
        ("|1", "|0", .malformed("questionnaire")),
        (#""completed""#, #""stopped""#, .malformed("status")),
        (#""linkId":"transfusion""#, #""linkId":"transfused""#, .malformed("item[16].linkId")),
        (
            #"{"linkId":"transfusion","answer":[{"valueBoolean":false}]},"#, "",
            .missing("item(transfusion)")
        ),
        (
            #"{"linkId":"transfusion","answer":[{"valueBoolean":false}]}"#,
            #"{"linkId":"transfusion"}"#, .missing("item(transfusion)")
        ),
        (
            #""transfusion","answer":[{"valueBoolean":false}"#,
            #""transfusion","answer":[{"valueString":"no"}"#,
            .missing("item[16].answer[0].valueBoolean")
        ),
        (
            #""transfusion","answer":[{"valueBoolean":false}"#,
            #""transfusion","answer":[{"valueBoolean":"no"}"#,
            .malformed("item[16].answer[0].valueBoolean")
        ),
        (
            #""transfusion","answer":[{"valueBoolean":false}"#,
            #""transfusion","answer":[{"valueBoolean":false},{"valueBoolean":true}"#,
            .duplicateItem("item[16].answer[1]")
        ),
        (#""linkId":"family-reaction""#, #""linkId":"transfusion""#, .duplicateItem("item[16]")),
        (
            #"{"code":"guardian"}"#, #"{"code":"neighbour"}"#,
            .malformed("item[19].answer[0].valueCoding.code")
        ),
        // A yes opens a question, and it must be answered.
        (
            #""unwell","answer":[{"valueBoolean":false}"#,
            #""unwell","answer":[{"valueBoolean":true}"#, .missing("item(unwell-details)")
        ),
        // A no leaves it shut.
        (
            #""unwell","answer":[{"valueBoolean":false}]}"#,
            #""unwell","answer":[{"valueBoolean":false}]},"#
                + #"{"linkId":"unwell-details","answer":[{"valueString":"せき"}]}"#,
            .unknownItem("item[2]")
        ),
        ("Patient/pw-1", "Group/1", .malformed("subject.reference")),
    ]

    @Test(arguments: faults)
    func `what is wrong is named`(old: String, new: String, refusal: Refusal) throws {
        let text = try VaccinationSample.replacing(
            Self.response(Self.items(for: "mr")), old, new)
        let forms = try VaccinationCase.rules().screenings
        do throws(Refusal) {
            _ = try SubmittedResponse(reading: Array(text.utf8), forms)
            Issue.record("taken")
        } catch {
            #expect(error == refusal)
        }
    }

    @Test func `a draft may leave out anything, and consents to nothing`() throws {
        let draft = try Self.read(Self.response([], status: "in-progress"))
        #expect(draft.unanswered.contains("consent"))
        let told = draft.screening(birth: nil, on: try CalendarDay("2026-06-15"))
        #expect(told.isConsented == nil)
    }

    @Test(arguments: [
        ("guardian", "true", "2010-06-16", true), ("self", "true", "2010-06-16", false),
        ("self", "true", "2010-06-15", true), ("self", "true", "2010-06-14", true),
        ("guardian", "false", "2010-06-14", false), ("self", "false", "2010-06-14", false),
    ])
    func `below sixteen the guardian consents`(
        signed: String, consent: String, birth: String, isConsented: Bool
    ) throws {
        let items = try Self.items(for: "mr", ["signed-by": signed, "consent": consent])
        let told = try Self.read(Self.response(items)).screening(
            birth: CalendarDay(birth), on: CalendarDay("2026-06-15"))
        #expect(told.isConsented == isConsented)
    }

    @Test func `last time's answers come back as a draft without what is of one day`() throws {
        var items = try Self.items(for: "mr", ["convulsion": "true"])
        items.append(Self.item("temperature", #""valueQuantity":{"value":36.55,"code":"Cel"}"#))
        let response = try Self.read(Self.response(items))
        let screening = response.screening(birth: nil, on: try CalendarDay("2026-06-15"))
        #expect(screening.temperatureTenths == 365)
        let draft = response.reused(in: try Self.form("BCG"))
        #expect(draft["convulsion"] == .boolean(true))
        #expect(draft["transfusion"] == nil, "BCG does not ask it")
        #expect(draft["consent"] == nil && draft["signed-by"] == nil && draft["temperature"] == nil)
        #expect(draft.status == .draft)
    }

    /// Last time's "no" would pass for today's, and lift a contraindication that nobody was asked of.
    @Test
    func `what is of today, of the last weeks or of this vaccine is asked anew by every form`()
        throws
    {
        let anew = [
            "understood", "unwell", "severe-illness", "ill-last-month", "illness-near",
            "vaccinated-last-month", "anaphylaxis", "earlier-reaction", "immunosuppressed",
            "transfusion", "pregnant", "may-be-pregnant", "pregnancy-disorder", "anticoagulant",
        ]
        let forms = try VaccinationCase.rules().screenings.answerable(on: CalendarDay("2026-06-15"))
        #expect(Set(forms.map(\.questionnaire.code)) == ["child", "adult", "hpv", "maternal"])
        for form in forms {
            let answered = ScreeningResponse(
                form: form, status: .completed, authored: nil,
                answers: form.items.compactMap { item in
                    guard case .boolean = item.kind else { return nil }
                    return .init(linkID: item.linkID, value: .boolean(false))
                })
            let draft = answered.reused(in: form)
            for linkID in anew { #expect(draft[linkID] == nil, "\(form.id) \(linkID)") }
            #expect(draft["convulsion"] == .boolean(false) && draft["allergy"] == .boolean(false))
        }
    }

    static let wrong: [(old: String, new: String, path: String)] = [
        (
            #""contraindication": "convulsion""#, #""contraindication": "convulsions""#,
            "items[15].contraindication"
        ),
        (
            #""contraindication": "convulsion""#, #""contraindication": "immunosuppressed""#,
            "items[21].use"
        ),
        (#""use": "consent""#, #""use": "temperature""#, "items[33].use"),
        (#""question": "unwell""#, #""question": "consent""#, "items[3].enableWhen.question"),
        (#""linkId": "unwell-details""#, #""linkId": "unwell""#, "items[3].linkId"),
        (#""code": "guardian""#, #""code": "parent""#, "items[34].choices"),
        (#""vaccines": ["dpt-ipv-hib""#, #""vaccines": ["hpv9", "dpt-ipv-hib""#, "vaccines"),
        (#""guardianConsentBelow": 16"#, #""guardianConsentBelow": 61"#, "guardianConsentBelow"),
    ]

    @Test(arguments: wrong + ScreeningConcernTests.wrong)
    func `a form that is wrong is refused with its place`(
        old: String, new: String, path: String
    ) throws {
        let files = Profiles.replacing("immunization/questionnaires/child.json", old, new)
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            Issue.record("taken")
        } catch {
            #expect(error.path == path && error.line != nil, "\(error)")
        }
    }
}
