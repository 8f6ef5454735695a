/// FHIR の読み取り: what every resource that we read is held to. What is wrong is named by its path.
extension JSONObject {
    /// The resource in a request's body. What is absent has no name: FHIR writes null in arrays of primitives
    /// alone (https://hl7.org/fhir/R4/json.html#null), and elsewhere it would be read as silence.
    init(resource body: [UInt8]) throws(Refusal) {
        self = try JSON(reading: body).requiredObject(at: "body")
        // Where it stands is told only once there is one.
        if holdsNull { try refuseNulls(at: "") }
    }

    private var holdsNull: Bool {
        members.contains { member in
            switch member.value {
            case .null: true
            case .object(let child): child.holdsNull
            case .array(let elements): elements.contains { $0.object?.holdsNull ?? false }
            default: false
            }
        }
    }

    private func refuseNulls(at path: String) throws(Refusal) {
        for member in members {
            switch member.value {
            case .null: throw .malformed(JSONPath.member(member.name, of: path))
            case .object(let child):
                try child.refuseNulls(at: JSONPath.member(member.name, of: path))
            case .array(let elements):
                for (index, element) in elements.enumerated() {
                    guard case .object(let child) = element else { continue }
                    let place = JSONPath.member(member.name, of: path)
                    try child.refuseNulls(at: JSONPath.element(index, of: place))
                }
            default: break
            }
        }
    }

    func requireResource(_ type: String, at path: String = "") throws(Refusal) {
        guard try requiredString("resourceType", at: path) == type else {
            throw .malformed(JSONPath.member("resourceType", of: path))
        }
    }

    /// What would change the meaning of the rest (`modifierExtension`, `implicitRules`) is refused, however
    /// deep it stands.
    func refuseModifiers(at path: String = "") throws(Refusal) {
        // Where it stands is told only once there is one.
        if holdsModifier { try refuseModifier(under: path) }
    }

    private var holdsModifier: Bool {
        members.contains { member in
            if Self.modifiers.contains(member.name) { return true }
            return switch member.value {
            case .object(let child): child.holdsModifier
            case .array(let elements): elements.contains { $0.object?.holdsModifier ?? false }
            default: false
            }
        }
    }

    /// PMH's name of the individual number: no element of FHIR, and no more to be passed over.
    private static let ownNumber = "myNumber"
    private static let modifiers = ["modifierExtension", "implicitRules", ownNumber]

    private func refuseModifier(under path: String) throws(Refusal) {
        for member in members {
            if Self.modifiers.contains(member.name) {
                let place = JSONPath.member(member.name, of: path)
                throw member.name == Self.ownNumber
                    ? .individualNumberNotAllowed(place) : .unknownItem(place)
            }
            switch member.value {
            case .object(let child):
                try child.refuseModifier(under: JSONPath.member(member.name, of: path))
            case .array(let elements):
                for (index, element) in elements.enumerated() {
                    guard case .object(let child) = element else { continue }
                    let place = JSONPath.member(member.name, of: path)
                    try child.refuseModifier(under: JSONPath.element(index, of: place))
                }
            default: break
            }
        }
    }

    /// The pairwise id under `name` (`patient`, `subject`): a reference to a Patient of ours.
    func patientID(_ name: String = "patient", at path: String = "") throws(Refusal) -> String {
        let place = JSONPath.member(name, of: path)
        let patient = try requiredObject(name, at: path)
        let number = try patient.optionalObject("identifier", at: place)?
            .optionalString("value", at: place + ".identifier")
        if let number, number.utf8.count == 12,
            number.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        {
            throw .individualNumberNotAllowed(place + ".identifier.value")
        }
        let reference = try patient.requiredString("reference", at: place)
        guard let id = FHIR.id(in: reference, of: "Patient") else {
            throw .malformed(place + ".reference")
        }
        return id
    }

    /// `extension` of `urn:tsunagi:StructureDefinition:visit`: `valueString` or
    /// `valueIdentifier.value`.
    func visitID() throws(Refusal) -> String {
        let item = "extension(visit)"
        guard let entry = try extensionItem(FHIR.Extension.visit, as: item) else {
            throw .missing(item)
        }
        let text = try entry.optionalString("valueString", at: item)
        let identifier = try entry.optionalObject("valueIdentifier", at: item)
        let value = try identifier?.optionalString("value", at: item)
        guard let id = text ?? value, FHIR.isID(id) else { throw .malformed(item) }
        return id
    }

