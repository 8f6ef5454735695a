import Exchange
import Testing

/// The record is the claim, or there is a reason why not.
@Suite struct VaccinationClaimTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        var old = "FAKE01"
        var new = "FAKE01"
        var birth: String? = "2025-06-01"
        var municipality: String? = "132101"
        var hasDuplicate = false
        /// 水痘 two weeks ago, and 27 days are needed between.
        var isTooSoon = false
        let refusal: VaccinationClaimRefusal?

        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(name: "a routine dose", refusal: nil),
        Case(
            name: "postponed", old: #""completed""#,
            new: #""not-done","statusReason":{"text":"発熱"}"#, refusal: .notGiven),
        Case(
            name: "withdrawn", old: #""completed""#, new: #""entered-in-error""#,
            refusal: .withdrawn),
        Case(
            name: "copied", old: #""status""#, new: #""primarySource":false,"status""#,
            refusal: .copied),
        Case(name: "voluntary", old: #""routine""#, new: #""voluntary""#, refusal: .notRoutine),
        Case(
            name: "an unknown vaccine",
            old: #"[{"system":"urn:tsunagi:CodeSystem:vaccine","code":"mr"}],"text":"MRワクチン""#,
            new: #"[{"system":"urn:example","code":"1"}]"#, refusal: .vaccineUnknown),
        Case(name: "told by another already", hasDuplicate: true, refusal: .duplicate),
        // 生後12月 is attained on 2026-06-15 by a child born on 2025-06-16.
        Case(name: "the first day of the window", birth: "2025-06-16", refusal: nil),
        Case(name: "the day before the window", birth: "2025-06-17", refusal: .notOfTheAct),
        Case(name: "residence not told", municipality: nil, refusal: .residenceUnknown),
        Case(name: "stopped, and nobody says why", isTooSoon: true, refusal: .reasonMissing),
        Case(
            name: "stopped, and the reason is of another rule", old: #""routine"}"#,
            new: #""routine"},"# + reason("fever"), isTooSoon: true, refusal: .reasonMissing),
        Case(
            name: "stopped, with a reason", old: #""routine"}"#,
            new: #""routine"},"# + reason("interval-live-injectable"), isTooSoon: true,
            refusal: nil),
    ]

    private static func reason(_ rule: String) -> String {
        #"{"url":"urn:tsunagi:StructureDefinition:needle-override","extension":[{"url":"rule","#
            + #""valueCode":""# + rule
            + #""},{"url":"reason","valueString":"周囲で流行"}]}"#
    }

    private static func claim(_ row: Case) throws -> Result<
        VaccinationClaim, VaccinationClaimRefusal
    > {
        let rules = try VaccinationCase.rules()
        let given = try VaccinationSample.read(VaccinationSample.record(row.old, row.new))
            .vaccination
        let record = try VaccinationSample.version(given)
        let dose = given.dose(rules) ?? GivenDose(nil as Vaccine.ID?, on: nil)
        let varicella = GivenDose(rules.vaccine(named: "水痘"), on: try CalendarDay("2026-06-01"))
        let answer = checkBeforeNeedle(
            NeedleQuestion(
                birth: try row.birth.map { try CalendarDay($0) },
                history: row.isTooSoon ? [varicella] : [], candidate: dose),
            rules)
        let facts = VaccinationClaimFacts(
            person: PersonKey(high: 1, low: 2), municipality: row.municipality, answer: answer,
            duplicates: row.hasDuplicate ? [given.counted] : [])
        do throws(VaccinationClaimRefusal) {
            return .success(try claimVaccination(record, facts, rules))
        } catch {
            return .failure(error)
        }
    }

    @Test(arguments: cases)
    func `a record is a claim, or says why not`(row: Case) throws {
        switch try Self.claim(row) {
        case .failure(let refusal): #expect(refusal == row.refusal)
        case .success(let claim):
            #expect(row.refusal == nil)
            #expect(claim.ledger.programme == "mr")
            #expect(claim.ledger.doseNumber == 1)
            #expect(claim.ledger.lotNumber == "FAKE01")
            #expect(claim.charge?.claimedYen == 11_070)
            #expect(!claim.ledger.isOutOfArea)
        }
    }

    /// An old defect: of somebody whose birth nobody told, a line was paid for without a word.
    @Test func `a line of which the age could not be judged says so`() throws {
        let known = try Self.claim(Case(name: "", refusal: nil)).get()
        #expect(known.ledger.remarks.isEmpty)
        let unknown = try Self.claim(Case(name: "", birth: nil, refusal: nil)).get()
        #expect(unknown.ledger.remarks == ["birth-unknown"])
        #expect(unknown.charge == known.charge)
    }

    @Test func `what a reason is given for is remarked, and a double entry asks for none`() throws {
        let rules = try VaccinationCase.rules()
        let lifted = try Self.claim(
            Case(
                name: "", old: #""routine"}"#,
                new: #""routine"},"# + Self.reason("interval-live-injectable"), isTooSoon: true,
                refusal: nil)
        ).get()
        #expect(lifted.ledger.remarks == ["interval-live-injectable"])
        let day = try CalendarDay("2026-06-15")
        let dose = GivenDose(rules.vaccine(named: "MR"), on: day)
        let copied = judgeDose(
            dose, birth: try CalendarDay("2025-06-01"), sex: .female, history: [dose], rules)
        #expect(copied.findings.contains { $0.rule == .duplicate && $0.verdict == .stop })
        #expect(!copied.unreasoned([], rules).contains("duplicate"))
        let late = judgeDose(
            dose, expiry: day.adding(days: -1), birth: try CalendarDay("2025-06-01"), sex: .female,
            history: [], rules)
        #expect(late.unreasoned([], rules) == ["lot-expired"])
        let told = NeedleOverride(rule: "lot-expired", reason: "気づかずに接種した")
        #expect(late.unreasoned([told], rules).isEmpty)
    }

    @Test(
        arguments: [
            ("222216", 10_570, true),
            // No price was agreed on, so the line waits for one.
            ("131016", nil, false),
        ] as [(String, Int?, Bool)])
    func `the municipality of residence pays its own price`(
        body: String, yen: Int?, isOutOfArea: Bool
    ) throws {
        let claim = try Self.claim(Case(name: "", municipality: body, refusal: nil)).get()
        #expect(claim.charge?.claimedYen == yen)
        #expect(claim.ledger.isOutOfArea == isOutOfArea)
        #expect(claim.ledger.municipality == body)
    }

    /// 任意接種の助成: the resident lives where it is paid for, or elsewhere.
    @Test(arguments: [("132101", 5_000), ("222216", nil)] as [(String, Int?)])
    func `a voluntary dose is a claim where the municipality pays for it`(
        body: String, yen: Int?
    ) throws {
        let rules = try VaccinationCase.rules()
        let text = try VaccinationSample.replacing(
            VaccinationSample.record(#""routine""#, #""voluntary""#),
            #""code":"mr"}],"text":"MRワクチン""#, #""code":"mumps"}]"#)
        let given = try VaccinationSample.read(text).vaccination
        var question = NeedleQuestion(
            birth: try CalendarDay("2025-06-01"), history: [],
            candidate: try #require(given.dose(rules)))
        question.basis = .voluntary
        let price = RegisteredPrice(
            municipality: "132101",
            key: .init(
                service: "voluntary-mumps", vaccine: nil, from: try CalendarDay("2026-04-01")),
            terms: .init(unitYen: 8_000, copaymentYen: 3_000, to: nil), version: 1,
            knownAt: Instant(microseconds: 0))
        let facts = VaccinationClaimFacts(
            person: PersonKey(high: 1, low: 2), municipality: body,
            answer: checkBeforeNeedle(question, rules), prices: [price])
        let version = try VaccinationSample.version(given)
        guard let yen else {
            #expect(throws: VaccinationClaimRefusal.notRoutine) {
                try claimVaccination(version, facts, rules)
            }
            return
        }
        let claim = try claimVaccination(version, facts, rules)
        #expect(claim.charge?.claimedYen == yen)
        #expect(claim.ledger.programme == "voluntary-mumps")
    }

    /// 自己負担の区分: 1,000 yen for everybody, 500 at the age of one, nothing for the exempt.
    static let payers: [(birth: String?, eligibility: String?, copayment: Int)] = [
        ("2025-06-01", nil, 500), (nil, nil, 1_000), ("2025-06-01", "tax-exempt", 0),
        (nil, "tax-exempt", 0), ("2025-06-01", "public-assistance", 500),
        // One year is attained on 2026-06-15.
        ("2025-06-16", nil, 500),
    ]

    @Test(arguments: payers.indices)
    func `a resident pays the price of their age and household`(_ place: Int) throws {
        let (birth, eligibility, copayment) = Self.payers[place]
        let rules = try VaccinationCase.rules()
        let concept = eligibility.map {
            #""programEligibility":[{"coding":[{"system":"urn:tsunagi:CodeSystem:copayment-class","#
                + #""code":"\#($0)"}]}],"lotNumber""#
        }
        let text = try VaccinationSample.record(#""lotNumber""#, concept ?? #""lotNumber""#)
        let given = try VaccinationSample.read(text).vaccination
        let birthday = try birth.map { try CalendarDay($0) }
        let answer = checkBeforeNeedle(
            NeedleQuestion(
                birth: birthday, history: [], candidate: try #require(given.dose(rules))), rules)
        let from = try CalendarDay("2026-04-01")
        let prices = try [
            (PriceAudience.everyone, 1_000), (PriceAudience("1-1"), 500),
            (PriceAudience("tax-exempt"), 0),
        ].map { audience, yen in
            RegisteredPrice(
                municipality: "132101",
                key: .init(service: "mr", vaccine: nil, from: from, for: audience),
                terms: .init(unitYen: 11_000, copaymentYen: yen, to: nil), version: 1,
                knownAt: Instant(microseconds: 0))
        }
        let facts = VaccinationClaimFacts(
            person: PersonKey(high: 1, low: 2), municipality: "132101", birth: birthday,
            answer: answer, prices: prices)
        let claim = try claimVaccination(try VaccinationSample.version(given), facts, rules)
        #expect(claim.charge?.copaymentYen == copayment)
    }

    @Test func `a class that does not exist is refused by its path`() throws {
        let text = try VaccinationSample.record(
            #""lotNumber""#,
            #""programEligibility":[{"coding":[{"system":"urn:tsunagi:CodeSystem:copayment-class","#
                + #""code":"rich"}]}],"lotNumber""#)
        #expect(
            try VaccinationSample.refusal(text)
                == .malformed("programEligibility[0].coding[0].code"))
    }

    /// 接種しなかった記録.
    static let undone: [(row: Case, programme: String?)] = [
        (Case(name: "due", refusal: nil), "mr"),
        (Case(name: "the first day of the window", birth: "2025-06-16", refusal: nil), "mr"),
        (Case(name: "the day before the window", birth: "2025-06-17", refusal: nil), nil),
        (Case(name: "residence not told", municipality: nil, refusal: nil), nil),
        (
            Case(
                name: "voluntary", old: #""routine""#, new: #""voluntary""#, refusal: nil), nil
        ),
        (
            Case(
                name: "told by another", old: #""lotNumber""#,
                new: #""primarySource":false,"lotNumber""#, refusal: nil), nil
        ),
    ]

    @Test(arguments: undone.indices)
    func `what was due and was not given is the municipality's to know`(_ place: Int) throws {
        let (row, programme) = Self.undone[place]
        let rules = try VaccinationCase.rules()
        func line(_ status: String) throws -> UndoneDose? {
            let text = try VaccinationSample.replacing(
                VaccinationSample.record(row.old, row.new), #""completed""#, status)
            let said = try VaccinationSample.read(text).vaccination
            let named = rules.vaccine(named: said.vaccine)
            let answer = checkBeforeNeedle(
                NeedleQuestion(
                    birth: try row.birth.map { try CalendarDay($0) }, history: [],
                    candidate: GivenDose(named, on: said.occurrence.day)),
                rules)
            let facts = VaccinationClaimFacts(
                person: PersonKey(high: 1, low: 2), municipality: row.municipality, answer: answer)
            return UndoneDose(try VaccinationSample.version(said), facts, rules)
        }
        let postponed = try line(#""not-done","statusReason":{"text":"発熱"}"#)
        #expect(postponed?.programme == programme)
        #expect(postponed.map { $0.doseNumber == 1 && !$0.isOutOfArea } ?? true)
        #expect(try line(#""completed""#) == nil)
    }

    @Test(
        arguments: [
            ("2025-09-30", nil), ("2025-10-01", 3610), ("2026-01-31", 3610), ("2026-02-01", nil),
            ("2026-10-01", 3710),
        ] as [(String, Int?)])
    func `a price holds between its days`(day: String, yen: Int?) throws {
        let price = try VaccinationCase.rules().price(
            "influenza-elderly", "influenza", in: "132101", on: CalendarDay(day))
        #expect(price.map { $0.unitYen - $0.copaymentYen } == yen)
    }

    static let wrong: [(old: String, new: String, path: String)] = [
        (#""programme": "bcg""#, #""programme": "mr""#, "prices[6].effectiveFrom"),
        (#""programme": "bcg""#, #""programme": "bgc""#, "prices[5].programme"),
        (#""hpv9""#, #""hpv10""#, "prices[9].vaccines"),
        (#""unitYen": 9060"#, #""unitYen": 0"#, "prices[5].unitYen"),
        (
            #""unitYen": 9060, "copaymentYen": 0"#, #""unitYen": 9060, "copaymentYen": 9061"#,
            "prices[5].copaymentYen"
        ),
        (#""body": "132101""#, #""body": "132102""#, "body"),
    ]

    @Test(arguments: wrong)
    func `a price list that is wrong is refused with its place`(
        old: String, new: String, path: String
    ) throws {
        let files = Profiles.replacing("immunization/prices/132101.json", old, new)
        do throws(RuleFault) {
            _ = try ImmunizationRules(reading: files)
            Issue.record("taken")
        } catch {
            #expect(error.path == path, "\(error)")
        }
    }
}
