import Exchange

/// 型の記述: JSON Schema 2020-12, as far as the contract needs it. A value that says what may stand in
/// one place.
struct Schema: Sendable {
    private(set) var members: [JSONObject.Member]

    private init(_ members: [JSONObject.Member]) {
        self.members = members
    }

    private init(type: String) {
        members = [.init(name: "type", value: .string(type))]
    }

    static let text = Schema(type: "string")
    static let integer = Schema(type: "integer")
    static let boolean = Schema(type: "boolean")
    static let null = Schema(type: "null")
    /// Anything that is an object; what stands in it is somebody else's to say.
    static let anyObject = Schema(type: "object")
    static let day = text.pattern("^\\d{4}-\\d{2}-\\d{2}$").example("2026-06-15")
    static let instant = Schema(type: "string").with("format", "date-time")
    static let base64 = Schema(type: "string").with("contentEncoding", "base64")
    static let id = text.with("format", "uuid")

    static func reference(_ name: String) -> Schema {
        Schema([.init(name: "$ref", value: .string("#/components/schemas/\(name)"))])
    }

    static func codes(_ codes: [String]) -> Schema {
        text.with("enum", .array(codes.map { .string($0) }))
    }

    static func constant(_ text: String) -> Schema {
        Schema([.init(name: "const", value: .string(text))])
    }

    static func list(of element: Schema) -> Schema {
        Schema(type: "array").with("items", element.json)
    }

    static func any(of choices: [Schema]) -> Schema {
        Schema([.init(name: "anyOf", value: .array(choices.map(\.json)))])
    }

    static func all(of parts: [Schema]) -> Schema {
        Schema([.init(name: "allOf", value: .array(parts.map(\.json)))])
    }

    /// Nothing but these items: what else is sent is refused by name.
    static func object(_ items: [Item]) -> Schema {
        openObject(items).with("additionalProperties", .bool(false))
    }

    /// These items, and whatever else the sender's form has.
    static func openObject(_ items: [Item]) -> Schema {
        let properties = items.map { JSONObject.Member(name: $0.name, value: $0.schema.json) }
        let required = items.filter(\.isRequired).map { JSON.string($0.name) }
        let schema = anyObject.with("properties", .object(JSONObject(properties)))
        return required.isEmpty ? schema : schema.with("required", .array(required))
    }

    func pattern(_ pattern: String) -> Schema { with("pattern", .string(pattern)) }
    func longest(_ characters: Int) -> Schema { with("maxLength", .number(String(characters))) }
    func most(_ elements: Int) -> Schema { with("maxItems", .number(String(elements))) }
    func range(_ range: ClosedRange<Int>) -> Schema {
        with("minimum", .number(String(range.lowerBound)))
            .with("maximum", .number(String(range.upperBound)))
    }
    func note(_ text: String) -> Schema { with("description", .string(text)) }
    func example(_ text: String) -> Schema { with("examples", .array([.string(text)])) }

    private func with(_ name: String, _ text: String) -> Schema { with(name, .string(text)) }

    private func with(_ name: String, _ value: JSON) -> Schema {
        Schema(members + [.init(name: name, value: value)])
    }

    var json: JSON { .object(JSONObject(members)) }

    /// One member of an object.
    struct Item: Sendable {
        let name: String
        let schema: Schema
        let isRequired: Bool

        static func required(_ name: String, _ schema: Schema) -> Item {
            Item(name: name, schema: schema, isRequired: true)
        }

        static func optional(_ name: String, _ schema: Schema) -> Item {
            Item(name: name, schema: schema, isRequired: false)
        }
    }
}
