/// Refusals of whoever acts for another: read by parents, children and those they asked. None says
/// why there is no relation, because for some residents that must not be known (支援措置).
extension Refusal.Row {
    static let relationUnknown = Self(
        "relation-unknown", 403, "forbidden", isEntered: true,
        ja: "この方の代わりにこの手続きを行うことはできません。代わりに手続きできる人の一覧を確かめてください。"
            + "違うと思われるときは、住所地の市区町村に相談してください。",
        en: "You cannot do this for that person. See the list of those for whom you may act. If it "
            + "seems wrong, ask the municipality.")

    static let notYoursToShare = Self(
        "not-yours-to-share", 403, "business-rule", isEntered: true,
        ja: "選んだ分野には、ご本人が今はほかの人に任せられないものがあります（年齢によるもの、または生年月日が届いていないもの）。"
            + "その分野を外して、もう一度行ってください。",
        en: "You cannot let somebody else act in one of these fields now: your age does not allow "
            + "it, or your birth date is not known here. Leave that field out and try again.")

    static let delegationUnknown = Self(
        "delegation-unknown", 404, "not-found", isEntered: true,
        ja: "この委任のコードまたは番号は使えません。使用済み、期限切れ、または終了しています。ご本人に新しいコードを作ってもらってください。",
        en: "This code or number of a delegation cannot be used: it was used, has lapsed or has "
            + "ended. Ask for a new code.")

    static let institutionUnknown = Self(
        "institution-unknown", 422, "code-invalid", isEntered: true,
        ja: "この番号の医療機関は、ここに登録されていません。停止はされていません。"
            + "領収書などにある10桁の番号を確かめて、もう一度送ってください。登録されていない医療機関には、ここから何も知らされません。",
        en: "No institution of this code is registered here, so nothing was stopped. Check its ten "
            + "digits, as on a receipt, and send again. Who is not registered is told nothing here."
    )

    static let nothingToCertify = Self(
        "nothing-to-certify", 404, "not-found", isEntered: true,
        ja: "証明に載せる記録がまだありません。日とワクチンの分かる接種の記録と、氏名の登録が要ります。"
            + "接種したばかりのときは数日後にもう一度行い、続くときは接種した医療機関か住所地の市区町村に相談してください。",
        en:
            "There is nothing to certify yet: it takes a dose with its day and vaccine, and a registered "
            + "name. After a dose of late, try again in some days; if it persists, ask the institution "
            + "that gave it or the municipality of residence.")
}
