/// 健診の委託単価: what a municipality pays for a checkup that asks for no ticket. From
/// `profiles/maternal/prices/<body>.json`; a municipality without a file has agreed on none. What a
/// ticket pays stands with the ticket (`TicketRule.limitYen`).
package struct CheckupPrice: Hashable, Sendable {
    package let municipality: String
    package let checkup: String
    /// 税込の単価 in yen.
    package let unitYen: Int
    package let effective: EffectivePeriod
    package let source: RuleSource
}

extension RuleFolder {
    func checkupPrices(checkups: Set<String>) throws(RuleFault) -> [CheckupPrice] {
        var prices: [CheckupPrice] = []
        for file in try readers(in: "maternal/prices/") {
            try file.requireOnly(["source", "verified", "note", "body", "prices"])
            let body = try file.string("body")
            guard (try? LocalGovernmentCode(body)) != nil else {
                throw file.fault("body", "is no local government code")
            }
            prices += try file.rows(
                "prices", apart: "another row of the same checkup",
                { (one: CheckupPrice, other: CheckupPrice) in
                    one.checkup == other.checkup && one.effective.overlaps(other.effective)
                }
            ) { row throws(RuleFault) in
                try row.requireOnly(["checkup", "unitYen", "effectiveFrom", "effectiveTo"])
                let price = CheckupPrice(
                    municipality: body, checkup: try row.string("checkup"),
                    unitYen: try row.int("unitYen", in: 1...RegisteredPrice.yenMax),
                    effective: try row.effectivePeriod(), source: try file.source())
                guard checkups.contains(price.checkup) else {
                    throw row.fault("checkup", "is unknown")
                }
                return price
            }
        }
        return prices
    }
}
