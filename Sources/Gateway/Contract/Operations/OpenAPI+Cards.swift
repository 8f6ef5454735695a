import Exchange

/// カードの異動: what the card authority sends.
extension OpenAPI {
    static let cards: [Operation] = [
        Operation(
            method: .post, path: "/card-feed/events", id: "postCardFeedEvents", field: "cards",
            ja: "カードの発行・更新・失効と住所の異動を知らせる",
            en:
                "From the card authority alone: which certificate stands for whom, what it replaces, and "
                + "where the resident lives. Applied exactly once; at most 10,000 events.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("CardEvent")).most(10_000), cardEvents),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: Refusals.ofBody + Refusals.ofAccess + Refusals.ofOfficeToken
                + [.idempotencyKeyReused]),
        Operation(
            method: .get, path: "/card-feed/events/:taskId", id: "getCardFeedTask", field: "cards",
            ja: "異動の受付の結果を行ごとに読む", en: "As for registrations.",
            token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
    ]

    private static let cardEvents = #"""
        [{"kind": "bind", "myNumber": "123456789018", "issuer": "MBUxEzARBgNVBAoMCkpQS0ktVEVTVA==",
          "serial": "1f2e3d", "validFrom": "2026-04-01", "validTo": "2031-03-31", "sequence": 1},
         {"kind": "residence", "myNumber": "123456789018", "municipality": "132101",
          "from": "2026-04-01", "sequence": 2},
         {"kind": "revoke", "issuer": "MBUxEzARBgNVBAoMCkpQS0ktVEVTVA==", "serial": "1f2e3d",
          "sequence": 3}]
        """#

    static let cardSchemas: [(name: String, schema: Schema)] = [
        (
            "CardEvent",
            .any(of: [
                .openObject(
                    [
                        .required("kind", .constant("bind")), number,
                        .required("validFrom", .text.note("日または時刻 / A day, or an instant.")),
                        .required("validTo", .text),
                        .optional("supersedes", .openObject(certificate)), sequence,
                    ] + certificate),
                .openObject([
                    .required("kind", .constant("residence")), number,
                    .required(
                        "municipality",
                        .any(of: [.text.pattern("^\\d{6}$"), .null]).note(
                            "全国地方公共団体コード。null は国外・死亡 / null: nowhere in Japan.")),
                    .required("from", .day), sequence,
                ]),
                .openObject([.required("kind", .constant("revoke")), sequence] + certificate),
            ])
        )
    ]

    private static let number = Schema.Item.required(
        "myNumber", .text.pattern("^\\d{12}$").note("個人番号"))
    private static let sequence = Schema.Item.required(
        "sequence",
        .any(of: [.text.longest(64), .integer]).note(
            "出来事の番号 / The authority's own id of the event."))
    private static let certificate: [Schema.Item] = [
        .required(
            "issuer", .base64.note("発行者名のDER / DER of the issuer's name, as in the certificate.")),
        .required("serial", .text.pattern("^[0-9a-fA-F]+$").note("証明書のシリアル番号(16進)")),
    ]
}
