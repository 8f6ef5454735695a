import Exchange

/// 予診票・問診票と接種証明カード: what a resident answers at home, what the clinic reads of it, and the card.
extension OpenAPI {
    static let screenings =
        search(
            "searchScreenings", below: "/fhir", ja: "受付した人が提出した予診票・問診票を読む",
            printed: [
                .optional(
                    "identifier",
                    .text.pattern("^tsunagi-screening:[0-9a-f]{32}$").note(
                        "紙の予診票・問診票のQRコードの文字 / What was scanned from a printed form."))
            ])
        + search(
            "searchSensitiveScreenings", below: "/fhir/sensitive",
            ja: "受付した人が提出した、特に慎重に扱う問診票を読む")

    /// `printed`: how the code of a printed form is asked by; what is sensitive is never printed.
    private static func search(
        _ id: String, below base: String, ja: String, printed: [Schema.Item] = []
    ) -> [Operation] {
        [
            Operation(
                method: .post, path: base + "/QuestionnaireResponse/_search", id: id,
                field: "vaccinations", ja: ja,
                en:
                    "The newest submitted answers before each dose or checkup, within an open visit; never a "
                    + "draft. Beside scored ones stand the total and the follow-up that they ask for. What "
                    + "the resident did not agree to show is as if nothing were held."
                    + (printed.isEmpty
                        ? " Of a child who does not yet decide alone, all that differ."
                        : " With `identifier`, what was scanned from a printed form, those answers alone as "
                            + "they now are: `meta.versionId` says whether they changed since. A code of "
                            + "somebody else, of nobody, or that is over is a record that is not known."),
                parameters: [.operatorID],
                body: .init(
                    mediaTypes: ["application/x-www-form-urlencoded"],
                    schema: .object(
                        [.required("subject", .text), .required("visit", .id)] + printed
                            + [.optional("_format", .text)]),
                    example:
                        "subject=Patient/pw-0001&visit=0f8fad5b-d9cb-469f-a165-70867728950e"),
                answers: [.fhir(.reference("Bundle"), "A searchset of QuestionnaireResponse.")],
                refusals: refusalsOfVisit
                    + (printed.isEmpty
                        ? [] : [.malformed("identifier"), .recordUnknown, .questionnaireOver]))
        ]
    }

    static let ownScreenings: [Operation] =
        [
            Operation(
                method: .get, path: "/fhir/Questionnaire/:id/$populate",
                id: "populateQuestionnaire",
                field: "own-records", ja: "前回の回答を入れた予診票・問診票の下書きを受け取る",
                en:
                    "A draft with what was answered last time to the same questions; nothing of one day, as "
                    + "temperature and consent, and no score. It is not saved yet; what is sensitive is "
                    + "asked anew.",
                token: .resident, parameters: [.formID, .operatorID],
                answers: [.fhir(.anyObject, "Parameters with `response`.")],
                refusals: Refusals.ofAccess + Refusals.ofResidentToken + [
                    .recordUnknown, .rulesUnknown,
                ])
        ] + answering("Screening", below: "/fhir", ja: "予診票・問診票", response)
        + answering(
            "SensitiveScreening", below: "/fhir/sensitive", ja: "特に慎重に扱う問診票",
            sensitiveResponse,
            closed: (
                save:
                    " Of a child who does not yet decide alone only `completed` is taken, and kept beside "
                    + "what was sent before, the same as well (201).",
                change: " Of a child who does not yet decide alone none is known.",
                read: " Of a child who does not yet decide alone, none."
            ))

