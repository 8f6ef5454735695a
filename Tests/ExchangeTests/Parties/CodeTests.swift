import Exchange
import TestSupport
import Testing

@Suite struct CodeTests {
    @Test(.enabled(if: Shared.isThere))
    func `all 1,916 local governments keep the check digit`() throws {
        let codes = try Shared.lines("local-governments.csv").map { String($0.prefix(6)) }
        #expect(codes.count == 1916)
        for code in codes {
            #expect(throws: Never.self, "\(code)") { try LocalGovernmentCode(code) }
            // Any other last digit is no code.
            let last = code.last?.wholeNumberValue ?? 0
            #expect(throws: Refusal.malformed("municipality")) {
                try LocalGovernmentCode(code.dropLast() + "\((last + 1) % 10)")
            }
        }
    }

    /// Numbers of a list of check-digits.json, with whether they keep their check digit.
    static func numbers(_ list: String) throws -> [(text: String, isValid: Bool)] {
        try Vectors.rows("check-digits", list).map {
            (try $0.requiredString("number"), try $0.requiredBool("isValid"))
        }
    }

    @Test func `the published local government codes`() throws {
        for (text, isValid) in try Self.numbers("municipalities") {
            #expect(((try? LocalGovernmentCode(text)) != nil) == isValid, "\(text)")
        }
        for row in try Vectors.rows("check-digits", "prefectures") {
            let code = try LocalGovernmentCode(row.requiredString("number"))
            #expect(code.prefecture.number == row["prefecture"]?.int && code.isPrefecture)
            #expect(code.prefecture.localGovernment == code)
        }
    }

    @Test(.enabled(if: Shared.isThere))
    func `all 97,024 medical institutions are explained by the rule`() throws {
        let codes = try Shared.lines("medical-institutions.csv.gz").map { String($0.prefix(10)) }
        #expect(codes.count == 97_024)
        let odd = try codes.filter { try MedicalInstitutionCode($0).checkDigitStanding == .odd }
        #expect(odd.isEmpty)
    }

    /// 医科 of a dental practice may keep its dental digit; a dental code has no other than its own.
    @Test func `the published medical institution codes`() throws {
        for row in try Vectors.rows("check-digits", "institutions") {
            let code = try row.requiredString("code")
            let isValid = try row.requiredBool("isValid")
            let standing = try MedicalInstitutionCode(code).checkDigitStanding
            #expect((standing == .valid) == isValid, "\(code)")
        }
    }

    @Test func `a medical institution code tells its prefecture and its table of fees`() throws {
        let code = try MedicalInstitutionCode("1318615312")
        #expect(code.prefecture?.number == 13 && code.scoreTable == .medical)
        #expect(try MedicalInstitutionCode("9912345678").checkDigitStanding == .odd)
        for text in ["131861531", "13186153120", "131861531x", "１３１８６１５３１２", ""] {
            #expect(throws: Refusal.malformed("institution")) { try MedicalInstitutionCode(text) }
        }
    }

    @Test func `the published payer, insurer and recipient numbers`() throws {
        // A wrong check digit is a warning: local schemes do not all keep it.
        for (text, isValid) in try Self.numbers("payers") {
            #expect(try PublicPayerNumber(text).hasValidCheckDigit == isValid, "\(text)")
        }
        for (text, isValid) in try Self.numbers("insurers") {
            #expect(try InsurerNumber(text).hasValidCheckDigit == isValid, "\(text)")
        }
        for (text, isValid) in try Self.numbers("recipients") {
            #expect(try RecipientNumber(text).hasValidCheckDigit == isValid, "\(text)")
        }
    }

    @Test func `numbers of another form are refused`() throws {
        for text in ["", "5401602", "540160277", "５４０１６０２７", "54 16027"] {
            #expect(throws: Refusal.malformed("payer")) {
                try PublicPayerNumber(text, item: "payer")
            }
        }
        #expect(try PublicPayerNumber("54136015").lawNumber == "54")
        #expect(try PublicPayerNumber("54136015").prefecture?.number == 13)
        #expect(try InsurerNumber("  138016") == InsurerNumber("00138016"))
        #expect(try InsurerNumber("01130012").digits == "01130012")
        #expect(throws: Refusal.self) { try InsurerNumber("1380161") }
        #expect(try RecipientNumber("こ-第12号").hasValidCheckDigit == nil)
        #expect(throws: Never.self) { try RecipientNumber(String(repeating: "𠮷", count: 30)) }
        #expect(throws: Refusal.self) { try RecipientNumber(String(repeating: "1", count: 31)) }
        for text in ["", "12\n34"] {
            #expect(throws: Refusal.self) { try RecipientNumber(text) }
        }
    }
}
