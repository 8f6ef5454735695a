/// The days of service: whether entitlement, insurance, age and designation held on each of them. A claim
/// that names no days is judged by its month: wholly inside, wholly outside, or a question. So is a stay on
/// the days between those that it names, where nobody says whether somebody was in hospital on them.
extension Reconciliation {
    func entitlement(
        _ holder: ClaimFacts.Holder, _ part: ClaimPart, of claim: Claim,
        _ sink: inout FindingSink
    ) {
        let held = holder.entitlements
        let days = claim.serviceDays
        if held.contains(where: {
            !$0.isRefundOnly && $0.covers(days.first) && $0.covers(days.last)
        }) {
            return
        }
        let count = part.dayCount
        switch claim.coverage(counting: count, { day in held.contains { $0.covers(day) } }) {
        case .whole:
            let usable = claim.coverage(counting: count) { day in
                held.contains { $0.covers(day) && !$0.isRefundOnly }
            }
            switch usable {
            case .whole: break
            // Of a day between two of a stay it may be that nothing was claimed for it.
            case .part where claim.days != 0: sink.add(.refundOnly, as: .questioned)
            case .part, .outside: sink.add(.refundOnly)
            }
        case .part(let day): sink.add(.partOfMonth, Self.nearest(held, day))
        case .outside(let day): notCovered(held, claim, day, &sink)
        }
    }

    /// 過誤: it was covered when it was paid, and the deletion or shortening came after. On the day of
    /// payment itself it came too late as well: what is paid was decided before. Where nobody says when it
    /// came, wrong payment and wrong claim cannot be told apart, and the municipality is asked.
    private func notCovered(
        _ held: [ClaimFacts.Entitlement], _ claim: Claim, _ day: Int32, _ sink: inout FindingSink
    ) {
        let ends = claim.isPaid ? held.filter { $0.onceCovered(day) }.compactMap(\.ended) : []
        if let known = ends.compactMap(\.knownOn).max(), known >= claim.paidOn {
            sink.add(.clawback, .clawback(service: day, paidOn: claim.paidOn, knownOn: known))
            return
        }
        let isUndated = ends.contains { $0.knownOn == nil }
        sink.add(
            .notEligibleOnDate, Self.nearest(held, day), as: isUndated ? .questioned : nil)
    }

    private static func nearest(
        _ entitlements: [ClaimFacts.Entitlement], _ day: Int32
    ) -> ClaimEvidence {
        let nearest = entitlements.compactMap(\.days).min { left, right in
            let near = (distance(left, day), distance(right, day))
            // Two equally near: the earlier, so that the order of the register says nothing.
            return near.0 != near.1
                ? near.0 < near.1
                : (left.lowerBound, left.upperBound) < (right.lowerBound, right.upperBound)
        }
        guard let nearest else { return .day(day) }
        return .period(service: day, from: nearest.lowerBound, to: nearest.upperBound)
    }

    private static func distance(_ days: ClosedRange<Int32>, _ day: Int32) -> Int64 {
        if day < days.lowerBound { return Int64(days.lowerBound) - Int64(day) }
        return day > days.upperBound ? Int64(day) - Int64(days.upperBound) : 0
    }

    /// 資格喪失後受診: the insurer on the receipt, on each day of service. A receipt has one insurer, so the
    /// first certificate that knows the person's insurers answers.
    func insurer(of claim: Claim, _ parts: ArraySlice<ClaimPart>, _ sink: inout FindingSink) {
        guard
            let periods = parts.lazy.compactMap({ facts.holders[$0.certificate]?.insurers })
                .first(where: { !$0.isEmpty })
        else { return }
        let own = periods.filter { $0.insurer == claim.insurer }
        let days = claim.serviceDays
        if own.contains(where: { $0.from <= days.first && days.last <= $0.to }) { return }
        // The insurance's own count is no less than that of any public payer beside it.
        let count = parts.map(\.dayCount).max() ?? 0
        let coverage = claim.coverage(counting: count) { day in
            own.contains { $0.from <= day && day <= $0.to }
        }
        let latest = own.max { $0.to < $1.to }
        let evidence = { (day: Int32) in
            ClaimEvidence.insurer(
                claimed: claim.insurer, service: day, from: latest?.from ?? Claim.unsaidDay,
                to: latest?.to ?? Claim.unsaidDay)
        }
        switch coverage {
        case .whole: return
        // Which of the two insurers pays is the question, whether or not days are named.
        case .part(let day): sink.add(.insurerLapsed, evidence(day), as: .questioned)
        case .outside(let day): sink.add(.insurerLapsed, evidence(day))
        }
    }

