import Exchange
import Testing

/// 長期療養特例の決まり: rows that are wrong are refused at load with line, place and reason, and a municipality may
/// say it of what the law names alone.
@Suite struct LongIllnessRuleTests {
    private static let path = "immunization/long-term-illness.json"

    private static let sample = """
        {
          "source": "見本", "verified": "unverified",
          "periods": [
            {
              "code": "two-years",
              "programmes": ["mr", "varicella"],
              "months": 24,
              "effectiveFrom": "2013-01-30",
              "source": "見本", "verified": "unverified"
            },
            {
              "code": "under-4",
              "programmes": ["bcg"],
              "months": 24,
              "until": "4y",
              "effectiveFrom": "2013-01-30",
              "source": "見本", "verified": "unverified"
            }
          ]
        }
        """

    static let wrong: [(old: String, new: String, line: Int, path: String)] = [
        (#""mr", "#, #""mr2026", "#, 6, "periods[0].programmes"),
        (#""mr", "#, #""voluntary-mr", "#, 6, "periods[0].programmes"),
        (#""mr", "#, #""influenza-elderly", "#, 6, "periods[0].programmes"),
        (#""mr", "#, #""varicella", "#, 6, "periods[0].programmes"),
        (#"["mr", "varicella"]"#, "[]", 6, "periods[0].programmes"),
        (#"["bcg"]"#, #"["mr"]"#, 13, "periods[1].programmes"),
        (#""until": "4y""#, #""until": "four""#, 15, "periods[1].until"),
        (#""until": "4y""#, #""until": "school-year-end:4y""#, 15, "periods[1].until"),
        (#""until": "4y""#, #""til": "4y""#, 15, "periods[1].til"),
        (#""under-4""#, #""two-years""#, 12, "periods[1].code"),
        (
            #""months": 24,\#n      "until""#, #""months": 0,\#n      "until""#, 14,
            "periods[1].months"
        ),
    ]

    private static func fault(_ text: String) -> RuleFault? {
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: Profiles.with(path, text))
            return nil
        } catch {
            return error
        }
    }

    @Test func `the sample itself is taken`() {
        #expect(Self.fault(Self.sample) == nil)
    }

    @Test(arguments: wrong.indices)
    func `a fault tells its line, its place and its reason`(_ index: Int) throws {
        let row = Self.wrong[index]
        try #require(Self.sample.contains(row.old))
        let fault = try #require(Self.fault(Self.sample.replacing(row.old, with: row.new)))
        #expect(fault.file == Self.path && fault.path == row.path, "\(fault)")
        #expect(fault.line == row.line && !fault.reason.isEmpty, "\(fault)")
    }

    @Test func `rules that were kept from before know no special case`() throws {
        var files = Profiles.files
        files[Self.path] = nil
        #expect(throws: RuleFault.self) { try ImmunizationRules(reading: files) }
        let kept = try ImmunizationRules(reading: files, isKept: true)
        #expect(kept.longIllnessProgrammes.isEmpty)
    }

    // MARK: As a municipality registers it

    private static func read(_ programme: String, _ ended: String) throws
        -> Result<VaccinationTargetRow, RowRefusal>
    {
        let body = """
            [{"modificationSeg":"1","myNumber":"\(SubsidySample.number)",\
            "municipalityIdentityKey":"K-1","programme":"\(programme)",\
            "validFrom":"2026-06-01","validTo":"2028-05-31"\(ended)}]
            """
        return try #require(
            try readVaccinationTargetRows(Array(body.utf8), VaccinationCase.rules()).first)
    }

    private static func finding(_ programme: String, _ ended: String) throws -> String? {
        guard
            case .failure(let refusal) = try read(
                programme, #","specialCaseEndedOn":"\#(ended)""#)
        else { return nil }
        return refusal.findings.first.map { "\($0.item) \($0.code.rawValue)" }
    }

    @Test func `a row may say when the reason ended, and need not`() throws {
        let told = try Self.read("varicella", #","specialCaseEndedOn":"2026-06-01""#).get()
        #expect(told.illnessEnded?.text == "2026-06-01" && told.warnings.isEmpty)
        let plain = try Self.read("varicella", "").get()
        #expect(plain.illnessEnded == nil && plain.warnings.isEmpty)
        #expect(try Self.finding("varicella", "2028-05-31") == nil)
        #expect(
            try Self.finding("varicella", "2028-06-01") == "specialCaseEndedOn date-order")
        #expect(try Self.finding("varicella", "6/1") == "specialCaseEndedOn format")
    }

    @Test(arguments: ["rota-pentavalent", "rota-monovalent", "influenza-elderly", "rsv-maternal"])
    func `what the special case leaves out is nobody's`(programme: String) throws {
        #expect(
            try Self.finding(programme, "2026-06-01") == "specialCaseEndedOn contradicts")
    }
}
