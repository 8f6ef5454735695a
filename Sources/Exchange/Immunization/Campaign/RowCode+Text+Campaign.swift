/// The sentences of what is wrong, or worth a look, with an invitation of a yearly campaign and with the days
/// that a municipality registers for one.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofCampaign(_ what: String, _ name: String) -> BilingualText? {
        switch self {
        case .outsideSeason:
            BilingualText(
                ja: "\(what)までの期間が、この接種の今期の期間を超えています。これだけではエラーにしません。"
                    + "今期の予診票と案内は期間の中でだけ使えます。期間を確かめてください。",
                en:
                    "The period that ends with \(name) reaches beyond the season of the schedule. No row "
                    + "is refused for that alone; the season's questionnaire holds within the season "
                    + "only.")
        case .seasonOfAnother:
            BilingualText(
                ja: "\(what)が、送った市区町村のコードではありません。貴市区町村の接種期間だけを送ってください。",
                en:
                    "\(name) is not the code of the municipality that sent the row. Send the days of your "
                    + "own municipality alone.")
        case .seasonBeyondLaw:
            BilingualText(
                ja: "\(what)が、法令でこの接種を行える年度の期間の外です。年度の中の日を入れ、"
                    + "この行だけを送り直してください。",
                en:
                    "\(name) lies outside the season in which the law gives this vaccination. Give days "
                    + "within it, and send this row alone again.")
        case .seasonOverlap:
            BilingualText(
                ja: "\(what)の期間が、同じワクチンの別の期の期間と重なります。重ならない日を入れるか、"
                    + "先に別の期の期間を直し、この行だけを送り直してください。",
                en:
                    "By \(name), two seasons of one vaccine would share a day. Give days that do not, or "
                    + "change those of the other season first, and send this row alone again.")
        default: nil
        }
    }
}
