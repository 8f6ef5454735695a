import Exchange

/// 代理と本人の意思: who may act for whom, and what a resident takes back or forbids.
extension OpenAPI {
    static let guardianships: [Operation] = [
        Operation(
            method: .post, path: "/guardianship/registration-tasks",
            id: "postGuardianshipRegistrationTasks", field: "registration",
            ja: "保護者・後見を登録する",
            en:
                "`modificationSeg` 1 registers or updates who may act for a child, 2 ends it on `validTo`. "
                + "`isCustodyLost` ends it at once, whatever the days and other municipalities say: when "
                + "this is acknowledged the guardian no longer acts. `isCustodyRestored` alone gives it "
                + "back: any other row over a loss that stands is refused (`custody-lost`). A "
                + "guardianship of a minor ends by itself at the age of acting.json. Guardians are "
                + "registered by the child's municipality.",
            token: .officeIfAny, parameters: [.idempotencyKey, .operatorID],
            body: .json(.list(of: .reference("GuardianshipRow")).most(10_000), guardianshipRows),
            answers: [.json(202, .reference("RegistrationReceipt"), "The task, with its counts.")],
            refusals: registrationRefusals),
        Operation(
            method: .get, path: "/guardianship/registration-tasks/:taskId",
            id: "getGuardianshipRegistrationTask", field: "registration",
            ja: "保護者・後見の登録の結果を行ごとに読む", en: "As for subsidies.",
            token: .officeIfAny, parameters: [.taskID, .operatorID],
            answers: [.json(200, .reference("RegistrationReport"), "The report.")],
            refusals: reportRefusals),
    ]

