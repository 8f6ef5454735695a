/// Reads the members of one case under any of the names they go by, and remembers which it was asked for,
/// so that what nobody read can be told.
struct CaseReader {
    let object: JSONObject
    let path: String
    private(set) var asked: Set<String> = []

    init(_ object: JSONObject, path: String) {
        self.object = object
        self.path = path
    }

    func place(_ name: String) -> String { JSONPath.member(name, of: path) }

    /// The first of the names that is written and not `null`.
    mutating func present(_ names: [String]) -> (name: String, value: JSON)? {
        asked.formUnion(names)
        for name in names {
            if let value = object[name], value != .null { return (name, value) }
        }
        return nil
    }

    /// Whether it is written, and not `null`.
    func has(_ name: String) -> Bool { object[name].map { $0 != .null } ?? false }

    mutating func text(_ names: String...) throws(CaseFault) -> String? {
        guard let (name, value) = present(names) else { return nil }
        guard let text = value.string, !text.isEmpty else {
            throw CaseFault(.malformed, place(name))
        }
        return text
    }

    mutating func bool(_ names: String...) throws(CaseFault) -> Bool? {
        guard let (name, value) = present(names) else { return nil }
        guard let claim = value.bool else { throw CaseFault(.malformed, place(name)) }
        return claim
    }

    mutating func int(_ names: String..., in range: ClosedRange<Int>) throws(CaseFault) -> Int? {
        guard let (name, value) = present(names) else { return nil }
        return try int(value, name, range)
    }

    /// Yen, or points under another name: a point is ten yen.
    mutating func yen(_ names: String..., points: String...) throws(CaseFault) -> Int? {
        if let (name, value) = present(names) {
            return try int(value, name, 0...Receipt.yenMax)
        }
        guard let (name, value) = present(points) else { return nil }
        return try int(value, name, 0...Receipt.yenMax / 10) * 10
    }

    mutating func day(_ names: String...) throws(CaseFault) -> CalendarDay? {
        guard let (name, value) = present(names) else { return nil }
        guard let text = value.string else { throw CaseFault(.malformed, place(name)) }
        let whole = text.utf8.count == 7 ? text + "-01" : text
        guard let day = try? CalendarDay(whole) else { throw CaseFault(.malformed, place(name)) }
        return day
    }

    mutating func objects(_ names: String...) throws(CaseFault) -> [CaseReader] {
        guard let (name, value) = present(names) else { return [] }
        guard let array = value.array else { throw CaseFault(.malformed, place(name)) }
        var readers: [CaseReader] = []
        for (index, element) in array.enumerated() {
            let place = JSONPath.element(index, of: place(name))
            guard let object = element.object else { throw CaseFault(.malformed, place) }
            readers.append(CaseReader(object, path: place))
        }
        return readers
    }

    mutating func ints(_ name: String, in range: ClosedRange<Int>) throws(CaseFault) -> [Int]? {
        guard let (name, value) = present([name]) else { return nil }
        guard let array = value.array else { throw CaseFault(.malformed, place(name)) }
        var numbers: [Int] = []
        for element in array { numbers.append(try int(element, name, range)) }
        return numbers
    }

    /// Members that were written and never asked for.
    var unknown: [String] { object.members.map(\.name).filter { !asked.contains($0) } }

    private func int(
        _ value: JSON, _ name: String, _ range: ClosedRange<Int>
    ) throws(CaseFault) -> Int {
        guard let number = value.int else { throw CaseFault(.malformed, place(name)) }
        guard range.contains(number) else { throw CaseFault(.outOfRange, place(name)) }
        return number
    }
}
