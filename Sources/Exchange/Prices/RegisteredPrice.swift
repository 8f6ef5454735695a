/// 登録された委託単価: what a municipality itself said of the price of a dose, a checkup or a checkup's ticket, as it
/// was known from `knownAt` on. A later version of the same key takes its place and changes no claim that was
/// made before.
package struct RegisteredPrice: Hashable, Sendable {
    /// What a version speaks of; nothing else is ever changed by it.
    package struct Key: Hashable, Sendable {
        /// What is paid for: a schedule of `immunization/schedule/`, or what `checkup` and `ticket` make.
        package let service: String
        /// Code of the vaccine; `nil`: any that the schedule gives.
        package let vaccine: String?
        package let from: CalendarDay
        /// 自己負担の区分: of doses alone.
        package let audience: PriceAudience

        package init(
            service: String, vaccine: String?, from: CalendarDay,
            for audience: PriceAudience = .everyone
        ) {
            self.service = service
            self.vaccine = vaccine
            self.from = from
            self.audience = audience
        }

        package static func checkup(_ code: String) -> String { "checkup/" + code }
        package static func ticket(_ kind: String) -> String { "ticket/" + kind }

        package var field: PriceField { service.contains("/") ? .maternal : .immunization }
    }

    /// The most that one of them costs.
    static let yenMax = 200_000

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

    fileprivate func covers(
        _ vaccine: String, on day: CalendarDay, of payer: PricePayer
    ) -> Bool {
        (key.vaccine ?? vaccine) == vaccine && holds(on: day) && key.audience.covers(payer)
    }

    /// The more special first; of two households that are theirs, the one that pays less.
    fileprivate func comes(before other: RegisteredPrice) -> Bool {
        let own = (key.audience.rank, -(terms?.copaymentYen ?? 0))
        return own > (other.key.audience.rank, -(other.terms?.copaymentYen ?? 0))
    }
}

/// 単価の分野: each has a list, a file and a route of its own.
package enum PriceField: String, Hashable, Sendable { case immunization, maternal }

extension [RegisteredPrice] {
    /// What a municipality's own list says of a service on a day: alone, once it holds any row of it, with
    /// what was taken back; `nil` where it never spoke of it. `self` are the newest versions of its keys.
    func own(
        _ service: String, _ vaccine: String = "", in municipality: String, on day: CalendarDay,
        of payer: PricePayer = .anyone
    ) -> OwnPrice? {
        let own = filter { $0.municipality == municipality && $0.key.service == service }
        guard !own.isEmpty else { return nil }
        let theirs = own.filter { $0.covers(vaccine, on: day, of: payer) }
        return OwnPrice(standing: theirs.min { $0.comes(before: $1) })
    }
}

/// 自らの単価: `standing` is nothing where no price holds on that day.
struct OwnPrice {
    let standing: RegisteredPrice?
}

extension RegisteredPrice {
    var source: RuleSource {
        RuleSource(text: "\(municipality)が登録した委託単価 第\(version)版", isVerified: true)
    }
}

extension VaccinationClaim.ChargeLine {
    /// 単価の決定: the municipality's own list decides alone for every schedule of which it holds a row, with
    /// what was taken back; for the others a file of `immunization/prices/` speaks. `nil`: nobody agreed on
    /// a price. `registered` are the newest versions of that municipality's keys.
    static func pricing(
        _ programme: String, _ vaccine: String, in municipality: String, on day: CalendarDay,
        of payer: PricePayer, registered: [RegisteredPrice], _ rules: ImmunizationRules
    ) -> Self? {
        if let own = registered.own(programme, vaccine, in: municipality, on: day, of: payer) {
            return own.standing.flatMap(Self.init)
        }
        return rules.price(programme, vaccine, in: municipality, on: day).map {
            Self(unitYen: $0.unitYen, copaymentYen: $0.copaymentYen, source: $0.source)
        }
    }

    private init?(_ price: RegisteredPrice) {
        guard let terms = price.terms else { return nil }
        self.init(
            unitYen: terms.unitYen, copaymentYen: terms.copaymentYen, source: price.source)
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
                    price.key.write(to: &$0)
                    $0.member("priceFrom", price.key.from.text)
                    $0.member("priceTo", terms.to?.text)
                    $0.member("unitYen", terms.unitYen)
                    if price.key.field == .immunization {
                        $0.member("copaymentYen", terms.copaymentYen)
                        $0.member("subsidyYen", terms.subsidyYen)
                    }
                    $0.member("version", price.version)
                    $0.member("knownAt", price.knownAt.text)
                }
            }
        }
    }
    return writer.bytes
}

extension RegisteredPrice.Key {
    /// As a row of its field names it.
    fileprivate func write(to row: inout JSONWriter) {
        let parts = service.split(separator: "/", maxSplits: 1).map(String.init)
        guard let code = parts.last, field == .maternal else {
            row.member("programme", service)
            row.member("vaccine", vaccine)
            row.member("ageFrom", audience.ages?.lowerBound)
            row.member("ageTo", audience.ages?.upperBound)
            row.member("copaymentClass", audience.copaymentClass)
            return
        }
        row.member(service == Self.ticket(code) ? "ticketKind" : "checkup", code)
    }
}
