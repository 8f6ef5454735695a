import Exchange
import Testing

/// 届きつつある請求の一覧: claims in JSON are the same however their bytes come, and what is no list of claims is
/// refused as it would be if all of it had been read at once.
@Suite struct ClaimListReaderTests {
    static func claim(_ number: Int) -> String {
        #"{"institution":"1319999996","month":"2026-04","number":\#(number),"points":10}"#
    }

    static func read(_ bytes: [UInt8], blocks: Int = .max) throws -> [UInt32] {
        var list = ClaimListReader()
        var batch = ClaimBatch()
        var recipients = RecipientTexts()
        var rest = bytes[...]
        while !rest.isEmpty {
            try list.read(rest.prefix(blocks), into: &batch, &recipients)
            rest = rest.dropFirst(blocks)
        }
        try list.finish()
        return batch.claims.map(\.number)
    }

    static let lists: [(text: String, numbers: [UInt32])] = [
        ("[\(claim(1)),\(claim(2))]", [1, 2]),
        (" [ \(claim(7))\r\n,\n\t\(claim(8)) ] \n", [7, 8]),
        (#"{"claims":[\#(claim(1))]}"#, [1]),
        (#"{"note":"a ] } , \" [ { \\","claims":[\#(claim(1)),\#(claim(2))]}"#, [1, 2]),
        (#" { "claims" : [ \#(claim(3)) ] , "note" : {"a":[1,{"b":"]"}]} } "#, [3]),
        (#"{"cl\u0061ims":[\#(claim(1))]}"#, [1]),
        ("[]", []), ("[ ]", []), (#"{"claims":[ ]}"#, []),
    ]

    @Test(arguments: lists, [1, 2, 7, 64, Int.max])
    func `a list is the same in blocks of any size`(
        list: (text: String, numbers: [UInt32]), blocks: Int
    ) throws {
        #expect(try Self.read(Array(list.text.utf8), blocks: blocks) == list.numbers)
    }

    static let refused: [(text: String, refusal: Refusal)] = [
        ("", .malformed("body")), ("7", .malformed("body")), ("null", .malformed("body")),
        ("\u{FEFF}[]", .malformed("body")), ("{}", .missing("claims")),
        (#"{"note":"x"}"#, .missing("claims")), (#"{"claims":{}}"#, .malformed("claims")),
        (#"{"claims":null}"#, .malformed("claims")),
        (#"{"claims":[],"claims":[]}"#, .duplicateItem("claims")),
        (#"{"other":[]}"#, .unknownItem("other")), (#"{"claims":[]"#, .malformed("body")),
        (#"{"claims":[],}"#, .malformed("body")), (#"{"claims" [] }"#, .malformed("body")),
        (#"{,"claims":[]}"#, .malformed("body")), (#"{"claims"#, .malformed("body")),
        ("[\(claim(1))", .malformed("[0]")), ("[\(claim(1))] x", .malformed("body")),
        ("[\(claim(1)),]", .malformed("[1]")), ("[,\(claim(1))]", .malformed("[0]")),
        ("[\(claim(1)) \(claim(2))]", .malformed("[0]")),
        ("[\(claim(1)),\(claim(2))}", .malformed("[1]")),
        (#"{"claims":[7]}"#, .malformed("claims[0]")),
        (#"{"claims":[{]}]}"#, .malformed("claims[0]")),
        (#"{"claims":[\#(claim(1)),{"month":tru}]}"#, .malformed("claims[1].month")),
        (#"{"claims":[{"month":"2026-04","month":"2026-04"}]}"#, .duplicateItem("claims[0].month")),
        (#"{"claims":[{"colour":1}]}"#, .unknownItem("claims[0].colour")),
        (#"{"note":[1,2}"#, .malformed("note")), (#"{"note":1],"claims":[]}"#, .malformed("note")),
        // Longer than any claim, whatever is in it.
        (#"[{"note":"\#(String(repeating: "x", count: 70_000))"}]"#, .malformed("[0]")),
        ("[" + String(repeating: "[", count: 30) + "]", .malformed("[0]")),
        (#"{"note":"\#(String(repeating: "x", count: 70_000))","claims":[]}"#, .malformed("note")),
        (#"{"\#(String(repeating: "x", count: 70_000))":[]}"#, .malformed("body")),
    ]

    @Test(arguments: refused, [1, 5, Int.max])
    func `what is no list of claims is refused in its place`(
        list: (text: String, refusal: Refusal), blocks: Int
    ) {
        #expect(throws: list.refusal) {
            try Self.read(Array(list.text.utf8), blocks: blocks)
        }
    }

    @Test func `bytes that are no UTF-8 are refused`() {
        let bytes = Array("[\"".utf8) + [0xFF] + Array("\"]".utf8)
        #expect(throws: Refusal.malformed("[0]")) { try Self.read(bytes) }
    }
}