    /// 年齢 and 指定, as the scheme asks: the certificate's own conditions, those of its payer number, or those
    /// of its national law.
    func condition(
        _ part: ClaimPart, _ holder: ClaimFacts.Holder?, of claim: Claim,
        _ sink: inout FindingSink
    ) {
        let key = part.certificate
        let national =
            rules.isNational(law: key.law) ? rules.conditions.condition(law: key.law) : nil
        let local = facts.schemesOf[.init(key, claim.month)] ?? facts.schemes[key.payer]
        guard let condition = local ?? national else {
            namedInstitution(holder, claim, &sink)
            return
        }
        if let ages = condition.ages { age(ages, holder, part, of: claim, &sink) }
        if let holder, !holder.institutions.isEmpty {
            namedInstitution(holder, claim, &sink)
        } else if condition.requiresDesignation, let designations = facts.designations {
            let names = [
                ClaimFacts.Designation.Of.payer(key.payer), .law(key.law), .certificate(key),
            ].map { ClaimFacts.Designation(of: $0, institution: claim.institution) }
            let periods = names.flatMap { designations[$0] ?? [] }
            let days = claim.serviceDays
            if periods.contains(where: { $0.contains(days.first) && $0.contains(days.last) }) {
                return
            }
            let coverage = claim.coverage(counting: part.dayCount) { day in
                periods.contains { $0.contains(day) }
            }
            // Without days, designated on some of them is enough: the certificate is not at stake.
            if case .outside(let day) = coverage {
                let isToldLater = names.flatMap { facts.toldDesignations[$0] ?? [] }
                    .contains { day < $0 }
                sink.add(.notDesignated, .day(day), as: isToldLater ? .questioned : nil)
            }
        }
    }

    private func namedInstitution(
        _ holder: ClaimFacts.Holder?, _ claim: Claim, _ sink: inout FindingSink
    ) {
        guard let holder, !holder.institutions.isEmpty,
            !holder.institutions.contains(claim.institution)
        else { return }
        sink.add(.notDesignated)
    }

    private func age(
        _ ages: AgeRange, _ holder: ClaimFacts.Holder?, _ part: ClaimPart, of claim: Claim,
        _ sink: inout FindingSink
    ) {
        var born = (earliest: claim.birth, latest: claim.birth)
        if let holder, holder.bornEarliest != Claim.unsaidDay {
            born = (holder.bornEarliest, holder.bornLatest)
        }
        guard born.earliest != Claim.unsaidDay else { return }
        let days = claim.serviceDays
        if ages.mayHold(on: days.first, born: born), ages.mayHold(on: days.last, born: born) {
            return
        }
        let evidence = { (day: Int32) in
            let birth = CalendarDay(daysSince1970: Int(born.earliest))
            let years = birth.yearsCompleted(on: CalendarDay(daysSince1970: Int(day)))
            return ClaimEvidence.age(service: day, years: Int16(clamping: years))
        }
        switch claim.coverage(counting: part.dayCount, { ages.mayHold(on: $0, born: born) }) {
        case .whole: break
        case .part(let day): sink.add(.partOfMonth, evidence(day))
        case .outside(let day): sink.add(.ageOutOfRange, evidence(day))
        }
    }
}

/// How a month's claim lies to something that holds on some days.
enum ClaimCoverage: Equatable {
    case whole
    /// The month, or the stay, is only partly covered, and the claim does not say whether there was service
    /// on the other days; the first day of it that is not covered.
    case part(Int32)
    /// The first day of service that is not covered; without days, the first of the month.
    case outside(Int32)
}

