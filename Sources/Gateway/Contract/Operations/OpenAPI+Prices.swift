import Exchange

/// 予防接種の委託単価: the municipality's own list of what a dose costs.
extension OpenAPI {
    static let vaccinationPrices: [Operation] = [
        Operation(
            method: .post, path: "/immunization/prices/registration-tasks",
            id: "postVaccinationPriceTasks", field: "registration",
            ja: "予防接種の委託単価を登録する",
            en:
                "`modificationSeg` 1 gives a dose a price from `priceFrom` on, or corrects it; 2 takes it "
                + "back. A row that would give a dose two prices on one day is refused; what ends or "
                + "shortens a price counts first, wherever it stands. A schedule of which a row was "
                + "registered is priced by this list alone. Claims made before keep their price. Sent "
                + "twice, it is applied once.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("VaccinationPriceRow")).most(10_000), priceRows),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/immunization/prices/registration-tasks/:taskId",
            id: "getVaccinationPriceTask", field: "registration",
            ja: "予防接種の委託単価の登録の結果を行ごとに読む", en: "As for subsidies.",
            token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
        Operation(
            method: .get, path: "/immunization/prices", id: "readVaccinationPrices",
            field: "registration", ja: "登録した予防接種の委託単価を読む",
            en:
                "The municipality's own prices, as it had said them by `knownAt`: what a claim of that "
                + "moment was priced from.",
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
            answers: [.json(200, .reference("VaccinationPrices"), "The list.")],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [
                .malformed("on"), .malformed("knownAt"),
            ]),
    ]

    static let priceSchemas: [(name: String, schema: Schema)] = [
        (
            "VaccinationPriceRow",
            .openObject(
                [.required("modificationSeg", .codes(["1", "2"]).note("更新区分: 1 登録・更新, 2 削除"))]
                    + priceKey + [
                        .optional("unitYen", yen.note("委託単価(税込)。1のとき必要 / Needed to register.")),
                        .optional("copaymentYen", yen.note("自己負担額。1のとき必要 / Needed to register.")),
                        .optional(
                            "subsidyYen",
                            yen.note("公費負担額。書くなら委託単価と自己負担額の差 / If given, the difference.")),
                    ])
        ),
        (
            "VaccinationPrices",
            .object([
                .required(
                    "prices",
                    .list(
                        of: .object(
                            priceKey + [
                                .required("unitYen", yen), .required("copaymentYen", yen),
                                .required("subsidyYen", yen), .required("version", .integer),
                                .required("knownAt", .instant),
                            ])))
            ])
        ),
    ]

    private static let priceKey: [Schema.Item] = [
        .required("programme", .text.note("接種種別コード / A schedule of the Act.")),
        .optional("vaccine", .text.note("ワクチンコード。省くとその接種種別のすべて / Without it, all that it gives.")),
        .required("priceFrom", .day), .optional("priceTo", .day),
    ]

    private static let yen = Schema.integer.range(0...200_000)

    private static let priceRows = #"""
        [{"modificationSeg": "1", "programme": "mr", "priceFrom": "2026-04-01", "unitYen": 11070,
          "copaymentYen": 0, "subsidyYen": 11070}]
        """#
}
