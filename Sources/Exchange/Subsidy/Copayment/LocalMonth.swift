/// 地方単独の月計: what one patient had under one local scheme in one month of service. A visit is asked for
/// first and counted when it is confirmed, so that asking changes nothing.
package struct LocalMonth: Hashable, Sendable {
    package struct Visit: Hashable, Sendable {
        package let cost: Int
        /// What insurance and national schemes leave to the patient.
        package let left: Int
        /// Day of the month.
        package let day: Int
        /// 入院日数 from that day on; one for a visit.
        package let days: Int
        package let spot: CareSpot

        package init(
            cost: Int, left: Int, day: Int, days: Int = 1, at spot: CareSpot = .unsaid
        ) {
            self.cost = cost
            self.left = left
            self.day = day
            self.days = days
            self.spot = spot
        }

        fileprivate var sitting: Sitting? { Sitting(spot, day) }
    }

    /// 一回の受診 that has a name: bills of it are parts, and are one visit, whoever prescribed what was
    /// dispensed in it.
    fileprivate struct Sitting: Hashable {
        let institution: String
        let visit: String
        let day: Int

        init?(_ spot: CareSpot, _ day: Int) {
            guard let visit = spot.visit else { return nil }
            institution = spot.institution
            self.visit = visit
            self.day = day
        }
    }

    package struct Quote: Hashable, Sendable {
        /// 一部負担 by the scheme, to 1 yen.
        package let share: Int
        /// Above what the scheme bears: the insurer refunds it later.
        package let beyond: Int
        package let paid: Int
        /// What is taken at the counter, to 10 yen.
        package let collected: Int
        package let steps: [CopaymentStep]
    }

    private(set) var cost = 0
    private(set) var paid = 0
    private var run = CapRun()
    private(set) var visits = 0
    /// By the name of a visit: how many came before it, and what its parts were asked.
    private var places: [Sitting: Int] = [:]
    private var shares: [Sitting: Int] = [:]
    private(set) var shareByDay: [Int: Int] = [:]
    /// Days of care in the order they came: the first `daysMax` of them are asked for.
    private(set) var days: [Int] = []

    package init() {}

    /// The month as the ledger of caps holds it, bills in their order; what no live quote depends on is
    /// left out.
    init(_ run: CapRun, _ bills: [CapVisit], _ terms: LocalTerms) {
        self.run = run
        for bill in bills where !bill.isLater {
            count(Sitting(bill.spot, bill.day), bill.share)
            spread(bill.share, bill.day, bill.days, terms)
        }
        // Later ones take of what caps of their visit and day leave, and of the days that are asked for none
        // before it.
        let asked = days
        for bill in bills where bill.isLater {
            if let sitting = Sitting(bill.spot, bill.day) {
                shares[sitting, default: 0] += bill.share
            }
            spread(bill.share, bill.day, bill.days, terms)
        }
        days = asked
    }

    /// `limit`: up to which the scheme bears until the insurer's own limit is applied.
    package func quote(
        _ visit: Visit, _ scheme: LocalScheme, _ terms: LocalTerms, limit: HighCostLimit?,
        isMultiple: Bool = false, _ roundings: Roundings
    ) -> Quote {
        var steps: [CopaymentStep] = []
        let monthCap = terms.monthCap(isMultiple: isMultiple)
        var asked = terms.asked(visit)
        steps.append(.init(.localShare, asked, of: visit.left, rule: scheme.rule))
        let within = min(
            run.share(of: asked, under: monthCap), rest(visit, terms) ?? asked)
        if within < asked {
            steps.append(.init(.localCap, within, of: asked, rule: scheme.rule))
            asked = within
        }
        var borne = visit.left - asked
        if let limit {
            let most = limit.yen(cost: cost + visit.cost, roundings.highCostTerm)
            borne = min(borne, max(0, most - paid - run.share - asked))
        }
        let beyond = visit.left - asked - borne
        if beyond > 0 { steps.append(.init(.beyond, beyond, rule: limit?.rule ?? .asGiven)) }
        // What is beyond the scheme is under no cap of it.
        let collected = run.collected(
            of: asked + beyond, under: beyond == 0 ? monthCap : nil, roundings.counter)
        steps.append(.counter(collected, of: asked + beyond, roundings))
        return Quote(share: asked, beyond: beyond, paid: borne, collected: collected, steps: steps)
    }

    package mutating func confirm(_ visit: Visit, _ quote: Quote, _ terms: LocalTerms) {
        cost += visit.cost
        paid += quote.paid
        run.add(
            share: quote.share, collected: quote.beyond == 0 ? quote.collected : quote.share)
        count(visit.sitting, quote.share)
        spread(quote.share, visit.day, visit.days, terms)
    }

    private mutating func count(_ sitting: Sitting?, _ share: Int) {
        guard let sitting else {
            visits += 1
            return
        }
        if places[sitting] == nil {
            places[sitting] = visits
            visits += 1
        }
        shares[sitting, default: 0] += share
    }

    /// A stay's share fills its days one after the other, each up to its cap; a visit's is of its day.
    private mutating func spread(_ share: Int, _ day: Int, _ count: Int, _ terms: LocalTerms) {
        var left = share
        for day in day..<day + count {
            let most = count == 1 ? left : min(left, rest(of: day, terms) ?? left)
            if !days.contains(day) { days.append(day) }
            shareByDay[day, default: 0] += most
            left -= most
        }
        // What was collected before it could be asked for may be more than the days leave.
        shareByDay[day + count - 1, default: 0] += left
    }

    /// What is taken at the counter of so much that is asked, within what an institution's own cap of the
    /// month leaves.
    func collected(of asked: Int, _ terms: LocalTerms, _ counter: Rounding) -> Int {
        run.collected(of: asked, under: terms.capOfInstitution, counter)
    }

    /// The least of what the caps of visit and day leave, the amount of a visit, and an institution's own cap
    /// of the month; `nil` without any.
    func rest(_ visit: Visit, _ terms: LocalTerms) -> Int? {
        let paid = visit.sitting.flatMap { shares[$0] } ?? 0
        var rests: [Int] = terms.capOfInstitution.map { [max(0, $0 - run.share)] } ?? []
        if case .fixed(let yen) = terms.bearing { rests.append(max(0, yen - paid)) }
        if let perVisit = terms.perVisit {
            let place = visit.sitting.flatMap { places[$0] } ?? visits
            let isFree = terms.visitsMax.map { place >= $0 } ?? false
            rests.append(isFree ? 0 : max(0, perVisit - paid))
        }
        if terms.perDay != nil {
            var month = self
            var rest = 0
            for day in visit.day..<visit.day + visit.days {
                rest += month.rest(of: day, terms) ?? 0
                if !month.days.contains(day) { month.days.append(day) }
            }
            rests.append(rest)
        }
        return rests.min()
    }

    /// What the cap of a day leaves; `nil` without one.
    private func rest(of day: Int, _ terms: LocalTerms) -> Int? {
        guard let perDay = terms.perDay else { return nil }
        let place = days.firstIndex(of: day) ?? days.count
        if let daysMax = terms.daysMax, place >= daysMax { return 0 }
        return max(0, perDay - (shareByDay[day] ?? 0))
    }
}

extension LocalTerms {
    /// 分数: a part of what insurance and national schemes leave.
    var isPartOfWhatIsLeft: Bool {
        if case .fraction = bearing { true } else { false }
    }

    /// The most that one bill asks of `due`, by the caps of a visit and of a day.
    func most(_ due: Int, days: Int) -> Int {
        min(due, perVisit ?? due, perDay.map { $0 * days } ?? due)
    }

    /// What the scheme asks of the patient before any cap, never more than is left.
    func asked(_ visit: LocalMonth.Visit) -> Int {
        let asked =
            switch bearing {
            case .nothing: 0
            case .all: visit.left
            case .fixed(let yen): yen
            case .percent(let percent): rounding.yen(visit.cost, percent: percent)
            case .fraction(let part, let whole): rounding.yen(visit.left * part, per: whole)
            }
        return min(asked, visit.left)
    }
}
