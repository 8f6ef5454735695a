/// JSON as it arrived: members in their order, numbers exactly as written, no name twice (RFC
/// 8259).
package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The digits as written: `1.50` stays `1.50`, because FHIR decimals keep their precision.
    case number(String)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// Throws `.malformed(path)` in the caller's words (`[3].basicFiveInfo.name`),
    /// `.duplicateItem(path)` for a name given twice, `.bodyTooLarge` beyond `limits`. The path
    /// never holds a value.
    package init(reading bytes: UnsafeRawBufferPointer, limits: JSONLimits = .standard)
        throws(Refusal)
    {
        var reader = JSONReader(bytes, limits: limits)
        self = try reader.document()
    }

    package init(reading bytes: [UInt8], limits: JSONLimits = .standard) throws(Refusal) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(Refusal) in
            try JSON(reading: UnsafeRawBufferPointer(buffer), limits: limits)
        }
    }

    package init(reading text: String, limits: JSONLimits = .standard) throws(Refusal) {
        self = try JSON(reading: Array(text.utf8), limits: limits)
    }

    /// The same value as JSON text, without spaces.
    package var text: String {
        var writer = JSONWriter()
        writer.json(self)
        return writer.text
    }
}

/// The members of one JSON object in the order they were written.
package struct JSONObject: Hashable, Sendable {
    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    package private(set) var members: [Member]

    package init(_ members: [Member] = []) {
        self.members = members
    }

    /// The value under `name`; a written `null` is `.null`, an absent name is `nil`.
    package subscript(name: String) -> JSON? {
        for member in members where member.name == name { return member.value }
        return nil
    }

    package func without(_ name: String) -> JSONObject {
        JSONObject(members.filter { $0.name != name })
    }
}

/// How much JSON one body may hold. Memory for a body is about 40 bytes for each value beside its
/// text.
package struct JSONLimits: Hashable, Sendable {
    package let bytesMax: Int
    package let depthMax: Int
    package let valuesMax: Int

    package init(bytesMax: Int, depthMax: Int, valuesMax: Int) {
        self.bytesMax = bytesMax
        self.depthMax = depthMax
        self.valuesMax = valuesMax
    }

    /// One FHIR resource or one request: 1 MiB, 50,000 values (2 MB of tree).
    package static let standard = JSONLimits(
        bytesMax: 1 << 20, depthMax: 32, valuesMax: 50_000)
}

/// Paths name an item in the caller's words; they are built only once something is wrong.
package enum JSONPath {
    package static func member(_ name: String, of path: String) -> String {
        path.isEmpty ? shown(name) : path + "." + shown(name)
    }

    package static func element(_ index: Int, of path: String) -> String {
        path + "[\(index)]"
    }

    /// A name that is no plain word might carry a value, such as an individual number: it shows as
    /// `*`.
    static func shown(_ name: String) -> String {
        var digits = 0
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39: digits += 1
            case 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x3A, 0x5F: break
            default: return "*"
            }
        }
        return (1...64).contains(name.utf8.count) && digits < 7 ? name : "*"
    }
}
