import Exchange
import TestSupport

/// 変異: one way to spoil a body that was right.
enum Mutation: Sendable {
    case put(JSON, at: [JSON.Step])
    case leaveOut([JSON.Step])
    case twice([JSON.Step])
    case bytes([UInt8])

    /// Nothing of any item's kind, and whatever else finds the edge of a reader.
    static let values: [JSON] =
        [
            .null, .bool(true), .number("0"), .number("-1"), .number("1.5"), .number("1e400"),
            .number("99999999999999999999"), .string(""), .string(" "), .string("\u{0}"),
            .string("\u{202E}x\u{200B}"), .string("\u{E000}"), .string("' or 1=1 --"),
            .string("../../x"), .string("2026-02-30"), .string("0000-00-00"), .string("Patient/"),
            .string(String(repeating: "長", count: 5_000)), .array([]), .object(JSONObject([])),
            .array([.array([.array([])])]),
            .object(JSONObject([.init(name: "extension", value: .array([.null]))])),
        ]

    /// One of every kind at every place.
    static func all(of body: JSON) -> [Mutation] {
        body.leaves.flatMap { leaf -> [Mutation] in
            let given = body[leaf[...]]
            let swapped: JSON? =
                switch given {
                case .string(let text): .number(text.allSatisfy(\.isNumber) ? text : "7")
                case .number(let text): .string(text)
                default: nil
                }
            // Also what holds it: the object or array around.
            let around = (1..<max(leaf.count, 1)).map { Array(leaf[..<$0]) }
            return (values + (swapped.map { [$0] } ?? [])).map { .put($0, at: leaf) }
                + [.leaveOut(leaf), .twice(leaf)]
                + around.flatMap { place in values.prefix(4).map { .put($0, at: place) } }
        } + wholes(of: Array(body.text.utf8)).map { .bytes($0) }
    }

    /// What is wrong with the bytes and not with an item.
    private static func wholes(of bytes: [UInt8]) -> [[UInt8]] {
        let middle = bytes.count / 2
        let deep = [UInt8](repeating: UInt8(ascii: "["), count: 20_000)
        return [
            [], Array("null".utf8), Array("{".utf8), Array("[[]]".utf8), deep,
            Array(bytes[..<middle]), bytes + bytes, [0xEF, 0xBB, 0xBF] + bytes,
            [0xFF, 0xFE] + bytes,
            Array(bytes[..<middle]) + [0xC3, 0x28] + Array(bytes[middle...]),
            Array(bytes[..<middle]) + [0xED, 0xA0, 0x80] + Array(bytes[middle...]),
            Array(#"{"a":"\ud800"}"#.utf8), Array(#"{"a":1,"a":2}"#.utf8),
            Array(#"{"resourceType":"Nothing"}"#.utf8), Array("[1,]".utf8), Array("01".utf8),
            bytes + [UInt8](repeating: 0x20, count: 2 << 20),
        ]
    }

    func body(of body: JSON) -> [UInt8] {
        switch self {
        case .put(let value, let place): Array(body.putting(value, at: place[...]).text.utf8)
        case .leaveOut(let place):
            Array(body.changingLast(of: place) { object, name in object.without(name) }.text.utf8)
        case .twice(let place):
            Array(
                body.changingLast(of: place) { object, name in
                    JSONObject(object.members + object.members.filter { $0.name == name })
                }.text.utf8)
        case .bytes(let bytes): bytes
        }
    }
}

extension JSON {
    /// Changes the object whose member a path ends at; nothing where it ends in an array.
    fileprivate func changingLast(
        of path: [Step], _ change: (JSONObject, String) -> JSONObject
    ) -> JSON {
        guard case .member(let name)? = path.last,
            case .object(let object)? = self[path.dropLast()]
        else { return self }
        return putting(.object(change(object, name)), at: path.dropLast())
    }
}
