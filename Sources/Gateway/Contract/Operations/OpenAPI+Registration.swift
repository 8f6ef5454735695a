import Exchange

/// 登録: what municipalities and prefectures send, in PMH's own JSON, and the tokens PMH connectors
/// send with it.
extension OpenAPI {
    static let officeTokens: [Operation] = [
        Operation(
            method: .post, path: "/oauth2/token", id: "issueOfficeToken", field: "tokens",
            ja: "ベアラートークンを受け取る(PMH の連携ソフトのため)",
            en:
                "Client credentials over mutual TLS (RFC 6749 §4.4, RFC 8705), ten minutes. Not needed: the "
                + "certificate alone opens the same routes.",
            body: .init(
                mediaTypes: ["application/x-www-form-urlencoded"],
                schema: .openObject([
                    .required("grant_type", .constant("client_credentials")),
                    .optional(
                        "client_id",
                        .text.note(
                            "証明書の機関(`機関種別:コード`)。省けます。 / The certificate's own party, `role:code`; not needed."
                        )),
                ]),
                example: "grant_type=client_credentials"),
            answers: [.json(200, .reference("Token"), "The token.")],
            refusals: [
                .malformed("grant_type"), .missing("grant_type"), .duplicateItem("grant_type"),
                .clientDiffers, .bodyTooLarge, .unsupportedMediaType,
            ])
    ]

