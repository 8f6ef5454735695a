/// 診療年月の書き方: one month, in whichever way a list writes it. Two rows that say the same month are of one
/// receipt, so a month is compared by what it says and never by how it is written.
extension ServiceMonth {
    /// Reads `202605`, `2026-05`, `2026/5`, `2026年5月`, `50805`, `R8.5` and `令和8年5月`, in half or full width
    /// and with 元 for the first year. `nil` for a month that never was, and for one that is not of its era;
    /// a month that two eras share is of either.
    package init?(written text: String) {
        let text = Wareki.halfWidth(text)
        let digits = Self.eraDigits(text) ?? Self.westernDigits(text[...]) ?? text
        guard let month = ServiceMonth(receiptDigits: Array(digits.utf8)) else { return nil }
        self = month
    }

    /// `GYYMM` of a month that names its era.
    private static func eraDigits(_ text: String) -> String? {
        for era in Wareki.Era.allCases {
            let name = text.hasPrefix(era.kanji) ? era.kanji : era.letter
            guard text.prefix(name.count).uppercased() == name,
                let parts = fields(text.dropFirst(name.count))
            else { continue }
            guard let year = parts.year == "元" ? 1 : number(parts.year, digits: 1...2),
                let month = number(parts.month, digits: 1...2)
            else { return nil }
            return "\(era.rawValue)" + [year, month].map { Digits.padded($0, to: 2) }.joined()
        }
        return nil
    }

    /// `YYYYMM` of a month that has its parts apart.
    private static func westernDigits(_ text: Substring) -> String? {
        guard let parts = fields(text), let year = number(parts.year, digits: 4...4),
            let month = number(parts.month, digits: 1...2)
        else { return nil }
        return [Digits.padded(year, to: 4), Digits.padded(month, to: 2)].joined()
    }

    /// `2026年5月`, or both apart by one sign.
    private static func fields(_ text: Substring) -> (year: Substring, month: Substring)? {
        let isNamed = text.hasSuffix("月")
        let parts = (isNamed ? text.dropLast() : text).split(
            omittingEmptySubsequences: false,
            whereSeparator: { isNamed ? $0 == "年" : ".-/".contains($0) })
        guard parts.count == 2 else { return nil }
        return (parts[0], parts[1])
    }

    private static func number(_ text: Substring, digits: ClosedRange<Int>) -> Int? {
        digits.contains(text.utf8.count) ? Digits.number(text.utf8) : nil
    }
}
