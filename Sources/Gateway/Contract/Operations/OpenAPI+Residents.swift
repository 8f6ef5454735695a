import Exchange

/// 本人の利用: how a portal gets a resident's token, and what the resident then sees.
extension OpenAPI {
    static let sessions: [Operation] = [
        Operation(
            method: .post, path: "/tokens/nonces", id: "issueTokenNonce", field: "sessions",
            ja: "カードに署名させる一回限りの値を受け取る",
            en:
                "A nonce for the resident's card to sign. It serves this portal for one token, five minutes.",
            answers: [
                .json(201, .reference("Nonce"), "The nonce, and the day in Japan to sign with it.")
            ]),
        Operation(
            method: .post, path: "/tokens", id: "beginResidentSession", field: "sessions",
            ja: "本人のカードの署名でトークンを受け取る",
            en: """
                A token for fifteen minutes, bound to the portal's certificate. A nonce serves once. \
                `signature` is the card's over these lines, each ended by LF:

                    tsunagi resident-token v1
                    nonce: <nonce>
                    listener: resident
                    party: portal:<the name in the certificate>
                    day: <day>
                """,
            parameters: [.operatorID],
            body: .json(
                .reference("SessionRequest"),
                #"{"nonce": "AcJ…", "day": "2026-06-15", "certificate": "MIIE…", "signature": "hB0n…"}"#
            ),
            answers: [.json(201, .reference("SessionToken"), "The token; it is shown once.")],
            refusals: Refusals.ofItems + Refusals.ofCard + Refusals.ofAccess + [.cardLocked]),
        Operation(
            method: .post, path: "/tokens/revoke", id: "endResidentSession", field: "sessions",
            ja: "トークンを今すぐ失効させる", en: "Ends the token now; ending it twice is the same as once.",
            token: .resident, parameters: [.operatorID],
            answers: [.nothing("It has ended.")],
            refusals: Refusals.ofAccess + [.tokenMissing, .tokenInvalid, .tokenOfAnotherParty]),
    ]

    static let ownRecords: [Operation] = [
        Operation(
            method: .get, path: "/fhir/Coverage", id: "readOwnEntitlements", field: "own-records",
            ja: "本人の受給資格を読む", en: "The resident's own certificates.",
            token: .resident, parameters: [.operatorID],
            answers: [.fhir(.reference("Bundle"), "A searchset of Coverage.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
        Operation(
            method: .get, path: "/fhir/Consent", id: "readOwnVisits", field: "own-records",
            ja: "本人の受付と、そのときの同意を読む",
            en:
                "The newest 60 visits, with what was agreed to at each. `verification.verified` is false "
                + "for one opened by paper that no card has confirmed yet.",
            token: .resident, parameters: [.operatorID],
            answers: [.fhir(.reference("Bundle"), "A searchset of Consent.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
        Operation(
            method: .get, path: "/fhir/Communication", id: "readOwnNotices",
            field: "own-records", ja: "本人へのお知らせを読む",
            en:
                "What the resident should hear of, newest first: of what offices and institutions told "
                + "(such as an invitation, or a visit opened with a paper certificate), of visits and of "
                + "refusals the newest 100 each.",
            token: .resident, parameters: [.operatorID],
            answers: [.fhir(.reference("Bundle"), "A searchset of Communication.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
        Operation(
            method: .post, path: "/visits/:id/end", id: "endOwnVisit", field: "own-records",
            ja: "受付を終わらせる", en: "Effective with the next request of the institution.",
            token: .resident, parameters: [.id, .operatorID],
            answers: [.nothing("The visit has ended.")],
            refusals: Refusals.ofID + Refusals.ofAccess + Refusals.ofResidentToken + [.visitUnknown]
        ),
        Operation(
            method: .get, path: "/fhir/AuditEvent", id: "readOwnAccessLog", field: "own-records",
            ja: "だれが何のために見たかを、証明とともに読む",
            en:
                "IHE BALP AuditEvents, newest first; each sealed one carries its position, inclusion "
                + "proof, number and the signed checkpoint. `meta` carries the proof of how many there "
                + "are as of the last epoch, none left out; what came after is marked "
                + "`notYetCommitted`. The question itself is on the record. Of a resident whose records were "
                + "merged each record has its own list and proof; `link` names the others (`related`).",
            token: .resident,
            parameters: [
                .entryCount,
                .entryOffset,
                .recordNumber,
                .operatorID,
            ],
            answers: [.fhir(.reference("Bundle"), "A searchset of AuditEvent, with `total`.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [
                .malformed("_count"), .malformed("record"), .recordUnknown, .rulesUnknown,
            ]),
    ]

    static let sessionSchemas: [(name: String, schema: Schema)] = [
        (
            "SessionRequest",
            .object([
                .required("nonce", .text.longest(512)), .required("day", .day),
                .required("certificate", .base64), .required("signature", .base64), reader,
            ])
        ),
        (
            "SessionToken",
            .object([
                .required("access_token", .text), .required("token_type", .constant("Bearer")),
                .required("expires_in", .integer.note("秒 / Seconds.")),
                .optional(
                    "patient",
                    .text.note("`Patient/…`: このポータルでの仮の番号。replacesとともに。 / Beside `replaces`.")),
                .optional(
                    "replaces",
                    .list(
                        of: .text.note(
                            "統合された記録の、このポータルでの番号。引き続き使えます。 / What the resident was called "
                                + "here by a record that was merged since; it goes on resolving."))),
            ])
        ),
        (
            "Bundle",
            resource(
                "Bundle",
                [
                    .optional("meta", .anyObject), .required("type", .constant("searchset")),
                    .optional("total", .integer),
                    .optional("entry", .list(of: .anyObject)),
                ])
        ),
    ]
}
