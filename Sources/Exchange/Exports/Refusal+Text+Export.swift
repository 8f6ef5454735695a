/// Refusals of bulk exports: read by the officer in charge of them, or the vendor of her system.
extension Refusal.Row {
    static let exportsTooMany = Self(
        "exports-too-many", 429, "throttled", isEntered: true, retryAfterSeconds: 600,
        ja: "一括の受領は同時に4件までです。終わったものをDELETEで消すか、期限が過ぎるのを待って、もう一度求めてください。",
        en:
            "Four exports stand at a time. Delete (DELETE) one that is done with, or wait until one is "
            + "over, and ask again.")
}
