import Exchange
import Testing

/// `$immds-forecast`: the standard's parameters in, evaluations and recommendation out.
@Suite struct ForecastReportTests {
    static let request = #"""
        {"resourceType":"Parameters","parameter":[
         {"name":"visit","valueString":"visit-1"},
         {"name":"assessmentDate","valueDate":"2026-06-15"},
         {"name":"patient","resource":{"resourceType":"Patient","id":"pw-1","birthDate":"1999-01-01"}},
         {"name":"immunization","resource":{"resourceType":"Immunization","status":"completed",
          "vaccineCode":{"text":"BCG"},"occurrenceDateTime":"2025-11-10"}}]}
        """#

    static let faults: [(old: String, new: String, refusal: Refusal)] = [
        (
            #"{"name":"assessmentDate","valueDate":"2026-06-15"},"#, "",
            .missing("parameter(assessmentDate)")
        ),
        (#""Patient","id":"pw-1","#, #""Patient","#, .missing("parameter[2].resource.id")),
        (#""Patient","id""#, #""Person","id""#, .malformed("parameter[2].resource.resourceType")),
        (#""completed","#, #""given","#, .malformed("parameter[3].resource.status")),
        (
            #","occurrenceDateTime":"2025-11-10""#, "",
            .missing("parameter[3].resource.occurrenceDateTime")
        ),
        (#""name":"immunization""#, #""name":"history""#, .unknownItem("parameter[3].name")),
    ]

    @Test(arguments: faults)
    func `what is wrong is named`(old: String, new: String, refusal: Refusal) throws {
        let text = try VaccinationSample.replacing(Self.request, old, new)
        let rules = try VaccinationCase.rules()
        do throws(Refusal) {
            _ = try ForecastRequest(reading: Array(text.utf8), rules)
            Issue.record("taken")
        } catch {
            #expect(error == refusal)
        }
    }

    private static func report(held: [(String, String)] = []) throws -> ForecastReport {
        let rules = try VaccinationCase.rules()
        let doses = try held.map {
            GivenDose(rules.vaccine(named: $0.0), on: try CalendarDay($0.1))
        }
        return forecastVaccinations(
            try ForecastRequest(reading: Array(request.utf8), rules),
            of: NeedlePerson(birth: try CalendarDay("2025-06-01"), sex: .female, held: doses),
            references: held.indices.map { "Immunization/rec-\($0)" }, rules)
    }

    private static func resources(_ report: ForecastReport, _ name: String) throws -> [JSONObject] {
        let answer = try JSON(reading: report.render(VaccinationCase.rules())).object
        return try answer.map { try $0.requiredArray("parameter") }?.compactMap {
            $0.object?["name"]?.string == name ? $0.object?["resource"]?.object : nil
        } ?? []
    }

    @Test func `the register's birth counts, and what was told is judged`() throws {
        let report = try Self.report(held: [("MR", "2026-01-10")])
        let evaluations = try Self.resources(report, "evaluation")
        #expect(evaluations.count == 2)
        // MR at seven months is no dose of the Act; BCG at five months is.
        let states = evaluations.map { $0["doseStatus"]?.object?["coding"]?.array?.first }
        #expect(states.map { $0?.object?["code"]?.string } == ["notvalid", "valid"])
        #expect(evaluations[0]["doseStatusReason"] != nil)
        #expect(
            evaluations[0]["immunizationEvent"]?.object?["reference"]?.string
                == "Immunization/rec-0")
        #expect(evaluations[1]["immunizationEvent"]?.object?["reference"] == nil)
    }

    @Test func `a dose told by gateway and handbook is judged once`() throws {
        let report = try Self.report(held: [("BCG", "2025-11-10")])
        #expect(report.doses.map(\.reference) == ["Immunization/rec-0"])
    }

    @Test func `the recommendation tells the days of the engine`() throws {
        let report = try Self.report()
        let rules = try VaccinationCase.rules()
        let recommendation = try #require(try Self.resources(report, "recommendation").first)
        let items = try recommendation.requiredArray("recommendation").compactMap(\.object)
        #expect(items.count == report.forecasts.count)
        for (item, forecast) in zip(items, report.forecasts) {
            let days = try item.requiredArray("dateCriterion").compactMap {
                $0.object?["value"]?.string
            }
            #expect(days.first == forecast.earliest.text)
            let codes = try item.requiredObject("forecastStatus").requiredArray("coding")
                .compactMap { $0.object?["code"]?.string }
            #expect(codes.first == forecast.status.rawValue)
        }
        let mr = try #require(
            items.first { $0["series"]?.string == "麻しん風しん" }, "MR is due at one year")
        let codes = try mr.requiredObject("forecastStatus").requiredArray("coding")
        #expect(codes.compactMap { $0.object?["code"]?.string } == ["due", "due"])
        let page = SearchPage(base: "fhir", selfLink: "/fhir/ImmunizationRecommendation")
        let bundle = try #require(try JSON(reading: report.searchset(rules, page: page)).object)
        let own = try bundle.requiredArray("entry").first?.object?.requiredObject("resource")
        #expect(own?["id"]?.string == report.patientID)
        #expect(own?.without("id") == recommendation)
    }

    @Test func `with nothing to forecast there is no recommendation`() throws {
        let rules = try VaccinationCase.rules()
        let report = ForecastReport(
            patientID: "pw-1", assessed: try CalendarDay("2026-06-15"), doses: [], forecasts: [])
        let page = SearchPage(base: "fhir", selfLink: "/fhir/ImmunizationRecommendation")
        let bundle = try #require(try JSON(reading: report.searchset(rules, page: page)).object)
        #expect(bundle["entry"] == nil)
        #expect(
            String(decoding: report.render(rules), as: UTF8.self)
                == #"{"resourceType":"Parameters"}"#)
    }

    @Test(arguments: [("2025-06-01", false), ("1965-06-01", true)])
    func `what begins only in decades is not forecast`(birth: String, isToldOfZoster: Bool) throws {
        let rules = try VaccinationCase.rules()
        let told = try forecastVaccinations(
            birth: CalendarDay(birth), sex: nil, history: [], today: CalendarDay("2026-06-15"),
            rules)
        #expect(!told.isEmpty)
        #expect(
            told.contains { rules.vaccine($0.vaccine).code == "zoster-recombinant" }
                == isToldOfZoster)
    }
}
