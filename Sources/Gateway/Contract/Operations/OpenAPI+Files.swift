import Exchange

/// ファイル: the municipality's night as CSV, and its two acknowledgements. Every layout that is served has
/// the same four operations.
extension OpenAPI {
    static let files: [Operation] =
        operations(
            of: ServedLayout(
                code: "entitlements", id: "Entitlements", ja: "医療費助成受給資格(差分)",
                en: "subsidy entitlements (changes)", example: entitlements))
        + operations(
            of: ServedLayout(
                code: "entitlements-full", id: "EntitlementsFull", ja: "医療費助成受給資格(全件)",
                en: "subsidy entitlements (the whole list: what is not in it has ended)",
                example: entitlements, isWhole: true))
        + operations(
            of: ServedLayout(
                code: "checkup-targets", id: "CheckupTargets", ja: "自治体検診対象者",
                en: "targets of municipal checkups",
                example: "更新区分,自治体別本人キー,個人番号,消除の異動日\r\n1,0001,123456789018,\r\n"))
        + operations(
            of: ServedLayout(
                code: "vaccination-targets", id: "VaccinationTargets", ja: "予防接種対象者",
                en: "vaccination targets: whom the municipality invites to which schedule",
                example: """
                    更新区分,自治体別本人キー,個人番号,接種種別コード,対象期間開始,対象期間終了\r
                    1,0001,123456789018,mr,2026-04-01,2027-03-31\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "past-doses", id: "PastDoses", ja: "過去の接種歴(予防接種台帳)",
                en: "past doses of a municipality's own ledger: history, and no claim",
                example: pastDoses))
        + operations(
            of: ServedLayout(
                code: "vaccination-prices", id: "VaccinationPrices", ja: "予防接種の委託単価",
                en: "prices of vaccinations: what a dose costs and what the resident keeps",
                example: """
                    更新区分,接種種別コード,ワクチンコード,開始日,終了日,委託単価,自己負担額,公費負担額\r
                    1,mr,,2026-04-01,,11070,0,11070\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "checkup-prices", id: "CheckupPrices", ja: "健診と受診券の委託単価",
                en: "prices of checkups and of their tickets",
                example: """
                    更新区分,健診コード,受診券の種類,開始日,終了日,委託単価\r
                    1,,prenatal,2026-04-01,,5200\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "checkup-results", id: "CheckupResults", ja: "集団健診の結果",
                en: "results of mass checkups, by the keys of the municipality's notifications",
                example: checkupResults))
        + operations(
            of: ServedLayout(
                code: "sensitive-checkup-results", id: "SensitiveCheckupResults",
                ja: "集団健診の結果(特に慎重に扱う項目)", en: inConfidence,
                example: sensitiveCheckupResults))
        + operations(
            of: ServedLayout(
                code: "checkup-tickets", id: "CheckupTickets", ja: "受診券",
                en: "tickets of checkups: their numbers and days, issued again or given back",
                example: """
                    更新区分,自治体別本人キー,個人番号,健診種別コード,受診券番号,回,助成上限額,有効期間開始,有効期間終了,消除の異動日\r
                    1,0001,123456789018,prenatal,2026-0001,1,5100,2026-04-01,2027-03-31,\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "scheme-masters", id: "SchemeMasters", ja: "制度マスタ",
                en: "a municipality's own schemes: certificate types, incomes, conditions",
                example:
                    "市区町村コード,機関別受給者証種別ID,マスタ種別,追加条件項目コード,コード,名称,"
                    + "公費負担者番号,英語名称,同意区分コード,優先順位,指定医療機関限定フラグ,適用開始日,適用終了日\r\n"
                    + "132101,kosodate,1,,,子育て医療費助成,,Child care subsidy,subsidy,40,0,2027-04-01,\r\n"
            ))
        + operations(
            of: ServedLayout(
                code: "immunization-seasons", id: "ImmunizationSeasons", ja: "接種期間",
                en: "a municipality's own days of what is given every year",
                example: """
                    更新区分,市区町村コード,接種期コード,開始日,終了日,お知らせの言葉,お知らせの英語の言葉\r
                    1,132101,influenza-2026,2026-10-15,2027-02-28,令和8年度 高齢者インフルエンザ予防接種,\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "guardianships", id: "Guardianships", ja: "保護者・後見",
                en: "guardianships, by keys that were registered with invitations or checkups",
                example: """
                    更新区分,本人の自治体別本人キー,保護者の自治体別本人キー,関係区分,開始日,終了日,親権喪失フラグ\r
                    1,0001,0002,2,2026-04-01,,0\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "residence-moves", id: "ResidenceMoves", ja: "住民異動",
                en: "residents' moves, deaths, changes of name and corrections",
                example: """
                    異動通番,自治体別本人キー,個人番号,異動事由,異動年月日,届出年月日,氏名,氏名カナ,通称,生年月日,性別,住所,相手市区町村コード,訂正する異動通番,不開示フラグ\r
                    1,0001,123456789018,21,2026-04-01,2026-03-25,,,,,,,232025,,0\r\n
                    """))
        + operations(
            of: ServedLayout(
                code: "card-bindings", id: "CardBindings", ja: "カードの紐付けと住所の異動",
                en: "card bindings and residences, from the card authority alone",
                example: """
                    通番,種別,個人番号,発行者,証明書の番号,有効期間開始,有効期間終了,前の発行者,前の証明書の番号,市区町村コード,異動日\r
                    1,residence,123456789018,,,,,,,132101,2026-04-01\r\n
                    """))

