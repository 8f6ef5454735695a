import Exchange
import Testing

@Suite struct ClaimRulesTests {
    @Test(arguments: [
        ("claims/reasons.json", "\"NOT_DESIGNATED\"", "\"NOT_DESIGNATEDS\"", "code", "is unknown"),
        ("claims/reasons.json", "\"NOT_DESIGNATED\"", "\"OTHER_PAYER\"", "code", "is given twice"),
        (
            "claims/reasons.json", "\"outcome\": \"questioned\"", "\"outcome\": \"accepted\"",
            "outcome", "neither rejected nor questioned"
        ),
        (
            "claims/uke-layouts.json", "\"item\": \"birth\"", "\"item\": \"birthday\"", "item",
            "is unknown"
        ),
        (
            "claims/uke-layouts.json", "\"item\": \"birth\"", "\"item\": \"sex\"", "item",
            "is given twice"
        ),
        (
            "claims/uke-layouts.json", "\"scoreTable\": 3", "\"scoreTable\": 1", "scoreTable",
            "is given twice"
        ),
        (
            "claims/uke-layouts.json", "\"kind\": \"GO\"", "\"kind\": \"GOAL\"", "kind",
            "one or two characters"
        ),
        (
            "claims/uke-codes.json", "\"id\": \"receipt-type\"", "\"id\": \"type\"", "lists",
            "leaves out receipt-type"
        ),
        (
            "claims/scheme-conditions.json", "\"lawNumber\": \"54\"", "\"lawNumber\": \"52\"",
            "lawNumber", "is given twice"
        ),
        (
            "claims/scheme-conditions.json", "\"ageEnds\": \"day\"", "\"ageEnds\": \"week\"",
            "ageEnds", "is none of"
        ),
        (
            "claims/scheme-conditions.json", "\"localCheckDigit\": \"questioned\"",
            "\"localCheckDigit\": \"maybe\"", "localCheckDigit", "is none of"
        ),
        (
            "claims/scheme-conditions.json", "\"1\",\n      \"2\"", "\"x\",\n      \"2\"",
            "dutyReasons", "is not of one digit"
        ),
        (
            "claims/scheme-conditions.json", "\"10\"\n", "\"+9\"\n", "specialNotes",
            "is not of two digits"
        ),
        (
            "claims/scheme-conditions.json", "\"lawNumber\": \"54\"", "\"lawNumber\": \"+5\"",
            "lawNumber", "is not two digits"
        ),
    ])
    func `a wrong file is refused with its place and reason`(
        _ file: String, _ old: String, _ new: String, _ place: String, _ reason: String
    ) {
        #expect {
            try ClaimRules(reading: Profiles.replacing(file, old, new))
        } throws: { error in
            guard let fault = error as? RuleFault else { return false }
            return fault.file == file && fault.path.hasSuffix(place)
                && fault.reason.contains(reason)
        }
    }

    @Test func `the order of law numbers is the published one, and local schemes come last`() throws
    {
        let published = try Vectors.rows("law-order").map { try $0.requiredString("law") }
        let order = try JSON(reading: #require(Profiles.files["subsidy/law-numbers.json"]))
            .object?["order"]?.array?.compactMap { $0.object?["code"]?.string }
        #expect(order == published)
        // 地方単独: by a law number in no row.
        for (first, second) in zip(published + ["83"], published.dropFirst() + ["83", "80"]) {
            let cases = #"""
                [{"given": {"payers": ["\#(first)", "\#(second)"]}},
                 {"given": {"payers": ["\#(second)", "\#(first)"]}}]
                """#
            let answers = try ReconcileCases(rules: ClaimSamples.rules).answers(
                to: Array(cases.utf8))
            let reasons = try JSON(reading: answers.json).object?["data"]?.array?.map {
                $0.object?["reason"]?.string
            }
            let areLocal = first == "83"
            #expect(reasons == [nil, areLocal ? nil : "PUBLIC_ORDER_WRONG"], "\(first) \(second)")
        }
    }

    @Test(arguments: [
        (18, "2008-04-02", "2026-04-01", AgeRange.Ends.day, true),
        (18, "2008-04-02", "2026-04-02", .day, false),
        (18, "2008-02-29", "2026-02-28", .day, true), (18, "2008-02-29", "2026-03-01", .day, false),
        (18, "2008-04-01", "2026-03-31", .fiscalYearEnd, true),
        (18, "2008-04-01", "2026-04-01", .fiscalYearEnd, false),
        (18, "2008-04-02", "2027-03-31", .fiscalYearEnd, true),
        (18, "2008-04-02", "2027-04-01", .fiscalYearEnd, false),
        (15, "2011-05-01", "2026-04-30", .monthEnd, true),
        (15, "2011-05-01", "2026-05-01", .monthEnd, false),
        (15, "2011-05-02", "2026-05-31", .monthEnd, true),
        (15, "2011-05-02", "2026-06-01", .monthEnd, false),
    ])
    func `an age ends by the law of ages, at its edges`(
        _ below: Int, _ born: String, _ day: String, _ ends: AgeRange.Ends, _ isInside: Bool
    ) throws {
        let birth = Int32(try CalendarDay(born).daysSince1970)
        let on = Int32(try CalendarDay(day).daysSince1970)
        let ages = AgeRange(from: nil, below: below, ends: ends)
        #expect(ages.mayHold(on: on, born: (birth, birth)) == isInside)
    }

    @Test func `an age begins on the day before the birthday`() throws {
        let birth = Int32(try CalendarDay("1961-06-01").daysSince1970)
        let ages = AgeRange(from: 65, below: nil)
        let attained = Int32(try CalendarDay("2026-05-31").daysSince1970)
        #expect(ages.mayHold(on: attained, born: (birth, birth)))
        #expect(!ages.mayHold(on: attained - 1, born: (birth, birth)))
    }
}

@Suite struct ClaimThreadTests {
    private func day(_ number: Int) throws -> CalendarDay {
        try CalendarDay(year: 2026, month: 5, day: number)
    }

    @Test func `a claim comes back, is corrected, paid, examined again and taken back`() throws {
        var thread = ClaimThread(submitted: try day(1), reference: "a.UKE#1")
        for (place, step) in [
            ClaimThread.Step.returned, .corrected, .paid, .reexamined, .confirmed, .clawedBack,
            .corrected,
        ].enumerated() {
            try thread.add(.init(step, on: day(2 + place), reference: "\(place)"))
            #expect(thread.isOpen == ![.returned, .clawedBack].contains(step))
            #expect(thread.isPaid == [.paid, .reexamined, .confirmed].contains(step))
        }
        #expect(thread.entries.count == 8)
    }

    /// The file came on the 25th; what it tells of was paid on the 21st.
    @Test func `the day a file came holds back no true day`() throws {
        var thread = ClaimThread(submitted: try day(1), reference: "a")
        try thread.add(.init(.returned, on: day(10), reference: "b"))
        thread.hold(.init(.corrected, on: try day(25), reference: "c"))
        var early = thread
        #expect(throws: ClaimThread.Fault.earlierThanLast) {
            try early.add(.init(.paid, on: day(9), reference: "d"))
        }
        try thread.add(.init(.paid, on: day(21), reference: "d"))
        #expect(throws: ClaimThread.Fault.earlierThanLast) {
            try thread.add(.init(.reexamined, on: day(20), reference: "e"))
        }
        try thread.add(.init(.reexamined, on: day(21), reference: "e"))
    }

    /// As an earlier release kept one: a day to come, and then the day it was sent again.
    @Test func `what a ledger holds is read, whatever its days are`() throws {
        var thread = ClaimThread(submitted: try day(1), reference: "a")
        thread.hold(.init(.returned, on: try day(30), reference: "b"))
        thread.hold(.init(.corrected, on: try day(12), reference: "c"))
        #expect(thread.entries.count == 3 && thread.isOpen)
        try thread.add(.init(.paid, on: day(30), reference: "d"))
    }

    @Test(arguments: [
        (ClaimThread.Step.submitted, ClaimThread.Step.clawedBack), (.submitted, .submitted),
        (.returned, .paid), (.paid, .returned), (.withdrawn, .paid),
    ])
    func `a step that cannot follow is refused and leaves the thread as it was`(
        _ last: ClaimThread.Step, _ next: ClaimThread.Step
    ) throws {
        var thread = ClaimThread(submitted: try day(1), reference: "a")
        if last != .submitted { try thread.add(.init(last, on: day(1), reference: "b")) }
        let before = thread
        #expect(throws: ClaimThread.Fault.cannotFollow(next, after: last)) {
            try thread.add(.init(next, on: day(3), reference: "c"))
        }
        #expect(throws: ClaimThread.Fault.earlierThanLast) {
            try thread.add(
                .init(.returned, on: CalendarDay(year: 2026, month: 4, day: 30), reference: "d"))
        }
        #expect(thread == before)
    }
}
