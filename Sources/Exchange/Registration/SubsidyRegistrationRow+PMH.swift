/// 医療費助成対象者情報登録API(自治体): v0.1.1 (2024-03-25) and its difference form (2024-07-08).
package enum RegistrationForm: Sendable {
    /// The whole list; `historyKey` and `isDeleted` may be absent.
    case full
    /// Changes since the last list; both are required.
    case difference
}

/// Reads a registration body. The body as a whole is refused only when it is no JSON array or too
/// long; every row has its own result, with everything that is wrong with it.
package func readSubsidyRows(_ body: [UInt8], form: RegistrationForm) throws(Refusal)
    -> [Result<SubsidyRegistrationRow, RowRefusal>]
{
    let rows = try readRows(body) { object, index in
        readSubsidyRow(object, index: index, form: form)
    }
    return comparedWithEachOther(rows, of: rows.map { (try? $0.get())?.number.number })
}

/// One row by itself; what only shows beside other rows is not looked for.
func readSubsidyRow(
    _ object: JSONObject, index: Int, form: RegistrationForm,
    number: NumberPlace = .inTheRow
) -> Result<SubsidyRegistrationRow, RowRefusal> {
    var reader = SubsidyRowReader(object, index: index, form: form, number: number)
    return reader.row()
}

private struct SubsidyRowReader {
    private static let items: Set<String> = [
        "orgSpecificCertificateTypeId", "myNumber", "basicFiveInfo", "isNotDisclosed",
        "medicalSubsidyInsurerNumber", "certificationName", "medicalSubsidyRecipientNumber",
        "certificationSubKey", "segment", "incomeSegment", "additionalConditions",
        "designatedMedicalInstitutions", "isAlwaysReimbursement", "maxCopaymentAmount",
        "validFrom", "validTo", "historyKey", "isDeleted", "certificationDetail",
    ]
    private static let fiveItems: Set<String> = [
        "name", "nameKana", "address", "dateOfBirth", "sex",
    ]
    /// Numbers and keys by a rule of the municipality: twelve digits are nothing unusual in them.
    private static let keyItems: Set<String> = [
        "orgSpecificCertificateTypeId", "medicalSubsidyInsurerNumber",
        "medicalSubsidyRecipientNumber", "certificationSubKey", "historyKey",
    ]

    private let object: JSONObject
    private let form: RegistrationForm
    private var reader: RowReader

    init(_ object: JSONObject, index: Int, form: RegistrationForm, number: NumberPlace) {
        self.object = object
        self.form = form
        reader = RowReader(object, index: index, number: number)
    }

    mutating func row() -> Result<SubsidyRegistrationRow, RowRefusal> {
        let number = reader.individualNumber()
        let isNotDisclosed = reader.bool("isNotDisclosed")
        let person = person(isNotDisclosed: isNotDisclosed ?? true)
        let certificate = certificate()
        let needsHistory = form == .difference
        let historyKey = reader.text(
            "historyKey", charactersMax: RegistrationLimits.keyCharactersMax,
            isRequired: needsHistory)
        let isDeleted = reader.bool("isDeleted", isRequired: needsHistory)
        reader.refuseIndividualNumbers(own: number, keyItems: Self.keyItems)
        reader.warnOfUnknown(Self.items)
        guard !reader.hasErrors, let number, let person, let certificate else {
            return .failure(RowRefusal(reader.findings))
        }
        return .success(
            SubsidyRegistrationRow(
                index: reader.index, number: number, person: person, certificate: certificate,
                history: (historyKey, isDeleted ?? false), warnings: reader.findings,
                object: object))
    }

    private mutating func person(isNotDisclosed: Bool) -> SubsidyRegistrationRow.Person? {
        guard let five = reader.object("basicFiveInfo") else { return nil }
        var items = RowReader(five, index: reader.index, path: "basicFiveInfo")
        defer { reader.take(items.findings) }
        let name = items.text("name", charactersMax: RegistrationLimits.nameCharactersMax)
        let kana = items.text(
            "nameKana", charactersMax: RegistrationLimits.nameCharactersMax, isRequired: false)
        if kana == nil, (five["nameKana"] ?? .null).isEmptyOrNull {
            items.add(.kanaMissing, "nameKana")
        }
        let address = items.text(
            "address", charactersMax: RegistrationLimits.addressCharactersMax,
            isRequired: !isNotDisclosed)
        let born = items.parsed("dateOfBirth") { text throws(Refusal) in try BirthDate(text) }
        if let born, born.day == nil { items.add(.unknownDay, "dateOfBirth") }
        let sex = items.parsed("sex") { text throws(Refusal) in
            guard let sex = SubsidyRegistrationRow.Sex(rawValue: text) else {
                throw .malformed("sex")
            }
            return sex
        }
        items.warnOfUnknown(Self.fiveItems)
        guard let name, let born, let sex else { return nil }
        return .init(
            name: name, nameKana: kana, address: address, dateOfBirth: born, sex: sex,
            isNotDisclosed: isNotDisclosed)
    }

