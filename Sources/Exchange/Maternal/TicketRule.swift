/// 受診券の決まり: one kind of ticket a municipality gives out: for which checkups, how many, and up to
/// which price it pays.
package struct TicketRule: Hashable, Sendable {
    package let body: String
    package let kind: String
    package let name: BilingualText
    /// Codes of the checkups it pays for.
    package let checkups: [String]
    package let count: Int
    /// 多胎: so many more when more than one child is expected.
    package let countPluralExtra: Int
    package let limitYen: Int
    package let effective: EffectivePeriod
    package let source: RuleSource

    package func count(isPlural: Bool) -> Int { isPlural ? count + countPluralExtra : count }
}

extension MaternalRules {
    /// The last day a ticket's checkups are open for somebody born, or delivered, on `origin`; `nil`
    /// where no window says, as for pregnancy.
    package func lastDay(of ticket: TicketRule, from origin: CalendarDay) -> CalendarDay? {
        let rules = (child + postpartum).filter { ticket.checkups.contains($0.code) }
        return rules.map { $0.window.days(from: origin).last }.max()
    }
}

extension RuleFolder {
    func ticketRules(checkups: Set<String>) throws(RuleFault) -> [TicketRule] {
        var rules: [TicketRule] = []
        for file in try readers(in: "maternal/tickets/") {
            try file.requireOnly(["source", "verified", "body", "name", "tickets"])
            _ = try file.source()
            let body = try file.string("body")
            guard (try? LocalGovernmentCode(body)) != nil else {
                throw file.fault("body", "is no local government code")
            }
            for row in try file.children("tickets") {
                let rule = try TicketRule(reading: row, body: body)
                guard rule.checkups.allSatisfy(checkups.contains) else {
                    throw row.fault("checkups", "names an unknown checkup")
                }
                let isTwice = rules.contains {
                    $0.body == body && $0.kind == rule.kind
                        && $0.effective.overlaps(rule.effective)
                }
                guard !isTwice else {
                    throw row.fault("effectiveFrom", "overlaps another row of the same kind")
                }
                rules.append(rule)
            }
        }
        return rules
    }
}

extension TicketRule {
    fileprivate init(reading row: RuleReader, body: String) throws(RuleFault) {
        try row.requireOnly([
            "kind", "name", "checkups", "count", "countPluralExtra", "limitYen",
            "effectiveFrom", "effectiveTo", "source", "verified",
        ])
        self.body = body
        kind = try row.string("kind")
        name = try row.text("name")
        checkups = try row.strings("checkups")
        count = try row.int("count", in: 1...99)
        countPluralExtra = try row.optionalInt("countPluralExtra", in: 1...99) ?? 0
        limitYen = try row.int("limitYen", in: 0...1_000_000)
        effective = try row.effectivePeriod()
        source = try row.source()
    }
}
