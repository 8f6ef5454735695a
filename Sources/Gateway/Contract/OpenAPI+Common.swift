import Exchange

/// 約束と記録の公開: what says nothing of anyone, on every listener of parties; and what the operations
/// listener tells.
extension OpenAPI {
    static let common: [Operation] = [
        Operation(
            method: .get, path: "/fhir/metadata", id: "readCapabilities", field: "contract",
            ja: "この接続口でできること(FHIR)", en: "The CapabilityStatement of this listener.",
            answers: [.fhir(.reference("CapabilityStatement"), "The statement.")]),
        Operation(
            method: .get, path: "/openapi.json", id: "readOpenAPI", field: "contract",
            ja: "この文書", en: "This document.",
            answers: [.json(200, .anyObject, "OpenAPI 3.1.")]),
        Operation(
            method: .get, path: "/errors", id: "readErrors", field: "contract",
            ja: "すべての拒否のコードと説明",
            en: "Every refusal: code, status, both texts, and whether it is on the record.",
            answers: [.json(200, .list(of: .reference("ErrorRow")), "The catalogue.")]),
        Operation(
            method: .get, path: "/fhir/Questionnaire", id: "readQuestionnaires", field: "contract",
            ja: "今日答えられる予診票・問診票(ワクチン・健診ごと)",
            en:
                "The questionnaires that take answers today: one for each vaccine, and for each checkup and "
                + "compartment, and beside it that of each season to come. A dose is given on the one whose "
                + "`effectivePeriod` holds its day, and in a season on the season's. A municipality may have "
                + "days of its own: ask with the one where the resident lives, where it is known. An item "
                + "that is a contraindication says which.",
            parameters: [
                .init(
                    name: "code", place: .query, schema: .text.longest(GatewayParts.codeMax),
                    note:
                        "ワクチン・健診のコードだけに絞る / Of this vaccine or checkup alone "
                        + "(`urn:tsunagi:CodeSystem:vaccine`, `urn:tsunagi:CodeSystem:checkup`)."
                ), .seasonHome,
            ],
            answers: [.fhir(.reference("Bundle"), "A searchset of Questionnaire.")],
            refusals: [.malformed("code"), .malformed("municipality"), .rulesUnknown]),
        Operation(
            method: .get, path: "/fhir/Questionnaire/:id", id: "readQuestionnaire",
            field: "contract", ja: "予診票・問診票を一つ読む",
            en: "One form, also one that is no longer in force.",
            parameters: [.formID, .seasonHome],
            answers: [.fhir(.anyObject, "The Questionnaire.")],
            refusals: [.malformed("municipality"), .recordUnknown, .rulesUnknown]),
        Operation(
            method: .get, path: "/fhir/CodeSystem", id: "readCodeSystems", field: "contract",
            ja: "送れるコードの一覧と、資格確認の結果・注意ごとに窓口で次にすること",
            en:
                "The codes that are taken now (kinds of consent, kinds of visit, vaccines), and for each "
                + "outcome and warning of a check what the receptionist does next. They are data and "
                + "change without a release: fetch them again where one is refused or unknown.",
            parameters: [
                .init(
                    name: "url", place: .query, schema: .text.longest(GatewayParts.codeMax),
                    note: "この体系だけに絞る / This system alone, as `urn:tsunagi:CodeSystem:consent-kind`."
                )
            ],
            answers: [.fhir(.reference("Bundle"), "A searchset of CodeSystem.")],
            refusals: [.malformed("url")]),
        Operation(
            method: .get, path: "/fhir/CodeSystem/:id", id: "readCodeSystem", field: "contract",
            ja: "コードの一覧を1つ読む", en: "One of these lists.",
            parameters: [
                .init(
                    name: "id", place: .path, schema: .text.example("consent-kind"),
                    note: "体系の番号 / `consent-kind`, `visit-kind`, `vaccine`, "
                        + "`eligibility-outcome` or `eligibility-warning`.")
            ],
            answers: [.fhir(.anyObject, "The CodeSystem.")], refusals: [.recordUnknown]),
        Operation(
            method: .get, path: "/log/checkpoint", id: "readCheckpoint", field: "log",
            ja: "いちばん新しい封印(チェックポイント)",
            en:
                "The newest signed checkpoint (C2SP tlog-checkpoint). Keep it: what was sealed cannot change "
                + "without showing.",
            answers: [.text(200, "A signed note.")], refusals: [.recordUnknown, .notReady]),
        Operation(
            method: .get, path: "/log/consistency/:from/:to", id: "readConsistency", field: "log",
            ja: "記録が書き足されただけであることの証明",
            en: "An RFC 6962 consistency proof between two sizes of the log.",
            parameters: [size("from"), size("to")],
            answers: [.json(200, .reference("Consistency"), "The proof.")],
            refusals: [.malformed("from"), .recordUnknown, .notReady]),
    ]

    static let operating: [Operation] = [
        Operation(
            method: .get, path: "/live", id: "live", field: "operations", ja: "動いているか",
            en: "200 while the process answers at all. It asks nobody else.", token: .noCertificate,
            answers: [.text(200, "`live`")]),
        Operation(
            method: .get, path: "/ready", id: "ready", field: "operations", ja: "受けられるか",
            en: "One line for each thing that must hold.", token: .noCertificate,
            answers: [
                .text(200, "Every line ends with `ok`."),
                .text(503, "A line says what does not hold."),
            ]),
        Operation(
            method: .get, path: "/metrics", id: "metrics", field: "operations", ja: "計測値",
            en: "Prometheus text format; nothing of anyone is in it.", token: .noCertificate,
            answers: [.text(200, "Version 0.0.4.")]),
    ]

    static let contractSchemas: [(name: String, schema: Schema)] = [
        (
            "CapabilityStatement",
            resource(
                "CapabilityStatement",
                [
                    .required("fhirVersion", .constant("4.0.1")),
                    .required("rest", .list(of: .anyObject)),
                ])
        ),
        (
            "ErrorRow",
            .object([
                .required("code", .text), .required("status", .integer), .required("ja", .text),
                .required("en", .text),
                .required("entered", .boolean.note("記録に残るか / Is it on the record?")),
            ])
        ),
        (
            "Consistency",
            .object([
                .required("from", .integer), .required("to", .integer),
                .required("proof", .list(of: .base64)),
            ])
        ),
    ]

    private static func size(_ name: String) -> Operation.Parameter {
        .init(
            name: name, place: .path, schema: .integer,
            note: "記録の大きさ(件数) / A size of the log, in entries.")
    }
}
