/// 受診の場所: where somebody was treated, and in which visit: what a local scheme needs that takes its caps and
/// counts of a month per institution, or leaves pharmacies out.
package struct CareSpot: Hashable, Sendable {
    /// Nobody said where.
    package static let unsaid = CareSpot(institution: "")

    /// 医療機関コード; in a case whatever stands for it. One that nobody said is one institution.
    package let institution: String
    /// 来院: bills of one visit on one day are parts of it. Without one each bill is a visit by itself.
    package let visit: String?
    /// 薬局: by the score table in the code, unless a case says so.
    package let isPharmacy: Bool
    /// 処方元: the institution whose prescription a pharmacy dispensed; `nil` where nobody says.
    package let prescriber: String?

    package init(
        institution: String, visit: String? = nil, isPharmacy: Bool? = nil,
        prescriber: String? = nil
    ) {
        self.institution = institution
        self.visit = visit
        self.prescriber = prescriber
        self.isPharmacy =
            isPharmacy
            ?? ((try? MedicalInstitutionCode(institution))?.scoreTable == .pharmacy)
    }
}

/// 上限・回数の単位: the one rule by which counter, command and month tell which bills a cap is taken over.
extension LocalTerms {
    /// Over which bills of a month the caps of day and month and the counts of visits and days are taken.
    package enum CountRange: String, CaseIterable, Sendable {
        /// All counters together.
        case all
        /// 医療機関ごと. Dental care of a hospital has a code of its own, and so has a pharmacy.
        case institution
        /// 明細書ごと: each institution, stays and visits apart.
        case receipt
    }

    /// 薬局の数え方.
    package enum Pharmacies: String, CaseIterable, Sendable {
        /// As any institution.
        case counted
        /// Nothing is asked there, and nothing counts.
        case free
        /// 処方元との合算: caps and counts of the institution that prescribed.
        case prescriber
    }

    /// What bills of one month share, to be counted together.
    struct CountKey: Hashable {
        let institution: String?
        let isInpatient: Bool?
    }

    func countKey(_ spot: CareSpot, isInpatient: Bool) -> CountKey {
        CountKey(
            institution: countedPer == .all ? nil : counted(at: spot),
            isInpatient: countedPer == .receipt ? isInpatient : nil)
    }

    /// Under which institution. A prescription that nobody named the writer of is the pharmacy's own.
    private func counted(at spot: CareSpot) -> String {
        let prescriber = pharmacies == .prescriber && spot.isPharmacy ? spot.prescriber : nil
        return prescriber ?? spot.institution
    }

    /// What is asked depends on whose prescription it is, and nobody says.
    func lacksPrescriber(_ spot: CareSpot) -> Bool {
        pharmacies == .prescriber && spot.isPharmacy && spot.prescriber == nil
    }

    /// Whether a bill of there is a visit of the scheme's at all.
    func counts(_ spot: CareSpot) -> Bool { pharmacies != .free || !spot.isPharmacy }

    /// What is asked there. The cap of the month stays what it is.
    func asked(at spot: CareSpot) -> LocalTerms {
        guard !counts(spot) else { return self }
        var free = LocalTerms(bearing: .nothing, rounding: rounding, perMonth: perMonth)
        free.perMonthMultiple = perMonthMultiple
        free.countedPer = countedPer
        free.pharmacies = pharmacies
        return free
    }

    /// 全窓口の月上限: the cap that holds over all counters; one of each institution is none of the month's.
    var capOverAll: Int? { countedPer == .all ? perMonth : nil }

    /// Whether there is anything to be counted over several bills.
    var hasCountOfMonth: Bool { perMonth != nil || perDay != nil || visitsMax != nil }

    /// What is left of a month's cap is asked visit by visit, as a count is.
    var capOfInstitution: Int? { countedPer == .all ? nil : perMonth }
}
