/// 保護者・後見の登録の一行: what a municipality says of a child and a guardian. PMH publishes no form for it;
/// ours follows its others, with two persons instead of one.
package struct GuardianshipRow: Sendable {
    /// Place in the body, from 0.
    package let index: Int
    package let child: RegisteredPerson
    package let guardian: RegisteredPerson
    /// 関係区分: a code of `access/acting.json`.
    package let kind: String
    package let from: CalendarDay
    /// The last day; nothing while the law alone ends it.
    package let to: CalendarDay?
    /// 親権喪失・停止: whatever the days say, the guardian no longer acts.
    package let isCustodyLost: Bool
    /// 親権喪失等の取消し (民法836条): what any municipality took away before is given back. Never by a file, and
    /// never by a row that does not say so: a copy from before the loss must not undo it.
    package let isCustodyRestored: Bool
    package let warnings: [RowFinding]

    /// What the sender calls the two.
    package var childItem: String { form.child }
    package var guardianItem: String { form.guardian }

    private var form: GuardianshipForm {
        if case .key = child { .inKeys } else { .inNumbers }
    }
}

/// 登録された人: how a row names one of two persons.
package enum RegisteredPerson: Hashable, Sendable {
    case number(IndividualNumber)
    /// 自治体別本人キー: of somebody whom the municipality registered under it.
    case key(String)

    package var number: IndividualNumber? {
        if case .number(let number) = self { number } else { nil }
    }

    package var key: String? {
        if case .key(let key) = self { key } else { nil }
    }
}

package func readGuardianshipRows(
    _ body: [UInt8], _ rules: ActingRules
) throws(Refusal) -> [Result<GuardianshipRow, RowRefusal>] {
    try readRows(body) { object, index in
        readGuardianshipRow(object, index: index, .inNumbers) { rules.guardian($0) != nil }
    }
}

extension CheckedRow {
    /// 保護者・後見のファイル: by the same rules as a row of the API, the persons by their keys; the codes are
    /// those of the layout.
    package var guardianshipRow: Result<GuardianshipRow, RowRefusal> {
        readGuardianshipRow(object, index: line - 1, .inKeys) { _ in true }
    }
}

/// What a form calls its items.
private struct GuardianshipForm {
    let child: String
    let guardian: String
    let kind: String
    let isByKey: Bool

    static let inNumbers = Self(
        child: "child", guardian: "guardian", kind: "guardianKind", isByKey: false)
    static let inKeys = Self(
        child: "childIdentityKey", guardian: "guardianIdentityKey", kind: "kind", isByKey: true)
}

private func readGuardianshipRow(
    _ object: JSONObject, index: Int, _ form: GuardianshipForm, isKnown: (String) -> Bool
) -> Result<GuardianshipRow, RowRefusal> {
    var reader = RowReader(
        form.isByKey ? object : object.without(form.child).without(form.guardian), index: index)
    let modification = reader.parsed("modificationSeg") { text throws(Refusal) in
        guard ["1", "2"].contains(text) else { throw .malformed("modificationSeg") }
        return text
    }
    let child = reader.person(form.child, of: object, isByKey: form.isByKey)
    let guardian = reader.person(form.guardian, of: object, isByKey: form.isByKey)
    let kind = reader.parsed(form.kind) { text throws(Refusal) in
        guard isKnown(text) else { throw .malformed(form.kind) }
        return text
    }
    let from = reader.day("validFrom")
    let to = reader.day("validTo", isRequired: modification == "2")
    if let from, let to, to < from { reader.add(.dateOrder, "validTo") }
    let isCustodyLost = reader.bool("isCustodyLost")
    let isCustodyRestored = reader.bool("isCustodyRestored", isRequired: false) ?? false
    if isCustodyLost == true, isCustodyRestored { reader.add(.format, "isCustodyRestored") }
    if let child, let guardian, child == guardian { reader.add(.contradicts, form.guardian) }
    reader.warnOfUnknown([
        "modificationSeg", form.child, form.guardian, form.kind, "validFrom", "validTo",
        "isCustodyLost", "isCustodyRestored",
    ])
    reader.refuseIndividualNumbers(own: nil, keyItems: [form.child, form.guardian])
    guard !reader.hasErrors, let child, let guardian, let kind, let from, let isCustodyLost else {
        return .failure(RowRefusal(reader.findings))
    }
    return .success(
        GuardianshipRow(
            index: index, child: child, guardian: guardian, kind: kind, from: from, to: to,
            isCustodyLost: isCustodyLost, isCustodyRestored: isCustodyRestored,
            warnings: reader.findings))
}

extension RowReader {
    /// One of two persons of a row: an object that holds the individual number and nothing else, or
    /// the key of somebody who was registered under it.
    mutating func person(
        _ name: String, of object: JSONObject, isByKey: Bool
    ) -> RegisteredPerson? {
        guard !isByKey else {
            return text(name, charactersMax: RegistrationLimits.identityKeyCharactersMax)
                .map { .key($0) }
        }
        guard let value = object[name]?.object else {
            add(object[name] == nil ? .required : .format, name)
            return nil
        }
        var reader = RowReader(value, index: index, path: name)
        let number = reader.individualNumber()
        reader.warnOfUnknown(["myNumber"])
        reader.refuseIndividualNumbers(own: number, keyItems: [])
        take(reader.findings)
        return number?.number.map { .number($0) }
    }
}
