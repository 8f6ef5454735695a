/// Reads the items of one row one after another and collects what is wrong, so that its sender
/// hears of everything at once. A reader of `""`-valued text takes it as absent: connectors send
/// empty text so.
struct RowReader {
    let object: JSONObject
    let index: Int
    /// Path of `object` inside the row: empty, or `basicFiveInfo`.
    let path: String
    private let number: NumberPlace
    private(set) var findings: [RowFinding] = []

    init(
        _ object: JSONObject, index: Int, path: String = "", number: NumberPlace = .inTheRow
    ) {
        self.object = object
        self.index = index
        self.path = path
        self.number = number
    }

    var hasErrors: Bool { findings.contains { $0.severity == .error } }

    mutating func add(_ code: RowCode, _ name: String) {
        findings.append(
            RowFinding(index: index, item: JSONPath.member(name, of: path), code: code))
    }

    mutating func take(_ others: [RowFinding]) {
        findings += others
    }

    mutating func text(_ name: String, charactersMax: Int, isRequired: Bool = true) -> String? {
        guard let value = present(name, isRequired: isRequired) else { return nil }
        guard case .string(let text) = value else {
            add(.format, name)
            return nil
        }
        if text.isEmpty {
            if isRequired { add(.required, name) }
            return nil
        }
        var count = 0
        var hasControl = false
        var hasPrivateUse = false
        for scalar in text.unicodeScalars {
            count += 1
            hasControl = hasControl || scalar.isControl
            hasPrivateUse = hasPrivateUse || scalar.isPrivateUse
        }
        if count > charactersMax { add(.length, name) }
        if hasControl { add(.charset, name) }
        if hasPrivateUse { add(.gaiji, name) }
        return text
    }

    mutating func bool(_ name: String, isRequired: Bool = true) -> Bool? {
        guard let value = present(name, isRequired: isRequired) else { return nil }
        if let claim = value.bool { return claim }
        add(.format, name)
        return nil
    }

    /// A whole number, as JSON writes one.
    mutating func int(
        _ name: String, in range: ClosedRange<Int>, isRequired: Bool = true
    ) -> Int? {
        guard let value = present(name, isRequired: isRequired) else { return nil }
        if let number = value.int, range.contains(number) { return number }
        add(.format, name)
        return nil
    }

    mutating func object(_ name: String, isRequired: Bool = true) -> JSONObject? {
        guard let value = present(name, isRequired: isRequired) else { return nil }
        if let object = value.object { return object }
        add(.format, name)
        return nil
    }

    mutating func array(_ name: String, isRequired: Bool = true) -> [JSON]? {
        guard let value = present(name, isRequired: isRequired) else { return nil }
        if let elements = value.array { return elements }
        add(.format, name)
        return nil
    }

    mutating func day(_ name: String, isRequired: Bool = true) -> CalendarDay? {
        parsed(name, isRequired: isRequired) { text throws(Refusal) in try CalendarDay(text) }
    }

    /// A number that is not one is told apart from a missing one, but nothing of it is repeated.
    mutating func individualNumber() -> GivenNumber? {
        guard number == .inTheRow else { return .elsewhere }
        guard let value = present("myNumber", isRequired: true) else { return nil }
        if case .string(let text) = value, let number = try? IndividualNumber(text) {
            return .here(number)
        }
        add(.number, "myNumber")
        return nil
    }

    /// Text that becomes a type of its own; a refusal of that type is a wrong form.
    mutating func parsed<Value>(
        _ name: String, isRequired: Bool = true, code: RowCode = .format,
        by make: (String) throws(Refusal) -> Value
    ) -> Value? {
        guard let value = present(name, isRequired: isRequired) else { return nil }
        if case .string(let text) = value {
            if text.isEmpty, !isRequired { return nil }
            if let made = try? make(text) { return made }
        }
        add(code, name)
        return nil
    }

    mutating func warnOfUnknown(_ known: Set<String>) {
        for member in object.members where !known.contains(member.name) {
            add(.unknownItem, member.name)
        }
    }

    /// Refuses what looks like an individual number in any other item. `keyItems` are numbers by a
    /// rule of their own, in which only the row's own individual number is out of place.
    ///
    /// A row of a file was looked through by its layout while its number still stood in it.
    mutating func refuseIndividualNumbers(own: GivenNumber?, keyItems: Set<String>) {
        guard number == .inTheRow else { return }
        let own = own?.number
        for member in object.members where member.name != "myNumber" {
            let path = path
            let item = { JSONPath.member(member.name, of: path) }
            if IndividualNumber.looksLikeOne(in: member.name) {
                addPath(.individualNumberElsewhere, item())
            }
            let isKey = keyItems.contains(member.name)
            if isKey, own == nil { continue }
            visit(member.value, item) { text in
                isKey
                    ? own?.isWritten(in: text) ?? false
                    : IndividualNumber.looksLikeOne(in: text)
            }
        }
    }

    /// The path of `value` is written once something is wrong with it.
    private mutating func visit(
        _ value: JSON, _ item: () -> String, _ isWrong: (String) -> Bool
    ) {
        switch value {
        case .null, .bool: break
        case .number(let text), .string(let text):
            if isWrong(text) { addPath(.individualNumberElsewhere, item()) }
        case .array(let elements):
            for (place, element) in elements.enumerated() {
                visit(element, { JSONPath.element(place, of: item()) }, isWrong)
            }
        case .object(let object):
            for member in object.members {
                if isWrong(member.name) { addPath(.individualNumberElsewhere, item()) }
                visit(member.value, { JSONPath.member(member.name, of: item()) }, isWrong)
            }
        }
    }

    private mutating func addPath(_ code: RowCode, _ item: String) {
        findings.append(RowFinding(index: index, item: item, code: code))
    }

    private mutating func present(_ name: String, isRequired: Bool) -> JSON? {
        switch object[name] {
        case .null?, nil: break
        case let value?: return value
        }
        if isRequired { add(.required, name) }
        return nil
    }
}

extension Unicode.Scalar {
    /// 外字: only the body that registered the character knows what it looks like.
    var isPrivateUse: Bool {
        (0xE000...0xF8FF).contains(value) || (0xF0000...0x10FFFD).contains(value)
    }
}

/// Reads a body that must be an array of rows; only that much refuses the body as a whole.
func readRows<Row: Sendable>(
    _ body: [UInt8], as read: (JSONObject, Int) -> Result<Row, RowRefusal>
) throws(Refusal) -> [Result<Row, RowRefusal>] {
    guard case .array(let elements) = try JSON(reading: body, limits: RegistrationLimits.json)
    else { throw .malformed("body") }
    guard elements.count <= RegistrationLimits.rowsMax else { throw .bodyTooLarge }
    var rows: [Result<Row, RowRefusal>] = []
    rows.reserveCapacity(elements.count)
    for (index, element) in elements.enumerated() {
        if let object = element.object {
            rows.append(read(object, index))
        } else {
            let finding = RowFinding(index: index, item: "row", code: .format)
            rows.append(.failure(RowRefusal([finding])))
        }
    }
    return rows
}
