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
        key = [certificateType, subKey, historyKey, recipient].joined(separator: "\u{1F}")
        text = Self.normal(items.without("isDeleted")) + "\n" + birthDate
    }

    /// 検診対象者.
    package init(checkupTarget face: String, identityKey: String) {
        let items = (try? JSON(reading: face))?.object ?? JSONObject()
        key = identityKey
        text = Self.normal(items.without("modificationSeg"))
    }

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
    package func statementRow(of field: StatementField) -> StatementRow? {
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
