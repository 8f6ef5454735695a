import Exchange
import Testing

@Suite struct JSONWriterTests {
    @Test func `commas, escapes and numbers come out as JSON asks`() {
        var writer = JSONWriter()
        writer.beginObject()
        writer.member("a", 0)
        writer.member("b", -120)
        writer.member("c", true)
        writer.member("absent", Int?.none)
        writer.member("absent", String?.none)
        writer.name("d")
        writer.beginArray()
        writer.string("改\n\"\\/\u{1}\u{1F}\u{7F}")
        writer.null()
        writer.beginObject()
        writer.endObject()
        writer.raw("1.50")
        writer.int(.max)
        writer.int(.min)
        writer.endArray()
        writer.member("e", "")
        writer.endObject()
        let expected =
            #"{"a":0,"b":-120,"c":true,"d":["改\n\"\\/\u0001\u001f"# + "\u{7F}"
            + #"",null,{},1.50,9223372036854775807,-9223372036854775808],"e":""}"#
        #expect(writer.text == expected)
        #expect(writer.isBalanced)
    }

    @Test func `a row keeps its order and its digits`() throws {
        let text = #"{"z":[1.50,{"y":"㈱"}],"a":null,"m":-0.0}"#
        #expect(try JSON(reading: text).text == text)
    }

    @Test func `what needs an escape gets one wherever it stands`() throws {
        for code in UInt8(0)...0x7F {
            for place in 0..<20 {
                var text = String(repeating: "改a~\u{7F}", count: 6)
                let character = Character(Unicode.Scalar(code))
                text.insert(character, at: text.index(text.startIndex, offsetBy: place))
                var writer = JSONWriter()
                writer.string(text)
                let needsEscape = code < 0x20 || code == 0x22 || code == 0x5C
                #expect(writer.text.contains("\\") == needsEscape)
                if code > 0 { #expect(try JSON(reading: writer.text) == .string(text)) }
            }
        }
    }
}
