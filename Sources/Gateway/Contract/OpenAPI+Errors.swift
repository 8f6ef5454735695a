import Exchange

/// エラーの形: what any refusal looks like.
extension OpenAPI {
    static let errorSchemas: [(name: String, schema: Schema)] = [
        (
            "Problem",
            .openObject([
                .required("type", .text.note("`/errors#<code>`")),
                .required("title", .text),
                .required("status", .integer),
                .required("detail", .text.note("日本語の説明と、次にすること")),
                .required("detail_en", .text.note("The same in English.")),
                .required("code", .text.note("変わらないコード / Stable for ever; branch on this.")),
                .optional("item", .text.note("どの項目か / The item, in the caller's own words.")),
                .optional(
                    "incident", .text.note("運用者に伝える番号 / The number to quote to the operator.")),
            ]).note("RFC 9457")
        ),
        (
            "TokenProblem",
            .openObject([
                .required("error", .codes(TokenError.allCases.map(\.rawValue))),
                .required("error_description", .text.note("`detail_en` in ASCII.")),
            ]).note("RFC 6749 §5.2")
        ),
        (
            "OperationOutcome",
            .openObject([
                .required("resourceType", .constant("OperationOutcome")),
                .required(
                    "issue",
                    .list(
                        of: .openObject([
                            .required(
                                "severity", .codes(["fatal", "error", "warning", "information"])),
                            .required("code", .text.note("http://hl7.org/fhir/issue-type")),
                            .required(
                                "details",
                                .openObject([
                                    .required("coding", .list(of: .reference("Coding"))),
                                    .required("text", .text.note("日本語の説明と、次にすること")),
                                ])),
                            .optional("diagnostics", .text.note("The same in English.")),
                            .optional("expression", .list(of: .text)),
                        ]))),
            ]).note(
                "https://hl7.org/fhir/R4/operationoutcome.html; the code is in issue.details.coding, system "
                    + Refusal.codeSystem)
        ),
        (
            "Coding",
            .openObject([
                .required("system", .text), .required("code", .text), .optional("display", .text),
            ])
        ),
    ]
}
