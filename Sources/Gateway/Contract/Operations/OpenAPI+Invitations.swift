import Exchange

/// 市区町村の予防接種: whom it invites, who has not come, and the ledger lines and claims that it receives.
extension OpenAPI {
    static let invitations: [Operation] = [
        Operation(
            method: .post, path: "/immunization/registration-tasks",
            id: "postVaccinationRegistrationTasks", field: "registration",
            ja: "予防接種の対象者を登録する",
            en:
                "`modificationSeg` 1 invites a resident to a schedule, or changes its last day; 2 takes that "
                + "back. Whoever is newly invited finds a notice. Sent twice, it is applied once.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("VaccinationTargetRow")).most(10_000), targetRows),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/immunization/registration-tasks/:taskId",
            id: "getVaccinationRegistrationTask", field: "registration",
            ja: "予防接種の対象者の登録の結果を行ごとに読む", en: "As for subsidies.",
            token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
        unvaccinated, vaccinationReminders,
    ]

    private static let unvaccinated: Operation = {
        var list = Operation.Answer.json(200, .reference("Unvaccinated"), "The list.")
        list.otherMediaTypes = ["text/csv"]
        return Operation(
            method: .get, path: "/immunization/unvaccinated", id: "listUnvaccinated",
            field: "registration", ja: "登録した対象者のうち、まだ接種していない人を読む",
            en:
                "Those invited whose invitation has begun, who live there, and who may be given a dose of "
                + "the schedule today by the judgement of the check; of an invitation that is over, who "
                + "missed one. A page may hold fewer than asked for, or nobody, while `next` stands. Each of "
                + "them is on the record.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "programme", place: .query, schema: .text.example("mr-period-2"),
                    note: "接種の種類 / The schedule; it must be given."),
                .init(
                    name: "cohort", place: .query, schema: .text.example("2024"),
                    note: "生年度(その年の4月2日から翌年の4月1日生まれ)。`unknown` は生年月日の登録がない人 / School year of "
                        + "birth, as the municipality registered it; `unknown` where it registered none."
                ),
                .init(
                    name: "over", place: .query, schema: .boolean,
                    note: "対象期間が終わった人だけ、または終わっていない人だけ / Whose period is over, or is not."),
                .init(
                    name: "after", place: .query, schema: .integer,
                    note: "続き(前の答えの `next`) / Where to go on: `next` of the last answer."),
                count("count"), tableEncoding, .operatorID,
            ],
            answers: [list],
            refusals: refusalsOfProgramme + [
                .missing("programme"), .malformed("cohort"), .malformed("over"),
                .malformed("encoding"),
            ])
    }()

    private static let vaccinationReminders = Operation(
        method: .post, path: "/immunization/reminders", id: "remindOfVaccination",
        field: "registration", ja: "まだ接種していない人に、接種を勧奨する",
        en:
            "Each of these keys that still waits finds a notice, once a day however often it is sent. Of the "
            + "others only their number is told.",
        token: .officeIfAny, parameters: [.operatorID],
        body: .json(
            .object([
                .required("programme", .text),
                .required(
                    "municipalityIdentityKeys", .list(of: .text).most(Reminding.keysMax)),
            ]), #"{"programme": "mr-period-2", "municipalityIdentityKeys": ["0001"]}"#),
        answers: [.json(200, .reference("Reminded"), "How many, by what became of them.")],
        refusals: Refusals.ofItems + refusalsOfProgramme + [
            .tooMany("municipalityIdentityKeys")
        ])

    private static let refusalsOfProgramme =
        Refusals.ofAccess + Refusals.ofOfficeToken + [.malformed("programme"), .rulesUnknown]

    static let vaccinationLines: [Operation] = [
        Operation(
            method: .get, path: "/fhir/Immunization", id: "receiveVaccinations",
            field: "vaccinations", ja: "住民の接種記録を、台帳と請求の行として受け取る",
            en:
                "The lines of residents of the municipality, at least once and in one order: each says what "
                + "it is in ledger and claim (profiles/fhir/StructureDefinition-vaccination-line.json); what "
                + "was corrected comes again, what is no longer a line as `entered-in-error`. What other "
                + "municipalities' own ledgers told of who lives here comes without "
                + "`vaccination-line`, claimed of nobody here. Every resident shown is on the record. One "
                + "resident's are asked for by `POST /fhir/Immunization/_search`.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "_cursor", place: .query, schema: .integer,
                    note: "ここまで受け取った位置。省くと、最後に受け取ったと伝えた位置の続きです。 / Received up to here; "
                        + "without it, what comes after the last place that was said so of."),
                count("_count"), .operatorID,
            ],
            answers: [
                .fhir(
                    .reference("Bundle"),
                    "A searchset of Immunization; `next` has the cursor to go on from.")
            ],
            refusals: Refusals.ofSeveralPeople + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .malformed("_cursor")
            ]),
        Operation(
            method: .post, path: "/fhir/Immunization/_search", id: "searchVaccinationLines",
            field: "vaccinations", ja: "住民一人の台帳と請求の行を読む",
            en:
                "What the municipality now holds of one resident, named by the key under which it registered "
                + "them. While the resident lives there, also the lines of where they lived before: records "
                + "without `vaccination-line`, claimed of nobody here.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .init(
                mediaTypes: ["application/x-www-form-urlencoded"],
                schema: .object([
                    .required("patient.identifier", .text), .optional("_format", .text),
                ]),
                example: "patient.identifier=urn:tsunagi:municipality-identity-key%7C0001"),
            answers: [.fhir(.reference("Bundle"), "A searchset of Immunization.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken),
    ]

    static let aroundTheNeedleSchemas: [(name: String, schema: Schema)] = [
        (
            "VaccinationTargetRow",
            .openObject([
                .required("modificationSeg", .codes(["1", "2"]).note("更新区分: 1 登録・更新, 2 削除")),
                .required("myNumber", .text.pattern("^\\d{12}$").note("個人番号")),
                .required("municipalityIdentityKey", .text.longest(100).note("自治体別本人キー")),
                .required("programme", .text.note("接種の種類 / A schedule of the Act.")),
                .required("validFrom", .day), .required("validTo", .day),
                .optional(
                    "specialCaseEndedOn",
                    .day.note(
                        "長期療養特例で、特別の事情がなくなった日 / Of one recognised after a long illness: the day on "
                            + "which the reason ended.")),
            ])
        ),
        (
            "Unvaccinated",
            .object([
                .required("programme", .text),
                .required(
                    "targets",
                    .list(
                        of: .object([
                            .required("municipalityIdentityKey", .text),
                            .required("validFrom", .day), .required("validTo", .day),
                            .required("isOver", .boolean), .optional("remindedOn", .day),
                            .optional(
                                "notDoneOn", .day.note("医療機関が「接種しなかった」と記録した最後の日")),
                            .optional("notDoneReason", .text.note("未接種の理由 / Why not.")),
                        ]))),
                .optional("next", .integer),
            ])
        ),
        (
            "QuestionnaireResponse",
            resource(
                "QuestionnaireResponse",
                [
                    .required("questionnaire", .text.note("`url|version`")),
                    .required("status", .codes(["in-progress", "completed", "amended"])),
                    .required("subject", .openObject([.required("reference", .text)])),
                    .optional("authored", .text), .optional("item", .list(of: .anyObject)),
                ])
        ),
    ]

    static func count(_ name: String) -> Operation.Parameter {
        .init(
            name: name, place: .query, schema: .integer.range(1...PageLimits.linesMax),
            note: "件数 / How many; \(PageLimits.linesDefault) without it.")
    }

    private static let targetRows = #"""
        [{"modificationSeg": "1", "myNumber": "123456789018", "municipalityIdentityKey": "0001",
          "programme": "mr-period-2", "validFrom": "2026-04-01", "validTo": "2027-03-31"}]
        """#
}
