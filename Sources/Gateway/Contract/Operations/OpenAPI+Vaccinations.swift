import Exchange

/// 予防接種: the check before the needle, and the record that is at once the municipality's line.
extension OpenAPI {
    static let vaccinations: [Operation] = [
        Operation(
            method: .post, path: "/fhir/Immunization/$check", id: "checkVaccination",
            field: "vaccinations", ja: "これから接種するワクチンを、接種歴と予診について確認する",
            en:
                "A verdict for each candidate: stop, caution or fine, each finding with its rule, source, "
                + "earliest day and words for nurse and parent. What the resident did not agree to show "
                + "is as if nothing were held. Without expiry, temperature or questionnaire it is a "
                + "caution that names what to send. "
                + "profiles/fhir/OperationDefinition-Immunization-check.json.",
            parameters: [.operatorID],
            body: .fhir(.reference("VaccinationCheck"), needleExample),
            answers: [
                .fhir(.reference("VaccinationVerdict"), "The verdict; its entry is durable.")
            ],
            refusals: refusalsOfVisit + [
                .recordUnknown, .questionnaireOver, .tooMany("parameter(candidate)"),
                .vaccineUnknown("candidate"),
            ]),
        Operation(
            method: .post, path: "/fhir/Immunization", id: "recordVaccination",
            field: "vaccinations", ja: "接種(または接種しなかったこと)の記録を送る",
            en:
                "One record for each `identifier` of the institution's own: the same record sent again, "
                + "also at once, is the one that is held. `Location` and `ETag` name record and version. "
                + "The same commit holds the municipality's line: the answer's extensions say whether it "
                + "is a claim, or why not, and what deserves a look.",
            parameters: [preferred, .operatorID],
            body: .fhir(.reference("Immunization"), recordExample),
            answers: [
                .fhir(recordOrOutcome, "The new record.", status: 201),
                .fhir(recordOrOutcome, "The same record, held already."),
            ],
            refusals: refusalsOfDose + [.identifierReused]),
        Operation(
            method: .put, path: "/fhir/Immunization/:id", id: "correctVaccination",
            field: "vaccinations", ja: "送った接種記録を訂正する、または誤りとして取り消す",
            en:
                "A new version of the institution's own record; none is overwritten. `entered-in-error` "
                + "withdraws it, and its claim with it. The content that is held already changes nothing.",
            parameters: [.id, .seenVersion, preferred, .operatorID],
            body: .fhir(.reference("Immunization"), recordExample),
            answers: [.fhir(recordOrOutcome, "The record as it now is.")],
            refusals: Refusals.ofCorrection + refusalsOfDose + [
                .identifierChanged, .versionPassed, .recordWithdrawn,
            ]),
        Operation(
            method: .get, path: "/fhir/Immunization/:id", id: "readVaccination",
            field: "vaccinations", ja: "自機関が送った接種記録を読む",
            en: "The newest version of a record of the institution's own, with its `ETag`.",
            parameters: [.id, .operatorID],
            answers: [.fhir(.reference("Immunization"), "The record.")],
            refusals: Refusals.ofID + Refusals.ofAccess + [.recordUnknown]),
    ]

