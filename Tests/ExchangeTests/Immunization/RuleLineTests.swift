import Exchange
import Testing

/// 決まりの誤りの行: a schedule that is wrong is refused at load with the line that its author opens.
@Suite struct RuleLineTests {
    private static let path = "immunization/schedule/sample.json"

    /// A schedule of the same form as every other, in lines that are counted here.
    private static let sample = """
        {
          "source": "見本", "verified": "unverified",
          "programme": "sample",
          "name": { "ja": "見\\"本", "en": "A \\\\ sample" },
          "category": "A",
          "forecast": "everyone",
          "order": 9001,
          "counts": ["mr"],
          "versions": [
            {
              "effectiveFrom": "2006-04-01",
              "source": "見本", "verified": "unverified",
              "gives": ["mr"],
              "courses": [
                {
                  "doses": [
                    {
                      "name": { "ja": "1期", "en": "first" },
                      "window": { "from": ["12m"], "to": ["24m"] }
                    },
                    {
                      "name": { "ja": "2期", "en": "second" },
                      "window": {
                        "from": ["5y"],
                        "to": ["7y"]
                      },
                      "after": [
                        {
                          "min": "27d"
                        }
                      ]
                    }
                  ]
                }
              ]
            }
          ]
        }
        """

    static let rows: [(old: String, new: String, line: Int, path: String)] = [
        (#""category": "A""#, #""category": "D""#, 5, "category"),
        (#""order": 9001"#, #""order": -1"#, 7, "order"),
        (#""counts": ["mr"]"#, #""counts": ["mr2026"]"#, 8, "counts"),
        (#""2006-04-01""#, #""2006-04-31""#, 11, "versions[0].effectiveFrom"),
        (#""gives": ["mr"]"#, #""gives": ["bcg"]"#, 13, "versions[0].gives"),
        (#"["12m"]"#, #"["12x"]"#, 19, "versions[0].courses[0].doses[0].window.from"),
        (#"["7y"]"#, #"["4y"]"#, 23, "versions[0].courses[0].doses[1].window"),
        (#"["5y"]"#, #"["5w2"]"#, 24, "versions[0].courses[0].doses[1].window.from"),
        (#""27d""#, #""27 days""#, 29, "versions[0].courses[0].doses[1].after[0].min"),
        // A name that nobody knows stands where it stands.
        (#""min": "27d""#, #""most": "27d""#, 29, "versions[0].courses[0].doses[1].after[0].most"),
        // What is missing, where it is missing.
        (#""to": ["7y"]"#, #""too": ["7y"]"#, 25, "versions[0].courses[0].doses[1].window.too"),
        (#"      "gives": ["mr"],\#n"#, "", 10, "versions[0].gives"),
        (#"  "category": "A",\#n"#, "", 1, "category"),
        // A file that is no JSON, where it stops being some.
        (#""order": 9001,"#, #""order": 9001"#, 8, ""),
        (#"["5y"],"#, #"["5y",],"#, 24, "versions[0].courses[0].doses[1].window.from[1]"),
        (
            #""effectiveFrom": "2006-04-01""#, #""effectiveFrom" "2006-04-01""#, 11,
            "versions[0].effectiveFrom"
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

    @Test(arguments: rows.indices)
    func `a fault tells its line, its place and its reason`(_ index: Int) throws {
        let row = Self.rows[index]
        try #require(Self.sample.contains(row.old))
        let fault = try #require(Self.fault(Self.sample.replacing(row.old, with: row.new)))
        #expect(fault.file == Self.path && fault.path == row.path, "\(fault)")
        #expect(fault.line == row.line, "\(fault)")
        #expect("\(fault)".hasPrefix("\(Self.path):\(row.line): "))
        #expect(!fault.reason.isEmpty)
    }

    @Test func `a file that is not there has no line`() throws {
        var files = Profiles.files
        files["immunization/vaccines.json"] = nil
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            Issue.record("taken")
        } catch {
            #expect(error.line == nil && "\(error)" == "immunization/vaccines.json: is missing")
        }
    }
}
