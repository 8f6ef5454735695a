/// 接種証明の印刷: one page that is whole by itself: the doses in words, and the card as QR codes that a reader
/// verifies.
extension HealthCard {
    /// `codes`: the texts of the QR codes; `names`: of institutions, whose code stands where there is none.
    package func page(
        codes: [String], names: [Party: String] = [:], _ rules: ImmunizationRules
    ) -> [UInt8] {
        var html = """
            <!doctype html><html lang="ja"><head><meta charset="utf-8"><title>接種証明 Vaccination record</title>\
            <style>body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}\
            td,th{border:1px solid;padding:.3em .6em;text-align:left}\
            svg{width:9cm;margin:.5cm}</style></head>\
            <body><h1>接種証明 <span lang="en">Vaccination record</span></h1>\
            <p>\(String(markup: name))　\(birth?.text ?? "")</p><table><tr>\
            <th>接種日 Date</th><th>ワクチン Vaccine</th>\
            <th>製造番号 Lot</th><th>医療機関 Institution</th></tr>
            """
        for dose in doses { html += row(dose, by: names[dose.institution], rules) }
        html += "</table>"
        if unlistedDoses > 0 {
            html += """
                <p>このほかに、日またはワクチンが確かめられない接種が\(unlistedDoses)件あり、この証明には載っていません。\
                <br><span lang="en">Not on this page: \(unlistedDoses) more, of which day or vaccine is not \
                known.</span></p>
                """
        }
        html += "<p>"
        for code in codes { html += Self.picture(of: code) }
        html += """
            </p><p>SMART Health Card (https://spec.smarthealth.cards). \(String(markup: issuer)), \
            \(issuedAt.dayInJapan.text), \(String(markup: id))</p></body></html>
            """
        return Array(html.utf8)
    }

    private func row(
        _ version: VaccinationVersion, by name: String?, _ rules: ImmunizationRules
    ) -> String {
        let given = version.vaccination
        let named = rules.vaccine(named: given.vaccine).map { rules.vaccine($0.vaccine).name }
        let cells = [
            given.occurrence.day?.text, named.map { "\($0.ja) \($0.en)" }, given.vial.lotNumber,
            name ?? version.institution.code,
        ]
        return "<tr>" + cells.map { "<td>\(String(markup: $0 ?? ""))</td>" }.joined() + "</tr>"
    }

    /// Digits go in the mode that is made for them. Nothing for what no code holds: a part of a card never
    /// is.
    private static func picture(of code: String) -> String {
        let text = Array(code.utf8)
        let start = (text.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
        let symbol = QRSymbol([.bytes(Array(text[..<start])), .digits(Array(text[start...]))])
        return symbol?.svg ?? ""
    }
}

extension QRSymbol {
    /// SVG with the four light modules around that a reader needs.
    package var svg: String {
        var path = ""
        for row in 0..<side {
            var column = 0
            while column < side {
                let start = column
                while column < side, self[row: row, column: column] { column += 1 }
                if column > start {
                    path += "M\(start + 4) \(row + 4)h\(column - start)v1H\(start + 4)z"
                }
                column += 1
            }
        }
        let size = side + 8
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(size) \(size)"><path fill="#fff" \
            d="M0 0h\(size)v\(size)H0z"/><path d="\(path)"/></svg>
            """
    }
}
