/// What a clerk or a clinic reads of a record that is no claim, and what to do about it.
extension VaccinationClaimRefusal {
    package var text: BilingualText {
        switch self {
        case .notGiven:
            BilingualText(
                ja: "接種していない記録です。請求は作られません。定期接種の対象の方なら、理由が市区町村に届きます。"
                    + "予診のみの費用は、市区町村との契約に従ってください。",
                en:
                    "The dose was not given, so nothing is claimed. Where it was due by the Act, the "
                    + "municipality is told, with the reason. For the fee of a screening alone, follow the "
                    + "contract with the municipality.")
        case .withdrawn:
            BilingualText(
                ja: "取り消された記録です。請求も取り下げられます。正しい記録は新しい識別子で送ってください。",
                en:
                    "The record was withdrawn, and its claim with it. Send the right record with a new "
                    + "identifier.")
        case .copied:
            BilingualText(
                ja: "母子健康手帳などからの写しです。請求は、接種した医療機関の記録から作られます。",
                en:
                    "The record was copied. The claim comes from the institution that gave the dose."
            )
        case .notRoutine:
            BilingualText(
                ja: "任意接種の記録で、住所地の市区町村が登録した助成の単価がありません。"
                    + "費用の助成があるかは、市区町村に確かめてください。",
                en:
                    "The dose was voluntary, and the municipality of residence has registered no price for "
                    + "it. Ask the municipality whether it is subsidised.")
        case .dayUnknown:
            BilingualText(
                ja: "接種日が分かりません。接種日を入れて、記録を訂正してください。",
                en: "The day of the dose is not known. Correct the record with its day.")
        case .vaccineUnknown:
            BilingualText(
                ja: "ワクチンのコードも名称も登録されていません。コードを確かめて、記録を訂正してください。",
                en: "Neither code nor name of the vaccine is known. Correct the record.")
        case .incomplete:
            BilingualText(
                ja: "製造番号か接種量がありません。ラベルとカルテを確かめて、記録を訂正してください。",
                en: "Lot number or quantity is missing. Look them up and correct the record.")
        case .duplicate:
            BilingualText(
                ja: "同じ日の同じ接種が、すでに記録されています。どちらが正しいか確かめ、誤りのほうを取り消してください。",
                en:
                    "The same dose of the same day is recorded already. Find out which is right, and "
                    + "withdraw the other.")
        case .notOfTheAct:
            BilingualText(
                ja: "定期接種の対象の年齢・時期・製品・回数ではありません。任意接種として訂正するか、市区町村に相談してください。",
                en:
                    "Age, time, product or number is not what the Act provides for. Correct the record "
                    + "to a voluntary dose, or ask the municipality.")
        case .reasonMissing:
            BilingualText(
                ja: "決まりが止める接種ですが、理由の記録がありません。決まりごとの理由（needle-override）を付けて、"
                    + "記録を訂正してください。理由とともに市区町村の台帳に入ります。",
                en:
                    "Rules stop this dose, and no reason was recorded. Correct the record with a reason "
                    + "for each rule (needle-override): it then enters the ledger with them."
            )
        case .residenceUnknown:
            BilingualText(
                ja: "接種日の住所地が分かりません。住所が届くと自動で請求になります。続くときは、本人に住民票のある市区町村を確かめてください。",
                en:
                    "The municipality of residence on that day is not known yet. Once it is, the record "
                    + "becomes a claim by itself; if it takes long, ask the resident where they live."
            )
        }
    }
}
