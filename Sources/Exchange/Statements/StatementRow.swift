/// 突合の一行: a held row in a form that both sides make alike, from a file, a body of the API or the ledger. No
/// individual number and no name is in it; the order of items, what was left empty and how numbers are
/// spaced make no difference.
package struct StatementRow: Hashable, Sendable {
    /// What names the row: the same on both sides when only its content differs.
    package let key: String
    /// Everything that is compared.
    package let text: String

    /// 受給資格. `face` is JSON text of all items without number and 基本情報, as both forms of the API
    /// and the layouts give it.
    package init(
        entitlement face: String, certificateType: String, subKey: String, historyKey: String,
        birthDate: String
    ) {
        let items = (try? JSON(reading: face))?.object ?? JSONObject()
        let recipient = items["medicalSubsidyRecipientNumber"]?.string ?? ""
        key = [certificateType, subKey, historyKey, recipient].joined(separator: Self.separator)
        text = Self.normal(items.without("isDeleted")) + "\n" + birthDate
    }

    /// 検診対象者.
    package init(checkupTarget face: String, identityKey: String) {
        let items = (try? JSON(reading: face))?.object ?? JSONObject()
        key = identityKey
        text = Self.normal(items.without("modificationSeg"))
    }

    /// 予防接種対象者.
    package init(
        invitation programme: String, identityKey: String, from: CalendarDay, to: CalendarDay
    ) {
        key = [identityKey, programme, from.text].joined(separator: Self.separator)
        text = to.text
    }

    /// 受診券. Of a visit only the ticket that counts now is held.
    package init(
        ticket face: CheckupTicket.Face, kind: String, serial: Int, identityKey: String
    ) {
        key = [identityKey, kind, String(serial), face.number].joined(separator: Self.separator)
        text = [
            face.validFrom.text, face.validTo.text, face.limitYen.map { String($0) } ?? "",
        ].joined(separator: Self.separator)
    }

    /// 健診結果: what was found, whichever way and however often it was sent.
    package init(checkup result: CheckupResult, number: String) {
        key = number
        let entries = result.entries.map { entry in
            let value =
                switch entry.value {
                case .quantity(let digits, let unit): "\(digits) \(unit)"
                case .choice(let code): code
                case .day(let day): day
                case .text(let text): text
                case .notExamined(let reason): "- \(reason)"
                }
            return entry.item + Self.separator + value
        }
        text = ([result.checkup, result.day.text] + entries.sorted()).joined(separator: "\n")
    }

    private static let separator = "\u{1F}"

    private static func normal(_ items: JSONObject) -> String {
        (normal(.object(items)) ?? .object(JSONObject())).text
    }

    /// Items in the order of their names' bytes; nothing for what says nothing.
    private static func normal(_ value: JSON) -> JSON? {
        switch value {
        case .null: return nil
        case .string(let text): return text.isEmpty ? nil : value
        case .array(let elements):
            let kept = elements.compactMap(normal)
            return kept.isEmpty ? nil : .array(kept)
        case .object(let object):
            let kept = object.members.compactMap { member in
                normal(member.value).map { JSONObject.Member(name: member.name, value: $0) }
            }
            guard !kept.isEmpty else { return nil }
            return .object(
                JSONObject(kept.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }))
        default: return value
        }
    }
}

extension CheckedRow {
    /// What a body's own file holds in this row; nothing for a row that ends something or would be
    /// refused.
    package func statementRow(of field: StatementField, by rules: RuleBook) -> StatementRow? {
        switch field {
        case .subsidy:
            let form: RegistrationForm = layout.extent == .difference ? .difference : .full
            guard case .success(let row) = subsidyRow(form: form, number: .besideTheRow),
                !row.isDeleted
            else { return nil }
            return StatementRow(row)
        case .checkupTargets:
            guard case .success(let row) = checkupRow(number: .besideTheRow),
                row.modification == .registerOrUpdate
            else { return nil }
            return StatementRow(
                checkupTarget: row.face, identityKey: row.municipalityIdentityKey)
        case .vaccinationTargets:
            let programmes = rules.immunization?.invitedProgrammes() ?? .nobody
            guard
                case .success(let row) = vaccinationTargetRow(programmes, number: .besideTheRow),
                row.modification == .registerOrUpdate
            else { return nil }
            return StatementRow(
                invitation: row.programme, identityKey: row.municipalityIdentityKey,
                from: row.validFrom, to: row.validTo)
        case .checkupTickets:
            guard case .success(let row) = checkupTicketRow(number: .besideTheRow),
                case .issue(let face) = row.change
            else { return nil }
            return StatementRow(
                ticket: face, kind: row.kind, serial: row.serial,
                identityKey: row.municipalityIdentityKey)
        case .checkupResults:
            guard case .success(let row) = massCheckupRow(rules.maternal?.items, in: .open),
                let report = row.report
            else { return nil }
            return StatementRow(checkup: report.result, number: row.identifier.value)
        }
    }
}

extension StatementRow {
    package init(_ row: SubsidyRegistrationRow) {
        self.init(
            entitlement: row.face, certificateType: row.certificate.typeID,
            subKey: row.certificate.subKey ?? "", historyKey: row.historyKey ?? "",
            birthDate: row.person.dateOfBirth.text)
    }
}
