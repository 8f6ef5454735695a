/// 地方単独の窓口: a row of the national master as a counter's quote prices it: one visit or one stay, by the same
/// arithmetic as `tsunagi copay`. What a quote cannot hold is refused by the item's name, never guessed at.
extension LocalScheme {
    struct Live: Hashable, Sendable {
        let scheme: LocalScheme
        /// With the cap of this month: whether it is one of multiple months is decided.
        let terms: LocalTerms
    }

    /// The one row that is meant (`meant`); `nil` where there is none.
    ///
    /// `perMonth`: a cap that the body registered stands before the master's. `methods`: how what is priced
    /// is paid for: a counter bears nothing of a scheme that pays back.
    static func live(
        _ rows: [LocalScheme], _ income: String?, _ care: BillCare, born birth: CalendarDay?,
        at spot: CareSpot, from day: CalendarDay, after before: String?, perMonth: Int?,
        by methods: [Method]
    ) throws(Refusal) -> Live? {
        guard !rows.isEmpty else { return nil }
        let scheme = try meant(rows, income, care, born: birth, from: day)
        if let item = scheme.uncarried { throw .localSchemeNotPriced(item) }
        guard methods.contains(scheme.method) else { throw .localSchemeNotPriced("method") }
        guard var terms = scheme.terms(care.setting) else {
            throw .localSchemeNotPriced(care.setting.rawValue)
        }
        // One row holds what counts towards a month's cap: two caps of it, for visits and for stays,
        // cannot be, unless each receipt has its own.
        if perMonth == nil, terms.countedPer != .receipt, care.isInpatient,
            let visit = scheme.outpatient, let stay = scheme.inpatient,
            visit.monthCap(isMultiple: care.isMultiple)
                != stay.monthCap(isMultiple: care.isMultiple)
        {
            throw .localSchemeNotPriced("perMonth")
        }
        // Only until the insurer's own limit is applied: with the patient's class it is.
        guard scheme.bearsUpTo.isEmpty || care.limitClass != nil else {
            throw .localSchemeNotPriced("bearsUpTo")
        }
        // Whether the month is one of multiple months is told with the class; without one nobody knows.
        guard
            perMonth != nil || care.limitClass != nil
                || terms.monthCap(isMultiple: true) == terms.perMonth
        else {
            throw .localSchemeNotPriced("perMonthMultiple")
        }
        if let before {
            guard scheme.bearsOtherExpense else {
                throw .localSchemeNotPriced("bearsOtherExpense")
            }
            guard scheme.otherLaws.isEmpty || scheme.otherLaws.contains(before) else {
                throw .localSchemeNotPriced("otherLaws")
            }
        }
        terms.perMonth = perMonth ?? terms.monthCap(isMultiple: care.isMultiple)
        terms.perMonthMultiple = nil
        return Live(scheme: scheme, terms: terms.asked(at: spot))
    }

    /// Whether a row's conditions of age, insurer, school and children hold, the body decided when it issued
    /// the certificate. Where several rows stay, the certificate's class of income must tell them apart,
    /// or the holder's age, which has to be of one row on all days of a stay.
    private static func meant(
        _ rows: [LocalScheme], _ income: String?, _ care: BillCare, born birth: CalendarDay?,
        from day: CalendarDay
    ) throws(Refusal) -> LocalScheme {
        var found = rows.filter { row in
            row.conditions.incomes.isEmpty
                || row.conditions.incomes.contains {
                    ClassText.key($0) == income.map(ClassText.key)
                }
        }
        if found.count > 1 {
            let atLast = ofAge(found, birth, on: day.adding(days: care.days - 1))
            found = ofAge(found, birth, on: day)
            if atLast != found { found = [] }
        }
        guard found.count == 1, let scheme = found.first else {
            throw .localSchemeNotPriced("conditions")
        }
        return scheme
    }
}
