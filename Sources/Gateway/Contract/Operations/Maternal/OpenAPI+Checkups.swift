import Exchange

/// 母子保健: the report that is at once the municipality's line, what the family sees, and what the municipality
/// has to do.
extension OpenAPI {
    static let checkups: [Operation] =
        CheckupCompartment.allCases.flatMap(reports) + [
            Operation(
                method: .get, path: "/fhir/CarePlan", id: "readCheckupPlan", field: "checkups",
                ja: "診察の前に、受付中の患者の健診の予定と使っていない受診券を確かめる",
                en:
                    "Of the patient of a visit that is open now: how far the pregnancy has come by the "
                    + "notified expected date, each checkup with the days of its window, and the tickets "
                    + "that stand unused. A loss is told to no clinic.",
                parameters: [subject, .operatorID],
                answers: [.fhir(.reference("Bundle"), "A searchset of CarePlan.")],
                refusals: Refusals.ofAccess + [
                    .missing("subject"), .recordUnknown, .visitForCheckAlone, .rulesUnknown,
                    .consentNotGiven,
                ])
        ]

    private static func reports(_ compartment: CheckupCompartment) -> [Operation] {
        let path = compartment.basePath + "/DiagnosticReport"
        let (name, ja, en) = compartment.words
        let example = compartment == .open ? reportExample : sensitiveExample
        return [
            Operation(
                method: .post, path: path, id: "record\(name)Checkup", field: "checkups",
                ja: "健診の結果を送る\(ja)",
                en:
                    "One report for each `identifier` of the institution's own, its Observations "
                    + "contained: the same report sent again, also at once, is the one that is held. "
                    + en,
                parameters: [.operatorID],
                body: .fhir(.reference("DiagnosticReport"), example),
                answers: [
                    .fhir(.reference("DiagnosticReport"), "The new report.", status: 201),
                    .fhir(.reference("DiagnosticReport"), "The same report, held already."),
                ],
                refusals: refusalsOfReport(compartment) + [.identifierReused]),
            Operation(
                method: .put, path: path + "/:id", id: "correct\(name)Checkup", field: "checkups",
                ja: "送った健診の結果を訂正する、または誤りとして取り消す\(ja)",
                en:
                    "A new version of the institution's own report; none is overwritten. "
                    + "`entered-in-error` withdraws it; a ticket that it used is open again.",
                parameters: [.id, .seenVersion, .operatorID],
                body: .fhir(.reference("DiagnosticReport"), example),
                answers: [.fhir(.reference("DiagnosticReport"), "The report as it now is.")],
                refusals: Refusals.ofCorrection + refusalsOfReport(compartment) + [
                    .recordUnknown, .identifierChanged, .versionPassed, .recordWithdrawn,
                ]),
            Operation(
                method: .get, path: path + "/:id", id: "read\(name)Checkup", field: "checkups",
                ja: "自機関が送った健診の結果を読む\(ja)",
                en: "The newest version of a report of the institution's own, with its `ETag`.",
                parameters: [.id, .operatorID],
                answers: [.fhir(.reference("DiagnosticReport"), "The report.")],
                refusals: Refusals.ofID + Refusals.ofAccess + [.recordUnknown, .rulesUnknown]),
            Operation(
                method: .get, path: path, id: "read\(name)Checkups", field: "checkups",
                ja: "受付中の患者の健診の経過を読む\(ja)",
                en:
                    "What every institution recorded of the patient of a visit that is open now. "
                    + (compartment == .open
                        ? ""
                        : "Of one who did not agree to it, as of one of whom nothing is held."),
                parameters: [subject, .operatorID],
                answers: [.fhir(.reference("Bundle"), "A searchset of DiagnosticReport.")],
                refusals: Refusals.ofAccess + [
                    .missing("subject"), .recordUnknown, .visitForCheckAlone, .rulesUnknown,
                ] + (compartment == .open ? [.consentNotGiven] : [])),
        ]
    }

    private static func refusalsOfReport(_ compartment: CheckupCompartment) -> [Refusal] {
        Refusals.ofItems + Refusals.ofAccess + [
            .individualNumberNotAllowed("subject.identifier.value"), .visitUnknown, .visitEnded,
            .visitForCheckAlone, .patientDiffers("subject.reference"), .zoneMissing("dateTime"),
            .dayAhead("effectiveDateTime"), .consentNotGiven, .rulesUnknown,
        ] + refusalsOfFindings + (compartment == .open ? refusalsOfTickets : [])
    }

    static let refusalsOfFindings = Refusal.table.filter {
        if case .resultRefused = $0 { true } else { false }
    }

    static let refusalsOfTickets = Refusal.table.filter {
        if case .ticketRefused = $0 { true } else { false }
    }

    private static let subject = Operation.Parameter(
        name: "subject", place: .query, schema: .text.pattern("^(Patient/)?[a-z]{1,64}$"),
        note: "受付で受け取った患者のID / The patient's id, as given with the visit.")

