/// 登録された委託単価: what a municipality itself said of the price of a dose, as it was known from `knownAt` on. A
/// later version of the same key takes its place and changes no claim that was made before.
package struct RegisteredPrice: Hashable, Sendable {
    /// What a version speaks of; nothing else is ever changed by it.
    package struct Key: Hashable, Sendable {
        /// A schedule of `immunization/schedule/` that the Act provides for.
        package let programme: String
        /// Code of the vaccine; `nil`: any that the schedule gives.
        package let vaccine: String?
        package let from: CalendarDay

        package init(programme: String, vaccine: String?, from: CalendarDay) {
            self.programme = programme
            self.vaccine = vaccine
            self.from = from
        }
    }

    /// In yen, taxes included.
    package struct Terms: Hashable, Sendable {
        package let unitYen: Int
        /// 自己負担額.
        package let copaymentYen: Int
        /// The last day; `nil` while nobody has said one.
        package let to: CalendarDay?
        /// 公費負担額: what the municipality pays.
        package var subsidyYen: Int { unitYen - copaymentYen }

        package init(unitYen: Int, copaymentYen: Int, to: CalendarDay?) {
            self.unitYen = unitYen
            self.copaymentYen = copaymentYen
            self.to = to
        }
    }

    package let municipality: String
    package let key: Key
    /// `nil`: the municipality took the price back.
    package let terms: Terms?
    package let version: Int
    package let knownAt: Instant

    package init(
        municipality: String, key: Key, terms: Terms?, version: Int, knownAt: Instant
    ) {
        self.municipality = municipality
        self.key = key
        self.terms = terms
        self.version = version
        self.knownAt = knownAt
    }

    fileprivate func holds(on day: CalendarDay) -> Bool {
        terms.map { EffectivePeriod(from: key.from, to: $0.to).contains(day) } ?? false
    }

    fileprivate func covers(_ vaccine: String, on day: CalendarDay) -> Bool {
        (key.vaccine ?? vaccine) == vaccine && holds(on: day)
    }
}

extension VaccinationClaim.ChargeLine {
    /// 単価の決定: the municipality's own list decides alone for every schedule of which it holds a row, with
    /// what was taken back; for the others a file of `immunization/prices/` speaks. `nil`: nobody agreed on
    /// a price. `registered` are the newest versions of that municipality's keys.
    static func pricing(
        _ programme: String, _ vaccine: String, in municipality: String, on day: CalendarDay,
        registered: [RegisteredPrice], _ rules: ImmunizationRules
    ) -> Self? {
        let own = registered.filter {
            $0.municipality == municipality && $0.key.programme == programme
        }
        guard own.isEmpty else {
            return own.first { $0.covers(vaccine, on: day) }.flatMap(Self.init)
        }
        return rules.price(programme, vaccine, in: municipality, on: day).map {
            Self(unitYen: $0.unitYen, copaymentYen: $0.copaymentYen, source: $0.source)
        }
    }

    private init?(_ price: RegisteredPrice) {
        guard let terms = price.terms else { return nil }
        self.init(
            unitYen: terms.unitYen, copaymentYen: terms.copaymentYen,
            source: RuleSource(
                text: "\(price.municipality)が登録した委託単価 第\(price.version)版", isVerified: true))
    }
}

/// 単価の一覧, as JSON: those that stand, on a day where one is asked for.
package func renderPrices(_ prices: [RegisteredPrice], on day: CalendarDay?) -> [UInt8] {
    var writer = JSONWriter(reservingBytes: 64 + prices.count * 192)
    writer.object { list in
        list.array("prices") { rows in
            for price in prices {
                guard let terms = price.terms, day.map(price.holds) ?? true else { continue }
                rows.object {
                    $0.member("programme", price.key.programme)
                    $0.member("vaccine", price.key.vaccine)
                    $0.member("priceFrom", price.key.from.text)
                    $0.member("priceTo", terms.to?.text)
                    $0.member("unitYen", terms.unitYen)
                    $0.member("copaymentYen", terms.copaymentYen)
                    $0.member("subsidyYen", terms.subsidyYen)
                    $0.member("version", price.version)
                    $0.member("knownAt", price.knownAt.text)
                }
            }
        }
    }
    return writer.bytes
}
