/// 紙の予診票・問診票: one page that is whole by itself: the questions with what was answered at home, room for what
/// doctor and guardian write at the clinic (定期接種実施要領の様式), and a QR code that brings the answers in.
extension ScreeningVersion {
    /// `person`: as some municipality registered them; `ticket`: what the code holds.
    package func page(of person: (name: String?, birth: CalendarDay?), ticket: ScreeningTicket)
        -> [UInt8]
    {
        let form = response.form
        var html = """
            <!doctype html><html lang="ja"><head><meta charset="utf-8">\
            <title>\(String(markup: form.questionnaire.name.ja))</title>\
            <style>body{font-family:sans-serif;margin:1.5em}table{border-collapse:collapse;width:100%}\
            td,th{border:1px solid;padding:.25em .5em;text-align:left;vertical-align:top}\
            .qr{float:right;width:3.5cm}.line{height:1.6em}\
            td.line{width:62%}small{display:block}</style></head>\
            <body><div class="qr">\(QRSymbol([.bytes(Array(ticket.text.utf8))])?.svg ?? "")</div>\
            <h1>\(String(markup: form.questionnaire.name.ja))\
            <small lang="en">\(String(markup: form.questionnaire.name.en))</small></h1>\
            <p>\(String(markup: form.topic.name.ja)) <span lang="en">\
            \(String(markup: form.topic.name.en))</span></p>\
            <p>氏名 Name: \(String(markup: person.name ?? ""))　生年月日 Date of birth: \
            \(person.birth?.text ?? "")</p><table><tr><th>質問 Question</th><th>回答 Answer</th></tr>
            """
        let open = Set(response.enabled.map(\.linkID))
        for item in form.items where open.contains(item.linkID) { html += row(item) }
        html += "</table>"
        if case .vaccine = form.topic { html += Self.clinic }
        html += """
            <p>\(String(markup: form.canonical)) — 第\(version)版 version \(version), \
            \(savedAt.dayInJapan.text)</p></body></html>
            """
        return Array(html.utf8)
    }

    private func row(_ item: ScreeningQuestionnaire.Item) -> String {
        let answer = response[item.linkID].map { Self.words(for: $0, to: item) } ?? ""
        return """
            <tr><td>\(String(markup: item.text?.ja ?? item.linkID))\
            <small lang="en">\(String(markup: item.text?.en ?? ""))</small></td>\
            <td>\(String(markup: answer))</td></tr>
            """
    }

    private static func words(
        for value: ScreeningResponse.Value, to item: ScreeningQuestionnaire.Item
    ) -> String {
        switch (value, item.kind) {
        case (.boolean(let claim), _): claim ? "はい Yes" : "いいえ No"
        case (.text(let text), _): text
        case (.day(let day), _): day.text
        case (.temperature(_, let written), _): written + " ℃"
        case (.choice(let code), .choice(let choices)):
            choices.first { $0.code == code }?.name.map { "\($0.ja) \($0.en)" } ?? code
        case (.choice(let code), _): code
        }
    }

    /// What only a pen at the clinic fills in.
    static let clinic =
        "<h2>医師記入欄 <small lang=\"en\">For the doctor</small></h2><table>"
        + [
            "接種前の体温 Temperature", "予防接種は 可能・見合わせる Vaccinate / postpone",
            "医師署名 Doctor's signature", "ワクチン名・製造番号 Vaccine and lot", "接種量・部位 Quantity and site",
            "実施場所・医師名・接種日 Place, doctor and day",
        ].map { "<tr><td>\($0)</td><td class=\"line\"></td></tr>" }.joined()
        + "</table><h2>同意欄 <small lang=\"en\">Consent</small></h2><table>"
        + "<tr><td>医師の説明を聞き、接種に 同意します・同意しません I consent / do not consent</td>"
        + "<td class=\"line\"></td></tr><tr><td>自署 Signature</td><td class=\"line\"></td></tr></table>"
}
