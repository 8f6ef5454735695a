import Exchange
import TestSupport
import Testing

/// 数える単位: caps and counts over all counters or per institution, pharmacies that ask nothing, and visits in
/// parts, the same at the counter, by the command, and by a second, naive calculator.
@Suite struct LocalUnitTests {
    private static let clinic = CareSpot(institution: "1319999996", visit: "a")
    private static let other = CareSpot(institution: "1311111111", visit: "b")
    private static let pharmacy = CareSpot(institution: "1349999992", visit: "c")

    /// The town's children's scheme with these terms outside hospital.
    private static func book(_ terms: String) throws(RuleFault) -> RuleBook {
        var files = Profiles.files
        files["subsidy/local-schemes/13-koganei.json"] = Array(
            #"""
            {"source":"試験","verified":"unverified","note":"","schemes":[
             {"prefecture":"13","municipality":"210","law":"89","division":0,
              "name":{"ja":"例","en":"example"},"shortName":"小金井89",
              "effectiveFrom":"2015-01-01","conditions":{},"method":"in-kind",
              "outpatient":{\#(terms)},"meals":"patient","bearsOtherExpense":true,"priority":1,
              "source":"試験","verified":"unverified"}]}
            """#.utf8)
        return try RuleBook(reading: files, version: "unit")
    }

    /// One bill at the counter, after `visits`, at 30 percent.
    private static func told(
        _ book: RuleBook, cost: Int, percent: Int = 30, day: Int = 15, collected: Int? = nil,
        at spot: CareSpot, after visits: [CapVisit]
    ) throws -> (amounts: BillAmounts, content: BillContent, cap: Int?) {
        let row = LocalLiveTests.certificate("kodomo", payer: "89132104")
        let program = try #require(
            Profiles.book.subsidy.programs.first {
                $0.certificateTypeID == "kodomo" && $0.isOf(SubsidyCase.koganei)
            })
        let content = BillContent(
            identifier: RecordIdentifier(system: "urn:test", value: "1"),
            certificate: row.certificate,
            day: SubsidyCase.day("2026-06-\(day < 10 ? "0" : "")\(day)"), cost: cost,
            percent: percent, collected: collected)
        let rules = try #require(book.copayment)
        let reckoning = try BillReckoning(content, on: [(row, program)], at: spot, rules)
        var run = CapRun()
        for visit in visits { run.add(share: visit.share, collected: visit.collected) }
        let balance = CapBalance(confirmed: run, cost: 0, held: CapRun(), visits: visits)
        return (try reckoning.amounts(after: [balance])[0], content, reckoning.caps[0])
    }

    @Test(arguments: Seeded.seeds(150))
    func `counter, command and a naive second calculator agree`(seed: UInt64) throws {
        var chance = Seeded(seed)
        let terms = chance.localTerms()
        let percent = chance.pick([10, 20, 30])
        let bills = chance.localMonth(percent: percent)
        let naive = NaiveLocalScheme.month(bills, terms)
        let rows = bills.map {
            #"{"total":\#($0.cost),"day":\#($0.day),"#
                + #""inst":"\#($0.institution)","prescriber":"\#($0.prescriber)","#
                + #""visit":\#($0.visit)}"#
        }.joined(separator: ",")
        let output = try LocalOfCaseTests.output(
            #"{"rate":\#(percent),"local":{\#(terms.items)},"visits":[\#(rows)]}"#)
        let lines = (output["visits"]?.array ?? []).compactMap(\.object)
        #expect(lines.compactMap { $0["pay"]?.int } == naive.map(\.collected))
        let book = try Self.book(terms.items)
        var visits: [CapVisit] = []
        for (bill, expected) in zip(bills, naive) {
            let spot = CareSpot(
                institution: bill.institution, visit: "\(bill.visit)",
                prescriber: bill.prescriber)
            let told = try Self.told(
                book, cost: bill.cost, percent: percent, day: bill.day, at: spot, after: visits)
            #expect(
                [told.amounts.share, told.amounts.collected]
                    == [expected.share, expected.collected])
            visits.append(CapVisit(told.content, told.amounts, at: spot))
        }
    }

    private static let perInstitution =
        #""bearing":"all","unit":1,"method":"half-up","perVisit":500,"visitsMax":2,"perMonth":800,"#
        + #""countedPer":"institution","pharmacies":"free""#

    @Test func `a cap of an institution is none of the month's`() throws {
        let book = try Self.book(Self.perInstitution)
        let before = [CapVisit(day: 1, share: 500, at: Self.clinic)]
        let here = try Self.told(book, cost: 10_000, at: Self.clinic, after: before)
        #expect(here.amounts.share == 300)
        #expect(here.cap == nil)
        let elsewhere = try Self.told(book, cost: 10_000, at: Self.other, after: before)
        #expect(elsewhere.amounts.share == 500)
        let medicine = try Self.told(book, cost: 10_000, at: Self.pharmacy, after: before)
        #expect(medicine.amounts.share == 0)
    }

    /// 処方元との合算: 500 yen at the clinic leave 300 of its 800, which its prescription takes, wherever it is
    /// dispensed, and nothing of another's.
    @Test func `a pharmacy counts with the institution that prescribed`() throws {
        let terms = Self.perInstitution.replacing("free", with: "prescriber")
        let book = try Self.book(terms)
        let before = [CapVisit(day: 1, share: 500, at: Self.clinic)]
        func medicine(of prescriber: CareSpot) -> CareSpot {
            CareSpot(
                institution: Self.pharmacy.institution, visit: "c",
                prescriber: prescriber.institution)
        }
        let own = try Self.told(
            book, cost: 10_000, at: medicine(of: Self.clinic), after: before)
        #expect(own.amounts.share == 300)
        let others = try Self.told(
            book, cost: 10_000, at: medicine(of: Self.other), after: before)
        #expect(others.amounts.share == 500)
        // And the other way round: what was dispensed leaves that much less at the clinic.
        let dispensed = [CapVisit(day: 1, share: 500, at: medicine(of: Self.clinic))]
        let back = try Self.told(book, cost: 10_000, at: Self.clinic, after: dispensed)
        #expect(back.amounts.share == 300)
        #expect(throws: Refusal.missing("extension(prescriber)")) {
            try Self.told(book, cost: 10_000, at: Self.pharmacy, after: before)
        }
        let answer = try LocalOfCaseTests.answer(
            #"""
            {"rate":30,"local":{\#(terms)},"visits":[{"total":10000,"day":1,"inst":"1349999992"}]}
            """#)
        #expect(JSON.object(answer).text.contains("visits[0].prescriber"))
    }

    /// The two of a month are those of one institution, and none of a pharmacy that is free.
    @Test func `visits elsewhere are no visits here`() throws {
        let book = try Self.book(Self.perInstitution.replacing(#","perMonth":800"#, with: ""))
        let elsewhere = [Self.other, Self.other, Self.pharmacy, Self.pharmacy].enumerated().map {
            CapVisit(day: $0.offset + 1, share: 0, at: $0.element)
        }
        #expect(
            try Self.told(book, cost: 10_000, at: Self.clinic, after: elsewhere).amounts.share
                == 500)
        let here = [1, 2].map { CapVisit(day: $0, share: 500, at: Self.clinic) }
        #expect(
            try Self.told(book, cost: 10_000, at: Self.clinic, after: here).amounts.share == 0)
    }

    /// Of 800 yen 500 are paid: 300 were due, what is above is due back and fills nothing.
    @Test func `what was collected above an institution's cap is due back`() throws {
        let book = try Self.book(Self.perInstitution)
        let before = [CapVisit(day: 1, share: 500, at: Self.clinic)]
        let told = try Self.told(
            book, cost: 10_000, collected: 500, at: Self.clinic, after: before)
        #expect(
            [told.amounts.share, told.amounts.collected, told.amounts.over] == [300, 500, 200])
        #expect(CapVisit(told.content, told.amounts).collected == 300)
    }

    /// 500 yen a visit, twice a month: the second part is of the first visit, whatever came between.
    @Test(arguments: [("all", #""perVisit":500"#), ("fixed", #""fixed":500,"perVisit":500"#)])
    func `a visit in two parts is one visit`(bearing: String, amount: String) throws {
        let book = try Self.book(
            #""bearing":"\#(bearing)",\#(amount),"visitsMax":2,"unit":1,"method":"half-up""#)
        let part = CapVisit(day: 15, share: 210, at: Self.clinic)
        let between = CapVisit(day: 15, share: 500, at: Self.other)
        let rest = try Self.told(book, cost: 10_000, at: Self.clinic, after: [part, between])
        #expect(rest.amounts.share == 290)
        // Two parts and another visit are two visits: a third is free, a second part of none is a visit.
        let again = CareSpot(institution: Self.clinic.institution, visit: "d")
        let third = try Self.told(
            book, cost: 10_000, at: again, after: [part, part, between])
        #expect(third.amounts.share == 0)
        let second = try Self.told(book, cost: 10_000, at: again, after: [part, part])
        #expect(second.amounts.share == 500)
        // A part that took its place later takes of the visit's cap, and no place before it.
        let later = try Self.told(
            book, cost: 10_000, at: Self.clinic, after: [between, part.later])
        #expect(later.amounts.share == 290)
    }

    @Test(arguments: [
        (
            #""bearing":"all","unit":1,"method":"down","perVisit":5,"countedPer":"institution""#,
            "schemes[0].outpatient.countedPer"
        ),
        (
            #""bearing":"all","unit":1,"method":"down","perMonth":500,"countedPer":"town""#,
            "schemes[0].outpatient.countedPer"
        ),
        (
            #""bearing":"nothing","unit":1,"method":"half-up","pharmacies":"free""#,
            "schemes[0].outpatient.pharmacies"
        ),
        (
            #""bearing":"all","unit":1,"method":"down","perVisit":500,"pharmacies":"prescriber""#,
            "schemes[0].outpatient.pharmacies"
        ),
    ])
    func `a contradiction is refused with its place`(terms: String, path: String) {
        let fault = #expect(throws: RuleFault.self) { try Self.book(terms) }
        #expect(fault?.path == path)
    }

    @Test func `terms in hospital and outside count in one way`() {
        let fault = #expect(throws: RuleFault.self) {
            try RuleBook(
                reading: Profiles.replacing(
                    "subsidy/local-schemes/13-koganei.json", #""daysMax": 14"#,
                    #""daysMax": 14, "countedPer": "receipt""#), version: "v")
        }
        #expect(fault?.path == "schemes[0].inpatient.countedPer")
    }
}