    static let ownCheckups: [Operation] = [
        own(
            "/fhir/DiagnosticReport", "readOwnCheckups", "本人の健診の経過を読む",
            "What every institution recorded, the newest version of each, by the day of the checkup.",
            "A searchset of DiagnosticReport."),
        own(
            "/fhir/sensitive/DiagnosticReport", "readOwnSensitiveCheckups",
            "本人の、特に慎重に扱う健診項目を読む",
            "Infections, the questionnaire and the judgement of a checkup after delivery, loss, violence: "
                + "apart, so that they are seen only when asked for, and by the resident alone: no "
                + "guardian, no delegate. Of a child below the age from which it decides alone, as of one "
                + "of whom nothing is held.",
            "A searchset of DiagnosticReport."),
        own(
            "/fhir/Observation", "readOwnMeasurements", "本人の発育の記録を読む",
            "Every measurement, with the percentiles of the national survey it lies between.",
            "A searchset of Observation."),
        own(
            "/fhir/CarePlan", "readOwnCheckupPlan", "本人の健診の予定を読む",
            "What is due, done, missed or to come, with the days of each window and its ticket.",
            "A searchset of CarePlan."),
        Operation(
            method: .post, path: "/checkups/print", id: "printHandbook", field: "own-records",
            ja: "健診の記録を印刷する",
            en:
                "What is due, what was found, and measurements on the percentile curves of the national "
                + "survey, as a page that is whole by itself. Nothing sensitive is on it.",
            token: .resident, parameters: [.operatorID],
            answers: [
                .init(status: 200, mediaType: "text/html", schema: .text, note: "The page.")
            ],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
    ]

    private static func own(
        _ path: String, _ id: String, _ ja: String, _ en: String, _ answer: String
    ) -> Operation {
        Operation(
            method: .get, path: path, id: id, field: "own-records", ja: ja, en: en,
            token: .resident, parameters: [.operatorID],
            answers: [.fhir(.reference("Bundle"), answer)],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown])
    }

    /// A report, with `items` of how its sender says whose it is.
    private static func report(_ items: [Schema.Item]) -> Schema {
        resource(
            "DiagnosticReport",
            [
                .required(
                    "identifier",
                    .list(of: .anyObject).most(1).note("送る側の番号を一つ / The sender's own.")),
                .required("status", .codes(CheckupReport.Status.allCases.map(\.rawValue))),
                .required("code", .anyObject.note("urn:tsunagi:CodeSystem:checkup")),
                .required("effectiveDateTime", .text),
                .required(
                    "contained",
                    .list(of: .anyObject).note("Observation: profiles/maternal/items.json")),
                .required("result", .list(of: .openObject([.required("reference", .text)]))),
                .optional("issued", .text), .optional("performer", .list(of: .anyObject)),
            ] + items)
    }

    static let checkupSchemas: [(name: String, schema: Schema)] = [
        (
            "DiagnosticReport",
            report([
                .required("subject", .openObject([.required("reference", .text)])),
                .required("extension", .list(of: .anyObject).note("visit; checkup-ticket")),
            ])
        ),
        (
            "MassCheckupReport",
            report([
                .required(
                    "subject",
                    .openObject([.required("identifier", .anyObject)]).note(
                        "届出番号 / By the key of the municipality's own notification: "
                            + "urn:tsunagi:maternal-notification-key")),
                .optional("extension", .list(of: .anyObject).note("checkup-ticket")),
            ])
        ),
        (
            "SensitiveMassCheckupReport",
            report([
                .required(
                    "subject",
                    .openObject([.required("identifier", .anyObject)]).note(
                        "届出番号 / By the key of the municipality's own notification: "
                            + "urn:tsunagi:maternal-notification-key")),
                .optional(
                    "extension",
                    .list(of: .anyObject).note(
                        "consented-on: 同意日。取消しのほかは必須 / Needed but for entered-in-error")),
            ])
        ),
        (
            "Task",
            resource(
                "Task",
                [
                    .required("status", .codes(FollowUpTask.Status.allCases.map(\.rawValue))),
                    .optional("note", .list(of: .openObject([.required("text", .text)])).most(1)),
                ])
        ),
        (
            "MaternalNotificationRow",
            .openObject([
                .required("myNumber", .text.pattern("^\\d{12}$").note("個人番号")),
                .required("notificationKey", .text.longest(100).note("届出番号")),
                .required("notificationKind", .codes(["pregnancy", "child"])),
                .required("notifiedOn", .day.note("届出日")),
                .optional("expectedDate", .day.note("分娩予定日 (pregnancy)")),
                .optional("fetuses", .integer.range(1...9).note("胎児数")),
                .optional("losses", .list(of: .anyObject).note("流産・死産: on, fetuses")),
                .optional("delivery", .anyObject.note("分娩: on, live, still")),
                .optional("dateOfBirth", .day.note("出生日 (child)")),
                .optional(
                    "pregnancyKey",
                    .text.longest(100).note("母の妊娠の届出番号 (child): 省くと母子の関係がなくなります")),
                .optional("handbookNumbers", .list(of: .text.longest(30)).most(9).note("母子健康手帳番号")),
                .optional(
                    "returnedTickets", .list(of: .anyObject).note("返還された受診券: kind, serial, on")),
                .optional("isWithdrawn", .boolean.note("誤りの届出の取消し")),
            ])
        ),
    ]
}

extension CheckupCompartment {
    fileprivate var words: (name: String, ja: String, en: String) {
        switch self {
        case .open:
            (
                "", "",
                "`Location` and `ETag` name report and version. The same commit holds the "
                    + "municipality's line, the ticket used and what the municipality must do."
            )
        case .sensitive:
            (
                "Sensitive", "(特に慎重に扱う項目)",
                "Sensitive items alone, under their own consent kind."
            )
        }
    }
}
