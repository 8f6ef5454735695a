/// Refusals about a month of claims: read by the officer who reconciles it.
extension Refusal.Row {
    static let claimStep = Self(
        "claim-step", 409, "conflict", isEntered: true,
        ja: "次の経過は、その請求の今の経過に続きません（例: 支払の前の再審査、請求の月や前の経過より早い日付）: {item}。"
            + "経過を確かめ、直してすべて送り直してください。正しい経過も含め、何も記録していません。",
        en:
            "These cannot follow what their claims have (a re-examination before payment, a day before the "
            + "month of the claim or the last step): {item}. Look at the claims, correct them and send all "
            + "of the events again; nothing was taken, not even what was right.")

    static let claimPart = Self(
        "claim-part", 409, "conflict", isEntered: true,
        ja: "この部({item})は、同じ組の別の内容・別の部数、または別の番号のファイルとして届いています。"
            + "組の名前・部の番号・部数を確かめて送り直してください。訂正した内容は、別の組または部でないファイルとして送ってください。",
        en:
            "What the file says of itself ({item}) is not what is here: the part with other bytes, its "
            + "bytes as another file, or the set with another number of parts. Check set, part and parts "
            + "and send it again; what was corrected is sent in another set, or as a file of its own."
    )

    static let monthIncomplete = Self(
        "month-incomplete", 409, "business-rule", isEntered: true,
        ja: "分けて送る組のうち、次の部がまだ届いていないため締められません: {item}。"
            + "その部を送り、もう一度照合し、結果を確かめてから締めてください。"
            + "部数の誤りなどで届くことのない部なら、withoutPartsOfに組の名前を書いて締めてください。",
        en:
            "These parts of a set are not here, so the month is not closed: {item}. Send them, run the "
            + "month again, look at what it says and close that. Where they will never come, because "
            + "their number was mistyped, name the set in withoutPartsOf and close.")

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
