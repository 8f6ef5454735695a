/// Reading a layout from its file: a rule that contradicts itself is refused at load, with file,
/// place and reason.
extension Layout {
    init(reading file: RuleReader, past overruns: EraOverruns) throws(RuleFault) {
        try file.requireOnly([
            "source", "verified", "note", "code", "name", "field", "effectiveFrom", "effectiveTo",
            "encodings", "header", "extent", "dayForms", "columns", "key", "periods",
            "confirmation", "confidential",
        ])
        let columns = try file.columns(past: overruns)
        let (key, isKeyUnique) = try file.key(among: columns)
        let first = try file.day("effectiveFrom")
        let last = try file.optionalDay("effectiveTo")
        if let last, last < first { throw file.fault("effectiveTo", "is before effectiveFrom") }
        guard let extent = Extent(rawValue: try file.string("extent")) else {
            throw file.fault("extent", "is none of difference, full, full-ends-missing")
        }
        if extent == .fullEndsMissing, !isKeyUnique {
            throw file.fault("extent", "ends what is missing, but nothing names a row")
        }
        self.init(
            code: try file.string("code"), name: try file.text("name"),
            field: try file.string("field"), effectiveFrom: first, effectiveTo: last,
            encodings: try file.encodings(), header: try file.header(), extent: extent,
            columns: columns, key: key, isKeyUnique: isKeyUnique,
            periods: try file.periods(among: columns),
            confirmation: try ConfirmationRule(reading: file.child("confirmation")),
            isConfidential: try file.bool("confidential", default: false),
            source: try file.source())
    }
}

extension RuleReader {
    fileprivate func encodings() throws(RuleFault) -> [TextEncoding] {
        var encodings: [TextEncoding] = []
        for name in try strings("encodings") {
            guard let encoding = TextEncoding(rawValue: name) else {
                throw fault("encodings", "names an unknown encoding")
            }
            guard !encodings.contains(encoding) else { throw fault("encodings", "is given twice") }
            encodings.append(encoding)
        }
        guard !encodings.isEmpty else { throw fault("encodings", "is empty") }
        return encodings
    }

    fileprivate func header() throws(RuleFault) -> Layout.Header {
        switch try string("header") {
        case "none": .none
        case "names-in-order": .names(isAnyOrder: false)
        case "names-in-any-order": .names(isAnyOrder: true)
        default: throw fault("header", "is none of none, names-in-order, names-in-any-order")
        }
    }

    fileprivate func columns(past overruns: EraOverruns) throws(RuleFault) -> [LayoutColumn] {
        let days = DayReading(
            forms: object["dayForms"] == nil ? [] : try dayForms("dayForms"), overruns: overruns)
        let rows = try children("columns")
        guard (1...CSVLimits.standard.fieldsMax / 2).contains(rows.count) else {
            throw fault("columns", "is empty or too long")
        }
        var items: [String] = []
        for row in rows {
            let item = try row.string("item")
            guard !items.contains(item) else { throw row.fault("item", "is given twice") }
            items.append(item)
        }
        var columns: [LayoutColumn] = []
        for row in rows {
            let column = try row.column(days: days, items: items)
            for name in [column.name] + column.otherNames {
                guard !columns.contains(where: { $0.isCalled(name) }) else {
                    throw row.fault("name", "is given twice")
                }
            }
            columns.append(column)
        }
        let numbers = columns.filter { $0.type == .individualNumber }
        guard numbers.count <= 1 else { throw fault("columns", "has two individual numbers") }
        return columns
    }

    private func column(days: DayReading, items: [String]) throws(RuleFault) -> LayoutColumn {
        try requireOnly([
            "item", "name", "otherNames", "type", "min", "max", "decimals", "codes", "forms",
            "required", "width", "absent", "lines", "longNumbers", "leftOut", "note",
        ])
        let type = try columnType(days: days)
        let others = object["otherNames"] == nil ? [] : try strings("otherNames")
        let absent = object["absent"] == nil ? [] : try strings("absent")
        for form in absent {
            let isPlain = form.utf8.allSatisfy { (0x21...0x7E).contains($0) }
            guard isPlain, !form.isEmpty else { throw fault("absent", "is not plain ASCII") }
        }
        return LayoutColumn(
            item: try string("item"), names: [try string("name")] + others, type: type,
            width: try width(type), requirement: try requirement(items: items),
            absentForms: absent.map { Array($0.utf8) },
            mayHoldLongNumbers: try bool("longNumbers", default: false),
            mayBeLeftOut: try bool("leftOut", default: false))
    }

    private func width(_ type: ColumnType) throws(RuleFault) -> Width {
        guard let name = try optionalString("width") else { return type.isText ? .any : .half }
        guard let width = Width(rawValue: name) else {
            throw fault("width", "is none of half, full, any")
        }
        guard type.isText || width != .full else {
            throw fault("width", "is full for a type that is read in half width")
        }
        return width
    }

