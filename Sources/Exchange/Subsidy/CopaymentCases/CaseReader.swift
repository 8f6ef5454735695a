/// Reads the members of one case under any of the names they go by, and remembers which it was asked for,
/// so that what nobody read can be told.
struct CaseReader {
    /// What people write beside a case for themselves.
    static let remarks: Set<String> = [
        "id", "why", "note", "source", "expect", "expected", "comment",
    ]

    let object: JSONObject
    let path: String
    private(set) var asked: Set<String> = []
    /// 平成31年5月1日: a day was read as one of the era after its own.
    private(set) var isPastEraEnd = false

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

    /// Percent, or the same as a ratio below one.
    mutating func percent(_ names: String...) throws(CaseFault) -> Int? {
        guard let (name, value) = present(names) else { return nil }
        guard let percent = ExactNumber(value)?.percent else {
            throw CaseFault(.malformed, place(name))
        }
        guard (0...100).contains(percent) else { throw CaseFault(.outOfRange, place(name)) }
        return percent
    }

    /// A day in any of the forms that lists of municipalities write (`DayForm`). `orMonth`: of a month alone,
    /// its first.
    mutating func day(
        _ names: String..., past overruns: EraOverruns, orMonth: Bool = false
    ) throws(CaseFault) -> CalendarDay? {
        guard let (name, value) = present(names) else { return nil }
        guard let day = written(value, past: overruns, orMonth: orMonth) else {
            throw CaseFault(.malformed, place(name))
        }
        return day
    }

    /// 診療日 of a visit: a day of the month, or the whole date.
    mutating func visitDay(
        past overruns: EraOverruns
    ) throws(CaseFault) -> (day: Int, date: CalendarDay?)? {
        guard let (name, value) = present(["day", "date"]) else { return nil }
        // No date is as short.
        if let number = ExactNumber(value)?.whole(), number < 100 {
            guard (1...31).contains(number) else { throw CaseFault(.outOfRange, place(name)) }
            return (number, nil)
        }
        guard let date = written(value, past: overruns, orMonth: false) else {
            throw CaseFault(.malformed, place(name))
        }
        return (date.day, date)
    }

    private mutating func written(
        _ value: JSON, past overruns: EraOverruns, orMonth: Bool
    ) -> CalendarDay? {
        let text: String
        switch value {
        case .string(let given): text = given
        // 20260401, as a spreadsheet has it.
        case .number(let digits): text = digits
        default: return nil
        }
        if orMonth, let month = ServiceMonth(written: text) {
            return CalendarDay(daysSince1970: Int(month.firstDay))
        }
        let reading = DayReading(forms: DayForm.allCases, overruns: overruns)
        let half = Array(Wareki.halfWidth(text).utf8)
        let read = WrittenDay.read(half[...], as: reading) ?? WrittenDay.readText(text, as: reading)
        if read?.isPastEraEnd == true { isPastEraEnd = true }
        return read?.exact
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

    /// Members that were written and never asked for, but remarks.
    func unread(besides remarks: Set<String> = CaseReader.remarks) -> [UnreadItem] {
        object.members.filter { member in
            member.value != .null && !asked.contains(member.name) && !remarks.contains(member.name)
        }.map { member in
            UnreadItem(
                path: place(member.name), nearest: NearestName.of(member.name, among: asked))
        }
    }

    private func int(
        _ value: JSON, _ name: String, _ range: ClosedRange<Int>
    ) throws(CaseFault) -> Int {
        guard let number = ExactNumber(value)?.whole() else {
            throw CaseFault(.malformed, place(name))
        }
        guard range.contains(number) else { throw CaseFault(.outOfRange, place(name)) }
        return number
    }
}
