import Exchange

/// 資格確認: the check, and reading back what was told.
extension OpenAPI {
    static let eligibility: [Operation] = [
        Operation(
            method: .post, path: "/fhir/CoverageEligibilityRequest/$submit",
            id: "submitEligibilityCheck",
            field: "eligibility", ja: "受付した患者の受給資格を、診療日について確認する",
            en: "One outcome for each responsible body and scheme, out of a closed list "
                + "(urn:tsunagi:CodeSystem:eligibility-outcome). `declined` says nothing of what is held.",
            parameters: [.operatorID],
            body: .fhir(.reference("CoverageEligibilityRequest"), checkExample),
            answers: [
                .fhir(
                    .reference("CoverageEligibilityResponse"), "The answer; its entry is durable.")
            ],
            refusals: Refusals.ofBody + Refusals.ofAccess + [
                .missing("patient"), .unknownItem("modifierExtension"),
                .individualNumberNotAllowed("patient.identifier.value"), .visitUnknown, .visitEnded,
                .patientDiffers("patient.reference"), .zoneMissing("created"),
                .serviceDateOutOfRange, .rulesUnknown,
            ]),
        Operation(
            method: .get, path: "/fhir/CoverageEligibilityRequest/:id",
            id: "readEligibilityRequest",
            field: "eligibility", ja: "前に送った照会を読む",
            en:
                "The question of an answered check, as it was decided on. Its id is that of the response.",
            parameters: [.id, .operatorID],
            answers: [.fhir(.reference("CoverageEligibilityRequest"), "The question.")],
            refusals: replayRefusals),
        Operation(
            method: .get, path: "/fhir/CoverageEligibilityResponse/:id",
            id: "readEligibilityResponse",
            field: "eligibility", ja: "前に受け取った回答を読む",
            en:
                "Decided again from that day's versions, held against its digest: byte for byte "
                + "what was sent, or `replay-differs`.",
            parameters: [.id, .operatorID],
            answers: [
                .fhir(.reference("CoverageEligibilityResponse"), "The answer that was given.")
            ],
            refusals: replayRefusals),
        Operation(
            method: .get, path: "/fhir/CoverageEligibilityResponse/:id/$replay",
            id: "replayEligibility",
            field: "eligibility", ja: "その日に何と回答したかを再計算で確かめる",
            en: "The answer of that day with its digest and the time of its entry.",
            parameters: [.id, .operatorID],
            answers: [.fhir(.reference("Replay"), "The replay.")], refusals: replayRefusals),
        search(
            "searchEligibilityResponses", of: "CoverageEligibilityResponse",
            ja: "前に受け取った回答を、受付・患者・日で探す"),
        search(
            "searchEligibilityRequests", of: "CoverageEligibilityRequest",
            ja: "前に送った照会を、受付・患者・日で探す"),
    ]

    /// 自機関への回答の検索: both of them find the same checks.
    private static func search(_ id: String, of type: String, ja: String) -> Operation {
        Operation(
            method: .post, path: "/fhir/\(type)/_search", id: id, field: "eligibility", ja: ja,
            en:
                "What this institution was told, oldest first, each decided again as when it is read by its "
                + "id. One of `visit`, `patient` and `created` at least. What a resident took back since "
                + "is as if it had not been asked; a visit or a patient of another institution is as "
                + "unknown as none. Send the same body to `next` to go on: nothing is repeated or left out "
                + "while answers arrive. Every resident shown is on the record.",
            parameters: [
                .init(
                    name: "_cursor", place: .query, schema: .text,
                    note: "続きの位置(next が示す値) / Where to go on: as `next` has it."),
                .operatorID,
            ],
            body: .init(
                mediaTypes: ["application/x-www-form-urlencoded"],
                schema: .object([
                    .optional("visit", .id.note("受付の番号 / The visit that was checked.")),
                    .optional("patient", .text.note("患者の番号 / `Patient/…`, or the id alone.")),
                    .optional(
                        "created",
                        .text.note(
                            "回答した日(日本) / `ge2026-04-01` and `le2026-04-30`, or one day.")),
                    .optional("_count", .text), .optional("_format", .text),
                ]),
                example: "patient=Patient/pw-0001&created=ge2026-04-01&created=le2026-04-30"),
            answers: [.fhir(.reference("Bundle"), "A searchset of \(type), not counted.")],
            refusals: replayRefusals + Refusals.ofItems + [.individualNumberNotAllowed("patient")])
    }

