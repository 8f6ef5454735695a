/// The sentences of what keeps two records from becoming one, or from becoming two again: what was
/// found, then
/// what the officer does first.
extension RowCode {
    private static let againJa = "そのうえで、この行だけを送り直してください。"
    private static let againEn = ", then send this row alone again."

    /// As `ofLifeEvent`.
    func ofMerge(_ what: String, _ name: String) -> BilingualText? {
        ofWhatIsHeld ?? ofTheTwo(what, name)
    }

    private var ofWhatIsHeld: BilingualText? {
        switch self {
        case .mergeBills:
            BilingualText(
                ja: "統合される側の記録に会計か償還払いの記録があるため、以前の版では統合できませんでした。"
                    + "今の版では統合できます。この行だけを送り直してください。",
                en: "The record to be absorbed has bills or refunds, over which an earlier release "
                    + "merged no two records. This one does: send this row alone again.")
        case .mergeDoses: Self.held("接種や副反応の記録", "vaccinations or reactions")
        case .mergeQuestionnaires: Self.held("予診票・問診票の回答", "answered questionnaires")
        case .mergeMaternal: Self.held("母子保健の記録", "records of maternal and child health")
        case .mergeHeld:
            BilingualText(
                ja: "2つの記録のどちらにも続いている妊娠の届出があるか、同じ時期の妊娠の一方だけに"
                    + "終わりが届いています。同じ妊娠なら、誤った届出を取り下げるか、両方の記録に"
                    + "同じ終わりを届けてください。" + Self.againJa,
                en: "Both records have a pregnancy that goes on, or pregnancies of one time of "
                    + "which only one is told to have ended. Where they are one pregnancy, take back "
                    + "the notification that was made by mistake, or tell the same end under both"
                    + Self.againEn)
        default: nil
        }
    }

    private static func held(_ ja: String, _ en: String) -> BilingualText {
        BilingualText(
            ja: "統合される側の記録に\(ja)があり、残す側へ移せません。残す記録と統合される記録を入れ替えて"
                + "送ってください。両方の記録にあるときは、この版では統合できません。",
            en: "The record to be absorbed has \(en), which cannot be carried over. Send the merge "
                + "the other way round; where both records have them, this release cannot merge "
                + "the two.")
    }

    private func ofTheTwo(_ what: String, _ name: String) -> BilingualText? {
        switch self {
        case .mergeNotResident:
            BilingualText(
                ja: "2つの記録のどちらかが、今日、貴市区町村の住民として届いていません。統合できるのは"
                    + "両方の住所地である市区町村だけです。異動を先に登録してください。"
                    + Self.againJa,
                en: "One of the two records does not live with you today; only the municipality "
                    + "where both do merges them. Register the move first" + Self.againEn)
        case .mergeAlready:
            BilingualText(
                ja: "\(what)の記録は、すでに別の記録と統合されています。統合した記録をさらに統合することは"
                    + "できません。先の統合を取り消して(42)から、残す記録へ1つずつ統合してください。",
                en: "The record that \(name) names is part of a merge already, and merges are not "
                    + "chained. Undo that one (42), then merge each record into the one that "
                    + "stays.")
        case .mergeAlone:
            BilingualText(
                ja: "同じ送信に、同じ人の別の行があります。統合とその取消しは、その方のほかの異動と分けて、"
                    + "この行だけを送ってください。",
                en: "This body has another row of the same person. Send a merge, or its undoing, "
                    + "apart from their other events: this row alone.")
        case .mergeKind:
            BilingualText(
                ja: "\(what)の通番は、統合(41)とそれ以外の間では使えません。統合を取り消すのは"
                    + "「統合の取消」(42)、ほかの異動を直すのは「修正」(33)か「異動の取消」(34)です。取消しは、統合した"
                    + "2つの記録のどちらかの番号で送ってください。",
                en:
                    "\(name) does not fit: a merge (41) is undone by 42 alone, under either of its two "
                    + "records; other events are corrected by 33 or taken back by 34.")
        case .mergesTooMany:
            BilingualText(
                ja: "一度に送れる統合とその取消しは100件までです。この行は登録していません。残りの行を次の送信に"
                    + "分けてください。",
                en: "One body may bring 100 merges and undoings. This row was not taken: send what "
                    + "is left in the next body.")
        case .mergeCertificate:
            BilingualText(
                ja: "2つの記録に、同じ種別の受給者証で期間の重なる資格があります。どちらが正しいか確かめ、"
                    + "一方を終わらせるか取り消してください。" + Self.againJa,
                en: "Both records hold the same certificate for days that overlap. Find out which "
                    + "one is right, end or delete the other" + Self.againEn)
        default: ofWhatWaits
        }
    }

    private var ofWhatWaits: BilingualText? {
        switch self {
        case .mergeRelations:
            BilingualText(
                ja: "統合される記録に、続いている保護者・後見・委任の登録か、親権の喪失があります。残す記録に"
                    + "登録し直し、元の登録を終わらせてください（委任は本人が終わらせます）。"
                    + Self.againJa,
                en:
                    "The record to be absorbed has a guardianship, a delegation or a loss of custody "
                    + "that stands. Register it for the record that stays and end it here (a "
                    + "delegation is ended by the resident)" + Self.againEn)
        case .mergeEmergency:
            BilingualText(
                ja: "統合される記録に、答えていない災害時の受付の確認があります。先に答えてください。"
                    + Self.againJa,
                en: "A visit of a disaster under the record to be absorbed waits for your word. "
                    + "Answer it first" + Self.againEn)
        case .mergeUnderReview:
            BilingualText(
                ja: "2つの記録のどちらかに、確認中の資格があります。先に確認を終えてください。" + Self.againJa,
                en: "One of the two records has an entitlement under review. Settle it first"
                    + Self.againEn)
        case .mergeUsed:
            BilingualText(
                ja: "統合の後に、この方の会計・接種・健診・回答・代理などの記録があります。どちらの人のものか"
                    + "分からないまま残るため、統合を取り消せません。記録した機関に取消しを依頼し、代理を"
                    + "終わらせたうえで、この行だけを送り直してください。記録を取り消せないときは、この版では"
                    + "統合を取り消せません。",
                en: "Something was recorded of this person since the merge (a bill, a dose, a "
                    + "result, an answer, a representative), and nobody could say of which of the "
                    + "two it is. "
                    + "Have whoever recorded it take it back, and end what stands; over what cannot "
                    + "be taken back this release undoes no merge. Once it is" + Self.againEn)
        case .secondPersonAwaited:
            BilingualText(
                ja: "この行は二人目の職員を待っています。別の職員が、同じ内容の行を期限までに送るか、"
                    + "この行のファイルを確認すると有効になります。統合の妨げがあれば、そのときに伝えます。",
                en: "This row waits for a second officer: it takes effect when another one sends "
                    + "the same row in time, or confirms its file. What is in its way is told "
                    + "then.")
        default: nil
        }
    }
}