    private mutating func certificate() -> SubsidyRegistrationRow.Certificate? {
        let typeID = certificateTypeID()
        let payer = payerNumber()
        let name = reader.text(
            "certificationName", charactersMax: RegistrationLimits.certificationNameCharactersMax)
        let recipient = recipientNumber()
        let conditions = additionalConditions()
        let isAlwaysReimbursement = reader.parsed("isAlwaysReimbursement") {
            text throws(Refusal) in
            guard text == "0" || text == "1" else { throw .malformed("isAlwaysReimbursement") }
            return text == "1"
        }
        let (from, to) = period()
        let detail = reader.array("certificationDetail")
        let subKey = key("certificationSubKey")
        let segment = key("segment")
        let incomeSegment = key("incomeSegment")
        let designated = designatedInstitutions()
        let cap = reader.object(RegisteredCap.item, isRequired: false)
        for name in cap.map(RegisteredCap.uncounted(of:)) ?? [] {
            reader.add(.capUncounted, RegisteredCap.item + "." + name)
        }
        guard let typeID, let name, let isAlwaysReimbursement, let from, let to, let detail else {
            return nil
        }
        return .init(
            typeID: typeID, name: name, payerNumber: payer, recipientNumber: recipient,
            subKey: subKey, segment: segment, incomeSegment: incomeSegment,
            additionalConditions: conditions, designatedMedicalInstitutions: designated,
            isAlwaysReimbursement: isAlwaysReimbursement, maxCopaymentAmount: cap, validFrom: from,
            validTo: to, detail: detail)
    }

    /// 半角英数; `-` and `_` are taken too, because local systems join their codes with them.
    private mutating func certificateTypeID() -> String? {
        let item = "orgSpecificCertificateTypeId"
        let text = reader.text(item, charactersMax: RegistrationLimits.typeIDCharactersMax)
        guard let text else { return nil }
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
            default: false
            }
        }
        if !isPlain { reader.add(.charset, item) }
        return text
    }

    private mutating func key(_ item: String) -> String? {
        reader.text(item, charactersMax: RegistrationLimits.keyCharactersMax, isRequired: false)
    }

    private mutating func payerNumber() -> PublicPayerNumber? {
        let item = "medicalSubsidyInsurerNumber"
        let payer = reader.parsed(item, isRequired: false) { text throws(Refusal) in
            try PublicPayerNumber(text)
        }
        if let payer, !payer.hasValidCheckDigit { reader.add(.checkDigit, item) }
        return payer
    }

    private mutating func recipientNumber() -> RecipientNumber? {
        let item = "medicalSubsidyRecipientNumber"
        let text = reader.text(
            item, charactersMax: RecipientNumber.charactersMax, isRequired: false)
        guard let text, let recipient = try? RecipientNumber(text) else { return nil }
        if recipient.hasValidCheckDigit == false { reader.add(.checkDigit, item) }
        return recipient
    }

    private mutating func designatedInstitutions() -> String? {
        let item = "designatedMedicalInstitutions"
        let text = reader.text(
            item, charactersMax: RegistrationLimits.longTextCharactersMax, isRequired: false)
        let isOdd = EntitlementVersion.institutionCodes(in: text ?? "").contains { code in
            (try? MedicalInstitutionCode(code))?.checkDigitStanding == .odd
        }
        if isOdd { reader.add(.checkDigit, item) }
        return text
    }

    private mutating func additionalConditions() -> [SubsidyRegistrationRow.AdditionalCondition] {
        let item = "additionalConditions"
        let text = reader.text(
            item, charactersMax: RegistrationLimits.longTextCharactersMax, isRequired: false)
        guard let text else { return [] }
        var conditions: [SubsidyRegistrationRow.AdditionalCondition] = []
        for part in text.split(separator: ";", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else {
                reader.add(.format, item)
                return []
            }
            conditions.append(.init(item: String(halves[0]), code: String(halves[1])))
        }
        return conditions
    }

    private mutating func period() -> (from: CalendarDay?, to: CalendarDay?) {
        let from = reader.day("validFrom")
        let to = reader.day("validTo")
        if let from, let to, to < from { reader.add(.dateOrder, "validTo") }
        return (from, to)
    }
}

extension JSON {
    fileprivate var isEmptyOrNull: Bool { self == .null || self == .string("") }
}
