/// 自己負担の区分: for whom a price of a dose is. Age classes and exempt households (生活保護・非課税世帯) differ from
/// municipality to municipality; a price that says neither is everybody's.
package struct PriceAudience: Hashable, Sendable {
    /// 満年齢 on the day of the dose, attained on the day before the birthday as in the windows of the Act; both
    /// inclusive. `nil`: of any age, also where nobody knows it.
    package let ages: ClosedRange<Int>?
    /// A code of `immunization/copayment-classes.json`; `nil`: of any household.
    package let copaymentClass: String?

    package static let everyone = PriceAudience(ages: nil, copaymentClass: nil)

    /// Nobody is older.
    package static let ageMax = 150

    package init(ages: ClosedRange<Int>?, copaymentClass: String?) {
        self.ages = ages
        self.copaymentClass = copaymentClass
    }

    /// As the ledger keeps it: `65-69 tax-exempt`, either alone, or nothing. Throws `.malformed("audience")`.
    package init(_ text: String) throws(Refusal) {
        var parts = text.split(separator: " ").map(String.init)
        var ages: ClosedRange<Int>?
        if let first = parts.first, let digit = first.utf8.first,
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit)
        {
            let ends = first.split(separator: "-").compactMap { Int($0) }
            guard ends.count == 2, ends[0] <= ends[1] else { throw .malformed("audience") }
            ages = ends[0]...ends[1]
            parts.removeFirst()
        }
        guard parts.count <= 1 else { throw .malformed("audience") }
        self.init(ages: ages, copaymentClass: parts.first)
    }

    package var text: String {
        let years = ages.map { "\($0.lowerBound)-\($0.upperBound)" }
        return [years, copaymentClass].compactMap(\.self).joined(separator: " ")
    }

    func covers(_ payer: PricePayer) -> Bool {
        let isOfAge = ages.map { ages in payer.age.map { ages.contains($0) } ?? false } ?? true
        return isOfAge && copaymentClass.map { payer.classes.contains($0) } ?? true
    }

    /// Two prices that neither is the more special of, for somebody who is in both.
    func meets(_ other: PriceAudience) -> Bool {
        guard copaymentClass == other.copaymentClass else { return false }
        guard let own = ages, let others = other.ages else {
            return ages == nil && other.ages == nil
        }
        return own.overlaps(others)
    }

    /// The household comes before the age.
    var rank: Int { (copaymentClass == nil ? 0 : 2) + (ages == nil ? 0 : 1) }
}

/// 支払う人: what decides which of a municipality's prices is a resident's.
package struct PricePayer: Hashable, Sendable {
    package let age: Int?
    package let classes: Set<String>

    /// Of whom nothing is known: what is everybody's.
    package static let anyone = PricePayer(age: nil, classes: [])

    package init(age: Int?, classes: Set<String>) {
        self.age = age
        self.classes = classes
    }

    /// On the day of a dose. `eligibility`: `programEligibility` of its record.
    package init(birth: CalendarDay?, on day: CalendarDay, eligibility: [Concept]) {
        self.init(
            age: birth.map { $0.yearsCompleted(on: day.adding(days: 1)) },
            classes: Set(eligibility.compactMap { $0.code(of: FHIR.System.copaymentClass) }))
    }
}

extension ImmunizationRules {
    /// Throws the path of a code of ours that does not exist: whoever means to pay less must not pay in full
    /// for a slip.
    func requireClasses(_ eligibility: [Concept]) throws(Refusal) {
        for (place, concept) in eligibility.enumerated() {
            for (index, code) in concept.codes.enumerated()
            where code.system == FHIR.System.copaymentClass {
                guard let value = code.code, copaymentClasses.contains(value) else {
                    throw .malformed("programEligibility[\(place)].coding[\(index)].code")
                }
            }
        }
    }
}

extension RuleFolder {
    /// 自己負担の区分のコード.
    func copaymentClasses() throws(RuleFault) -> Set<String> {
        let file = try file("immunization/copayment-classes.json")
        try file.requireOnly(["source", "verified", "note", "classes"])
        var codes: Set<String> = []
        for row in try file.children("classes") {
            try row.requireOnly(["code", "name"])
            _ = try row.text("name")
            let code = try row.string("code")
            // An audience is kept as words beside ages.
            guard code.utf8.first.map({ $0 > UInt8(ascii: "9") }) ?? false, !code.contains(" ")
            else { throw row.fault("code", "does not begin with a letter, or holds a space") }
            guard codes.insert(code).inserted else { throw row.fault("code", "is given twice") }
        }
        return codes
    }
}
