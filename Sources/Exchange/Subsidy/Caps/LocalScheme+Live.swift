/// 地方単独の窓口: a row of the national master as a counter's quote prices it: one visit or one stay, by the same
/// arithmetic as `tsunagi copay`. What a quote cannot hold is refused by the item's name, never guessed at.
extension LocalScheme {
    struct Live: Hashable, Sendable {
        let scheme: LocalScheme
        let terms: LocalTerms
    }

    /// The one row that is meant; `nil` where there is none. Whether its conditions of age, insurer,
    /// school and children hold, the body decided when it issued the certificate; where several
    /// rows stay, the certificate's class of income must tell them apart.
    ///
    /// `perMonth`: a cap that the body registered stands before the master's. `methods`: how what is priced
    /// is paid for: a counter bears nothing of a scheme that pays back.
    static func live(
        _ rows: [LocalScheme], _ income: String?, _ care: BillCare, after before: String?,
        perMonth: Int?, by methods: [Method]
    ) throws(Refusal) -> Live? {
        guard !rows.isEmpty else { return nil }
        let named = rows.filter { row in
            row.conditions.incomes.isEmpty
                || row.conditions.incomes.contains {
                    ClassText.key($0) == income.map(ClassText.key)
                }
        }
        guard named.count == 1, let scheme = named.first else {
            throw .localSchemeNotPriced("conditions")
        }
        if let item = scheme.uncarried { throw .localSchemeNotPriced(item) }
        guard methods.contains(scheme.method) else { throw .localSchemeNotPriced("method") }
        guard var terms = scheme.terms(care.setting) else {
            throw .localSchemeNotPriced(care.setting.rawValue)
        }
        // One row holds what counts towards a month's cap: two caps of it, for visits and for stays,
        // cannot be.
        if perMonth == nil, let visit = scheme.outpatient, let stay = scheme.inpatient,
            care.isInpatient, visit.perMonth != stay.perMonth
        {
            throw .localSchemeNotPriced("perMonth")
        }
        // Only until the insurer's own limit is applied: with the patient's class it is.
        guard scheme.bearsUpTo.isEmpty || care.limitClass != nil else {
            throw .localSchemeNotPriced("bearsUpTo")
        }
        // How often the month's limit was reached before, the gateway is not told.
        guard terms.perMonthMultiple == nil else {
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
        terms.perMonth = perMonth ?? terms.perMonth
        return Live(scheme: scheme, terms: terms)
    }
}
