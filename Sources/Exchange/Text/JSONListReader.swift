/// 届きつつある一覧: a JSON list as its bytes come, alone or as the member `name` of an object. Each element is
/// read by itself by `JSON`'s own rules, so that of a list of any length one element is held; what is
/// between the elements is as strict as they are.
struct JSONListReader: Sendable {
    private enum Place {
        case start, nameOrEnd, name, inName, colon, list, element, value, commaOrEnd, end
    }

    private let name: String
    /// Members that may stand beside the list, each no longer than an element.
    private let beside: Set<String>
    private let limits: JSONLimits
    private var place = Place.start
    /// Of what is being read: the bytes before this block.
    private var held: [UInt8] = []
    private var depth = 0
    private var isInString = false
    private var isEscaped = false
    private var isBare = false
    private var member = ""
    private var seen: Set<String> = []
    private var count = 0

    init(_ name: String, beside: Set<String>, limits: JSONLimits) {
        self.name = name
        self.beside = beside
        self.limits = limits
    }

    /// `take`: each element that is whole, with its path and its number from 1. Throws what `take` throws,
    /// and as `JSON` does with the path of what is wrong; an element longer than the limits is malformed.
    mutating func read(
        _ block: ArraySlice<UInt8>, _ take: (JSON, String, Int) throws(Refusal) -> Void
    ) throws(Refusal) {
        var index = block.startIndex
        while index < block.endIndex {
            switch place {
            case .inName: index = try readName(block, from: index)
            case .element, .value: index = try readValue(block, from: index, take)
            default:
                try step(block[index])
                index += 1
            }
        }
    }

    /// The list is here to its last byte. Throws `.missing(name)` for an object that has none.
    func finish() throws(Refusal) {
        guard place == .end else { throw .malformed(path.isEmpty ? "body" : path) }
        guard isBare || seen.contains(name) else { throw .missing(name) }
    }

    /// Of what is being read, in the caller's words.
    private var path: String {
        switch place {
        case .element: JSONPath.element(count, of: isBare ? "" : name)
        case .value: JSONPath.member(member, of: "")
        default: ""
        }
    }

    // MARK: Between elements

    private mutating func step(_ byte: UInt8) throws(Refusal) {
        if [0x20, 0x0A, 0x0D, 0x09].contains(byte) { return }
        switch (place, byte) {
        case (.start, UInt8(ascii: "[")):
            isBare = true
            place = .element
        case (.start, UInt8(ascii: "{")): place = .nameOrEnd
        case (.nameOrEnd, UInt8(ascii: "}")), (.commaOrEnd, UInt8(ascii: "}")): place = .end
        case (.nameOrEnd, UInt8(ascii: "\"")), (.name, UInt8(ascii: "\"")):
            held = [byte]
            place = .inName
        case (.commaOrEnd, UInt8(ascii: ",")): place = .name
        case (.colon, UInt8(ascii: ":")): place = member == name ? .list : .value
        case (.list, UInt8(ascii: "[")): place = .element
        case (.list, _): throw .malformed(name)
        default: throw .malformed("body")
        }
    }

    /// Up to the quotation mark that ends it.
    private mutating func readName(
        _ block: ArraySlice<UInt8>, from start: Int
    ) throws(Refusal) -> Int {
        var index = start
        while index < block.endIndex {
            let byte = block[index]
            index += 1
            try hold(CollectionOfOne(byte))
            if isEscaped {
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                member = try parsed(at: "body").string ?? ""
                let path = JSONPath.member(member, of: "")
                guard member == name || beside.contains(member) else { throw .unknownItem(path) }
                guard seen.insert(member).inserted else { throw .duplicateItem(path) }
                place = .colon
                break
            }
        }
        return index
    }

    // MARK: Elements

    /// Up to the comma or the bracket that ends it.
    private mutating func readValue(
        _ block: ArraySlice<UInt8>, from start: Int,
        _ take: (JSON, String, Int) throws(Refusal) -> Void
    ) throws(Refusal) -> Int {
        var index = start
        while index < block.endIndex {
            let byte = block[index]
            if isInString {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
            } else {
                switch byte {
                case UInt8(ascii: "\""): isInString = true
                case UInt8(ascii: "["), UInt8(ascii: "{"): depth += 1
                case UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: ","):
                    if depth == 0 {
                        try hold(block[start..<index])
                        try close(byte, take)
                        return index + 1
                    }
                    if byte != UInt8(ascii: ",") { depth -= 1 }
                default: break
                }
            }
            index += 1
        }
        try hold(block[start...])
        return index
    }

    private mutating func hold(_ bytes: some Collection<UInt8>) throws(Refusal) {
        guard held.count + bytes.count <= limits.bytesMax else {
            throw .malformed(path.isEmpty ? "body" : path)
        }
        held.append(contentsOf: bytes)
    }

    private mutating func close(
        _ byte: UInt8, _ take: (JSON, String, Int) throws(Refusal) -> Void
    ) throws(Refusal) {
        guard place == .element else {
            guard byte != UInt8(ascii: "]") else { throw .malformed(path) }
            _ = try parsed(at: path)
            place = byte == UInt8(ascii: ",") ? .name : .end
            return
        }
        guard byte != UInt8(ascii: "}") else { throw .malformed(path) }
        let isLast = byte == UInt8(ascii: "]")
        let isNone = held.allSatisfy { [0x20, 0x0A, 0x0D, 0x09].contains($0) }
        if isLast, isNone, count == 0 {
            held.removeAll(keepingCapacity: true)
        } else {
            let path = path
            let element = try parsed(at: path)
            count += 1
            try take(element, path, count)
        }
        if isLast { place = isBare ? .end : .commaOrEnd }
    }

    /// What is held, which is then held no more.
    private mutating func parsed(at path: String) throws(Refusal) -> JSON {
        defer { held.removeAll(keepingCapacity: true) }
        do throws(Refusal) {
            return try JSON(reading: held, limits: limits)
        } catch {
            switch error {
            case .malformed(let inner): throw .malformed(Self.joined(path, inner))
            case .duplicateItem(let inner): throw .duplicateItem(Self.joined(path, inner))
            default: throw .malformed(path)
            }
        }
    }

    private static func joined(_ path: String, _ inner: String) -> String {
        if inner == "body" { return path }
        return inner.hasPrefix("[") ? path + inner : path + "." + inner
    }
}
