/// Refusals of checkup reports: read by whoever sent one.
extension Refusal.Row {
    /// Its texts are those of the findings.
    static let resultRefused = Self(
        "result-refused", 422, "business-rule", isEntered: true,
        ja: "健診の結果に、決まりに合わない項目があります。項目ごとの説明を読み、直して送り直してください。",
        en: "Items of the result do not keep to the rules. Read what is said of each, and send it "
            + "again.")

    static func ticketRefused(_ reason: MaternalRefusal) -> Self {
        Self(
            reason.rawValue, 422, "business-rule", isEntered: true, ja: reason.ja, en: reason.en)
    }
}
