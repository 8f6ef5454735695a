import Exchange
import Testing

/// Claim as it is read: what each element means, and what is refused by its path.
@Suite struct SubmittedBillTests {
    private static let institution: Party = {
        guard let party = try? Party(role: .institution, code: "1319999995") else {
            fatalError("no party")
        }
        return party
    }()

    static let claim = #"""
        {"resourceType":"Claim",
        "extension":[{"url":"urn:tsunagi:StructureDefinition:visit","valueString":"v-1"},
        {"url":"urn:tsunagi:StructureDefinition:insurance-share","valueInteger":30}],
        "identifier":[{"system":"urn:test","value":"1"}],"status":"active","use":"claim",
        "patient":{"reference":"Patient/pw-1"},
        "billablePeriod":{"start":"2026-06-15T09:00:00+09:00","end":"2026-06-15"},
        "created":"2026-06-15","provider":{"identifier":{
        "system":"http://jpfhir.jp/fhir/core/IdSystem/insurance-medical-institution-no",
        "value":"1319999995"}},
        "insurance":[{"coverage":{"identifier":{
        "system":"http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicInsuredPersonNumber",
        "value":"1234566"}}}],"total":{"value":30000,"currency":"JPY"},"item":[{"sequence":1}]}
        """#

    private static func read(_ text: String) throws -> SubmittedBill {
        try SubmittedBill(reading: Array(text.utf8), institution: institution)
    }

    static let uses: [(status: String, use: String, BillUse)] = [
        ("active", "predetermination", .quote), ("active", "preauthorization", .reserve),
        ("active", "claim", .confirm), ("cancelled", "claim", .void),
        ("cancelled", "preauthorization", .void),
    ]

    @Test(arguments: uses)
    func `status and use say what is wanted`(status: String, use: String, wanted: BillUse) throws {
        let bill = try Self.read(
            Self.claim.replacing(#""status":"active""#, with: #""status":"\#(status)""#)
                .replacing(#""use":"claim""#, with: #""use":"\#(use)""#))
        #expect(bill.use == wanted)
        #expect(bill.day.text == "2026-06-15" && bill.cost == 30_000 && bill.percent == 30)
        #expect(bill.certificates == [.recipient("1234566")] && bill.collected == nil)
    }

    static let other = #"""
        {"coverage":{"identifier":{"system":"urn:tsunagi:certificate-type:132101","value":"kodomo"}}}
        """#

    static let wrong: [(from: String, to: String, Refusal)] = [
        (#""status":"active""#, #""status":"draft""#, .malformed("status")),
        (#""use":"claim""#, #""use":"charge""#, .malformed("use")),
        (#""use":"claim","#, "", .missing("use")),
        (#"{"system":"urn:test","value":"1"}"#, "", .missing("identifier")),
        (
            #"{"system":"urn:test","value":"1"}"#,
            #"{"system":"urn:test","value":"1"},{"system":"urn:test","value":"2"}"#,
            .duplicateItem("identifier[1]")
        ),
        (#""valueInteger":30"#, #""valueInteger":3"#, .malformed("extension(insurance-share)")),
        (
            #""valueInteger":30"#, #""valueString":"30""#,
            .missing("extension(insurance-share).valueInteger")
        ),
        ("insurance-share", "another", .missing("extension(insurance-share)")),
        (#""end":"2026-06-15""#, #""end":"2026-07-01""#, .malformed("billablePeriod")),
        (#""end":"2026-06-15""#, #""end":"2026-06-14""#, .malformed("billablePeriod")),
        (#""end":"2026-06-15""#, #""end":"2026-06""#, .malformed("billablePeriod")),
        (#","end":"2026-06-15""#, "", .missing("billablePeriod.end")),
        (#""value":30000"#, #""value":30000.5"#, .malformed("total.value")),
        (#""value":30000"#, #""value":-1"#, .malformed("total.value")),
        (#""value":30000"#, #""value":100000001"#, .malformed("total.value")),
        (#""JPY""#, #""USD""#, .malformed("total.currency")),
        (
            #""value":"1319999995""#, #""value":"1319999996""#,
            .malformed("provider.identifier.value")
        ),
        (
            "http://jpfhir.jp/fhir/core/mhlw/IdSystem/PublicInsuredPersonNumber", "urn:other",
            .malformed("insurance[0].coverage.identifier.system")
        ),
        (
            #""insurance":[{"#, #""insurance":[\#(other),\#(other),{"#,
            .duplicateItem("insurance[1]")
        ),
        (
            #""insurance":[{"#, #""insurance":[{},{},{},{},{"#, .tooMany("insurance")
        ),
        (
            #""insurance":[{"#, #""insurance":[{"coverage":{}},{"#,
            .missing("insurance[0].coverage.identifier")
        ),
        (#""created""#, #""implicitRules":"x","created""#, .unknownItem("implicitRules")),
        (
            #""value":"1234566""#, #""value":"999900000259""#,
            .individualNumberNotAllowed("insurance[0].coverage.identifier.value")
        ),
    ]

    @Test(arguments: wrong)
    func `what is wrong is named by its path`(from: String, to: String, refusal: Refusal) throws {
        #expect(Self.claim.contains(from))
        #expect(throws: refusal) { try Self.read(Self.claim.replacing(from, with: to)) }
    }

    static let collected = #"""
        {"url":"urn:tsunagi:StructureDefinition:collected","valueMoney":{"value":500,"currency":"JPY"}},
        """#

    @Test func `only what is confirmed can have been collected already`() throws {
        let claim = Self.claim.replacing(
            #""extension":["#, with: #""extension":["# + Self.collected)
        #expect(try Self.read(claim).collected == 500)
        for use in ["predetermination", "preauthorization"] {
            let early = claim.replacing(#""use":"claim""#, with: #""use":"\#(use)""#)
            #expect(throws: Refusal.unknownItem("extension(collected)")) { try Self.read(early) }
        }
    }

    @Test func `the limit of a specific disease is what its certificate says`() throws {
        let rules = try #require(Profiles.book.copayment)
        func claim(_ yen: Int) -> String {
            let entry =
                #"{"url":"urn:tsunagi:StructureDefinition:long-term","#
                + #""valueMoney":{"value":\#(yen),"currency":"JPY"}},"#
            return Self.claim.replacing(
                #""extension":["#, with: #""extension":["# + entry)
        }
        #expect(try Self.read(claim(10_000)).care(isInpatient: false, rules).longTerm == 10_000)
        for yen in [0, -1] {
            #expect(throws: Refusal.malformed("extension(long-term).valueMoney.value")) {
                try Self.read(claim(yen))
            }
        }
    }

    /// A pharmacy names a medical or dental institution; nobody else names any.
    @Test func `a pharmacy says whose prescription it dispensed`() throws {
        let pharmacy = try Party(role: .institution, code: "1349999992")
        func read(_ prescriber: String, by party: Party) throws -> SubmittedBill {
            let entry =
                #"{"url":"urn:tsunagi:StructureDefinition:prescriber","#
                + #""valueString":"\#(prescriber)"},"#
            let claim = Self.claim.replacing("1319999995", with: party.code).replacing(
                #""extension":["#, with: #""extension":["# + entry)
            return try SubmittedBill(reading: Array(claim.utf8), institution: party)
        }
        let rules = try #require(Profiles.book.copayment)
        for code in ["1319999996", "1339999994"] {
            #expect(try read(code, by: pharmacy).care(isInpatient: false, rules).prescriber == code)
        }
        for code in ["1349999992", "1369999990", "131999999", "内科"] {
            #expect(throws: Refusal.malformed("extension(prescriber).valueString")) {
                try read(code, by: pharmacy)
            }
        }
        #expect(throws: Refusal.unknownItem("extension(prescriber)")) {
            try read("1319999996", by: Self.institution)
        }
    }

    static let stay = claimOfStay()

    private static func claimOfStay() -> String {
        claim.replacing(
            #""extension":["#,
            with: #"""
                "extension":[{"url":"urn:tsunagi:StructureDefinition:meals","extension":[
                {"url":"count","valueInteger":5},{"url":"class","valueString":"一般"}]},
                {"url":"urn:tsunagi:StructureDefinition:limit-class","valueString":"区分ア"},
                """#)
    }

    @Test func `a stay has days, meals and a class, in a visit of that kind alone`() throws {
        let rules = try #require(Profiles.book.copayment)
        let sent = try Self.read(Self.stay.replacing("2026-06-15\"},", with: "2026-06-17\"},"))
        let care = try sent.care(isInpatient: true, rules)
        #expect(care.days == 3 && care.meals == MealsTaken(count: 5, code: "一般"))
        #expect(care.limitClass == "ア")
        #expect(throws: Refusal.malformed("billablePeriod")) {
            try sent.care(isInpatient: false, rules)
        }
        #expect(throws: Refusal.unknownItem("extension(meals)")) {
            try Self.read(Self.stay).care(isInpatient: false, rules)
        }
        // Three meals a day at most.
        #expect(throws: Refusal.malformed("extension(meals).count")) {
            try Self.read(Self.stay).care(isInpatient: true, rules)
        }
        for (from, to, item) in [
            (#""valueString":"一般""#, #""valueString":"並""#, "extension(meals).class"),
            ("区分ア", "区分カ", "extension(limit-class)"),
        ] {
            let wrong = try Self.read(
                Self.stay.replacing(from, with: to).replacing(
                    #""valueInteger":5"#, with: #""valueInteger":3"#))
            #expect(throws: Refusal.malformed(item)) { try wrong.care(isInpatient: true, rules) }
        }
        for (from, to, refusal) in [
            (
                #""valueInteger":5"#, #""valueInteger":0"#,
                Refusal.malformed("extension(meals).count")
            ),
            (#"{"url":"count","valueInteger":5},"#, "", .missing("extension(meals).count")),
            (
                #",{"url":"class","valueString":"一般"}"#, "",
                .missing("extension(meals).class")
            ),
        ] {
            #expect(throws: refusal) { try Self.read(Self.stay.replacing(from, with: to)) }
        }
    }

    // MARK: What becomes of a bill

    static let statuses:
        [(BillVersion.Status, BillUse, isSame: Bool, Result<BillVersion.Status?, Refusal>)] = [
            (.reserved, .reserve, true, .success(nil)),
            (.reserved, .reserve, false, .failure(.billChanged)),
            (.reserved, .confirm, true, .success(.confirmed)),
            (.reserved, .confirm, false, .success(.confirmed)),
            (.reserved, .void, true, .success(.voided)),
            (.confirmed, .reserve, true, .success(nil)),
            (.confirmed, .reserve, false, .failure(.billChanged)),
            (.confirmed, .confirm, true, .success(nil)),
            (.confirmed, .confirm, false, .failure(.billChanged)),
            (.confirmed, .void, false, .success(.voided)),
            (.voided, .void, false, .success(nil)),
            (.voided, .reserve, true, .failure(.billVoided)),
            (.voided, .confirm, true, .failure(.billVoided)),
        ]

    @Test(arguments: statuses)
    func `each use makes one thing of each status`(
        status: BillVersion.Status, use: BillUse, isSame: Bool,
        expected: Result<BillVersion.Status?, Refusal>
    ) throws {
        let certificate = HeldCertificate(body: "130001", typeID: "nanbyo", subKey: "")
        let content = try Self.read(Self.claim).contents(on: [certificate], .visit)[0]
        let changed = try Self.read(
            Self.claim.replacing(#""value":30000"#, with: #""value":30010"#)
        ).contents(on: [certificate], .visit)[0]
        let version = BillVersion(
            id: RecordID(high: 1, low: 1), version: 1, status: status,
            institution: Self.institution, content: content,
            amounts: .init(due: 0, share: 0, collected: 0, notes: [], warnings: []),
            month: .init(cap: nil, collected: 0, held: 0, cost: 0), lapses: nil,
            rulesVersion: "", recordedAt: SubsidyCase.instant("2026-06-15T00:00:00Z"))
        let asked = use == .void ? nil : isSame ? content : changed
        switch expected {
        case .success(let next): #expect(try version.next(use, asked) == next)
        case .failure(let refusal):
            #expect(throws: refusal) { try version.next(use, asked) }
        }
    }
}
