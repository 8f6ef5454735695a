/// 委託単価: what a municipality pays for a dose, by schedule, product and day, and what the resident keeps. From
/// `profiles/immunization/prices/<body>.json`; a municipality without a file has agreed on none.
package struct VaccinationPrice: Hashable, Sendable {
    package let municipality: String
    /// A schedule of `immunization/schedule/`.
    package let programme: String
    /// Codes of vaccines; empty is any that the schedule gives.
    package let vaccines: [String]
    /// 税込の単価 in yen.
    package let unitYen: Int
    /// 自己負担額 in yen: nothing for A類, as a rule.
    package let copaymentYen: Int
    package let effective: EffectivePeriod
    package let source: RuleSource

    /// A dose costs less by far; a price above it has a digit too many.
    static let yenMax = 200_000
}

extension RuleFolder {
    func vaccinationPrices(
        programmes: [Programme], vaccines: [Vaccine]
    ) throws(RuleFault) -> [VaccinationPrice] {
        var prices: [VaccinationPrice] = []
        for file in try readers(in: "immunization/prices/") {
            try file.requireOnly(["source", "verified", "note", "body", "prices"])
            let body = try file.string("body")
            guard (try? LocalGovernmentCode(body)) != nil else {
                throw file.fault("body", "is no local government code")
            }
            for row in try file.children("prices") {
                let price = try VaccinationPrice(reading: row, body: body, of: file)
                guard programmes.contains(where: { $0.code == price.programme }) else {
                    throw row.fault("programme", "is unknown")
                }
                for code in price.vaccines where !vaccines.contains(where: { $0.code == code }) {
                    throw row.fault("vaccines", "is an unknown vaccine: \(code)")
                }
                guard !prices.contains(where: { $0.overlaps(price) }) else {
                    throw row.fault("effectiveFrom", "overlaps another row of the same dose")
                }
                prices.append(price)
            }
        }
        return prices
    }
}

extension VaccinationPrice {
    fileprivate init(
        reading row: RuleReader, body: String, of file: RuleReader
    ) throws(RuleFault) {
        try row.requireOnly([
            "programme", "vaccines", "unitYen", "copaymentYen", "effectiveFrom",
            "effectiveTo",
        ])
        municipality = body
        programme = try row.string("programme")
        vaccines = try row.optionalStrings("vaccines")
        unitYen = try row.int("unitYen", in: 1...Self.yenMax)
        copaymentYen = try row.int("copaymentYen", in: 0...unitYen)
        effective = try row.effectivePeriod()
        source = try file.source()
    }

    fileprivate func overlaps(_ other: VaccinationPrice) -> Bool {
        municipality == other.municipality && programme == other.programme
            && effective.overlaps(other.effective)
            && (vaccines.isEmpty || other.vaccines.isEmpty
                || vaccines.contains(where: other.vaccines.contains))
    }

    func covers(_ programme: String, _ vaccine: String, on day: CalendarDay) -> Bool {
        self.programme == programme && effective.contains(day)
            && (vaccines.isEmpty || vaccines.contains(vaccine))
    }
}
