/// The sentences of what is wrong, or worth a look, with a result of a mass checkup: what was found, then
/// what the officer does about it.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofCheckup(_ what: String, _ name: String) -> BilingualText? {
        let again = "この行だけを送り直してください。"
        let alone = "send this row alone again."
        return switch self {
        case .unknownKey:
            BilingualText(
                ja: "\(what)では、この健診の対象の方が登録されていません。届出を先に登録するか、番号を直して、" + again,
                en:
                    "You registered nobody of this checkup under this \(name). Register the notification "
                    + "first or correct the key, and " + alone)
        case .ticketNotOpen:
            BilingualText(
                ja: "\(what)に、使われたか、返還・再交付されたか、交付されていない受診券があります。"
                    + "券の種類と回を確かめ、直して、" + again,
                en:
                    "\(name) names a ticket that is not open: used, given back, replaced or never given "
                    + "out. Correct it and " + alone)
        case .beforeBirth:
            BilingualText(
                ja: "\(what)が出生日より前です。日と、どなたの記録かを確かめ、直して、" + again,
                en: "\(name) lies before the birth. Check the day and whose record it is, and "
                    + alone)
        case .resultOfAnother:
            BilingualText(
                ja: "\(what)は、ほかの人の結果に使われています。番号と届出番号を確かめ、直して、" + again,
                en: "This \(name) is that of somebody else's result. Correct number or key, and "
                    + alone)
        case .resultUnknown:
            BilingualText(
                ja: "\(what)の結果は届いていません。取り消す結果の番号を確かめ、直して、" + again,
                en: "No result came under this \(name). Find out which one is meant, and " + alone)
        case .resultWithdrawn:
            BilingualText(
                ja: "\(what)の結果は取り消されています。正しい結果は、新しい結果番号で送ってください。",
                en:
                    "The result of this \(name) was withdrawn. Send the right one under another number."
            )
        case .nothingFound:
            BilingualText(
                ja: "\(what)に、項目の値も、未実施の理由もありません。どちらかを入れて、" + again,
                en:
                    "The \(name) has neither a value of an item nor a reason why there is none. Give one "
                    + "of them and " + alone)
        case .outsideWindow:
            BilingualText(
                ja: "\(what)が対象の期間の外です。結果は受け付けました。日に誤りがないか確かめてください。",
                en:
                    "\(name) lies outside the window of the checkup. The result was taken; check the day."
            )
        case .notOfCheckup:
            BilingualText(
                ja: "\(what)はこの健診の項目ではありません。値は受け付けました。健診コードを確かめてください。",
                en: "\(name) is no item of this checkup. It was taken; check the kind of checkup.")
        default: nil
        }
    }
}
