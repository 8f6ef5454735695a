import Exchange

/// 記録の閲覧: what offices, auditors and the ombudsman may see of the access log, and what offices may hold
/// back for a time.
extension OpenAPI {
    static let audits: [Operation] = [
        Operation(
            method: .post, path: "/fhir/AuditEvent/_search", id: "searchAccessLog", field: "log",
            ja: "アクセスの記録を検索する",
            en:
                "IHE BALP AuditEvents, oldest first. A municipality finds what it did itself and what "
                + "was done with the data of its residents (profiles/access/log.json), a prefecture "
                + "what it did itself and what was done by visits opened in a disaster, an auditor all; "
                + "residents and visits go by ids that nobody else has. Send the same body to "
                + "`next` to go on: nothing is repeated or left out while entries arrive. "
                + "A page may have no entry and a `next`. Every resident shown is on the record.",
            token: .officeIfAny,
            parameters: [
                .init(
                    name: "_cursor", place: .query, schema: .text,
                    note: "続きの位置(next が示す値) / Where to go on: as `next` has it."),
                .operatorID,
            ],
            body: .init(
                mediaTypes: ["application/x-www-form-urlencoded"],
                schema: .object([
                    .optional(
                        "date", .text.note("期間 / `ge2026-04-01` and `le2026-04-30`, or one day.")),
                    .optional(
                        "purpose", .text.note("目的 / A code of urn:tsunagi:CodeSystem:purpose.")),
                    .optional("outcome", .codes(["0", "4"]).note("0 許可, 4 拒否")),
                    .optional("address", .text.note("機関 / Who: `urn:tsunagi:party:…`.")),
                    .optional(
                        "patient.identifier",
                        .text.note(
                            "住民(市区町村のみ) / `urn:tsunagi:municipality-identity-key|…`, of a "
                                + "municipality alone.")),
                    .optional("_count", .text), .optional("_format", .text),
                ]),
                example: "date=ge2026-04-01&date=le2026-04-30&outcome=4"),
            answers: [.fhir(.reference("Bundle"), "A searchset of AuditEvent, not counted.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .recordUnknown, .rulesUnknown,
            ]),
        Operation(
            method: .post, path: "/fhir/AuditEvent/$examine", id: "examineComplaint", field: "log",
            ja: "苦情の審査のため、一人の記録の全体を読む",
            en:
                "An ombudsman reads one resident's whole list, withheld entries included, with its proof: "
                + "for one complaint, after the resident's agreement or an order. The resident is told.",
            token: .officeIfAny,
            parameters: [
                .entryCount,
                .entryOffset,
                .recordNumber,
                .operatorID,
            ],
            body: .json(.reference("Complaint"), complaint),
            answers: [.fhir(.reference("Bundle"), "A searchset of AuditEvent, with `total`.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .individualNumberNotAllowed("reason"), .recordUnknown, .rulesUnknown,
            ]),
        Operation(
            method: .post, path: "/access-log/withholdings", id: "withholdEntries", field: "log",
            ja: "自らのアクセスの記録の、本人への開示を延期する",
            en:
                "Holds entries that the office made back from their residents until `releaseAt`, at most as "
                + "long as the reason allows (profiles/access/log.json). Their lists count the entries, say "
                + "until when, and stay provable; afterwards they show the entries and that they were held "
                + "back.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .json(.reference("Withholding"), withholding),
            answers: [.nothing("They are withheld.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .tooMany("entries"), .individualNumberNotAllowed("reference"), .recordUnknown,
                .alreadySettled, .termTooLong, .zoneMissing("releaseAt"), .rulesUnknown,
            ]),
        Operation(
            method: .post, path: "/access-log/withholdings/lift", id: "liftWithholdings",
            field: "log",
            ja: "開示の延期を、期限より前に解く",
            en:
                "Shows entries that the office holds back to their residents from now on, when what they "
                + "were held back for is over. Only the office that holds them back lifts it, once; its "
                + "entry is the residents' to read as well.",
            token: .officeIfAny, parameters: [.operatorID],
            body: .json(.reference("Lifting"), lifting),
            answers: [.nothing("They are shown.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofOfficeToken + [
                .tooMany("entries"), .individualNumberNotAllowed("reference"), .recordUnknown,
                .alreadySettled,
            ]),
    ]

    static let auditSchemas: [(name: String, schema: Schema)] = [
        (
            "Complaint",
            .object([
                .required("complaint", .text.longest(200).note("苦情の受付番号")),
                .required("reason", .text.longest(200)),
                .required("ground", .codes(["agreement", "order"]).note("本人の同意, 命令・求め")),
                .required(
                    "groundReference", .text.longest(200).note("同意書・命令の番号と日付")),
                .required("municipality", .text.pattern("^[0-9]{6}$")),
                .required("municipalityIdentityKey", .text.longest(100)),
            ])
        ),
        (
            "Withholding",
            .object([
                .required("entries", .list(of: .id).most(200)),
                .required("reason", .text.note("profiles/access/log.json のコード")),
                .required("reference", .text.longest(200).note("決定の番号と日付")),
                .required("releaseAt", .instant),
            ])
        ),
        (
            "Lifting",
            .object([
                .required("entries", .list(of: .id).most(200)),
                .required("reference", .text.longest(200).note("決定の番号と日付")),
            ])
        ),
    ]

    private static let complaint = #"""
        {"complaint": "審-2026-0014", "reason": "見覚えのない照会があるとの申出", "ground": "agreement",
         "groundReference": "同意書 2026-06-10", "municipality": "132101", "municipalityIdentityKey": "0001"}
        """#

    private static let withholding = #"""
        {"entries": ["01973fd2-4d7e-7a3b-9c1e-5f2a7b8c9d0e"], "reason": "inspection",
         "reference": "監査計画 令和8年第3号", "releaseAt": "2026-12-01T00:00:00+09:00"}
        """#

    private static let lifting = #"""
        {"entries": ["01973fd2-4d7e-7a3b-9c1e-5f2a7b8c9d0e"], "reference": "調査終結 令和8年第3号"}
        """#
}
