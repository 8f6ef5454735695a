import Exchange

/// 判定と予定, and 副反応疑いの報告: what follows a dose, for the clinic and for the municipality.
extension OpenAPI {
    static let reactions: [Operation] = [
        Operation(
            method: .post, path: "/fhir/$immds-forecast", id: "forecastVaccinations",
            field: "vaccinations", ja: "これまでの接種を判定し、次の接種の時期を求める",
            en:
                "HL7's ImmDS forecast, within a visit: an ImmunizationEvaluation for each dose "
                + "that is held or told, and an ImmunizationRecommendation of what is due next, "
                + "unless nothing is. Of `patient` only the id is read: birth and sex are the "
                + "register's.",
            parameters: [.operatorID],
            body: .fhir(.reference("VaccinationForecast"), forecastExample),
            answers: [
                .fhir(.reference("VaccinationForecastAnswer"), "Evaluations and recommendation.")
            ],
            refusals: refusalsOfVisit),
        Operation(
            method: .post, path: "/fhir/AdverseEvent", id: "reportReaction",
            field: "reactions", ja: "副反応疑いを報告する",
            en:
                "One report for each `identifier` of the institution's own. A dose of its own "
                + "is named by its record, one that another gave by vaccine, time and lot. `visit` is "
                + "one of the institution's own with this resident, of today or of any day before; "
                + "the duty to report needs no consent. The "
                + "answer says whether the symptom began within the period in which the "
                + "ordinance makes the report to PMDA a duty; this record reaches the "
                + "municipality, and does not take the place of that report.",
            parameters: [.operatorID],
            body: .fhir(.reference("AdverseEvent"), reactionExample),
            answers: [
                .fhir(.reference("AdverseEvent"), "The new report.", status: 201),
                .fhir(.reference("AdverseEvent"), "The same report, held already."),
            ],
            refusals: refusalsOfVisit + [
                .dayAhead("date"), .identifierReused, .recordUnknown, .tooMany("suspectEntity"),
            ]),
        Operation(
            method: .put, path: "/fhir/AdverseEvent/:id", id: "followReaction",
            field: "reactions", ja: "副反応疑いの追加報告をする、または取り下げる",
            en:
                "A new version of the institution's own report, `follow-up` or `withdrawn`; "
                + "none is overwritten, and the municipality that received the first receives it.",
            parameters: [.id, .seenVersion, .operatorID],
            body: .fhir(.reference("AdverseEvent"), reactionExample),
            answers: [.fhir(.reference("AdverseEvent"), "The report as it now is.")],
            refusals: Refusals.ofCorrection + refusalsOfVisit + [
                .recordUnknown, .identifierChanged, .versionPassed, .recordWithdrawn,
                .dayAhead("date"), .tooMany("suspectEntity"),
            ]),
        Operation(
            method: .get, path: "/fhir/AdverseEvent/:id", id: "readReaction",
            field: "reactions", ja: "自機関が報告した副反応疑いを読む",
            en: "The newest version of a report of the institution's own, with its `ETag`.",
            parameters: [.id, .operatorID],
            answers: [.fhir(.reference("AdverseEvent"), "The report.")],
            refusals: Refusals.ofID + Refusals.ofAccess + [.recordUnknown, .rulesUnknown]),
        reactionForm,
    ]

    private static let reactionForm: Operation = {
        var form = Operation.Answer.json(200, .reference("ReactionForm"), "The form.")
        form.otherMediaTypes = ["text/csv"]
        return Operation(
            method: .get, path: "/reactions/:id/form", id: "fillReactionForm", field: "reactions",
            ja: "報告した副反応疑いを、PMDAへの報告書の項目で受け取る",
            en:
                "The newest version of a report of the institution's own as the items of the report to PMDA, "
                + "with what its records of the doses say. What is not held is empty, for the reporter to "
                + "fill in (profiles/immunization/reactions.json). Sending it is the reporter's.",
            parameters: [.id, tableEncoding, .operatorID], answers: [form],
            refusals: Refusals.ofID + Refusals.ofAccess + [
                .recordUnknown, .rulesUnknown, .malformed("encoding"),
            ])
    }()