    private struct ServedLayout {
        let code: String
        let id: String
        let ja: String
        let en: String
        let example: String
        var isWhole = false
    }

    private static func operations(of layout: ServedLayout) -> [Operation] {
        let path = "/files/\(layout.code)"
        let operations: [Operation] = [
            Operation(
                method: .post, path: path, id: "post\(layout.id)File", field: "files",
                ja: "\(layout.ja)のファイルを送る",
                en:
                    "A file of \(layout.en), CP932 or UTF-8, up to 1 GiB. Answered when it was received: "
                    + "size, SHA-256, rows, duplicate or not. Applied afterwards in the order given, exactly "
                    + "once; `tsunagi layout check` says beforehand what its rows will be told.",
                token: .officeIfAny, parameters: (layout.isWhole ? [asOf] : []) + sending,
                body: .init(mediaTypes: ["text/csv"], schema: .text, example: layout.example),
                answers: [.json(202, .reference("FileReceipt"), "What was received.")],
                refusals: Refusals.ofAccess + Refusals.ofOfficeToken + sendingRefusals
                    + (layout.isWhole ? listRefusals : [])),
            Operation(
                method: .get, path: "\(path)/:file", id: "get\(layout.id)File", field: "files",
                ja: "ファイルの処理結果を読む",
                en:
                    "What became of the file, and of each row that has something to say, in parts: go on "
                    + "with `from` until there is no `next`.",
                token: .officeIfAny,
                parameters: [
                    file, .operatorID,
                    .init(
                        name: "from", place: .query, schema: .integer,
                        note: "前の応答の `next` / `next` of the answer before."),
                ],
                answers: [.json(200, .reference("FileReport"), "The second acknowledgement.")],
                refusals: readingRefusals + [.malformed("from")]),
            Operation(
                method: .get, path: "\(path)/:file/errors", id: "get\(layout.id)FileErrors",
                field: "files", ja: "直す行だけのCSVを受け取る",
                en:
                    "The refused rows with what to mend, in the encoding of the file and without individual "
                    + "numbers. Mended and sent as a file they are taken by themselves, and need no place.",
                token: .officeIfAny, parameters: [file, .operatorID],
                answers: [
                    .init(status: 200, mediaType: "text/csv", schema: .text, note: "The rows.")
                ],
                refusals: readingRefusals),
            planning(layout, path), deciding(layout, path), listing(layout, path),
        ]
        return layout.isWhole ? operations + [ending(layout, path)] : operations
    }

    private static func planning(_ layout: ServedLayout, _ path: String) -> Operation {
        var plan = Operation.Answer.json(200, .reference("FilePlan"), "What would change.")
        plan.otherMediaTypes = ["text/csv"]
        return Operation(
            method: .get, path: "\(path)/:file/plan", id: "get\(layout.id)FilePlan",
            field: "files", ja: "どの行が何を変えるかの一覧を読む",
            en:
                "Which rows of a dry run, or of a file that waits for a second person, would change what: "
                + "line, kind of change and names of items, never a value; the first 10,000. Rows that "
                + "change nothing or were refused are in the acknowledgement. As CSV in the encoding of the "
                + "file, the next page in `Link`. Empty once the file is applied or withdrawn.",
            token: .officeIfAny,
            parameters: [
                file, .operatorID,
                .init(
                    name: "from", place: .query, schema: .integer,
                    note: "前の応答の `next` / `next` of the answer before."),
            ],
            answers: [plan], refusals: readingRefusals + [.malformed("from")])
    }

