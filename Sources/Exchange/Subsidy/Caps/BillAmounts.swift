/// 窓口負担額: what a patient pays for one bill, and how it came to be, in words to read aloud. Decided
/// from the certificate's terms and what the month holds, alone.
package struct BillAmounts: Hashable, Sendable {
    /// What the scheme alone would ask, to 1 yen.
    package let due: Int
    /// What the month's cap leaves of it, to 1 yen.
    package let share: Int
    /// What counts towards the cap as collected, to 10 yen: of the last certificate what is taken at the
    /// counter, of others what they leave to the next one, with `over`.
    package let collected: Int
    /// 過徴収額: what of `collected` the patient had paid already above what this certificate leaves; its
    /// body owes it back. Of a certificate before the last it fills the month whose cap it went over, but
    /// for `overCounts`; of the last it is above a cap that counts visits or days, and fills nothing.
    package let over: Int
    /// Of a certificate before the last: what of `over` is above caps that count visits or days. However
    /// much room the month had, it would not have been asked for, and it fills nothing either.
    package let overCounts: Int
    /// 食事の負担: what this certificate leaves of the meals; no cap of the care counts it.
    package let meals: Int
    package let notes: [BillNote]
    package let warnings: [CaseWarning]

    package init(
        due: Int, share: Int, collected: Int, over: Int = 0, overCounts: Int = 0, meals: Int = 0,
        notes: [BillNote], warnings: [CaseWarning]
    ) {
        self.due = due
        self.share = share
        self.collected = collected
        self.over = over
        self.overCounts = overCounts
        self.meals = meals
        self.notes = notes
        self.warnings = warnings
    }
}

/// 計算の一段 as it was told, with what it comes to and the row it follows from.
package struct BillNote: Hashable, Sendable {
    package let text: BilingualText
    /// `nil`: it rests on what the bill itself said.
    package let rule: String?
    /// 出典 of the rule as the version of then cites it; notes that were kept before it was told have none.
    package let source: RuleSource?
    /// `nil` for words without an amount, and in notes that were kept before it was told.
    package let yen: Int?

    package init(
        text: BilingualText, rule: String?, source: RuleSource? = nil, yen: Int? = nil
    ) {
        self.text = text
        self.rule = rule
        self.source = source
        self.yen = yen
    }

    /// As it is kept and as it is told: words, the row of ours that it follows from, and its yen.
    package func write(into writer: inout JSONWriter) {
        writer.member("ja", text.ja)
        writer.member("en", text.en)
        writer.member("rule", rule)
        writer.member("source", source?.text)
        writer.member("verified", source?.isVerified)
        writer.member("yen", yen)
    }
}

/// 保存の形: notes as the ledger keeps them.
extension [BillNote] {
    package var face: String {
        var writer = JSONWriter(reservingBytes: 512)
        writer.beginArray()
        for note in self {
            writer.object { note.write(into: &$0) }
        }
        writer.endArray()
        return writer.text
    }

    /// Reads what `face` wrote, also when it wrote less.
    package init(face: String) throws(Refusal) {
        self = []
        for row in try JSON(reading: face).requiredArray(at: "notes") {
            let row = try row.requiredObject(at: "notes")
            let isVerified = try row.optionalBool("verified")
            let source = try row.optionalString("source").map {
                RuleSource(text: $0, isVerified: isVerified ?? false)
            }
            append(
                BillNote(
                    text: BilingualText(
                        ja: try row.requiredString("ja"), en: try row.requiredString("en")),
                    rule: try row.optionalString("rule"), source: source,
                    yen: try row.optionalInt("yen")))
        }
    }
}