    /// `id`: the end of the names of the three operations; `closed`: what holds where the child's card is in
    /// a guardian's hands.
    private static func answering(
        _ id: String, below base: String, ja: String, _ example: String,
        closed: (save: String, change: String, read: String) = ("", "", "")
    ) -> [Operation] {
        let path = base + "/QuestionnaireResponse"
        let refusals =
            Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .individualNumberNotAllowed("item"), .rulesUnknown, .questionnaireOver,
                .patientDiffers("subject.reference"), .zoneMissing("authored"),
            ]
        return [
            Operation(
                method: .post, path: path, id: "save" + id, field: "own-records",
                ja: "\(ja)の下書きを保存する、または提出する",
                en:
                    "`in-progress` saves, `completed` submits: then every question that is required and open "
                    + "is answered. The same answers again are those that are held. What submitted answers "
                    + "ask of the municipality of residence is a task of its own at once."
                    + closed.save,
                token: .resident, parameters: [.operatorID],
                body: .fhir(.reference("QuestionnaireResponse"), example),
                answers: [
                    .fhir(.reference("QuestionnaireResponse"), "The new answers.", status: 201),
                    .fhir(.reference("QuestionnaireResponse"), "The same answers, held already."),
                ],
                refusals: refusals),
            Operation(
                method: .put, path: path + "/:id", id: "save\(id)Again", field: "own-records",
                ja: "保存した\(ja)を書き直す、または提出する",
                en:
                    "A new version; none is overwritten. What was submitted is changed with the status "
                    + "`amended`." + closed.change,
                token: .resident, parameters: [.responseID, .seenVersion, .operatorID],
                body: .fhir(.reference("QuestionnaireResponse"), example),
                answers: [
                    .fhir(.reference("QuestionnaireResponse"), "The answers as they now are.")
                ],
                refusals: refusals + [
                    .idDiffers, .recordUnknown, .versionPassed, .responseSubmitted,
                ]),
            Operation(
                method: .get, path: path, id: "readOwn\(id)s", field: "own-records",
                ja: "本人の\(ja)を、下書きも含めて読む",
                en: "The newest version of each, drafts among them." + closed.read,
                token: .resident, parameters: [.operatorID],
                answers: [.fhir(.reference("Bundle"), "A searchset of QuestionnaireResponse.")],
                refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.rulesUnknown]),
        ]
    }

    static let printedScreenings: [Operation] = [
        Operation(
            method: .post, path: "/screenings/:id/print", id: "printScreening",
            field: "own-records", ja: "提出した予診票を印刷する",
            en:
                "The submitted answers as a page that is whole by itself, with a QR code that brings them in "
                + "at the clinic for 30 days, within a visit of this resident alone. The code says nothing "
                + "of anyone.",
            token: .resident, parameters: [.responseID, .operatorID],
            answers: [
                .init(status: 200, mediaType: "text/html", schema: .text, note: "The page.")
            ],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [
                .recordUnknown, .rulesUnknown,
            ])
    ]

    static let healthCards: [Operation] = [
        Operation(
            method: .post, path: "/fhir/Patient/:id/$health-cards-issue", id: "issueHealthCard",
            field: "own-records", ja: "接種証明カードを受け取る(SMART Health Card)",
            en:
                "The resident's doses, signed (https://spec.smarthealth.cards): `verifiableCredential` for a "
                + "wallet, `qr` the text of each QR code, `id` to revoke it by.",
            token: .resident, parameters: [.patientID, .operatorID],
            body: .fhir(
                .anyObject,
                #"""
                {"resourceType": "Parameters", "parameter": [
                  {"name": "credentialType", "valueUri": "https://smarthealth.cards#immunization"}]}
                """#),
            answers: [.fhir(.anyObject, "Parameters with the card; its entry is durable.")],
            refusals: Refusals.ofItems + Refusals.ofAccess + Refusals.ofResidentToken + [
                .recordUnknown, .nothingToCertify, .rulesUnknown,
            ]),
        Operation(
            method: .post, path: "/health-cards/print", id: "printHealthCard",
            field: "own-records", ja: "接種証明を印刷する",
            en:
                "The same card as a page that is whole by itself: the doses in words, and the QR codes "
                + "drawn.",
            token: .resident, parameters: [.operatorID],
            answers: [
                .init(status: 200, mediaType: "text/html", schema: .text, note: "The page.")
            ],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [
                .nothingToCertify, .rulesUnknown,
            ]),
        Operation(
            method: .post, path: "/health-cards/:id/revoke", id: "revokeHealthCard",
            field: "own-records", ja: "接種証明カードを失効させる",
            en: "Whoever looks at the list of revoked cards no longer believes it.",
            token: .resident, parameters: [.cardID, .operatorID],
            answers: [.nothing("It is revoked.")],
            refusals: Refusals.ofAccess + Refusals.ofResidentToken + [.recordUnknown]),
        Operation(
            method: .get, path: "/.well-known/jwks.json", id: "readHealthCardKeys",
            field: "contract", ja: "接種証明カードを確かめる公開鍵",
            en:
                "JWK Set: every key that ever signed a card. The operator publishes it at the issuer's "
                + "address.",
            answers: [.json(200, .object([.required("keys", .list(of: .anyObject))]), "The keys.")],
            refusals: [.notReady]),
        Operation(
            method: .get, path: "/.well-known/crl/:file", id: "readRevokedHealthCards",
            field: "contract", ja: "失効した接種証明カードの一覧",
            en: "By key; published beside the keys.",
            parameters: [
                .init(
                    name: "file", place: .path, schema: .text.pattern("^[A-Za-z0-9_-]+\\.json$"),
                    note: "鍵の番号と .json / The key's `kid`, and .json.")
            ],
            answers: [
                .json(
                    200,
                    .object([
                        .required("kid", .text), .required("method", .constant("rid")),
                        .required("ctr", .integer), .required("rids", .list(of: .text)),
                    ]), "The ids of revoked cards.")
            ],
            refusals: [.recordUnknown, .notReady]),
    ]

    private static let response = #"""
        {"resourceType": "QuestionnaireResponse",
         "questionnaire": "urn:tsunagi:Questionnaire:screening-child-mr|1",
         "status": "in-progress", "subject": {"reference": "Patient/pw-0001"},
         "item": [{"linkId": "unwell", "answer": [{"valueBoolean": false}]}]}
        """#

    private static let sensitiveResponse = #"""
        {"resourceType": "QuestionnaireResponse",
         "questionnaire": "urn:tsunagi:Questionnaire:sensitive-screening-epds-postpartum-2w|1",
         "status": "in-progress", "subject": {"reference": "Patient/pw-0001"},
         "item": [{"linkId": "1", "answer": [{"valueCoding": {"code": "1"}}]}]}
        """#
}

extension Operation.Parameter {
    static let formID = Self(
        name: "id", place: .path, schema: .text.example("screening-child-mr-1"),
        note: "予診票の番号 / The id of the form.")

    static let seasonHome = Self(
        name: "municipality", place: .query, schema: .text.pattern("^[0-9]{6}$"),
        note:
            "住所地の全国地方公共団体コード(その市区町村が定めた接種期間で答える) / By the seasons of this "
            + "municipality; those of all that set none of their own without it.")

    static let responseID = Self(
        name: "id", place: .path, schema: .text.pattern("^[a-p]{32}$"),
        note: "回答の番号 / The id of the answers.")

    static let patientID = Self(
        name: "id", place: .path, schema: .text.pattern("^[a-p]{32}$"),
        note: "本人の番号(本人の記録の `patient`) / The resident's id, as in their own records.")

    static let cardID = Self(
        name: "id", place: .path, schema: .text.pattern("^[A-Za-z0-9_-]{22}$"),
        note: "カードの番号 / The card's `id`.")
}
