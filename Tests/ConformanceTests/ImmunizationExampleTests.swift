import Exchange
import Testing

/// The examples of `profiles/immunization/examples`: a child born on 2025-06-01, seen on 2026-06-15.
@Suite struct ImmunizationExampleTests {
    static func reads(_ example: Example) -> Bool {
        guard example.path.hasPrefix("immunization/") else { return false }
        return !example.isValid
            || ["record-", "check-", "forecast-", "reaction-", "response-"].contains {
                example.path.contains("/valid/" + $0)
            }
    }

    private static func rules() throws -> ImmunizationRules {
        try #require(Example.book.immunization)
    }

    private static func person() throws -> NeedlePerson {
        NeedlePerson(birth: try CalendarDay("2025-06-01"), sex: .female, held: [])
    }

    private static func today() throws -> CalendarDay { try CalendarDay("2026-06-15") }

    private static func read(_ example: Example) throws -> SubmittedVaccination {
        try SubmittedVaccination(
            reading: example.bytes,
            institution: Party(role: .institution, code: Written.institution), today: today(),
            rules())
    }

    /// Reads what an example of this name is.
    static func take(_ path: String, _ bytes: [UInt8]) throws {
        switch path.split(separator: "/").last?.split(separator: "-").first {
        case "record":
            _ = try read(Example(path: path, bytes: bytes, expectation: nil))
        case "check": _ = try NeedleRequest(reading: bytes, rules())
        case "forecast": _ = try ForecastRequest(reading: bytes, rules())
        case "reaction": _ = try SubmittedReaction(reading: bytes, today: today(), rules())
        default: _ = try SubmittedResponse(reading: bytes, rules().screenings)
        }
    }

    @Test(arguments: Example.of("immunization", "valid/record-"))
    func `a valid record is taken, and read again as it was`(example: Example) throws {
        let expected = try #require(example.expectation)
        let sent = try Self.read(example)
        let warnings = try expected.requiredArray("warnings").compactMap(\.string)
        #expect(try sent.vaccination.warnings(Self.rules()).map(\.rawValue) == warnings)
        #expect(sent.vaccination.occurrence.day?.text == expected["day"]?.string)
        #expect(try sent.vaccination.status.rawValue == expected.requiredString("status"))
        let version = VaccinationVersion(
            id: "rec-0001", version: 1, recordedAt: try Written.now(),
            institution: try Party(role: .institution, code: Written.institution),
            vaccination: sent.vaccination)
        let again = Example(
            path: example.path, bytes: version.render(as: sent.patientID, visitID: sent.visitID),
            expectation: nil)
        let read = try Self.read(again)
        #expect(read.id == version.id)
        #expect(read.vaccination == sent.vaccination)
        #expect((read.visitID, read.patientID) == (sent.visitID, sent.patientID))
    }

    @Test(arguments: Example.of("immunization", "valid/check-"))
    func `a valid question is judged as its side file says`(example: Example) throws {
        let expected = try #require(example.expectation)
        let report = checkBeforeNeedle(
            try NeedleRequest(reading: example.bytes, Self.rules()), of: try Self.person(),
            today: try Self.today(), try Self.rules())
        #expect(try report.verdict.rawValue == expected.requiredString("verdict"))
        #expect(try report.remaining.rawValue == expected.requiredString("remaining"))
    }

    @Test(arguments: Example.of("immunization", "valid/forecast-"))
    func `a valid question for the forecast is read`(example: Example) throws {
        let expected = try #require(example.expectation)
        let request = try ForecastRequest(reading: example.bytes, Self.rules())
        #expect(try request.history.count == expected.requiredInt("doses"))
    }

