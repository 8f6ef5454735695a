import Exchange

/// What we write of vaccinations, of the same child and day as the examples that are read.
extension Written {
    static let immunization: [Resource] = [
        Resource("immunization/examples/valid/written-record.json") {
            try version().render(as: "pw-0002")
        },
        Resource("immunization/examples/valid/written-record-to-its-clinic.json") {
            try version().render(
                as: "pw-0002", visitID: "0f8fad5b-d9cb-469f-a165-70867728950e",
                outcome: outcome())
        },
        Resource("immunization/examples/valid/written-outcome.json") {
            try outcome().operationOutcome()
        },
        Resource("immunization/examples/valid/written-line.json") {
            MunicipalLine(
                version: try version(), isWithdrawn: false,
                entry: .init(
                    programme: "mr", doseNumber: 1, isOutOfArea: true, remarks: ["interval"],
                    charge: .init(unitYen: 11_070, copaymentYen: 70, source: "架空の委託単価"))
            ).render(
                id: "line-0001",
                of: ShownPatient(
                    id: "pw-0003",
                    identifier: RecordIdentifier(system: FHIR.System.identityKey, value: "0001")),
                place: 7)
        },
        Resource("immunization/examples/valid/written-card.json") {
            let card = HealthCard(
                issuer: "https://tsunagi.example", id: "AAECAwQFBgcICQoLDA0ODw",
                issuedAt: try now(), of: ("見本　花子", try CalendarDay("2025-06-01")),
                held: [try version()], try ruleSet())
            guard let card else { throw Refusal.recordUnknown }
            return card.payload(try ruleSet())
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
            let name = "urn:tsunagi:Questionnaire:screening-child-mr|1"
            guard let form = rules.screenings.form(named: name) else {
                throw Refusal.recordUnknown
            }
            return form.render()
        },
        Resource("immunization/examples/valid/written-response.json") {
            ScreeningVersion(
                id: "qr-0001", version: 1, savedAt: try now(),
                response: try SubmittedResponse(
                    reading: example("response-with-a-yes"), ruleSet().screenings
                ).response
            ).render(as: "pw-0001")
        },
    ]

    static let reactions: [Resource] = [
        Resource("immunization/examples/valid/written-reaction.json") {
            ReactionVersion(
                id: "ae-0001", version: 1, recordedAt: try now(),
                institution: try Party(role: .institution, code: institution),
                reaction: try SubmittedReaction(
                    reading: example("reaction-elsewhere"), today: now().dayInJapan, ruleSet()
                ).reaction, standing: .withinPeriod
            ).render(
                of: ShownPatient(
                    id: "pw-0003",
                    identifier: RecordIdentifier(system: FHIR.System.identityKey, value: "0001")),
                place: 3, try ruleSet())
        }
    ]

    private static func ruleSet() throws -> ImmunizationRules {
        guard let rules = Example.book.immunization else { throw Refusal.rulesUnknown }
        return rules
    }

    private static func version() throws -> VaccinationVersion {
        VaccinationVersion(
            id: "rec-0001", version: 2, recordedAt: try now(),
            institution: try Party(role: .institution, code: institution),
            vaccination: try submitted("record-with-override").vaccination)
    }

    private static func outcome() throws -> VaccinationOutcome {
        VaccinationOutcome(warnings: [.expiryUnsaid], claim: .awaitingPrice)
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
