/// 妊婦健康診査の決まり: how often, from which week to which, with which tests; and how the ending of a
/// pregnancy is named by its week (平成27年厚生労働省告示第226号; 死産の届出に関する規程).
package struct PregnancyRules: Hashable, Sendable {
    /// Weeks in which visits come at one pace.
    package struct Band: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
        package let weeks: ClosedRange<Int>
        package let everyWeeks: Int
        package let visitWeeks: [Int]
    }

    /// 医学的検査: so many times within its weeks.
    package struct Test: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
        package let weeks: ClosedRange<Int>
        package let times: Int
        package let items: [String]
    }

    /// 早産・正期産・過期産.
    package struct Term: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
        package let weeks: ClosedRange<Int>
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
    /// 280: 40 weeks 0 days.
    package let termDays: Int
    package let standardVisits: Int
    package let bands: [Band]
    package let items: [CheckupRule.Item]
    package let tests: [Test]
    package let terms: [Term]
    /// 死産届: a stillbirth from this week on is notified.
    package let stillbirthReportedFromWeek: Int
    /// The follow-up every loss asks for.
    package let lossFollowUp: String
    package let effective: EffectivePeriod
    package let source: RuleSource
    package let testSource: RuleSource

    package var visits: [Visit] {
        let marks = bands.flatMap { band in band.visitWeeks.map { (band: band, week: $0) } }
        return marks.enumerated().map { index, mark in
            let next = index + 1 < marks.count ? marks[index + 1].week : weeksMax + 1
            let first = index == 0 ? bands[0].weeks.lowerBound : mark.week
            return Visit(
                number: index + 1, band: mark.band, week: mark.week, weeks: first...next - 1,
                isBeyondStandard: index >= standardVisits)
        }
    }

    /// The last week the schedule knows; nothing is planned after it.
    package var weeksMax: Int { bands.last?.weeks.upperBound ?? 0 }

    /// The visit a day belongs to; `nil` after the last week of the schedule.
    package func visit(at age: GestationalAge) -> Visit? {
        visits.first { $0.weeks.contains(age.weeks) }
    }

    package func term(at age: GestationalAge) -> Term? {
        terms.first { $0.weeks.contains(age.weeks) }
    }

    /// Tests whose weeks share a day with the visit.
    package func tests(of visit: Visit) -> [Test] {
        tests.filter { $0.weeks.overlaps(visit.weeks) }
    }
}

extension RuleFolder {
    func pregnancyRules() throws(RuleFault) -> PregnancyRules {
        let file = try file("maternal/pregnancy.json")
        try file.requireOnly([
            "source", "verified", "note", "effectiveFrom", "effectiveTo", "checkup", "name",
            "termDays", "standardVisits", "bands", "items",
        ])
        let bands = try file.bands()
        let visitCount = bands.reduce(0) { $0 + $1.visitWeeks.count }
        let tests = try self.file("maternal/pregnancy-tests.json")
        let terms = try self.file("maternal/pregnancy-terms.json")
        try tests.requireOnly(["source", "verified", "note", "tests"])
        try terms.requireOnly([
            "source", "verified", "note", "reportedFromWeek", "lossSupport", "terms",
        ])
        _ = try terms.source()
        return PregnancyRules(
            checkup: try file.string("checkup"), name: try file.text("name"),
            termDays: try file.int("termDays", in: 280...280),
            standardVisits: try file.int("standardVisits", in: 1...visitCount), bands: bands,
            items: try file.checkupItems("items"), tests: try tests.tests(),
            terms: try terms.terms(),
            stillbirthReportedFromWeek: try terms.int("reportedFromWeek", in: 1...44),
            lossFollowUp: try terms.string("lossSupport"),
            effective: try file.effectivePeriod(), source: try file.source(),
            testSource: try tests.source())
    }
}

extension RuleReader {
    private func weeks() throws(RuleFault) -> ClosedRange<Int> {
        let first = try int("fromWeek", in: 0...44)
        let last = try int("toWeek", in: 0...44)
        guard first <= last else { throw fault("toWeek", "is before fromWeek") }
        return first...last
    }

    /// Refuses weeks that leave a gap after those before them, or count a week twice.
    private func weeks(after last: Int?) throws(RuleFault) -> ClosedRange<Int> {
        let weeks = try weeks()
        guard weeks.lowerBound == (last ?? -1) + 1 else {
            throw fault("fromWeek", "does not follow the weeks before it")
        }
        return weeks
    }

    fileprivate func bands() throws(RuleFault) -> [PregnancyRules.Band] {
        var bands: [PregnancyRules.Band] = []
        for row in try children("bands") {
            try row.requireOnly([
                "code", "name", "fromWeek", "toWeek", "everyWeeks", "visitWeeks",
            ])
            let weeks = try row.weeks(after: bands.last?.weeks.upperBound)
            let every = try row.int("everyWeeks", in: 1...8)
            let visits = try row.ints("visitWeeks", in: weeks)
            guard !visits.isEmpty, zip(visits, visits.dropFirst()).allSatisfy({ $1 - $0 == every })
            else { throw row.fault("visitWeeks", "are not everyWeeks apart") }
            bands.append(
                PregnancyRules.Band(
                    code: try row.string("code"), name: try row.text("name"), weeks: weeks,
                    everyWeeks: every, visitWeeks: visits))
        }
        guard !bands.isEmpty else { throw fault("bands", "is empty") }
        return bands
    }

    fileprivate func tests() throws(RuleFault) -> [PregnancyRules.Test] {
        var tests: [PregnancyRules.Test] = []
        for row in try children("tests") {
            try row.requireOnly(["code", "name", "fromWeek", "toWeek", "times", "items"])
            let test = PregnancyRules.Test(
                code: try row.string("code"), name: try row.text("name"), weeks: try row.weeks(),
                times: try row.int("times", in: 1...9), items: try row.strings("items"))
            guard !tests.contains(where: { $0.code == test.code }) else {
                throw row.fault("code", "is given twice")
            }
            tests.append(test)
        }
        return tests
    }

    fileprivate func terms() throws(RuleFault) -> [PregnancyRules.Term] {
        var terms: [PregnancyRules.Term] = []
        for row in try children("terms") {
            try row.requireOnly(["code", "name", "fromWeek", "toWeek"])
            terms.append(
                PregnancyRules.Term(
                    code: try row.string("code"), name: try row.text("name"),
                    weeks: try row.weeks(after: terms.last?.weeks.upperBound)))
        }
        return terms
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
