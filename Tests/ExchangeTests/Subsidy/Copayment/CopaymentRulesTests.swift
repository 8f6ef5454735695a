import Exchange
import Testing

/// The tables of `profiles/subsidy/`: what the published tables say, by day; a wrong file is refused with
/// path and reason.
@Suite struct CopaymentRulesTests {
    static let rules = CopaymentSamples.rules

    @Test func `each limit is that of the published table`() throws {
        for row in try Vectors.rows("limits", "limits") {
            let age = try #require(HighCostRules.Age(rawValue: row.requiredString("age")))
            let setting = try #require(
                HighCostClass.Setting(rawValue: row.requiredString("setting")))
            let day = try row.requiredString("day")
            let written = try row.requiredString("cls")
            let table = try #require(Self.rules.highCost.table(age, on: SubsidyCase.day(day)))
            let code = try #require(table.code(written: written))
            let found = try #require(table.row(code, setting))
            let limit = found.limit(isMultiple: false, isHalved: false)
            #expect(limit.base == row["base"]?.int, "\(day) \(written)")
            #expect(limit.threshold ?? 0 == row["over"]?.int, "\(day) \(written)")
            let multiple = found.limit(isMultiple: true, isHalved: false).base
            #expect(multiple == row["multiple"]?.int ?? limit.base, "\(day) \(written)")
        }
    }

    @Test func `the caps of chronic diseases are those of the published tables`() throws {
        let rows = try Vectors.rows("limits", "caps")
        for law in ["52", "54"] {
            let scheme = try #require(
                Self.rules.scheme(law: law, on: SubsidyCase.day("2026-01-01")))
            let published = rows.filter { $0["law"]?.string == law }
            #expect(
                scheme.incomes.map(\.name).sorted()
                    == published.compactMap { $0["income"]?.string }.sorted())
            for row in published {
                let income = scheme.incomes.first { $0.name == row["income"]?.string }
                let caps = try row.requiredObject("caps")
                #expect(scheme.columns == caps.members.map(\.name))
                #expect(income?.caps == caps.members.map(\.value.int))
            }
        }
    }

    static let ages: [(birth: String, day: String, group: String, isMonth: Bool)] = [
        ("2020-04-01", "2026-03-31", "preschool", false),
        ("2020-04-01", "2026-04-01", "under70", false),
        ("2020-04-02", "2026-04-01", "preschool", false),
        ("2020-04-02", "2027-03-31", "preschool", false),
        ("2020-04-02", "2027-04-01", "under70", false),
        ("1956-06-15", "2026-06-30", "under70", false),
        ("1956-06-15", "2026-07-01", "from70", false),
        // Born on the first: seventy is attained at the end of the month before.
        ("1956-06-01", "2026-06-01", "from70", false),
        ("1956-06-02", "2026-06-30", "under70", false),
        ("1951-06-15", "2026-06-14", "from70", true),
        ("1951-06-15", "2026-06-15", "from75", true),
        ("1951-06-15", "2026-07-01", "from75", false),
        ("1951-06-01", "2026-06-01", "from75", false),
        ("1951-06-01", "2026-05-31", "from70", false),
        ("1952-02-29", "2027-02-28", "from70", false),
        ("1952-02-29", "2027-03-01", "from75", false),
        ("2020-02-29", "2026-03-31", "preschool", false),
    ]

    @Test(arguments: ages)
    func `age by the calendar of the law`(
        birth: String, day: String, group: String, isMonth: Bool
    ) throws {
        let standing = try #require(
            Self.rules.shares.standing(birth: SubsidyCase.day(birth), on: SubsidyCase.day(day)))
        #expect(standing.group.code == group && standing.isMonthOf75 == isMonth)
    }

    static let faults: [(file: String, old: String, new: String, path: String, reason: String)] = [
        (
            "high-cost.json", #""effectiveFrom": "2015-01-01""#, #""effectiveFrom": "2014-12-31""#,
            "tables[1].effectiveFrom", "overlaps another table of the same age"
        ),
        (
            "high-cost.json", #""class": "イ""#, #""class": "ア""#, "tables[1].rows[1].class",
            "is given twice"
        ),
        (
            "high-cost.json", "\"base\": 15000\n", "\"base\": 15001\n", "tables[3].rows[7].base",
            "cannot be halved"
        ),
        (
            "high-cost.json", #""multiple": 24600"#, #""multiple": 40000"#,
            "tables[0].rows[2].multiple", "is above base"
        ),
        (
            "high-cost.json", #""upper": 20000"#, #""upper": 9000"#, "longTerm[0].upper",
            "is below ordinary"
        ),
        (
            "high-cost.json", #""upper": 20000"#, #""upper": 20001"#, "longTerm[0].upper",
            "cannot be halved"
        ),
        (
            "insurance-share.json", #""reducedPercent": 10"#, #""reducedPercent": 40"#,
            "rows[3].reducedPercent", "is above percent"
        ),
        (
            "insurance-share.json", #""from": 6,"#, #""from": 70,"#, "ages[2].from",
            "is not above the age before it, beginning with 0"
        ),
        (
            "insurance-share.json", #""code": "from75""#, #""code": "from70""#, "ages[3].code",
            "is given twice"
        ),
        (
            "insurance-share.json", #""age": "preschool""#, #""age": "infant""#, "rows[0].age",
            "is none of preschool, under70, from70, from75"
        ),
        (
            "insurance-share.json", #""age": "preschool""#, #""age": "under70""#,
            "rows[1].effectiveFrom", "overlaps another row"
        ),
        (
            "national-schemes.json", #""law": "14""#, #""law": "99""#, "schemes[1].law",
            "is not in subsidy/law-numbers.json"
        ),
        (
            "national-schemes.json", #""law": "14""#, #""law": "13""#, "schemes[1].effectiveFrom",
            "overlaps another row of the same law"
        ),
        (
            "national-schemes.json", "            \"outside\",\n", "            \"inside\",\n",
            "schemes[8].incomes[5].caps", "holds what is neither yen, null nor outside"
        ),
        (
            "national-schemes.json", "\"outside\",\n            20000",
            "\"outside\",\n            \"outside\"", "schemes[8].incomes[5].caps",
            "is outside in every column"
        ),
        (
            "national-schemes.json", #""law": "11","#, #""law": "11", "asksToldCap": true,"#,
            "schemes[6].asksToldCap", "stands in for a percentage that is not given"
        ),
        (
            "meals.json", #""effectiveTo": "2024-05-31""#, #""effectiveTo": "2017-05-31""#,
            "rows[0].effectiveTo", "is before effectiveFrom"
        ),
        (
            "copayment.json", #""use": "counter""#, #""use": "till""#, "roundings",
            "leaves out counter"
        ),
        (
            "local-schemes/05-akita.json", #""denominator": 2,"#,
            #""denominator": 2, "fixed": 500,"#,
            "schemes[0].inpatient.fixed", "contradicts bearing fraction"
        ),
        (
            "local-schemes/05-akita.json", #""perMonth": 1000"#,
            #""perMonth": 1000, "perVisit": 2000"#, "schemes[0].inpatient.perVisit",
            "is above perMonth"
        ),
        (
            "local-schemes/05-akita.json", #""perMonth": 1000"#,
            #""perMonth": 1000, "visitsMax": 2"#,
            "schemes[0].inpatient.visitsMax", "counts without perVisit"
        ),
        (
            "local-schemes/05-akita.json", #""law": "74""#, #""law": "54""#, "schemes[0].law",
            "is the number of a national scheme"
        ),
        (
            "local-schemes/04-miyagi.json", #""under70": "ウ""#, #""under70": "ヱ""#,
            "schemes[0].bearsUpTo", "names ヱ, which no table of limits has"
        ),
        (
            "local-schemes/04-miyagi.json", #""conditions": {}"#,
            #""conditions": {"ageFrom": 6, "ageBelow": 6}"#, "schemes[0].conditions.ageFrom",
            "is not below ageBelow"
        ),
    ]

    @Test(arguments: faults)
    func `a contradiction is named by file, place and reason`(
        file: String, old: String, new: String, path: String, reason: String
    ) {
        let file = "subsidy/" + file
        #expect(throws: RuleFault(file: file, path: path, reason: reason)) {
            try RuleBook(reading: Profiles.replacing(file, old, new), version: "v")
        }
    }

    @Test func `a version from before the calculator still loads, without it`() throws {
        var files = Profiles.files
        files["subsidy/copayment.json"] = nil
        #expect(try RuleBook(reading: files, version: "v", isKept: true).copayment == nil)
        files = Profiles.files
        files["subsidy/high-cost.json"] = nil
        #expect(
            throws: RuleFault(file: "subsidy/high-cost.json", path: "", reason: "is missing")
        ) { try RuleBook(reading: files, version: "v") }
    }
}
