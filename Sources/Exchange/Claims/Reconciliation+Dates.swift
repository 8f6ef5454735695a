/// The days of service: whether entitlement, insurance, age and designation held on each of them. A claim
/// that names no days is judged by its month: wholly inside, wholly outside, or a question.
extension Reconciliation {
    func entitlement(
        _ holder: ClaimFacts.Holder, of claim: Claim, _ sink: inout FindingSink
    ) {
        let held = holder.entitlements
        let days = claim.serviceDays
        if held.contains(where: {
            !$0.isRefundOnly && $0.covers(days.first) && $0.covers(days.last)
        }) {
            return
        }
        switch claim.coverage({ day in held.contains { $0.covers(day) } }) {
        case .whole:
            let usable = claim.coverage { day in
                held.contains { $0.covers(day) && !$0.isRefundOnly }
            }
            if usable != .whole { sink.add(.refundOnly) }
        case .part:
            sink.add(.partOfMonth, Self.nearest(holder.entitlements, claim.month.firstDay))
        case .outside(let day):
            if let evidence = Self.clawback(held, claim, day) {
                sink.add(.clawback, evidence)
            } else {
                sink.add(.notEligibleOnDate, Self.nearest(held, day))
            }
        }
    }

    /// 過誤: it was covered when it was paid, and the deletion or shortening came after.
    private static func clawback(
        _ entitlements: [ClaimFacts.Entitlement], _ claim: Claim, _ day: Int32
    ) -> ClaimEvidence? {
        guard claim.isPaid else { return nil }
        for entitlement in entitlements where entitlement.onceCovered(day) {
            guard let ended = entitlement.ended, ended.knownOn >= claim.paidOn else { continue }
            return .clawback(service: day, paidOn: claim.paidOn, knownOn: ended.knownOn)
        }
        return nil
    }

    private static func nearest(
        _ entitlements: [ClaimFacts.Entitlement], _ day: Int32
    ) -> ClaimEvidence {
        let held = entitlements.filter { $0.validFrom <= $0.lastDay }
        let nearest = held.min { left, right in
            let near = (left.distance(to: day), right.distance(to: day))
            // Two equally near: the earlier, so that the order of the register says nothing.
            return near.0 != near.1
                ? near.0 < near.1
                : (left.validFrom, left.validTo) < (right.validFrom, right.validTo)
        }
        guard let nearest else { return .day(day) }
        return .period(service: day, from: nearest.validFrom, to: nearest.lastDay)
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
        let coverage = claim.coverage { day in own.contains { $0.from <= day && day <= $0.to } }
        let latest = own.max { $0.to < $1.to }
        let evidence = { (day: Int32) in
            ClaimEvidence.insurer(
                claimed: claim.insurer, service: day, from: latest?.from ?? Claim.unsaidDay,
                to: latest?.to ?? Claim.unsaidDay)
        }
        switch coverage {
        case .whole: return
        case .part: sink.add(.partOfMonth, evidence(days.first))
        case .outside(let first): sink.add(.insurerLapsed, evidence(first))
        }
    }

    /// 年齢 and 指定, as the scheme asks: a payer number's own conditions, or those of its national law.
    func condition(
        _ key: CertificateNumber, _ holder: ClaimFacts.Holder?, of claim: Claim,
        _ sink: inout FindingSink
    ) {
        let national =
            rules.isNational(payer: key.payer) ? rules.conditions.condition(law: key.law) : nil
        guard let condition = facts.schemes[key.payer] ?? national else {
            namedInstitution(holder, claim, &sink)
            return
        }
        if let ages = condition.ages { age(ages, holder, of: claim, &sink) }
        if let holder, !holder.institutions.isEmpty {
            namedInstitution(holder, claim, &sink)
        } else if condition.requiresDesignation, let designations = facts.designations {
            let periods = [ClaimFacts.Designation.Of.payer(key.payer), .law(key.law)].flatMap {
                designations[.init(of: $0, institution: claim.institution)] ?? []
            }
            let days = claim.serviceDays
            if periods.contains(where: { $0.contains(days.first) && $0.contains(days.last) }) {
                return
            }
            let coverage = claim.coverage { day in periods.contains { $0.contains(day) } }
            // Without days, designated on some of them is enough: the certificate is not at stake.
            if case .outside(let day) = coverage { sink.add(.notDesignated, .day(day)) }
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
        _ ages: AgeRange, _ holder: ClaimFacts.Holder?, of claim: Claim,
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
        switch claim.coverage({ ages.mayHold(on: $0, born: born) }) {
        case .whole: break
        case .part: sink.add(.partOfMonth, evidence(days.first))
        case .outside(let day): sink.add(.ageOutOfRange, evidence(day))
        }
    }
}

extension ClaimFacts.Entitlement {
    fileprivate func distance(to day: Int32) -> Int64 {
        if day < validFrom { return Int64(validFrom) - Int64(day) }
        return day > lastDay ? Int64(day) - Int64(lastDay) : 0
    }
}

/// How a month's claim lies to something that holds on some days.
enum ClaimCoverage: Equatable {
    case whole
    /// The month is only partly covered, and the claim does not say on which days service was.
    case part
    /// The first day of service that is not covered; without days, the first of the month.
    case outside(Int32)
}

extension Claim {
    package var serviceDays: ServiceDays {
        let all = (UInt32.max >> UInt32(31 - month.dayCount)) & ~1
        // A day the month does not have was told by the reader; it is not a day of service.
        let named = days & all
        return ServiceDays(mask: named == 0 ? all : named, before: month.firstDay - 1)
    }

    func coverage(_ holds: (Int32) -> Bool) -> ClaimCoverage {
        var covered = 0
        var firstOutside: Int32?
        for day in serviceDays {
            if holds(day) { covered += 1 } else { firstOutside = firstOutside ?? day }
        }
        guard let firstOutside else { return .whole }
        return days == 0 && covered > 0 ? .part : .outside(firstOutside)
    }
}

/// 診療日: days since 1970 of a claim's days of service, or of every day of its month when it names none.
package struct ServiceDays: Sequence, IteratorProtocol, Sendable {
    private var mask: UInt32
    private let before: Int32

    /// Bit n is day n; `before` is the day before the first of the month. At least one bit is set.
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
