import Exchange
import Testing

/// 必須の要素: whatever a valid example must have is refused by its name when it is left out, and nothing that is
/// left out is ever refused as something else.
@Suite struct RequiredElementTests {
    /// One element of an example left out.
    private struct Left {
        let path: String
        let body: JSON
    }

    private static func left(_ value: JSON, at path: String = "") -> [Left] {
        switch value {
        case .object(let object):
            object.members.flatMap { member -> [Left] in
                let here = path.isEmpty ? member.name : path + "." + member.name
                return [Left(path: here, body: .object(object.without(member.name)))]
                    + left(member.value, at: here).map {
                        Left(path: $0.path, body: .object(object.with(member.name, $0.body)))
                    }
            }
        case .array(let elements):
            elements.indices.flatMap { place -> [Left] in
                var fewer = elements
                fewer.remove(at: place)
                let here = "\(path)[\(place)]"
                // An empty array is no JSON of FHIR.
                let without = fewer.isEmpty ? [] : [Left(path: here, body: .array(fewer))]
                return without
                    + left(elements[place], at: here).map {
                        var changed = elements
                        changed[place] = $0.body
                        return Left(path: $0.path, body: .array(changed))
                    }
            }
        default: []
        }
    }

    private static func refusal(_ example: Example, _ body: JSON) throws -> Refusal? {
        do {
            try ImmunizationExampleTests.take(example.path, Array(body.text.utf8))
            return nil
        } catch let refusal as Refusal {
            return refusal
        }
    }

    static let examples = ["record-", "check-", "forecast-", "reaction-", "response-"].flatMap {
        Example.of("immunization", "valid/" + $0)
    }

    /// What no example of its kind may leave out, and by which name it is asked for.
    static let required: [(kind: String, path: String, refusal: Refusal)] = [
        ("record-plain", "status", .missing("status")),
        ("record-plain", "identifier", .missing("identifier")),
        ("record-plain", "identifier[0].system", .missing("identifier[0].system")),
        ("record-plain", "identifier[0].value", .missing("identifier[0].value")),
        ("record-plain", "vaccineCode", .missing("vaccineCode")),
        ("record-plain", "patient", .missing("patient")),
        ("record-plain", "patient.reference", .missing("patient.reference")),
        ("record-plain", "occurrenceDateTime", .missing("occurrenceDateTime")),
        ("record-plain", "lotNumber", .missing("lotNumber")),
        ("record-plain", "doseQuantity", .missing("doseQuantity")),
        ("record-plain", "performer", .missing("performer")),
        ("record-plain", "protocolApplied", .missing("protocolApplied")),
        ("record-plain", "extension[0]", .missing("extension(visit)")),
        ("record-plain", "extension[1]", .missing("extension(vaccination-basis)")),
        ("record-not-done", "statusReason", .missing("statusReason")),
        ("check-plain", "parameter[0]", .missing("parameter(visit)")),
        ("check-plain", "parameter[1]", .missing("parameter(patient)")),
        ("reaction-elsewhere", "identifier", .missing("identifier")),
        ("reaction-elsewhere", "actuality", .missing("actuality")),
        ("reaction-elsewhere", "event", .missing("event")),
        ("reaction-elsewhere", "subject", .missing("subject")),
        ("reaction-elsewhere", "date", .missing("date")),
        ("reaction-elsewhere", "recorder", .missing("recorder")),
        ("reaction-elsewhere", "suspectEntity", .missing("suspectEntity")),
        ("response-completed", "questionnaire", .missing("questionnaire")),
        ("response-completed", "status", .missing("status")),
        ("response-completed", "subject", .missing("subject")),
        ("response-completed", "subject.reference", .missing("subject.reference")),
    ]