    static let representation: [Operation] = [
        Operation(
            method: .get, path: "/represented", id: "readRepresented", field: "representation",
            ja: "代わりに手続きできる人の一覧を読む",
            en:
                "For whom the holder of the token may act now, and in which kinds of consent. "
                + "Each of them finds it in their list of accesses.",
            token: .resident, parameters: [.operatorID],
            answers: [.json(200, .reference("RepresentedList"), "Those with an open kind.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
        Operation(
            method: .post, path: "/tokens/acting", id: "beginActingSession",
            field: "representation", ja: "代わりに手続きするためのトークンを受け取る",
            en:
                "A token bound to both persons and to the portal's certificate. Every route of the resident "
                + "takes it, as far as the relation and the age allow at that moment; every access names "
                + "both. It lives as long as the token that it was made from.",
            token: .resident, parameters: [.operatorID],
            body: .json(
                .object([.required("resident", .text)]), #"{"resident": "Patient/abcd…"}"#),
            answers: [.json(201, .reference("Token"), "The token; it is shown once.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .malformed("resident"), .rulesUnknown,
            ]),
        Operation(
            method: .get, path: "/representatives", id: "readOwnRepresentatives",
            field: "representation", ja: "自分の代わりに手続きできる人と、委任の一覧を読む",
            en:
                "Who may act for the resident now, by the ids that the list of accesses names, and the "
                + "newest 100 delegations, those that ended among them.",
            token: .resident, parameters: [.operatorID],
            answers: [.json(200, .reference("RepresentativeList"), "Both lists.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
        Operation(
            method: .post, path: "/delegations", id: "delegate", field: "representation",
            ja: "ほかの人に任せるためのコードを作る",
            en:
                "Whoever takes the code with a card of their own acts in these kinds until the last day. The "
                + "code is shown once. A child shares what it decides about alone.",
            token: .resident, parameters: [.operatorID],
            body: .json(
                .object([
                    .required("kinds", .list(of: .text)), .required("validTo", .day),
                ]), #"{"kinds": ["immunization"], "validTo": "2026-12-31"}"#),
            answers: [.json(201, .reference("MadeDelegation"), "The delegation, with its code.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .malformed("validTo"), .consentUnknown, .notYoursToShare, .rulesUnknown,
            ]),
        Operation(
            method: .post, path: "/delegations/accept", id: "acceptDelegation",
            field: "representation", ja: "受け取ったコードで委任を受ける",
            en: "The resident who made the code finds a notice.",
            token: .resident, parameters: [.operatorID],
            body: .json(.object([.required("code", .text)]), #"{"code": "k3V…"}"#),
            answers: [.nothing("The holder of the token now acts by it.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .delegationUnknown
            ]),
        Operation(
            method: .post, path: "/delegations/:id/end", id: "endDelegation",
            field: "representation", ja: "委任を終わらせる",
            en: "Effective before it is acknowledged; twice is the same as once.",
            token: .resident, parameters: [.id, .operatorID],
            answers: [.nothing("It has ended.")],
            refusals: Refusals.ofID + Refusals.ofAccess + Refusals.ofResidentToken + [
                .delegationUnknown
            ]),
    ]

    static let ownDecisions: [Operation] = [
        Operation(
            method: .post, path: "/visits/:id/withdraw", id: "withdrawOwnConsent",
            field: "own-records", ja: "受付のときの同意を撤回する",
            en:
                "Takes kinds out of what was agreed to at a visit, from the institution's next request on, "
                + "also about days gone by. A new visit can agree to them again.",
            token: .resident, parameters: [.id, .operatorID],
            body: .json(
                .object([.required("consents", .list(of: .text))]), #"{"consents": ["subsidy"]}"#),
            answers: [.nothing("They are taken back.")],
            refusals: Refusals.ofID + Refusals.ofItems + Refusals.ofAccess
                + Refusals.ofResidentToken + [.visitUnknown, .consentUnknown, .rulesUnknown]),
        Operation(
            method: .get, path: "/blocks", id: "readOwnBlocks", field: "own-records",
            ja: "情報提供を停止した医療機関の一覧を読む",
            en: "Blocks that stand first, then those that were lifted; at most 200.",
            token: .resident, parameters: [.operatorID],
            answers: [.json(200, .reference("BlockList"), "The blocks.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken),
        Operation(
            method: .post, path: "/blocks", id: "setOwnBlock", field: "own-records",
            ja: "医療機関への情報提供を停止する",
            en:
                "From its next request on, the institution is answered as one to which the resident agreed "
                + "to nothing. One that is blocked already stays so; a code that nobody here has is refused.",
            token: .resident, parameters: [.operatorID],
            body: .json(
                .object([.required("institution", .text.pattern("^\\d{10}$"))]),
                #"{"institution": "1310000001"}"#),
            answers: [.json(201, .reference("Block"), "The block.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .malformed("institution"), .institutionUnknown,
            ]),
        Operation(
            method: .post, path: "/blocks/:id/lift", id: "liftOwnBlock", field: "own-records",
            ja: "医療機関への情報提供の停止を解除する",
            en: "Visits that are still open, open records again as they were agreed to.",
            token: .resident, parameters: [.id, .operatorID],
            answers: [.nothing("It is lifted.")],
            refusals: Refusals.ofID + Refusals.ofAccess + Refusals.ofResidentToken + [
                .recordUnknown
            ]),
    ]

    static let representationSchemas: [(name: String, schema: Schema)] = [
        (
            "GuardianshipRow",
            .openObject([
                .required("modificationSeg", .codes(["1", "2"]).note("更新区分: 1 登録・更新, 2 終了")),
                .required("child", numbered), .required("guardian", numbered),
                .required("guardianKind", .text.note("関係区分 / A code of acting.json.")),
                .required("validFrom", .day),
                .optional("validTo", .day.note("最終日 / The last day; required to end it.")),
                .required("isCustodyLost", .boolean.note("親権の喪失・停止")),
                .optional(
                    "isCustodyRestored",
                    .boolean.note("親権喪失等の取消し / Gives back what was taken away before.")),
            ])
        ),
        (
            "RepresentedList",
            .object([
                .required(
                    "represented",
                    .list(
                        of: .object(
                            [
                                .required("resident", .text.note("`Patient/…`: pairwise.")),
                                .optional("name", .text),
                            ] + relationItems)))
            ])
        ),
        (
            "RepresentativeList",
            .object([
                .required(
                    "representatives",
                    .list(
                        of: .object(
                            [.required("representative", .text.note("`Patient/…`: pairwise."))]
                                + relationItems))),
                .required("delegations", .list(of: .object(delegationItems))),
            ])
        ),
        (
            "MadeDelegation",
            .object(delegationItems + [.required("code", .text.note("一度だけ示すコード / Shown once."))])
        ),
        (
            "Block",
            .object([.required("block", .id), .required("institution", .text)])
        ),
        (
            "BlockList",
            .object([
                .required(
                    "blocks",
                    .list(
                        of: .object([
                            .required("block", .id), .required("institution", .text),
                            .optional("name", .text), .required("setAt", .instant),
                            .optional("liftedAt", .instant),
                        ])))
            ])
        ),
    ]

    private static let numbered = Schema.openObject([
        .required("myNumber", .text.pattern("^\\d{12}$").note("個人番号"))
    ])

    private static let relationItems: [Schema.Item] = [
        .required(
            "relations",
            .list(
                of: .object([
                    .required("ground", .codes(["guardian", "delegation"])),
                    .optional("guardianKind", .text), .optional("municipality", .text),
                    .required("validFrom", .day), .optional("validTo", .day),
                ]))),
        .required("kinds", .list(of: .text).note("今できる分野 / What is open now.")),
    ]

    private static let delegationItems: [Schema.Item] = [
        .required("delegation", .id), .required("kinds", .list(of: .text)),
        .required("validTo", .day), .required("madeAt", .instant),
        .required("codeLapsesAt", .instant), .optional("acceptedAt", .instant),
        .optional("endedAt", .instant),
    ]

    private static let guardianshipRows = #"""
        [{"modificationSeg": "1", "child": {"myNumber": "123456789018"},
          "guardian": {"myNumber": "876543210989"}, "guardianKind": "2", "validFrom": "2026-04-01",
          "isCustodyLost": false}]
        """#
}
