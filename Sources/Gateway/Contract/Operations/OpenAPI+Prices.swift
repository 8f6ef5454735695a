import Exchange

/// 委託単価、接種期間と制度マスタ: the municipality's own lists of what a dose and a checkup cost, on which days it gives
/// what is given every year, and which schemes it has.
extension OpenAPI {
    static let seasons: [Operation] = [
        Operation(
            method: .post, path: "/immunization/seasons/registration-tasks",
            id: "postSeasonTasks", field: "registration", ja: "毎年度の接種の、自らの期間を登録する",
            en:
                "`modificationSeg` 1 gives the days of a season in this municipality and the words of its "
                + "notice; 2 takes them back, and the days of the rules hold again. What is taken is a new "
                + "version of the rules: every check, claim and questionnaire after it goes by these days, "
                + "and cites it. Days beyond the season of the law are refused by their row. Sent twice, "
                + "it is applied once.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(
                .list(of: .reference("SeasonRow")).most(10_000),
                #"""
                [{"modificationSeg": "1", "municipality": "132101", "campaign": "influenza-2026",
                  "effectiveFrom": "2026-10-15", "effectiveTo": "2027-02-28",
                  "notice": "令和8年度 高齢者インフルエンザ予防接種（10月15日から2月28日まで）",
                  "noticeEnglish": "Influenza vaccination for older people (15 October to 28 February)"}]
                """#),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/immunization/seasons/registration-tasks/:taskId",
            id: "getSeasonTask", field: "registration", ja: "接種期間の登録の結果を行ごとに読む",
            en: "As for subsidies.", token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
        Operation(
            method: .get, path: "/immunization/seasons", id: "readSeasons", field: "registration",
            ja: "毎年度の接種の、自らの市区町村の期間を読む",
            en:
                "Every season of the rules with the days that hold in this municipality: its own where "
                + "`isRegistered`, and otherwise those of the rules. Of what was registered: by whom, when, "
                + "by which task, and in which version of the rules it came. A season that the rules have "
                + "no longer counts for nothing, and `isInForce` is false.",
            token: .officeIfAny, parameters: ownRulesAsked,
            answers: [.json(200, .reference("Seasons"), "The list.")],
            refusals: ownRulesRefusals),
        Operation(
            method: .get, path: "/medical-subsidy/schemes", id: "readSchemes",
            field: "registration", ja: "自らの市区町村の制度マスタを読む",
            en:
                "The municipality's own certificate types in the newest rules, each with the codes that its "
                + "certificates may carry. `isRegistered`: its own file stands, and not one of the "
                + "operator's; then also by whom, when and by which task a type or one of its codes was "
                + "last registered.",
            token: .officeIfAny, parameters: ownRulesAsked,
            answers: [.json(200, .reference("Schemes"), "The list.")],
            refusals: ownRulesRefusals),
    ]

    private static let ownRulesAsked: [Operation.Parameter] = [
        .init(
            name: "on", place: .query, schema: .day,
            note: "この日に有効なものだけ / Only what holds on this day."),
        .init(
            name: "after", place: .query, schema: .integer,
            note: "続き(前の答えの `next`) / Where to go on: `next` of the last answer."),
        count("count"), .operatorID,
    ]

    private static let ownRulesRefusals =
        Refusals.ofAccess + Refusals.ofOfficeToken + [
            .malformed("on"), .malformed("after"), .malformed("count"), .rulesUnknown,
        ]

    private static let origin: [Schema.Item] = [
        .required("isRegistered", .boolean),
        .optional("version", .text.note("登録が入った決まりの版 / Of the rules that it came in.")),
        .optional("taskId", .id),
        .optional("registeredBy", .text.note("職員(名乗った名前) / As the sender named them.")),
        .optional("registeredAt", .instant),
    ]

    private static let season: [Schema.Item] = [
        .required("campaign", .text), .optional("name", .text), .optional("nameEnglish", .text),
        .required("effectiveFrom", .day), .required("effectiveTo", .day),
        .required("notice", .text), .required("noticeEnglish", .text),
        .required("isInForce", .boolean.note("決まりにある期か / The rules have it.")),
    ]

    private static let scheme: [Schema.Item] = [
        .required("orgSpecificCertificateTypeId", .text), .required("name", .text),
        .required("nameEnglish", .text), .required("consentKind", .text),
        .optional("lawNumber", .text), .required("priority", .integer),
        .required("requiresDesignation", .boolean), .required("effectiveFrom", .day),
        .optional("effectiveTo", .day), .required("incomeSegments", coded),
        .required("additionalConditions", coded),
    ]

    private static let coded: Schema = .list(
        of: .object([
            .required("code", .text), .required("name", .text), .required("nameEnglish", .text),
        ]))

    private static func list(_ name: String, of items: [Schema.Item]) -> Schema {
        .object([
            .required("rules", .text.note("決まりの版 / Version of the rules.")),
            .required(name, .list(of: .object(items))), .optional("next", .integer),
        ])
    }

    static let seasonSchemas: [(name: String, schema: Schema)] = [
        (
            "SeasonRow",
            .openObject([
                .required("modificationSeg", .codes(["1", "2"]).note("更新区分: 1 登録・更新, 2 削除")),
                .required("municipality", .text.longest(6).note("自らの市区町村コード / Your own code.")),
                .required(
                    "campaign", .text.longest(64).note("接種期のコード / A season of the rules.")),
                .optional("effectiveFrom", .day.note("1のとき必要 / Needed to register.")),
                .optional("effectiveTo", .day.note("1のとき必要 / Needed to register.")),
                .optional(
                    "notice",
                    .text.longest(300).note("期間を言うお知らせの言葉。1のとき必要 / Needed to register.")),
                .optional(
                    "noticeEnglish",
                    .text.longest(300).note("省くと日本語のまま / As in Japanese without it.")),
            ])
        ),
        ("Seasons", list("seasons", of: season + origin)),
        ("Schemes", list("schemes", of: scheme + origin)),
    ]

    static let prices: [Operation] =
        operations(
            of: Priced(
                path: "/immunization/prices", id: "Vaccination", ja: "予防接種の委託単価",
                en: "A schedule of which a row was registered is priced by this list alone.",
                example: #"""
                    [{"modificationSeg": "1", "programme": "mr", "priceFrom": "2026-04-01",
                      "unitYen": 11070, "copaymentYen": 0, "subsidyYen": 11070}]
                    """#))
        + operations(
            of: Priced(
                path: "/maternal-health/prices", id: "Checkup", ja: "健診と受診券の委託単価",
                en:
                    "A row names a checkup that is paid without a ticket, or a kind of ticket. What was "
                    + "registered of either is priced by this list alone.",
                example: #"""
                    [{"modificationSeg": "1", "ticketKind": "prenatal", "priceFrom": "2026-04-01",
                      "unitYen": 5200}]
                    """#))

    private struct Priced {
        let path: String
        let id: String
        let ja: String
        let en: String
        let example: String
    }

    private static func operations(of priced: Priced) -> [Operation] {
        [
            Operation(
                method: .post, path: priced.path + "/registration-tasks",
                id: "post\(priced.id)PriceTasks", field: "registration", ja: "\(priced.ja)を登録する",
                en:
                    "`modificationSeg` 1 gives a price from `priceFrom` on, or corrects it; 2 takes it "
                    + "back. A row that would give two prices on one day is refused; what ends or shortens "
                    + "a price counts first, wherever it stands. \(priced.en) Claims made before keep "
                    + "their price. Sent twice, it is applied once.",
                token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
                body: .json(
                    .list(of: .reference("\(priced.id)PriceRow")).most(10_000), priced.example),
                answers: [
                    .json(202, .reference("RegistrationReceipt"), "The task, with its counts.")
                ],
                refusals: registrationRefusals),
            Operation(
                method: .get, path: priced.path + "/registration-tasks/:taskId",
                id: "get\(priced.id)PriceTask", field: "registration",
                ja: "\(priced.ja)の登録の結果を行ごとに読む", en: "As for subsidies.",
                token: .officeIfAny, parameters: [.taskID, .operatorID],
                answers: [.json(200, .reference("RegistrationReport"), "The report.")],
                refusals: reportRefusals),
            Operation(
                method: .get, path: priced.path, id: "read\(priced.id)Prices",
                field: "registration", ja: "登録した\(priced.ja)を読む",
                en:
                    "The municipality's own prices, as it had said them by `knownAt`: what a claim of "
                    + "that moment was priced from.",
                token: .officeIfAny,
                parameters: [
                    .init(
                        name: "on", place: .query, schema: .day,
                        note: "この日の単価だけ / Only the prices of this day."),
                    .init(
                        name: "knownAt", place: .query, schema: .instant,
                        note: "この時点までに登録されたもの。省くと今 / As it was known then; now without it."),
                    .operatorID,
                ],
                answers: [.json(200, .reference("\(priced.id)Prices"), "The list.")],
                refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [
                    .malformed("on"), .malformed("knownAt"), .zoneMissing("knownAt"), .rulesUnknown,
                ]),
        ]
    }

    static let priceSchemas: [(name: String, schema: Schema)] =
        schemas(
            "Vaccination",
            key: [
                .required("programme", .text.note("接種種別コード / A schedule, also a voluntary one.")),
                .optional(
                    "vaccine", .text.note("ワクチンコード。省くとその接種種別のすべて / Without it, all that it gives.")),
                .optional("ageFrom", years.note("接種日の満年齢（から） / Without both, any age.")),
                .optional("ageTo", years.note("接種日の満年齢（まで） / The last age.")),
                .optional("copaymentClass", .text.note("自己負担の区分 / Without it, everybody.")),
            ],
            registered: [
                .optional("copaymentYen", yen.note("自己負担額。1のとき必要 / Needed to register.")),
                .optional(
                    "subsidyYen",
                    yen.note("公費負担額。書くなら委託単価と自己負担額の差 / If given, the difference.")),
            ],
            shown: [.required("copaymentYen", yen), .required("subsidyYen", yen)])
        + schemas(
            "Checkup",
            key: [
                .optional("checkup", .text.note("健診コード。受診券の種類を書かないとき必要 / Of what has no ticket.")),
                .optional("ticketKind", .text.note("受診券の種類 / Kind of ticket.")),
            ], registered: [], shown: [])

    private static func schemas(
        _ id: String, key: [Schema.Item], registered: [Schema.Item], shown: [Schema.Item]
    ) -> [(name: String, schema: Schema)] {
        let period: [Schema.Item] = [.required("priceFrom", .day), .optional("priceTo", .day)]
        return [
            (
                "\(id)PriceRow",
                .openObject(
                    [
                        .required(
                            "modificationSeg", .codes(["1", "2"]).note("更新区分: 1 登録・更新, 2 削除"))
                    ] + key + period + [
                        .optional("unitYen", yen.note("委託単価(税込)。1のとき必要 / Needed to register."))
                    ] + registered)
            ),
            (
                "\(id)Prices",
                .object([
                    .required(
                        "prices",
                        .list(
                            of: .object(
                                key + period + [.required("unitYen", yen)] + shown + [
                                    .required("version", .integer), .required("knownAt", .instant),
                                ])))
                ])
            ),
        ]
    }

    private static let yen = Schema.integer.range(0...200_000)
    private static let years = Schema.integer.range(0...PriceAudience.ageMax)
}
