/// The answers of a file of cases, as JSON: amounts first, then the steps a receptionist reads aloud with
/// the row each follows from.
extension JSONWriter {
    mutating func member(_ fault: CaseFault) {
        name("error")
        beginObject()
        member("code", fault.code.rawValue)
        member("path", fault.path)
        member("ja", fault.text.ja)
        member("en", fault.text.en)
        endObject()
    }

    mutating func output(_ found: ReceiptCase, _ answer: Copayment, _ rules: CopaymentRules) {
        var steps = answer.steps
        var collected = rules.roundings.counter.yen(answer.patient)
        name("output")
        beginObject()
        member("patient", answer.patient)
        member("uncovered", answer.uncovered)
        member("publicPays", answer.publicPays)
        member("kakari", answer.charged)
        member("own", answer.own)
        member("insurer", answer.insurancePays)
        member("highCost", answer.highCostPays)
        if let local = found.local {
            let visit = LocalMonth.Visit(cost: answer.cost, left: answer.patient, day: 1)
            let quote = local.quote(visit, LocalMonth(), rules)
            steps += quote.steps
            collected = quote.collected
            member("localShare", quote.share + quote.beyond)
            member("localPays", quote.paid)
        } else {
            steps.append(CopaymentStep(.counter, collected, of: answer.patient))
        }
        member("collected", collected)
        if let meals = found.meals {
            steps.append(meals.step)
            member("meals", meals.patient)
            member("mealsPublic", meals.scheme)
        }
        member(steps, rules)
        let isUnverified = steps.contains { !$0.rule.isVerified }
        member(found.warnings + (isUnverified ? [.unverifiedRule] : []))
        endObject()
    }

    mutating func output(_ found: MonthCase) {
        name("output")
        beginObject()
        member("patient", found.lines.last?.cumulative ?? 0)
        member("publicPays", found.lines.reduce(0) { $0 + $1.paid })
        member("total", found.totalCost)
        if let cap = found.cap {
            member("cap", cap)
            member("rest", max(0, cap - (found.lines.last?.cumulative ?? 0)))
        }
        name("visits")
        beginArray()
        for line in found.lines {
            beginObject()
            member("inst", line.institution)
            member("due", line.due)
            member("share1yen", line.share)
            member("pay", line.pay)
            member("public", line.paid)
            member("cum", line.cumulative)
            endObject()
        }
        endArray()
        member(found.warnings)
        endObject()
    }

    private mutating func member(_ name: String, _ numbers: [Int]) {
        self.name(name)
        beginArray()
        for number in numbers { int(number) }
        endArray()
    }

    private mutating func member(_ steps: [CopaymentStep], _ rules: CopaymentRules) {
        name("steps")
        beginArray()
        for step in steps {
            let rule = rules.cited(step.rule)
            let text = step.text
            beginObject()
            member("ja", text.ja)
            member("en", text.en)
            member("yen", step.amount)
            if rule.name != CitedRule.asGivenName {
                member("rule", rule.name)
                member("source", rule.source.text)
                member("verified", rule.source.isVerified)
            }
            endObject()
        }
        endArray()
    }

    private mutating func member(_ warnings: [CaseWarning]) {
        guard !warnings.isEmpty else { return }
        name("warnings")
        beginArray()
        for warning in warnings {
            let text = warning.text
            beginObject()
            member("code", warning.rawValue)
            member("ja", text.ja)
            member("en", text.en)
            endObject()
        }
        endArray()
    }
}
