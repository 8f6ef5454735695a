/// Items that may be left out, words of a closed set, and lists of rows: read alike in every field.
extension RuleReader {
    /// What a leaving out of the item stands for is `nil`.
    func optional<Value>(
        _ name: String, _ read: (String) throws(RuleFault) -> Value
    ) throws(RuleFault) -> Value? {
        object[name] == nil ? nil : try read(name)
    }

    func bool(_ name: String, default absent: Bool) throws(RuleFault) -> Bool {
        object[name] == nil ? absent : try bool(name)
    }

    func optionalInt(_ name: String, in range: ClosedRange<Int>) throws(RuleFault) -> Int? {
        object[name] == nil ? nil : try int(name, in: range)
    }

    func optionalStrings(_ name: String) throws(RuleFault) -> [String] {
        object[name] == nil ? [] : try strings(name)
    }

    /// One of a closed set of words.
    func choice<Choice>(_ name: String) throws(RuleFault) -> Choice
    where Choice: RawRepresentable<String> & CaseIterable {
        guard let choice = Choice(rawValue: try string(name)) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw fault(name, "is none of \(words)")
        }
        return choice
    }

    /// The rows of a list in their order. Where `key` names an item, no two rows have the same.
    func rows<Row>(
        _ name: String, uniqueBy key: String? = nil,
        _ read: (RuleReader) throws(RuleFault) -> Row
    ) throws(RuleFault) -> [Row] {
        var rows: [Row] = []
        var seen: Set<JSON> = []
        for row in try children(name) {
            rows.append(try read(row))
            guard let key, let value = row.object[key] else { continue }
            guard seen.insert(value).inserted else { throw row.fault(key, "is given twice") }
        }
        return rows
    }

    /// The rows of a list that may say the same of different days: `clash` tells two that say it of one.
    func rows<Row>(
        _ name: String, apart what: String, _ clash: (Row, Row) -> Bool,
        _ read: (RuleReader) throws(RuleFault) -> Row
    ) throws(RuleFault) -> [Row] {
        var rows: [Row] = []
        for row in try children(name) {
            let next = try read(row)
            guard !rows.contains(where: { clash($0, next) }) else {
                throw row.fault("effectiveFrom", "overlaps \(what)")
            }
            rows.append(next)
        }
        return rows
    }
}
