/// The sentences of the row codes: what was found, then what the officer or the vendor does about
/// it.
extension RowCode {
    private static let correct = "直して、この行だけを送り直してください。"
    private static let overlapping =
        "からの期間に、同じ接種の別の単価があります。前の単価の終わりの日を先に（または同じ送信で）登録し、"
        + "この行だけを送り直してください。"
    private static let overlappingOn =
        " begins a period in which another price of the same dose holds. Register the last day of "
        + "that price first, or in the same sending, \(again)"
    private static let uncounted =
        "は、ここでは数えられない上限額です。そのまま保管しますが窓口の計算には使わず、会計にその旨の注意を添えます。"
        + "月の上限額ならperMonthに円の整数で入れてください。"
    private static let anothersCard =
        "この証明書は、別の方の個人番号に結び付いています。何も登録していません。発行者・番号と個人番号を台帳で確かめ、"
        + "正しい行を送ってください。結び付きの方が誤りなら、その証明書を失効し、新しい証明書を発行して送ってください。"
    private static let anothersCardEn =
        "This certificate is bound to another person's number, and nothing was registered. Check issuer, "
        + "serial and number in your ledger and send the right row; where the other binding is the "
        + "mistake, revoke that certificate first, then issue and send a new one."
    private static let heldBack =
        "この行は確認中として預かり、まだ答えには使いません。前から登録のある受給者証は、確認中の注意を付けて答え続けます。"
        + "個人番号と基本情報を台帳で確かめ、誤りなら正しい行を送ってください。正しければ、受付番号と行を"
        + "運用者へ文書で知らせてください。"
    private static let heldBackEn =
        "This row is held under review and answers nothing yet. A certificate that was registered before "
        + "goes on answering, with a warning. Check the number and the person in your ledger: send "
        + "the right row, or, if this one is right, tell the operator in writing its task and line."
    private static let notOwnEn =
        "This person is not known as your resident. Check that it is the right person; if they moved "
        + "in, send the row again once the move was told. Schemes of the prefecture are registered by "
        + "the prefecture."
    private static let uncountedOn =
        " is a cap that nobody here can count. It is kept, no amount is decided by it, and every bill "
        + "says so. A cap of the month goes into perMonth, in whole yen."
    private static let again = "and send this row alone again."
    private static let alone = "No row is refused for that alone"

