/// Refusals of the card and the visit: read aloud at a reception desk. Each ends with what the
/// person does next, and none says whether anybody holds anything.
extension Refusal.Row {
    static let nonceUnknown = Self(
        "nonce-unknown", 422, "invalid", isEntered: true,
        ja: "一回限りの値（ノンス）が、この機関のこの目的に出したものではありません。新しい値を取り、カードをもう一度読み取ってください。",
        en: "The nonce was not issued to you for this purpose. Take a new one and read the "
            + "card again.")

    static let nonceExpired = Self(
        "nonce-expired", 422, "expired", isEntered: true,
        ja: "一回限りの値（ノンス）の有効時間が過ぎました。新しい値を取り、カードをもう一度読み取ってください。",
        en: "The time of the nonce is over. Take a new one and read the card again.")

    static let nonceUsed = Self(
        "nonce-used", 409, "conflict", isEntered: true,
        ja: "この一回限りの値（ノンス）は、別の内容ですでに使われています。新しい値を取り、カードをもう一度読み取ってください。",
        en: "This nonce was already used with other content. Take a new one and read the "
            + "card again.")

    static let cardNotTrusted = Self(
        "card-not-trusted", 422, "security", isEntered: true,
        ja: "このカードの電子証明書を確認できません。マイナンバーカードか確かめて読み直してください。続くときは、紙の受給者証などで確認してください。",
        en: "The certificate of this card cannot be trusted. Check that it is an individual "
            + "number card and read it again; if it persists, confirm with the paper "
            + "certificate.")

    static let cardSignatureInvalid = Self(
        "card-signature-invalid", 422, "security", isEntered: true,
        ja: "カードの署名が受付の内容と合いません。カードをもう一度読み取ってください。続くときは、端末の業者に連絡してください。",
        en: "The signature of the card does not fit this visit. Read the card again; if it "
            + "persists, tell the vendor of the terminal.")

    static let cardExpired = Self(
        "card-expired", 422, "expired", isEntered: true,
        ja: "カードの電子証明書の有効期限が切れています。今日は紙の受給者証などで確認し、更新は住所地の市区町村窓口で受けるよう案内してください。",
        en: "The certificate on the card has expired. Confirm with the paper certificate "
            + "today; the municipality of residence renews it.")

    static let cardRevoked = Self(
        "card-revoked", 422, "security", isEntered: true,
        ja: "カードの電子証明書は失効しています。今日は紙の受給者証などで確認し、カードの手続きは市区町村窓口に相談するよう案内してください。",
        en: "The certificate on the card is revoked. Confirm with the paper certificate "
            + "today; the municipality helps with the card.")

    static let cardRevocationUnknown = Self(
        "card-revocation-unknown", 503, "transient", isEntered: true, retryAfterSeconds: 60,
        ja: "カードが失効していないかを今は確かめられません。しばらくして読み直すか、紙の受給者証などで確認してください。",
        en: "Whether the card is revoked cannot be checked now. Read it again soon, or "
            + "confirm with the paper certificate.")

    static let cardSuperseded = Self(
        "card-superseded", 422, "expired", isEntered: true,
        ja: "この電子証明書は新しいものに替わっています。新しいカードまたはスマートフォンで読み取ってください。手元にないときは紙の受給者証などで確認してください。",
        en: "This certificate was replaced by a newer one. Read the new card or the phone; "
            + "if it is not at hand, confirm with the paper certificate.")

    static let cardUnbound = Self(
        "card-unbound", 422, "not-found", isEntered: true,
        ja: "このカードはまだここで使えるようになっていません。新しいカードは反映まで数日かかることがあります。今日は紙の受給者証などで確認し、続くときは市区町村窓口に相談す"
            + "るよう案内してください。",
        en: "This card cannot be used here yet; a new card may take some days. Confirm with "
            + "the paper certificate today; if it persists, the municipality helps.")

