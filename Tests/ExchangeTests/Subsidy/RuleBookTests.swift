import Exchange
import Testing

/// Rule files are read whole or refused whole, with the place of the fault.
@Suite struct RuleBookTests {
    /// FHIR resources, which have no place for `source` and `verified` of their own.
    static let resources: Set = [
        "subsidy/eligibility-outcome.json", "subsidy/eligibility-warning.json",
    ]

    @Test func `every file of the rules says where it comes from and whether that was checked`()
        throws
    {
        var resources: Set<String> = []
        for (path, bytes) in Profiles.files where !path.contains("/examples/") {
            let file = try JSON(reading: bytes).requiredObject(at: path)
            guard file["resourceType"] != nil else {
                #expect(file["source"]?.string?.isEmpty == false, "\(path)")
                let words = ["verified", "unverified"]
                #expect(words.contains(file["verified"]?.string ?? ""), "\(path)")
                continue
            }
            guard !path.hasPrefix("fhir/") else { continue }
            resources.insert(path)
            let says = (file["extension"]?.array ?? []).contains {
                $0.object?["url"]?.string == "urn:tsunagi:StructureDefinition:rule-source"
            }
            #expect(says, "\(path)")
        }
        #expect(resources == Self.resources)
    }

    static let rows: [(file: String, list: String)] = [
        ("subsidy/national-schemes.json", "schemes"), ("subsidy/insurance-share.json", "ages"),
        ("subsidy/insurance-share.json", "rows"), ("subsidy/meals.json", "rows"),
        ("subsidy/high-cost.json", "tables"), ("subsidy/high-cost.json", "longTerm"),
        ("subsidy/local-schemes/05-akita.json", "schemes"),
        ("immunization/vaccines.json", "vaccines"), ("immunization/products.json", "products"),
        ("maternal/tickets/132101.json", "tickets"),
    ]

