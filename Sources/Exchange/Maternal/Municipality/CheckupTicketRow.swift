/// 受診券のファイルの一行: what a municipality's own system printed for one visit, or that it was given back. The
/// tickets themselves follow from notifications; a row tells their faces, issues one more, or another in
/// the place of a lost one. No standard gives the file a form: ours follows its others.
package struct CheckupTicketRow: Sendable {
    package enum Change: Hashable, Sendable {
        /// 交付・再交付.
        case issue(CheckupTicket.Face)
        /// 返還. The number, where it is given, must be that of the ticket.
        case giveBack(number: String?, on: CalendarDay)
    }

    /// Place in the file, from 0.
    package let index: Int
    package let number: GivenNumber
    package let municipalityIdentityKey: String
    package let kind: String
    /// 回: from 1.
    package let serial: Int
    package let change: Change
    package let warnings: [RowFinding]

    package func finding(_ item: String, _ code: RowCode) -> RowFinding {
        RowFinding(index: index, item: item, code: code)
    }
}

extension CheckedRow {
    /// Its layout has judged every value.
    package func checkupTicketRow(number place: NumberPlace)
        -> Result<CheckupTicketRow, RowRefusal>
    {
        var reader = RowReader(object, index: line - 1, number: place)
        return reader.checkupTicket()
    }
}

extension RowReader {
    fileprivate mutating func checkupTicket() -> Result<CheckupTicketRow, RowRefusal> {
        let isReturn = text("modificationSeg", charactersMax: 1) == "2"
        let person = individualNumber()
        let key = text(
            "municipalityIdentityKey", charactersMax: RegistrationLimits.identityKeyCharactersMax)
        let kind = text("kind", charactersMax: 50)
        let serial = int("occasion", in: 1...99, isRequired: false) ?? 1
        let printed = text("number", charactersMax: 30, isRequired: !isReturn)
        let from = day("validFrom", isRequired: !isReturn)
        let to = day("validTo", isRequired: !isReturn)
        let limit = int("amountMax", in: 0...999_999, isRequired: false)
        let returnedOn = day("removalDate", isRequired: isReturn)
        if let from, let to, to < from { add(.dateOrder, "validTo") }
        refuseIndividualNumbers(own: person, keyItems: ["municipalityIdentityKey", "number"])
        let change: CheckupTicketRow.Change? =
            if isReturn {
                returnedOn.map { .giveBack(number: printed, on: $0) }
            } else if let printed, let from, let to {
                .issue(
                    CheckupTicket.Face(
                        number: printed, validFrom: from, validTo: to, limitYen: limit))
            } else {
                nil
            }
        guard !hasErrors, let person, let key, let kind, let change else {
            return .failure(RowRefusal(findings))
        }
        return .success(
            CheckupTicketRow(
                index: index, number: person, municipalityIdentityKey: key, kind: kind,
                serial: serial, change: change, warnings: findings))
    }
}
