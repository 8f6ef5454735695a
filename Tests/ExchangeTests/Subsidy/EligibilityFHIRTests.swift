import Exchange
import Testing

/// The FHIR forms of question and answer, beyond the examples in `profiles/`.
@Suite struct EligibilityFHIRTests {
    private func object(_ bytes: [UInt8]) throws -> JSONObject {
        try #require(try JSON(reading: bytes).object)
    }

    @Test func `a question survives being written and read`() throws {
        let situation = SubsidyCase()
        let question = try situation.question()
        let bytes = question.render(id: "q-1", created: situation.decidedAt)
        #expect(
            try EligibilityQuestion(reading: bytes, institution: question.institution) == question)
    }

    @Test func `only what is held has insurance, in order of application`() throws {
        var situation = SubsidyCase()
        situation.entitlements = [
            SubsidyCase.row(1), SubsidyCase.row(2, SubsidyCase.koganei, "shogai"),
            SubsidyCase.row(3, SubsidyCase.koganei, "hitorioya", to: "2026-05-31"),
        ]
        let response = try object(try situation.bytes())
        let insurance = try response.requiredArray("insurance").compactMap(\.object)
        let contained = try response.requiredArray("contained").compactMap(\.object)
        #expect(insurance.count == 2 && contained.count == 2)
        for (place, coverage) in contained.enumerated() {
            #expect(try coverage.requiredInt("order") == place + 1)
            let reference = try insurance[place].requiredObject("coverage")
            #expect(try reference.requiredString("reference") == "#c\(place + 1)")
        }
        let texts = try contained.map { try $0.requiredObject("period").requiredString("end") }
        #expect(texts == ["2027-03-31", "2027-03-31"])
        let outcomes = try response.requiredArray("extension").compactMap(\.object).filter {
            $0["url"]?.string == "urn:tsunagi:StructureDefinition:eligibility-outcome"
        }
        #expect(outcomes.count == 5)
    }

    @Test func `no element is an empty string or null`() throws {
        func check(_ value: JSON, _ path: String) {
            switch value {
            case .null: Issue.record("null at \(path)")
            case .string(let text): #expect(!text.isEmpty, "empty at \(path)")
            case .array(let elements):
                #expect(!elements.isEmpty, "empty at \(path)")
                for element in elements { check(element, path + "[]") }
            case .object(let object):
                #expect(!object.members.isEmpty, "empty at \(path)")
                for member in object.members { check(member.value, path + "." + member.name) }
            default: break
            }
        }
        for row in AnswerEligibilityTests.situations {
            var situation = SubsidyCase()
            row.make(&situation)
            check(try JSON(reading: try situation.bytes()), row.name)
        }
    }

    @Test func `registered values come back to the last character`() throws {
        let face = #"""
            {"orgSpecificCertificateTypeId":"kodomo","certificationName":"見本󠄀 受給者証","segment":"",
             "incomeSegment":"Ⅰ","maxCopaymentAmount":{"month": 10000.50,"note":"a\"b"},
             "isAlwaysReimbursement":"0","historyKey":"inside","isDeleted":false,
             "certificationDetail":[{"itemName":"住所","itemValue":"東京都"},{"itemName":"備考","itemValue":"﨑"}]}
            """#
        let row = EntitlementVersion(
            version: 1, body: SubsidyCase.koganei, certificateTypeID: "kodomo", historyKey: "h",
            subKey: nil, validFrom: SubsidyCase.day("2026-04-01"),
            validTo: SubsidyCase.day("2027-03-31"),
            knownAt: SubsidyCase.instant("2026-03-01T00:00:00Z"),
            payerNumber: nil, recipientNumber: nil, certificationName: "見本", face: face)
        var situation = SubsidyCase()
        situation.entitlements = [row]
        let response = try object(try situation.bytes())
        let coverage = try #require(try response.requiredArray("contained").first?.object)
        let items = try #require(
            try coverage.requiredArray("extension").first?.object?.requiredArray("extension"))
        var shown: [String: String] = [:]
        for case .object(let item) in items {
            shown[try item.requiredString("url")] = try item.requiredString("valueString")
        }
        #expect(
            shown == [
                "orgSpecificCertificateTypeId": "kodomo", "certificationName": "見本󠄀 受給者証",
                "incomeSegment": "Ⅰ", "isAlwaysReimbursement": "0",
                "maxCopaymentAmount": #"{"month":10000.50,"note":"a\"b"}"#,
                "certificationDetail": #"[{"itemName":"備考","itemValue":"﨑"}]"#,
            ])
        let payor = try #require(try coverage.requiredArray("payor").first?.object)
        #expect(try payor.requiredObject("identifier").requiredString("value") == "132101")
        #expect(coverage["subscriberId"] == nil && coverage["identifier"] == nil)
    }

    @Test func `one's own list shows the newest reviewed rows and no others`() throws {
        let rows = [
            SubsidyCase.row(1), SubsidyCase.row(2, known: "2026-04-01T00:00:00Z"),
            SubsidyCase.row(3, known: "2026-05-01T00:00:00Z", isUnderReview: true),
            SubsidyCase.row(4, SubsidyCase.koganei, "shogai", isDeleted: true),
        ]
        let page = SearchPage(
            base: "https://gateway.example/fhir",
            selfLink: "https://gateway.example/fhir/Coverage?patient=patient-1")
        for order in [rows, rows.reversed()] {
            let bundle = try object(
                renderCoverages(
                    order, of: "patient-1", rules: Profiles.book.subsidy, page: page))
            #expect(try bundle.requiredInt("total") == 1)
            let entry = try #require(try bundle.requiredArray("entry").first?.object)
            #expect(
                try entry.requiredString("fullUrl") == "https://gateway.example/fhir/Coverage/e2")
        }
    }

    static let births: [(text: String, expected: String?)] = [
        ("1987-06-05", "1987-06-05"), ("1950-00-00", "1950"), ("1950-07-00", "1950-07"),
        ("0000-00-00", nil), ("不明", nil), ("", nil),
    ]

    @Test(arguments: births)
    func `an unknown birth day is a year or nothing, never invented`(
        text: String, expected: String?
    ) throws {
        let patient = PatientView(
            pairwiseID: "p", name: "見本　花子", nameKana: "ミホン　ハナコ", birthDate: text, sex: "2")
        #expect(try object(patient.render()).optionalString("birthDate") == expected)
    }

    @Test func `names are written in both forms with one half-width space`() throws {
        let patient = PatientView(
            pairwiseID: "p", name: "見本　　花子", nameKana: "ミホン ハナコ", birthDate: "不明", sex: "9")
        let resource = try object(patient.render())
        let names = try resource.requiredArray("name").compactMap(\.object)
        #expect(try names.map { try $0.requiredString("text") } == ["見本 花子", "ミホン ハナコ"])
        #expect(try resource.requiredString("gender") == "unknown")
        #expect(resource["address"] == nil)
    }

    /// 外字: a picture that its owner alone knows.
    @Test func `a character nobody else can show stands as 〓, and its name says so`() throws {
        let patient = PatientView(
            pairwiseID: "p", name: "見\u{E000}　花子", nameKana: "ミホン ハナコ", birthDate: nil, sex: nil)
        let names = try object(patient.render()).requiredArray("name").compactMap(\.object)
        #expect(try names.map { try $0.requiredString("text") } == ["見〓 花子", "ミホン ハナコ"])
        #expect(try names[0].requiredString("family") == "見〓")
        let reasons = try names.map { name in
            try name.requiredArray("extension").compactMap(\.object)
                .filter { $0["url"]?.string == FHIR.Extension.absenceReason }
                .map { $0["valueCode"]?.string }
        }
        #expect(reasons == [["unsupported"], []])
    }

    static let listeners: [(listener: Listener, resources: [String])] = [
        (
            .institution,
            [
                "CoverageEligibilityRequest", "CoverageEligibilityResponse", "Patient",
                "Immunization", "AdverseEvent", "Claim", "ClaimResponse", "DiagnosticReport",
                "CarePlan", "Questionnaire", "CodeSystem",
                "QuestionnaireResponse",
            ]
        ),
        (
            .office,
            [
                "CoverageEligibilityResponse", "AuditEvent", "Patient", "Immunization",
                "AdverseEvent",
                "MeasureReport", "Questionnaire", "CodeSystem", "Task", "DiagnosticReport",
                "ExplanationOfBenefit",
            ]
        ),
        (
            .resident,
            [
                "Coverage", "Consent", "Communication", "Immunization",
                "ImmunizationRecommendation", "Questionnaire", "CodeSystem",
                "QuestionnaireResponse", "Patient", "DiagnosticReport", "Observation", "CarePlan",
                "AuditEvent",
            ]
        ), (.operations, []),
    ]

    @Test(arguments: listeners)
    func `each listener states what it serves and nothing more`(
        listener: Listener, resources: [String]
    ) throws {
        let statement = try object(
            renderCapabilityStatement(
                for: listener, softwareVersion: "0.1.0", released: SubsidyCase.day("2026-11-21")))
        #expect(try statement.requiredString("fhirVersion") == "4.0.1")
        let rest = try #require(try statement.requiredArray("rest").first?.object)
        let served = try (rest.optionalArray("resource") ?? []).compactMap {
            try $0.object?.requiredString("type")
        }
        #expect(served == resources)
    }
}
