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

    @Test(.enabled(if: Shared.isThere))
    func `the published local government codes`() throws {
        let data = try Shared.vector("local_government_code_6").requiredObject(at: "data")
        for member in try data.requiredObject("valid").members {
            #expect(throws: Never.self, "\(member.name)") { try LocalGovernmentCode(member.name) }
        }
        for member in try data.requiredObject("prefecture").members {
            let code = try LocalGovernmentCode(member.name)
            #expect(code.prefecture.number == member.value.int && code.isPrefecture)
            #expect(code.prefecture.localGovernment == code)
        }
        for code in try Shared.texts("local_government_code_6", "invalid") {
            #expect(throws: Refusal.self, "\(code)") { try LocalGovernmentCode(code) }
        }
    }

    @Test(.enabled(if: Shared.isThere))
    func `all 97,024 medical institutions are explained by the rule`() throws {
        let codes = try Shared.lines("medical-institutions.csv.gz").map { String($0.prefix(10)) }
        #expect(codes.count == 97_024)
        let odd = try codes.filter { try MedicalInstitutionCode($0).checkDigitStanding == .odd }
        #expect(odd.isEmpty)
    }

    @Test(.enabled(if: Shared.isThere))
    func `the published medical institution codes`() throws {
        let data = try Shared.vector("medical_institution_code_10").requiredObject(at: "data")
        for key in ["realValid", "realPassesOnlyWithScoreTable3"] {
            for row in try data.requiredArray(key) {
                let code = try row.requiredObject(at: key).requiredString("code10")
                #expect(try MedicalInstitutionCode(code).checkDigitStanding == .valid, "\(code)")
            }
        }
        for code in try Shared.texts("medical_institution_code_10", "dummyInJPCoreFailingBoth") {
            #expect(try MedicalInstitutionCode(code).checkDigitStanding == .odd, "\(code)")
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

    @Test(.enabled(if: Shared.isThere))
    func `the published payer, insurer and recipient numbers`() throws {
        for key in ["published", "computed", "nanbyo54_601_all_prefectures_computed"] {
            for number in try Shared.texts("payer_number_8", key) {
                #expect(try PublicPayerNumber(number).hasValidCheckDigit, "\(number)")
            }
        }
        // A wrong check digit is a warning: local schemes do not all keep it.
        for number in try Shared.texts("payer_number_8", "invalid") {
            #expect(try !PublicPayerNumber(number).hasValidCheckDigit, "\(number)")
        }
        for number in try Shared.texts("insurer_number_6_kokuho", "valid") {
            #expect(try InsurerNumber(number).hasValidCheckDigit, "\(number)")
        }
        for number in try Shared.texts("recipient_number_7", "valid") {
            #expect(try RecipientNumber(number).hasValidCheckDigit == true, "\(number)")
        }
        for number in try Shared.texts("recipient_number_7", "invalid") {
            #expect(try RecipientNumber(number).hasValidCheckDigit == false, "\(number)")
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
