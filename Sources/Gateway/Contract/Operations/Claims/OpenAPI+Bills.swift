import Exchange

/// 窓口負担: what a patient pays at the counter, under one monthly cap over all institutions.
extension OpenAPI {
    static let bills: [Operation] = [
        Operation(
            method: .post, path: "/fhir/Claim/$submit", id: "settleBill", field: "bills",
            ja: "窓口負担を照会・予約・確定する、または取り消す",
            en: """
                `use` says what is wanted: `predetermination` asks for the amount and keeps nothing; \
                `preauthorization` reserves it until the end of the day; `claim` confirms it, \
                decided again at that moment; `status` `cancelled` takes back what was sent under \
                the identifier. One bill for each `identifier`: the same request again, also at \
                once, is the bill as it is held. A confirmed amount is never changed by what \
                another institution enters later. A bill on several certificates names all of them \
                in `insurance`: the gateway puts them in the order of law, each bears what the one \
                before it leaves, all are kept in one commit, and none of their caps is passed. \
                What was collected before the gateway could be \
                asked is sent as the extension `collected` and taken as it was: what then lies \
                above a cap becomes a refund case of the resident's, of the certificate whose cap \
                it is. In a visit of a stay in hospital the period may have several days of one \
                month, and `meals` says how many meals were eaten and the class of their charge. \
                With `limit-class` (適用区分), as the insurer told it, the limits of high-cost \
                benefit hold: of the month, over all bills of the institution that are on one \
                receipt, before any certificate, and of the year; without it the answer warns \
                (`no-limit`, `class-unsaid`) that they were not applied and the amount may come \
                down. `long-term` gives the limit on the face of a certificate for specific \
                diseases (長), for care of that disease. `prescriber` names, in a pharmacy's bill, the \
                institution that prescribed: a local scheme that counts the two together needs it. \
                `over-limit` says that more was collected \
                than the limit of the month, `cap-uncounted` that a certificate has a cap which \
                cannot be counted here.
                """,
            parameters: [.operatorID],
            body: .fhir(.reference("Claim"), billExample),
            answers: [
                .fhir(
                    .reference("ClaimResponse"),
                    "The amount, its steps in words, the month's totals and what is left of the cap."
                )
            ],
            refusals: Refusals.ofItems + Refusals.ofAccess + [
                .individualNumberNotAllowed("patient.identifier.value"), .visitUnknown, .visitEnded,
                .patientDiffers("patient.reference"), .zoneMissing("created"),
                .serviceDateOutOfRange, .consentNotGiven, .certificateNotHeld,
                .copaymentRulesUnknown, .localSchemeNotPriced("bearsUpTo"), .collectedTooMuch,
                .billChanged, .billVoided, .recordUnknown, .rulesUnknown,
            ]),
        Operation(
            method: .get, path: "/fhir/ClaimResponse/:id", id: "readBill", field: "bills",
            ja: "自機関の会計を読む",
            en:
                "A bill of the institution's own as it now is. A reservation that has lapsed says so "
                + "(`bill-status` `lapsed`); the totals are those of the moment it was `created`.",
            parameters: [.id, .operatorID],
            answers: [.fhir(.reference("ClaimResponse"), "The bill.")],
            refusals: Refusals.ofID + Refusals.ofAccess + [.recordUnknown]),
    ]

