import Exchange
import Testing

/// `Immunization/$check`: read precisely, judged together, answered with rule and source.
@Suite struct NeedleRequestTests {
    static let request = #"""
        {"resourceType":"Parameters","parameter":[
         {"name":"visit","valueString":"visit-1"},
         {"name":"patient","valueReference":{"reference":"Patient/pw-1"}},
         {"name":"date","valueDate":"2026-06-15"},
         {"name":"candidate","part":[
          {"name":"vaccineCode","valueCodeableConcept":{"coding":[
           {"system":"urn:tsunagi:CodeSystem:vaccine","code":"mr"}]}},
          {"name":"lotNumber","valueString":"FAKE01"},
          {"name":"expirationDate","valueDate":"2027-03-31"},
          {"name":"doseNumber","valuePositiveInt":1}]},
         {"name":"temperature","valueQuantity":{"value":36.8,"code":"Cel"}},
         {"name":"questionnaireRead","valueBoolean":true}]}
        """#

    private static func read(_ text: String) throws -> NeedleRequest {
        try NeedleRequest(reading: Array(text.utf8), VaccinationCase.rules())
    }

    /// The request with more parameters behind it.
    static func request(adding more: String) -> String {
        request.replacing("{\"name\":\"temperature\"", with: more + ",{\"name\":\"temperature\"")
    }

    static func report(
        _ text: String, held: [GivenDose] = [], birth: String = "2025-06-01",
        gaps: [ClosedRange<CalendarDay>] = []
    ) throws -> NeedleReport {
        checkBeforeNeedle(
            try read(text),
            of: NeedlePerson(
                birth: try CalendarDay(birth), sex: .female, held: held, gaps: gaps),
            today: try CalendarDay("2026-06-15"), try VaccinationCase.rules())
    }

    static func codes(_ report: NeedleReport, _ place: Int = 0) throws -> [String] {
        let rules = try VaccinationCase.rules()
        return report.items[place].answer.findings.map { rules.code(of: $0) }
    }

    private static func candidate(_ code: String) -> String {
        #"{"name":"candidate","part":[{"name":"vaccineCode","valueCodeableConcept":{"coding":[{"#
            + #""system":"urn:tsunagi:CodeSystem:vaccine","code":""#
            + code + #""}]}},{"name":"expirationDate","valueDate":"2027-03-31"}]}"#
    }

    @Test func `a plain question is read and judged fine`() throws {
        let request = try Self.read(Self.request)
        #expect(request.visitID == "visit-1")
        #expect(request.patientID == "pw-1")
        #expect(request.screening.temperatureTenths == 368)
        #expect(request.candidates.first?.vial.lotNumber == "FAKE01")
        let report = try Self.report(Self.request)
        #expect(report.verdict == .fine)
        #expect(report.dosesKnown == 0)
    }

    /// An old defect: of somebody whose birth the register does not have, no window was judged, though the
    /// nurse had sent what the ticket says.
    @Test(arguments: [
        ("2025-06-16", "fine"), ("2025-06-17", "stop"), ("2024-06-16", "fine"),
        ("2024-06-15", "stop"),
    ])
    func `where the register has no birth date the ticket's is judged by, and that is said`(
        birth: String, verdict: String
    ) throws {
        let ticket = #"{"name":"ticket","part":[{"name":"birthDate","valueDate":"\#(birth)"}]}"#
        let rules = try VaccinationCase.rules()
        func report(_ known: CalendarDay?) throws -> NeedleReport {
            checkBeforeNeedle(
                try Self.read(Self.request(adding: ticket)),
                of: NeedlePerson(birth: known, sex: .female, held: []),
                today: try CalendarDay("2026-06-15"), rules)
        }
        let told = try report(nil)
        #expect(told.verdict.rawValue == verdict)
        #expect(try Self.codes(told).contains("birth-stated"))
        #expect(try !Self.codes(told).contains("birth-unknown"))
        // The register's own word is never replaced: another birth is another person.
        let other = try report(CalendarDay("2025-06-01"))
        #expect(try Self.codes(other).contains("wrong-person"))
        #expect(try !Self.codes(other).contains("birth-stated"))
    }

    /// An old defect: the verdict was fine though the age was never looked at.
    @Test func `where nobody says the birth date the verdict is a caution until a reason is given`()
        throws
    {
        let rules = try VaccinationCase.rules()
        func report(_ text: String) throws -> NeedleReport {
            checkBeforeNeedle(
                try Self.read(text), of: NeedlePerson(birth: nil, sex: .female, held: []),
                today: try CalendarDay("2026-06-15"), rules)
        }
        let told = try report(Self.request)
        #expect(told.verdict == .caution && told.remaining == .caution)
        #expect(try Self.codes(told).first == "birth-unknown")
        let lifted = try report(
            Self.request(
                adding: #"{"name":"override","part":[{"name":"rule","valueCode":"birth-unknown"},"#
                    + #"{"name":"reason","valueString":"保険証で年齢を確かめた"}]}"#))
        #expect(lifted.verdict == .caution && lifted.remaining == .fine)
    }

    static let faults: [(old: String, new: String, refusal: Refusal)] = [
        (#""Parameters""#, #""Bundle""#, .malformed("resourceType")),
        (#"{"name":"visit","valueString":"visit-1"},"#, "", .missing("parameter(visit)")),
        (#""visit-1""#, #""a b""#, .malformed("parameter[0].valueString")),
        ("Patient/pw-1", "Group/pw-1", .malformed("parameter[1].valueReference.reference")),
        (#""name":"date""#, #""name":"day""#, .unknownItem("parameter[2].name")),
        (#""2026-06-15""#, #""2026-06-31""#, .malformed("parameter[2].valueDate")),
        (
            #""name":"date","valueDate""#, #""name":"date","valueDateTime""#,
            .missing("parameter[2].valueDate")
        ),
        (#""name":"candidate""#, #""name":"immunization""#, .missing("parameter(candidate)")),
        (#""name":"vaccineCode""#, #""name":"vaccine""#, .unknownItem("parameter[3].part[0].name")),
        (
            #""code":"mr""#, #""code":"rm""#,
            .vaccineUnknown("parameter[3].part[0].valueCodeableConcept.coding[0].code")
        ),
        (#""name":"doseNumber""#, #""name":"lotNumber""#, .duplicateItem("parameter[3].part[3]")),
        (
            #""valuePositiveInt":1"#, #""valuePositiveInt":0"#,
            .malformed("parameter[3].part[3].valuePositiveInt")
        ),
        (#""2027-03-31""#, #""2027""#, .malformed("parameter[3].part[2].valueDate")),
        (#""value":36.8"#, #""value":68"#, .malformed("parameter[4].valueQuantity.value")),
        (
            #""value":36.8,"code":"Cel""#, #""value":36.8,"code":"[degF]""#,
            .malformed("parameter[4].valueQuantity.code")
        ),
        (#""value":36.8,"#, "", .missing("parameter[4].valueQuantity.value")),
        (
            #""valueBoolean":true"#, #""valueCode":"true""#,
            .missing("parameter[5].valueBoolean")
        ),
        (
            #""FAKE01""#, #""123456789018""#,
            .individualNumberNotAllowed("parameter[3].part[1].valueString")
        ),
    ]

    @Test(arguments: faults)
    func `what is wrong is named by its path`(old: String, new: String, refusal: Refusal) throws {
        let text = try VaccinationSample.replacing(Self.request, old, new)
        let rules = try VaccinationCase.rules()
        do throws(Refusal) {
            _ = try NeedleRequest(reading: Array(text.utf8), rules)
            Issue.record("taken")
        } catch {
            #expect(error == refusal)
        }
    }

    @Test func `doses of one visit are judged together`() throws {
        let both = try Self.report(Self.request(adding: Self.candidate("varicella")))
        #expect(both.verdict == .fine, "live vaccines may be given on one day")
        #expect(both.items.count == 2)
        let twice = try Self.report(Self.request(adding: Self.candidate("mr")))
        #expect(twice.verdict == .stop)
        #expect(try Self.codes(twice).first == "duplicate")
        #expect(try Self.codes(twice, 1).first == "duplicate")
    }

    @Test func `a reason lifts a rule, but not the expiry of a lot`() throws {
        let varicella = try VaccinationCase.rules().vaccine(named: "水痘")
        let held = [GivenDose(varicella, on: try CalendarDay("2026-06-01"))]
        let plain = try Self.report(Self.request, held: held)
        #expect(plain.remaining == .stop)
        let code = try #require(try Self.codes(plain).first)
        func reason(_ rule: String) -> String {
            #"{"name":"override","part":[{"name":"rule","valueCode":""# + rule
                + #""},{"name":"reason","valueString":"周囲で流行"}]}"#
        }
        let lifted = try Self.report(Self.request(adding: reason(code)), held: held)
        #expect(lifted.verdict == .stop)
        #expect(lifted.remaining == .fine)
        #expect(lifted.items[0].overrides[0]?.reason == "周囲で流行")
        let other = try Self.report(Self.request(adding: reason("fever")), held: held)
        #expect(other.remaining == .stop)
        let expired = try Self.report(
            VaccinationSample.replacing(
                Self.request(adding: reason("lot-expired")), "2027-03-31", "2026-06-14"))
        #expect(expired.remaining == .stop)
        #expect(expired.items[0].overrides.isEmpty)
    }

    @Test func `a dose told by gateway and handbook counts once`() throws {
        let told = #"""
            {"name":"immunization","resource":{"resourceType":"Immunization","status":"completed",
             "vaccineCode":{"text":"BCG"},"occurrenceDateTime":"2025-11-10"}}
            """#
        let held = [
            GivenDose(
                try VaccinationCase.rules().vaccine(named: "BCG"), on: try CalendarDay("2025-11-10")
            )
        ]
        #expect(try Self.report(Self.request(adding: told), held: held).dosesKnown == 1)
        #expect(try Self.report(Self.request(adding: told)).dosesKnown == 1)
        #expect(try Self.report(Self.request(adding: told + "," + told)).dosesKnown == 1)
        let withdrawn = told.replacing("completed", with: "entered-in-error")
        #expect(try Self.report(Self.request(adding: withdrawn)).dosesKnown == 0)
        let half = told.replacing(#""status""#, with: #""isSubpotent":true,"status""#)
        #expect(try Self.report(Self.request(adding: half)).dosesKnown == 0)
    }

    /// One candidate stands in the request already.
    @Test(arguments: [
        ("candidate", NeedleRequestTests.candidate("bcg"), 11),
        (
            "immunization",
            #"{"name":"immunization","resource":{"resourceType":"Immunization","status":"completed","#
                + #""vaccineCode":{"text":"BCG"},"occurrenceDateTime":"2025-11-10"}}"#, 100
        ),
    ])
    func `more than any visit has is refused by name`(name: String, one: String, most: Int) throws {
        let rules = try VaccinationCase.rules()
        func read(_ count: Int) throws {
            let more = Array(repeating: one, count: count).joined(separator: ",")
            _ = try NeedleRequest(reading: Array(Self.request(adding: more).utf8), rules)
        }
        try read(most)
        #expect(throws: Refusal.tooMany("parameter(\(name))")) { try read(most + 1) }
    }

    /// 27 full days before 15 June some of May is too late, all of April is not, and of an unknown day nobody
    /// knows.
    @Test(arguments: [
        (#""occurrenceDateTime":"2026-05""#, "caution"),
        (#""occurrenceDateTime":"2026-04""#, "fine"), (#""occurrenceString":"去年""#, "caution"),
        (#""occurrenceDateTime":"2026-05-18""#, "fine"),
        (#""occurrenceDateTime":"2026-05-19""#, "stop"),
    ])
    func `a day that is not known is heeded where it matters`(when: String, verdict: String) throws
    {
        let told =
            #"{"name":"immunization","resource":{"resourceType":"Immunization","status":"completed","#
            + #""vaccineCode":{"text":"BCG"},"# + when + "}}"
        let report = try Self.report(Self.request(adding: told))
        #expect(report.verdict.rawValue == verdict)
        #expect(report.remaining == report.verdict)
        let isWhole = when.contains("2026-05-1")
        #expect(try Self.codes(report).contains("history-partial") == !isWhole)
    }

    @Test func `doses that a number passes over are missing, and that is no green light`() throws {
        let text = Self.request.replacing(#""code":"mr""#, with: #""code":"hepb""#)
            .replacing(#""valuePositiveInt":1"#, with: #""valuePositiveInt":3"#)
        let report = try Self.report(text, birth: "2025-12-01")
        #expect(report.verdict == .caution && report.remaining == .caution)
        #expect(try Self.codes(report) == ["history-partial"])
        let hepatitis = try VaccinationCase.rules().vaccine(named: "HBV")
        let first = GivenDose(hepatitis, on: try CalendarDay("2026-01-10"))
        let second = GivenDose(hepatitis, on: try CalendarDay("2026-02-10"))
        let known = try Self.report(text, held: [first, second], birth: "2025-12-01")
        #expect(known.verdict == .fine)
        // The interval from the first dose is what the third waits for.
        var alone = second
        alone.number = 2
        let unsure = try Self.report(text, held: [alone], birth: "2025-12-01")
        #expect(unsure.verdict == .caution)
    }

    @Test func `a history with gaps says so`() throws {
        let gap = try CalendarDay("2025-06-01")...CalendarDay("2026-06-10")
        let report = try Self.report(Self.request, gaps: [gap])
        #expect(report.verdict == .caution)
        #expect(try Self.codes(report) == ["history-gap"])
        #expect(report.dosesKnown == 0)
    }

    static let response = #"""
        {"name":"questionnaireResponse","resource":{"resourceType":"QuestionnaireResponse",
         "questionnaire":"urn:tsunagi:Questionnaire:screening-child-mr|1","status":"completed",
         "subject":{"reference":"Patient/pw-1"},"item":[ITEMS]}}
        """#

    @Test(arguments: [
        ("transfusion", "true", ["immunoglobulin-or-transfusion"]),
        ("convulsion", "true", ["convulsion"]),
        ("consent", "false", ["consent-missing"]),
        ("family-reaction", "true", ["questionnaire-concern"]),
        ("understood", "false", ["questionnaire-concern"]),
        ("transfusion", "false", []),
    ])
    func `answers of the questionnaire are heeded`(
        linkID: String, answer: String, codes: [String]
    ) throws {
        let items = try ScreeningTests.items(for: "mr", [linkID: answer])
        let text = Self.request(
            adding: Self.response.replacing("ITEMS", with: items.joined(separator: ",")))
        #expect(try Self.codes(try Self.report(text)) == codes)
    }

    /// An old defect: a check that said nothing of vial, fever and questionnaire was answered `fine`.
    @Test(arguments: [
        (#"{"name":"expirationDate","valueDate":"2027-03-31"},"#, "expiry-unsaid"),
        (
            #"{"name":"temperature","valueQuantity":{"value":36.8,"code":"Cel"}},"#,
            "temperature-unsaid"
        ),
        (#"{"name":"questionnaireRead","valueBoolean":true}"#, "answers-unsaid"),
    ])
    func `what is not sent is a caution that says what to send`(part: String, code: String) throws {
        let rules = try VaccinationCase.rules()
        let text = Self.request.replacing(
            part, with: code == "answers-unsaid" ? part.replacing("true", with: "false") : "")
        let report = try Self.report(text)
        #expect(report.verdict == .caution && report.remaining == .caution)
        #expect(try Self.codes(report) == [code])
        let finding = try #require(report.items[0].answer.leading)
        for reader in [ImmunizationRules.Reader.nurse, .parent] {
            let told = rules.text(of: finding, for: reader)
            #expect(!told.ja.isEmpty && !told.en.isEmpty && !told.ja.contains("—"))
        }
        let lifted = try Self.report(
            text.replacing(
                #"{"name":"date""#,
                with: #"{"name":"override","part":[{"name":"rule","valueCode":"\#(code)"},"#
                    + #"{"name":"reason","valueString":"目で確かめた"}]},{"name":"date""#))
        #expect(lifted.verdict == .caution && lifted.remaining == .fine)
    }

    /// A child's form before another vaccine asks the same, but for what is asked before some alone.
    @Test(arguments: [
        ("je", "mr", true), ("hepb", "mr", false), ("mr", "hepb", false), ("mr", "mr", true),
    ])
    func `answers count for each vaccine whose questions they answer`(
        vaccine: String, form: String, isAnswered: Bool
    ) throws {
        let items = try ScreeningTests.items(for: form)
        let response = Self.response.replacing("child-mr", with: "child-\(form)")
            .replacing("ITEMS", with: items.joined(separator: ","))
        let text = Self.request(adding: response)
            .replacing(#","valueBoolean":true"#, with: #","valueBoolean":false"#)
            .replacing(#""code":"mr""#, with: #""code":"\#(vaccine)""#)
        let found = try Self.codes(try Self.report(text, birth: "2025-06-10"))
        #expect(found.contains("answers-unsaid") == !isAnswered, "\(found)")
    }

    @Test func `what was submitted and is of no dose yet is heeded unasked`() throws {
        let rules = try VaccinationCase.rules()
        let sent = ScreeningTests.response(try ScreeningTests.items(for: "mr"))
        let response = try SubmittedResponse(reading: Array(sent.utf8), rules.screenings).response
        let vaccine = rules.vaccine(named: "MR")
        func heeded(_ saved: [String], after dose: String? = nil) throws -> [String] {
            let held = try dose.map { [GivenDose(vaccine, on: try CalendarDay($0))] } ?? []
            let versions = try saved.map { day in
                let morning = Int64(try CalendarDay(day).daysSince1970) * 86_400
                return ScreeningVersion(
                    id: day, version: 1, savedAt: Instant(seconds: morning), response: response)
            }
            return rules.unusedAnswers(
                versions, before: try Self.read(Self.request),
                of: NeedlePerson(birth: nil, sex: nil, held: held),
                on: try CalendarDay("2026-06-15"), in: nil
            ).map(\.id)
        }
        #expect(try heeded(["2026-06-13", "2026-06-14"]) == ["2026-06-14"])
        #expect(try heeded(["2026-05-16"]) == ["2026-05-16"])
        #expect(try heeded(["2026-05-15"]) == [])
        #expect(try heeded(["2026-06-01"], after: "2026-05-31") == ["2026-06-01"])
        #expect(try heeded(["2026-06-01"], after: "2026-06-01") == [])
    }

    @Test func `another person's questionnaire is refused`() throws {
        let items = try ScreeningTests.items(for: "mr")
        let text = Self.request(
            adding: Self.response.replacing("ITEMS", with: items.joined(separator: ","))
                .replacing("pw-1", with: "pw-2"))
        let rules = try VaccinationCase.rules()
        #expect(throws: Refusal.malformed("parameter[4].resource.subject.reference")) {
            try NeedleRequest(reading: Array(text.utf8), rules)
        }
    }

    @Test func `the answer tells rule, source and words, the same bytes each time`() throws {
        let rules = try VaccinationCase.rules()
        let varicella = rules.vaccine(named: "水痘")
        let report = try Self.report(
            Self.request, held: [GivenDose(varicella, on: try CalendarDay("2026-06-01"))])
        let bytes = report.render(rulesVersion: "v1", rules)
        #expect(bytes == report.render(rulesVersion: "v1", rules))
        let answer = try #require(try JSON(reading: bytes).object)
        let parameters = try answer.requiredArray("parameter").compactMap(\.object)
        func named(_ name: String, _ list: [JSONObject]) -> [JSONObject] {
            list.filter { $0["name"]?.string == name }
        }
        let candidate = try #require(named("candidate", parameters).first)
        let parts = try candidate.requiredArray("part").compactMap(\.object)
        #expect(named("earliest", parts).first?["valueDate"]?.string == "2026-06-29")
        let finding = try #require(named("finding", parts).first)
        let told = try finding.requiredArray("part").compactMap(\.object)
        #expect(named("verdict", told).first?["valueCode"]?.string == "stop")
        #expect(named("source", told).first?["valueString"]?.string?.isEmpty == false)
        for reader in ["nurse", "parent"] {
            let text = try #require(named(reader, told).first)
            #expect(text["valueString"]?.string?.isEmpty == false)
            #expect(text["_valueString"]?.object?["extension"] != nil)
        }
    }
}