    static let cardLocked = Self(
        "card-locked", 422, "lock-error", isEntered: true,
        ja: "暗証番号の入力回数が上限に達し、カードがロックされています。顔認証で読み取るか、今日は紙の受給者証などで確認してください。解除は市区町村窓口でできます。",
        en: "The card is locked after wrong PINs. Use face recognition, or confirm with the "
            + "paper certificate today; the municipality unlocks it.")

    static let residentDeceased = Self(
        "resident-deceased", 422, "business-rule", isEntered: true,
        ja: "この方については、市区町村が死亡を登録しているため、受付はできません。ご本人が目の前にいるときは、登録が誤っているおそれがあります。今日は紙の"
            + "受給者証などで確認し、住所地の市区町村に連絡してください。亡くなる前の診療の記録は、そのときの受付で扱えます。",
        en: "A municipality has registered that this person died, so no visit is opened. If the "
            + "person is before you, that may be wrong: confirm with papers today and tell the "
            + "municipality of residence. Care given before is handled with the visit of that day.")

    static let consentUnknown = Self(
        "consent-unknown", 422, "code-invalid", isEntered: true,
        ja: "同意の種類に、登録されていないものがあります。同意の一覧を GET /fhir/CodeSystem/consent-kind で取り直し、"
            + "本人にもう一度選んでもらってください。",
        en: "A kind of consent is not known. Fetch the list of kinds again at GET "
            + "/fhir/CodeSystem/consent-kind and let the person choose again.")

    static let visitKindUnknown = Self(
        "visit-kind-unknown", 422, "code-invalid", isEntered: true,
        ja: "カードで開ける受付に、この種類はありません。受付の種類の一覧を GET /fhir/CodeSystem/visit-kind で取り、openedByCard が "
            + "true のものにするか、外来なら kind を省いて送ってください。",
        en: "A card opens no visit of this kind. Fetch the list of kinds at GET "
            + "/fhir/CodeSystem/visit-kind and send one whose openedByCard is true, or leave kind out "
            + "for an outpatient.")

    static let visitUnknown = Self(
        "visit-unknown", 404, "not-found", isEntered: true,
        ja: "この受付は、この接続で見られる範囲にありません。受付の番号を確かめてください。医療機関は、カードを読み取って受付をやり直せます。",
        en: "There is no such visit among those this connection may see. Check its id; an "
            + "institution may also read the card and open a visit again.")

    static let visitEnded = Self(
        "visit-ended", 422, "expired", isEntered: true,
        ja: "この受付は終わっています。必要なら、カードをもう一度読み取って受付をしてください。",
        en: "This visit has ended. If it is still needed, read the card and open a visit again.")

    static let visitForCheckAlone = Self(
        "visit-for-check-alone", 403, "forbidden", isEntered: true,
        ja: "この種類の受付でできるのは資格確認だけです。ほかの情報が必要なときは、来院のときにカードを読み取って受付をしてください。",
        en: "A visit of this kind is for checking eligibility alone. For anything else, open a "
            + "visit with the card when the person is there.")

    static let paperNotConfirmed = Self(
        "paper-not-confirmed", 422, "not-found", isEntered: true,
        ja: "この3つの項目では確認できませんでした。公費負担者番号・受給者番号・生年月日を紙の受給者証と見比べてください。合っていれば、受給者証の発行元に問い合わせてください。",
        en: "These three items could not be confirmed. Compare payer number, recipient "
            + "number and birth date with the paper; if they agree, ask the body that issued "
            + "it.")

    static let paperTooMany = Self(
        "paper-too-many", 429, "throttled", isEntered: true, retryAfterSeconds: 3600,
        ja: "紙の受給者証による確認の回数が上限に達しました。1時間後にもう一度行うか、カードで受付をしてください。",
        en: "The limit of confirmations by paper certificate is reached. Try again in an "
            + "hour, or open the visit with the card.")
}
