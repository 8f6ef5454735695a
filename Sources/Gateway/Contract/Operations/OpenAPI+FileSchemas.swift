import Exchange

/// ファイルの受領証と処理結果の形.
extension OpenAPI {
    static let fileSchemas: [(name: String, schema: Schema)] = [
        ("FileReceipt", .object([.required("file", .id), .required("status", status)] + sent)),
        (
            "FileReport",
            .object(
                [
                    .required("file", .id), .required("status", status),
                    .required("receivedAt", .instant), .optional("finishedAt", .instant),
                    .optional(
                        "asOf",
                        .instant.note(
                            "送り手の言う全件の時点。直した行は元のファイルの時点 / As of when the whole list is, or the file "
                                + "in which mended rows stood first.")),
                    .optional("rowsDeletedAt", .instant),
                    .optional("faults", .list(of: .reference("FileFinding"))),
                    .optional("effect", effect),
                    .optional("confirmedBy", .text.note("確認した操作者 / Who confirmed it.")),
                    .optional("withdrawnBy", .text),
                    .optional("notices", .list(of: .reference("FileNotice"))),
                    .optional("processed", .object(tally + [.optional("hash", .text)])),
                    .required("results", .list(of: telling)),
                    .optional(
                        "next", .integer.note("続きがあるときの `from` / For `from`, while there is more.")),
                ] + sent)
        ),
        (
            "FileFinding",
            .object([
                .optional("line", .integer.note("ファイルの行 / Line of the file.")),
                .optional("item", .text), .required("code", .text),
                .required("severity", .codes(["error", "warning"])),
                .optional(
                    "value",
                    .object([
                        .required("class", .codes(CellAccount.Kind.allCases.map(\.rawValue))),
                        .required("characters", .integer),
                        .optional("places", .list(of: .anyObject)),
                    ]).note("値そのものは返しません。 / The kind of value, never the value.")),
                .required("ja", .text), .required("en", .text),
            ])
        ),
        (
            "FileNotice",
            .object([
                .required(
                    "code",
                    .codes([
                        "ends-suspended", "kept-known-since", "mended-ends-nobody", "ends-asked",
                        "ends-withdrawn", "delayed", "behind-waiting", "protection-kept",
                        "plan-cut",
                    ])),
                .required("severity", .codes(["warning"])),
                .optional("ends", .integer.note("保留した終了 / Ends that were suspended.")),
                .optional("rows", .integer),
                .optional(
                    "file", .text.note("確認を待っているファイル / The file that waits for somebody.")),
                .optional(
                    "lines",
                    .list(of: .integer).note("ファイルの行、初めの100行まで / Lines of the file, the first 100.")
                ),
                .required("ja", .text), .required("en", .text),
            ])
        ),
        (
            "FileDecision",
            .object([
                .required("decision", .codes(["confirm", "withdraw", "lift"])),
                .optional(
                    "effect", .text.note("confirm のとき、確かめた影響の hash / `effect.hash`, to confirm.")),
            ])
        ),
        (
            "FileList",
            .object([
                .required("files", .list(of: listed)),
                .required(
                    "nextPlace",
                    .object([.optional("sequence", .integer), .optional("follows", .text)])
                        .note("次に送るファイルの順番 / What the next file of the line says.")),
                .optional("next", .id),
            ])
        ),
        (
            "FileEnds",
            .object([
                .required("file", .id), .required("status", status),
                .required("ends", .list(of: ended)),
                .optional(
                    "next", .integer.note("続きがあるときの `from` / For `from`, while there is more.")),
            ])
        ),
        (
            "FilePlan",
            .object([
                .required("file", .id), .required("status", status),
                .required(
                    "plan",
                    .list(
                        of: .object([
                            .required("line", .integer),
                            .required("change", .codes(["addition", "change", "end", "none"])),
                            .required("items", .list(of: .text)),
                        ])
                    ).note(
                        "itemsは変わる項目。noneは、行は同じで本人の氏名などが変わるもの / `items` change; `none`: the "
                            + "row is as before, and what it says of its resident is not.")),
                .optional(
                    "next", .integer.note("続きがあるときの `from` / For `from`, while there is more.")),
                .optional("notices", .list(of: .reference("FileNotice"))),
            ])
        ),
        (
            "FileDecided",
            .object([
                .required("file", .id), .required("status", status),
                .optional("stillProtected", stillProtected),
            ])
        ),
    ]

    private static let status = Schema.codes([
        "refused", "held", "weighing", "waiting", "applying", "weighed", "withdrawn", "done",
    ]).note(
        "held 前のファイル待ち, weighing 影響を調査中, waiting 二人目の確認待ち, applying 反映中, "
            + "weighed 調査のみ終了, withdrawn 取下げ, done 完了"
    )

    private static let placed: [Schema.Item] = [
        .required("dryRun", .boolean), .optional("sequence", .integer),
        .optional("follows", .text),
        .optional(
            "waitsFor",
            .object([.optional("sequence", .integer), .optional("sha256", .text)])
                .note("held のとき、先に要るファイル / While held: the file that must come first.")),
    ]

    private static let listed: Schema = .object(
        [
            .required("file", .id), .required("status", status), .required("mended", .boolean),
            .required("receivedAt", .instant), .optional("finishedAt", .instant),
            .optional("rows", .integer), .optional("effect", effect),
            .optional("processed", .object(tally)), .optional("stillProtected", stillProtected),
        ] + placed)

    private static let stillProtected: Schema = .object([
        .required("residents", .integer),
        .required(
            "rows",
            .list(of: .object([.optional("line", .integer), .optional("key", .text)]))
                .note(
                    "初めの100人。宛名番号か公費受給者番号 / The first 100, by the sender's own key.")),
        .required("ja", .text), .required("en", .text),
    ]).note("取り下げたファイルが保護し続けている人 / Whom a withdrawn file still protects.")

    private static let ended: Schema = .object([
        .required("orgSpecificCertificateTypeId", .text),
        .optional("medicalSubsidyInsurerNumber", .text),
        .optional("medicalSubsidyRecipientNumber", .text), .optional("certificationSubKey", .text),
        .optional("historyKey", .text), .required("validFrom", .day), .required("validTo", .day),
    ])

    private static let sent: [Schema.Item] =
        placed + [
            .required(
                "received",
                .object([
                    .required("file", .id), .required("bytes", .integer),
                    .required("sha256", .text),
                    .optional("rows", .integer), .required("layout", .text),
                    .required("layoutEffectiveFrom", .day), .optional("encoding", .text),
                    .required("mended", .boolean.note("直した行だけのファイル / Mended rows alone.")),
                    .required("duplicate", .boolean), .optional("duplicateOf", .id),
                ]))
        ]

    private static let tally: [Schema.Item] = [
        .required("additions", .integer), .required("changes", .integer),
        .required("ends", .integer), .required("unchanged", .integer),
        .required("underReview", .integer), .required("refused", .integer),
    ]

    private static let effect: Schema = .object(
        tally + [
            .required("standing", .integer.note("今、有効な行 / Rows that stand now.")),
            .required("needsSecondPerson", .boolean), .required("hash", .text),
        ])

    private static let telling: Schema = .object([
        .required("line", .integer),
        .required("outcome", .codes(["applied", "unchanged", "under-review", "refused"])),
        .required("findings", .list(of: .reference("FileFinding"))),
    ])
}
