/// 月の例: the visits of one month in order, under a cap (`cap`) or a local scheme (`scheme`). Each visit
/// says its cost (`total`, `points`), or at once what the scheme asks (`due`).
package struct MonthCase: Sendable {
    package struct Line: Sendable {
        package let institution: JSON?
        package let due: Int
        package let share: Int
        package let pay: Int
        package let paid: Int
        /// 累計 of what was taken at the counter.
        package let cumulative: Int
    }

    package private(set) var lines: [Line] = []
    package let cap: Int?
    package private(set) var totalCost = 0
    package private(set) var warnings: [CaseWarning] = []
    package let usedUnverified: Bool

    /// The members that make a case one of a month.
    static func speaks(_ input: JSONObject) -> Bool {
        input["visits"] != nil || input["steps_points"] != nil
    }

    init(_ input: JSONObject, path: String, _ rules: CopaymentRules) throws(CaseFault) {
        var reader = CaseReader(input, path: path)
        let patient = try PatientOfCase(&reader, rules)
        let local = try LocalOfCase(&reader, patient, rules)
        cap = try reader.yen("cap")
        let percent = try Self.percent(&reader, patient, rules)
        let visits = try Self.visits(&reader)
        usedUnverified = local.map { !$0.scheme.rule.isVerified } ?? false
        warnings = patient.warnings.filter { $0 != .noLimit }
        if let local {
            guard let percent else { throw CaseFault(.noShare, reader.place("rate")) }
            try bear(visits, local, percent, rules)
        } else {
            guard cap != nil else { throw CaseFault(.missing, reader.place("cap")) }
            try run(visits, percent, patient.day, rules)
        }
        if usedUnverified { warnings.append(.unverifiedRule) }
    }

    private mutating func run(
        _ visits: [Visit], _ percent: Int?, _ day: CalendarDay, _ rules: CopaymentRules
    ) throws(CaseFault) {
        var month = MonthlyCap(
            month: .init(of: day), cap: cap, counter: rules.roundings.counter)
        for (index, visit) in visits.enumerated() {
            let due = try visit.due(percent, rules)
            guard let quote = month.confirm(index, cost: visit.cost ?? 0, due: due) else {
                continue
            }
            lines.append(
                Line(
                    institution: visit.institution, due: due, share: quote.share,
                    pay: quote.collected, paid: due - quote.share, cumulative: month.collected))
        }
        totalCost = month.cost
    }

    private mutating func bear(
        _ visits: [Visit], _ local: LocalOfCase, _ percent: Int, _ rules: CopaymentRules
    ) throws(CaseFault) {
        var month = LocalMonth()
        var cumulative = 0
        for (index, item) in visits.enumerated() {
            let left = try item.due(percent, rules)
            let visit = LocalMonth.Visit(
                cost: item.cost ?? 0, left: left, day: item.day ?? index + 1)
            let quote = local.quote(visit, month, rules)
            month.confirm(visit, quote, local.terms)
            cumulative += quote.collected
            totalCost += visit.cost
            lines.append(
                Line(
                    institution: item.institution, due: left, share: quote.share + quote.beyond,
                    pay: quote.collected, paid: quote.paid, cumulative: cumulative))
        }
    }

    /// A scheme's percentage is a ceiling over that of the insurance.
    private static func percent(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) -> Int? {
        let scheme = try reader.int("pct", in: 0...100)
        guard reader.object["rate"] != nil || patient.standing != nil else { return scheme }
        let share = try patient.percent(&reader, rules).percent
        return scheme.map { min($0, share) } ?? share
    }

    private struct Visit {
        let institution: JSON?
        let cost: Int?
        let given: Int?
        let day: Int?
        let path: String

        func due(_ percent: Int?, _ rules: CopaymentRules) throws(CaseFault) -> Int {
            if let given { return given }
            guard let cost else { throw CaseFault(.missing, JSONPath.member("total", of: path)) }
            guard let percent else { throw CaseFault(.noShare, path) }
            return rules.roundings.share.yen(cost, percent: percent)
        }
    }

    private static func visits(_ reader: inout CaseReader) throws(CaseFault) -> [Visit] {
        if let points = try reader.ints("steps_points", in: 0...Receipt.yenMax / 10) {
            return points.map {
                Visit(institution: nil, cost: $0 * 10, given: nil, day: nil, path: reader.path)
            }
        }
        var visits: [Visit] = []
        for row in try reader.objects("visits") {
            var row = row
            visits.append(
                Visit(
                    institution: row.object["inst"],
                    cost: try row.yen("total", "cost", points: "points"),
                    given: try row.yen("due", "share"),
                    day: try row.int("day", in: 1...31), path: row.path))
        }
        guard visits.count <= 10_000 else { throw CaseFault(.outOfRange, reader.place("visits")) }
        return visits
    }
}
