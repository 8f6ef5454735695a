/// 地方単独の重なり: the local schemes of a case in order of priority. Each bears of what insurance, public expenses
/// and the schemes before it leave; none counts a yen twice.
struct LocalsOfCase {
    /// In order of priority.
    let schemes: [LocalOfCase]
    /// By scheme: whose remainder it does not bear (74 to 77).
    private let leaves: [Set<Source>]
    /// Public expenses before them on the receipt.
    private let publicCount: Int

    /// Who leaves something to be paid: a public expense and a scheme by their places.
    enum Source: Hashable {
        case insurance
        case expense(Int)
        case scheme(Int)

        var isExpense: Bool {
            if case .expense = self { true } else { false }
        }
    }

    /// 残り: what one of them leaves of which cost. `collected`: the most that is taken of it at the counter,
    /// where a cap to 10 yen says so.
    struct Rest {
        let source: Source
        let cost: Int
        let yen: Int
        var collected: Int?
    }

    /// 一件: what of a visit is to be borne, and of which cost and days.
    struct Visit {
        let rests: [Rest]
        /// What the patient would pay, which may be less than all that is left (合算).
        let yen: Int
        var day = 1
        var days = 1
        var spot = CareSpot.unsaid
    }

    var isEmpty: Bool { schemes.isEmpty }
    var unread: [UnreadItem] { schemes.flatMap(\.unread) }

    /// `laws`: of the public expenses, whose list is at `publics`.
    init(
        _ reader: inout CaseReader, laws: [String?] = [], at publics: String = "",
        _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) {
        let written = try Self.written(&reader, patient, rules)
        guard written.allSatisfy({ $0.setting == written.first?.setting }) else {
            throw CaseFault(.contradiction, reader.place("setting"))
        }
        let schemes = try Self.ordered(written)
        var leaves: [Set<Source>] = []
        for (place, one) in schemes.enumerated() {
            var sources: Set<Source> = []
            for (expense, law) in laws.enumerated() {
                let row = JSONPath.element(expense, of: publics)
                let isBorne = try one.bears(law, at: row)
                if !isBorne { sources.insert(.expense(expense)) }
            }
            for (before, other) in schemes[..<place].enumerated() {
                let isBorne = try one.bears(other.law, at: other.place)
                if !isBorne { sources.insert(.scheme(before)) }
            }
            leaves.append(sources)
        }
        self.schemes = schemes
        self.leaves = leaves
        publicCount = laws.count
    }

    private static func written(
        _ reader: inout CaseReader, _ patient: PatientOfCase, _ rules: CopaymentRules
    ) throws(CaseFault) -> [LocalOfCase] {
        guard let (name, value) = reader.present(["scheme", "local"]) else { return [] }
        // Two lists at once: nobody could tell which is meant.
        if name == "scheme", let other = reader.object["local"], other != .null {
            throw CaseFault(.contradiction, reader.place("local"))
        }
        let place = reader.place(name)
        guard let list = value.array else {
            return [try LocalOfCase(value, name, at: place, patient, rules, reader)]
        }
        var schemes: [LocalOfCase] = []
        for (index, item) in list.enumerated() {
            let here = JSONPath.element(index, of: place)
            let one = try LocalOfCase(item, name, at: here, patient, rules, reader)
            let isTwice = zip(list, schemes).contains { earlier, scheme in
                earlier == item || (item.string != nil && scheme.scheme == one.scheme)
            }
            guard !isTwice else { throw CaseFault(.contradiction, here) }
            schemes.append(one)
        }
        return schemes
    }

    /// 78 公費適用優先順位; those of one priority as they are written. Where one of them says none all are as they
    /// are written, and nothing that is said may contradict it.
    private static func ordered(_ written: [LocalOfCase]) throws(CaseFault) -> [LocalOfCase] {
        var last = Int.min
        let said = written.filter { $0.priority != nil }
        if said.count == written.count {
            return written.enumerated().sorted { left, right in
                let one = (left.element.priority ?? 0, left.offset)
                return one < (right.element.priority ?? 0, right.offset)
            }.map(\.element)
        }
        for one in said {
            let priority = one.priority ?? last
            guard priority >= last else {
                throw CaseFault(.contradiction, JSONPath.member("priority", of: one.place))
            }
            last = priority
        }
        return written
    }

    // MARK: At the counter

    /// 一制度の分 of a visit.
    struct Bill {
        let visit: LocalMonth.Visit
        let quote: LocalMonth.Quote
        let isPaidBack: Bool

        /// At the counter.
        var pays: Int { isPaidBack ? 0 : quote.paid }
        var paysBack: Int { isPaidBack ? quote.paid : 0 }
    }

    /// 窓口: what is taken there, with what other public expenses leave that no scheme bears.
    struct Counter {
        /// By scheme.
        let bills: [Bill]
        /// What of the visit the patient pays there, to 1 yen.
        let share: Int
        let collected: Int
        let steps: [CopaymentStep]

