import Exchange

/// 集団健診: a municipality records what it examined itself, one result a request; a morning comes as a file.
extension OpenAPI {
    static let massCheckups: [Operation] = [
        Operation(
            method: .post, path: "/fhir/DiagnosticReport", id: "recordMassCheckup",
            field: "checkups", ja: "集団健診の結果を送る",
            en:
                "One result for each `identifier` of the municipality's own, of somebody whom it notified "
                + "(届出番号). The line of the municipality of residence, what it must do, and the ticket "
                + "used are in the same commit; nothing is claimed of a municipality for its own checkup. "
                + "Sensitive items are refused: they have routes and a file of their own.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .fhir(.reference("MassCheckupReport"), example),
            answers: [
                .fhir(.reference("DiagnosticReport"), "The new report.", status: 201),
                .fhir(.reference("DiagnosticReport"), "The same report, held already."),
            ], refusals: refusals + [.identifierReused]),
        Operation(
            method: .put, path: "/fhir/DiagnosticReport/:id", id: "correctMassCheckup",
            field: "checkups", ja: "集団健診の結果を訂正する、または誤りとして取り消す",
            en:
                "A new version of the municipality's own result, whether it came by file or by itself; "
                + "`entered-in-error` withdraws it.",
            token: .officeIfAny, parameters: [.id, .seenVersion, .operatorID],
            body: .fhir(.reference("MassCheckupReport"), example),
            answers: [.fhir(.reference("DiagnosticReport"), "The report as it now is.")],
            refusals: Refusals.ofCorrection + refusals + [
                .identifierChanged, .versionPassed, .recordWithdrawn,
            ]),
        Operation(
            method: .get, path: "/fhir/DiagnosticReport/:id", id: "readMassCheckup",
            field: "checkups", ja: "自ら記録した集団健診の結果を読む",
            en: "The newest version of a result of the municipality's own, with its `ETag`.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            answers: [.fhir(.reference("DiagnosticReport"), "The report.")],
            refusals: Refusals.ofID + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .recordUnknown, .rulesUnknown,
            ]),
    ]

    static let sensitiveMassCheckups: [Operation] = [
        Operation(
            method: .post, path: "/fhir/sensitive/DiagnosticReport",
            id: "recordSensitiveMassCheckup", field: "checkups",
            ja: "集団健診の結果のうち、特に慎重に扱う項目を送る",
            en:
                "As an open result, with sensitive items alone and the day on which the person examined "
                + "agreed (`consented-on`), of a consent that the municipality holds. Nobody who acts for "
                + "another reads it, no delivery has it that did not ask for what is sensitive, and "
                + "nothing is claimed.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .fhir(.reference("SensitiveMassCheckupReport"), sensitiveMassExample),
            answers: [
                .fhir(.reference("DiagnosticReport"), "The new report.", status: 201),
                .fhir(.reference("DiagnosticReport"), "The same report, held already."),
            ], refusals: refusals + [.identifierReused]),
        Operation(
            method: .put, path: "/fhir/sensitive/DiagnosticReport/:id",
            id: "correctSensitiveMassCheckup", field: "checkups",
            ja: "集団健診の結果のうち、特に慎重に扱う項目を訂正する、または誤りとして取り消す",
            en:
                "A new version of the municipality's own sensitive result, of another day of consent as "
                + "well; `entered-in-error` withdraws it, and needs no consent.",
            token: .officeIfAny, parameters: [.id, .seenVersion, .operatorID],
            body: .fhir(.reference("SensitiveMassCheckupReport"), sensitiveMassExample),
            answers: [.fhir(.reference("DiagnosticReport"), "The report as it now is.")],
            refusals: Refusals.ofCorrection + refusals + [
                .identifierChanged, .versionPassed, .recordWithdrawn,
            ]),
    ]

    private static let refusals =
        Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
            .individualNumberNotAllowed("contained[0]"), .recordUnknown, .rulesUnknown,
            .zoneMissing("dateTime"), .dayAhead("effectiveDateTime"),
        ] + refusalsOfFindings + refusalsOfTickets

    private static let example = #"""
        {"resourceType": "DiagnosticReport",
         \#(bodyExample(weight: "10.25", height: "80.5")),
         "identifier": [{"system": "urn:tsunagi:mass-checkup-number", "value": "2026-0412-001"}],
         "status": "final",
         "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup", "code": "infant-18m"}]},
         "subject": {"identifier": {"system": "urn:tsunagi:maternal-notification-key",
                                    "value": "C-2026-0001"}},
         "effectiveDateTime": "2026-04-12",
         "result": [{"reference": "#weight"}, {"reference": "#height"},
                    {"reference": "#judgement"}]}
        """#

    private static let sensitiveMassExample = #"""
        {"resourceType": "DiagnosticReport",
         "contained": [
           {"resourceType": "Observation", "id": "abuse-signs", "status": "final",
            "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup-item",
                                 "code": "abuse-signs"}]},
            "valueCodeableConcept": {"coding": [
              {"system": "urn:tsunagi:CodeSystem:checkup-answer:abuse-signs", "code": "none"}]}}],
         "extension": [{"url": "urn:tsunagi:StructureDefinition:consented-on",
                        "valueDate": "2026-04-12"}],
         "identifier": [{"system": "urn:tsunagi:mass-checkup-number", "value": "2026-0412-001"}],
         "status": "final",
         "code": {"coding": [{"system": "urn:tsunagi:CodeSystem:checkup", "code": "infant-18m"}]},
         "subject": {"identifier": {"system": "urn:tsunagi:maternal-notification-key",
                                    "value": "C-2026-0001"}},
         "effectiveDateTime": "2026-04-12",
         "result": [{"reference": "#abuse-signs"}]}
        """#
}