    private func requirement(items: [String]) throws(RuleFault) -> LayoutColumn.Requirement {
        guard let written = object["required"] else { return .never }
        if let isRequired = written.bool { return isRequired ? .always : .never }
        if written == .string("wished") { return .wished }
        let rule = try child("required")
        try rule.requireOnly(["item", "is"])
        guard let column = items.firstIndex(of: try rule.string("item")) else {
            throw rule.fault("item", "is no column of this layout")
        }
        let values = try rule.strings("is")
        guard !values.isEmpty else { throw rule.fault("is", "is empty") }
        return .when(column: column, is: values)
    }

    private func columnType(days: DayReading) throws(RuleFault) -> ColumnType {
        let name = try string("type")
        let isLong = ["text", "digits", "integer", "decimal", "base64", "hexadecimal"]
        guard isLong.contains(name) || (object["max"] == nil && object["min"] == nil) else {
            throw fault("max", "says nothing of a \(name)")
        }
        guard name == "decimal" || object["decimals"] == nil else {
            throw fault("decimals", "says nothing of a \(name)")
        }
        switch name {
        case "text":
            return .text(
                charactersMax: try int("max", in: 1...10_000),
                mayHoldLines: try bool("lines", default: false))
        case "digits":
            let most = try int("max", in: 1...64)
            return .digits((object["min"] == nil ? most : try int("min", in: 1...most))...most)
        case "integer":
            let most = try int("max", in: 0...999_999_999_999)
            return .integer((object["min"] == nil ? 0 : try int("min", in: 0...most))...most)
        case "decimal": return .decimal(try measuredRange())
        case "code": return .code(try codes())
        case "flag": return .flag
        case "day": return .day(try ownForms(or: days))
        case "birth-date": return .birthDate(try ownForms(or: days))
        case "day-or-month": return .partialDay(try ownForms(or: days))
        case "base64": return .base64(bytesMax: try int("max", in: 1...10_000))
        case "hexadecimal": return .hexadecimal(bytesMax: try int("max", in: 1...10_000))
        default:
            guard let plain = Self.plainTypes[name] else { throw fault("type", "is unknown") }
            return plain
        }
    }

    private static let plainTypes: [String: ColumnType] = [
        "individual-number": .individualNumber, "payer-number": .payerNumber,
        "recipient-number": .recipientNumber, "municipality": .municipality,
        "institution": .institution, "conditions": .conditions, "pairs": .pairs,
    ]

    private func ownForms(or days: DayReading) throws(RuleFault) -> DayReading {
        let own = object["forms"] == nil ? days.forms : try dayForms("forms")
        guard !own.isEmpty else { throw fault("forms", "is missing") }
        return DayReading(forms: own, overruns: days.overruns)
    }

    private func dayForms(_ name: String) throws(RuleFault) -> [DayForm] {
        var forms: [DayForm] = []
        for text in try strings(name) {
            guard let form = DayForm(rawValue: text) else { throw fault(name, "names no form") }
            forms.append(form)
        }
        return forms
    }

    private func codes() throws(RuleFault) -> [ColumnType.CodedName] {
        var codes: [ColumnType.CodedName] = []
        for row in try children("codes") {
            try row.requireOnly(["code", "name"])
            let code = try row.string("code")
            guard code.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
                throw row.fault("code", "is not plain ASCII")
            }
            guard !codes.contains(where: { $0.code == code }) else {
                throw row.fault("code", "is given twice")
            }
            codes.append(.init(code: code, name: try row.text("name")))
        }
        guard !codes.isEmpty else { throw fault("codes", "is empty") }
        return codes
    }

    fileprivate func key(among columns: [LayoutColumn]) throws(RuleFault) -> ([Int], Bool) {
        let rule = try child("key")
        try rule.requireOnly(["items", "unique"])
        var key: [Int] = []
        for item in try rule.strings("items") {
            key.append(try rule.place(of: item, in: "items", among: columns))
        }
        let isUnique = try rule.bool("unique")
        guard !isUnique || !key.isEmpty else { throw rule.fault("unique", "has no items") }
        return (key, isUnique)
    }

    fileprivate func periods(among columns: [LayoutColumn]) throws(RuleFault) -> [Layout.Period] {
        var periods: [Layout.Period] = []
        for rule in try optionalChildren("periods") {
            try rule.requireOnly(["from", "to"])
            var places: [Int] = []
            for name in ["from", "to"] {
                let place = try rule.place(of: try rule.string(name), in: name, among: columns)
                guard case .day = columns[place].type else { throw rule.fault(name, "is no day") }
                places.append(place)
            }
            periods.append(.init(from: places[0], to: places[1]))
        }
        return periods
    }

    private func place(of item: String, in name: String, among columns: [LayoutColumn])
        throws(RuleFault) -> Int
    {
        guard let place = columns.firstIndex(where: { $0.item == item }) else {
            throw fault(name, "names no column of this layout")
        }
        return place
    }
}