    func ja(_ item: RowItem, _ name: String) -> String {
        let what = item.label.isEmpty ? name : "\(item.label)(\(name))"
        switch self {
        case .required: return "\(what)がありません。\(item.ruleJa)を入れ、この行だけを送り直してください。"
        case .format: return "\(what)の形式が違います。\(item.ruleJa)に\(Self.correct)"
        case .length: return "\(what)の文字数が決まりを超えています。\(item.ruleJa)に\(Self.correct)"
        case .charset: return "\(what)に使えない文字があります。\(item.ruleJa)に\(Self.correct)"
        case .dateOrder: return "\(what)が開始日より前です。期間の開始と終了を確かめ、\(Self.correct)"
        case .number:
            return "\(what)が12桁の数字でないか、検査用数字が合いません。個人番号を台帳で確かめ、\(Self.correct)"
        case .individualNumberElsewhere:
            return "\(what)に個人番号と思われる12桁の数字があります。個人番号を書けるのは個人番号(myNumber)の項目だけです。"
                + "取り除いて、この行だけを送り直してください。"
        case .duplicateKey:
            return "\(what)など、行を見分ける項目がすべて同じ行が、この送信の中で先にあります。"
                + "どちらが正しいか確かめ、1行だけ送ってください。"
        case .unknownType:
            return "\(what)は登録されていない種別です。制度の設定を確かめ、種別を登録してから送り直してください。"
        case .unknownCode:
            return "\(what)のコードが制度マスタにありません。マスタを登録するか、コードを\(Self.correct)"
        case .cardOfAnother: return Self.anothersCard
        case .notOwnResident:
            return "この方が貴団体の住民であるという情報が届いていません。人の取り違えがないか確かめてください。"
                + "転入した方なら、住所の異動が届いてから送り直してください。"
                + "広域の制度なら都道府県から登録してください。"
        case .custodyLost:
            return "この二人には親権の喪失・停止が登録されており、この行では戻りません。裁判所の取消しなどで親権が戻ったときは、"
                + "validFromをその日とし、isCustodyRestoredをtrueにして送り直してください。"
        case .staleHistory: return "\(what)より新しい版がすでに登録されています。最新の履歴を確かめてから送り直してください。"
        case .priceOverlap: return what + Self.overlapping
        case .unreadable:
            return "\(what)に文字として読めないバイトがあります。元の文字を確かめ、文字コードを正しくして、"
                + "この行だけを送り直してください。"
        case .fieldCount:
            return "\(what)の項目の数が列の数と違います。カンマと引用符の過不足を確かめ、\(Self.correct)"
        case .quoting:
            return "\(what)の引用符の使い方が誤っています。項目全体を引用符で囲み、中の引用符を2つ重ねて書き、"
                + "この行だけを送り直してください。"
        case .checkDigit:
            return "\(what)の検証番号が合いません。これだけではエラーにしません。写し間違いがないか確かめてください。"
        case .unknownItem:
            return "\(what)は仕様にない項目です。そのまま保管し、判定には使いません。項目名のつづりを確かめてください。"
        case .capUncounted: return what + Self.uncounted
        case .unknownDay:
            return "\(what)に分からない年月日があります。これだけではエラーにしません。年齢や間隔の判定では分かる範囲を使います。"
        case .kanaMissing: return "\(what)がありません。これだけではエラーにしません。分かれば次の登録で入れてください。"
        case .gaiji:
            return "\(what)に外字があります。貴団体のコードとして保管します。ほかの機関では〓と表示されます。"
        case .periodOverlap:
            return "\(what)が、同じ人の同じ受給者証の別の行と重なっています。これだけではエラーにしません。"
                + "前の期間を終わらせるべきか確かめてください。"
        case .identityMismatch:
            return "\(what)が、この個人番号で前に登録された内容と違います。別人への紐付けでないか、台帳を確かめてください。"
        case .underReview: return Self.heldBack
        case .eraEnded:
            return "\(what)が、終わった元号で書かれています（例: 平成31年5月1日）。次の元号の日付として受け付けました。"
                + "元の年月日を確かめてください。"
        default: return ofItsField(what, name)?.ja ?? what
        }
    }

    /// What only one field can find; a test holds that every code has its sentence.
    private func ofItsField(_ what: String, _ name: String) -> BilingualText? {
        ofLifeEvent(what, name) ?? ofMerge(what, name) ?? ofCheckup(what, name)
            ?? ofReceipt(what, name) ?? ofScheme(what, name) ?? ofCampaign(what, name)
            ?? ofPastDose(what, name) ?? ofRow(what, name) ?? ofFile(what, name)
    }

    private func ofRow(_ what: String, _ name: String) -> BilingualText? {
        guard self == .contradicts else { return nil }
        let mended: BilingualText =
            switch name {
            case "subsidyYen":
                BilingualText(
                    ja: "委託単価から自己負担額を引いた額を入れるか、空欄にして、",
                    en: "Give the unit price less the copayment, or nothing,")
            case "guardian", "guardianIdentityKey":
                BilingualText(ja: "本人とは別の人を入れ、", en: "Name somebody other than the child,")
            case "otherMunicipality":
                BilingualText(
                    ja: "相手の市区町村を入れるか、市区町村の中の異動なら転居として、",
                    en: "Name the other municipality, or tell of a move within your own as one,")
            case "merged", "mergedIdentityKey":
                BilingualText(
                    ja: "統合の行でなければ空欄にして、", en: "Leave it empty in a row that merges nothing,")
            default: BilingualText(ja: "確かめて直し、", en: "Check and correct it,")
            }
        return BilingualText(
            ja: "\(what)が、この行のほかの項目と合いません。\(mended.ja)この行だけを送り直してください。",
            en: "\(name) contradicts another item of the row. \(mended.en) \(Self.again)")
    }

