/// Refusals of questionnaires and of the sheets they are filled in on: read by whoever types one in, or by
/// the resident.
extension Refusal.Row {
    static let questionnaireOver = Self(
        "questionnaire-over", 409, "business-rule", isEntered: true,
        ja:
            "この予診票・問診票は、その日に使うものではありません（期間か版が違います）。"
            + "GET /fhir/Questionnaire?code=… で、接種・健診の日が effectivePeriod に入る用紙を受け取り、"
            + "答え直してください（期間を独自に定めた市区町村の住民には municipality=… も付けます）。"
            + "前の回答は $populate で下書きにできます。",
        en:
            "This questionnaire is not the one of that day: it is of another season or version. Fetch the "
            + "one whose effectivePeriod holds the day of the dose or checkup "
            + "(GET /fhir/Questionnaire?code=…, with municipality=… where the resident's municipality has "
            + "days of its own) and answer that; $populate makes a draft of the earlier answers.")

    static let paperFormUnknown = Self(
        "paper-form-unknown", 404, "not-found", isEntered: true,
        ja: "この番号の用紙は印刷されていません。用紙の番号を確かめるか、新しい用紙を印刷して書き写してください。",
        en:
            "No sheet of this number was printed. Check the number, or print a new sheet and copy the "
            + "answers.")

    static let paperFormUsed = Self(
        "paper-form-used", 409, "conflict", isEntered: true,
        ja:
            "この番号の用紙の回答は、すでに登録されています。1枚は1人の1回だけに使えます。"
            + "写し間違いの訂正はPUTで、別の回答は新しい用紙で送ってください。",
        en:
            "The answers on the sheet of this number are registered already: a sheet is good for one person "
            + "and once. Correct a mistake of copying by PUT, and send other answers on a new sheet."
    )

    static let paperFormOver = Self(
        "paper-form-over", 422, "expired", isEntered: true,
        ja: "この用紙の期限が過ぎています。新しい用紙を印刷し、本人に確かめて書き写してから送ってください。",
        en:
            "The sheet is past its last day. Print a new one, copy the answers with the person, and send "
            + "that.")
}
