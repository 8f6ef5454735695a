import Exchange
import Ledger

/// 請求と月次の照合: what a body sends of its claims, runs, looks at and closes, and what its institutions read.
extension OpenAPI {
    static let claims: [Operation] = [
        Operation(
            method: .post, path: "/claims/files", id: "postClaimFile", field: "claims",
            ja: "レセプトのファイル(UKE)を送る",
            en: """
                A receipt file (UKE, CP932, medical, dental or pharmacy) of the month in `month`. Every \
                receipt that can be read is taken; what is wrong with the file is told with its line. \
                Names in it are not kept. The same bytes for the same month are the first file again. A \
                receipt that takes the place of one that came back continues that one's thread. A \
                file has at most \(ArrivingClaims.countMax) claims; a larger month comes in several \
                files, or in numbered parts (`set`, `part`, `parts`), and is not closed unseen while a \
                part is missing.
                """,
            token: .officeIfAny, parameters: ofFiles,
            body: .init(mediaTypes: ["text/csv"], schema: .text, example: receipts),
            answers: [.json(201, .reference("ClaimFile"), "What was taken.")],
            refusals: ofMonth + ofSending),
        Operation(
            method: .post, path: "/claims/payments", id: "postPaymentList", field: "claims",
            ja: "支払機関の支払明細(CSV)を送る",
            en: """
                A payment body's list of the month in `month`, as CSV by the layout \
                `profiles/layouts/payment-lists.json`: a row for each public payer of a receipt. It is \
                reconciled as receipts are. Every row that can be read is taken; what is wrong with \
                another is told with its line and column: so is a row beyond the four public payers \
                that a receipt has room for, and one that says otherwise of the receipt than a row \
                before it. A file that is no such table is refused \
                (`file-…`: the reason).
                """,
            token: .officeIfAny, parameters: ofFiles,
            body: .init(mediaTypes: ["text/csv"], schema: .text, example: payments),
            answers: [.json(201, .reference("ClaimFile"), "What was taken.")],
            refusals: ofMonth + ofSending + [.malformed("file-missing-column")]),
        Operation(
            method: .post, path: "/claims", id: "postClaims", field: "claims",
            ja: "請求をJSONで送る(支払機関の帳票など、レセプトのファイルでないもの)",
            en: """
                Claims that never were a receipt file, such as a payment body's. Refused as a whole. At \
                most \(ArrivingClaims.countMax), as of the other files; a larger month comes in several \
                requests, or in numbered parts.
                """,
            token: .officeIfAny, parameters: ofFiles,
            body: .json(.object([.required("claims", .list(of: claim))]), claimsExample),
            answers: [.json(201, .reference("ClaimFile"), "What was taken.")],
            refusals: ofMonth + ofSending + Refusals.ofItems),
        Operation(
            method: .post, path: "/claims/months/:month/events", id: "postClaimEvents",
            field: "claims", ja: "請求の経過(支払・返戻・取下げ・再審査・過誤調整)を知らせる",
            en: """
                What became of claims, by their ids, all of it or nothing. Each step must be able to \
                follow what the claim has; nothing is ever taken out of a thread. `on` is the true day: not \
                in the future, not before the month of the claim or the step before, and no matter when a \
                file came. A refusal names every event that is wrong. The same news again changes nothing.
                """,
            token: .officeIfAny, parameters: [month(.path), .operatorID],
            body: .json(.reference("ClaimEvents"), events),
            answers: [
                .json(
                    200,
                    .object([.required("events", .integer), .required("taken", .integer)]),
                    "How many were new.")
            ],
            refusals: ofMonth + Refusals.ofItems + [
                .tooMany("events"), .claimStep("events[0].step"), .recordUnknown,
                .individualNumberNotAllowed("reference"),
            ]),
        Operation(
            method: .post, path: "/claims/months/:month/runs", id: "runMonth", field: "claims",
            ja: "月を照合する",
            en: """
                Holds every claim of the month against what is known now: entitlement on the days of \
                service, the check that was answered, designation, the amount computed again, the \
                ledger of caps, duplicates in this and earlier months, order of payers, other payers. \
                Vaccinations and checkups of the month are in it without being sent. The same claims, \
                facts and rules are the same run again. Of a closed month, `reopened` counts the closed \
                claims that are judged otherwise now, and vaccinations and checkups that claim nothing any \
                more (`isReturned`). A claim that a closing of the month sent back is paid only where it is \
                claimed again: once its reason is gone it is told so (`sentBack`).
                """,
            token: .officeIfAny, parameters: [month(.path), .operatorID],
            answers: [.json(200, .reference("MonthRun"), "Totals by institution and scheme.")],
            refusals: ofMonth + [.recordUnknown, .tooMany("claims")]),
        Operation(
            method: .get, path: "/claims/months/:month/runs/:run", id: "readMonthRun",
            field: "claims", ja: "照合の結果を読む",
            en: """
                By number, or `latest`. Each difference with its evidence and the next step; on the first \
                page the totals of the run.
                """,
            token: .officeIfAny,
            parameters: [month(.path), run(.path), show, .lineCount, offset, .operatorID],
            answers: [.json(200, .reference("MonthResults"), "A page of the run.")],
            refusals: ofPages),
        Operation(
            method: .get, path: "/claims/months/:month/runs/:run/statement",
            id: "readMonthStatement", field: "claims", ja: "照合の結果をCSVで読む",
            en: """
                One row for each public payer of each claim, and one for a claim that names none, by \
                institution; UTF-8 with BOM. What was closed and is to be paid no more has a row, too \
                (`withdrawn`), which says what to do. A large month comes in pages of whole institutions; \
                the next page is in `Link`.
                """,
            token: .officeIfAny, parameters: [month(.path), run(.path), after, .operatorID],
            answers: [.init(status: 200, mediaType: "text/csv", schema: .text, note: "Rows.")],
            refusals: ofMonth + [.malformed("run"), .malformed("after"), .recordUnknown]),
        Operation(
            method: .post, path: "/claims/months/:month/closings", id: "closeMonth",
            field: "claims", ja: "月を締める",
            en: """
                Closes the month with its newest run, named by number and digest as it was looked at. \
                What is rejected goes back to its institutions. The answer's digest stands in the \
                access log, under its signed checkpoints; it is never changed. Refused while an amount \
                rests on an unverified rule or a part of a set is missing, or when anything changed \
                since the run. A set whose parts will never come is named in `withoutPartsOf`, and the \
                closing says so.
                """,
            token: .officeIfAny, parameters: [month(.path), .operatorID],
            body: .json(
                .object([
                    .required("run", .integer), .required("digest", .text),
                    .optional("withoutPartsOf", .list(of: .text)),
                ]),
                #"{"run": 1, "digest": "\#(String(repeating: "0", count: 64))"}"#),
            answers: [.json(200, .anyObject, "The closing; keep these bytes.")],
            refusals: ofMonth + Refusals.ofItems + [
                .recordUnknown, .monthChanged, .monthUnverified, .monthIncomplete("kokuho/3"),
            ]),
        Operation(
            method: .get, path: "/claims/months/:month/closings/:number", id: "readClosing",
            field: "claims", ja: "月の締めと、その証明を読む",
            en: """
                The closing's bytes as text, the leaf that its entry is in the log (its `digest` line is \
                the SHA-256 of those bytes), and the proof that a signed checkpoint has the leaf; the \
                proof is absent until the next seal, a second later.
                """,
            token: .officeIfAny,
            parameters: [
                month(.path),
                .init(
                    name: "number", place: .path, schema: .integer, note: "何回目の締めか / Which closing."
                ),
                .operatorID,
            ],
            answers: [.json(200, .reference("ProvenClosing"), "The closing and its proof.")],
            refusals: ofMonth + [.malformed("number"), .recordUnknown]),
        Operation(
            method: .get, path: "/fhir/ExplanationOfBenefit", id: "readBenefits", field: "claims",
            ja: "照合の結果をFHIRで読む",
            en: "A run as ExplanationOfBenefit: amounts, reasons, next steps.",
            token: .officeIfAny,
            parameters: [month(.query), run(.query), show, .lineCount, offset, .operatorID],
            answers: [.fhir(.reference("Bundle"), "A searchset of ExplanationOfBenefit.")],
            refusals: ofPages + Refusals.ofSeveralPeople + [.missing("month")]),
    ]

    static let claimStatements: [Operation] = [
        Operation(
            method: .get, path: "/claims/statements", id: "readClaimStatement", field: "claims",
            ja: "締まった月の、自機関の請求の明細をCSVで読む",
            en: """
                What bodies that closed the month say of this institution's own claims, with each reason \
                and the next step; of all bodies, or of `body`. Many come in pages of whole bodies; the next \
                page is in `Link`.
                """,
            parameters: [month(.query), body, afterBody, .operatorID],
            answers: [.init(status: 200, mediaType: "text/csv", schema: .text, note: "Rows.")],
            refusals: ofStatements + [.malformed("after"), .recordUnknown]),
        Operation(
            method: .get, path: "/fhir/ClaimResponse", id: "readClaimResponses", field: "claims",
            ja: "締まった月の、自機関の請求の結果をFHIRで読む",
            en: "The same as ClaimResponse.",
            parameters: [month(.query), body, .lineCount, offset, .operatorID],
            answers: [.fhir(.reference("Bundle"), "A searchset of ClaimResponse.")],
            refusals: ofStatements + Refusals.ofSeveralPeople + [
                .malformed("_count"), .malformed("show"),
            ]),
    ]

    private static let ofMonth =
        Refusals.ofAccess + Refusals.ofOfficeToken + [.malformed("month"), .rulesUnknown]
    private static let ofSending: [Refusal] = [
        .missing("month"), .tooMany("claims"), .malformed("body"), .bodyTooLarge,
        .unsupportedMediaType, .missing("set"), .malformed("set"),
        .individualNumberNotAllowed("set"), .claimPart("part"),
    ]
    private static let ofPages =
        ofMonth + [
            .malformed("run"), .malformed("_count"), .malformed("_offset"), .malformed("show"),
            .recordUnknown,
        ]
    private static let ofStatements =
        Refusals.ofAccess + [.malformed("month"), .missing("month"), .malformed("body")]

    private static func month(_ place: Operation.Parameter.Place) -> Operation.Parameter {
        .init(
            name: "month", place: place,
            schema: .text.pattern("^\\d{4}-\\d{2}$").example("2026-06"),
            note: "請求の月 / The month of the run; claims of earlier service may be in it.")
    }

    private static func run(_ place: Operation.Parameter.Place) -> Operation.Parameter {
        .init(
            name: "run", place: place, schema: .text.pattern("^([1-9]\\d*|latest)$"),
            note: "照合の番号 / The number of the run.")
    }

    private static let show = Operation.Parameter(
        name: "show", place: .query, schema: .codes(["told", "all", "reopened"]),
        note: "told 照会と返戻だけ(省略時), all すべて, reopened 締めの後に変わったもの / Which claims.")
    private static let offset = Operation.Parameter(
        name: "_offset", place: .query, schema: .integer, note: "とばす数 / How many to pass over.")
    private static let after = Operation.Parameter(
        name: "after", place: .query, schema: .text.pattern("^(\\d{6}|\\d{10})$"),
        note: "この医療機関より後 / Institutions after this one.")
    private static let afterBody = Operation.Parameter(
        name: "after", place: .query, schema: .text.pattern("^\\d{6}$"),
        note: "この実施機関より後 / Bodies after this one.")
    /// 分けて送る月.
    private static let part: [Operation.Parameter] = [
        .init(
            name: "set", place: .query, schema: .text.pattern("^[A-Za-z0-9-]{1,64}$"),
            note: "組の名前。part・partsとともに / A name for all parts together; with part and parts."),
        .init(
            name: "part", place: .query, schema: .integer.range(1...SentPart.countMax),
            note: "何番目の部か / Which part, from 1."),
        .init(
            name: "parts", place: .query, schema: .integer.range(1...SentPart.countMax),
            note: "部の数 / How many parts the set has, 1,000 at most."),
    ]
    private static let ofFiles: [Operation.Parameter] =
        [month(.query)] + part + [Operation.Parameter.operatorID]
    private static let body = Operation.Parameter(
        name: "body", place: .query, schema: .text.pattern("^\\d{6}$"),
        note: "実施機関(全国地方公共団体コード) / Of one body.")

    private static let receipts = """
        IR,1,13,1,0000001,,TEST,202606,00,\r
        RE,1,1122,202605,TEST,2,19900102,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,,\r
        HO,01130012,1,2,1,1000,,,,,,,,,\r
        KO,88131016,R-001,,1,1000,0,,,,,\r
        GO,1,1000,99\r

        """
    private static let payments = """
        医療機関コード,診療年月,レセプト番号,レセプト種別,公費負担者番号,公費受給者番号,保険者番号,合計点数,患者負担額,公費支払額,生年月日,性別,支払日,返戻\r
        1310000001,202605,1,1122,88131016,R-001,01130012,1000,0,2000,1990-01-02,2,2026-07-21,0\r

        """
    private static let claimsExample = #"""
        {"claims": [{"institution": "1310000001", "month": "2026-05", "type": "1122",
                     "insurer": "01130012", "points": 1000, "days": [11],
                     "publics": [{"payer": "88131016", "recipient": "R-001", "copayment": 0,
                                  "amount": 2000}]}]}
        """#
    private static let claim = Schema.object([
        .required("institution", .text.pattern("^\\d{10}$")), .required("month", .text),
        .required(
            "publics",
            .list(of: .anyObject).note(
                "payer, recipient, copayment, amount, recomputedCopayment, recomputedAmount, "
                    + "points (全体より少ない点数 / Of this payer, where not all are.), "
                    + "dayCount (実日数 / Days that this payer counts.)")),
        .optional("number", .integer),
        .optional("type", .text), .optional("days", .list(of: .integer)),
        .optional("birthDate", .text), .optional("sex", .text), .optional("insurer", .text),
        .optional("points", .integer), .optional("specialNotes", .list(of: .text)),
        .optional("dutyReason", .text), .optional("paidOn", .day),
        .optional("isReturned", .boolean), .optional("isResubmission", .boolean),
        .optional("prescriber", .text.pattern("^\\d{10}$")),
    ])
    private static let events = #"""
        {"events": [{"claim": "0f8fad5b-d9cb-469f-a165-70867728950e.1", "step": "paid",
                     "on": "2026-07-20", "reference": "2026-07-0001"}]}
        """#

    static let claimSchemas: [(name: String, schema: Schema)] = [
        (
            "ClaimFile",
            .object([
                .required("file", .id), .required("name", .text), .required("month", .text),
                .required("claims", .integer), .required("duplicate", .boolean),
                .required("findings", .list(of: .anyObject)),
                .optional("findingsLeftOut", .integer),
            ])
        ),
        (
            "ClaimEvents",
            .object([
                .required(
                    "events",
                    .list(
                        of: .object([
                            .required(
                                "claim", .text.note("照合の結果の claim / As a run's results name it.")),
                            .required(
                                "step",
                                .codes(
                                    ClaimThread.Step.allCases.map(\.rawValue).filter {
                                        !["submitted", "corrected"].contains($0)
                                    })),
                            .required("on", .day),
                            .optional("reference", .text.pattern("^[A-Za-z0-9-]{0,64}$")),
                        ])
                    ).most(PageLimits.claimEventsMax))
            ])
        ),
        ("MonthRun", .object(runItems + [.required("totals", .anyObject)])),
        (
            "MonthResults",
            .object(
                runItems + [
                    .optional(
                        "totals", .anyObject.note("最初の頁にだけ / On the first page alone.")),
                    .required("total", .integer),
                    .required(
                        "results",
                        .list(
                            of: .object([
                                .required("claim", .text), .optional("reopened", .boolean),
                                .required(
                                    "result",
                                    .anyObject.note(
                                        "判定、理由、根拠、次にすること / Standing, reasons, evidence.")),
                            ]))),
                ])
        ),
        (
            "ProvenClosing",
            .object([
                .required("closing", .text), .required("digest", .text), .required("leaf", .text),
                .optional("index", .integer), .optional("path", .list(of: .base64)),
                .optional("checkpoint", .text),
            ])
        ),
    ]

    private static let runItems: [Schema.Item] = [
        .required("month", .text), .required("run", .integer), .required("digest", .text),
        .required("rules", .text), .required("madeAt", .instant), .required("claims", .integer),
        .optional("closing", .integer.note("いちばん新しい締め / The newest closing.")),
        .required("reopened", .integer),
        .optional(
            "awaited", .list(of: .text).note("まだ届いていない部(組/番号) / Parts that are not here.")),
    ]
}