    @Test(arguments: Example.of("immunization", "valid/reaction-"))
    func `a valid report is read, and stands to the period as its side file says`(
        example: Example
    ) throws {
        let expected = try #require(example.expectation)
        let rules = try Self.rules()
        let sent = try SubmittedReaction(reading: example.bytes, today: Self.today(), rules)
        #expect(
            try rules.standing(of: sent.reaction).rawValue == expected.requiredString("period"))
    }

    @Test(arguments: Example.of("immunization", "valid/response-"))
    func `a valid response is read, and read again as it was`(example: Example) throws {
        let expected = try #require(example.expectation)
        let sent = try SubmittedResponse(reading: example.bytes, Self.rules().screenings)
        let unanswered = try expected.requiredArray("unanswered").compactMap(\.string)
        #expect(sent.response.unanswered == unanswered)
        let told = sent.response.screening(birth: nil, on: try Self.today())
        #expect(try told.answers == expected.requiredArray("told").compactMap(\.string))
        let again = ScreeningVersion(
            id: "qr-0001", version: 1, savedAt: try Written.now(), response: sent.response
        ).render(as: sent.patientID)
        let read = try SubmittedResponse(reading: again, Self.rules().screenings)
        #expect(read.id == "qr-0001" && read.patientID == sent.patientID)
        #expect(read.response == sent.response)
    }

    @Test(arguments: Example.of("immunization", "invalid/"))
    func `an invalid example names its error`(example: Example) throws {
        let expected = try #require(example.expectation).requiredString("expect")
        do {
            try Self.take(example.path, example.bytes)
            Issue.record("\(example.path) was read")
        } catch {
            #expect("Refusal.\(error)".replacing("\"", with: "") == expected)
        }
    }

    @Test func `the code system of findings lists what can be found`() throws {
        func codes(_ path: String, _ key: String) throws -> [String] {
            let file = try #require(try JSON(reading: Example.files[path] ?? []).object)
            return try file.requiredArray(key).compactMap { $0.object?["code"]?.string }
        }
        let rows = try codes("immunization/rules.json", "rules")
        let all =
            try rows + codes("immunization/intervals.json", "intervals")
            + codes("immunization/contraindications.json", "contraindications")
        #expect(try codes("fhir/CodeSystem-needle-rule.json", "concept") == all)
        #expect(Set(rows) == Set(NeedleRule.allCases.map(\.rawValue)))
        #expect(
            try codes("fhir/CodeSystem-needle-verdict.json", "concept")
                == NeedleVerdict.allCases.map(\.rawValue))
        #expect(
            try codes("fhir/CodeSystem-vaccination-forecast.json", "concept")
                == VaccinationForecast.Status.allCases.map(\.rawValue))
        #expect(
            try codes("fhir/CodeSystem-screening-decision.json", "concept")
                == Vaccination.ScreeningDecision.Code.allCases.map(\.rawValue))
        #expect(
            try codes("fhir/CodeSystem-vaccination-claim.json", "concept")
                == VaccinationClaimStatus.all.map(\.code))
        #expect(
            try codes("fhir/CodeSystem-reaction-period.json", "concept")
                == ReactionStanding.allCases.map(\.rawValue))
        #expect(
            try codes("fhir/CodeSystem-vaccination-warning.json", "concept")
                == VaccinationWarning.allCases.map(\.rawValue))
    }

    @Test func `the answers to choose from are those of the forms`() throws {
        let file = try JSON(reading: Example.files["fhir/CodeSystem-screening-answer.json"] ?? [])
        let listed = try #require(file.object).requiredArray("concept").compactMap {
            $0.object?["code"]?.string
        }
        var chosen: Set<String> = []
        for form in try Self.rules().screenings.all {
            chosen.formUnion(form.items.flatMap(\.choices).map(\.code))
        }
        #expect(Set(listed) == chosen)
        #expect(listed.count == chosen.count)
    }

    @Test func `the map of vaccines holds the mappings of the data and no other`() throws {
        let file = try JSON(reading: Example.files["fhir/ConceptMap-vaccine.json"] ?? [])
        var mapped: Set<[String]> = []
        for group in try #require(file.object).requiredArray("group").compactMap(\.object) {
            let system = try group.requiredString("target")
            for element in try group.requiredArray("element").compactMap(\.object) {
                let code = try element.requiredString("code")
                for target in try element.requiredArray("target").compactMap(\.object) {
                    mapped.insert([code, system, try target.requiredString("code")])
                }
            }
        }
        let known = try Self.rules().vaccines.flatMap { vaccine in
            vaccine.mappings.map { [vaccine.code, $0.system, $0.code] }
        }
        #expect(mapped == Set(known))
    }
}
