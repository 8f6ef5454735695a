/// Refusals of the request, the connection and its party: read by the engineer of a vendor.
extension Refusal.Row {
    static let malformed = Self(
        "malformed", 400, "value", isEntered: false,
        ja: "項目「{item}」の形式が違います。仕様の例と比べて直し、もう一度送ってください。",
        en: "Item \"{item}\" has the wrong form. Compare it with the example in the "
            + "specification, correct it and send again.")

    static let missing = Self(
        "missing", 400, "required", isEntered: false,
        ja: "必須の項目「{item}」がありません。値を入れて、もう一度送ってください。",
        en: "Required item \"{item}\" is missing. Give it and send again.")

    static let unknownItem = Self(
        "unknown-item", 400, "structure", isEntered: false,
        ja: "項目「{item}」は、この要求では使いません。つづりを確かめるか、取り除いて送ってください。",
        en: "Item \"{item}\" is not used by this request. Check its spelling or leave it out.")

    static let duplicateItem = Self(
        "duplicate-item", 400, "structure", isEntered: false,
        ja: "項目「{item}」が2回あります。どちらを使うか決められません。1つにして送ってください。",
        en: "Item \"{item}\" is given twice, so nobody can say which one counts. Send it once.")

    static let tooMany = Self(
        "too-many", 400, "too-costly", isEntered: false,
        ja: "項目「{item}」が多すぎます。仕様にある数までに減らすか、要求を分けて送ってください。",
        en: "Item \"{item}\" is given more often than one request takes. Keep to the number in the "
            + "specification, or send several requests.")

    static let dayAhead = Self(
        "day-ahead", 400, "business-rule", isEntered: false,
        ja: "項目「{item}」の日が、今日（日本の日付）より後です。実際にあった日にして、もう一度送ってください。"
            + "端末の時計も確かめてください。",
        en: "Item \"{item}\" is a day after today in Japan. Give the day on which it happened and "
            + "send again; check the clock of the terminal as well.")

    static let zoneMissing = Self(
        "zone-missing", 400, "value", isEntered: false,
        ja: "項目「{item}」の時刻に時差がありません。日本の時刻なら末尾に +09:00 を付けて(2026-06-15T10:00:00+09:00)、"
            + "もう一度送ってください。",
        en:
            "Item \"{item}\" is a time without its zone, and names no instant. Write +09:00 behind a "
            + "time of Japan (2026-06-15T10:00:00+09:00) and send again.")

    static let vaccineUnknown = Self(
        "vaccine-unknown", 400, "code-invalid", isEntered: false,
        ja: "項目「{item}」は、ワクチンのコードにありません。コードの一覧を GET /fhir/CodeSystem/vaccine で取り、"
            + "その中のコードにして送ってください。一覧にないワクチンは、コードを付けず text に製品名を書いて送れます。",
        en: "Item \"{item}\" is none of the codes of vaccines. Fetch them at GET "
            + "/fhir/CodeSystem/vaccine and send one of them; a vaccine that is not listed is sent "
            + "without a code, by its name in text.")

    static let patientDiffers = Self(
        "patient-differs", 422, "value", isEntered: true,
        ja: "項目「{item}」は、この受付（住民はこのログイン）の患者の番号ではありません。受付の番号と患者の番号を、"
            + "同じ受付の応答から取って送ってください。記録は保存していません。",
        en:
            "Item \"{item}\" is not the id of this visit's patient, or of the person of this login. "
            + "Take visit and patient from one and the same answer and send again. Nothing was kept."
    )

    static let idDiffers = Self(
        "id-differs", 400, "invalid", isEntered: false,
        ja: "本文の id と、アドレスの番号が別の記録を指しています。直したい記録の番号をアドレスに入れ、本文の id は同じ番号にするか"
            + "省いて、もう一度送ってください。何も保存していません。",
        en:
            "The body's id and the address name two records. Put the id of the record that you correct "
            + "into the address, and the same or none into the body, and send again. Nothing was kept."
    )

    static let individualNumberNotAllowed = Self(
        "individual-number-not-allowed", 400, "business-rule", isEntered: false,
        ja: "項目「{item}」に個人番号と思われる数字があります。ここでは個人番号を受け取れません。取り除いて送ってください。内容は保存していません。",
        en: "Item \"{item}\" holds what looks like an individual number, which must not be "
            + "sent here. Remove it and send again. Nothing was kept.")

    static let bodyTooLarge = Self(
        "body-too-large", 413, "too-long", isEntered: false,
        ja: "送信が大きすぎます。登録は1万行以内に分けるか/files/へファイルで送り、それ以外はopenapi.jsonにある"
            + "大きさ以内にして、もう一度送ってください。",
        en: "The body is too large. Split registrations into at most 10,000 rows or send "
            + "them as files to /files/, keep others within what openapi.json says, and send again."
    )

