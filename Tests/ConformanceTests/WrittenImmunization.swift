import Exchange

/// What we write of vaccinations, of the same child and day as the examples that are read.
extension Written {
    static let immunization: [Resource] = [
        Resource("immunization/examples/valid/written-record.json") {
            VaccinationVersion(
                id: "rec-0001", version: 2, recordedAt: try now(),
                institution: try Party(role: .institution, code: institution),
                vaccination: try submitted("record-with-override").vaccination
            ).render(as: "pw-0002")
        },
        Resource("immunization/examples/valid/written-check.json") {
            let rules = try ruleSet()
            let request = try NeedleRequest(
                reading: example("check-interval-overridden"), rules)
            return checkBeforeNeedle(
                request, of: try child(held: []), today: try now().dayInJapan, rules
            ).render(rulesVersion: "example-rules", rules)
        },
        Resource("immunization/examples/valid/written-forecast.json") {
            let rules = try ruleSet()
            let held = [GivenDose(rules.vaccine(named: "MR"), on: try CalendarDay("2026-01-10"))]
            return forecastVaccinations(
                try ForecastRequest(reading: example("forecast-with-history"), rules),
                of: try child(held: held), references: ["Immunization/rec-0001"], rules
            ).render(rules)
        },
        Resource("immunization/examples/valid/written-questionnaire.json") {
            let rules = try ruleSet()
            guard let form = rules.form(named: "urn:tsunagi:Questionnaire:screening-child-mr|1")
            else { throw Refusal.recordUnknown }
            return form.render()
        },
        Resource("immunization/examples/valid/written-response.json") {
            ScreeningVersion(
                id: "qr-0001", version: 1, savedAt: try now(),
                response: try SubmittedResponse(
                    reading: example("response-with-a-yes"), ruleSet()
                ).response
            ).render(as: "pw-0001")
        },
    ]

    private static func ruleSet() throws -> ImmunizationRules {
        guard let rules = Example.book.immunization else { throw Refusal.rulesUnknown }
        return rules
    }

    private static func example(_ name: String) -> [UInt8] {
        Example.files["immunization/examples/valid/\(name).json"] ?? []
    }

    private static func submitted(_ name: String) throws -> SubmittedVaccination {
        try SubmittedVaccination(
            reading: example(name), institution: Party(role: .institution, code: institution),
            today: now().dayInJapan, ruleSet())
    }

    private static func child(held: [GivenDose]) throws -> NeedlePerson {
        NeedlePerson(birth: try CalendarDay("2025-06-01"), sex: .female, held: held)
    }
}
