/// 個人番号の混入: where no individual number may be sent, none is taken: not as an item of that name,
/// not as a name, and not inside any text.
extension JSON {
    /// Throws `.individualNumberNotAllowed(path)`. `items` are not looked into: signatures, and
    /// numbers printed on a certificate, in which twelve digits are nothing unusual.
    package func refuseIndividualNumbers(
        at path: String = "", exceptIn items: Set<String> = []
    ) throws(Refusal) {
        // Where it stands is told only once there is one.
        guard holdsIndividualNumber(exceptIn: items) else { return }
        try refuseTheFirst(at: path, exceptIn: items)
    }

    private func holdsIndividualNumber(exceptIn items: Set<String>) -> Bool {
        switch self {
        case .null, .bool: false
        case .number(let text), .string(let text): Self.carriesOne(text)
        case .array(let elements):
            elements.contains { $0.holdsIndividualNumber(exceptIn: items) }
        case .object(let object):
            object.members.contains { member in
                member.name == "myNumber" || Self.carriesOne(member.name)
                    || !items.contains(member.name)
                        && member.value.holdsIndividualNumber(exceptIn: items)
            }
        }
    }

    private func refuseTheFirst(at path: String, exceptIn items: Set<String>) throws(Refusal) {
        switch self {
        case .null, .bool: return
        case .number(let text), .string(let text):
            if Self.carriesOne(text) { throw .individualNumberNotAllowed(path) }
        case .array(let elements):
            for (place, element) in elements.enumerated() {
                try element.refuseTheFirst(
                    at: JSONPath.element(place, of: path), exceptIn: items)
            }
        case .object(let object):
            for member in object.members {
                let item = JSONPath.member(member.name, of: path)
                guard member.name != "myNumber", !Self.carriesOne(member.name) else {
                    throw .individualNumberNotAllowed(item)
                }
                guard !items.contains(member.name) else { continue }
                try member.value.refuseTheFirst(at: item, exceptIn: items)
            }
        }
    }

    /// Nearly every text is done after one look at its bytes.
    private static func carriesOne(_ text: String) -> Bool {
        var digits = 0
        for byte in text.utf8 where (0x30...0x39).contains(byte) || byte >= 0x80 { digits += 1 }
        if digits >= 12 { return !isOurID(text) && IndividualNumber.looksLikeOne(in: text) }
        return HiddenText.hasRoom(in: text.utf8) && !isOurID(text)
            && IndividualNumber.isHidden(in: text)
    }

    /// Random ids of ours have groups of digits too, alone and in a reference (`Immunization/…`); a pairwise
    /// id has none on purpose.
    private static func isOurID(_ text: String) -> Bool {
        let letters = text.utf8.prefix { 0x41...0x5A ~= $0 || 0x61...0x7A ~= $0 }
        let rest = text.utf8[letters.endIndex...]
        // An id may begin with letters, too: a type is what a slash follows.
        let isReference = !letters.isEmpty && rest.first == 0x2F
        let id = isReference ? rest.dropFirst() : text.utf8[...]
        return id.count == 36 && (try? RecordID(String(Substring(id)))) != nil
    }
}
