/// 月の例: the visits of one month in order, under a cap (`cap`) or local schemes (`scheme`). Each visit
/// says its cost (`total`, `points`), or at once what the scheme asks (`due`).
package struct MonthCase: Sendable {
    package struct Line: Sendable {
        package let institution: JSON?
        package let due: Int
        package let share: Int
        package let pay: Int
        /// What the scheme pays; `nil` where the case does not say what the insurance leaves.
        package let paid: Int?
        /// 累計 of what was taken at the counter.
        package let cumulative: Int
        /// By local scheme.
        var bills: [LocalsOfCase.Bill] = []
    }

    package private(set) var lines: [Line] = []
    package let cap: Int?
    package private(set) var totalCost = 0
    package private(set) var warnings: [CaseWarning] = []
    package let usedUnverified: Bool
    let locals: LocalsOfCase
    let unread: [UnreadItem]

    /// What a ledger or a list writes beside its visits as their answers.
    private static let remarks = CaseReader.remarks.union([
        "pay", "cum", "wouldBe", "public", "patient", "share1yen", "insurer",
    ])

    /// The members that make a case one of a month.
    static func speaks(_ input: JSONObject) -> Bool {
        ["visits", "steps_points"].contains { input[$0].map { $0 != .null } ?? false }
    }

    init(_ input: JSONObject, path: String, _ rules: CopaymentRules) throws(CaseFault) {
        var reader = CaseReader(input, path: path)
        let visits = try Self.visits(&reader, rules)
        let patient = try PatientOfCase(
            &reader, rules, visitDay: visits.lazy.compactMap(\.date).first)
        let month = ServiceMonth(of: patient.day)
        for visit in visits {
            guard let date = visit.date, ServiceMonth(of: date) != month else { continue }
            throw CaseFault(.contradiction, JSONPath.member("day", of: visit.path))
        }
        let locals = try LocalsOfCase(&reader, patient, rules)
        self.locals = locals
        cap = try reader.yen("cap")
        let percents = try Self.percents(&reader, patient, rules)
        var receipts = MonthReceipts(patient.limit, percents, rules.roundings)
        usedUnverified = locals.schemes.contains { !$0.scheme.rule.isVerified }
        unread =
            reader.unread(besides: Self.remarks) + visits.flatMap(\.unread) + locals.unread
        warnings = patient.warnings.filter { $0 != .noLimit }
        let isPastEraEnd = visits.contains(where: \.isPastEraEnd)
        if isPastEraEnd, !warnings.contains(.eraEnded) { warnings.append(.eraEnded) }
        if !unread.isEmpty { warnings.append(.unknownItem) }
        if !locals.isEmpty {
            guard percents.asked != nil else { throw CaseFault(.noShare, reader.place("rate")) }
            try bear(visits, &receipts, rules)
        } else {
            guard cap != nil else { throw CaseFault(.missing, reader.place("cap")) }
            try run(visits, &receipts, patient.day, rules)
        }
        if usedUnverified { warnings.append(.unverifiedRule) }
    }

    private mutating func run(
        _ visits: [MonthReceipts.Visit], _ receipts: inout MonthReceipts, _ day: CalendarDay,
        _ rules: CopaymentRules
    ) throws(CaseFault) {
        var month = MonthlyCap(
            month: .init(of: day), cap: cap, counter: rules.roundings.counter)
        for (index, visit) in visits.enumerated() {
            let asked = try receipts.add(visit)
            guard let quote = month.confirm(index, cost: visit.cost ?? 0, due: asked.due) else {
                continue
            }
            lines.append(
                Line(
                    institution: visit.institution, due: asked.due, share: quote.share,
                    pay: quote.collected, paid: asked.charged.map { max(0, $0 - quote.share) },
                    cumulative: month.collected))
        }
        totalCost = month.cost
    }

    private mutating func bear(
        _ visits: [MonthReceipts.Visit], _ receipts: inout MonthReceipts, _ rules: CopaymentRules
    ) throws(CaseFault) {
        // Of each scheme, by what it counts together.
        var months = locals.schemes.map { _ in [LocalTerms.CountKey: LocalMonth]() }
        var cumulative = 0
        for (index, item) in visits.enumerated() {
            let left = try receipts.add(item).due
            let cost = item.cost ?? 0
            // A day that nobody says is one of its own, beyond those of any month.
            let visit = LocalsOfCase.Visit(
                rests: [.init(source: .insurance, cost: cost, yen: left)], yen: left,
                day: item.day ?? 32 * (index + 2), days: item.days, spot: item.spot)
            guard !locals.schemes.contains(where: { $0.terms.lacksPrescriber(item.spot) }) else {
                throw CaseFault(.missing, JSONPath.member("prescriber", of: item.path))
            }
            let keys = locals.schemes.map {
                $0.terms.countKey(item.spot, isInpatient: $0.setting == .inpatient)
            }
            let before = keys.indices.map { months[$0][keys[$0]] ?? LocalMonth() }
            let counter = locals.counter(visit, after: before, rules)
            for (place, bill) in counter.bills.enumerated() {
                let terms = locals.schemes[place].terms
                guard terms.counts(item.spot) else { continue }
                months[place][keys[place], default: LocalMonth()]
                    .confirm(bill.visit, bill.quote, terms)
            }
            cumulative += counter.collected
            totalCost += cost
            lines.append(
                Line(
                    institution: item.institution, due: left, share: counter.share,
                    pay: counter.collected, paid: counter.paid, cumulative: cumulative,
                    bills: counter.bills))
        }
    }

    private static func percents(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) -> MonthReceipts.Percents {
        let scheme = try reader.percent("pct", "percent")
        guard reader.present(["rate", "futanWari"]) != nil || patient.standing != nil else {
            return .init(insured: nil, scheme: scheme)
        }
        return .init(
            insured: try patient.percent(&reader, rules).percent, scheme: scheme)
    }

    private static func visits(
        _ reader: inout CaseReader, _ rules: CopaymentRules
    ) throws(CaseFault) -> [MonthReceipts.Visit] {
        if let points = try reader.ints("steps_points", in: 0...Receipt.yenMax / 10) {
            return points.map { MonthReceipts.Visit(cost: $0 * 10, path: reader.path) }
        }
        var visits: [MonthReceipts.Visit] = []
        for row in try reader.objects("visits") {
            var row = row
            var visit = MonthReceipts.Visit(
                cost: try row.yen("total", "cost", points: "points"), path: row.path)
            visit.institution = row.present(["inst"])?.value
            visit.given = try row.yen("due", "share")
            if let written = try row.visitDay(past: rules.eraOverruns) {
                visit.day = written.day
                visit.date = written.date
            }
            visit.days = try row.int("days", in: 1...31) ?? 1
            visit.isPharmacy = try row.bool("pharmacy")
            visit.prescriber = row.present(["prescriber"])?.value
            visit.name = row.present(["visit"])?.value
            // A part of a visit is one of its day.
            if visit.name != nil, visit.day == nil { throw CaseFault(.missing, row.place("day")) }
            visit.isPastEraEnd = row.isPastEraEnd
            visit.unread = row.unread(besides: remarks)
            visits.append(visit)
        }
        guard visits.count <= 10_000 else { throw CaseFault(.outOfRange, reader.place("visits")) }
        return visits
    }
}

