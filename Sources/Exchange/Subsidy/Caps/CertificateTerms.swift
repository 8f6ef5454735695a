/// 受給者証の負担の定め: what one certificate asks of its holder on a day. The cap that its body registered
/// stands before the one of the scheme's table.
struct CertificateTerms: Hashable, Sendable {
    /// 患者負担割合 of the scheme; `nil`: the share of the insurance.
    let percent: Int?
    /// 自己負担上限月額
    let cap: Int?
    let rule: RuleMark
    /// 国の公費: the law's scheme, where there is one on file.
    let scheme: NationalScheme?
    /// 地方単独: what a row of the national master asks instead of `percent`.
    let local: LocalScheme.Live?
    let meals: Meals
    /// Both the scheme's rule and the body's own scheme master were checked against their source.
    let isVerified: Bool
    /// `maxCopaymentAmount` holds a cap that nobody here can count.
    let hasUncountedCap: Bool

    /// `before`: the law number of the certificate before it on the same bill; of a local one that of its
    /// payer number. `birth`: of the holder, where its day is known. `spot`: where the care was given.
    ///
    /// Throws `.copaymentRulesUnknown` where neither the law's scheme, nor a row of the national
    /// master, nor a registered cap says what is asked, `.localSchemeNotPriced` for what of such a
    /// row a counter's quote cannot hold.
    init(
        _ row: EntitlementVersion, _ program: SubsidyProgram, on day: CalendarDay,
        _ care: BillCare, after before: String?, _ rules: CopaymentRules,
        born birth: CalendarDay? = nil, at spot: CareSpot = .unsaid,
        by methods: [LocalScheme.Method] = LocalScheme.Method.ofCounters
    ) throws(Refusal) {
        let face = (try? JSON(reading: row.face))?.object
        let income = program.income(in: face)?.ja
        hasUncountedCap = !RegisteredCap.uncounted(in: face).isEmpty
        if program.lawNumber == nil {
            let rows = rules.locals(payer: row.payerNumber, of: row.body, on: day)
            if let live = try LocalScheme.live(
                rows, income, care, born: birth, at: spot, from: day, after: before,
                perMonth: RegisteredCap.perMonth(in: face), by: methods)
            {
                self.scheme = nil
                percent = nil
                cap = live.terms.capOverAll
                rule = live.scheme.rule
                local = live
                meals = Meals(
                    who: live.scheme.meals, perDay: live.scheme.mealsPerDay,
                    perMonth: live.scheme.mealsPerMonth)
                isVerified = program.source.isVerified && live.scheme.rule.isVerified
                return
            }
        }
        local = nil
        let scheme = program.lawNumber.flatMap { rules.scheme(law: $0, on: day) }
        self.scheme = scheme
        let place = scheme.map { Self.column(of: $0, program, face) } ?? 0
        let found = scheme.flatMap { scheme in
            income.flatMap { scheme.income(written: $0, column: place) }
        }
        let registered = RegisteredCap.perMonth(in: face)
        guard scheme != nil || registered != nil else { throw .copaymentRulesUnknown }
        if let scheme, !scheme.incomes.isEmpty, registered == nil, found == nil {
            throw .copaymentRulesUnknown
        }
        // 対象外: nobody is asked by a column that does not take the class.
        if registered == nil, found?.outside.contains(place) == true {
            throw .copaymentRulesUnknown
        }
        percent = found?.percent ?? scheme?.percent(besideCap: registered)
        cap = registered ?? found.flatMap { $0.caps[place] }
        rule = scheme?.rule ?? .asGiven
        meals = Meals(who: scheme?.meals ?? .patient, perDay: nil, perMonth: nil)
        isVerified = program.source.isVerified && scheme?.rule.isVerified == true
    }

    /// 食事療養標準負担額: who bears it, and caps of what the patient keeps.
    struct Meals: Hashable, Sendable {
        let who: NationalScheme.MealsBearing
        let perDay: Int?
        let perMonth: Int?
    }

    /// 追加条件 (高額かつ長期, 人工呼吸器等装着): the last column of the scheme that a condition of the
    /// certificate names.
    private static func column(
        of scheme: NationalScheme, _ program: SubsidyProgram, _ face: JSONObject?
    ) -> Int {
        let codes = (face?["additionalConditions"]?.string ?? "").split(separator: ";")
        let names = program.additionalConditions.filter { codes.contains($0.code[...]) }
            .map(\.name.ja)
        return scheme.columns.lastIndex { column in names.contains { $0.hasPrefix(column) } } ?? 0
    }
}

/// 自己負担上限額 as a body registers it. Its inner items are published nowhere: of those that come, one is
/// known here, and the others are named, never guessed at.
enum RegisteredCap {
    static let item = "maxCopaymentAmount"
    private static let month = "perMonth"

    /// Yen a month: a number, or its digits.
    static func perMonth(in face: JSONObject?) -> Int? {
        face?[item]?.object?[month].flatMap(yen)
    }

    /// What is there and cannot be counted: inner items of another name, and `perMonth` that is no yen.
    static func uncounted(in face: JSONObject?) -> [String] {
        (face?[item]?.object).map(uncounted(of:)) ?? []
    }

    static func uncounted(of cap: JSONObject) -> [String] {
        cap.members.filter { member in
            member.value != .null && member.value != .string("")
                && (member.name != month || yen(member.value) == nil)
        }.map(\.name)
    }

    private static func yen(_ value: JSON) -> Int? {
        guard let yen = value.int ?? value.string.flatMap({ Int($0) }),
            (0...Receipt.yenMax).contains(yen)
        else { return nil }
        return yen
    }
}

extension SubsidyProgram {
    /// 所得区分 of a certificate, by the name of its code.
    fileprivate func income(in face: JSONObject?) -> BilingualText? {
        guard let code = face?["incomeSegment"]?.string else { return nil }
        return incomeSegments.first { $0.code == code }?.name
    }
}
