import Exchange
import TestSupport
import Testing

@Suite struct GuardianshipRowTests {
    static let whole = #"""
        {"modificationSeg": "1", "child": {"myNumber": "123456789018"},
         "guardian": {"myNumber": "876543210989"}, "guardianKind": "2", "validFrom": "2026-04-01",
         "isCustodyLost": false}
        """#

    static func read(_ row: String) throws -> Result<GuardianshipRow, RowRefusal> {
        let rules = try #require(Profiles.book.acting)
        return try #require(try readGuardianshipRows(Array("[\(row)]".utf8), rules).first)
    }

    @Test func `a whole row is read`() throws {
        let row = try Self.read(Self.whole).get()
        #expect(row.kind == "2" && row.from.text == "2026-04-01" && row.to == nil)
        #expect(!row.isCustodyLost && row.warnings.isEmpty && row.child != row.guardian)
    }

    static let spoilt: [(old: String, new: String, finding: String)] = [
        (#""modificationSeg": "1""#, #""modificationSeg": "3""#, "modificationSeg format"),
        (#""modificationSeg": "1""#, #""modificationSeg": "2""#, "validTo required"),
        (#""guardianKind": "2""#, #""guardianKind": "7""#, "guardianKind format"),
        ("123456789018", "123456789012", "child.myNumber number"),
        (#"{"myNumber": "123456789018"}"#, "null", "child format"),
        (#"{"myNumber": "123456789018"}"#, "{}", "child.myNumber required"),
        (
            #"{"myNumber": "123456789018"}"#,
            #"{"myNumber": "123456789018", "key": "123456789018"}"#,
            "child.key individual-number-elsewhere"
        ),
        ("876543210989", "123456789018", "guardian contradicts"),
        ("2026-04-01", "2026-02-30", "validFrom format"),
        (
            #""isCustodyLost": false"#, #""isCustodyLost": false, "validTo": "2026-03-31""#,
            "validTo date-order"
        ),
        (#""isCustodyLost": false"#, #""isCustodyLost": "0""#, "isCustodyLost format"),
        (
            #""isCustodyLost": false"#, #""isCustodyLost": true, "isCustodyRestored": true"#,
            "isCustodyRestored format"
        ),
        (
            #""isCustodyLost": false"#, #""isCustodyLost": false, "note": "876543210989""#,
            "note individual-number-elsewhere"
        ),
    ]

    @Test(arguments: spoilt.indices)
    func `a row that is wrong says where`(_ index: Int) throws {
        let (old, new, finding) = Self.spoilt[index]
        guard case .failure(let refusal) = try Self.read(Self.whole.replacing(old, with: new))
        else {
            return #expect(Bool(false), "taken")
        }
        #expect(refusal.findings.map { "\($0.item) \($0.code.rawValue)" }.contains(finding))
        #expect(!refusal.findings.contains { $0.ja.contains("1234567") })
    }
}
