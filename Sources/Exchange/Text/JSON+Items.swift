/// Typed reading of members: each throws with the path of the item, `.missing` or `.malformed`.
/// A written `null` counts as absent, as PMH connectors send it.
extension JSONObject {
    package func optionalString(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> String?
    {
        guard let value = present(name) else { return nil }
        guard case .string(let text) = value else { throw wrongKind(name, path()) }
        return text
    }

    package func requiredString(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> String
    {
        guard let text = try optionalString(name, at: path()) else { throw absent(name, path()) }
        return text
    }

    package func optionalBool(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> Bool?
    {
        guard let value = present(name) else { return nil }
        guard case .bool(let claim) = value else { throw wrongKind(name, path()) }
        return claim
    }

    package func requiredBool(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> Bool
    {
        guard let claim = try optionalBool(name, at: path()) else { throw absent(name, path()) }
        return claim
    }

    /// A number written without fraction or exponent that fits in `Int`.
    package func optionalInt(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> Int?
    {
        guard let value = present(name) else { return nil }
        guard let number = value.int else { throw wrongKind(name, path()) }
        return number
    }

    package func requiredInt(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> Int
    {
        guard let number = try optionalInt(name, at: path()) else { throw absent(name, path()) }
        return number
    }

    package func optionalObject(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> JSONObject?
    {
        guard let value = present(name) else { return nil }
        guard case .object(let object) = value else { throw wrongKind(name, path()) }
        return object
    }

    package func requiredObject(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> JSONObject
    {
        guard let object = try optionalObject(name, at: path()) else { throw absent(name, path()) }
        return object
    }

    package func optionalArray(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> [JSON]?
    {
        guard let value = present(name) else { return nil }
        guard case .array(let elements) = value else { throw wrongKind(name, path()) }
        return elements
    }

    package func requiredArray(_ name: String, at path: @autoclosure () -> String = "")
        throws(Refusal) -> [JSON]
    {
        guard let elements = try optionalArray(name, at: path()) else { throw absent(name, path()) }
        return elements
    }

    /// Throws `.unknownItem` for the first member that `names` does not list.
    package func requireOnly(_ names: Set<String>, at path: @autoclosure () -> String = "")
        throws(Refusal)
    {
        for member in members where !names.contains(member.name) {
            throw .unknownItem(JSONPath.member(member.name, of: path()))
        }
    }

    private func present(_ name: String) -> JSON? {
        guard let value = self[name] else { return nil }
        if case .null = value { return nil }
        return value
    }

    private func wrongKind(_ name: String, _ path: String) -> Refusal {
        .malformed(JSONPath.member(name, of: path))
    }

    private func absent(_ name: String, _ path: String) -> Refusal {
        .missing(JSONPath.member(name, of: path))
    }
}

extension JSON {
    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    package var bool: Bool? {
        guard case .bool(let claim) = self else { return nil }
        return claim
    }

    /// `nil` for a fraction, an exponent, `-0` or a number beyond `Int`.
    package var int: Int? {
        guard case .number(let digits) = self, digits != "-0" else { return nil }
        return Int(digits)
    }

    package var array: [JSON]? {
        guard case .array(let elements) = self else { return nil }
        return elements
    }

    package var object: JSONObject? {
        guard case .object(let object) = self else { return nil }
        return object
    }

    package func requiredObject(at path: @autoclosure () -> String) throws(Refusal) -> JSONObject {
        guard let object else { throw .malformed(path()) }
        return object
    }

    package func requiredArray(at path: @autoclosure () -> String) throws(Refusal) -> [JSON] {
        guard let array else { throw .malformed(path()) }
        return array
    }

    package func requiredString(at path: @autoclosure () -> String) throws(Refusal) -> String {
        guard let string else { throw .malformed(path()) }
        return string
    }
}