    static let registrations: [Operation] = [
        Operation(
            method: .post, path: "/medical-subsidy/registration-tasks", id: "postRegistrationTasks",
            field: "registration", ja: "医療費助成対象者情報を登録する(全件)",
            en:
                "PMH's own array (v0.1.1). Answered when each row is applied or refused; sent twice, it is "
                + "applied once. At most 10,000 rows.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("SubsidyRow")).most(10_000), "[\(subsidyRow)]"),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .post, path: "/medical-subsidy/history-registration-tasks",
            id: "postHistoryRegistrationTasks", field: "registration",
            ja: "医療費助成対象者情報を登録する(差分・履歴)",
            en: "As above, for changes: `historyKey` and `isDeleted` are required in every row.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("SubsidyHistoryRow")).most(10_000), "[\(subsidyRow)]"),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/medical-subsidy/registration-tasks/:taskId",
            id: "getRegistrationTask",
            field: "registration", ja: "登録の結果を行ごとに読む",
            en:
                "The counts, and every row that has something to say. A row that is not listed was applied.",
            token: .officeIfAny,
            parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
        Operation(
            method: .post, path: "/municipal-checkup/registration-tasks",
            id: "postMunicipalCheckupRegistrationTasks", field: "registration",
            ja: "自治体検診対象者情報を登録する",
            en: "PMH's own array (v1.0.0): `modificationSeg` 1 registers or updates, 2 removes.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("CheckupRow")).most(10_000), checkupRows),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/municipal-checkup/registration-tasks/:taskId",
            id: "getMunicipalCheckupRegistrationTask", field: "registration",
            ja: "自治体検診対象者情報の登録の結果を行ごとに読む", en: "As for subsidies.",
            token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
    ]

    static let reportRefusals =
        Refusals.ofAccess + Refusals.ofOfficeToken + [.malformed("taskId"), .taskUnknown]

    static let registrationRefusals =
        Refusals.ofBody + Refusals.ofAccess + Refusals.ofOfficeToken
        + [.idempotencyKeyReused, .rulesUnknown]

    /// The number is the published sample of a check digit; the person is invented.
    static let subsidyRow = #"""
        {"orgSpecificCertificateTypeId": "kodomo", "myNumber": "123456789018",
         "basicFiveInfo": {"name": "見本　花子", "nameKana": "ミホン　ハナコ", "address": "東京都見本市見本町１－２－３",
                           "dateOfBirth": "2020-05-05", "sex": "2"},
         "isNotDisclosed": false, "medicalSubsidyInsurerNumber": "88139995",
         "certificationName": "見本こども医療費受給者証", "medicalSubsidyRecipientNumber": "9999991",
         "isAlwaysReimbursement": "0", "validFrom": "2026-04-01", "validTo": "2027-03-31",
         "historyKey": "1", "isDeleted": false,
         "certificationDetail": [{"itemName": "備考", "itemValue": "通院 1回 200円"}]}
        """#

    private static let checkupRows = #"""
        [{"modificationSeg": "1", "myNumber": "123456789018", "municipalityIdentityKey": "0001"},
         {"modificationSeg": "2", "myNumber": "123456789018", "municipalityIdentityKey": "0001",
          "removalDate": "2026-06-15"}]
        """#

    static let registrationSchemas: [(name: String, schema: Schema)] = [
        ("SubsidyRow", subsidyRowSchema(isHistory: false)),
        ("SubsidyHistoryRow", subsidyRowSchema(isHistory: true)),
        (
            "CheckupRow",
            .openObject([
                .required("modificationSeg", .codes(["1", "2"]).note("更新区分: 1 登録・更新, 2 削除")),
                .required("myNumber", .text.pattern("^\\d{12}$").note("個人番号")),
                .required("municipalityIdentityKey", .text.longest(100).note("自治体別本人キー")),
                .optional("removalDate", .day.note("消除の異動日")),
            ])
        ),
        (
            "RowFinding",
            .object([
                .required("line", .integer.note("1 から数えた行 / Counted from 1.")),
                .required("item", .text),
                .required("code", .codes(RowCode.allCases.map(\.rawValue))),
                .required("severity", .codes(["error", "warning"])),
                .required("ja", .text), .required("en", .text),
            ])
        ),
        ("RegistrationReceipt", .object(receiptItems)),
        (
            "RegistrationReport",
            .object(
                receiptItems + [
                    .required(
                        "results",
                        .list(
                            of: .object([
                                .required("line", .integer),
                                .required(
                                    "outcome",
                                    .codes(["applied", "unchanged", "under-review", "refused"])),
                                .required("findings", .list(of: .reference("RowFinding"))),
                            ])))
                ])
        ),
        (
            "Token",
            .object([
                .required("access_token", .text), .required("token_type", .constant("Bearer")),
                .required("expires_in", .integer.note("秒 / Seconds.")),
            ])
        ),
    ]

    private static let receiptItems: [Schema.Item] = [
        .required("taskId", .id), .required("receivedAt", .instant),
        .required("status", .constant("completed")),
        .required("rows", .integer), .required("applied", .integer),
        .required("unchanged", .integer),
        .required("underReview", .integer.note("別人の疑いで止めた行 / Held back: maybe another person.")),
        .required("refused", .integer),
    ]

    private static let person: Schema = .openObject([
        .required("name", .text.longest(200)), .optional("nameKana", .text.longest(200)),
        .optional(
            "address", .text.longest(400).note("不開示のときだけ省けます / Required unless isNotDisclosed.")),
        .required("dateOfBirth", .text.note("YYYY-MM-DD; 日の分からないときは YYYY-MM-00")),
        .required("sex", .text),
    ])

    private static func subsidyRowSchema(isHistory: Bool) -> Schema {
        let history: [Schema.Item] = [
            Schema.Item(name: "historyKey", schema: .text.longest(100), isRequired: isHistory),
            Schema.Item(name: "isDeleted", schema: .boolean, isRequired: isHistory),
        ]
        return .openObject(
            [
                .required("orgSpecificCertificateTypeId", .text.longest(50).note("機関別受給者証種別ID")),
                .required(
                    "myNumber", .text.pattern("^\\d{12}$").note("個人番号。受け取るとすぐに鍵付きハッシュになり、残りません。")),
                .required("basicFiveInfo", person),
                .required("isNotDisclosed", .boolean.note("不開示フラグ")),
                .optional("medicalSubsidyInsurerNumber", .text.pattern("^\\d{8}$").note("公費負担者番号")),
                .required("certificationName", .text.longest(100)),
                .optional("medicalSubsidyRecipientNumber", .text.longest(30).note("公費受給者番号")),
                .optional("certificationSubKey", .text.longest(100)),
                .optional("segment", .text.longest(100)),
                .optional("incomeSegment", .text.longest(100)),
                .optional("additionalConditions", .text.note("`項目コード-コード;項目コード-コード`")),
                .optional("designatedMedicalInstitutions", .text),
                .required("isAlwaysReimbursement", .codes(["0", "1"])),
                .optional(
                    "maxCopaymentAmount",
                    .anyObject.note(
                        "自己負担上限額。数えるのはperMonth(円/月)だけで、ほかの項目は保管し、注意(cap-uncounted)を返します。 / "
                            + "perMonth, in yen, is counted; any other item is kept and warned of.")
                ),
                .required("validFrom", .day), .required("validTo", .day),
            ] + history + [.required("certificationDetail", .list(of: .anyObject))])
    }
}
