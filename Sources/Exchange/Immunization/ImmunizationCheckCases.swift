/// `tsunagi immunization check`: cases of a file, judged one by one. Each case has an `id` and `given`, whose
/// last entry is the candidate; whatever else is missing is not known. A name nobody knows is a
/// finding; a case that cannot be read is answered with its error, and the others are judged. What a case
/// holds that is not used is told by name: a misspelt `birth` would be an unknown one.
package struct ImmunizationCheckCases: Sendable {
    private let cases: [Case]
    private let rules: ImmunizationRules

    private struct Case: Sendable {
        /// `nil` where the file gives none: then it is known by its place.
        let id: JSON?
        let place: String
        let question: Result<NeedleQuestion, Refusal>
        /// Paths of what is not used.
        let unused: [String]
    }

    /// `{"data": […]}`, or the list itself. Throws the path of what is wrong with the file as such.
    package init(reading bytes: [UInt8], _ rules: ImmunizationRules) throws(Refusal) {
        self.rules = rules
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        // A file of an operator's own: as long as one of copayments.
        let file = try JSON(
            reading: bytes.starts(with: mark) ? Array(bytes.dropFirst(3)) : bytes,
            limits: CopaymentFile.limits)
        let path = file.array == nil ? "data" : ""
        guard let list = file.array ?? file.object?["data"]?.array else {
            throw file.object?["data"] == nil ? .missing("data") : .malformed("data")
        }
        var seen: Set<JSON> = []
        var cases: [Case] = []
        for (index, value) in list.enumerated() {
            let place = JSONPath.element(index, of: path)
            let id = value.object?["id"].flatMap {
                $0.string != nil || $0.int != nil ? $0 : nil
            }
            let isNew = id.map { seen.insert($0).inserted } ?? true
            var unused: [String] = []
            let question: Result<NeedleQuestion, Refusal>
            do throws(Refusal) {
                let row = try value.requiredObject(at: place)
                if id == nil, row["id"] != nil { throw .malformed(place + ".id") }
                guard isNew else { throw .duplicateItem(place + ".id") }
                unused = Self.unused(row, place)
                question = .success(try Self.question(row, place, rules))
            } catch {
                question = .failure(error)
            }
            cases.append(Case(id: id, place: place, question: question, unused: unused))
        }
        self.cases = cases
    }

    /// What people write beside a case for themselves.
    private static let remarks: Set<String> = [
        "why", "note", "source", "expect", "expected", "comment",
    ]
    private static let caseItems = remarks.union([
        "id", "birth", "sex", "given", "dueDate", "today", "basis", "temperature", "answers",
        LongIllness.item,
    ])
    private static let doseItems = remarks.union(["v", "date", "lot", "expiry", "birth", "sex"])

    private static func unused(_ row: JSONObject, _ path: String) -> [String] {
        func paths(_ row: JSONObject, _ known: Set<String>, _ path: String) -> [String] {
            row.members.map(\.name).filter { !known.contains($0) }.map {
                JSONPath.member($0, of: path)
            }
        }
        let given = JSONPath.member("given", of: path)
        let doses = row["given"]?.array ?? []
        return paths(row, caseItems, path) + LongIllness.unused(row, path)
            + doses.indices.flatMap { place in
                paths(
                    doses[place].object ?? JSONObject(), doseItems,
                    JSONPath.element(place, of: given))
            }
    }

    /// What could not be read, in a sentence for each case.
    package var complaints: [String] {
        cases.compactMap { one in
            guard case .failure(let refusal) = one.question else { return nil }
            return refusal.en
        }
    }

    /// What is not used of the cases that were judged, in a sentence for each.
    package var warnings: [String] {
        cases.flatMap(\.unused).map { Refusal.unknownItem($0).en }
    }

    /// `{"data": [{"id", "verdict", "rule", "source", "earliest", …}]}`; `verdict` is reject (stop), warn
    /// (caution) or accept (fine). A case that could not be read has `error` instead, one without `id` its
    /// `place`, and `unused` names what was passed over.
    package var answers: String {
        var writer = JSONWriter(reservingBytes: cases.count * 512)
        writer.beginObject()
        writer.name("data")
        writer.beginArray()
        for one in cases {
            writer.beginObject()
            writer.member("id", one.id ?? JSON.null)
            if one.id == nil { writer.member("place", one.place) }
            switch one.question {
            case .success(let question): write(question, into: &writer)
            case .failure(let refusal): writer.member("error", refusal.en)
            }
            if !one.unused.isEmpty {
                writer.name("unused")
                writer.beginArray()
                for path in one.unused { writer.string(path) }
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.text
    }

    private func write(_ question: NeedleQuestion, into writer: inout JSONWriter) {
        let answer = checkBeforeNeedle(question, rules)
        writer.member("verdict", Self.word(answer.verdict))
        writer.name("rule")
        answer.leading.map { writer.string(rules.code(of: $0)) } ?? writer.null()
        writer.name("source")
        answer.leading.map { writer.string(rules.source(of: $0).text) } ?? writer.null()
        writer.name("earliest")
        answer.earliest.map { writer.string($0.text) } ?? writer.null()
        writer.member("latest", answer.leading?.latestDay?.text)
        writer.name("findings")
        writer.beginArray()
        for finding in answer.findings { write(finding, into: &writer) }
        writer.endArray()
    }

    private func write(_ finding: NeedleFinding, into writer: inout JSONWriter) {
        let source = rules.source(of: finding)
        let nurse = rules.text(of: finding, for: .nurse)
        let parent = rules.text(of: finding, for: .parent)
        writer.beginObject()
        writer.member("rule", rules.code(of: finding))
        writer.member("verdict", Self.word(finding.verdict))
        writer.member("source", source.text)
        writer.member("verified", source.isVerified)
        writer.member("earliest", finding.earliestDay?.text)
        writer.member("latest", finding.latestDay?.text)
        writer.member("nurseJa", nurse.ja)
        writer.member("nurseEn", nurse.en)
        writer.member("parentJa", parent.ja)
        writer.member("parentEn", parent.en)
        writer.endObject()
    }

    private static func word(_ verdict: NeedleVerdict) -> String {
        switch verdict {
        case .stop: "reject"
        case .caution: "warn"
        case .fine: "accept"
        }
    }

    // MARK: Reading a case

    private static func question(
        _ row: JSONObject, _ path: String, _ rules: ImmunizationRules
    ) throws(Refusal) -> NeedleQuestion {
        let given = try row.requiredArray("given", at: path)
        let givenPath = JSONPath.member("given", of: path)
        guard let last = given.last else { throw .malformed(givenPath) }
        var names: [String] = []
        var doses: [GivenDose] = []
        for (index, value) in given.enumerated() {
            let place = JSONPath.element(index, of: givenPath)
            let dose = try value.requiredObject(at: place)
            names.append(try dose.requiredString("v", at: place))
            // What is about to be given is given on a day.
            let isHistory = index + 1 < given.count
            doses.append(try isHistory ? earlier(dose, place) : on(day(dose, "date", place)))
        }
        for (index, named) in rules.vaccines(named: names).enumerated() {
            doses[index].vaccine = named?.vaccine
            doses[index].number = named?.number
        }
        let place = JSONPath.element(given.count - 1, of: givenPath)
        let candidate = try last.requiredObject(at: place)
        var question = NeedleQuestion(
            birth: try day(row, "birth", path), sex: try sex(row, path),
            history: Array(doses.dropLast()), candidate: doses[doses.count - 1])
        question.dueDay = try day(row, "dueDate", path)
        question.today = try day(row, "today", path)
        question.basis = try basis(row, path)
        question.longIllnesses = try LongIllness.told(in: row, path, rules)
        question.vial = .init(
            lotNumber: try candidate.optionalString("lot", at: place),
            expiry: try expiry(candidate, place))
        question.person.statedBirth = try day(candidate, "birth", place)
        question.person.statedSex = try sex(candidate, place)
        if let temperature = row["temperature"] {
            question.person.temperatureTenths = try tenths(temperature, path + ".temperature")
        }
        question.person.answers = try answers(row, path)
        if question.birth == nil { question.birth = question.person.statedBirth }
        return question
    }

    /// Years of the days that are read.
    package static let years = 1868...2200

    static func day(
        _ row: JSONObject, _ name: String, _ path: String
    ) throws(Refusal) -> CalendarDay? {
        guard let text = try row.optionalString(name, at: path) else { return nil }
        let day = try CalendarDay(text, item: JSONPath.member(name, of: path))
        guard years.contains(day.year) else {
            throw .malformed(JSONPath.member(name, of: path))
        }
        return day
    }

    /// `2015-06` or `2015`, as old ledgers have it, or a day.
    private static func earlier(_ row: JSONObject, _ path: String) throws(Refusal) -> GivenDose {
        let item = JSONPath.member("date", of: path)
        guard let text = try row.optionalString("date", at: path), [4, 7].contains(text.utf8.count)
        else { return on(try day(row, "date", path)) }
        guard let days = try GivenTime(text, item: item).days, years.contains(days.lowerBound.year)
        else { throw .malformed(item) }
        return GivenDose(nil as Vaccine.ID?, on: nil, within: days)
    }

    private static func on(_ day: CalendarDay?) -> GivenDose {
        GivenDose(nil as Vaccine.ID?, on: day)
    }

    /// A month alone means its last day, as on the label.
    private static func expiry(
        _ row: JSONObject, _ path: String
    ) throws(Refusal) -> CalendarDay? {
        guard let text = try row.optionalString("expiry", at: path), text.utf8.count == 7 else {
            return try day(row, "expiry", path)
        }
        let item = JSONPath.member("expiry", of: path)
        let first = try CalendarDay(text + "-01", item: item)
        return try CalendarDay(
            year: first.year, month: first.month,
            day: CalendarDay.days(in: first.month, of: first.year), item: item)
    }

    private static func sex(_ row: JSONObject, _ path: String) throws(Refusal) -> ResidentSex? {
        guard let text = try row.optionalString("sex", at: path) else { return nil }
        guard let sex = ResidentSex(word: text) else {
            throw .malformed(JSONPath.member("sex", of: path))
        }
        return sex
    }

    private static func basis(
        _ row: JSONObject, _ path: String
    ) throws(Refusal) -> NeedleQuestion.Basis {
        guard let text = try row.optionalString("basis", at: path) else { return .routine }
        guard let basis = NeedleQuestion.Basis(rawValue: text) else {
            throw .malformed(JSONPath.member("basis", of: path))
        }
        return basis
    }

    /// `37.5` is 375, `37` is 370.
    private static func tenths(_ value: JSON, _ path: String) throws(Refusal) -> Int {
        guard case .number(let digits) = value else { throw .malformed(path) }
        let parts = digits.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]), (30...45).contains(whole) else {
            throw .malformed(path)
        }
        guard parts.count == 2 else { return whole * 10 }
        guard let tenth = parts[1].first?.wholeNumberValue else { throw .malformed(path) }
        return whole * 10 + tenth
    }

    private static func answers(_ row: JSONObject, _ path: String) throws(Refusal) -> [String] {
        var codes: [String] = []
        let item = JSONPath.member("answers", of: path)
        for (index, value) in (try row.optionalArray("answers", at: path) ?? []).enumerated() {
            codes.append(try value.requiredString(at: JSONPath.element(index, of: item)))
        }
        return codes
    }
}

extension ResidentSex {
    /// `male`, `M`, `1` and `男` are one word.
    package init?(word: String) {
        switch NameNormalisation.searchable(word) {
        case "MALE", "M", "1", "男", "男性": self = .male
        case "FEMALE", "F", "2", "女", "女性": self = .female
        case "OTHER": self = .other
        case "UNKNOWN", "0", "9", "不明": self = .unknown
        default: return nil
        }
    }
}
