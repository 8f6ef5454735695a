/// 医療費助成のファイル: a row of a file whose layout has the items of the registration API becomes the same
/// value as a row of the API, by the same rules.
extension CheckedRow {
    package func subsidyRow(form: RegistrationForm, number: NumberPlace = .inTheRow)
        -> Result<SubsidyRegistrationRow, RowRefusal>
    {
        readSubsidyRow(object, index: line - 1, form: form, number: number)
    }

    /// What was found after the layout (masters, the ledger), told in the words of the layout.
    package func adding(_ found: [RowFinding]) -> CheckedRow {
        let told = found.map { finding in
            let column = layout.column(finding.item)
            return RowFinding(
                line: line, item: finding.item, code: finding.code,
                cell: column.map { CellAccount(cell($0), withPlaces: false) },
                about: column.map { layout.columns[$0].about })
        }
        return CheckedRow(
            line: line, origin: origin, findings: findings + told, row: row, binding: binding)
    }
}
