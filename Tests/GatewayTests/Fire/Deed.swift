import Exchange
import TestSupport
import Testing

/// 行い: one operation of the contract, as it is really asked about somebody, and whom its answer may tell of.
struct Deed: Sendable, CustomTestStringConvertible {
    /// Whom an answer tells of, as a reader of the contract would say: written here once more, apart from
    /// what the product enters.
    enum About: Sendable, Equatable {
        case nobody
        /// The one resident of the visit, the token or the record that was named.
        case asker
        /// Those whose rows were taken. Rows that were held already count where `unchangedToo`.
        case written(unchangedToo: Bool)
        /// The one who was named, where the answer has an entry at all.
        case named
        /// Everybody who stands in it.
        case shown
        /// The same, and whoever asked is on the record too: somebody of whom nobody counts anything.
        case shownToAnother
    }

    typealias Make = @Sendable (Fire, FirePerson) async throws -> Ask

    let listener: Listener
    let id: String
    let about: About
    let make: Make

    var testDescription: String { "\(listener.rawValue) \(id)" }

    /// Operations that need more than a resident of whom everything is held: a file that waits, an entry
    /// of one's own to withhold, a disaster, somebody old enough to change what is sensitive. They are
    /// asked here, and refused; the suites of their fields answer.
    static let elsewhere: Set = [
        "getEntitlementsFullFileEnds", "decideEntitlementsFile", "decideEntitlementsFullFile",
        "decideCheckupTargetsFile",
        "decideCardBindingsFile", "decideGuardianshipsFile", "decideVaccinationTargetsFile",
        "decideResidenceMovesFile",
        "decideVaccinationPricesFile", "decideCheckupResultsFile",
        "decideSensitiveCheckupResultsFile",
        "decideCheckupPricesFile", "decideCheckupTicketsFile", "decideSchemeMastersFile",
        "decideImmunizationSeasonsFile", "decidePastDosesFile",
        "withholdEntries", "liftWithholdings",
        "openEmergencyVisit", "confirmDisaster", "receiveSensitiveMaternalLines",
        "beginExport", "readExport", "readExportFile", "deleteExport",
        "compareSubsidyStatement", "compareCheckupTargetStatement",
        "compareVaccinationTargetStatement", "compareCheckupTicketStatement",
        "compareCheckupResultStatement", "compareSensitiveCheckupResultStatement",
        "compareGuardianshipStatement",
        "compareResidenceMoveStatement", "compareSchemeMasterStatement",
        "answerEmergencyReview", "saveSensitiveScreeningAgain",
        "postClaimEvents", "runMonth", "readMonthRun", "readMonthStatement", "closeMonth",
        "readClosing", "readBenefits", "readClaimStatement", "requestRefund", "answerRefund",
    ]

    static let all =
        institution + office + resident + representation
        + [Listener.institution, .office, .resident].flatMap(common)

    static func common(_ listener: Listener) -> [Deed] {
        let party =
            switch listener {
            case .institution: Cast.clinic
            case .office: Cast.town
            default: Cast.portal
            }
        let paths = [
            ("readCapabilities", "/fhir/metadata"), ("readOpenAPI", "/openapi.json"),
            ("readErrors", "/errors"), ("readQuestionnaires", "/fhir/Questionnaire"),
            ("readQuestionnaire", "/fhir/Questionnaire/screening-child-mr-1"),
            ("readCodeSystems", "/fhir/CodeSystem"),
            ("readCodeSystem", "/fhir/CodeSystem/consent-kind"),
            ("readCheckpoint", "/log/checkpoint"), ("readConsistency", "/log/consistency/1/1"),
        ]
        return paths.map { id, path in
            Deed(listener: listener, id: id, about: .nobody) { _, _ in .get(party, path) }
        }
    }

    // MARK: Institutions

    private static func institution(
        _ id: String, _ about: About = .asker, _ make: @escaping Make
    ) -> Deed { Deed(listener: .institution, id: id, about: about, make: make) }

    private static func read(_ id: String, _ path: @escaping @Sendable (FirePerson) -> String)
        -> Deed
    { institution(id) { _, person in .get(Cast.clinic, path(person)) } }