    /// The office's own form of the same operation.
    static let replayForBodies: [Operation] = [
        Operation(
            method: .get, path: "/fhir/CoverageEligibilityResponse/:id/$replay",
            id: "replayEligibilityForBody", field: "eligibility",
            ja: "自団体について、その日に何と回答したかを再計算で確かめる",
            en:
                "As for the institution, with the outcomes of the asking body alone and no digest: it would "
                + "tell of the others.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            answers: [.fhir(.reference("Replay"), "The replay.")],
            refusals: replayRefusals + Refusals.ofOfficeToken)
    ]

    private static let replayRefusals =
        Refusals.ofID + Refusals.ofAccess + [
            .recordUnknown, .replayDiffers, .answerFormUnknown, .rulesUnknown,
        ]

    private static let checkExample = #"""
        {"resourceType": "CoverageEligibilityRequest",
         "extension": [{"url": "urn:tsunagi:StructureDefinition:visit",
                        "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"}],
         "status": "active", "purpose": ["validation"], "patient": {"reference": "Patient/pw-0001"},
         "servicedDate": "2026-06-15", "created": "2026-06-15T10:00:00+09:00",
         "insurer": {"reference": "Organization/tsunagi"}}
        """#

    static let fhirSchemas: [(name: String, schema: Schema)] = [
        (
            "CoverageEligibilityRequest",
            resource(
                "CoverageEligibilityRequest",
                [
                    .required("status", .constant("active")),
                    .required(
                        "purpose",
                        .list(
                            of: .codes(["auth-requirements", "benefits", "discovery", "validation"])
                        )),
                    .required("patient", reference("Patient/<受付の番号>")),
                    .optional("servicedDate", .day.note("診療日。省くと created の日(日本)")),
                    .optional(
                        "servicedPeriod", .anyObject.note("一日だけの期間 / Taken when it is one day.")),
                    .required("created", .text.note("FHIR dateTime with a day, at least.")),
                    .required("insurer", reference("Organization/tsunagi")),
                    .optional(
                        "provider",
                        .anyObject.note("書くなら証明書の機関 / If given, that of the certificate.")),
                    .required(
                        "extension",
                        .list(of: .anyObject).note("urn:tsunagi:StructureDefinition:visit: 受付番号")),
                ])
        ),
        (
            "CoverageEligibilityResponse",
            resource(
                "CoverageEligibilityResponse",
                [
                    .required("id", .id),
                    .required("status", .constant("active")),
                    .required("patient", reference("Patient/…")),
                    .required("servicedDate", .day),
                    .required("created", .instant),
                    .required("request", reference("CoverageEligibilityRequest/…")),
                    .required("outcome", .constant("complete")),
                    .optional("disposition", .text.note("結果を日本語と英語の文で / The same in words.")),
                    .required(
                        "extension",
                        .list(of: .anyObject).note(
                            "eligibility-outcome(実施機関・制度ごとに一つ), eligibility-warning, rules-version, visit"
                        )),
                    .optional("insurance", .list(of: .anyObject).note("使える受給者証だけ、適用の順")),
                    .optional("contained", .list(of: .anyObject).note("Coverage")),
                    .required("insurer", reference("Organization/tsunagi")),
                ])
        ),
        (
            "Replay",
            resource(
                "Parameters",
                [
                    .required(
                        "parameter",
                        .list(of: .openObject([.required("name", .text)])).note(
                            "matches (valueBoolean), answeredAt (valueInstant), digest (SHA-256, "
                                + "valueBase64Binary), answer (resource)"))
                ])
        ),
        (
            "Patient",
            resource(
                "Patient",
                [
                    .required("id", .text), .required("name", .list(of: .anyObject)),
                    .optional("birthDate", .text), .optional("gender", .text),
                ])
        ),
    ]

    /// A FHIR R4 resource, open for whatever else FHIR has.
    static func resource(_ type: String, _ items: [Schema.Item]) -> Schema {
        .openObject([.required("resourceType", .constant(type))] + items)
            .note("https://hl7.org/fhir/R4/\(type.lowercased()).html")
    }

    private static func reference(_ form: String) -> Schema {
        .openObject([.required("reference", .text.note(form))])
    }
}
