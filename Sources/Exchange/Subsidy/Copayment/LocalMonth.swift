/// 地方単独の月計: what one patient had under one local scheme in one month of service. A visit is asked for
/// first and counted when it is confirmed, so that asking changes nothing.
package struct LocalMonth: Hashable, Sendable {
    package struct Visit: Hashable, Sendable {
        package let cost: Int
        /// What insurance and national schemes leave to the patient.
        package let left: Int
        /// Day of the month.
        package let day: Int

        package init(cost: Int, left: Int, day: Int) {
            self.cost = cost
            self.left = left
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
    private(set) var shareByDay: [Int: Int] = [:]

    package init() {}

    /// The month as the ledger of caps holds it; what no live quote depends on is left out.
    init(_ run: CapRun, _ bills: [CapVisit]) {
        self.run = run
        visits = bills.count
        for bill in bills { shareByDay[bill.day, default: 0] += bill.share }
    }

    /// `limit`: up to which the scheme bears until the insurer's own limit is applied.
    package func quote(
        _ visit: Visit, _ scheme: LocalScheme, _ terms: LocalTerms, limit: HighCostLimit?,
        isMultiple: Bool = false, _ roundings: Roundings
    ) -> Quote {
        var steps: [CopaymentStep] = []
        let monthCap = (isMultiple ? terms.perMonthMultiple : nil) ?? terms.perMonth
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
        steps.append(.init(.counter, collected, of: asked + beyond))
        return Quote(share: asked, beyond: beyond, paid: borne, collected: collected, steps: steps)
    }

    package mutating func confirm(_ visit: Visit, _ quote: Quote) {
        cost += visit.cost
        paid += quote.paid
        run.add(
            share: quote.share, collected: quote.beyond == 0 ? quote.collected : quote.share)
        visits += 1
        shareByDay[visit.day, default: 0] += quote.share
    }

    /// The least of what the caps of visit and day leave; `nil` without any.
    private func rest(_ visit: Visit, _ terms: LocalTerms) -> Int? {
        var rests: [Int] = []
        if let perVisit = terms.perVisit {
            rests.append(terms.visitsMax.map { visits >= $0 } ?? false ? 0 : perVisit)
        }
        if let perDay = terms.perDay {
            let today = shareByDay[visit.day]
            let isOver = today == nil && terms.daysMax.map { shareByDay.count >= $0 } ?? false
            rests.append(isOver ? 0 : max(0, perDay - (today ?? 0)))
        }
        return rests.min()
    }
}

extension LocalTerms {
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
