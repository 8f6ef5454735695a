/// Refusals of withheld entries, disasters and the visits opened in them: read by officers, and at a
/// counter by staff without a card to read.
extension Refusal.Row {
    static let termTooLong = Self(
        "term-too-long", 422, "business-rule", isEntered: true,
        ja: "期間が、決まりで定めた最長を超えるか、すでに過ぎています。決まりの範囲の日時を指定してください。",
        en: "The term is longer than the rules allow, or is over already. Give a time within "
            + "the rules.")

    static let alreadySettled = Self(
        "already-settled", 409, "conflict", isEntered: true,
        ja: "この件は、すでに決定しているか、終わっています。一覧を読み直して、今の状態を確かめてください。",
        en: "This is settled or over already. Read the list again and look at its state.")

    static let areaNotYours = Self(
        "area-not-yours", 403, "forbidden", isEntered: true,
        ja: "貴団体の区域でない市区町村が含まれています。貴団体の区域だけを指定するか、都道府県に依頼してください。",
        en: "A municipality outside your area is named. Name those of your area alone, or ask the "
            + "prefecture.")

    static let noDisaster = Self(
        "no-disaster", 403, "forbidden", isEntered: true,
        ja: "この医療機関の区域で、今、有効な災害の宣言はありません。カードまたは紙の受給者証で受付をしてください。宣言が必要なときは、市区町村に連絡してください。",
        en: "No disaster is declared for this institution's area now. Open the visit with the "
            + "card or the paper certificate; if a declaration is needed, call the municipality.")

    static let emergencyNotConfirmed = Self(
        "emergency-not-confirmed", 422, "not-found", isEntered: true,
        ja:
            "この氏名・生年月日・性別では、宣言の区域の住民を1人に決められませんでした。書き方を確かめてください。合っていても決まらないときは、情報なしで診療を続け、後でカードで受付をしてください。",
        en: "Name, birth date and sex do not tell one resident of the declared area. Check the "
            + "spelling and the date; if they are right, go on without, and open a visit with "
            + "the card later.")

    static let emergencyTooMany = Self(
        "emergency-too-many", 429, "throttled", isEntered: true, retryAfterSeconds: 600,
        ja: "カードによらない受付の回数が、1時間の上限に達しました。しばらく待つか、カードまたは紙の受給者証で受付をしてください。",
        en: "The hour's limit of visits without a card is reached. Wait, or open the visit with "
            + "the card or the paper certificate.")
}
