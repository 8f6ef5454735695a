/// 集団健診の結果の一行: one child's result, as the municipality that examined sends it in a file with those of
/// the whole morning. No standard gives the file a form; its items are those of every checkup. What is
/// sensitive comes in a file of its own: a row is of one compartment, as a report is.
package struct MassCheckupRow: Sendable {
    /// Place in the file, from 0.
    package let index: Int
    /// 届出番号.
    package let notificationKey: String
    /// 結果番号: one result for each, however often it is sent.
    package let identifier: RecordIdentifier
    /// `nil`: what came under the number was wrong, and is withdrawn.
    package let report: CheckupReport?
    /// 同意日 of what is sensitive; what is withdrawn needs none.
    package let consentedOn: CalendarDay?

    package init(
        index: Int, notificationKey: String, identifier: RecordIdentifier, report: CheckupReport?,
        consentedOn: CalendarDay?
    ) {
        self.index = index
        self.notificationKey = notificationKey
        self.identifier = identifier
        self.report = report
        self.consentedOn = consentedOn
    }

    package func finding(_ item: String, _ code: RowCode) -> RowFinding {
        RowFinding(index: index, item: item, code: code)
    }

    /// What the rules say of the result, under the names of the file's columns.
    package func findings(_ found: [ItemFinding]) -> [RowFinding] {
        found.compactMap { found in
            found.code.ofRow.map { finding($0.column ?? found.item, $0.code) }
        }
    }
}

extension CheckedRow {
    /// Its layout has judged every value; what the rules of the checkup say of them together is said when
    /// the result is compared or applied.
    package func massCheckupRow(
        _ items: CheckupItems?, in compartment: CheckupCompartment
    ) -> Result<MassCheckupRow, RowRefusal> {
        var reader = MassCheckupReader(object, index: line - 1, items, compartment)
        return reader.row()
    }
}

private struct MassCheckupReader {
    private static let own: Set<String> = [
        "modificationSeg", "resultNumber", "notificationKey", "checkup", "checkedOn",
        "consentedOn", "notExamined",
    ]

    private var reader: RowReader
    private let items: CheckupItems?
    private let compartment: CheckupCompartment

    init(
        _ object: JSONObject, index: Int, _ items: CheckupItems?, _ compartment: CheckupCompartment
    ) {
        reader = RowReader(object, index: index, number: .besideTheRow)
        self.items = items
        self.compartment = compartment
    }

    mutating func row() -> Result<MassCheckupRow, RowRefusal> {
        let isWithdrawn = reader.text("modificationSeg", charactersMax: 1) == "2"
        let number = reader.text("resultNumber", charactersMax: 100)
        let key = reader.text("notificationKey", charactersMax: 100)
        let checkup = reader.text("checkup", charactersMax: 50, isRequired: !isWithdrawn)
        let day = reader.day("checkedOn", isRequired: !isWithdrawn)
        let agreed = isWithdrawn ? nil : consentedOn()
        let entries = measured() + notExamined()
        // An open result has items that it must hold; what is sensitive has none.
        if compartment == .sensitive, !isWithdrawn, entries.isEmpty, !reader.hasErrors {
            reader.add(.nothingFound, "row")
        }
        guard !reader.hasErrors, let number, let key else {
            return .failure(RowRefusal(reader.findings))
        }
        let identifier = RecordIdentifier(system: FHIR.System.massCheckup, value: number)
        var report: CheckupReport?
        if !isWithdrawn, let checkup, let day {
            report = CheckupReport(
                identifier: identifier, status: .final, effective: GivenTime(day),
                result: CheckupResult(checkup: checkup, day: day, entries: entries))
        }
        return .success(
            MassCheckupRow(
                index: reader.index, notificationKey: key, identifier: identifier, report: report,
                consentedOn: agreed))
    }

    private mutating func consentedOn() -> CalendarDay? {
        compartment == .sensitive ? reader.day("consentedOn") : nil
    }

    /// In the order of the columns.
    private mutating func measured() -> [CheckupResult.Entry] {
        reader.object.members.compactMap { member in
            guard !Self.own.contains(member.name), case .string(let text) = member.value,
                let item = items?[member.name]
            else { return nil }
            let value: CheckupResult.Value =
                switch item.kind {
                case .quantity(let rule): .quantity(text, unit: rule.unit)
                case .choice: .choice(text)
                case .day: .day(text)
                case .text: .text(text)
                }
            return CheckupResult.Entry(item: member.name, value: value)
        }
    }

    /// 未実施: `item=reason;item=reason`.
    private mutating func notExamined() -> [CheckupResult.Entry] {
        guard let pairs = reader.object["notExamined"]?.array else { return [] }
        return pairs.compactMap { pair in
            guard let item = pair.object?["item"]?.string,
                let reason = pair.object?["value"]?.string
            else { return nil }
            guard items?[item]?.isSensitive == (compartment == .sensitive) else {
                reader.add(.unknownCode, "notExamined")
                return nil
            }
            return CheckupResult.Entry(item: item, value: .notExamined(reason: reason))
        }
    }
}

extension ItemFinding.Code {
    /// What it is to a row of a file, and the column where it is told, if not the item's own. `nil` for what
    /// no officer could mend in the row.
    fileprivate var ofRow: (code: RowCode, column: String?)? {
        switch self {
        case .unknownCheckup: (.unknownCode, "checkup")
        case .required: (.required, nil)
        case .duplicateItem: (.format, "notExamined")
        case .unknownReason: (.unknownCode, "notExamined")
        case .tooLong: (.length, nil)
        case .unknownItem, .wrongKind, .wrongUnit, .notANumber, .tooPrecise, .belowRange,
            .aboveRange, .unknownChoice, .notADay, .sensitiveItem, .openItem:
            (.format, nil)
        case .beforeBirth, .beforePregnancy: (.beforeBirth, "checkedOn")
        case .outsideWindow: (.outsideWindow, "checkedOn")
        case .notOfCheckup: (.notOfCheckup, nil)
        case .originUnknown, .followUpUnsent: nil
        }
    }
}