    static let ownVaccinations: [Operation] = [
        Operation(
            method: .get, path: "/fhir/Immunization", id: "readOwnVaccinations",
            field: "own-records", ja: "本人の接種記録を読む",
            en:
                "What every institution recorded, the newest version of each; what was withdrawn says so.",
            token: .resident, parameters: [.operatorID],
            answers: [.fhir(.reference("Bundle"), "A searchset of Immunization.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken),
        Operation(
            method: .get, path: "/fhir/ImmunizationRecommendation", id: "readOwnForecast",
            field: "own-records", ja: "本人の接種予定を読む",
            en:
                "What is due next in each schedule of the Act, with its earliest, recommended and latest "
                + "days; empty while nothing is forecast, as without a birth date.",
            token: .resident, parameters: [.operatorID],
            answers: [
                .fhir(.reference("Bundle"), "A searchset of one ImmunizationRecommendation.")
            ],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
    ]

    static let refusalsOfVisit =
        Refusals.ofItems + Refusals.ofAccess + [
            .individualNumberNotAllowed("patient.identifier.value"), .visitUnknown, .visitEnded,
            .visitForCheckAlone, .patientDiffers("patient.reference"), .zoneMissing("dateTime"),
            .rulesUnknown,
        ]

    private static let refusalsOfDose =
        refusalsOfVisit + [
            .dayAhead("occurrenceDateTime"), .vaccineUnknown("vaccineCode.coding[0].code"),
            .consentNotGiven, .recordUnknown,
        ]

    private static let preferred = Operation.Parameter(
        name: "Prefer", place: .header,
        schema: .text.example("return=OperationOutcome"),
        note: "`return=OperationOutcome` なら、請求になったか、注意があるかだけを返します。`return=minimal` なら本文を返しません。 / "
            + "What to answer with: the record, its outcome alone, or nothing.")

    /// By `Prefer`.
    private static let recordOrOutcome = Schema.any(of: [
        .reference("Immunization"), .reference("OperationOutcome"),
    ])

    private static let needleExample = #"""
        {"resourceType": "Parameters", "parameter": [
          {"name": "visit", "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"},
          {"name": "patient", "valueReference": {"reference": "Patient/pw-0001"}},
          {"name": "candidate", "part": [
            {"name": "vaccineCode", "valueCodeableConcept": {"coding": [
              {"system": "urn:tsunagi:CodeSystem:vaccine", "code": "mr"}]}},
            {"name": "lotNumber", "valueString": "FAKE01"},
            {"name": "expirationDate", "valueDate": "2027-03-31"}]},
          {"name": "temperature", "valueQuantity": {"value": 36.8, "code": "Cel"}},
          {"name": "questionnaireRead", "valueBoolean": true}]}
        """#

    private static let recordExample = #"""
        {"resourceType": "Immunization",
         "extension": [
           {"url": "urn:tsunagi:StructureDefinition:visit",
            "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"},
           {"url": "urn:tsunagi:StructureDefinition:vaccination-basis", "valueCode": "routine"}],
         "identifier": [{"system": "https://clinic.example/immunization", "value": "im-0001"}],
         "status": "completed",
         "vaccineCode": {"coding": [{"system": "urn:tsunagi:CodeSystem:vaccine", "code": "mr"}]},
         "patient": {"reference": "Patient/pw-0001"},
         "occurrenceDateTime": "2026-06-15T09:50:00+09:00", "lotNumber": "FAKE01",
         "expirationDate": "2027-03-31",
         "doseQuantity": {"value": 0.5, "unit": "mL", "system": "http://unitsofmeasure.org",
                          "code": "mL"},
         "performer": [{"actor": {"display": "見本 医師"}}],
         "protocolApplied": [{"doseNumberPositiveInt": 1}]}
        """#

    static let vaccinationSchemas: [(name: String, schema: Schema)] = [
        (
            "VaccinationCheck",
            parameters(
                "visit, patient, candidate; date, temperature, answer, questionnaireResponse, "
                    + "questionnaireRead, immunization …")
        ),
        (
            "VaccinationVerdict",
            parameters("verdict, remaining, date, dosesKnown, rules, candidate")
        ),
        (
            "Immunization",
            resource(
                "Immunization",
                [
                    .required(
                        "identifier",
                        .list(of: .anyObject).most(1).note("機関の番号を一つ / The institution's own.")),
                    .required("status", .codes(["completed", "not-done", "entered-in-error"])),
                    .required("vaccineCode", .anyObject),
                    .required("patient", .openObject([.required("reference", .text)])),
                    .optional("occurrenceDateTime", .text),
                    .optional("occurrenceString", .text),
                    .required(
                        "extension",
                        .list(of: .anyObject).note(
                            "visit; vaccination-basis (定期・任意) for a dose given here")),
                    .optional("lotNumber", .text),
                    .optional("doseQuantity", .anyObject),
                    .optional("performer", .list(of: .anyObject)),
                    .optional("protocolApplied", .list(of: .anyObject)),
                ])
        ),
    ]

    private static func parameters(_ names: String) -> Schema {
        resource(
            "Parameters",
            [
                .required(
                    "parameter",
                    .list(of: .openObject([.required("name", .text)])).note(names))
            ])
    }
}
