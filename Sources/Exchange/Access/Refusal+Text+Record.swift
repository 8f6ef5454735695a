/// Refusals of tokens, records and of the gateway itself: read by residents and officers.
extension Refusal.Row {
    static let tokenMissing = Self(
        "token-missing", 401, "login", isEntered: false,
        ja: "ログインが必要です。ポータルまたはアプリでログインしてから、もう一度行ってください。",
        en: "A login is needed. Log in with the portal or app and try again.")

    static let tokenInvalid = Self(
        "token-invalid", 401, "login", isEntered: false,
        ja: "ログインの情報を確認できません。ログインし直してください。続くときは、アプリの提供者に連絡してください。",
        en: "The login cannot be verified. Log in again; if it persists, tell the provider "
            + "of the app.")

    static let tokenExpired = Self(
        "token-expired", 401, "expired", isEntered: true,
        ja: "ログインの時間が切れました。ログインし直してください。",
        en: "The login has expired. Log in again.")

    static let tokenRevoked = Self(
        "token-revoked", 401, "login", isEntered: true,
        ja: "このログインは取り消されています。心当たりがなければ、アクセスの記録を確かめてください。続けるにはログインし直してください。",
        en: "This login was withdrawn. If that is a surprise, look at your list of accesses. "
            + "Log in again to continue.")

    static let tokenOfAnotherParty = Self(
        "token-of-another-party", 401, "security", isEntered: true,
        ja: "このログインは別のアプリのものです。お使いのアプリでログインし直してください。",
        en: "This login belongs to another app. Log in again with the app you are using.")

    static let serviceDateOutOfRange = Self(
        "service-date-out-of-range", 422, "business-rule", isEntered: true,
        ja: "この診療日では照会できません。受付のあった日か、請求できる期間の診療日を指定してください。",
        en: "This service date cannot be asked about. Give a day with a visit, within the "
            + "time in which it can be claimed.")

    static let recordUnknown = Self(
        "record-unknown", 404, "not-found", isEntered: true,
        ja: "指定の記録は、この接続で見られる範囲にありません。番号を確かめてください。",
        en: "There is no such record among those this connection may see. Check its id.")

    static let taskUnknown = Self(
        "task-unknown", 404, "not-found", isEntered: true,
        ja: "この登録の受付番号は貴団体にありません。登録したときの応答にある番号を確かめてください。",
        en: "Your office has no such registration task. Check the id in the answer to the "
            + "registration.")

    static let idempotencyKeyReused = Self(
        "idempotency-key-reused", 409, "conflict", isEntered: true,
        ja: "同じ冪等キーが別の内容で使われています。内容を変えるときは、新しいキーで送ってください。",
        en: "The same idempotency key was used with other content. Use a new key when the "
            + "content changes.")

    static let replayDiffers = Self(
        "replay-differs", 409, "conflict", isEntered: true,
        ja: "再計算した回答が、当時の回答の記録と合いません。この記録の番号を添えて、運用者に調査を依頼してください。",
        en: "The recomputed answer does not meet the digest of the one given then. Ask the "
            + "operator to investigate, with the id of the entry.")

    static let answerFormUnknown = Self(
        "answer-form-unknown", 409, "not-supported", isEntered: true,
        ja: "この回答は、今のシステムとは別の版の形式で作られており、ここでは再計算できません。この記録の番号を添えて、運用者に再計算を依頼してください。",
        en: "This answer was written in the form of another release and cannot be recomputed "
            + "here. Ask the operator, with the id of the entry.")

    static let rulesUnknown = Self(
        "rules-unknown", 422, "not-found", isEntered: true,
        ja: "この日付に使う制度の決まりが登録されていません。運用者または制度の担当者に、決まりの登録を依頼してください。",
        en: "No rules are loaded for this date. Ask the operator or the office in charge of "
            + "the scheme to load them.")

    static let tooManyRequests = Self(
        "too-many-requests", 429, "throttled", isEntered: false, retryAfterSeconds: 10,
        ja: "要求が多すぎます。Retry-Afterの秒数だけ待ってから、もう一度送ってください。",
        en: "Too many requests. Wait for the seconds in Retry-After and send again.")

    static let overloaded = Self(
        "overloaded", 503, "throttled", isEntered: false, retryAfterSeconds: 5,
        ja: "今は混み合っています。Retry-Afterの秒数だけ待ってから、同じ内容を送ってください。急ぐときは紙の受給者証などで確認してください。",
        en: "The gateway is busy. Wait for the seconds in Retry-After and send the same "
            + "again; if it is urgent, confirm with the paper certificate.")

    static let notReady = Self(
        "not-ready", 503, "transient", isEntered: false, retryAfterSeconds: 30,
        ja: "準備中または保守中です。しばらくしてから、同じ内容を送ってください。急ぐときは紙の受給者証などで確認してください。",
        en: "The gateway is starting or under maintenance. Send the same again later; if it "
            + "is urgent, confirm with the paper certificate.")
}
