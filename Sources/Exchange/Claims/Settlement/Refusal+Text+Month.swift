/// Refusals about a month of claims: read by the officer who reconciles it.
extension Refusal.Row {
    static let claimStep = Self(
        "claim-step", 409, "conflict", isEntered: true,
        ja: "次の経過は、その請求のいまの経過に続きません(例: 支払の前の再審査、請求の月や前の経過より早い日付): {item}。"
            + "経過を確かめ、直してすべて送り直してください。正しい経過も含め、何も記録していません。",
        en:
            "These cannot follow what their claims have (a re-examination before payment, a day before the "
            + "month of the claim or the last step): {item}. Look at the claims, correct them and send all "
            + "of the events again; nothing was taken, not even what was right.")

    static let monthChanged = Self(
        "month-changed", 409, "conflict", isEntered: true,
        ja: "確かめた照合の後に、請求・資格・決まりのどれかが変わりました。もう一度照合し、その結果を確かめてから締めてください。",
        en: "Claims, entitlements or rules changed after the run that was looked at. Run the month "
            + "again, look at what it says and close that.")

    static let monthUnverified = Self(
        "month-unverified", 409, "business-rule", isEntered: true,
        ja: "出典と照合していない決まりから計算した金額があるため、締められません。unverifiedの決まりを出典と照合して登録し、もう一度照合してください。",
        en:
            "An amount rests on a rule that nobody held against its source, so the month is not closed. "
            + "Verify the rules under unverified, load them and run the month again.")
}
