/// 所得区分の記載: what a receipt itself says of the income class that it was reckoned by, in its special notes
/// and its type; data of `profiles/claims/income-classes.json`. Where two of them contradict each other, it
/// says nothing.
package struct ReceiptClasses: Sendable, Hashable {
    static let path = "claims/income-classes.json"

    struct Row: Sendable, Hashable {
        let age: HighCostRules.Age
        let period: EffectivePeriod
        /// Of several the receipt does not say which.
        let classes: [String]
        /// 多数回該当
        let isMultiple: Bool
        /// 特記事項; `nil` in a row of types.
        let note: UInt64?
        /// レセプト種別 の末尾
        let lastDigits: [Int]
        let rule: RuleMark

        func holds(_ age: HighCostRules.Age, _ day: CalendarDay) -> Bool {
            self.age == age && period.contains(day)
        }
    }

    /// 書かれた区分.
    struct Said: Sendable, Hashable {
        let classes: Set<String>
        let isMultiple: Bool
        /// The special note that says it; `nil` where only the type does.
        let note: UInt8?
        let rules: [RuleMark]
    }

    let notes: [Row]
    let types: [Row]
    /// 特定疾病 (長), bit n for note n.
    let longTermNotes: UInt64

    /// Of rules from before there was such a file.
    static let none = ReceiptClasses(notes: [], types: [], longTermNotes: 0)

    /// `nil` where the claim does not say it, or says two things.
    func said(by claim: Claim, at age: HighCostRules.Age, on day: CalendarDay) -> Said? {
        let hasInsurance = ReceiptType(number: Int(claim.type))?.hasInsurance ?? false
        let noted = notes.filter { row in
            row.holds(age, day) && row.note.map { claim.specialNotes & (1 << $0) != 0 } ?? false
        }
        let typed = types.filter { row in
            row.holds(age, day) && hasInsurance && row.lastDigits.contains(Int(claim.type) % 10)
        }
        guard noted.count <= 1, let first = (noted + typed).first else { return nil }
        let classes = (noted + typed).reduce(into: Set(first.classes)) { found, row in
            found.formIntersection(row.classes)
        }
        guard !classes.isEmpty else { return nil }
        return Said(
            classes: classes, isMultiple: noted.first?.isMultiple ?? false,
            note: noted.first?.note.map { UInt8(clamping: $0) }, rules: (noted + typed).map(\.rule))
    }
}

extension RuleFolder {
    func receiptClasses(
        _ citations: inout CitationList, _ highCost: HighCostRules
    ) throws(RuleFault) -> ReceiptClasses {
        guard files[ReceiptClasses.path] != nil else { return .none }
        let file = try file(ReceiptClasses.path)
        _ = try file.source()
        try file.requireOnly([
            "source", "verified", "note", "longTermNotes", "notes", "receiptTypes",
        ])
        var longTerm: UInt64 = 0
        for code in try file.strings("longTermNotes") {
            guard let number = Digits.specialNote(code) else {
                throw file.fault("longTermNotes", "is not of two digits below 64")
            }
            longTerm |= 1 << number
        }
        let notes = try file.rows("notes", uniqueBy: "id") { row throws(RuleFault) in
            try row.receiptClass("specialNote", &citations, highCost)
        }
        let types = try file.rows("receiptTypes", uniqueBy: "id") { row throws(RuleFault) in
            try row.receiptClass("lastDigits", &citations, highCost)
        }
        return ReceiptClasses(notes: notes, types: types, longTermNotes: longTerm)
    }
}

extension RuleReader {
    fileprivate func receiptClass(
        _ key: String, _ citations: inout CitationList, _ highCost: HighCostRules
    ) throws(RuleFault) -> ReceiptClasses.Row {
        try requireOnly([
            "id", key, "age", "classes", "isMultiple", "effectiveFrom", "effectiveTo", "source",
            "verified",
        ])
        var note: UInt64?
        var digits: [Int] = []
        if key == "specialNote" {
            note = Digits.specialNote(try string(key))
            guard note != nil else { throw fault(key, "is not of two digits below 64") }
        } else {
            for text in try strings(key) {
                guard text.utf8.count == 1, let digit = Int(text) else {
                    throw fault(key, "is not of one digit")
                }
                digits.append(digit)
            }
        }
        let classes = try strings("classes")
        guard !classes.isEmpty else { throw fault("classes", "is empty") }
        for code in classes where !highCost.knows(code) {
            throw fault("classes", "names \(code), which no table of limits has")
        }
        return ReceiptClasses.Row(
            age: try choice("age"), period: try effectivePeriod(), classes: classes,
            isMultiple: try bool("isMultiple", default: false), note: note, lastDigits: digits,
            rule: try citations.mark("income-class/" + string("id"), source(), at: self))
    }
}
