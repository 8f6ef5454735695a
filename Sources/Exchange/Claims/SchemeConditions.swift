/// 制度の条件: what a scheme asks of every claim beside the certificate: ages and designation.
package struct SchemeCondition: Hashable, Sendable {
    package let ages: AgeRange?
    package let requiresDesignation: Bool

    package init(ages: AgeRange?, requiresDesignation: Bool) {
        self.ages = ages
        self.requiresDesignation = requiresDesignation
    }

    init(reading row: RuleReader) throws(RuleFault) {
        requiresDesignation =
            row.object["requiresDesignation"] == nil ? false : try row.bool("requiresDesignation")
        let from = row.object["ageFrom"] == nil ? nil : try row.int("ageFrom", in: 0...150)
        let below = row.object["ageBelow"] == nil ? nil : try row.int("ageBelow", in: 1...150)
        guard from != nil || below != nil else {
            ages = nil
            return
        }
        var ends = AgeRange.Ends.day
        if let text = try row.optionalString("ageEnds") {
            guard let named = AgeRange.Ends(rawValue: text) else {
                throw row.fault("ageEnds", "is none of day, month-end, fiscal-year-end")
            }
            ends = named
        }
        if let from, let below, from >= below {
            throw row.fault("ageBelow", "is not above ageFrom")
        }
        ages = AgeRange(from: from, below: below, ends: ends)
    }
}

/// 年齢の範囲 by 年齢計算ニ関スル法律: an age is attained at the end of the day before the birthday. On that day
/// itself a person still counts as below, and already as of age.
package struct AgeRange: Hashable, Sendable {
    package enum Ends: String, Sendable {
        case day
        /// 到達月の末日.
        case monthEnd = "month-end"
        /// 到達日以後の最初の3月31日.
        case fiscalYearEnd = "fiscal-year-end"
    }

    package let from: Int?
    package let below: Int?
    package let ends: Ends

    package init(from: Int?, below: Int?, ends: Ends = .day) {
        self.from = from
        self.below = below
        self.ends = ends
    }

    /// Whether a person of that birth can be of age on `day`. A birth date with an unknown part is
    /// given the benefit of it; one wholly unknown says nothing against.
    package func mayHold(on day: Int32, born: (earliest: Int32, latest: Int32)) -> Bool {
        if let from, day < Self.attained(from, born: born.earliest) { return false }
        if let below, day > last(below, born: born.latest) { return false }
        return true
    }

    private func last(_ age: Int, born: Int32) -> Int32 {
        let attained = CalendarDay(daysSince1970: Int(Self.attained(age, born: born)))
        switch ends {
        case .day: return Int32(attained.daysSince1970)
        case .monthEnd: return ServiceMonth(of: attained).lastDay
        case .fiscalYearEnd: return Int32(attained.fiscalYearEnd.daysSince1970)
        }
    }

    /// 到達日: the day before the birthday.
    static func attained(_ age: Int, born: Int32) -> Int32 {
        let birth = CalendarDay(daysSince1970: Int(born))
        return Int32(birth.attains(months: age * 12).daysSince1970)
    }
}

/// National schemes by law number, and what is said of payers in general.
package struct SchemeConditions: Sendable {
    /// What a wrong check digit does to a local payer number.
    package let localCheckDigit: ClaimStanding
    package let source: RuleSource
    let otherPayerNotes: UInt64
    let otherPayerDuties: Set<UInt8>
    private let byLaw: [SchemeCondition?]

    init(reading file: RuleReader) throws(RuleFault) {
        source = try file.source()
        try file.requireOnly([
            "source", "verified", "note", "localCheckDigit", "otherPayer", "schemes",
        ])
        guard let standing = ClaimStanding(rawValue: try file.string("localCheckDigit")) else {
            throw file.fault("localCheckDigit", "is none of accepted, questioned, rejected")
        }
        localCheckDigit = standing
        let other = try file.child("otherPayer")
        try other.requireOnly(["specialNotes", "dutyReasons"])
        var notes: UInt64 = 0
        for code in try other.strings("specialNotes") {
            guard let number = Digits.specialNote(code) else {
                throw other.fault("specialNotes", "is not of two digits below 64")
            }
            notes |= 1 << number
        }
        otherPayerNotes = notes
        var duties: Set<UInt8> = []
        for code in try other.strings("dutyReasons") {
            guard let duty = Digits.dutyReason(code) else {
                throw other.fault("dutyReasons", "is not of one digit from 1")
            }
            duties.insert(duty)
        }
        otherPayerDuties = duties
        var byLaw = [SchemeCondition?](repeating: nil, count: 100)
        for row in try file.children("schemes") {
            try row.requireOnly([
                "lawNumber", "requiresDesignation", "ageFrom", "ageBelow", "ageEnds", "basis",
            ])
            guard let law = Digits.lawNumber(try row.string("lawNumber")) else {
                throw row.fault("lawNumber", "is not two digits")
            }
            guard byLaw[law] == nil else { throw row.fault("lawNumber", "is given twice") }
            byLaw[law] = try SchemeCondition(reading: row)
        }
        self.byLaw = byLaw
    }

    func condition(law: Int) -> SchemeCondition? { byLaw[law] }
}
