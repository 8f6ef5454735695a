/// 所見の読み取り: the contained Observations of a report, each as one item of ours and its value.
struct FindingReading {
    let items: CheckupItems
    /// Codes that belong to the checkup: of two items with one code of JP Core (the weight of a child and of
    /// its mother), the one meant.
    let listed: Set<String>
    let subject: FindingSubject
    let day: CalendarDay

    /// In the order of `result`. Every contained resource must be a result: FHIR contains nothing that
    /// is not referred to.
    func entries(of resource: JSONObject) throws(Refusal) -> [CheckupResult.Entry] {
        var contained: [String: (observation: JSONObject, path: String)] = [:]
        for (observation, path) in try resource.objects("contained") {
            try observation.requireResource("Observation", at: path)
            let id = try observation.requiredFilled("id", at: path)
            guard contained.updateValue((observation, path), forKey: "#" + id) == nil else {
                throw .duplicateItem(path + ".id")
            }
        }
        var entries: [CheckupResult.Entry] = []
        for (reference, path) in try resource.objects("result") {
            let target = try reference.requiredString("reference", at: path)
            guard let found = contained.removeValue(forKey: target) else {
                throw .malformed(path + ".reference")
            }
            entries.append(try entry(found.observation, at: found.path))
        }
        if let unused = contained.values.map(\.path).min() { throw .malformed(unused) }
        guard !entries.isEmpty else { throw .missing("result") }
        return entries
    }

    private func entry(
        _ observation: JSONObject, at path: String
    ) throws(Refusal) -> CheckupResult.Entry {
        try observation.requireOnly(Self.elements, at: path)
        guard let _: Status = try observation.code("status", at: path) else {
            throw .missing(path + ".status")
        }
        if observation["subject"] != nil {
            try subject.requireSame(in: observation, at: path)
        }
        if let time = try observation.time("effectiveDateTime", at: path), time.day != day {
            throw .malformed(path + ".effectiveDateTime")
        }
        let item = try item(of: observation, at: path)
        return CheckupResult.Entry(
            item: item, value: try value(of: observation, item: item, at: path))
    }

    /// Of these, `id`, `meta`, `category`, `issued` and `performer` say nothing that the report does not.
    private static let elements: Set<String> = [
        "resourceType", "id", "meta", "status", "category", "code", "subject",
        "effectiveDateTime", "issued", "performer", "valueQuantity", "valueCodeableConcept",
        "valueDateTime", "valueString", "dataAbsentReason",
    ]

    private enum Status: String { case final, amended, corrected, cancelled }

    /// Our code, or the only item of the checkup that a code of JP Core stands for.
    private func item(of observation: JSONObject, at path: String) throws(Refusal) -> String {
        let place = JSONPath.member("code", of: path)
        guard let concept = try observation.concept("code", at: path) else { throw .missing(place) }
        let meant = listed.filter { code in
            guard let coding = items[code]?.jpCore?.coding else { return false }
            return concept.code(of: coding.system) == coding.code
        }
        guard let own = concept.code(of: FHIR.System.checkupItem) else {
            guard let only = meant.first, meant.count == 1 else { throw .malformed(place) }
            return only
        }
        guard meant.isEmpty || meant.contains(own) else { throw .malformed(place) }
        return own
    }

    private func value(
        of observation: JSONObject, item: String, at path: String
    ) throws(Refusal) -> CheckupResult.Value {
        let names = observation.members.map(\.name).filter {
            $0.hasPrefix("value") || $0 == "dataAbsentReason"
        }
        guard let name = names.first else { throw .missing(path + ".value") }
        guard names.count == 1 else {
            throw .duplicateItem(JSONPath.member(names[1], of: path))
        }
        let place = JSONPath.member(name, of: path)
        switch name {
        case "valueQuantity": return try quantity(of: observation, at: path)
        case "valueString":
            return .text(try observation.requiredFilled(name, at: path))
        case "valueDateTime":
            return .day(try observation.requiredFilled(name, at: path))
        case "dataAbsentReason":
            let reason = try observation.concept(name, at: path)
            guard let code = reason?.code(of: FHIR.System.notExamined) else {
                throw .malformed(place + ".coding")
            }
            return .notExamined(reason: code)
        default:
            let answer = try observation.concept(name, at: path)
            guard let code = answer?.code(of: FHIR.System.checkupAnswer(item)) else {
                throw .malformed(place + ".coding")
            }
            return .choice(code)
        }
    }

    private func quantity(
        of observation: JSONObject, at path: String
    ) throws(Refusal) -> CheckupResult.Value {
        let place = JSONPath.member("valueQuantity", of: path)
        let quantity = try observation.requiredObject("valueQuantity", at: path)
        guard quantity["comparator"] == nil else { throw .unknownItem(place + ".comparator") }
        guard case .number(let digits)? = quantity["value"] else {
            throw .malformed(place + ".value")
        }
        guard
            try quantity.optionalString("system", at: place) ?? FHIR.System.ucum == FHIR.System.ucum
        else { throw .malformed(place + ".system") }
        return .quantity(digits, unit: try quantity.requiredFilled("code", at: place))
    }
}

/// 対象者の名指し: how a sender names whom a report is about; its findings name nobody else.
enum FindingSubject {
    /// The id that the visit gave.
    case patient(String)
    /// 届出番号.
    case notification(String)

    fileprivate func requireSame(
        in observation: JSONObject, at path: String
    ) throws(Refusal) {
        switch self {
        case .patient(let id):
            guard try observation.patientID("subject", at: path) == id else {
                throw .malformed(path + ".subject.reference")
            }
        case .notification(let key):
            guard try observation.notificationKey("subject", at: path) == key else {
                throw .malformed(path + ".subject.identifier.value")
            }
        }
    }
}

extension JSONObject {
    /// 届出番号 of a reference that names somebody by it alone.
    func notificationKey(_ name: String, at path: String = "") throws(Refusal) -> String {
        let place = JSONPath.member(name, of: path)
        let reference = try requiredObject(name, at: path)
        guard reference["reference"] == nil else { throw .unknownItem(place + ".reference") }
        let identifier = try RecordIdentifier(
            reading: reference.requiredObject("identifier", at: place), at: place + ".identifier")
        guard identifier.system == FHIR.System.notificationKey else {
            throw .malformed(place + ".identifier.system")
        }
        return identifier.value
    }
}

extension CheckupItem.JPCoreCode {
    /// Its system and code as FHIR writes them.
    var coding: (system: String, code: String) {
        (isBodyMeasurement ? FHIR.System.bodyMeasurement : FHIR.System.nursingObservation, code)
    }

    var isBodyMeasurement: Bool { self.set == "body-measurement" }
}

extension RecordIdentifier {
    /// One identifier names the record; a second would leave open which.
    init(theOneOf resource: JSONObject) throws(Refusal) {
        let rows = try resource.objects("identifier")
        guard let (row, path) = rows.first else { throw .missing("identifier") }
        guard rows.count == 1 else { throw .duplicateItem(rows[1].1) }
        try self.init(reading: row, at: path)
    }
}