    static let ownBalances: [Operation] = [
        Operation(
            method: .get, path: "/balances", id: "readOwnBalances", field: "own-records",
            ja: "本人の自己負担と、上限額の残りを読む",
            en:
                "Each month of each certificate: cap, what was collected and where, what is reserved, "
                + "what is left, and refunds due. Beside them how many months of a certificate were above "
                + "a whole cost that opens an application (`counts`), and what was paid in the year "
                + "that the yearly limits of high-cost benefit count (`year`). A confirmation shows "
                + "with the next request.",
            token: .resident, parameters: [.operatorID],
            answers: [.json(200, .reference("Balances"), "The newest 36 months.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown])
    ]

    private static let billExample = #"""
        {"resourceType": "Claim",
         "extension": [
           {"url": "urn:tsunagi:StructureDefinition:visit",
            "valueString": "0f8fad5b-d9cb-469f-a165-70867728950e"},
           {"url": "urn:tsunagi:StructureDefinition:insurance-share", "valueInteger": 30}],
         "identifier": [{"system": "https://clinic.example/bill", "value": "2026-0615-0001"}],
         "status": "active", "use": "preauthorization",
         "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type",
                              "code": "professional"}]},
         "priority": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/processpriority",
                                  "code": "normal"}]},
         "patient": {"reference": "Patient/pw-0001"},
         "billablePeriod": {"start": "2026-06-15", "end": "2026-06-15"},
         "created": "2026-06-15T10:00:00+09:00",
         "provider": {"identifier": {
           "system": "http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
           "value": "1319999995"}},
         "insurance": [{"sequence": 1, "focal": true, "coverage": {"identifier": {
           "system": "urn:tsunagi:certificate-type:130001", "value": "nanbyo"}}}],
         "total": {"value": 30000, "currency": "JPY"}}
        """#

    static let billSchemas: [(name: String, schema: Schema)] = [
        ("Claim", claim), ("ClaimResponse", claimResponse), ("Balances", balances),
    ]

    private static let claim = resource(
        "Claim",
        [
            .required(
                "status",
                .codes(["active", "cancelled"]).note("cancelled: 取消し / takes the bill back")),
            .required(
                "use",
                .codes(["predetermination", "preauthorization", "claim"]).note(
                    "照会・予約・確定 / quote, reserve, confirm")),
            .optional(
                "identifier",
                .list(of: .anyObject).most(1).note(
                    "機関の会計番号。照会のほかは必須 / The institution's own; needed but for a quote.")),
            .required("patient", .anyObject.note("Patient/<受付の番号>")),
            .required(
                "billablePeriod", .anyObject.note("診療日。一日だけの期間 / One day: the service date.")),
            .required("created", .text),
            .optional("provider", .anyObject.note("書くなら証明書の機関 / If given, the certificate's.")),
            .required(
                "insurance",
                .list(of: .anyObject).most(BillPlace.most).note(
                    "受給者証: coverage.identifier に受給者番号、または urn:tsunagi:certificate-type:<団体> と種別ID。四枚まで、順不同 / "
                        + "The certificates, by recipient number or by type; at most four, in any order."
                )),
            .required("total", money.note("医療費総額(10割) / The whole cost, in yen.")),
            .required(
                "extension",
                .list(of: .anyObject).note(
                    "visit: 受付番号; insurance-share: 一部負担割合(%); collected: 徴収済額(すでに受け取ったときだけ); "
                        + "limit-class: 適用区分; long-term: 特定疾病(長)の限度額; "
                        + "prescriber: 処方元の医療機関コード(薬局のみ。処方元と合算する助成制度では必須)")),
        ])

    private static let claimResponse = resource(
        "ClaimResponse",
        [
            .required("id", .id),
            .required("status", .codes(["active", "cancelled"])),
            .required("use", .codes(["predetermination", "preauthorization", "claim"])),
            .required("patient", .anyObject),
            .required("created", .instant),
            .required("outcome", .constant("complete")),
            .required("disposition", .text.note("日本語 / English")),
            .required(
                "extension",
                .list(of: .anyObject).note("bill-status, visit, rules-version, copayment-warning")),
            .optional(
                "preAuthPeriod", .anyObject.note("予約の失効 / When the reservation lapses.")),
            .required(
                "adjudication",
                .list(of: .anyObject).note(
                    "submitted: 医療費, due: 上限の前, share: 1円単位, copay: 窓口で受け取る額(10円単位)。受給者証が二枚以上なら、"
                        + "それぞれの額に insurance-sequence が付き、passed-on は次の公費が引き受ける額 / With several certificates "
                        + "each amount of one of them has its insurance-sequence.")),
            .optional(
                "insurance",
                .list(of: .anyObject).note(
                    "受給者証が二枚以上のとき、公費の順位 / With several certificates: their order of law.")),
            .required(
                "total",
                .list(of: .anyObject).note(
                    "month-collected: 今月の累計, month-held: 予約中, month-cost: 医療費の累計, month-cap: 上限額, "
                        + "month-rest: 残り")),
            .required(
                "processNote",
                .list(of: .anyObject).note(
                    "読み上げる計算の段階。日本語と英語。額は step-amount、決まりとその出典は rule-source / The steps, to read aloud, "
                        + "each with its yen and the rule it follows from.")),
        ])

    private static let balanceBill = Schema.object([
        .required("day", .day), .required("institution", .text),
        .required("institutionName", .text), .required("status", .text),
        .required("cost", .integer), .required("collected", .integer),
        .optional(
            "paidOver",
            .integer.note("うち過徴収額。実施機関が払い戻す額 / Of it, what the body owes back.")),
        .optional(
            "meals", .integer.note("食事の負担。上限額に数えない / For meals; no cap counts it.")),
        .required("at", .instant),
    ])

    private static let balances = Schema.object([
        .required("asOf", .instant),
        .required(
            "months",
            .list(
                of: .object([
                    .required("certificate", .anyObject),
                    .required("month", .text.pattern("^\\d{4}-\\d{2}$")),
                    .optional("cap", .integer), .required("collected", .integer),
                    .optional(
                        "passedOn",
                        .integer.note("うち次の公費が引き受けた額 / Of it, what the next certificate took over.")
                    ),
                    .optional(
                        "borneAfterRefunds",
                        .integer.note(
                            "うち償還払いの後に残った負担 / Of it, what refunds of receipts left borne.")),
                    .required("reserved", .integer), .optional("rest", .integer),
                    .required("cost", .integer), .required("bills", .list(of: balanceBill)),
                    .required(
                        "refunds",
                        .list(of: .anyObject).note("償還払い: yen, status (open, withdrawn), since")),
                ]))),
        .required(
            "counts",
            .list(
                of: .object([
                    .required("certificate", .anyObject), .required("code", .text),
                    .required("name", .anyObject), .required("above", .integer),
                    .required("months", .list(of: .text.pattern("^\\d{4}-\\d{2}$"))),
                    .required("needed", .integer), .required("within", .integer),
                    .required("reached", .boolean), .optional("next", .anyObject),
                    .required("verified", .boolean),
                ])
            ).note("高額な月の数: 軽症高額該当、高額かつ長期")),
        .optional(
            "year",
            .object([
                .required("from", .text), .required("to", .text), .required("paid", .integer),
                .required("limits", .list(of: .anyObject)), .required("note", .anyObject),
            ]).note("年間上限の年の支払い / Paid in the year of the yearly limits.")),
    ])

    private static let money = Schema.object([
        .required("value", .integer), .optional("currency", .constant("JPY")),
    ])
}
