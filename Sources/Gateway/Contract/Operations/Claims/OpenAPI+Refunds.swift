import Exchange

/// 償還払い: what a resident paid and is due back, and what the body answers.
extension OpenAPI {
    static let ownRefunds: [Operation] = [
        Operation(
            method: .post, path: "/refunds", id: "requestRefund", field: "own-records",
            ja: "償還払いを申請する",
            en: """
                Receipts of one month, paid without the certificate. The amount is computed after what \
                the month's cap already holds, and after what other applications of the month leave borne, \
                with its steps; the body decides. The same receipts again are the same application.
                """,
            token: .resident, parameters: [.operatorID],
            body: .json(.reference("RefundRequest"), example),
            answers: [.json(201, .reference("Refund"), "The case as it stands.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .individualNumberNotAllowed("certificate.subKey"), .tooMany("receipts"),
                .serviceDateOutOfRange, .refundNotHeld, .refundAsked, .rulesUnknown,
            ]),
        Operation(
            method: .get, path: "/refunds", id: "readOwnRefunds", field: "own-records",
            ja: "本人の償還払いの状況を読む",
            en: "Applications, and what the ledger found collected above a cap; the newest first.",
            token: .resident, parameters: [.operatorID],
            answers: [.json(200, .reference("Refunds"), "Each with its status and what to do.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken),
    ]

    static let refunds: [Operation] = [
        Operation(
            method: .get, path: "/refunds", id: "readRefunds", field: "claims",
            ja: "償還払いの申請と、上限額を超えた分の一覧を読む",
            en: "Cases of this body's certificates, the oldest first.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "status", place: .query,
                    schema: .codes(RefundStatus.allCases.map(\.rawValue)),
                    note: "状況 / Those that stand so."),
                .entryCount,
                .entryOffset,
                .operatorID,
            ],
            answers: [.json(200, .reference("Refunds"), "A page of cases.")],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [
                .malformed("status"), .malformed("_count"),
            ]),
        Operation(
            method: .post, path: "/refunds/:id/answers", id: "answerRefund", field: "claims",
            ja: "償還払いを決定する",
            en: """
                approved (支給決定), refused (不支給決定, with its ground), and after an approval paid (支給済). \
                Each once; the same again changes nothing. The resident sees it at once. An approval without \
                yen grants what is computed in that moment. What is approved is held against a later claim \
                of the same institution and month, and what it leaves borne fills the month's cap.
                """,
            token: .officeIfAny, parameters: [.id, .operatorID],
            body: .json(.reference("RefundAnswer"), answer),
            answers: [.json(200, .reference("Refund"), "The case as it stands.")],
            refusals: Refusals.ofID + Refusals.ofItems + Refusals.ofAccess
                + Refusals.ofOfficeToken + [
                    .recordUnknown, .refundAnswered, .dayAhead("on"), .rulesUnknown,
                ]),
    ]

    private static let example = #"""
        {"certificate": {"body": "132101", "type": "kodomo"}, "month": "2026-05",
         "receipts": [{"institution": "1310000001", "day": "2026-05-11", "cost": 12340,
                       "percent": 20, "paid": 2470}]}
        """#
    private static let answer = #"""
        {"decision": "approved", "yen": 2470, "on": "2026-06-15"}
        """#

    static let refundSchemas: [(name: String, schema: Schema)] = [
        (
            "RefundRequest",
            .object([
                .required("certificate", certificate), .required("month", month),
                .required(
                    "receipts",
                    .list(
                        of: .object([
                            .required("institution", .text.pattern("^\\d{10}$")),
                            .required("day", .day),
                            .required("cost", .integer.note("医療費総額(10割) / The whole cost.")),
                            .required("percent", .integer.note("一部負担割合 / 0, 10, 20, 30, 100")),
                            .required("paid", .integer.note("領収額 / What was paid.")),
                            .optional(
                                "setting",
                                .codes(HighCostClass.Setting.allCases.map(\.rawValue)).note(
                                    "入院・入院外。省くと入院外 / By default outpatient.")),
                            .optional(
                                "days",
                                .integer.note("入院日数。入院では必須 / Of a stay, from `day` on.")),
                            .optional(
                                "meals",
                                .object([
                                    .required("count", .integer), .required("class", .text),
                                    .required("paid", .integer),
                                ]).note(
                                    "入院の食事: 食数、区分、食事の領収額(paidに含めない) / Meals of a stay: how "
                                        + "many, the class of their charge, and what was paid for "
                                        + "them beside `paid`.")),
                        ])
                    ).most(RefundRequest.receiptsMax)),
            ])
        ),
        (
            "RefundAnswer",
            .object([
                .required(
                    "decision", .codes(RefundAnswer.Decision.allCases.map(\.rawValue))),
                .optional("yen", .integer.note("支給額。省くと決定時の計算額 / By default as computed then.")),
                .optional(
                    "ground",
                    .codes(RefundAnswer.Ground.allCases.map(\.rawValue)).note(
                        "不支給の理由 / Of a refusal.")),
                .required("on", .day),
            ])
        ),
        (
            "Refund",
            .object([
                .required("id", .text), .required("certificate", certificate),
                .required("month", month),
                .required("origin", .codes(["over-cap", "over-year", "receipts"])),
                .optional("paid", .integer), .optional("computed", .integer),
                .optional("yen", .integer),
                .required("status", .codes(RefundStatus.allCases.map(\.rawValue))),
                .optional(
                    "reexamine",
                    .boolean.note(
                        "再審査。数えた別の申請が不支給などになった / Another case that it was decided after fell away."
                    )),
                .required("next", .anyObject), .required("since", .instant),
                .optional("answeredOn", .day), .optional("ground", .text),
                .required("steps", .list(of: step)), .optional("patient", .text),
                .optional("payer", .text), .optional("recipient", .text),
            ])
        ),
        (
            "Refunds",
            .object([
                .required("total", .integer), .required("refunds", .list(of: .reference("Refund"))),
            ])
        ),
    ]

    private static let step = Schema.object([
        .required("ja", .text), .required("en", .text),
        .optional("yen", .integer.note("この段の額 / What the step comes to.")),
        .optional(
            "rule",
            .text.note("根拠の行。申請そのものによる段にはない / The row of ours it follows from, if any.")),
        .optional("source", .text.note("根拠の出典 / Where the row is from.")),
        .optional("verified", .boolean.note("出典と照合した行か / Whether the row was checked.")),
    ])
    private static let month = Schema.text.pattern("^\\d{4}-\\d{2}$")
    private static let certificate = Schema.object([
        .required("body", .text), .required("type", .text),
        .optional("subKey", .any(of: [.text, .null])),
    ])
}