    static let institution: [Deed] = [
        institution("issueVisitNonce", .nobody) { _, _ in
            .post(Cast.clinic, "/visits/nonces", nil)
        },
        institution("openVisit") { fire, person in
            .post(
                Cast.clinic, "/visits",
                .object(
                    try await fire.gateway.visitBody(person.card, consents: FirePerson.consents)))
        },
        institution("openPaperVisit") { _, person in
            let paper = person.paper
            return .post(
                Cast.paperClinic, "/visits/paper",
                try JSON(
                    reading: """
                        {"payerNumber":"\(paper.payer)","recipientNumber":"\(paper.recipient)",\
                        "birthDate":"\(paper.born)"}
                        """))
        },
        institution("openEmergencyVisit") { _, person in
            .post(
                Cast.clinic, "/visits/emergency",
                try JSON(
                    reading: """
                        {"name":"\(person.resident.name)","sex":"2","reason":"避難所",\
                        "birthDate":"\(person.resident.dateOfBirth)"}
                        """), [("Tsunagi-Operator", "doctor-1")])
        },
        institution("receiveCheckNoticeLines", .shown) { _, _ in
            .get(Cast.clinic, "/deliveries/checks?_cursor=0&_count=1000")
        },
        institution("receiveLapseNoticeLines", .shown) { _, _ in
            .get(Cast.clinic, "/deliveries/lapses?_cursor=0&_count=1000")
        },
        read("readPatient") { "/fhir/\($0.visit.patient)" },
        institution("submitEligibilityCheck") { fire, person in
            .post(
                Cast.clinic, RunningGateway.checkPath,
                .object(fire.gateway.checkBody(person.visit)))
        },
        read("readEligibilityRequest") { "/fhir/CoverageEligibilityRequest/\($0.check)" },
        read("readEligibilityResponse") { "/fhir/CoverageEligibilityResponse/\($0.check)" },
        institution("searchEligibilityRequests") { _, person in
            .search(
                Cast.clinic, "/fhir/CoverageEligibilityRequest/_search",
                [("patient", person.visit.patient), ("visit", person.visit.id)])
        },
        institution("searchEligibilityResponses") { _, person in
            .search(
                Cast.clinic, "/fhir/CoverageEligibilityResponse/_search",
                [("patient", person.visit.patient), ("visit", person.visit.id)])
        },
        read("replayEligibility") { "/fhir/CoverageEligibilityResponse/\($0.check)/$replay" },
        institution("checkVaccination") { _, person in
            .post(
                Cast.clinic, "/fhir/Immunization/$check",
                try JSON(
                    reading: """
                        {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":\
                        "\(person.visit.id)"},{"name":"patient","valueReference":{"reference":\
                        "\(person.visit.patient)"}},{"name":"candidate","part":[{"name":"vaccineCode",\
                        "valueCodeableConcept":{"coding":[{"system":"urn:tsunagi:CodeSystem:vaccine",\
                        "code":"\(FirePerson.vaccine)"}]}}]}]}
                        """))
        },
        institution("recordVaccination") { _, person in
            .post(Cast.clinic, "/fhir/Immunization", .object(person.dose.body(person.visit)))
        },
        institution("correctVaccination") { _, person in
            var dose = person.dose
            dose.lot = person.mendedLot
            return .put(
                Cast.clinic, "/fhir/Immunization/\(person.doseID)", seen: 1,
                .object(dose.body(person.visit)))
        },
        read("readVaccination") { "/fhir/Immunization/\($0.doseID)" },
        institution("forecastVaccinations") { fire, person in
            .post(
                Cast.clinic, "/fhir/$immds-forecast",
                try JSON(
                    reading: """
                        {"resourceType":"Parameters","parameter":[{"name":"visit","valueString":\
                        "\(person.visit.id)"},{"name":"assessmentDate","valueDate":\
                        "\(fire.gateway.clock.today.text)"},{"name":"patient","resource":{\
                        "resourceType":"Patient","id":"\(person.visit.patient.dropFirst(8))"}}]}
                        """))
        },
        institution("reportReaction") { _, person in
            .post(
                Cast.clinic, RunningGateway.reactionPath,
                .object(person.reaction.body(person.visit)))
        },
        institution("followReaction") { _, person in
            var reaction = person.reaction
            reaction.stage = "follow-up"
            return .put(
                Cast.clinic, "\(RunningGateway.reactionPath)/\(person.reactionID)", seen: 1,
                .object(reaction.body(person.visit)))
        },
        read("fillReactionForm") { "/reactions/\($0.reactionID)/form" },
        read("readReaction") { "\(RunningGateway.reactionPath)/\($0.reactionID)" },
        institution("settleBill") { _, person in
            .post(Cast.clinic, RunningGateway.billPath, .object(person.bill.body(person.visit)))
        },
        read("readBill") { "/fhir/ClaimResponse/\($0.billID)" },
        institution("readClaimStatement", .nobody) { _, _ in
            .get(Cast.clinic, "/claims/statements?month=2019-01")
        },
        institution("readClaimResponses", .nobody) { _, _ in
            .get(Cast.clinic, "/fhir/ClaimResponse?month=2019-01")
        },
        institution("searchScreenings") { _, person in
            .search(
                Cast.clinic, "/fhir/QuestionnaireResponse/_search",
                [("subject", person.visit.patient), ("visit", person.visit.id)])
        },
        institution("searchSensitiveScreenings") { _, person in
            .search(
                Cast.clinic, "/fhir/sensitive/QuestionnaireResponse/_search",
                [("subject", person.visit.patient), ("visit", person.visit.id)])
        },
        institution("printPaperForms", .nobody) { _, _ in
            .post(Cast.clinic, RunningGateway.paperFormPath, try JSON(reading: sheets))
        },
        institution("bringScreening") { fire, person in
            .post(Cast.clinic, RunningGateway.responsePath, try await sheet(of: person, fire))
        },
        institution("bringScreeningAgain") { fire, person in
            let body = try await sheet(of: person, fire)
            let made = try await fire.gateway.send(
                .post(Cast.clinic, RunningGateway.responsePath, body))
            let amended = body.text.replacing("\"completed\"", with: "\"amended\"")
            return .put(
                Cast.clinic, "\(RunningGateway.responsePath)/\(made.text("id"))", seen: 1,
                try JSON(reading: amended))
        },
        institution("recordCheckup") { _, person in
            .post(
                Cast.clinic, person.report.path, .object(person.report.body(person.visit)))
        },
        institution("recordSensitiveCheckup") { _, person in
            .post(
                Cast.clinic, person.sensitive.path, .object(person.sensitive.body(person.visit)))
        },
        institution("correctCheckup") { _, person in
            .put(
                Cast.clinic, "\(person.report.path)/\(person.reportID)", seen: 1,
                .object(person.report.body(person.visit)))
        },
        institution("correctSensitiveCheckup") { _, person in
            .put(
                Cast.clinic, "\(person.sensitive.path)/\(person.sensitiveID)", seen: 1,
                .object(person.sensitive.body(person.visit)))
        },
        read("readCheckup") { "\($0.report.path)/\($0.reportID)" },
        read("readSensitiveCheckup") { "\($0.sensitive.path)/\($0.sensitiveID)" },
        read("readCheckups") { "\($0.report.path)?subject=\($0.visit.patient)" },
        read("readCheckupPlan") { "/fhir/CarePlan?subject=\($0.visit.patient)" },
        read("readSensitiveCheckups") { "\($0.sensitive.path)?subject=\($0.visit.patient)" },
    ]

