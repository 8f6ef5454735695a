/// 医療費助成のファイル: a row of a file whose layout has the items of the registration API becomes the same
/// value as a row of the API, by the same rules.
extension CheckedRow {
    package func subsidyRow(form: RegistrationForm, number: NumberPlace = .inTheRow)
        -> Result<SubsidyRegistrationRow, RowRefusal>
    {
        readSubsidyRow(namedObject, index: line - 1, form: form, number: number)
    }

    /// Where the layout names a row by its first day, that day is its history key: two terms of one
    /// certificate are two rows.
    private var namedObject: JSONObject {
        let object = object
        guard object["historyKey"] == nil, let from = object["validFrom"],
            layout.column("validFrom").map(layout.key.contains) ?? false
        else { return object }
        return JSONObject(object.members + [.init(name: "historyKey", value: from)])
    }

    /// What was found after the layout (masters, the ledger), told in the words of the layout.
    package func adding(_ found: [RowFinding]) -> CheckedRow {
        let told = found.map { finding in
            let column = layout.column(finding.item)
            let shown = layout.isConfidential ? nil : column
            return RowFinding(
                line: line, item: finding.item, code: finding.code,
                cell: shown.map { CellAccount(cell($0), withPlaces: false) },
                about: column.map { layout.columns[$0].about })
        }
        return CheckedRow(
            line: line, origin: origin, findings: findings + told, values: values, row: row,
            binding: binding)
    }
}