extension Claim {
    /// Those it names, or every day of its month when it names none.
    package var serviceDays: ServiceDays { served(on: dayBits) }

    /// Whether service on a day is possible by what the claim says; `count` is the 実日数 it was counted with.
    package func mayBe(on day: Int32, counting count: UInt8) -> Bool {
        let between = between(counting: count)
        return served(on: dayBits | between.certain | between.open).contains(day)
    }

    /// Whether there was service on a day under the payer with that 実日数; `nil` where the claim does not say:
    /// it names no days, the day lies between two of a stay, or fewer days count under the payer than are
    /// named.
    func isServed(on day: Int32, counting count: UInt8) -> Bool? {
        guard day != Claim.unsaidDay else { return nil }
        guard days & monthBits != 0 else {
            return (month.firstDay...month.lastDay).contains(day) ? nil : false
        }
        let between = between(counting: count)
        if served(on: between.open).contains(day) { return nil }
        let certain = served(on: dayBits | between.certain)
        guard certain.contains(day) else { return false }
        return count > 0 && Int(count) < dayBits.nonzeroBitCount ? nil : true
    }

    /// `count`: 実日数 under the payer that is asked about; 0 where nobody says.
    func coverage(counting count: UInt8, _ holds: (Int32) -> Bool) -> ClaimCoverage {
        let between = between(counting: count)
        var covered = 0
        var firstOutside: Int32?
        for day in served(on: dayBits | between.certain) {
            if holds(day) { covered += 1 } else { firstOutside = firstOutside ?? day }
        }
        if let firstOutside {
            // Without a day, as many as the month has are all of it.
            let areSaid = days != 0 || Int(count) >= month.dayCount
            return !areSaid && covered > 0 ? .part(firstOutside) : .outside(firstOutside)
        }
        for day in served(on: between.open) where !holds(day) { return .part(day) }
        return .whole
    }

    /// 入院の間の日: of a stay, the days between those it names, as bits. They are days of service where 実日数 counts
    /// every day from the first to the last, and none where it counts those that are named alone. Where it
    /// counts others, or is not said, they are `open`: a lapse on one of them is asked about.
    private func between(counting count: UInt8) -> (certain: UInt32, open: UInt32) {
        let named = days & monthBits
        guard named != 0, isInpatient == true else { return (0, 0) }
        let whole =
            (UInt32.max << UInt32(named.trailingZeroBitCount))
            & (UInt32.max >> UInt32(named.leadingZeroBitCount))
        if Int(count) >= whole.nonzeroBitCount { return (whole & ~named, 0) }
        let areNamed = count > 0 && Int(count) <= named.nonzeroBitCount
        return (0, areNamed ? 0 : whole & ~named)
    }

    /// A day the month does not have was told by the reader; it is not a day of service.
    private var dayBits: UInt32 {
        let all = monthBits
        return days & all == 0 ? all : days & all
    }
    private var monthBits: UInt32 { (UInt32.max >> UInt32(31 - month.dayCount)) & ~1 }

    private func served(on bits: UInt32) -> ServiceDays {
        ServiceDays(mask: bits, before: month.firstDay - 1)
    }
}

/// 診療日: days since 1970 of a claim's days of service, or of every day of its month when it names none.
package struct ServiceDays: Sequence, IteratorProtocol, Sendable {
    private var mask: UInt32
    private let before: Int32

    /// Bit n is day n; `before` is the day before the first of the month. Without a bit there is no first and
    /// no last.
    init(mask: UInt32, before: Int32) {
        self.mask = mask
        self.before = before
    }

    package var first: Int32 { before + Int32(mask.trailingZeroBitCount) }
    package var last: Int32 { before + 31 - Int32(mask.leadingZeroBitCount) }

    package mutating func next() -> Int32? {
        guard mask != 0 else { return nil }
        let day = Int32(mask.trailingZeroBitCount)
        mask &= mask - 1
        return before + day
    }
}
