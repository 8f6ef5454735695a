import Exchange

/// 白紙の予診票・問診票: sheets to fill in by hand, and what was written on them.
extension OpenAPI {
    static let paperForms: [Operation] =
        [printing("printPaperForms")] + bringing

    static let municipalPaperForms: [Operation] = [
        printing("printMunicipalPaperForms", token: .officeIfAny)
    ]

    private static func printing(
        _ id: String, token: Operation.Token = .none
    ) -> Operation {
        Operation(
            method: .post, path: "/paper-forms", id: id, field: "vaccinations",
            ja: "白紙の予診票・問診票を印刷する",
            en:
                "A4 pages that are whole by themselves, one for each sheet, for whoever has no phone or has "
                + "not answered yet. Each has a number of its own, in letters and in a QR code "
                + "(`tsunagi-form:<number>:<id of the questionnaire>`): of nobody, good for one person and "
                + "once, and until the day that stands on it. A form of a season to come may be printed "
                + "before; what is sensitive is never printed.",
            token: token, parameters: [.operatorID],
            body: .json(
                .reference("PaperFormOrder"),
                #"{"questionnaire": "urn:tsunagi:Questionnaire:screening-child-mr|1", "count": 2}"#),
            answers: [
                .init(status: 200, mediaType: "text/html", schema: .text, note: "The pages.")
            ],
            refusals: Refusals.ofItems + Refusals.ofAccess
                + (token == .none ? [] : Refusals.ofOfficeToken) + [
                    .malformed("questionnaire"), .malformed("municipality"), .tooMany("count"),
                    .questionnaireOver,
                    .individualNumberNotAllowed("body"),
                ])
    }

    private static let bringing: [Operation] = [
        Operation(
            method: .post, path: "/fhir/QuestionnaireResponse", id: "bringScreening",
            field: "vaccinations", ja: "紙に書かれた予診票・問診票の回答を登録する",
            en:
                "The answers on a sheet, within a visit of the person who filled it in, under its number "
                + "(`identifier`, of `urn:tsunagi:paper-form`, as printed or as scanned). From then on they "
                + "are the person's answers like those from a portal. `authored` is the day on which it "
                + "was filled in. The same answers again are those that are held; a sheet that was used for "
                + "anybody is refused in the same words.",
            parameters: [.operatorID], body: .fhir(.reference("BroughtResponse"), brought),
            answers: [
                .fhir(.reference("QuestionnaireResponse"), "The new answers.", status: 201),
                .fhir(.reference("QuestionnaireResponse"), "The same answers, held already."),
            ],
            refusals: refusalsOfSheets),
        Operation(
            method: .put, path: "/fhir/QuestionnaireResponse/:id", id: "bringScreeningAgain",
            field: "vaccinations", ja: "紙から写した回答の誤りを直す",
            en:
                "A mistake of copying: a new version with the status `amended`, under the number of the same "
                + "sheet, by the institution that brought it in.",
            parameters: [.responseID, .seenVersion, .operatorID],
            body: .fhir(.reference("BroughtResponse"), brought),
            answers: [
                .fhir(.reference("QuestionnaireResponse"), "The answers as they now are.")
            ],
            refusals: refusalsOfSheets + [.idDiffers, .versionPassed, .responseSubmitted]),
    ]

    private static let refusalsOfSheets =
        refusalsOfVisit + [
            .consentNotGiven, .malformed("identifier.value"), .paperFormUnknown, .paperFormUsed,
            .paperFormOver, .questionnaireOver, .recordUnknown, .dayAhead("authored"),
        ]

    static let paperFormSchemas: [(name: String, schema: Schema)] = [
        (
            "PaperFormOrder",
            .object([
                .required("questionnaire", .text.note("`url|version`")),
                .optional(
                    "count",
                    .any(of: [.integer.range(1...PaperFormOrder.countMax), .null]).note(
                        "枚数。省くと1 / Sheets; 1 without it.")),
                .optional(
                    "municipality",
                    .any(of: [.text.pattern("^[0-9]{6}$"), .null]).note(
                        "使う人の住所地(その市区町村が定めた接種期間で印刷する)。省くと、市区町村は自分 / Whose residents "
                            + "the sheets are for, by whose seasons they are printed; without it a "
                            + "municipality's are its own.")),
            ])
        ),
        (
            "BroughtResponse",
            resource(
                "QuestionnaireResponse",
                [
                    .required("questionnaire", .text.note("`url|version`")),
                    .required("status", .codes(["completed", "amended"])),
                    .required(
                        "identifier",
                        .openObject([
                            .required("system", .constant("urn:tsunagi:paper-form")),
                            .required("value", .text),
                        ])),
                    .required("extension", .list(of: .anyObject).note("visit")),
                    .required("subject", .openObject([.required("reference", .text)])),
                    .optional("authored", .text.note("記入日 / The day it was filled in.")),
                    .required("item", .list(of: .anyObject)),
                ])
        ),
    ]

    private static let brought = #"""
        {"resourceType": "QuestionnaireResponse",
         "extension": [{"url": "urn:tsunagi:StructureDefinition:visit",
                        "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"}],
         "identifier": {"system": "urn:tsunagi:paper-form", "value": "BCDF-GHJK-LMNP-QRSX"},
         "questionnaire": "urn:tsunagi:Questionnaire:screening-child-mr|1",
         "status": "completed", "subject": {"reference": "Patient/pw-0001"},
         "authored": "2026-06-15",
         "item": [{"linkId": "unwell", "answer": [{"valueBoolean": false}]}]}
        """#
}
