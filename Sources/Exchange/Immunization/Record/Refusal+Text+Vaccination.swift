/// Refusals of records that institutions send: read by the nurse or clerk who sent one.
extension Refusal.Row {
    static let consentNotGiven = Self(
        "consent-not-given", 403, "forbidden", isEntered: true,
        ja: "この受付では、この用件についての本人の同意がありません。本人に確かめ、同意を得て受付をやり直してください。",
        en:
            "At this visit the person did not agree to this being exchanged. Ask them, and open a visit "
            + "again with their consent.")

    static let identifierReused = Self(
        "identifier-reused", 409, "duplicate", isEntered: true,
        ja: "同じ識別子で違う内容の記録があります。訂正なら版を添えて送り、別の記録なら新しい識別子で送ってください。",
        en: "This identifier already holds another record. Send a correction with its version, or "
            + "another record with an identifier of its own.")

    static let identifierChanged = Self(
        "identifier-changed", 422, "business-rule", isEntered: true,
        ja: "訂正では識別子を変えられません。元の識別子で送り直してください。",
        en: "A correction keeps its identifier. Send it again with the one recorded.")

    static let versionPassed = Self(
        "version-passed", 412, "conflict", isEntered: true,
        ja: "その版のあとに訂正がありました。最新の版を読み、確かめてから送り直してください。",
        en: "The record was corrected since that version. Read the newest, and send again.")

    static let recordWithdrawn = Self(
        "record-withdrawn", 409, "conflict", isEntered: true,
        ja: "この記録は誤りとして取り消されています。正しい記録は、新しい識別子で送ってください。",
        en: "The record was withdrawn as an error. Send the right one with a new identifier.")

    static let responseSubmitted = Self(
        "response-submitted", 409, "conflict", isEntered: true,
        ja: "この予診票・問診票は、すでに提出されています。直すときは、statusをamendedにして送ってください。",
        en: "This questionnaire was submitted. To change it, send it with the status amended.")
}
