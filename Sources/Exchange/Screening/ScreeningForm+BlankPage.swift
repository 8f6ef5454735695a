/// 白紙の予診票・問診票: a page of A4 for each sheet, whole by itself, for whoever has no phone: questions to tick and
/// lines to write on, the number of the sheet in letters and as a QR code, and room for doctor and
/// guardian (定期接種実施要領の様式).
package struct PaperForms: Sendable {
    private let form: ScreeningForm
    private let printer: String
    private let lastDay: CalendarDay

    package init(_ form: ScreeningForm, printedBy printer: String, lastDay: CalendarDay) {
        self.form = form
        self.printer = printer
        self.lastDay = lastDay
    }

    package func page(_ numbers: [PaperFormNumber]) -> [UInt8] {
        var html = """
            <!doctype html><html lang="ja"><head><meta charset="utf-8">\
            <title>\(String(markup: form.title.ja))</title><style>\(Self.style)</style></head><body>
            """
        for number in numbers { html += sheet(number) }
        return Array((html + "</body></html>").utf8)
    }

    private static let style = """
        @page{size:A4;margin:12mm}body{font-family:sans-serif;font-size:11pt;line-height:1.5;margin:0}\
        main{break-after:page}main:last-child{break-after:auto}h1{font-size:16pt;margin:0}\
        h2{font-size:12pt;margin:.6em 0 .2em}table{border-collapse:collapse;width:100%}\
        td,th{border:1px solid #000;padding:.2em .5em;text-align:left;vertical-align:top;\
        font-weight:normal}tr{break-inside:avoid}.answer{width:42%}.line{height:1.8em}\
        td.line{width:62%}\
        .qr{float:right;width:3.6cm;text-align:center}.qr svg{width:3.4cm}\
        .number{font-family:monospace;font-size:12pt}small{display:block;font-size:9pt}
        """

    private func sheet(_ number: PaperFormNumber) -> String {
        let code = number.code(on: form)
        var html = """
            <main><div class="qr"><div role="img" aria-label="用紙番号 \(number.text) の2次元コード">\
            \(QRSymbol([.bytes(Array(code.utf8))])?.svg ?? "")</div></div>\
            <h1>\(String(markup: form.title.ja))\
            <small lang="en">\(String(markup: form.title.en))</small></h1>\
            <p>用紙番号 <span lang="en">Sheet</span>: <span class="number">\(number.text)</span></p>\
            <p>この用紙は\(lastDay.text)まで使えます。1枚に1人分を記入し、受付で渡してください。ほかの人には使えません。\
            <small lang="en">Good until \(lastDay.text), for one person and once. Fill it in and hand it \
            over at the reception.</small></p>
            """
        html += Self.table(
            "受ける方の欄", "Who it is for",
            [
                "受ける方の氏名（ふりがな） Name", "生年月日 Date of birth", "住所 Address",
                "保護者の氏名 Guardian's name", "記入日 Date",
            ])
        html += """
            <h2>質問 <small lang="en">Questions: tick one box, or write</small></h2><table>\
            <thead><tr><th scope="col">質問 <span lang="en">Question</span></th>\
            <th scope="col" class="answer">回答 <span lang="en">Answer</span></th></tr></thead><tbody>
            """
        for (place, item) in form.items.enumerated() { html += row(item, number: place + 1) }
        html += "</tbody></table>"
        if case .vaccine = form.topic { html += ScreeningVersion.clinic }
        return html + """
            <p>\(String(markup: printer)) — \(String(markup: form.canonical))</p></main>
            """
    }

    private func row(_ item: ScreeningQuestionnaire.Item, number: Int) -> String {
        """
        <tr><th scope="row">\(number). \(String(markup: item.text?.ja ?? item.linkID))\
        \(condition(of: item))<small lang="en">\(String(markup: item.text?.en ?? ""))</small></th>\
        <td class="answer">\(Self.room(for: item.kind))</td></tr>
        """
    }

    /// Where the screen would not ask, paper says when to leave it.
    private func condition(of item: ScreeningQuestionnaire.Item) -> String {
        guard let condition = item.enabledWhen,
            let asked = form.items.firstIndex(where: { $0.linkID == condition.question })
        else { return "" }
        let answer =
            switch condition.answer {
            case .boolean(let claim): claim ? "はい" : "いいえ"
            case .choice(let code):
                form.items[asked].choices.first { $0.code == code }?.name?.ja ?? code
            default: ""
            }
        return "（質問\(asked + 1)が「\(String(markup: answer))」のとき）"
    }

    private static func room(for kind: ScreeningQuestionnaire.Kind) -> String {
        switch kind {
        case .boolean: "□ はい <span lang=\"en\">Yes</span>　□ いいえ <span lang=\"en\">No</span>"
        case .text: "<div class=\"line\"></div>"
        case .day: "　　　　年　　月　　日"
        case .temperature: "　　　．　　℃"
        case .choice(let choices):
            choices.map { choice in
                guard let name = choice.name else { return "□ " + String(markup: choice.code) }
                return "□ \(String(markup: name.ja)) "
                    + "<span lang=\"en\">\(String(markup: name.en))</span>"
            }.joined(separator: "<br>")
        }
    }

    private static func table(_ ja: String, _ en: String, _ lines: [String]) -> String {
        "<h2>\(ja) <small lang=\"en\">\(en)</small></h2><table>"
            + lines.map { "<tr><th scope=\"row\">\($0)</th><td class=\"line\"></td></tr>" }.joined()
            + "</table>"
    }
}
