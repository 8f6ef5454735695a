/// 接種期間の登録の一行: the days on which a municipality gives a yearly season, or that it has none of its own any
/// more (予防接種法5条1項: 期日又は期間を指定して). No standard gives it a form, so ours follows that of the prices; it says
/// nothing of anyone.
package struct SeasonRow: Sendable {
    package struct Days: Sendable {
        package let effective: EffectivePeriod
        /// お知らせの言葉, which say the days.
        package let notice: BilingualText
    }

    /// Place in the body, from 0.
    package let index: Int
    /// 市区町村 as the row names it.
    package let body: String
    /// A season, as its operator's file is called: `influenza-2026`.
    package let campaign: String
    /// `nil`: taken back.
    package let days: Days?
    package let warnings: [RowFinding]

    package func finding(_ item: String, _ code: RowCode) -> RowFinding {
        RowFinding(index: index, item: item, code: code)
    }
}

/// What rows say together, and with the rules, is judged by `RegisteredSeasons`.
package func readSeasonRows(_ body: [UInt8]) throws(Refusal) -> [Result<SeasonRow, RowRefusal>] {
    try readRows(body) { object, index in
        var reader = RowReader(object, index: index)
        return reader.seasonRow()
    }
}

extension CheckedRow {
    /// 接種期間のファイル: by the same rules as a row of the API.
    package var seasonRow: Result<SeasonRow, RowRefusal> {
        var reader = RowReader(object, index: line - 1)
        return reader.seasonRow()
    }
}

extension RowReader {
    fileprivate mutating func seasonRow() -> Result<SeasonRow, RowRefusal> {
        let modification = parsed("modificationSeg") { text throws(Refusal) in
            guard ["1", "2"].contains(text) else { throw .malformed("modificationSeg") }
            return text
        }
        let isSaid = modification == "1"
        let body = text("municipality", charactersMax: 6)
        let campaign = text("campaign", charactersMax: 64)
        let from = day("effectiveFrom", isRequired: isSaid)
        let to = day("effectiveTo", isRequired: isSaid)
        if let from, let to, to < from { add(.dateOrder, "effectiveTo") }
        let notice = text("notice", charactersMax: 300, isRequired: isSaid)
        let english = text("noticeEnglish", charactersMax: 300, isRequired: false)
        warnOfUnknown([
            "modificationSeg", "municipality", "campaign", "effectiveFrom", "effectiveTo",
            "notice", "noticeEnglish",
        ])
        refuseIndividualNumbers(own: nil, keyItems: [])
        guard !hasErrors, let body, let campaign else {
            return .failure(RowRefusal(findings))
        }
        var days: SeasonRow.Days?
        if isSaid, let from, let to, let notice {
            days = SeasonRow.Days(
                effective: EffectivePeriod(from: from, to: to),
                notice: BilingualText(ja: notice, en: english ?? notice))
        }
        return .success(
            SeasonRow(
                index: index, body: body, campaign: campaign, days: days, warnings: findings))
    }
}
