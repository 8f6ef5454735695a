/// 事後措置: what a result or an answer asks of the municipality, and by when.
package struct FollowUpRule: Hashable, Sendable {
    package let code: String
    package let name: BilingualText
    /// What the public health nurse does.
    package let task: BilingualText
    /// Counted from the day of the checkup; 0 is the same day.
    package let dueDays: Int
    /// Its very existence is told only inside the sensitive compartment.
    package let isSensitive: Bool

    package func dueDay(after day: CalendarDay) -> CalendarDay { day.adding(days: dueDays) }
}

extension RuleFolder {
    func followUps() throws(RuleFault) -> [String: FollowUpRule] {
        let file = try file("maternal/follow-up.json")
        try file.requireOnly(["source", "verified", "note", "followUps"])
        _ = try file.source()
        var rules: [String: FollowUpRule] = [:]
        _ = try file.rows("followUps", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name", "task", "dueDays", "sensitive"])
            let rule = FollowUpRule(
                code: try row.string("code"), name: try row.text("name"),
                task: try row.text("task"), dueDays: try row.int("dueDays", in: 0...366),
                isSensitive: try row.bool("sensitive"))
            rules[rule.code] = rule
        }
        return rules
    }
}

extension [String: FollowUpRule] {
    /// Whether what asks for this tells of it, and so is for the sensitive compartment alone.
    func isSensitive(_ code: String?) -> Bool { code.flatMap { self[$0] }?.isSensitive ?? false }
}

extension RuleReader {
    /// An optional `followUp` that names a rule of `follow-up.json`.
    func followUp(of rules: [String: FollowUpRule]) throws(RuleFault) -> String? {
        guard let code = try optionalString("followUp") else { return nil }
        guard rules[code] != nil else {
            throw fault("followUp", "is not in maternal/follow-up.json")
        }
        return code
    }
}
