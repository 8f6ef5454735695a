import Exchange

/// 接種率: figures that nobody has to report.
extension OpenAPI {
    static let coverage: [Operation] = [
        Operation(
            method: .get, path: "/fhir/MeasureReport", id: "readCoverage", field: "coverage",
            ja: "接種率を読む",
            en:
                "Of each schedule, dose and school year of birth: how many lived there on the "
                + "last day of the month, and how many of them had had the dose, wherever it was "
                + "given. A municipality reads its own and the nation's, statistics those of "
                + "all. A month is counted once; figures are rounded, and what is of fewer than "
                + "ten people is not listed (profiles/immunization/coverage.json).",
            token: .officeIfAny, parameters: [period, .operatorID],
            answers: [
                .fhir(.reference("Bundle"), "A searchset of MeasureReport, one for each area.")
            ],
            refusals: refusalsOfPeriod),
        Operation(
            method: .get, path: "/immunization/coverage.csv", id: "readCoverageFile",
            field: "coverage", ja: "接種率をCSVで読む", en: "The same figures.",
            token: .officeIfAny, parameters: [period, .operatorID],
            answers: [
                .init(
                    status: 200, mediaType: "text/csv", schema: .text,
                    note: "UTF-8, with a header.")
            ],
            refusals: refusalsOfPeriod),
    ]

    private static let period = Operation.Parameter(
        name: "period", place: .query, schema: .text.example("2026-05"),
        note: "終わった月 / A month that is over; it must be given.")

    private static let refusalsOfPeriod =
        Refusals.ofAccess + Refusals.ofOfficeToken + [
            .missing("period"), .malformed("period"), .rulesUnknown,
        ]
}
