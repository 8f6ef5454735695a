/// The sentences of what is wrong, or worth a look, with a row of a municipality's ledger of vaccinations.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofPastDose(_ what: String, _ name: String) -> BilingualText? {
        let again = "この行だけを送り直してください。"
        return switch self {
        case .pastDoseOfAnother:
            BilingualText(
                ja: "\(what)は、ほかの人の記録に使われています。番号と個人番号を台帳で確かめ、直して、" + again,
                en:
                    "This \(name) is that of somebody else's record. Look record and individual number "
                    + "up in your ledger, correct the wrong one, and send this row alone again.")
        case .pastDoseUnknown:
            BilingualText(
                ja: "\(what)の記録は届いていません。取り消す記録の番号を確かめ、直して、" + again,
                en:
                    "No record came under this \(name). Find out which one is to be withdrawn, and send "
                    + "this row alone again.")
        case .pastDoseWithdrawn:
            BilingualText(
                ja: "\(what)の記録は取り消されています。正しい記録は、新しい記録番号で送ってください。",
                en:
                    "The record of this \(name) was withdrawn. Send the right one under another number."
            )
        case .vaccineUnknown:
            BilingualText(
                ja: "\(what)が、登録されているどのワクチンの名称・コードでもないか、製品と食い違います。書かれたまま受け付けましたが、"
                    + "間隔や回数の判定には使えません。台帳を確かめ、分かれば同じ記録番号で送り直してください。",
                en:
                    "\(name) is no vaccine that is known here, or contradicts the product. The row was taken "
                    + "as it is written, and no interval can be judged by it. Look it up, and send it again "
                    + "under the same number.")
        case .productUnspecified:
            BilingualText(
                ja: "\(what)がなく、どの製品か分かりません。行は受け付けました。次の接種の判定に要るため、"
                    + "分かれば同じ記録番号で送り直してください。",
                en:
                    "Without \(name) nobody knows which product it was. The row was taken; the next dose "
                    + "depends on it, so send it again under the same number once it is known.")
        case .doseKnown:
            BilingualText(
                ja: "\(what)の同じ接種は、接種した医療機関、ほかの市区町村、または別の記録番号ですでに記録されています。"
                    + "行は控えとして受け付け、数えるのは先の記録だけです。日とワクチンに誤りがないか確かめてください。",
                en:
                    "The dose of this \(name) is recorded already: by the institution that gave it, by "
                    + "another municipality, or under another number. The row was taken, and the other "
                    + "record is the one that counts; check day and vaccine.")
        case .doseOutsideAct:
            BilingualText(
                ja: "\(what)の接種は、その日の法令では定期接種の対象の年齢・時期・製品・回数ではありません。行は受け付け、"
                    + "接種歴に入りますが、接種率には数えません。日と実施区分を確かめてください。",
                en:
                    "By the law of its day the dose of this \(name) is outside what the Act provides for. "
                    + "The row was taken and is in the history, and no coverage counts it; check the day "
                    + "and whether it was a routine dose.")
        default: nil
        }
    }
}
