/// Refusals of bills: read by the receptionist who sent one.
extension Refusal.Row {
    static let certificateNotHeld = Self(
        "certificate-not-held", 422, "business-rule", isEntered: true,
        ja: "指定された受給者証は、診療日に窓口で使えるものの中にありません。資格確認をやり直し、その回答にある受給者証を指定してください。"
            + "入院の会計は、同じ受給者証を使える最後の日までと、その後に分けてください。",
        en: "No certificate of that name can be used at the counter on the service date. Check "
            + "eligibility again, and name one that the answer shows. Bill a stay up to the last day "
            + "on which the same certificate can be used, and the rest apart.")

    static let copaymentRulesUnknown = Self(
        "copayment-rules-unknown", 422, "business-rule", isEntered: true,
        ja: "この受給者証の負担割合または上限額が分からないため、計算できません。受給者証を見て計算し、実施機関に登録を確かめてください。",
        en:
            "What this certificate asks of its holder is not on file, so nothing was computed. Go by "
            + "the certificate itself, and ask the body that issued it to register its cap.")

    static let localSchemeNotPriced = Self(
        "local-scheme-not-priced", 422, "business-rule", isEntered: true,
        ja: "この地方単独制度は、地単公費マスターの項目「{item}」のため、窓口の会計では計算できません。受給者証と制度の案内を見て計算し、実施機関に確かめてください。",
        en:
            "This local scheme cannot be priced at the counter because of the master's item {item}. "
            + "Go by the certificate and the scheme's guide, and ask the body that issued it.")

    static let collectedTooMuch = Self(
        "collected-too-much", 422, "business-rule", isEntered: true,
        ja: "徴収済額が、この医療費で求められる額を超えています。確かめて、受け取りすぎた分を患者に返し、送り直してください。",
        en:
            "More was collected than the scheme asks for this cost. Check the amounts, give back what "
            + "is too much, and send again.")

    static let billChanged = Self(
        "bill-changed", 409, "duplicate", isEntered: true,
        ja: "この識別子の会計は、違う内容ですでに受け付けています。訂正するには、取り消してから新しい識別子で送ってください。",
        en:
            "This identifier already holds a bill of other content. To correct it, void it and send "
            + "the right one with a new identifier.")

    static let billVoided = Self(
        "bill-voided", 409, "conflict", isEntered: true,
        ja: "この会計は取り消されています。新しい識別子で送ってください。",
        en: "This bill was voided. Send the right one with a new identifier.")
}
