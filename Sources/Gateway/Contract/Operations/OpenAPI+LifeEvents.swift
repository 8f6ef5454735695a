import Exchange

/// 住民異動: what municipalities tell of their residents' lives.
extension OpenAPI {
    static let lifeEvents: [Operation] = [
        Operation(
            method: .post, path: "/life-events/registration-tasks",
            id: "postLifeEventRegistrationTasks", field: "registration", ja: "住民異動を登録する",
            en:
                "Arrivals (11 moved in, 12 born, 13 entered), departures (21 moved out, 23 "
                + "removed), 22 died, 31 moved within, 32 renamed, 33 corrected, 34 taken "
                + "back, each with the day it took effect and the day it became known, under "
                + "a `sequence` of the municipality's own, applied once. Old and new "
                + "municipality in any order: homes, death and the ends of entitlements are "
                + "reckoned anew from all that is known of the person. Arrivals name the "
                + "individual number; others may name whom the municipality registered by its "
                + "key alone. When a death is acknowledged, no visit is opened any more "
                + "(`resident-deceased`). 41 says that another record (`merged`, or "
                + "`mergedIdentityKey`) is of the same person and 42 undoes it: each waits "
                + "(`under-review`, `second-person-awaited`) until another officer sends the same "
                + "row. What keeps two records apart is told to the second, by its code, and then "
                + "nothing changes.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("LifeEventRow")).most(10_000), lifeEventRows),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/life-events/registration-tasks/:taskId",
            id: "getLifeEventRegistrationTask", field: "registration",
            ja: "住民異動の登録の結果を行ごとに読む", en: "As for subsidies.",
            token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
    ]

    private static let lifeEventRows = #"""
        [{"sequence": "2026-000123", "kind": "11", "municipalityIdentityKey": "0001",
          "myNumber": "123456789018", "effectiveOn": "2026-04-01", "knownOn": "2026-04-06",
          "name": "見本　花子", "nameKana": "ミホン　ハナコ", "dateOfBirth": "2020-05-05", "sex": "2",
          "address": "東京都見本市見本町１－２－３", "otherMunicipality": "232025", "isNotDisclosed": false},
         {"sequence": "2026-000124", "kind": "34", "municipalityIdentityKey": "0002",
          "effectiveOn": "2026-04-01", "knownOn": "2026-04-06", "corrects": "2026-000120",
          "isNotDisclosed": false},
         {"sequence": "2026-000125", "kind": "41", "municipalityIdentityKey": "0003",
          "effectiveOn": "2026-04-06", "knownOn": "2026-04-06", "mergedIdentityKey": "0004",
          "isNotDisclosed": false}]
        """#

    static let lifeEventSchemas: [(name: String, schema: Schema)] = [
        (
            "LifeEventRow",
            .openObject([
                .required("sequence", .text.longest(64).note("異動通番")),
                .required(
                    "kind", .codes(LifeEvent.Kind.allCases.map(\.rawValue)).note("異動事由")),
                .required("municipalityIdentityKey", .text.longest(100).note("自治体別本人キー")),
                .optional(
                    "myNumber",
                    .text.pattern("^\\d{12}$").note("個人番号。転入・出生・その他の記載では必須。")),
                .required("effectiveOn", .day.note("異動年月日")),
                .required("knownOn", .day.note("届出年月日")),
                .optional(
                    "otherMunicipality", .text.note("相手市区町村コード; 国外は空 / Empty for abroad.")),
                .optional("corrects", .text.longest(64).note("訂正する異動通番 (33, 34, 42)")),
                .optional(
                    "merged",
                    .object([
                        .required("myNumber", .text.pattern("^\\d{12}$").note("個人番号"))
                    ]).note("統合される記録 (41)")),
                .optional(
                    "mergedIdentityKey",
                    .text.longest(100).note("統合される自治体別本人キー (41), instead of `merged`")),
                .optional("name", .text.longest(200)), .optional("nameKana", .text.longest(200)),
                .optional("alias", .text.longest(200).note("通称")),
                .optional("dateOfBirth", .text), .optional("sex", .text),
                .optional("address", .text.longest(400)),
                .required("isNotDisclosed", .boolean.note("不開示フラグ")),
            ])
        )
    ]
}