    /// The one extension of this URL; `item` is what a refusal calls it.
    func extensionItem(
        _ url: String, as item: @autoclosure () -> String
    ) throws(Refusal) -> JSONObject? {
        var found: JSONObject?
        for case .object(let entry) in try optionalArray("extension") ?? []
        where entry["url"]?.string == url {
            guard found == nil else { throw .duplicateItem(item()) }
            found = entry
        }
        return found
    }

    /// Objects of an array, each with its path; absent is empty.
    func objects(_ name: String, at path: String = "") throws(Refusal) -> [(JSONObject, String)] {
        var objects: [(JSONObject, String)] = []
        let place = JSONPath.member(name, of: path)
        for (index, value) in (try optionalArray(name, at: path) ?? []).enumerated() {
            let here = JSONPath.element(index, of: place)
            objects.append((try value.requiredObject(at: here), here))
        }
        return objects
    }

    /// FHIR has no empty strings, and none with U+0000, which no database keeps either.
    func filledString(_ name: String, at path: String = "") throws(Refusal) -> String? {
        guard let text = try optionalString(name, at: path) else { return nil }
        // Most texts show it by a letter of ASCII, which is found without asking Unicode.
        let isFilled =
            text.utf8.contains { (0x21...0x7E).contains($0) }
            || text.contains { !$0.isWhitespace }
        guard isFilled, !text.utf8.contains(0) else {
            throw .malformed(JSONPath.member(name, of: path))
        }
        return text
    }

    func requiredFilled(_ name: String, at path: String = "") throws(Refusal) -> String {
        guard let text = try filledString(name, at: path) else {
            throw .missing(JSONPath.member(name, of: path))
        }
        return text
    }

    /// One of a closed set of codes.
    func code<Code: RawRepresentable<String>>(
        _ name: String, at path: String = ""
    ) throws(Refusal) -> Code? {
        guard let text = try optionalString(name, at: path) else { return nil }
        guard let code = Code(rawValue: text) else {
            throw .malformed(JSONPath.member(name, of: path))
        }
        return code
    }

    /// `positiveInt`.
    func positiveInt(_ name: String, at path: String = "") throws(Refusal) -> Int? {
        guard let number = try optionalInt(name, at: path) else { return nil }
        guard number > 0 else { throw .malformed(JSONPath.member(name, of: path)) }
        return number
    }

    func day(_ name: String, at path: String = "") throws(Refusal) -> CalendarDay? {
        guard let text = try optionalString(name, at: path) else { return nil }
        return try CalendarDay(text, item: JSONPath.member(name, of: path))
    }
}

/// FHIR `date` or `dateTime` as given: a year or a month alone is a time, but names no day.
package struct GivenTime: Hashable, Sendable {
    package let text: String
    /// The civil day in Japan.
    package let day: CalendarDay?

    package init(_ text: String, item: @autoclosure () -> String = "dateTime") throws(Refusal) {
        self.text = text
        switch text.utf8.count {
        case 4:
            _ = try CalendarDay(text + "-01-01", item: item())
            day = nil
        case 7:
            _ = try CalendarDay(text + "-01", item: item())
            day = nil
        case 10: day = try CalendarDay(text, item: item())
        default: day = try Instant(text, item: item()).dayInJapan
        }
    }

    package init(_ day: CalendarDay) {
        text = day.text
        self.day = day
    }

    /// The earliest day that it can mean.
    package var firstDay: CalendarDay? {
        switch text.utf8.count {
        case 4: try? CalendarDay(text + "-01-01")
        case 7: try? CalendarDay(text + "-01")
        default: day
        }
    }

    /// The days that a year or a month alone can mean; `nil` where the day is known.
    package var days: ClosedRange<CalendarDay>? {
        guard day == nil, let first = firstDay,
            let last = text.utf8.count == 4 ? (try? CalendarDay(text + "-12-31")) : lastDay
        else { return nil }
        return first...last
    }

    /// 最終有効年月: a month alone on a label means its last day.
    package var lastDay: CalendarDay? {
        guard day == nil, text.utf8.count == 7, let first = try? CalendarDay(text + "-01") else {
            return day
        }
        return try? CalendarDay(
            year: first.year, month: first.month,
            day: CalendarDay.days(in: first.month, of: first.year))
    }
}

extension JSONObject {
    func time(_ name: String, at path: String = "") throws(Refusal) -> GivenTime? {
        guard let text = try optionalString(name, at: path) else { return nil }
        return try GivenTime(text, item: JSONPath.member(name, of: path))
    }
}
