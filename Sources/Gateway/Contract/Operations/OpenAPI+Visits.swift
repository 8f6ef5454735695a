import Exchange

/// 受付: how an institution opens a visit with the resident's card, or with a paper certificate.
extension OpenAPI {
    static let visits: [Operation] = [
        Operation(
            method: .post, path: "/visits/nonces", id: "issueVisitNonce", field: "visits",
            ja: "カードに署名させる一回限りの値を受け取る",
            en:
                "A nonce for the card to sign. It serves this institution, for one visit, for five minutes.",
            answers: [
                .json(201, .reference("Nonce"), "The nonce, and the day in Japan to sign with it.")
            ]),
        Operation(
            method: .post, path: "/visits", id: "openVisit", field: "visits",
            ja: "カードの署名で受付を開く",
            en: """
                Opens a visit. `signature` is the card's over the lines below, each ended by LF, in UTF-8; \
                `consent` stands once for each kind agreed to, sorted, and not at all when nothing was. \
                The same bytes sent again while the nonce lives get the same visit (200).

                    tsunagi visit v1
                    nonce: <nonce>
                    listener: institution
                    party: institution:<the 10 digits of the certificate>
                    visit-kind: outpatient
                    consent: subsidy
                    day: <day>
                """,
            parameters: [.operatorID],
            body: .json(.reference("VisitRequest"), visitExample),
            answers: [
                .json(201, .reference("Visit"), "The visit."),
                .repeatedVisit,
            ],
            refusals: Refusals.ofItems + Refusals.ofCard + Refusals.ofAccess
                + [.cardLocked, .consentUnknown, .visitKindUnknown, .rulesUnknown]),
        Operation(
            method: .post, path: "/visits/paper", id: "openPaperVisit", field: "visits",
            ja: "紙の受給者証の三つの項目で受付を開く",
            en:
                "For a resident without a working card: a visit that answers on that certificate alone. The "
                + "resident is told. The same bytes sent again while the visit is open get the same visit "
                + "(200). At most 30 tries an hour for each institution, repeats among them.",
            parameters: [.operatorID],
            body: .json(
                .reference("PaperVisitRequest"),
                #"{"payerNumber": "88139995", "recipientNumber": "9999991", "birthDate": "2020-05-05"}"#
            ),
            answers: [
                .json(201, .reference("Visit"), "The visit, with `confirmedLater`."),
                .repeatedVisit,
            ],
            refusals: Refusals.ofItems + Refusals.ofAccess + [
                .paperNotConfirmed, .paperTooMany, .residentDeceased,
            ]),
        Operation(
            method: .get, path: "/fhir/Patient/:id", id: "readPatient", field: "visits",
            ja: "開いている受付の患者を確かめる",
            en:
                "Name, kana, birth date and sex of the resident of a visit that is open, as far as a body "
                + "says them whose rows were agreed to, else the id alone; never an address.",
            parameters: [
                .init(
                    name: "id", place: .path, schema: .text.longest(64),
                    note:
                        "受付の `patient` にある番号。機関ごとに違います。 / From the visit; another for each institution."
                ),
                .operatorID,
            ],
            answers: [.fhir(.reference("Patient"), "The patient.")],
            refusals: Refusals.ofAccess + [.recordUnknown, .visitForCheckAlone, .rulesUnknown]),
    ]

    private static let visitExample = #"""
        {"nonce": "AcJ…", "day": "2026-06-15", "kind": "outpatient", "consents": ["subsidy"],
         "certificate": "MIIE…", "signature": "hB0n…"}
        """#

    static let reader = Schema.Item.optional(
        "reader",
        .codes(["pin-locked"]).note("カードがロックされていたとき / The reader says it is locked."))

    static let visitSchemas: [(name: String, schema: Schema)] = [
        (
            "Nonce",
            .object([
                .required("nonce", .text.longest(512)),
                .required("expiresAt", .instant),
                .required("day", .day.note("署名文に書く日(日本) / The day to sign, in Japan.")),
            ])
        ),
        (
            "VisitRequest",
            .object([
                .required("nonce", .text.longest(512)),
                .required("day", .day),
                .optional(
                    "kind",
                    .text.note("受付の種類。省くと outpatient / Of GET /fhir/CodeSystem/visit-kind.")),
                .required(
                    "consents",
                    .list(of: .text).note(
                        "同意の種類。空は「何も提供しない」 / Of GET /fhir/CodeSystem/consent-kind; "
                            + "empty: declined.")),
                .required(
                    "certificate", .base64.note("利用者証明用電子証明書(DER) / The card's certificate.")),
                .required(
                    "signature",
                    .base64.note("署名文への署名 / RSA PKCS#1 v1.5 SHA-256, or ECDSA SHA-384.")),
                reader,
            ])
        ),
        (
            "PaperVisitRequest",
            .object([
                .required("payerNumber", .text.pattern("^\\d{8}$").note("公費負担者番号")),
                .required("recipientNumber", .text.longest(30).note("公費受給者番号")),
                .required(
                    "birthDate",
                    .text.pattern(#"^(\d{4}-\d{2}-\d{2}|不明)$"#).note(
                        "生年月日 / As printed; YYYY-MM-00 without a known day, YYYY-00-00, 不明"
                    )),
            ])
        ),
        (
            "Visit",
            .object([
                .required("visit", .id.note("受付番号 / The visit's id.")),
                .required("patient", .text.note("`Patient/…`: この機関での仮の番号 / Pairwise.")),
                .required("kind", .text),
                .required("consents", .list(of: .text)),
                .required("openedAt", .instant),
                .required("endsAt", .instant),
                .optional("cardValidTo", .day),
                .optional(
                    "replaces",
                    .list(
                        of: .text.note(
                            "同じ住民の以前の番号。引き続き使えます。 / "
                                + "What the resident was called here before; it goes on resolving."
                        ))),
                .optional("confirmedLater", .boolean.note("紙による受付 / Opened by paper.")),
            ])
        ),
    ]
}

extension Operation.Answer {
    static let repeatedVisit = json(
        200, .reference("Visit"), "The visit that the same bytes opened before.")
}