    private func ofFile(_ what: String, _ name: String) -> BilingualText? {
        if self == .nothingStands {
            return BilingualText(
                ja: "この行で削除する登録が見つかりません（\(what)などで探しました）。何も削除していません。"
                    + "行を見分ける項目を確かめ、違っていれば、正しい行を送ってください。",
                en:
                    "Nothing is registered that this row takes away (looked for by \(name) and the rest of "
                    + "its key), and nothing has ended. Check the items that name the row; where one is "
                    + "wrong, send the right row.")
        }
        guard self == .newerStands else { return nil }
        return BilingualText(
            ja: "この行の\(what)は、このファイルの時点（全件のasOf、なければ受付）より後に登録された内容と違います。"
                + "新しい方を残し、行の内容は反映していません。今の登録を確かめ、行の方が正しければ、"
                + "変更（差分）としてあらためて送ってください。",
            en:
                "The \(name) of this row differs from what was registered after the moment of the file "
                + "(asOf of a whole list, else its receipt). What is newer stands, and the row was left. "
                + "Look at what stands; if the row is right, send it anew as a change.")
    }

    func en(_ item: RowItem, _ name: String) -> String {
        switch self {
        case .required: "\(name) is missing. Give \(item.ruleEn) \(Self.again)"
        case .format: "\(name) has the wrong form. Write \(item.ruleEn) \(Self.again)"
        case .length: "\(name) is too long. Write \(item.ruleEn) \(Self.again)"
        case .charset:
            "\(name) has characters that are not allowed. Write \(item.ruleEn) \(Self.again)"
        case .dateOrder: "\(name) lies before the first day. Correct the period \(Self.again)"
        case .number:
            "\(name) is not twelve digits with a valid check digit. Look the number up in your "
                + "register \(Self.again)"
        case .individualNumberElsewhere:
            "\(name) holds what looks like an individual number. Only myNumber may hold one. "
                + "Remove it \(Self.again)"
        case .duplicateKey:
            "An earlier row of this sending has the same \(name), and the same of all else that tells "
                + "rows apart. Send only the one that is right."
        case .unknownType:
            "\(name) names no registered certificate type. Register the type first \(Self.again)"
        case .unknownCode:
            "\(name) has a code that your scheme master lacks. Register or correct it \(Self.again)"
        case .cardOfAnother: Self.anothersCardEn
        case .notOwnResident: Self.notOwnEn
        case .custodyLost:
            "Lost custody stands for these two, and this row does not give it back. Where a court "
                + "did, set isCustodyRestored to true, validFrom to that day \(Self.again)"
        case .staleHistory:
            "A newer version than this \(name) is already registered. Fetch it \(Self.again)"
        case .priceOverlap: name + Self.overlappingOn
        case .unreadable:
            "\(name) has bytes that are no character. Find out what was written, correct the "
                + "encoding \(Self.again)"
        case .fieldCount:
            "\(name) has not as many fields as columns. Correct its commas \(Self.again)"
        case .quoting:
            "\(name) has a quote out of place. Enclose the whole field in quotes, double those "
                + "inside it \(Self.again)"
        case .checkDigit:
            "The check digit of \(name) is wrong. \(Self.alone); check for a copying error."
        case .unknownItem:
            "\(name) is not in the specification. It is kept but decides nothing; check its name."
        case .capUncounted: name + Self.uncountedOn
        case .unknownDay:
            "\(name) has an unknown part. \(Self.alone); ages and intervals are decided by what is known."
        case .kanaMissing:
            "\(name) is missing. \(Self.alone); give it with the next one if it is known."
        case .gaiji:
            "\(name) has private-use characters. They are kept as your own code; others see 〓."
        case .periodOverlap:
            "\(name) overlaps another row of the same person and certificate. \(Self.alone); "
                + "check whether the earlier period should have ended."
        case .identityMismatch:
            "\(name) differs from what this number was registered with. Check whose number it is."
        case .underReview: Self.heldBackEn
        case .eraEnded:
            "\(name) names an era that was over. It was taken as a day of the next; check it."
        default: ofItsField(name, name)?.en ?? name
        }
    }
}
