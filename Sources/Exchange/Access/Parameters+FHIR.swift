/// Parameters (https://hl7.org/fhir/R4/parameters.html): what an operation is given, by name. A name the
/// operation does not know is refused, because a misspelt one must not be lost.
struct Parameters {
    /// One parameter, or a part of one.
    struct Entry {
        let name: String
        let object: JSONObject
        let path: String
    }

    private let entries: [Entry]
    /// `parameter`, or `parameter[2].part`.
    private let path: String

    init(reading resource: JSONObject, only names: Set<String>) throws(Refusal) {
        try resource.requireResource("Parameters")
        try self.init(resource.objects("parameter"), at: "parameter", names)
    }

    /// The parts of one parameter.
    init(partsOf entry: Entry, only names: Set<String>) throws(Refusal) {
        try self.init(
            entry.object.objects("part", at: entry.path), at: entry.path + ".part", names)
    }

    private init(
        _ objects: [(JSONObject, String)], at path: String, _ names: Set<String>
    ) throws(Refusal) {
        var entries: [Entry] = []
        for (object, place) in objects {
            let name = try object.requiredString("name", at: place)
            guard names.contains(name) else { throw .unknownItem(place + ".name") }
            entries.append(Entry(name: name, object: object, path: place))
        }
        self.entries = entries
        self.path = path
    }

    func all(_ name: String) -> [Entry] { entries.filter { $0.name == name } }

    /// Throws `.tooMany` for more.
    func all(_ name: String, atMost most: Int) throws(Refusal) -> [Entry] {
        let found = all(name)
        guard found.count <= most else { throw .tooMany("\(path)(\(name))") }
        return found
    }

    /// What may be given once.
    func one(_ name: String) throws(Refusal) -> Entry? {
        let found = all(name)
        guard found.count < 2 else { throw .duplicateItem(found[1].path) }
        return found.first
    }

    func required(_ name: String) throws(Refusal) -> Entry {
        guard let found = try one(name) else { throw .missing("\(path)(\(name))") }
        return found
    }

    func requiredAll(_ name: String, atMost most: Int = .max) throws(Refusal) -> [Entry] {
        let found = try all(name, atMost: most)
        guard !found.isEmpty else { throw .missing("\(path)(\(name))") }
        return found
    }
}

extension Parameters.Entry {
    func string() throws(Refusal) -> String { try object.requiredFilled("valueString", at: path) }

    func code<Code: RawRepresentable<String>>() throws(Refusal) -> Code {
        guard let code: Code = try object.code("valueCode", at: path) else {
            throw .missing(path + ".valueCode")
        }
        return code
    }

    func bool() throws(Refusal) -> Bool {
        guard let claim = try object.optionalBool("valueBoolean", at: path) else {
            throw .missing(path + ".valueBoolean")
        }
        return claim
    }

    func day() throws(Refusal) -> CalendarDay {
        guard let day = try object.day("valueDate", at: path) else {
            throw .missing(path + ".valueDate")
        }
        return day
    }

    func concept() throws(Refusal) -> Concept {
        guard let concept = try object.concept("valueCodeableConcept", at: path) else {
            throw .missing(path + ".valueCodeableConcept")
        }
        return concept
    }

    func resource(_ type: String) throws(Refusal) -> JSONObject {
        let resource = try object.requiredObject("resource", at: path)
        try resource.requireResource(type, at: path + ".resource")
        return resource
    }
}

extension JSONWriter {
    /// One entry of `parameter` or `part`.
    mutating func parameter(_ name: String, _ body: (inout JSONWriter) -> Void) {
        object {
            $0.member("name", name)
            body(&$0)
        }
    }
}
