/// 長期療養特例の事例: what a case of `tsunagi immunization check` may say of it, in one object or in several:
/// `{"ended": "2026-04-01", "recognised": ["MR", "hepatitis-b"], "until": "2027-03-31"}`.
extension LongIllness {
    /// The item of a case.
    static let item = "longTermIllness"

    /// `recognised` names vaccines or schedules; one that the special case leaves out is refused.
    static func told(
        in row: JSONObject, _ path: String, _ rules: ImmunizationRules
    ) throws(Refusal) -> [LongIllness] {
        guard let value = row[item] else { return [] }
        let path = JSONPath.member(item, of: path)
        guard let list = value.array else { return [try read(value, path, rules)] }
        var told: [LongIllness] = []
        for (index, one) in list.enumerated() {
            told.append(try read(one, JSONPath.element(index, of: path), rules))
        }
        return told
    }

    private static func read(
        _ value: JSON, _ path: String, _ rules: ImmunizationRules
    ) throws(Refusal) -> LongIllness {
        let row = try value.requiredObject(at: path)
        guard let ended = try ImmunizationCheckCases.day(row, "ended", path) else {
            throw .missing(JSONPath.member("ended", of: path))
        }
        let until = try ImmunizationCheckCases.day(row, "until", path)
        if let until, until < ended { throw .malformed(JSONPath.member("until", of: path)) }
        let recognised = JSONPath.member("recognised", of: path)
        var programmes: Set<String> = []
        for (index, name) in try row.requiredArray("recognised", at: path).enumerated() {
            let place = JSONPath.element(index, of: recognised)
            let named = try name.requiredString(at: place)
            guard let codes = rules.longIllnessProgrammes(named: named) else {
                throw .malformed(place)
            }
            programmes.formUnion(codes)
        }
        guard !programmes.isEmpty else { throw .malformed(recognised) }
        return LongIllness(ended: ended, programmes: programmes, lastDay: until)
    }

    /// Paths of what is not used: a misspelt `until` would give the whole time.
    static func unused(_ row: JSONObject, _ path: String) -> [String] {
        guard let value = row[item] else { return [] }
        let path = JSONPath.member(item, of: path)
        guard let list = value.array else { return unused(of: value, path) }
        return list.indices.flatMap { unused(of: list[$0], JSONPath.element($0, of: path)) }
    }

    private static func unused(of value: JSON, _ path: String) -> [String] {
        let names = value.object?.members.map(\.name) ?? []
        return names.filter { !items.contains($0) }.map { JSONPath.member($0, of: path) }
    }

    private static let items: Set<String> = ["ended", "recognised", "until", "note", "comment"]
}
