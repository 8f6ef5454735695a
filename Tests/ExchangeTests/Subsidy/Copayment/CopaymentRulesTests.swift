import Exchange
import Testing

/// The tables of `profiles/subsidy/`: what the published tables say, by day; a wrong file is refused with
/// path and reason.
@Suite struct CopaymentRulesTests {
    static let rules = CopaymentSamples.rules

    @Test(
        .enabled(if: Shared.isThere),
        arguments: [
            ("under70_until_2026_07", HighCostRules.Age.under70, "2026-07-31"),
            ("under70_from_2026_08_UNVERIFIED_except_ウ_monthly", .under70, "2026-08-01"),
            ("over70_until_2026_07", .from70, "2026-07-31"),
        ])
    func `each limit is that of the published table`(
        name: String, age: HighCostRules.Age, day: String
    ) throws {
        let table = try #require(
            Self.rules.highCost.table(age, on: SubsidyCase.day(day)))
        let vector = try #require(try Shared.vector("kogaku_tables").object).requiredObject(name)
        for member in vector.members {
            guard let numbers = member.value.array else { continue }
            let code = try #require(table.code(written: member.name))
            let row = try #require(table.row(code, .inpatient))
            let limit = row.limit(isMultiple: false, isHalved: false)
            #expect(
                [limit.base, limit.threshold ?? 0] == [numbers[0].int ?? 0, numbers[1].int ?? 0])
            #expect(row.limit(isMultiple: true, isHalved: false).base == numbers[2].int)
        }
        for (written, item, setting) in [
            ("一般", "外来", HighCostClass.Setting.outpatient), ("一般", "世帯", .inpatient),
            ("低Ⅱ", "外来", .outpatient), ("低Ⅱ", "世帯", .inpatient),
            ("低Ⅰ", "外来", .outpatient), ("低Ⅰ", "世帯", .inpatient),
        ] where age == .from70 {
            let code = try #require(table.code(written: written))
            let expected = try vector.requiredObject(written)[item]?.int
            #expect(
                table.row(code, setting)?.limit(isMultiple: false, isHalved: false).base == expected
            )
        }
    }

    @Test(.enabled(if: Shared.isThere))
    func `the caps of chronic diseases are those of the published tables`() throws {
        let vector = try #require(try Shared.vector("kogaku_tables").object)
        for (law, name) in [("54", "nanbyo"), ("52", "shoman")] {
            let scheme = try #require(
                Self.rules.scheme(law: law, on: SubsidyCase.day("2026-01-01")))
            let table = try vector.requiredObject(name)
            #expect(scheme.columns == table["cols"]?.array?.compactMap(\.string))
            for income in scheme.incomes {
                #expect(income.caps == table[income.name]?.array?.map(\.int))
            }
            #expect(scheme.incomes.count == table.members.count - 1)
        }
    }

    static let ages: [(birth: String, day: String, group: AgeStanding.Group, isMonth: Bool)] = [
        ("2020-04-01", "2026-03-31", .preschool, false),
        ("2020-04-01", "2026-04-01", .under70, false),
        ("2020-04-02", "2026-04-01", .preschool, false),
        ("2020-04-02", "2027-03-31", .preschool, false),
        ("2020-04-02", "2027-04-01", .under70, false),
        ("1956-06-15", "2026-06-30", .under70, false),
        ("1956-06-15", "2026-07-01", .from70, false),
        // Born on the first: seventy is attained at the end of the month before.
        ("1956-06-01", "2026-06-01", .from70, false),
        ("1956-06-02", "2026-06-30", .under70, false),
        ("1951-06-15", "2026-06-14", .from70, true),
        ("1951-06-15", "2026-06-15", .from75, true),
        ("1951-06-15", "2026-07-01", .from75, false),
        ("1951-06-01", "2026-06-01", .from75, false),
        ("1951-06-01", "2026-05-31", .from70, false),
        ("1952-02-29", "2027-02-28", .from70, false),
        ("1952-02-29", "2027-03-01", .from75, false),
        ("2020-02-29", "2026-03-31", .preschool, false),
    ]

    @Test(arguments: ages)
    func `age by the calendar of the law`(
        birth: String, day: String, group: AgeStanding.Group, isMonth: Bool
    ) {
        let standing = AgeStanding(birth: SubsidyCase.day(birth), on: SubsidyCase.day(day))
        #expect(standing.group == group && standing.isMonthOf75 == isMonth)
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
            "insurance-share.json", #""reducedPercent": 10"#, #""reducedPercent": 40"#,
            "rows[3].reducedPercent", "is above percent"
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
        #expect(try RuleBook(reading: files, version: "v").copayment == nil)
        files = Profiles.files
        files["subsidy/high-cost.json"] = nil
        #expect(
            throws: RuleFault(file: "subsidy/high-cost.json", path: "", reason: "is missing")
        ) { try RuleBook(reading: files, version: "v") }
    }
}
