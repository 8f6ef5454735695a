import Exchange
import TestSupport
import Testing

@Suite struct JSONTests {
    struct Accepted: Sendable, CustomTestStringConvertible {
        let text: String
        let value: JSON
        var testDescription: String { text }
        init(_ text: String, _ value: JSON) {
            self.text = text
            self.value = value
        }
    }

    static let accepted: [Accepted] = [
        .init("null", .null), .init(" true\n", .bool(true)), .init("\tfalse\r", .bool(false)),
        .init("0", .number("0")), .init("-0", .number("-0")), .init("1.50", .number("1.50")),
        .init("-12e+07", .number("-12e+07")), .init("1E3", .number("1E3")),
        .init("\"\"", .string("")), .init(#""a\/b\\\"""#, .string("a/b\\\"")),
        .init(#""\b\f\n\r\t""#, .string("\u{8}\u{C}\n\r\t")),
        .init(#""\u3042\ud842\uDFB7""#, .string("あ𠮷")),
        .init("\"葛\u{E0100}城\u{7F}\"", .string("葛\u{E0100}城\u{7F}")),
        .init("[]", .array([])), .init("[ ]", .array([])),
        .init("[1 , 2]", .array([.number("1"), .number("2")])),
        .init("{}", .object(JSONObject())),
        .init(
            #"{ "b" : 1 , "a" : {} }"#,
            .object(
                JSONObject([
                    .init(name: "b", value: .number("1")),
                    .init(name: "a", value: .object(JSONObject())),
                ]))),
    ]

    @Test(arguments: accepted)
    func `what RFC 8259 allows is read as written`(text: Accepted) throws {
        #expect(try JSON(reading: text.text) == text.value)
    }

    static let refused: [(String, Refusal)] = [
        ("", .malformed("body")), (" ", .malformed("body")), ("nul", .malformed("body")),
        ("True", .malformed("body")), ("01", .malformed("body")), ("-", .malformed("body")),
        ("+1", .malformed("body")), ("1.", .malformed("body")), (".5", .malformed("body")),
        ("1e", .malformed("body")), ("NaN", .malformed("body")), ("'a'", .malformed("body")),
        ("\"a", .malformed("body")), ("\"a\nb\"", .malformed("body")),
        (#""\x41""#, .malformed("body")), (#""\u00g0""#, .malformed("body")),
        (#""\ud842""#, .malformed("body")), (#""\ud842\u0041""#, .malformed("body")),
        (#""\udfb7""#, .malformed("body")), (#""\u0000""#, .malformed("body")),
        ("[1,]", .malformed("[1]")), ("[,1]", .malformed("[0]")), ("[1 2]", .malformed("body")),
        ("[1", .malformed("body")), ("{\"a\":1,}", .malformed("body")),
        ("{a:1}", .malformed("body")),
        ("{\"a\" 1}", .malformed("a")), ("{\"a\":}", .malformed("a")),
        ("{\"a\":1", .malformed("body")),
        ("1 2", .malformed("body")), ("{}{}", .malformed("body")),
        ("\u{FEFF}{}", .malformed("body")),
        ("/**/1", .malformed("body")), (String(repeating: "1", count: 65), .malformed("body")),
        (#"{"a":1,"b":2,"a":3}"#, .duplicateItem("a")),
        (#"[{},{"b":{"a":1,"\u0061":3}}]"#, .duplicateItem("[1].b.a")),
        (#"[{},{"basicFiveInfo":{"name":tru}}]"#, .malformed("[1].basicFiveInfo.name")),
        // A name that is no plain word could carry a value: it is not repeated.
        (#"{"123456789018":tru}"#, .malformed("*")), (#"{"山田":tru}"#, .malformed("*")),
        (
            String(repeating: "[", count: 33) + String(repeating: "]", count: 33),
            .malformed(String(repeating: "[0]", count: 32))
        ),
    ]

    @Test(arguments: refused)
    func `anything else is refused with its place`(text: String, refusal: Refusal) {
        #expect(throws: refusal) { try JSON(reading: text) }
    }

    static let badUTF8: [[UInt8]] = [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
        [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0xE3, 0x81, 0x22], [0x22, 0x80, 0x22],
        [0x22, 0x5C, 0x6E, 0xFF, 0x22], [0xEF, 0xBB, 0xBF, 0x31], [0x31, 0x00],
    ]

    @Test(arguments: badUTF8)
    func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: Refusal.malformed("body")) { try JSON(reading: bytes) }
    }

    @Test func `limits end a body before it costs anything`() {
        let limits = JSONLimits(bytesMax: 20, depthMax: 2, valuesMax: 4)
        #expect(throws: Refusal.bodyTooLarge) {
            try JSON(reading: String(repeating: " ", count: 21), limits: limits)
        }
        #expect(throws: Refusal.bodyTooLarge) { try JSON(reading: "[1,2,3,4]", limits: limits) }
        #expect(throws: Refusal.malformed("[0][0]")) {
            try JSON(reading: "[[[1]]]", limits: limits)
        }
        #expect(throws: Never.self) { try JSON(reading: "[[1,2]]", limits: limits) }
    }

    @Test func `a name given twice among many is found`() throws {
        let names = (0..<1000).map { "\"n\($0)\":0" }
        #expect(throws: Never.self) { try JSON(reading: "{\(names.joined(separator: ","))}") }
        #expect(throws: Refusal.duplicateItem("n7")) {
            try JSON(reading: "{\((names + ["\"n7\":1"]).joined(separator: ","))}")
        }
    }

    @Test(arguments: Seeded.seeds(200))
    func `reading what was written gives the same value`(seed: UInt64) throws {
        var random = Seeded(seed)
        let value = random.json(depth: 4)
        var writer = JSONWriter()
        writer.json(value)
        #expect(writer.isBalanced)
        #expect(try JSON(reading: writer.bytes) == value)
        #expect(try JSON(reading: writer.bytes).text == writer.text)
    }

    @Test(arguments: Seeded.seeds(300))
    func `damaged bytes are refused or read, never worse`(seed: UInt64) throws {
        var random = Seeded(seed)
        var writer = JSONWriter()
        writer.json(.array([random.json(depth: 3)]))
        var bytes = writer.bytes
        for _ in 0..<random.int(1...3) {
            let place = random.int(0...(bytes.count - 1))
            switch random.int(0...2) {
            case 0: bytes[place] = UInt8(random.int(0...255))
            case 1: bytes.remove(at: place)
            default: bytes.insert(UInt8(random.int(0...255)), at: place)
            }
            if bytes.isEmpty { break }
        }
        // Whatever is still accepted is a value that survives being written again.
        if let value = try? JSON(reading: bytes) {
            #expect(try JSON(reading: value.text) == value)
        }
    }

    @Test func `typed items say what is missing and what is wrong`() throws {
        let object = try #require(
            try JSON(reading: #"{"s":"x","b":true,"i":7,"f":1.5,"n":null,"a":[],"o":{}}"#).object)
        #expect(try object.requiredString("s") == "x")
        #expect(try object.requiredBool("b"))
        #expect(try object.requiredInt("i") == 7)
        #expect(try object.optionalString("n") == nil)
        #expect(try object.requiredArray("a").isEmpty)
        #expect(try object.requiredObject("o").members.isEmpty)
        #expect(throws: Refusal.missing("[2].n")) { try object.requiredString("n", at: "[2]") }
        #expect(throws: Refusal.malformed("[2].i")) { try object.optionalString("i", at: "[2]") }
        #expect(throws: Refusal.malformed("f")) { try object.requiredInt("f") }
        #expect(throws: Refusal.unknownItem("p.f")) {
            try object.requireOnly(["s", "b", "i"], at: "p")
        }
    }
}

extension Seeded {
    mutating func json(depth: Int) -> JSON {
        switch int(0...(depth == 0 ? 3 : 5)) {
        case 0: return .null
        case 1: return .bool(oneIn(2))
        case 2: return .number(pick(["0", "-1", "12.50", "1e9", "-0.001E-2", "9007199254740993"]))
        case 3: return .string(text(scalarsMax: 20))
        case 4: return .array((0..<int(0...4)).map { _ in json(depth: depth - 1) })
        default:
            var members: [JSONObject.Member] = []
            for place in 0..<int(0...5) {
                members.append(
                    .init(name: "\(place)" + text(scalarsMax: 8), value: json(depth: depth - 1)))
            }
            return .object(JSONObject(members))
        }
    }
}
