import Exchange

/// 一括の受領: FHIR Bulk Data Access, of a municipality's own residents.
extension OpenAPI {
    static let exports: [Operation] = [
        Operation(
            method: .get, path: "/fhir/Patient/$export", id: "beginExport", field: "deliveries",
            ja: "住民の記録の一括の受領を求める",
            en:
                "Kick-off of FHIR Bulk Data Access (STU2): all that the municipality holds of its residents "
                + "at this moment: its certificates, and lines of its ledger and claims. Four stand at a "
                + "time, each for a day. "
                + "What is sensitive is not among them.",
            token: .officeIfAny, parameters: [types, since, form, asynchronously, .operatorID],
            answers: [
                .init(
                    status: 202, mediaType: nil, schema: nil,
                    note: "`Content-Location` is where its status is.")
            ],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [
                .missing("Prefer"), .unknownItem("query"), .malformed("_type"),
                .zoneMissing("_since"), .exportsTooMany,
            ]),
        Operation(
            method: .get, path: "/fhir/exports/:id", id: "readExport", field: "deliveries",
            ja: "一括の受領の状態と目録を読む",
            en:
                "202 with `Retry-After` while it is prepared; then the manifest, and in `Expires` until when "
                + "its files are there.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            answers: [
                .json(
                    200,
                    .openObject([
                        .required("transactionTime", .text), .required("request", .text),
                        .required("requiresAccessToken", .boolean),
                        .required(
                            "output",
                            .list(
                                of: .openObject([
                                    .required("type", .codes(ExportType.allCases.map(\.rawValue))),
                                    .required("url", .text), .required("count", .integer),
                                ]))),
                        .required("error", .list(of: .openObject([]))),
                    ]), "The manifest."),
                .init(
                    status: 202, mediaType: nil, schema: nil, note: "It is being prepared."),
            ], refusals: ofExport),
        Operation(
            method: .delete, path: "/fhir/exports/:id", id: "deleteExport", field: "deliveries",
            ja: "一括の受領をやめる、または消す",
            en: "Nothing of it can be fetched from now on.",
            token: .officeIfAny, parameters: [.id, .operatorID],
            answers: [
                .init(status: 202, mediaType: nil, schema: nil, note: "It is deleted.")
            ], refusals: ofExport),
        Operation(
            method: .get, path: "/fhir/exports/:id/:file", id: "readExportFile",
            field: "deliveries", ja: "一括の受領のファイルを読む",
            en:
                "One resource a line, at most 1,000, as they were held when the export was asked for; of "
                + "vaccinations also what the municipality's own ledger told. Every "
                + "resident in it is on the record, each time that it is fetched. Residents are under "
                + "the municipality's own keys in the file of type Patient.",
            token: .officeIfAny, parameters: [.id, file, .operatorID],
            answers: [
                .init(
                    status: 200, mediaType: "application/fhir+ndjson", schema: .text,
                    note: "The lines.")
            ], refusals: ofExport + [.rulesUnknown]),
    ]

    private static let ofExport =
        Refusals.ofID + Refusals.ofAccess + Refusals.ofOfficeToken + [.recordUnknown]

    private static let types = Operation.Parameter(
        name: "_type", place: .query, schema: .text,
        note: "種類をコンマで区切って。省くとすべて。 / Separated by commas: "
            + ExportType.allCases.map(\.rawValue).joined(separator: ", ") + "; all without it.")

    private static let since = Operation.Parameter(
        name: "_since", place: .query, schema: .text,
        note: "この時刻より後に作られたものだけ。 / Only what was made after this instant.")

    private static let form = Operation.Parameter(
        name: "_outputFormat", place: .query,
        schema: .codes(["application/fhir+ndjson", "application/ndjson", "ndjson"]),
        note: "どれも同じ形です。 / All are one form.")

    private static let asynchronously = Operation.Parameter(
        name: "Prefer", place: .header, schema: .text,
        note: "`respond-async` を必ず。 / It must say `respond-async`.")

    private static let file = Operation.Parameter(
        name: "file", place: .path, schema: .text,
        note: "目録にある名前。 / As the manifest names it.")
}
