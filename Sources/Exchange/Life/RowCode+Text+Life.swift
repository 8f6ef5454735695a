/// The sentences of what is wrong with a life event: what was found, then what the officer does about it.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofLifeEvent(_ what: String, _ name: String) -> BilingualText? {
        switch self {
        case .anotherPerson:
            BilingualText(
                ja: "\(what)の人は、この個人番号で登録されている方とは別人のおそれがあります。個人番号を台帳で確かめてください。"
                    + "番号が正しいときは、前に登録した団体と内容を合わせてから、この行だけを送り直してください。",
                en:
                    "\(name) speaks of another person than is known under this number. Look the number "
                    + "up; if it is right, settle it with the body that registered the other and send "
                    + "this row alone again.")
        case .sequenceReused:
            BilingualText(
                ja: "\(what)は別の内容ですでに届いています。直すときは、新しい通番の「修正」か「異動の取消」を送ってください。",
                en: "This \(name) was sent before with other content. Send a correction (33) or a "
                    + "cancellation (34) under a sequence of its own.")
        case .correctsAnother:
            BilingualText(
                ja: "\(what)の異動は別の人のものです。通番か、この行の人（個人番号・自治体別本人キー）のどちらかが違います。"
                    + "台帳で確かめ、直して、この行だけを送り直してください。",
                en:
                    "\(name) names an event of somebody else: either the sequence is wrong, or the "
                    + "number or key of this row. Look it up, and send this row alone again.")
        case .correctsUnknown:
            BilingualText(
                ja: "\(what)の異動はまだ届いていません。この行は受け付けましたが、その異動が届くまで何も変わりません。"
                    + "通番を確かめ、違っていれば、正しい通番を書いた「修正」か「異動の取消」を新しい通番で送ってください。",
                en:
                    "No event of this \(name) has come yet. The row was taken, and changes nothing of "
                    + "that event until it comes. Check the sequence; if it is wrong, send a correction "
                    + "(33) or a cancellation (34) of the right one under a sequence of its own.")
        case .dayAhead:
            BilingualText(
                ja: "\(what)が今日より後です。まだ来ていない日は書けません。日を確かめ、直して、この行だけを送り直してください。",
                en:
                    "\(name) lies after today. Give the day on which it was, and send this row alone "
                    + "again.")
        default: nil
        }
    }
}
