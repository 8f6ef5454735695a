import Exchange
import Ledger

/// 月の一覧: what a body reads of how far it is with each of its months.
extension OpenAPI {
    static let claimMonths: [Operation] = [
        Operation(
            method: .get, path: "/claims/months", id: "listMonths", field: "claims",
            ja: "請求の月の一覧を読む",
            en: """
                The newest first: months with files or runs, and of the last two years those in which \
                somebody was vaccinated or examined at the body's cost. Each with what its newest run \
                accepts, asks about and sends back (claims of files and of records together), and its \
                newest closing. What is entered, corrected or taken back after a closing and speaks of a \
                closed claim is counted under `changes`; the month is judged again within seconds, and \
                the closed claims that come out otherwise are told under `reopened` with the reason of \
                each, and one by one by `show=reopened` of the run. `rulesChanged`: the run was made by \
                other rules than are in force; run the month to see whether it comes out otherwise.
                """,
            token: .officeIfAny, parameters: [.entryCount, .entryOffset, .operatorID],
            answers: [.json(200, .reference("ClaimMonths"), "A page of months.")],
            refusals: Refusals.ofAccess + Refusals.ofOfficeToken + [
                .malformed("_count"), .malformed("_offset"), .rulesUnknown,
            ])
    ]

    static let claimMonthSchemas: [(name: String, schema: Schema)] = [
        (
            "ClaimMonths",
            .object([
                .required("total", .integer),
                .required("months", .list(of: .reference("ClaimMonth"))),
            ])
        ),
        (
            "ClaimMonth",
            .object([
                .required("month", .text.pattern("^\\d{4}-\\d{2}$")),
                .required(
                    "status",
                    .codes(ListedMonth.Status.allCases.map(\.rawValue)).note(
                        "open 未締め, closed 締め済み, reopened 締めた請求の判定が変わった / How far it is.")),
                .required("files", .integer),
                .required("claims", .integer.note("ファイルの請求の数 / Claims in files.")),
                .optional("run", run.note("いちばん新しい照合 / The newest run.")),
                .optional("closing", closing.note("いちばん新しい締め / The newest closing.")),
                .optional("reopened", .list(of: reopened)), .optional("changes", .list(of: change)),
            ])
        ),
    ]

    private static let sum = Schema.object([
        .required("count", .integer), .required("amount", .integer),
    ])
    private static let run = Schema.object([
        .required("run", .integer), .required("madeAt", .instant), .required("rules", .text),
        .required("rulesChanged", .boolean), .required("accepted", sum),
        .required("questioned", sum), .required("rejected", sum), .required("reopened", .integer),
    ])
    private static let closing = Schema.object([
        .required("closing", .integer), .required("run", .integer), .required("closedAt", .instant),
    ])
    private static let reopened = Schema.object([
        .required("standing", .codes(ClaimStanding.allCases.map(\.rawValue))),
        .optional("code", .text.note("不一致の理由。ないものは妥当になったか、取り消された / The reason.")),
        .required("claims", .integer),
    ])
    private static let change = Schema.object([
        .required("cause", .codes(["entitlement", "vaccination", "checkup", "designation"])),
        .required("claims", .integer), .required("last", .instant),
        .required("waiting", .boolean.note("まだ照合し直していない / Not judged again yet.")),
    ])
}
