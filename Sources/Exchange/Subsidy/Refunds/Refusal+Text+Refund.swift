/// Refusals of refunds: read by the resident who applies, or the officer who answers.
extension Refusal.Row {
    static let refundNotHeld = Self(
        "refund-not-held", 422, "business-rule", isEntered: true,
        ja: "領収書の診療日に、この受給者証の登録がありません。受給者証の種類と診療日を確かめ、登録については実施機関に問い合わせてください。",
        en:
            "This certificate was not held on every day of the receipts. Check its kind and the days; "
            + "about the registration, ask the body that issued it.")

    static let refundAsked = Self(
        "refund-asked", 409, "duplicate", isEntered: true,
        ja: "この領収書は、別の申請ですでに受け付けています。その申請の状況を確かめてください。",
        en: "A receipt stands in another application. Look at how that one stands.")

    static let refundAnswered = Self(
        "refund-answered", 409, "conflict", isEntered: true,
        ja: "この決定は、今の状況では登録できません（決定は1回、支払は支給決定の後に1回です。"
            + "計算額のない申請の支給決定には金額が要ります）。状況を読み直し、正しい決定を送ってください。",
        en:
            "This answer cannot follow what was answered (one decision, then one payment; an approval "
            + "names an amount where none was computed). Read the case again.")
}
