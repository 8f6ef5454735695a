/// The sentences of what is wrong with a life event: what was found, then what the officer does about it.
extension RowCode {
    /// `what` as the Japanese sentence names the item, `name` as the English one does. Nothing for a code
    /// of another field.
    func ofLifeEvent(_ what: String, _ name: String) -> BilingualText? {
        switch self {
        case .anotherPerson:
            BilingualText(
                ja: "\(what)の人は、この個人番号で知られている人と別人のおそれがあります。個人番号を台帳で確かめてください。"
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
