import Exchange
import TestSupport
import Testing

@Suite struct IndividualNumberTests {
    @Test func `the published numbers keep the rule of the ordinance`() throws {
        for (text, isValid) in try CodeTests.numbers("individuals") {
            guard isValid else {
                #expect(throws: Refusal.malformed("myNumber"), "\(text)") {
                    try IndividualNumber(text)
                }
                continue
            }
            let number = try IndividualNumber(text)
            number.withDigits { #expect($0.elementsEqual(text.utf8)) }
        }
    }

    @Test(arguments: Seeded.seeds(100))
    func `one digit changed is no number`(seed: UInt64) throws {
        var random = Seeded(seed)
        let text = random.individualNumber()
        #expect(throws: Never.self) { try IndividualNumber(text) }
        var digits = Array(text.utf8)
        let place = 11
        digits[place] = 0x30 + (digits[place] - 0x30 + UInt8(random.int(1...9))) % 10
        #expect(throws: Refusal.self) { try IndividualNumber(digits) }
    }

    @Test func `a number shows itself to nobody`() throws {
        let number = try IndividualNumber("123456789018")
        var dumped = ""
        dump(number, to: &dumped)
        dump([number], to: &dumped)
        let shown = ["\(number)", String(reflecting: number), "\(Optional(number) as Any)", dumped]
        for text in shown {
            #expect(!text.contains("123456789018") && !text.contains { $0.isNumber && $0 == "9" })
        }
        #expect(Mirror(reflecting: number).children.isEmpty)
        let encodable = number as Any as? any Encodable
        #expect(encodable == nil)
    }

    static let carrying = [
        "123456789018", "番号は123456789018です", "１２３４５６７８９０１８", "1234 5678 9018", "1234-5678-9018",
        "1234　5678　9018", "１２３４－５６７８－９０１８", "123456-789018", "123 456 789 018", "1234ー5678ー9018",
        "1 2 3 4 5 6 7 8 9 0 1 8", "1234 - 5678 - 9018", "1234\u{200B}56789018", "A123456789018B",
        "電話090-1234-5678 個人番号 1234 5678 9018", "123456789018-01", "２０２６年 123456789018",
        // In hexadecimal and base64, alone and inside other text.
        "313233343536373839303138", "番号: 0x313233343536373839303138です", "MTIzNDU2Nzg5MDE4",
        "data:text/plain;base64,MTIzNDU2Nzg5MDE4", "eDEyMzQ1Njc4OTAxOA==", "eHgxMjM0NTY3ODkwMTg",
        "55Wq5Y+377yRMjM0IDU2NzggOTAxOA==", "7cieMTIzNDU2Nzg5MDE4eHl6",
        "EFBC91EFBC92EFBC93EFBC94EFBC95EFBC96EFBC97EFBC98EFBC99EFBC90EFBC91EFBC98",
    ]

    @Test(arguments: carrying)
    func `free text that carries a number is found out`(text: String) {
        #expect(IndividualNumber.looksLikeOne(in: text))
    }

    static let harmless = [
        "", "12345678901", "123456789010", "1234567890180", "0123456789018", "+81 90 1234 5678",
        "2026-04-01 2027-03-31", "東京都新宿区1-2-3", "1234 5678 9018 1234", "12345678年9018",
        "1234\n5678\n9018", "MTIzNDU2Nzg5MDEw", "313233343536373839303130", "MTIzNDU2Nzg5MDE",
        "urn:tsunagi:StructureDefinition:vaccination-basis", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "03-1234-5678", "2026-11-21T09:07:59.123456+09:00",
    ]

    @Test(arguments: harmless)
    func `other digits are left alone`(text: String) {
        #expect(!IndividualNumber.looksLikeOne(in: text))
    }

    /// A clinic refers to what it was answered with, whatever digits chance put into it.
    @Test(arguments: [
        ("0f8fad5b-d9cb-469f-a165-123456789018", true),
        ("Immunization/0f8fad5b-d9cb-469f-a165-123456789018", true),
        ("Immunization/123456789018", false), ("Patient/123456789018", false),
        ("Immunization/0f8fad5b-d9cb-469f-a165-123456789018/1", false),
        ("1/0f8fad5b-d9cb-469f-a165-123456789018", false),
        ("Immunization 0f8fad5b-d9cb-469f-a165-123456789018", false),
        ("Immunization/0F8FAD5B-d9cb-469f-a165-123456789018", false), ("a123456789018", false),
    ])
    func `an id of ours is no number, alone and in a reference`(text: String, isTaken: Bool) {
        var refusal: Refusal?
        do throws(Refusal) {
            try JSON.array([.string(text)]).refuseIndividualNumbers(at: "sent")
        } catch {
            refusal = error
        }
        #expect(refusal == (isTaken ? nil : .individualNumberNotAllowed("sent[0]")))
    }
}