    static let headerTooLarge = Self(
        "header-too-large", 431, "too-long", isEntered: false,
        ja: "ヘッダーが大きすぎます。1項目8 KiB以内、全体で16 KiB・64項目以内です。"
            + "要らないヘッダー（Cookieなど）を除いて、もう一度送ってください。",
        en: "The header is too large: 8 KiB a field, 16 KiB and 64 fields in all. Leave out "
            + "fields that are not needed, such as cookies, and send again.")

    static let unsupportedMediaType = Self(
        "unsupported-media-type", 415, "not-supported", isEntered: false,
        ja: "この形式の本文は読めません。Content-Typeをopenapi.jsonがこのURLについて示すものにし、圧縮"
            + "（Content-Encodingや、chunked以外のTransfer-Encoding）せずに送ってください。多くは"
            + "application/fhir+jsonまたはapplication/json(UTF-8)、CSVのファイルはtext/csvです。",
        en: "This kind of body cannot be read. Send what openapi.json names for this "
            + "address, not compressed (no Content-Encoding, and no Transfer-Encoding but chunked): "
            + "mostly application/fhir+json or application/json in UTF-8, and text/csv for a CSV file."
    )

    static let routeUnknown = Self(
        "route-unknown", 404, "not-found", isEntered: false,
        ja: "この接続口にこのURLはありません。URLと接続口（医療機関・行政・住民）を確かめてください。",
        en: "This address does not exist on this listener. Check the address and the "
            + "listener (institution, office, resident).")

    static let methodNotAllowed = Self(
        "method-not-allowed", 405, "not-supported", isEntered: false,
        ja: "このURLではこの操作（HTTPメソッド）を使えません。Allowヘッダーにある操作を使ってください。",
        en: "This address does not take this method. Use one that the Allow header names.")

    static let certificateNotTrusted = Self(
        "certificate-not-trusted", 403, "security", isEntered: false,
        ja: "接続に使った証明書を確認できません。この接続口の認証局が発行した証明書か、端末の設定を確かめてください。",
        en: "The certificate of this connection cannot be trusted here. Check that the CA of "
            + "this listener issued it.")

    static let certificateExpired = Self(
        "certificate-expired", 403, "expired", isEntered: true,
        ja: "接続に使った証明書の有効期間が過ぎているか、まだ始まっていません。新しい証明書を入れてください。",
        en: "The certificate of this connection is outside its dates. Install the renewed "
            + "certificate.")

    static let certificateRevoked = Self(
        "certificate-revoked", 403, "security", isEntered: true,
        ja: "接続に使った証明書は失効しています。発行元に連絡し、新しい証明書を受けてください。",
        en: "The certificate of this connection is revoked. Ask its issuer for a new one.")

    static let revocationUnknown = Self(
        "revocation-unknown", 503, "transient", isEntered: true, retryAfterSeconds: 60,
        ja: "証明書が失効していないかを今は確かめられません。しばらくして、もう一度送ってください。続くときは運用者に連絡してください。",
        en: "Whether the certificate is revoked cannot be checked now. Try again soon; if it "
            + "lasts, tell the operator.")

    static let partyUnknown = Self(
        "party-unknown", 403, "forbidden", isEntered: true,
        ja: "この証明書の機関は登録されていません。機関コードを確かめ、運用者に登録を申し込んでください。",
        en: "The party of this certificate is not registered. Check its code and ask the "
            + "operator to register it.")

    static let partySuspended = Self(
        "party-suspended", 403, "forbidden", isEntered: true,
        ja: "貴機関の利用は停止されています。理由と再開の方法を運用者に問い合わせてください。",
        en: "Use by your party is suspended. Ask the operator for the reason and how to resume.")

    static let partyNotOptedIn = Self(
        "party-not-opted-in", 403, "forbidden", isEntered: true,
        ja: "貴機関はこの機能を「利用する」に設定していません。設定を変えてから、もう一度送ってください。",
        en: "Your party has not opted in to this function. Change the setting and send again.")

    static let notYourPurpose = Self(
        "not-your-purpose", 403, "forbidden", isEntered: true,
        ja: "この操作は貴機関の種別では使えません。必要な場合は、担当する機関に依頼してください。",
        en: "Parties of your kind may not do this. If it is needed, ask the party in charge.")

    static let operatorDiffers = Self(
        "operator-differs", 400, "value", isEntered: false,
        ja: "この証明書は職員個人のもので、Tsunagi-Operatorの操作者と一致しません。ヘッダーを外すか、証明書に登録された操作者にしてください。",
        en: "This certificate is one officer's own, and Tsunagi-Operator names another. Leave the "
            + "header out, or send the name that is registered with the certificate.")

    static let clientDiffers = Self(
        "client-differs", 401, "login", isEntered: false,
        ja: "トークンは、接続に使った証明書の機関にだけ出します。client_idはその機関のもの（機関種別:コード）に"
            + "するか省き、client_secretやAuthorizationは付けずに送ってください。",
        en: "A token is given to the party of this connection's certificate alone. Send that "
            + "party's client_id (role:code) or none, and neither client_secret nor Authorization.")
}
