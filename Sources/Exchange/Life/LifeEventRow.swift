/// 住民異動の登録の一行: an event as a municipality sends it, by the API or in a file (住民異動のファイル). PMH
/// publishes no form for it; ours is flat, as the file's columns are.
package struct LifeEventRow: Sendable {
    /// 基本情報: what the row says of the person; an item it leaves out it says nothing of.
    package struct Told: Hashable, Sendable {
        package let name: String?
        package let nameKana: String?
        package let address: String?
        package let dateOfBirth: BirthDate?
        package let sex: SubsidyRegistrationRow.Sex?

        package var facts: IdentityFacts {
            IdentityFacts(
                name: name, nameKana: nameKana, address: address, dateOfBirth: dateOfBirth?.text,
                sex: sex?.rawValue)
        }
    }

    /// Place in the body, from 0.
    package let index: Int
    package let sequence: String
    package let kind: LifeEvent.Kind
    /// Where the row holds one: arrivals must, others may name whom the municipality knows by its key.
    package let number: IndividualNumber?
    package let municipalityIdentityKey: String
    package let effectiveOn: CalendarDay
    package let knownOn: CalendarDay
    package let otherMunicipality: LocalGovernmentCode?
    package let corrects: String?
    /// 統合される記録: of a merge, the record that is absorbed.
    package let merged: RegisteredPerson?
    package let told: Told
    package let isNotDisclosed: Bool
    /// JSON text of all items as written, without individual numbers.
    package let face: String
    package let warnings: [RowFinding]

    package func event(of municipality: String) -> LifeEvent {
        LifeEvent(
            municipality: municipality, sequence: sequence, kind: kind,
            days: (effectiveOn, knownOn), otherMunicipality: otherMunicipality?.digits,
            corrects: corrects)
    }
}

package func readLifeEventRows(_ body: [UInt8]) throws(Refusal)
    -> [Result<LifeEventRow, RowRefusal>]
{
    try readRows(body) { object, index in
        var reader = LifeEventReader(object, index: index, number: .inTheRow)
        return reader.row()
    }
}

extension CheckedRow {
    /// 住民異動のファイル: by the same rules as a row of the API.
    package func lifeEventRow(number: NumberPlace) -> Result<LifeEventRow, RowRefusal> {
        var reader = LifeEventReader(object, index: line - 1, number: number)
        return reader.row()
    }
}

extension LifeEventRow.Told {
    /// 保管した行: the same items, from the face of an event that was taken.
    package init(face: String) throws(Refusal) {
        let object = try JSON(reading: Array(face.utf8)).requiredObject(at: "face")
        var reader = RowReader(object, index: 0)
        self = reader.told(requires: [])
    }
}

private struct LifeEventReader {
    private static let items: Set<String> = [
        "sequence", "kind", "myNumber", "municipalityIdentityKey", "effectiveOn", "knownOn",
        "otherMunicipality", "corrects", "mergedIdentityKey", "name", "nameKana", "alias",
        "dateOfBirth", "sex", "address", "isNotDisclosed",
    ]
    /// Numbers by a rule of their own.
    private static let keys: Set<String> = [
        "sequence", "municipalityIdentityKey", "corrects", "mergedIdentityKey",
    ]

    private var reader: RowReader
    private let place: NumberPlace
    private let whole: JSONObject

    init(_ object: JSONObject, index: Int, number place: NumberPlace) {
        reader = RowReader(object.without("merged"), index: index, number: place)
        self.place = place
        whole = object
    }

