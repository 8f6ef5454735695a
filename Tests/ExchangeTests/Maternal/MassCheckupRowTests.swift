import Exchange
import Testing

/// 集団健診のファイルの行: a row is of its file's compartment alone, and of what is wrong with one in confidence
/// nothing is told that would be half an answer.
@Suite struct MassCheckupRowTests {
    private static let columns = [
        "更新区分", "結果番号", "届出番号", "健診コード", "健診日", "同意日", "被虐待を疑う所見",
        "パートナー等からの暴力", "EPDS合計点", "EPDS質問10の点", "未実施",
    ]

    /// 妊婦健診: columns that came after systems had been built by the layout.
    private static let later = ["HIV抗体", "梅毒血清反応", "妊娠中の喫煙"]

    /// One row of what a hall found in confidence, with what `changes` writes instead.
    private func checked(
        _ changes: [String: String] = [:], columns: [String] = Self.columns
    ) throws -> CheckedRow {
        let cells = [
            "更新区分": "1", "結果番号": "R-1", "届出番号": "P-1", "健診コード": "postpartum-2w",
            "健診日": "2026-04-12", "同意日": "2026/04/11", "EPDS合計点": "9",
        ].merging(changes) { $1 }
        let lines = [columns, columns.map { cells[$0] ?? "" }]
        let text = lines.map { $0.joined(separator: ",") + "\r\n" }.joined()
        return try #require(
            try FileSample.check(text, "sensitive-checkup-results").rows.first)
    }

    private func row(_ changes: [String: String] = [:]) throws -> MassCheckupRow {
        try checked(changes).massCheckupRow(MaternalCase.rules.items, in: .sensitive).get()
    }

    /// What a row that the layout took is refused for.
    private func refused(_ changes: [String: String]) throws -> [String] {
        let checked = try checked(changes)
        #expect(!checked.isRefused, "\(checked.findings)")
        switch checked.massCheckupRow(MaternalCase.rules.items, in: .sensitive) {
        case .success: return []
        case .failure(let refusal):
            return refusal.findings.map { "\($0.item) \($0.code.rawValue)" }
        }
    }

    @Test func `a row is a report of what is sensitive, and the day of its consent`() throws {
        let row = try row(["パートナー等からの暴力": "no", "未実施": "epds-question-10=declined"])
        let report = try #require(row.report)
        #expect(
            report.result.entries == [
                .init(item: "partner-violence", value: .choice("no")),
                .init(item: "epds-total", value: .quantity("9", unit: "{score}")),
                .init(item: "epds-question-10", value: .notExamined(reason: "declined")),
            ])
        #expect(report.result.checkup == "postpartum-2w")
        #expect(row.consentedOn == MaternalCase.day("2026-04-11"))
        #expect(row.notificationKey == "P-1" && row.identifier.value == "R-1")
    }

    @Test func `what a pregnancy checkup found in confidence has columns of its own`() throws {
        let checked = try checked(
            [
                "健診コード": "prenatal", "EPDS合計点": "", "HIV抗体": "positive", "梅毒血清反応": "negative",
                "妊娠中の喫煙": "", "未実施": "smoking=declined",
            ], columns: Self.columns + Self.later)
        let row = try checked.massCheckupRow(MaternalCase.rules.items, in: .sensitive).get()
        #expect(
            row.report?.result.entries == [
                .init(item: "hiv-antibody", value: .choice("positive")),
                .init(item: "syphilis", value: .choice("negative")),
                .init(item: "smoking", value: .notExamined(reason: "declined")),
            ])
        #expect(row.report?.result.checkup == "prenatal")
    }

    @Test func `what is withdrawn needs no consent`() throws {
        for consent in ["", "2026-04-11"] {
            let row = try row(["更新区分": "2", "健診コード": "", "健診日": "", "同意日": consent])
            #expect(row.report == nil && row.consentedOn == nil)
        }
    }

    @Test func `a row that tells nothing, or of the open compartment, is no result`() throws {
        #expect(try refused(["EPDS合計点": ""]) == ["row nothing-found"])
        #expect(try refused(["未実施": "weight=not-possible"]) == ["notExamined unknown-code"])
        #expect(try refused(["未実施": "no-such-item=declined"]) == ["notExamined unknown-code"])
    }

    @Test func `bad values are named, and not so much as their length is told`() throws {
        let checked = try checked([
            "同意日": "", "被虐待を疑う所見": "疑いあり", "パートナー等からの暴力": "maybe", "EPDS合計点": "31.7",
        ])
        #expect(
            checked.findings.map { "\($0.item) \($0.code.rawValue)" } == [
                "abuse-signs charset", "partner-violence format", "epds-total format",
                "consentedOn required",
            ])
        // As the ledger's own findings are told, in the words of the layout.
        let told = checked.adding([
            RowFinding(index: checked.line - 1, item: "epds-question-10", code: .notOfCheckup)
        ])
        #expect(told.findings.count == 5)
        for finding in told.findings {
            #expect(finding.cell == nil)
            var writer = JSONWriter()
            finding.write(into: &writer)
            #expect(writer.text.contains("\"ja\"") && !writer.text.contains("\"value\""))
            for value in ["疑いあり", "maybe", "31.7"] { #expect(!writer.text.contains(value)) }
        }
    }
}
