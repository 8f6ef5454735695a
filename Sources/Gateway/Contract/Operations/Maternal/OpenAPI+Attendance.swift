import Exchange

/// 未受診者・勧奨・受診率・台帳: what a municipality sees of checkups without anybody reporting to it.
extension OpenAPI {
    static let attendance: [Operation] = [
        Operation(
            method: .get, path: "/maternal-health/unseen", id: "listUnseen", field: "follow-ups",
            ja: "健診の時期が来ていて、まだ結果のない子・妊産婦を読む",
            en:
                "Whom the municipality notified and who lives there, whose window has opened, or ended "
                + "within a year, and of whom nobody sent a result: a child, a mother after the delivery of "
                + "a child that lives, or who is pregnant and let the days of a whole visit go by. A child "
                + "who moved in is waited for by what another municipality notified, until it is notified "
                + "anew: it stands under the municipality's key of the resident, if it told of one, and "
                + "under the id of the records that it receives. Each of them is on the record.",
            token: .officeIfAny,
            parameters: [
                checkup,
                .init(
                    name: "after", place: .query, schema: .integer,
                    note: "続き(前の答えの `next`) / Where to go on: `next` of the last answer."),
                count("count"), .operatorID,
            ],
            answers: [.json(200, .reference("Unseen"), "The list.")], refusals: refusals),
        Operation(
            method: .post, path: "/maternal-health/reminders", id: "remindOfCheckup",
            field: "follow-ups", ja: "まだ受けていない人に、健診を勧奨する",
            en:
                "Each of these keys that still waits finds a notice, once a day however often it is sent. "
                + "Of the others only their number is told. A mother so young that she does not decide "
                + "alone in what is sensitive finds none, as her card may be in others' hands.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .json(
                .object([
                    .required("checkup", .text),
                    .required(
                        "notificationKeys", .list(of: .text).most(Reminding.keysMax)),
                ]), #"{"checkup": "infant-3-4m", "notificationKeys": ["C-2026-0001"]}"#),
            answers: [
                .json(200, .reference("Reminded"), "How many, by what became of them.")
            ], refusals: Refusals.ofItems + refusals + [.tooMany("notificationKeys")]),
        Operation(
            method: .get, path: "/maternal-health/attendance", id: "countAttendance",
            field: "follow-ups", ja: "健診の受診者数を、出生（妊婦健診は分娩予定）の年月ごとに読む",
            en:
                "By month of birth (before it, of the expected birth), how many children or mothers are "
                + "registered and live there, and how many of them were seen; of pregnancy checkups also how "
                + "many women were seen at least so often before the pregnancy ended. To a prefecture for "
                + "each of its municipalities. A number below `suppressedBelow` is left out, and a month in "
                + "which fewer are registered; every other is a multiple of it.",
            token: .officeIfAny, parameters: [checkup, .operatorID],
            answers: [.json(200, .reference("Attendance"), "The numbers.")], refusals: refusals),
        Operation(
            method: .post, path: "/fhir/DiagnosticReport/_search", id: "searchCheckupLines",
            field: "follow-ups", ja: "住民一人の健診結果を、台帳として読む",
            en:
                "What the municipality holds of one resident, named by its own key: its own lines whole, and "
                + "of those from before the family came the national minimum data set alone.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .init(
                mediaTypes: ["application/x-www-form-urlencoded"],
                schema: .object([
                    .required("patient.identifier", .text), .optional("_format", .text),
                ]),
                example: "patient.identifier=urn:tsunagi:maternal-notification-key%7CC-2026-0001"),
            answers: [.fhir(.reference("Bundle"), "A searchset of DiagnosticReport.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .rulesUnknown
            ]),
    ]

    private static let checkup = Operation.Parameter(
        name: "checkup", place: .query, schema: .text.example("infant-3-4m"),
        note: "健診の種類（年齢・週数・産後の日数で対象になるもの） / The checkup, one that every child or mother is due "
            + "for; it must be given.")

    private static let refusals =
        Refusals.ofAccess + Refusals.ofOfficeToken + [
            .missing("checkup"), .malformed("checkup"), .rulesUnknown,
        ]

    static let attendanceSchemas: [(name: String, schema: Schema)] = [
        (
            "Unseen",
            .object([
                .required("checkup", .text),
                .required(
                    "targets",
                    .list(
                        of: .object([
                            .optional("notificationKey", .text.note("届出番号。転入して届出のない子にはない")),
                            .optional("identityKey", .text.note("転入した子の自治体別本人キー")),
                            .optional("patient", .text.note("届出のない子の、配信と同じID")),
                            .required("first", .day), .required("last", .day),
                            .required("isOver", .boolean.note("期間を過ぎた")),
                            .optional("remindedOn", .day.note("最後に勧奨した日")),
                        ]))),
                .optional("next", .integer),
            ])
        ),
        (
            "Reminded",
            .object([
                .required("reminded", .integer.note("今回勧奨した人数")),
                .required("unchanged", .integer.note("今日すでに勧奨していた人数")),
                .required("notWaiting", .integer.note("対象でない番号の数")),
            ])
        ),
        (
            "Attendance",
            .object([
                .required("checkup", .text), .required("suppressedBelow", .integer),
                .required(
                    "cohorts",
                    .list(
                        of: .object([
                            .required("municipality", .text),
                            .required("birthMonth", .text.note("出生・出産の年月、または分娩予定の年月")),
                            .required("registered", .integer), .optional("seen", .integer),
                            .optional(
                                "checkups",
                                .list(
                                    of: .object([
                                        .required("atLeast", .integer.note("受診回数（以上）")),
                                        .required("residents", .integer.note("人数")),
                                    ]))),
                        ]))),
            ])
        ),
    ]
}