    @Test(arguments: rows)
    func `a row of law or price without its own source and flag is refused`(
        file: String, list: String
    ) throws {
        for item in ["source", "verified"] {
            let whole = try JSON(reading: Profiles.files[file] ?? []).requiredObject(at: file)
            let members = try whole.members.map { member -> JSONObject.Member in
                guard member.name == list else { return member }
                var rows = try whole.requiredArray(list)
                let first = try rows[0].requiredObject(at: list)
                rows[0] = .object(JSONObject(first.members.filter { $0.name != item }))
                return .init(name: list, value: .array(rows))
            }
            let files = Profiles.with(file, JSON.object(JSONObject(members)).text)
            #expect(
                throws: RuleFault(
                    file: file, path: "\(list)[0].\(item)", reason: "is missing")
            ) { try RuleBook(reading: files, version: "v") }
        }
    }

    @Test func `a kept version that misses what a field reads today has no rules of that field`()
        throws
    {
        let path = "subsidy/insurance-share.json"
        let files = Profiles.replacing(path, #""ages": ["#, #""aged": ["#)
        #expect(throws: RuleFault.self) { try RuleBook(reading: files, version: "v") }
        let kept = try RuleBook(reading: files, version: "v", isKept: true)
        #expect(kept.copayment == nil && kept.immunization != nil && kept.maternal != nil)
    }

    @Test func `a version of before classes of copayment has its immunization`() throws {
        var files = Profiles.files
        files["immunization/copayment-classes.json"] = nil
        #expect(throws: RuleFault.self) { try RuleBook(reading: files, version: "v") }
        let kept = try RuleBook(reading: files, version: "v", isKept: true).immunization
        #expect(kept?.copaymentClasses.isEmpty == true)
    }

    @Test func `the files of the repository are one rule book`() {
        let book = Profiles.book
        #expect(book.subsidy.programs.count == 24)
        #expect(book.subsidy.lawNumberOrder.first == "13")
        #expect(book.subsidy.consentKinds.map(\.code).sorted() == ["subsidy", "subsidy-mental"])
        #expect(book.consentsByDefault.map(\.code) == ["subsidy"])
        #expect(book.purposes.count == Purpose.allCases.count)
        for outcome in EligibilityOutcome.allCases {
            let text = book.subsidy.texts[outcome: outcome]
            #expect(text.display.ja != outcome.rawValue && !text.nextAction.ja.isEmpty)
        }
    }

    static let faults: [(file: String, old: String, new: String, path: String, reason: String)] = [
        (
            "subsidy/law-numbers.json", #""code": "54""#, #""code": "52""#, "order[19].code",
            "is given twice"
        ),
        (
            "subsidy/programs/130001.json", #""lawNumber": "54""#, #""lawNumber": "99""#,
            "programs[2].lawNumber", "is not in subsidy/law-numbers.json"
        ),
        (
            "subsidy/programs/130001.json", #""consentKind": "subsidy-mental""#,
            #""consentKind": "immunization""#, "programs[0].consentKind",
            "is no consent kind of the field subsidy"
        ),
        (
            "subsidy/programs/132101.json", #""certificateTypeID": "kodomo""#,
            #""certificateTypeID": "shogai""#, "programs[2].effectiveFrom",
            "overlaps another row of the same type"
        ),
        (
            "subsidy/programs/132101.json", #""body": "132101""#, #""body": "13210""#, "body",
            "is not six digits (or ?)"
        ),
        (
            "subsidy/programs/132101.json", #""requiresDesignation": false"#,
            #""requiresDesignated": false"#, "programs[0].requiresDesignated", "is unknown"
        ),
        (
            "subsidy/eligibility.json", #""hours": 72"#, #""hours": 0"#, "stale.hours",
            "is not within 1…8784"
        ),
        (
            "subsidy/eligibility.json", #""verified": "unverified""#, #""verified": "yes""#,
            "verified", "is neither verified nor unverified"
        ),
        (
            "subsidy/eligibility-outcome.json", #""code": "ended""#, #""code": "over""#,
            "concept[2].code", "is not one of the closed set"
        ),
        (
            "access/consent-kinds.json", #""sensitive": false"#, #""sensitive": true"#,
            "kinds[0].onByDefault", "is true for a sensitive kind"
        ),
        (
            "access/visit-kinds.json", "end-of-month", "end-of-year", "kinds[1].ends",
            "is none of end-of-day, end-of-month, when-ended"
        ),
        (
            "access/acting.json", #""read-own-visits""#, #""check-eligibility""#,
            "purposes[13].code", "is no purpose of a portal"
        ),
        (
            "access/acting.json", #""immunization""#, #""immunisation""#,
            "purposes[4].anyOf", "names an unknown kind of consent"
        ),
        ("access/purposes.json", "feed-cards", "feed-cats", "purposes[62].code", "is unknown"),
        (
            "access/permissions.json", #""purpose": "open-visit""#, #""purpose": "connect""#,
            "permissions[1].purpose", "is unknown"
        ),
        (
            "access/permissions.json", #""parties": ["ombudsman"]"#, #""parties": ["ombudsmen"]"#,
            "permissions[48].parties", "names an unknown kind of party, ombudsmen"
        ),
        (
            "access/permissions.json", #""POST /visits/paper""#, #""POST /visits""#,
            "permissions[2].operations", "gives POST /visits to institution twice"
        ),
        (
            "access/permissions.json", #""purpose": "read-patient""#, #""purpose": "open-visit""#,
            "permissions", "leaves out read-patient"
        ),
        (
            "access/permissions.json", #"{ "code": "log-archive", "#, #"{ "code": "mass-change", "#,
            "fourEyes.deeds[3].code", "is given twice"
        ),
        (
            "access/permissions.json", #", "toldApartBy": "name-and-certificate""#,
            #", "toldApartBy": "nothing""#, "fourEyes.deeds[1].toldApartBy",
            "is none of name-or-certificate, name-and-certificate"
        ),
        (
            "access/permissions.json", #""key-rotation", "toldApartBy": "name-or-certificate""#,
            #""key-rotation", "toldApartBy": "name-and-certificate""#,
            "fourEyes.deeds[2].toldApartBy",
            "name-and-certificate cannot be asked of key-rotation"
        ),
        (
            "access/permissions.json", #""disaster", "toldApartBy": "name-and-certificate""#,
            #""disaster", "toldApartBy": "name-or-certificate""#, "fourEyes.deeds[1].toldApartBy",
            "name-or-certificate cannot be asked of disaster"
        ),
        (
            "registration/mismatch.json", #""nameKana""#, #""nickname""#,
            "anotherPersonWhen[1].allDiffer", "names an unknown item"
        ),
    ]

    @Test(arguments: faults)
    func `a fault is named by file, place and reason`(
        file: String, old: String, new: String, path: String, reason: String
    ) {
        let expected = RuleFault(file: file, path: path, reason: reason)
        #expect(throws: expected) {
            try RuleBook(reading: Profiles.replacing(file, old, new), version: "v")
        }
    }

    @Test(arguments: [
        "subsidy/eligibility-outcome.json", "subsidy/law-numbers.json", "subsidy/eligibility.json",
        "access/purposes.json", "access/consent-kinds.json", "access/notice-kinds.json",
        "access/acting.json", "access/permissions.json", "registration/mismatch.json",
    ])
    func `a missing file is named`(file: String) {
        var files = Profiles.files
        files[file] = nil
        #expect(throws: RuleFault(file: file, path: "", reason: "is missing")) {
            try RuleBook(reading: files, version: "v")
        }
    }

    @Test func `a closed set with a code left out is refused`() throws {
        let path = "access/purposes.json"
        let all = try #require(try JSON(reading: Profiles.files[path] ?? []).object)
        let fewer = JSONObject(
            try all.members.map { member in
                guard member.name == "purposes" else { return member }
                let kept = try all.requiredArray("purposes").dropLast()
                return .init(name: member.name, value: .array(Array(kept)))
            })
        #expect(
            throws: RuleFault(
                file: path, path: "purposes", reason: "leaves out register-past-doses")
        ) { try RuleBook(reading: Profiles.with(path, JSON.object(fewer).text), version: "v") }
        // A version of an earlier release, from the shelf, still decides the answers that cite it.
        let kept = try RuleBook(
            reading: Profiles.with(path, JSON.object(fewer).text), version: "v", isKept: true)
        #expect(kept.purposes.count == Purpose.allCases.count - 1)
    }

    @Test func `a pattern speaks for every body it fits, and a body's own row wins`() throws {
        let pattern = Profiles.replacing(
            "subsidy/programs/270008.json", #""body": "270008""#, #""body": "??000?""#)
        let rules = try RuleBook(reading: pattern, version: "v").subsidy
        let day = SubsidyCase.day("2026-06-15")
        #expect(
            rules.programs(of: "400009", on: day).map(\.body)
                == Array(repeating: "??000?", count: 3))
        #expect(
            rules.programs(of: "130001", on: day).map(\.body)
                == Array(repeating: "130001", count: 3))
        #expect(rules.programs(of: "401307", on: day).isEmpty)
        #expect(rules.knows("nanbyo", of: "400009") && !rules.knows("kodomo", of: "400009"))
    }

    @Test(arguments: [
        ("2026-06-30", true), ("2026-07-01", false),
    ])
    func `a scheme that has ended is not asked about`(day: String, isAsked: Bool) throws {
        let files = Profiles.replacing(
            "subsidy/programs/132101.json",
            #"""
                  "priority": 30,
                  "effectiveFrom": "2020-04-01",
            """#,
            #"""
                  "priority": 30,
                  "effectiveFrom": "2020-04-01", "effectiveTo": "2026-06-30",
            """#)
        let rules = try RuleBook(reading: files, version: "v").subsidy
        let types = rules.programs(of: "132101", on: SubsidyCase.day(day)).map(\.certificateTypeID)
        #expect(types.contains("kodomo") == isAsked)
    }

    static let terms: [(kind: String, opened: String, ends: String)] = [
        ("outpatient", "2026-06-15T14:59:59Z", "2026-06-15T15:00:00Z"),
        ("outpatient", "2026-06-15T15:00:00Z", "2026-06-16T15:00:00Z"),
        ("inpatient", "2026-02-28T10:00:00+09:00", "2026-03-01T00:00:00+09:00"),
        ("inpatient", "2028-02-01T00:00:00+09:00", "2028-03-01T00:00:00+09:00"),
        ("inpatient", "2026-12-31T23:59:59+09:00", "2027-01-01T00:00:00+09:00"),
        ("booked", "2026-06-15T10:00:00+09:00", "2026-07-16T00:00:00+09:00"),
        ("home-care", "2026-06-15T10:00:00+09:00", "2027-06-16T00:00:00+09:00"),
    ]

    @Test(arguments: terms)
    func `each kind of visit ends by the Japanese calendar`(
        kind: String, opened: String, ends: String
    ) throws {
        let rule = try #require(Profiles.book.visitKind(kind))
        #expect(rule.ends(opened: SubsidyCase.instant(opened)) == SubsidyCase.instant(ends))
    }

    // MARK: Mismatch of persons

    static let known = IdentityFacts(
        name: "見本　花子", nameKana: "ミホン　キョウコ", address: "東京都見本市１", dateOfBirth: "1990-01-02",
        sex: "2")

    static func facts(
        name: String? = "見本　花子", kana: String? = "ミホン　キョウコ", address: String? = "東京都見本市１",
        birth: String? = "1990-01-02", sex: String? = "2"
    ) -> IdentityFacts {
        IdentityFacts(name: name, nameKana: kana, address: address, dateOfBirth: birth, sex: sex)
    }

    static let persons: [(name: String, facts: IdentityFacts, expected: IdentityComparison)] = [
        ("the same", facts(), .same),
        ("another birth date", facts(birth: "1990-01-03"), .anotherPerson),
        ("the year alone agrees", facts(birth: "1990-00-00"), .changed([.dateOfBirth])),
        ("the year alone disagrees", facts(birth: "1991-00-00"), .anotherPerson),
        ("birth date unknown", facts(birth: "不明"), .changed([.dateOfBirth])),
        ("birth date absent", facts(birth: nil), .changed([.dateOfBirth])),
        ("another name", facts(name: "架空　花子"), .changed([.name])),
        ("another address", facts(address: "大阪府"), .changed([.address])),
        (
            "another name, kana and address", facts(name: "架空", kana: "カクウ", address: "大阪府"),
            .changed([.name, .nameKana, .address])
        ),
        ("another sex alone", facts(sex: "1"), .changed([.sex])),
        ("another kana name alone", facts(kana: "カクウ　ハナコ"), .changed([.nameKana])),
        ("another sex and kana name", facts(kana: "カクウ　ハナコ", sex: "1"), .anotherPerson),
        (
            "another sex, kana typed otherwise", facts(kana: "ﾐﾎﾝ ｷﾖｳｺ", sex: "1"),
            .changed([.nameKana, .sex])
        ),
        (
            "sex not known, another kana name", facts(kana: "カクウ", sex: "9"),
            .changed([.nameKana, .sex])
        ),
        ("another sex, no kana name", facts(kana: "", sex: "1"), .changed([.nameKana, .sex])),
    ]

    @Test(arguments: persons)
    func `a registration is of the same person, changed, or another`(
        name: String, facts: IdentityFacts, expected: IdentityComparison
    ) {
        #expect(compare(facts, Self.known, Profiles.book.mismatch) == expected, "\(name)")
    }
}
