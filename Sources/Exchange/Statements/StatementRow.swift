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
        key = Self.key([certificateType, subKey, historyKey, recipient])
        text = Self.normal(items.without("isDeleted")) + "\n" + birthDate
    }

    /// 検診対象者.
    package init(checkupTarget face: String, identityKey: String) {
        let items = (try? JSON(reading: face))?.object ?? JSONObject()
        key = identityKey
        text = Self.normal(items.without("modificationSeg"))
    }

    /// 予防接種対象者. `illnessEnded` is of whom the time is given again; of others there is nothing to compare.
    package init(
        invitation programme: String, identityKey: String, from: CalendarDay, to: CalendarDay,
        illnessEnded: CalendarDay?
    ) {
        key = Self.key([identityKey, programme, from.text])
        let ended = illnessEnded.map { [$0.text] } ?? []
        text = ([to.text] + ended).joined(separator: Self.separator)
    }

    /// 受診券. Of a visit only the ticket that counts now is held.
    package init(
        ticket face: CheckupTicket.Face, kind: String, serial: Int, identityKey: String
    ) {
        key = Self.key([identityKey, kind, String(serial), face.number])
        text = [
            face.validFrom.text, face.validTo.text, face.limitYen.map { String($0) } ?? "",
        ].joined(separator: Self.separator)
    }

    /// 健診結果: what was found, whichever way and however often it was sent. `consentedOn` is of what is
    /// sensitive.
    package init(checkup result: CheckupResult, number: String, consentedOn: CalendarDay? = nil) {
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
        let agreed = consentedOn.map { [$0.text] } ?? []
        text = ([result.checkup, result.day.text] + agreed + entries.sorted())
            .joined(separator: "\n")
    }

    /// 保護者・後見. An end is a day of it, whichever kind of row told of it. Who has no key of the body's is
    /// named by nothing.
    package init(
        guardianship kind: String, of child: String, by guardian: String,
        days: (from: CalendarDay, to: CalendarDay?), isCustodyLost: Bool
    ) {
        key = Self.key([child, guardian, kind, days.from.text])
        text = [days.to?.text ?? "", isCustodyLost ? "1" : "0"].joined(separator: Self.separator)
    }

    /// 住民異動. What it says of the person is not compared, nor which record a merge absorbs.
    package init(event: LifeEvent, identityKey: String, isNotDisclosed: Bool) {
        key = event.sequence
        text = [
            identityKey, event.kind.rawValue, event.effectiveOn.text, event.knownOn.text,
            event.otherMunicipality ?? "", event.corrects ?? "", isNotDisclosed ? "1" : "0",
        ].joined(separator: Self.separator)
    }

    /// 制度マスタ: a certificate type with its terms, or a code of one, which has none. English names are not
    /// compared.
    package init(
        scheme type: String, kind: String, code: String, from: String, name: String,
        terms: [String]
    ) {
        key = Self.key([type, kind, code, from])
        text = ([name] + terms).joined(separator: Self.separator)
    }

    /// Of what names a row, in the order of its field.
    package static func key(_ names: [String]) -> String { names.joined(separator: separator) }

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
                from: row.validFrom, to: row.validTo, illnessEnded: row.illnessEnded)
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
        case .sensitiveCheckupResults:
            guard
                case .success(let row) = massCheckupRow(rules.maternal?.items, in: .sensitive),
                let report = row.report
            else { return nil }
            return StatementRow(
                checkup: report.result, number: row.identifier.value, consentedOn: row.consentedOn)
        case .guardianships:
            guard case .success(let row) = guardianshipRow else { return nil }
            return StatementRow(row)
        case .residenceMoves:
            guard case .success(let row) = lifeEventRow(number: .besideTheRow) else { return nil }
            return StatementRow(row)
        case .schemeMasters:
            guard case .success(let row) = schemeMasterRow else { return nil }
            return StatementRow(row, by: rules)
        }
    }
}

extension StatementRow {
    package init(_ row: SubsidyRegistrationRow) {
        self.init(
            entitlement: row.face, certificateType: row.certificate.typeID,
            subKey: row.certificate.subKey ?? "", historyKey: row.rowKey,
            birthDate: row.person.dateOfBirth.text)
    }

    package init(_ row: GuardianshipRow) {
        self.init(
            guardianship: row.kind, of: row.child.key ?? "", by: row.guardian.key ?? "",
            days: (row.from, row.to), isCustodyLost: row.isCustodyLost)
    }

    package init(_ row: LifeEventRow) {
        self.init(
            event: row.event(of: ""), identityKey: row.municipalityIdentityKey,
            isNotDisclosed: row.isNotDisclosed)
    }

    /// A whole list says everything: what a row leaves empty is what a type would have that is new by it.
    package init(_ row: SchemeMasterRow, by rules: RuleBook) {
        var (kind, code, terms) = ("1", "", [String]())
        switch row.kind {
        case .income(let segment): (kind, code) = ("2", segment)
        case .condition(let item, let condition): (kind, code) = ("3", "\(item)-\(condition)")
        case .type(let said):
            let law = said.payerNumber.map { String($0.prefix(2)) }
            let lawNumber = law.flatMap { rules.subsidy.lawNumberOrder.contains($0) ? $0 : nil }
            var lastDay = ""
            if case .on(let day) = said.end { lastDay = day.text }
            terms = [
                lastDay, lawNumber ?? "",
                (said.consentKind ?? SchemeMaster.usualKind(in: rules))?.code ?? "",
                said.priority.map { String($0) } ?? "",
                said.requiresDesignation == true ? "1" : "0",
            ]
        }
        self.init(
            scheme: row.certificateTypeID, kind: kind, code: code, from: row.from.text,
            name: row.name, terms: terms)
    }
}
