/// 妊婦健康診査の決まり: how often, from which week to which, with which tests; and how the ending of a
/// pregnancy is named by its week (平成27年厚生労働省告示第226号).
package struct PregnancyRules: Hashable, Sendable {
    /// A row that holds for whole weeks, the last included: 早産・正期産・過期産 are no more than that.
    package struct WeekSpan: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
        package let weeks: ClosedRange<Int>
    }

    /// Weeks in which visits come at one pace.
    package struct Band: Hashable, Sendable {
        package let span: WeekSpan
        package let everyWeeks: Int
        package let visitWeeks: [Int]
    }

    /// 医学的検査: so many times within its weeks.
    package struct Test: Hashable, Sendable {
        package let span: WeekSpan
        package let times: Int
        package let items: [String]
    }

    /// One visit of the schedule: open from its week to the day before the next one.
    package struct Visit: Hashable, Sendable {
        /// 回: from 1.
        package let number: Int
        package let band: Band
        /// The week it is meant for; its first day is the standard day.
        package let week: Int
        package let weeks: ClosedRange<Int>
        /// 14回を超える分: beyond the standard number.
        package let isBeyondStandard: Bool
    }

    package let checkup: String
    package let name: BilingualText
    package let standardVisits: Int
    package let bands: [Band]
    package let items: [CheckupRule.Item]
    /// Codes of questionnaires to be answered before each visit.
    package let questionnaires: [String]
    package let tests: [Test]
    package let terms: [WeekSpan]
    /// The follow-up every loss asks for.
    package let lossFollowUp: String
    package let effective: EffectivePeriod
    package let source: RuleSource
    package let testSource: RuleSource

    package var visits: [Visit] {
        let marks = bands.flatMap { band in band.visitWeeks.map { (band: band, week: $0) } }
        return marks.enumerated().map { index, mark in
            let next = index + 1 < marks.count ? marks[index + 1].week : weeksMax + 1
            let first = index == 0 ? bands[0].span.weeks.lowerBound : mark.week
            return Visit(
                number: index + 1, band: mark.band, week: mark.week, weeks: first...next - 1,
                isBeyondStandard: index >= standardVisits)
        }
    }

    /// The last week the schedule knows; nothing is planned after it.
    package var weeksMax: Int { bands.last?.span.weeks.upperBound ?? 0 }

    /// The visit a day belongs to; `nil` after the last week of the schedule.
    package func visit(at age: GestationalAge) -> Visit? {
        visits.first { $0.weeks.contains(age.weeks) }
    }

    package func term(at age: GestationalAge) -> WeekSpan? {
        terms.first { $0.weeks.contains(age.weeks) }
    }

    /// Tests whose weeks share a day with the visit.
    package func tests(of visit: Visit) -> [Test] {
        tests.filter { $0.span.weeks.overlaps(visit.weeks) }
    }
}

extension RuleFolder {
    func pregnancyRules() throws(RuleFault) -> PregnancyRules {
        let file = try file("maternal/pregnancy.json")
        try file.requireOnly([
            "source", "verified", "note", "effectiveFrom", "effectiveTo", "checkup", "name",
            "standardVisits", "bands", "items", "questionnaires",
        ])
        let bands = try file.bands()
        let visitCount = bands.reduce(0) { $0 + $1.visitWeeks.count }
        let tests = try self.file("maternal/pregnancy-tests.json")
        let terms = try self.file("maternal/pregnancy-terms.json")
        try tests.requireOnly(["source", "verified", "note", "tests"])
        // 死産届: rules of older releases say its week, from which nothing followed.
        try terms.requireOnly([
            "source", "verified", "note", "reportedFromWeek", "lossSupport", "terms",
        ])
        _ = try terms.source()
        return PregnancyRules(
            checkup: try file.string("checkup"), name: try file.text("name"),
            standardVisits: try file.int("standardVisits", in: 1...visitCount), bands: bands,
            items: try file.checkupItems("items"),
            questionnaires: try file.optionalStrings("questionnaires"),
            tests: try tests.tests(),
            terms: try terms.terms(),
            lossFollowUp: try terms.string("lossSupport"),
            effective: try file.effectivePeriod(), source: try file.source(),
            testSource: try tests.source())
    }
}

extension RuleReader {
    private func weekSpan() throws(RuleFault) -> PregnancyRules.WeekSpan {
        let first = try int("fromWeek", in: 0...44)
        let last = try int("toWeek", in: 0...44)
        guard first <= last else { throw fault("toWeek", "is before fromWeek") }
        return PregnancyRules.WeekSpan(
            code: try string("code"), name: try text("name"), weeks: first...last)
    }

    /// Refuses weeks that leave a gap after those before them, or count a week twice.
    private func weekSpan(
        after last: inout Int
    ) throws(RuleFault) -> PregnancyRules.WeekSpan {
        let span = try weekSpan()
        guard span.weeks.lowerBound == last + 1 else {
            throw fault("fromWeek", "does not follow the weeks before it")
        }
        last = span.weeks.upperBound
        return span
    }

    fileprivate func bands() throws(RuleFault) -> [PregnancyRules.Band] {
        var last = -1
        let bands = try rows("bands", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "name", "fromWeek", "toWeek", "everyWeeks", "visitWeeks",
            ])
            let span = try row.weekSpan(after: &last)
            let every = try row.int("everyWeeks", in: 1...8)
            let visits = try row.ints("visitWeeks", in: span.weeks)
            guard !visits.isEmpty, zip(visits, visits.dropFirst()).allSatisfy({ $1 - $0 == every })
            else { throw row.fault("visitWeeks", "are not everyWeeks apart") }
            return PregnancyRules.Band(span: span, everyWeeks: every, visitWeeks: visits)
        }
        guard !bands.isEmpty else { throw fault("bands", "is empty") }
        return bands
    }

    fileprivate func tests() throws(RuleFault) -> [PregnancyRules.Test] {
        try rows("tests", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name", "fromWeek", "toWeek", "times", "items"])
            return PregnancyRules.Test(
                span: try row.weekSpan(), times: try row.int("times", in: 1...9),
                items: try row.strings("items"))
        }
    }

    fileprivate func terms() throws(RuleFault) -> [PregnancyRules.WeekSpan] {
        var last = -1
        return try rows("terms", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name", "fromWeek", "toWeek"])
            return try row.weekSpan(after: &last)
        }
    }

    private func ints(_ name: String, in range: ClosedRange<Int>) throws(RuleFault) -> [Int] {
        guard let list = object[name]?.array else { throw fault(name, "is no list") }
        var numbers: [Int] = []
        for value in list {
            guard let number = value.int, range.contains(number) else {
                throw fault(
                    name, "has what is not within \(range.lowerBound)…\(range.upperBound)")
            }
            numbers.append(number)
        }
        return numbers
    }
}