        var paid: Int { bills.reduce(0) { $0 + $1.pays } }
        /// 償還払い: what municipalities pay back later.
        var paidBack: Int { bills.reduce(0) { $0 + $1.paysBack } }
    }

    /// `months`: what each of the schemes has counted before.
    func counter(
        _ visit: Visit, after months: [LocalMonth], _ rules: CopaymentRules
    ) -> Counter {
        var rests = visit.rests
        var open = visit.yen
        var bills: [Bill] = []
        var steps: [CopaymentStep] = []
        for (place, one) in schemes.enumerated() {
            let others = rests.filter { leaves[place].contains($0.source) }
            let own = rests.filter { !leaves[place].contains($0.source) }
            let beside = min(open, others.reduce(0) { $0 + $1.yen })
            let asked = LocalMonth.Visit(
                cost: own.reduce(0) { $0 + $1.cost }, left: open - beside, day: visit.day,
                days: visit.days, at: visit.spot)
            let known = own.compactMap(\.collected)
            let most = known.count == own.count ? known.reduce(0, +) : nil
            let quote = months[place].quote(
                asked, one.scheme, one.terms.asked(at: visit.spot), limit: one.limit,
                isMultiple: one.isMultiple, rules.roundings
            ).collecting(atMost: most)
            let bill = Bill(
                visit: asked, quote: quote, isPaidBack: one.scheme.method == .refund)
            bills.append(bill)
            if !bill.isPaidBack { steps += told(own, quote, at: place) }
            open = beside + quote.share
            rests = others
            rests.append(
                Rest(
                    source: .scheme(place), cost: asked.cost, yen: quote.share,
                    collected: quote.beyond == 0 ? quote.collected : nil))
        }
        return counter(bills, open: open, rests, steps, rules)
    }

    /// 31 助成方法: of a scheme that pays back, the counter takes what it will pay.
    private func counter(
        _ bills: [Bill], open: Int, _ rests: [Rest], _ before: [CopaymentStep],
        _ rules: CopaymentRules
    ) -> Counter {
        let rounding = rules.roundings.counter
        let whole = bills.reduce(open) { $0 + $1.quote.beyond + $1.paysBack }
        // Rounded once, as it is taken; within each scheme's own cap to 10 yen.
        var collected = rounding.yen(whole)
        for bill in bills where !bill.isPaidBack {
            let own = min(whole, bill.quote.share + bill.quote.beyond)
            collected = min(
                collected, bill.quote.collected + rounding.yen(whole) - rounding.yen(own))
        }
        let beside = min(open, rests.reduce(0) { $0 + ($1.source.isExpense ? $1.yen : 0) })
        let rule = schemes.last?.scheme.rule ?? .asGiven
        var steps = before
        if beside > 0 { steps.append(.init(.notBorne, beside, rule: rule)) }
        steps.append(.counter(collected, of: whole, rules.roundings))
        for (place, bill) in bills.enumerated() where bill.isPaidBack {
            steps.append(
                .init(
                    .paidBack, part: part(place), bill.paysBack, rule: schemes[place].scheme.rule))
        }
        return Counter(bills: bills, share: whole - beside, collected: collected, steps: steps)
    }

    private func told(
        _ own: [Rest], _ quote: LocalMonth.Quote, at place: Int
    ) -> [CopaymentStep] {
        var steps: [CopaymentStep] = []
        for rest in own {
            guard case .scheme(let before) = rest.source else { continue }
            steps.append(
                .init(.takesOver, part: part(place), rest.yen, by: publicCount + before))
        }
        return steps
            + quote.steps.filter { $0.kind != .counter }.map { $0.of(part: part(place)) }
    }

    /// Of one scheme nobody asks which; several are numbered behind the public expenses of the receipt.
    private func part(_ place: Int) -> Int? { schemes.count == 1 ? nil : publicCount + place }
}

extension LocalMonth.Quote {
    /// With no more taken at the counter than `most`, where something says so.
    fileprivate func collecting(atMost most: Int?) -> LocalMonth.Quote {
        guard let most, most < collected else { return self }
        return LocalMonth.Quote(
            share: share, beyond: beyond, paid: paid, collected: most, steps: steps)
    }
}

extension JSONWriter {
    /// 制度ごとの額, where there are several: what each leaves, pays, and pays back when it is asked to.
    mutating func member(_ bills: [LocalsOfCase.Bill], of locals: LocalsOfCase) {
        guard bills.count > 1 else { return }
        array("locals") { list in
            for (bill, one) in zip(bills, locals.schemes) {
                list.object {
                    $0.member("name", one.name)
                    $0.member("share", bill.quote.share)
                    $0.member("pays", bill.pays)
                    if bill.isPaidBack { $0.member("paysBack", bill.paysBack) }
                }
            }
        }
    }
}