/// 明細書: what the insurance leaves of a month's visits. Its limit is over all visits at one institution, as
/// those are one receipt at month's end.
struct MonthReceipts {
    struct Visit {
        let cost: Int?
        let path: String
        var institution: JSON?
        /// 薬局, where the code does not say it.
        var isPharmacy: Bool?
        /// 処方元 of a pharmacy's entry, as `institution` writes it.
        var prescriber: JSON?
        /// 来院: entries of one name, institution and day are parts of one visit.
        var name: JSON?
        var given: Int?
        /// Of the month.
        var day: Int?
        /// 入院日数 from that day on.
        var days = 1
        /// Where it was written whole.
        var date: CalendarDay?
        var isPastEraEnd = false
        var unread: [UnreadItem] = []

        var spot: CareSpot {
            CareSpot(
                institution: institution.map { $0.string ?? $0.text } ?? "",
                visit: name.map { $0.string ?? $0.text }, isPharmacy: isPharmacy,
                prescriber: prescriber.map { $0.string ?? $0.text })
        }

        init(cost: Int?, path: String) {
            self.cost = cost
            self.path = path
        }
    }

    struct Percents {
        /// 一部負担割合
        let insured: Int?
        let scheme: Int?

        /// A scheme's percentage is a ceiling over that of the insurance.
        var asked: Int? {
            guard let insured, let scheme else { return scheme ?? insured }
            return min(scheme, insured)
        }
    }

    private struct Part {
        var cost = 0
        var share = 0
        var due = 0
    }

    private let limit: HighCostLimit?
    private let percents: Percents
    private let roundings: Roundings
    private var parts: [String: Part] = [:]

    /// `limit`: of the patient's own class.
    init(_ limit: HighCostLimit?, _ percents: Percents, _ roundings: Roundings) {
        self.limit = limit
        self.percents = percents
        self.roundings = roundings
    }

    /// What is asked of the patient before any cap, and what the insurance leaves to scheme and patient:
    /// `nil` where the case does not say it.
    mutating func add(_ visit: Visit) throws(CaseFault) -> (due: Int, charged: Int?) {
        guard let cost = visit.cost else {
            guard let given = visit.given else {
                throw CaseFault(.missing, JSONPath.member("total", of: visit.path))
            }
            return (given, nil)
        }
        let asked = percents.asked.map { roundings.share.yen(cost, percent: $0) }
        guard let due = visit.given ?? asked else { throw CaseFault(.noShare, visit.path) }
        guard let insured = percents.insured else { return (due, nil) }
        let share = roundings.share.yen(cost, percent: insured)
        guard let limit else { return (due, share) }
        let place = visit.institution?.text ?? ""
        var part = parts[place] ?? Part()
        let before = min(part.share, limit.yen(cost: part.cost, roundings.highCostTerm))
        part.cost += cost
        part.share += share
        let most = limit.yen(cost: part.cost, roundings.highCostTerm)
        let charged = min(share, max(0, min(part.share, most) - before))
        let within = visit.given ?? min(due, max(0, most - part.due))
        part.due += within
        parts[place] = part
        return (within, max(within, charged))
    }
}