    mutating func row() -> Result<LifeEventRow, RowRefusal> {
        let sequence = reader.text("sequence", charactersMax: 64)
        let kind = reader.parsed("kind", code: .unknownCode) { text throws(Refusal) in
            guard let kind = LifeEvent.Kind(rawValue: text) else { throw .malformed("kind") }
            return kind
        }
        let number = number(isRequired: kind?.isArrival ?? false)
        let key = reader.text(
            "municipalityIdentityKey",
            charactersMax: RegistrationLimits.identityKeyCharactersMax)
        let effectiveOn = reader.day("effectiveOn")
        let knownOn = reader.day("knownOn")
        let other = reader.parsed("otherMunicipality", isRequired: false) {
            text throws(Refusal) in try LocalGovernmentCode(text)
        }
        let corrects = corrects(kind, sequence)
        let merged = merged(kind)
        if kind == .joined, let number = number?.number, merged == .number(number) {
            reader.add(.format, "merged")
        }
        let told = reader.told(requires: kind?.requiredItems ?? [])
        let isNotDisclosed = reader.bool("isNotDisclosed")
        reader.refuseIndividualNumbers(own: number, keyItems: Self.keys)
        if let other = merged?.number {
            for item in Self.keys.sorted() {
                guard let text = reader.object[item]?.string, other.isWritten(in: text) else {
                    continue
                }
                reader.add(.individualNumberElsewhere, item)
            }
        }
        reader.warnOfUnknown(Self.items)
        guard !reader.hasErrors, let sequence, let kind, let key, let effectiveOn, let knownOn,
            let isNotDisclosed
        else { return .failure(RowRefusal(reader.findings)) }
        return .success(
            LifeEventRow(
                index: reader.index, sequence: sequence, kind: kind, number: number?.number,
                municipalityIdentityKey: key, effectiveOn: effectiveOn, knownOn: knownOn,
                otherMunicipality: other, corrects: corrects, merged: merged, told: told,
                isNotDisclosed: isNotDisclosed,
                face: JSON.object(reader.object.without("myNumber")).text,
                warnings: reader.findings))
    }

    private mutating func number(isRequired: Bool) -> GivenNumber? {
        let isGiven =
            place == .besideTheRow || reader.object["myNumber"].map { $0 != .null } ?? false
        return isRequired || isGiven ? reader.individualNumber() : nil
    }

    private mutating func corrects(_ kind: LifeEvent.Kind?, _ sequence: String?) -> String? {
        let name = "corrects"
        let corrects = reader.text(
            name, charactersMax: 64, isRequired: kind == .cancelled || kind == .parted)
        guard let corrects, let kind else { return nil }
        if !(kind.mayCorrect || kind == .parted) || corrects == sequence {
            reader.add(.format, name)
        }
        return corrects
    }

    /// 統合される記録: by its individual number, or by the key under which the municipality knows it.
    private mutating func merged(_ kind: LifeEvent.Kind?) -> RegisteredPerson? {
        let isByNumber = whole["merged"].map { $0 != .null } ?? false
        let byNumber = isByNumber ? reader.person("merged", of: whole, isByKey: false) : nil
        let byKey = reader.text(
            "mergedIdentityKey",
            charactersMax: RegistrationLimits.identityKeyCharactersMax,
            isRequired: kind == .joined && !isByNumber)
        if isByNumber, byKey != nil || kind != .joined { reader.add(.format, "merged") }
        if byKey != nil, kind != .joined { reader.add(.contradicts, "mergedIdentityKey") }
        return byNumber ?? byKey.map { .key($0) }
    }
}

extension LifeEvent.Kind {
    /// Who was not known before is told of whole.
    fileprivate var requiredItems: Set<String> {
        if isArrival { return ["name", "dateOfBirth", "sex"] }
        return self == .renamed ? ["name"] : []
    }
}

extension RowReader {
    fileprivate mutating func told(requires required: Set<String>) -> LifeEventRow.Told {
        LifeEventRow.Told(
            name: text("name", charactersMax: 200, isRequired: required.contains("name")),
            nameKana: text("nameKana", charactersMax: 200, isRequired: false),
            address: text("address", charactersMax: 400, isRequired: false),
            dateOfBirth: parsed(
                "dateOfBirth", isRequired: required.contains("dateOfBirth")
            ) { text throws(Refusal) in try BirthDate(text) },
            sex: parsed("sex", isRequired: required.contains("sex")) { text throws(Refusal) in
                guard let sex = SubsidyRegistrationRow.Sex(rawValue: text) else {
                    throw .malformed("sex")
                }
                return sex
            })
    }
}