    static let reactionReports: [Operation] = [
        Operation(
            method: .get, path: "/fhir/AdverseEvent", id: "receiveReactions",
            field: "reactions", ja: "住民の副反応疑いの報告を受け取る",
            en:
                "The reports, and what followed each, of those who lived in the municipality "
                + "on the day of the dose, in the order in which they were committed. Every "
                + "resident shown is on the record.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "_cursor", place: .query, schema: .integer,
                    note: "ここまで受け取った位置(`reaction-cursor`)。省くと最初から。 / Received up to here "
                        + "(`reaction-cursor`); from the first without it."),
                .lineCount,
                .operatorID,
            ],
            answers: [.fhir(.reference("Bundle"), "A searchset of AdverseEvent.")],
            refusals: Refusals.ofSeveralPeople + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .malformed("_cursor"), .rulesUnknown,
            ]),
        export(
            path: "/fhir/AdverseEvent/$reports", id: "exportReactions",
            answer: .fhir(.reference("Bundle"), "A searchset of AdverseEvent.")),
        export(
            path: "/reactions/reports.csv", id: "exportReactionFile",
            answer: .init(status: 200, mediaType: "text/csv", schema: .text, note: "The table."),
            encoding: [tableEncoding]),
    ]

    private static func export(
        path: String, id: String, answer: Operation.Answer, encoding: [Operation.Parameter] = []
    ) -> Operation {
        Operation(
            method: .get, path: path, id: id, field: "reactions",
            ja: "国のすべての副反応疑いの報告を受け取る",
            en:
                "Every report and what followed it, for the ministry or whom it entrusted, in the order in "
                + "which they were committed, with the fields of the report to PMDA as "
                + "profiles/immunization/reaction-export.json has them: a layout of our own, as its head "
                + "says. Name, address and birth date are not in it, nor where somebody lives of whom "
                + "that must not be known. Every resident shown is on the record.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "_cursor", place: .query, schema: .integer,
                    note: "ここまで受け取った位置。省くと最初から。 / Received up to here; from the first without "
                        + "it."),
                .lineCount,
            ] + encoding + [.operatorID],
            answers: [answer],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [
                .malformed("_cursor"), .rulesUnknown,
            ] + (encoding.isEmpty ? [] : [.malformed("encoding")]))
    }

    static let reactionSchemas: [(name: String, schema: Schema)] = [
        (
            "VaccinationForecast",
            resource(
                "Parameters",
                [
                    .required(
                        "parameter",
                        .list(of: .openObject([.required("name", .text)])).note(
                            "assessmentDate, patient, visit; immunization …"))
                ])
        ),
        (
            "VaccinationForecastAnswer",
            resource(
                "Parameters",
                [
                    .optional(
                        "parameter",
                        .list(of: .openObject([.required("name", .text)])).note(
                            "evaluation …, recommendation"))
                ])
        ),
        (
            "ReactionForm",
            .object([
                .required("report", .id), .required("version", .integer),
                .required("standing", .codes(ReactionStanding.allCases.map(\.rawValue))),
                .required(
                    "items",
                    .list(
                        of: .object([
                            .required("code", .text), .required("name", .text),
                            .required("values", .list(of: .any(of: [.text, .null]))),
                        ]))),
            ])
        ),
        (
            "AdverseEvent",
            resource(
                "AdverseEvent",
                [
                    .required("identifier", .anyObject.note("機関の番号 / The institution's own.")),
                    .required("actuality", .codes(["actual"])),
                    .required("event", .anyObject), .required("date", .text),
                    .required("subject", .openObject([.required("reference", .text)])),
                    .required("recorder", .openObject([.required("display", .text)])),
                    .required("suspectEntity", .list(of: .anyObject).most(4)),
                    .required("extension", .list(of: .anyObject).note("visit; reaction-stage")),
                    .optional("seriousness", .anyObject), .optional("outcome", .anyObject),
                ])
        ),
    ]

    private static let forecastExample = #"""
        {"resourceType": "Parameters", "parameter": [
          {"name": "visit", "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"},
          {"name": "assessmentDate", "valueDate": "2026-06-15"},
          {"name": "patient", "resource": {"resourceType": "Patient", "id": "pw-0001"}}]}
        """#

    private static let reactionExample = #"""
        {"resourceType": "AdverseEvent",
         "extension": [
           {"url": "urn:tsunagi:StructureDefinition:visit",
            "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"},
           {"url": "urn:tsunagi:StructureDefinition:reaction-stage", "valueCode": "initial"}],
         "identifier": {"system": "https://clinic.example/reaction", "value": "ae-0001"},
         "actuality": "actual",
         "event": {"coding": [{"system": "urn:tsunagi:CodeSystem:vaccine-reaction",
                               "code": "convulsion"}], "text": "3分間のけいれん"},
         "subject": {"reference": "Patient/pw-0001"}, "date": "2026-06-15",
         "seriousness": {"coding": [
           {"system": "http://terminology.hl7.org/CodeSystem/adverse-event-seriousness",
            "code": "Serious"}]},
         "outcome": {"coding": [
           {"system": "http://terminology.hl7.org/CodeSystem/adverse-event-outcome",
            "code": "recovering"}]},
         "recorder": {"display": "見本 医師"},
         "suspectEntity": [
           {"extension": [{"url": "urn:tsunagi:StructureDefinition:suspected-dose", "extension": [
              {"url": "vaccine", "valueCodeableConcept": {"coding": [
                {"system": "urn:tsunagi:CodeSystem:vaccine", "code": "mr"}]}},
              {"url": "given", "valueDateTime": "2026-06-10"},
              {"url": "lotNumber", "valueString": "FAKE01"}]}],
            "instance": {"display": "MR"}}]}
        """#
}