    private static func deciding(_ layout: ServedLayout, _ path: String) -> Operation {
        Operation(
            method: .post, path: "\(path)/:file/decision", id: "decide\(layout.id)File",
            field: "files", ja: "変更の多いファイルを別の人が確認する、または取り下げる",
            en:
                "A file that changes more than its layout lets pass waits for a second person: another "
                + "operator or certificate than its sender's, naming the effect by its hash. A file that is "
                + "withdrawn leaves those protected whom its rows said not to disclose, and names them by "
                + "line and own key: the second person decides to `lift` that where it was wrong.",
            token: .officeIfAny, parameters: [file, .operatorID],
            body: .json(
                .reference("FileDecision"),
                #"{"decision": "confirm", "effect": "\#(hash)"}"#),
            answers: [.json(200, .reference("FileDecided"), "What becomes of it.")],
            refusals: readingRefusals + Refusals.ofItems
                + [.fileNotWaiting, .effectChanged, .secondPersonNeeded])
    }

    private static func listing(_ layout: ServedLayout, _ path: String) -> Operation {
        Operation(
            method: .get, path: path, id: "list\(layout.id)Files", field: "files",
            ja: "送ったファイルの一覧を読む",
            en:
                "The sender's own files of this layout, newest first, with place, status and counts; and the "
                + "place that is next in their line. Go on with `from` until there is no `next`.",
            token: .officeIfAny,
            parameters: [
                .operatorID,
                .init(
                    name: "from", place: .query, schema: .id,
                    note: "前の応答の `next` / `next` of the answer before."),
            ],
            answers: [.json(200, .reference("FileList"), "The files.")],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken
                + [.malformed("from"), .rulesUnknown])
    }

    private static func ending(_ layout: ServedLayout, _ path: String) -> Operation {
        var ends = Operation.Answer.json(200, .reference("FileEnds"), "Who ends.")
        ends.otherMediaTypes = ["text/csv"]
        return Operation(
            method: .get, path: "\(path)/:file/ends", id: "get\(layout.id)FileEnds",
            field: "files", ja: "ファイルにないため終わるものの一覧を読む",
            en:
                "Whom this whole list would end, or was to end, by the keys of their certificates, as they "
                + "stood when that was found: what a second person looks at. Never an individual number. As "
                + "CSV in the encoding of the file, the next page in `Link`.",
            token: .officeIfAny,
            parameters: [
                file, .operatorID,
                .init(
                    name: "from", place: .query, schema: .integer,
                    note: "前の応答の `next` / `next` of the answer before."),
            ],
            answers: [ends], refusals: readingRefusals + [.malformed("from")])
    }

    private static let checkupResults = """
        更新区分,結果番号,届出番号,健診コード,健診日,体重,身長,頭囲,胸囲,栄養状態,黄疸,\
        便色カードの番号,ビタミンK2投与,身体の診察所見,判定,備考,首のすわり,\
        股関節開排制限,目の異常,耳の異常,精神・運動・言語の発達,精密検査受診日,\
        ひとり歩き,意味のある言葉,現在の歯の数,未処置のむし歯の数,\
        むし歯の罹患型（1歳6か月児）,屈折検査,尿蛋白,尿糖,尿潜血,\
        むし歯の罹患型（3歳児）,集団生活での社会性・行動,未実施\r
        1,2026-0412-001,C-2026-0001,infant-18m,2026-04-12,10.25,80.5,,,,,,,,healthy,,,,\
        14,0,,,,,,,,head-circumference=not-possible\r\n
        """

    private static let pastDoses = """
        更新区分,記録番号,個人番号,生年月日,性別,接種の有無,実施区分,ワクチン,製品名,接種回数,接種日,製造番号,\
        製造販売業者,接種量,医療機関コード,医療機関名,区域外接種フラグ,未接種の理由\r
        1,2019-000123,123456789018,2018-06-05,2,1,1,mr,,1,2019-06-20,FAKE01,,0.5,1319999996,,0,\r\n
        """

    /// With what is told of this file alone.
    private static let inConfidence = """
        sensitive findings of mass checkups, and of pregnancy checkups and tests of the newborn whose \
        vouchers the municipality reads, each with the day of its consent (in a line of its own; \
        nothing is told of a value, and a row that was taken is not kept)
        """

    private static let sensitiveCheckupResults = """
        更新区分,結果番号,届出番号,健診コード,健診日,同意日,被虐待を疑う所見,パートナー等からの暴力,\
        EPDS合計点,EPDS質問10の点,未実施\r
        1,2026-0412-001,C-2026-0001,infant-18m,2026-04-12,2026-04-12,none,,,,\r\n
        """

    private static let hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

    private static let file = Operation.Parameter(
        name: "file", place: .path, schema: .id, note: "受領証の `file` / From the receipt.")

    private static let asOf = Operation.Parameter(
        name: "asOf", place: .query, schema: .text,
        note: "全件の時点: 日時(2026-04-01T20:00:00Z、+は%2Bと書く)か日付(日本の0時)。省くと受付の時。それより後に登録されたものは、"
            + "全件になくても終わらせず、行と違っても残し(newer-stands)、知らせます。今より先の時点と、"
            + "すでに受け付けた全件より前の時点は受け付けません。 / As of when "
            + "the list is: an instant, or a day, which is its beginning in Japan. Without it, when the "
            + "list was received. What was registered later is neither ended nor overwritten, and is told. "
            + "None is later than now, or earlier than that of a whole list that is here."
    )

    private static let sending: [Operation.Parameter] = [
        .init(
            name: "sequence", place: .query, schema: .integer,
            note: "通番: 前のファイルより1つ大きい番号、最初は1。前が届くまで待ちます。直した行だけなら要りません。 / "
                + "One more than the file before, beginning with 1. It waits until that is here. Either this "
                + "or `follows`; neither for mended rows alone."),
        .init(
            name: "follows", place: .query, schema: .text.pattern("^([0-9a-fA-F]{64}|none)$"),
            note: "直前のファイルのSHA-256、最初は none / SHA-256 of the file before; `none` for the first."),
        .init(
            name: "rows", place: .query, schema: .integer,
            note: "行数。途中で切れたファイルが分かります。 / How many rows; shows a file that was cut off."),
        .init(
            name: "encoding", place: .query, schema: .codes(TextEncoding.allCases.map(\.rawValue)),
            note: "省くと中身から判定します。 / Found out from the file without it."),
        .init(
            name: "dryRun", place: .query, schema: .codes(["true", "false"]),
            note: "true なら影響だけを調べ、反映しません。順番は要りません。 / Only find out the effect; needs no place."),
        .operatorID,
    ]

    /// Of whole lists alone.
    private static let listFaults: [DeliveryFault] = [.asOfAhead, .asOfBehind]
    private static let listRefusals: [Refusal] =
        [.malformed("asOf"), .zoneMissing("asOf")] + listFaults.map { .delivery($0) }

    private static let sendingRefusals: [Refusal] =
        DeliveryFault.allCases.filter { !listFaults.contains($0) }.map { .delivery($0) } + [
            .malformed("sequence"), .missing("sequence"), .duplicateItem("sequence"),
            .unknownItem("query"), .bodyTooLarge, .unsupportedMediaType, .fileRefused,
            .rulesUnknown,
        ]

    private static let readingRefusals =
        Refusals.ofAccess + Refusals.ofOfficeToken + [
            .malformed("file"), .taskUnknown, .rulesUnknown,
        ]

    private static let entitlements = """
        機関別受給者証種別ID,個人番号,氏名,氏名カナ,住所,生年月日,性別,不開示フラグ,公費負担者番号,受給者証名,公費受給者番号,\
        受給者証サブキー,区分,所得区分,追加条件,指定医療機関情報,常に償還払い,自己負担上限額(月額),資格有効期間開始,\
        資格有効期間終了,履歴キー,削除フラグ,受給者証券面項目\r
        kodomo,123456789018,見本　花子,ミホン　ハナコ,東京都見本市見本町１－２－３,2020-05-05,2,0,88139995,\
        見本こども医療費受給者証,9999991,,,,,,0,,2026-04-01,2027-03-31,1,0,備考=通院 1回 200円\r\n
        """
}