    @Test(arguments: required.indices)
    func `what is required is refused by name where it is left out`(_ index: Int) throws {
        let row = Self.required[index]
        let example = try #require(
            Self.examples.first { $0.path.hasSuffix("/\(row.kind).json") })
        let left = Self.left(try JSON(reading: example.bytes)).first { $0.path == row.path }
        let body = try #require(left, "\(row.kind) has no \(row.path)").body
        #expect(try Self.refusal(example, body) == row.refusal, "\(row)")
    }

    /// Every question that the form requires and the answers open.
    @Test func `every required answer is refused by its link`() throws {
        let example = try #require(
            Self.examples.first { $0.path.hasSuffix("/response-completed.json") })
        let object = try #require(try JSON(reading: example.bytes).object)
        let items = try object.requiredArray("item")
        let form = try #require(
            Example.book.screenings.form(named: object.requiredString("questionnaire")))
        var tried = 0
        for (place, item) in items.enumerated() {
            let linkID = item.object?["linkId"]?.string ?? ""
            guard form.items.first(where: { $0.linkID == linkID })?.isRequired == true else {
                continue
            }
            var fewer = items
            fewer.remove(at: place)
            let refusal = try Self.refusal(example, .object(object.with("item", .array(fewer))))
            #expect(refusal == .missing("item(\(linkID))"))
            tried += 1
        }
        #expect(tried >= 15)
    }

    /// The elements that the profile of a record is about.
    private static func profile() throws -> [JSONObject] {
        let file = try JSON(
            reading: Example.files["fhir/StructureDefinition-vaccination.json"] ?? [])
        return try #require(file.object).requiredObject("differential").requiredArray("element")
            .compactMap(\.object)
    }

    /// `min`: what the profile requires of every record, without the name of the type.
    private static func ofEveryRecord() throws -> [String] {
        try profile().filter { ($0["min"]?.int ?? 0) > 0 }.map {
            String(try $0.requiredString("path").dropFirst("Immunization.".count))
        }
    }

    private static func withoutNumbers(_ path: String) -> String {
        path.replacing(/\[\d+\]/, with: "")
    }

    /// What is said where it is left out of the first of the examples that has it.
    private static func refusal(leavingOut path: String) throws -> (at: String, Refusal?) {
        for name in ["record-plain", "record-not-done"] {
            let example = try #require(examples.first { $0.path.hasSuffix("/\(name).json") })
            let left = try Self.left(JSON(reading: example.bytes)).first {
                withoutNumbers($0.path) == path
            }
            if let left { return (left.path, try refusal(example, left.body)) }
        }
        return (path, nil)
    }

    @Test func `what the profile requires is refused by name where it is left out`() throws {
        let always = try Self.ofEveryRecord()
        #expect(always.count >= 3)
        for path in always {
            let (place, refusal) = try Self.refusal(leavingOut: path)
            #expect(refusal == .missing(place), "\(path)")
        }
        // `… implies lotNumber.exists()`: what it requires of a dose that was given, or was not.
        let rules = try Self.profile().flatMap { $0["constraint"]?.array ?? [] }.compactMap {
            $0.object?["expression"]?.string?.firstMatch(of: /implies ([A-Za-z]+)\.exists\(\)/)
        }.map { String($0.1) }
        #expect(rules.count >= 5)
        for path in rules {
            let (place, refusal) = try Self.refusal(leavingOut: path)
            #expect(refusal == .missing(place), "\(path)")
        }
    }

    /// The definition of the operation says nothing is required that may be left out.
    @Test func `what the operation requires is refused where it is left out`() throws {
        let file = try JSON(
            reading: Example.files["fhir/OperationDefinition-Immunization-check.json"] ?? [])
        let example = try #require(
            Self.examples.first { $0.path.hasSuffix("/check-interval-overridden.json") })
        let object = try #require(try JSON(reading: example.bytes).object)
        let sent = try object.requiredArray("parameter")
        var tried = 0
        for parameter in try #require(file.object).requiredArray("parameter").compactMap(\.object)
        where parameter["use"]?.string == "in" {
            let name = try parameter.requiredString("name")
            let isRequired = try parameter.requiredInt("min") > 0
            let fewer = sent.filter { $0.object?["name"]?.string != name }
            guard fewer.count < sent.count else { continue }
            let refusal = try Self.refusal(
                example, .object(object.with("parameter", .array(fewer))))
            #expect(refusal == (isRequired ? .missing("parameter(\(name))") : nil), "\(name)")
            tried += 1
        }
        #expect(tried >= 4)
    }

    /// What is asked for where something else is left out: FHIR's `occurrence[x]` by its date, which every
    /// dose needs that is not said to be copied (`primarySource`).
    private static let askedInstead = [
        "occurrenceString": "occurrenceDateTime", "primarySource": "occurrenceDateTime",
    ]

    /// What may be left out of no example of a kind, beside what the profile says of every record.
    private static let always: [String: Set<String>] = [
        "record": ["status", "vaccineCode", "patient", "patient.reference"],
        "check": ["parameter"], "forecast": ["parameter"],
        "reaction": [
            "identifier", "identifier.system", "identifier.value", "actuality", "event", "subject",
            "subject.reference", "date", "recorder", "suspectEntity",
        ],
        "response": ["questionnaire", "status", "subject", "subject.reference", "item.linkId"],
    ]

    @Test(arguments: examples)
    func `whatever is left out is no required element, or refused by the place it was left out of`(
        example: Example
    ) throws {
        let left = Self.left(try JSON(reading: example.bytes))
        let name = example.path.split(separator: "/").last ?? ""
        let kind = String(name.prefix { $0 != "-" })
        var always = try #require(Self.always[kind])
        if kind == "record" { always.formUnion(try Self.ofEveryRecord()) }
        var refused = 0
        for one in left where one.path != "resourceType" {
            guard let refusal = try Self.refusal(example, one.body) else {
                // One of several may go.
                let isOneOfSeveral = one.path.hasSuffix("]")
                #expect(
                    isOneOfSeveral || !always.contains(Self.withoutNumbers(one.path)),
                    "\(example.path) is taken without \(one.path)")
                continue
            }
            refused += 1
            let item = try #require(refusal.item, "\(example.path) \(one.path): \(refusal)")
            // An extension, a parameter or an answer is named by what it is, and not by its number.
            let first = String(one.path.prefix { $0 != "." && $0 != "[" })
            #expect(
                item.hasPrefix(first) || item == "body" || item == Self.askedInstead[first],
                "\(example.path) \(one.path): \(refusal)")
        }
        #expect(refused > 0, "\(example.path)")
    }
}

extension JSONObject {
    fileprivate func with(_ name: String, _ value: JSON) -> JSONObject {
        JSONObject(members.map { $0.name == name ? .init(name: name, value: value) : $0 })
    }
}
