/// 地方単独の上限: the most that a receipt may say of a patient's payments under a local scheme's row. One of
/// a month does not say what each visit cost, so it is a bound and no amount: what is below it says nothing.
struct LocalMost: Hashable, Sendable {
    private let terms: LocalTerms
    private let period: EffectivePeriod
    private let held: ClosedRange<Int>
    /// Whatever a public payer before it leaves, it bears.
    private let bearsOthers: Bool

    /// `nil` of a row that nobody verified: no question is asked on one.
    init?(_ asked: CertificateTerms, of row: EntitlementVersion) {
        guard let live = asked.local, asked.isVerified, row.validFrom <= row.validTo else {
            return nil
        }
        terms = live.terms
        period = live.scheme.period
        bearsOthers = live.scheme.bearsOtherExpense && live.scheme.otherLaws.isEmpty
        held = row.validFrom.daysSince1970...row.validTo.daysSince1970
    }

    /// In either form in which it may be claimed, to 1 yen and as it is collected. `nil` where it cannot be
    /// said: of days nobody counted, where the row was not held on all of them, and behind a payer
    /// (`isFirst`) of whose remainder it may leave some to the patient. Of a stay, whose bills nobody counts
    /// and whose meals may be among it, only a cap of the month is held, as one over all counters is.
    ///
    /// `percent`: what the insurance leaves of the cost, where that is known.
    func yen(
        _ part: ClaimPart, of claim: Claim, isFirst: Bool, left percent: Int?, _ counter: Rounding
    ) -> Int? {
        let (first, last) = (Int(claim.serviceDays.first), Int(claim.serviceDays.last))
        guard let isInpatient = claim.isInpatient, isFirst || bearsOthers, held.contains(first),
            held.contains(last),
            period.contains(CalendarDay(daysSince1970: first)),
            period.contains(CalendarDay(daysSince1970: last))
        else { return nil }
        // A receipt is of one institution; a cap over all of them the month itself holds.
        let ofInstitution = terms.capOfInstitution.map { flat($0, 1, counter) }
        guard !isInpatient else { return ofInstitution }
        if terms.bearing == .nothing { return 0 }
        guard part.dayCount > 0 else { return nil }
        let visits = max(Int(part.dayCount), claim.days.nonzeroBitCount)
        let points = Int(part.points >= 0 ? part.points : claim.points)
        let cost: Int? = points > 0 ? points * 10 : nil
        let left = cost.flatMap { cost in percent.map { cost * $0 } }
        var most: [Int?] = [
            left.map { proportion($0, per: 100, .asGiven, visits, counter) },
            terms.perVisit.map { flat($0, min(visits, terms.visitsMax ?? visits), counter) },
            terms.perDay.map { flat($0, min(visits, terms.daysMax ?? visits), counter) },
            ofInstitution,
        ]
        switch terms.bearing {
        case .nothing, .all: break
        case .fixed(let yen): most.append(flat(yen, visits, counter))
        case .percent(let percent):
            most.append(
                cost.map { proportion($0 * percent, per: 100, terms.rounding, visits, counter) })
        case .fraction(let some, let whole):
            most.append(
                left.map {
                    proportion($0 * some, per: 100 * whole, terms.rounding, visits, counter)
                })
        }
        return most.compactMap(\.self).min()
    }

    /// The same of each visit.
    private func flat(_ yen: Int, _ visits: Int, _ counter: Rounding) -> Int {
        max(yen, counter.yen(yen)) * visits
    }

    /// A part of what all visits cost together. Each of several was rounded by itself, twice: by the scheme
    /// and by the counter.
    private func proportion(
        _ numerator: Int, per denominator: Int, _ rounding: Rounding, _ visits: Int,
        _ counter: Rounding
    ) -> Int {
        guard visits > 1 else {
            let yen = rounding.yen(numerator, per: denominator)
            return max(yen, counter.yen(yen))
        }
        return numerator / denominator + visits * (rounding.unit + counter.unit)
    }
}
