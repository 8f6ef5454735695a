import Exchange
import TestSupport

/// 地方単独の月 a second time, from the words of a scheme alone: every bill is decided from the list of those
/// before it, without a running total. It shares nothing with the engine but the case.
struct NaiveLocalScheme {
    /// What a scheme asks, in one setting.
    struct Terms {
        enum Bearing {
            case all
            case fixed(Int)
            case percent(Int)
            case part(Int, Int)
        }

        var bearing = Bearing.all
        var perVisit: Int?
        var visitsMax: Int?
        var perDay: Int?
        var daysMax: Int?
        var perMonth: Int?
        var isPerInstitution = false
        var arePharmaciesFree = false
        /// 処方元との合算
        var arePharmaciesOfPrescriber = false

        /// By the item names of a row.
        var items: String {
            let asked =
                switch bearing {
                case .all: #""bearing":"all""#
                case .fixed(let yen): #""bearing":"fixed","fixed":\#(yen)"#
                case .percent(let percent): #""bearing":"percent","percent":\#(percent)"#
                case .part(let some, let whole):
                    #""bearing":"fraction","numerator":\#(some),"denominator":\#(whole)"#
                }
            let numbers = [
                ("perVisit", perVisit), ("visitsMax", visitsMax), ("perDay", perDay),
                ("daysMax", daysMax), ("perMonth", perMonth),
            ]
            var items = [asked, #""unit":1,"method":"half-up""#]
            for (name, number) in numbers {
                if let number { items.append(#""\#(name)":\#(number)"#) }
            }
            if isPerInstitution { items.append(#""countedPer":"institution""#) }
            if arePharmaciesFree { items.append(#""pharmacies":"free""#) }
            if arePharmaciesOfPrescriber { items.append(#""pharmacies":"prescriber""#) }
            return items.joined(separator: ",")
        }
    }

    struct Bill {
        var institution: String
        /// Whose prescription it is, at a pharmacy.
        var prescriber: String
        var day: Int
        /// Bills of one number, institution and day are parts of one visit.
        var visit: Int
        var cost: Int
        /// What the insurance leaves.
        var left: Int

        var isPharmacy: Bool { Array(institution)[2] == "4" }

        func place(_ terms: Terms) -> String {
            terms.arePharmaciesOfPrescriber && isPharmacy ? prescriber : institution
        }

        func isPart(of other: Bill) -> Bool {
            (institution, day, visit) == (other.institution, other.day, other.visit)
        }
    }

    struct Told: Equatable {
        var share: Int
        var collected: Int
    }

    /// What is asked of each, in their order.
    static func month(_ bills: [Bill], _ terms: Terms) -> [Told] {
        var told: [Told] = []
        for (place, bill) in bills.enumerated() {
            let before = (0..<place).filter { earlier in
                let other = bills[earlier]
                return !(terms.arePharmaciesFree && other.isPharmacy)
                    && (!terms.isPerInstitution || other.place(terms) == bill.place(terms))
            }
            told.append(
                ask(bill, terms, before.map { (bill: bills[$0], told: told[$0]) }))
        }
        return told
    }

    private static func ask(
        _ bill: Bill, _ terms: Terms, _ before: [(bill: Bill, told: Told)]
    ) -> Told {
        if terms.arePharmaciesFree, bill.isPharmacy { return Told(share: 0, collected: 0) }
        let parts = before.filter { $0.bill.isPart(of: bill) }.map(\.told.share).reduce(0, +)
        var most = [bill.left]
        switch terms.bearing {
        case .all: break
        case .fixed(let yen): most.append(yen - parts)
        case .percent(let percent): most.append((bill.cost * percent + 50) / 100)
        case .part(let some, let whole): most.append((bill.left * some * 2 + whole) / (whole * 2))
        }
        if let perVisit = terms.perVisit {
            most.append(perVisit - parts)
            if let visitsMax = terms.visitsMax, visitsBefore(bill, before) >= visitsMax {
                most.append(0)
            }
        }
        if let perDay = terms.perDay {
            let today = before.filter { $0.bill.day == bill.day }
            most.append(perDay - today.map(\.told.share).reduce(0, +))
            let days = before.map(\.bill.day)
            let earlier = Set(days.prefix { $0 != bill.day })
            if let daysMax = terms.daysMax, earlier.count >= daysMax { most.append(0) }
        }
        let paid = before.map(\.told.share).reduce(0, +)
        if let perMonth = terms.perMonth { most.append(perMonth - paid) }
        let share = max(0, most.min() ?? 0)
        var collected = (share + 5) / 10 * 10
        if let perMonth = terms.perMonth {
            let taken = before.map(\.told.collected).reduce(0, +)
            collected = min(collected, max(0, perMonth - taken))
        }
        return Told(share: share, collected: collected)
    }

    /// Different visits before the first part of this one.
    private static func visitsBefore(
        _ bill: Bill, _ before: [(bill: Bill, told: Told)]
    ) -> Int {
        var visits: [Bill] = []
        for other in before.map(\.bill) {
            if other.isPart(of: bill) { break }
            if !visits.contains(where: other.isPart) { visits.append(other) }
        }
        return visits.count
    }
}

extension Seeded {
    /// Any terms that the loader takes.
    mutating func localTerms() -> NaiveLocalScheme.Terms {
        var terms = NaiveLocalScheme.Terms()
        terms.bearing = pick([
            .all, .all, .fixed(pick([200, 500, 530])), .percent(pick([5, 10])),
            .part(1, pick([2, 3])),
        ])
        if oneIn(2) { terms.perVisit = pick([300, 500, 805]) }
        if terms.perVisit != nil, oneIn(2) { terms.visitsMax = int(1...3) }
        if oneIn(3) { terms.perDay = pick([500, 800, 1_005]) }
        if terms.perDay != nil, oneIn(2) { terms.daysMax = int(1...3) }
        if oneIn(2) { terms.perMonth = pick([1_005, 1_200, 2_000]) }
        let hasCount = terms.visitsMax != nil || terms.perDay != nil || terms.perMonth != nil
        terms.isPerInstitution = hasCount && oneIn(2)
        terms.arePharmaciesFree = oneIn(3)
        terms.arePharmaciesOfPrescriber =
            terms.isPerInstitution && !terms.arePharmaciesFree && oneIn(2)
        return terms
    }

    /// A month at two clinics and a pharmacy, in which visits are billed in parts.
    mutating func localMonth(percent: Int) -> [NaiveLocalScheme.Bill] {
        (0..<int(1...12)).map { _ in
            let cost = int(1...pick([200, 2_000])) * 10
            return NaiveLocalScheme.Bill(
                institution: pick(["1319999996", "1311111111", "1349999992"]),
                prescriber: pick(["1319999996", "1311111111"]), day: int(1...5),
                visit: int(1...2), cost: cost, left: (cost * percent + 50) / 100)
        }
    }
}
