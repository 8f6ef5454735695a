/// 一部負担金の計算: insurance share, high-cost benefit, then public expenses in their order, then all
/// parts together. The receipt decides alone: the same receipt gives the same yen, always.
extension Receipt {
    /// Order of law: the insurer's high-cost benefit comes before any public expense (健康保険法施行令41条,
    /// 43条); parts are added up after it, those that reach `countedFrom`.
    package func copayment(_ roundings: Roundings) -> Copayment {
        var answer = Copayment()
        answer.steps.reserveCapacity(6 + publics.count * 6)
        var together = Together()
        for place in publics.indices {
            bear(place, roundings, &answer, &together)
        }
        bearAlone(roundings, &answer, &together)
        settle(roundings, &answer, together)
        return answer
    }

    /// What is left of each part, and the cost of the parts that count together.
    private struct Together {
        struct Part {
            var own: Int
            var cost: Int
            var isCounted: Bool
        }
        var parts: [Part] = []
        var alone: Part?

        var whole: Int { parts.reduce(alone?.own ?? 0) { $0 + $1.own } }

        /// 合算: what reaches the floor, and its cost. Below 70 健康保険法施行令41条1項1号・2号 takes into
        /// the sum each amount of 21,000 yen or more, a public expense's by what the insurance
        /// would ask, and 42条1項 the cost of those alone; a smaller part stays outside and
        /// keeps nothing else from counting.
        var counted: (own: Int, cost: Int) {
            var own = 0
            var cost = 0
            for part in parts where part.isCounted {
                own += part.own
                cost += part.cost
            }
            if let alone, alone.isCounted {
                own += alone.own
                cost += alone.cost
            }
            return (own, cost)
        }
    }

    private func bear(
        _ place: Int, _ roundings: Roundings, _ answer: inout Copayment, _ together: inout Together
    ) {
        let expense = publics[place]
        let share = roundings.share.yen(expense.cost, percent: percent)
        answer.cost += expense.cost
        answer.share += share
        var charged = share
        if expense.cost > 0 {
            answer.steps.append(
                .init(
                    .insuranceShare, part: place, share, of: expense.cost, by: percent,
                    rule: percentRule))
            let cost = expense.cost
            lower(&charged, .highCost, expense.limit, cost, place, roundings, &answer)
            lower(&charged, .longTerm, longTerm, cost, place, roundings, &answer)
        }
        var part = Together.Part(own: 0, cost: expense.cost, isCounted: share >= countedFrom)
        for earlier in expense.takesOver {
            let taken = together.parts[earlier].own
            charged += taken
            part.cost += together.parts[earlier].cost
            part.isCounted = part.isCounted || together.parts[earlier].isCounted
            together.parts[earlier] = .init(own: 0, cost: 0, isCounted: false)
            answer.steps.append(.init(.takesOver, part: place, taken, by: earlier))
        }
        part.own = left(by: expense, place, of: charged, cost: part.cost, roundings, &answer)
        answer.charged.append(charged)
        answer.own.append(part.own)
        answer.paid.append(charged - part.own)
        answer.publicPays += charged - part.own
        answer.steps.append(
            .init(.publicPays, part: place, charged - part.own, of: charged, rule: expense.rule))
        together.parts.append(part)
    }

    /// The scheme's percentage is of the cost, and never more than the insurance leaves.
    private func left(
        by expense: PublicExpense, _ place: Int, of charged: Int, cost: Int,
        _ roundings: Roundings, _ answer: inout Copayment
    ) -> Int {
        var own = charged
        if let percent = expense.percent {
            let share = roundings.share.yen(cost, percent: percent)
            if share < own {
                own = share
                answer.steps.append(
                    .init(
                        .schemeShare, part: place, own, of: cost, by: percent, rule: expense.rule))
            }
        }
        if let cap = expense.cap, cap < own {
            answer.steps.append(.init(.schemeCap, part: place, cap, of: own, rule: expense.rule))
            own = cap
        }
        return own
    }

    private func bearAlone(
        _ roundings: Roundings, _ answer: inout Copayment, _ together: inout Together
    ) {
        guard insuranceOnly > 0 else { return }
        answer.cost += insuranceOnly
        let share = roundings.share.yen(insuranceOnly, percent: percent)
        var own = share
        answer.steps.append(
            .init(.insuranceShare, share, of: insuranceOnly, by: percent, rule: percentRule))
        answer.share += share
        lower(&own, .highCost, limit, insuranceOnly, nil, roundings, &answer)
        reduce(&own, roundings, &answer)
        // 特定疾病 has its own limit, and the 配慮措置 leaves it out (計算事例 令和5年4月, 事例21).
        if longTerm == nil {
            lower(&own, .consideration, consideration, insuranceOnly, nil, roundings, &answer)
        }
        lower(&own, .longTerm, longTerm, insuranceOnly, nil, roundings, &answer)
        together.alone = .init(own: own, cost: insuranceOnly, isCounted: share >= countedFrom)
    }

    /// 指定公費 pays what lies between the two percentages, after the high-cost benefit.
    private func reduce(_ own: inout Int, _ roundings: Roundings, _ answer: inout Copayment) {
        guard let reducedPercent else { return }
        let reduced = roundings.share.yen(insuranceOnly, percent: reducedPercent)
        guard reduced < own else { return }
        answer.designatedPays = own - reduced
        own = reduced
        answer.steps.append(
            .init(.reducedShare, own, of: insuranceOnly, by: reducedPercent, rule: percentRule))
    }

    private func lower(
        _ yen: inout Int, _ kind: CopaymentStep.Kind, _ limit: HighCostLimit?, _ cost: Int,
        _ place: Int?, _ roundings: Roundings, _ answer: inout Copayment
    ) {
        guard let limit else { return }
        let most = limit.yen(cost: cost, roundings.highCostTerm)
        guard most < yen else { return }
        answer.steps.append(.init(kind, part: place, most, of: yen, by: cost, rule: limit.rule))
        yen = most
    }

    private func settle(_ roundings: Roundings, _ answer: inout Copayment, _ together: Together) {
        answer.patient = together.whole
        answer.steps.append(.init(.sum, answer.patient))
        if let limit {
            let counted = together.counted
            let most = limit.yen(cost: counted.cost, roundings.highCostTerm)
            if most < counted.own {
                answer.patient += most - counted.own
                answer.steps.append(
                    .init(
                        .together, answer.patient, of: together.whole, by: counted.cost,
                        rule: limit.rule))
            }
        }
        if let annualRest, annualRest.yen < answer.patient {
            let before = answer.patient
            answer.patient = annualRest.yen
            answer.steps.append(
                .init(.annual, answer.patient, of: before, rule: annualRest.rule))
        }
    }
}