    static let sheets =
        #"{"questionnaire":"urn:tsunagi:Questionnaire:screening-child-mr|1","count":2}"#

    /// A new sheet of this person's, filled in.
    private static func sheet(of person: FirePerson, _ fire: Fire) async throws -> JSON {
        let numbers = try await fire.gateway.printPaperForms(FirePerson.vaccine)
        return try await fire.gateway.brought(
            numbers.first ?? "", to: FirePerson.vaccine, in: person.visit)
    }

    // MARK: Residents

    private static func resident(
        _ id: String, _ about: About = .asker, _ make: @escaping Make
    ) -> Deed { Deed(listener: .resident, id: id, about: about, make: make) }

    private static func own(_ id: String, _ path: String) -> Deed {
        resident(id) { _, person in .get(Cast.portal, path, [person.token]) }
    }

    static let resident: [Deed] = [
        resident("issueTokenNonce", .nobody) { _, _ in .post(Cast.portal, "/tokens/nonces", nil) },
        resident("beginResidentSession") { fire, person in
            .post(
                Cast.portal, "/tokens", .object(try await fire.gateway.tokenBody(person.card)))
        },
        resident("endResidentSession") { fire, person in
            .post(
                Cast.portal, "/tokens/revoke", nil,
                [try await fire.gateway.session(of: person.card)])
        },
        own("readOwnEntitlements", "/fhir/Coverage"), own("readOwnVisits", "/fhir/Consent"),
        own("readOwnNotices", "/fhir/Communication"),
        own("readOwnVaccinations", "/fhir/Immunization"),
        own("readOwnForecast", "/fhir/ImmunizationRecommendation"),
        own("readOwnBalances", "/balances"), own("readOwnRefunds", "/refunds"),
        resident("requestRefund") { _, person in
            .post(
                Cast.portal, "/refunds",
                try JSON(
                    reading: """
                        {"certificate":{"body":"132101","type":"none"},"month":"2019-01",\
                        "receipts":[{"institution":"1310000001","day":"2019-01-07","cost":1000,\
                        "percent":30,"paid":300}]}
                        """), [person.token])
        },
        own("readOwnScreenings", "/fhir/QuestionnaireResponse"),
        own("readOwnSensitiveScreenings", "/fhir/sensitive/QuestionnaireResponse"),
        own("populateQuestionnaire", "/fhir/Questionnaire/screening-child-mr-1/$populate"),
        own("readOwnCheckups", "/fhir/DiagnosticReport"),
        own("readOwnSensitiveCheckups", "/fhir/sensitive/DiagnosticReport"),
        own("readOwnMeasurements", "/fhir/Observation"),
        own("readOwnCheckupPlan", "/fhir/CarePlan"),
        resident("printHandbook") { _, person in
            .post(Cast.portal, "/checkups/print", nil, [person.token])
        },
        own("readOwnAccessLog", "/fhir/AuditEvent?_count=20"),
        resident("saveScreening") { fire, person in
            .post(
                Cast.portal, RunningGateway.responsePath,
                try await fire.gateway.answers(to: FirePerson.vaccine, person.patient),
                [person.token])
        },
        resident("saveScreeningAgain") { fire, person in
            .put(
                Cast.portal, "\(RunningGateway.responsePath)/\(person.responseID)", seen: 1,
                try await fire.gateway.answers(
                    to: FirePerson.vaccine, person.patient, status: "amended",
                    yes: ["unwell": "せき"]), [person.token])
        },
        resident("saveSensitiveScreening") { _, person in
            .post(
                Cast.portal, RunningGateway.sensitiveResponsePath,
                RunningGateway.epds([0, 1, 2, 0, 0, 0, 0, 0, 0, 0], of: person.patient),
                [person.token])
        },
        resident("saveSensitiveScreeningAgain") { _, person in
            .put(
                Cast.portal,
                "\(RunningGateway.sensitiveResponsePath)/\(person.sensitiveResponseID)", seen: 1,
                RunningGateway.epds(
                    [0, 1, 2, 0, 0, 0, 0, 0, 0, 3], of: person.patient, status: "amended"),
                [person.token])
        },
        resident("printScreening") { _, person in
            .post(Cast.portal, "/screenings/\(person.responseID)/print", nil, [person.token])
        },
        resident("issueHealthCard") { _, person in Fire.healthCard(of: person) },
        resident("printHealthCard") { _, person in
            .post(Cast.portal, "/health-cards/print", nil, [person.token])
        },
        resident("revokeHealthCard") { _, person in
            .post(Cast.portal, "/health-cards/\(person.cardID)/revoke", nil, [person.token])
        },
        resident("readHealthCardKeys", .nobody) { _, _ in
            .get(Cast.portal, "/.well-known/jwks.json")
        },
        resident("readRevokedHealthCards", .nobody) { fire, _ in
            let keys = try await fire.gateway.send(Cast.portal, "GET", "/.well-known/jwks.json")
            let name = keys.json["keys"]?.array?.last?.object?["kid"]?.string ?? ""
            return .get(Cast.portal, "/.well-known/crl/\(name).json")
        },
        resident("endOwnVisit") { fire, person in
            let visit = try await fire.gateway.openVisit(person.card, at: Cast.pharmacy)
            return .post(Cast.portal, "/visits/\(visit.id)/end", nil, [person.token])
        },
    ]
}
