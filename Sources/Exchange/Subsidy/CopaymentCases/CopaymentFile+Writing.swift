/// The answers of a file of cases, as JSON: amounts first, then the steps a receptionist reads aloud with
/// the row each follows from.
extension JSONWriter {
    mutating func member(_ fault: CaseFault) {
        object("error") {
            $0.member("code", fault.code.rawValue)
            $0.member("path", fault.path)
            $0.member("ja", fault.text.ja)
            $0.member("en", fault.text.en)
        }
    }

    mutating func output(_ found: ReceiptCase, _ answer: Copayment, _ rules: CopaymentRules) {
        var steps = answer.steps
        var collected = rules.roundings.counter.yen(answer.patient)
        object("output") {
            $0.member("patient", answer.patient)
            $0.member("uncovered", answer.uncovered)
            $0.member("publicPays", answer.publicPays)
            $0.member("kakari", answer.charged)
            $0.member("own", answer.own)
            $0.member("insurer", answer.insurancePays)
            $0.member("highCost", answer.highCostPays)
            if !found.locals.isEmpty {
                let months = found.locals.schemes.map { _ in LocalMonth() }
                let counter = found.locals.counter(
                    found.leftToLocals(answer), after: months, rules)
                steps += counter.steps
                collected = counter.collected
                $0.member("localShare", counter.share)
                $0.member("localPays", counter.paid)
                if counter.paidBack > 0 { $0.member("localPaysBack", counter.paidBack) }
                $0.member(counter.bills, of: found.locals)
            } else {
                steps.append(.counter(collected, of: answer.patient, rules.roundings))
            }
            $0.member("collected", collected)
            if let meals = found.meals {
                steps.append(meals.step)
                $0.member("meals", meals.patient)
                $0.member("mealsPublic", meals.scheme)
            }
            $0.member(steps, rules)
            let isUnverified = steps.contains { !$0.rule.isVerified }
            $0.member(
                found.warnings + (isUnverified ? [.unverifiedRule] : []), unread: found.unread)
        }
    }

    mutating func output(_ found: MonthCase) {
        object("output") {
            $0.member("patient", found.lines.last?.cumulative ?? 0)
            // Of what the insurance leaves unsaid nobody can say who pays it.
            let paid = found.lines.compactMap(\.paid)
            if paid.count == found.lines.count {
                $0.member("publicPays", paid.reduce(0, +))
            }
            $0.member("total", found.totalCost)
            if let cap = found.cap {
                $0.member("cap", cap)
                $0.member("rest", max(0, cap - (found.lines.last?.cumulative ?? 0)))
            }
            $0.array("visits") {
                for line in found.lines {
                    $0.object {
                        $0.member("inst", line.institution)
                        $0.member("due", line.due)
                        $0.member("share1yen", line.share)
                        $0.member("pay", line.pay)
                        if let paid = line.paid { $0.member("public", paid) }
                        $0.member("cum", line.cumulative)
                        $0.member(line.bills, of: found.locals)
                    }
                }
            }
            $0.member(found.warnings, unread: found.unread)
        }
    }

    private mutating func member(_ name: String, _ numbers: [Int]) {
        array(name) {
            for number in numbers { $0.int(number) }
        }
    }

    private mutating func member(_ steps: [CopaymentStep], _ rules: CopaymentRules) {
        array("steps") {
            for step in steps {
                let rule = rules.cited(step.rule)
                let text = step.text
                $0.object {
                    $0.member("ja", text.ja)
                    $0.member("en", text.en)
                    $0.member("yen", step.amount)
                    if rule.name != CitedRule.asGivenName {
                        $0.member("rule", rule.name)
                        $0.member("source", rule.source.text)
                        $0.member("verified", rule.source.isVerified)
                    }
                }
            }
        }
    }

    private mutating func member(_ warnings: [CaseWarning], unread: [UnreadItem]) {
        guard !warnings.isEmpty else { return }
        array("warnings") {
            for warning in warnings {
                let text = warning.text
                $0.object {
                    $0.member("code", warning.rawValue)
                    $0.member("ja", text.ja)
                    $0.member("en", text.en)
                    if warning == .unknownItem { $0.member(unread) }
                }
            }
        }
    }

    private mutating func member(_ unread: [UnreadItem]) {
        array("items") {
            for item in unread {
                $0.object {
                    $0.member("path", item.path)
                    if let nearest = item.nearest { $0.member("nearest", nearest) }
                }
            }
        }
    }
}
