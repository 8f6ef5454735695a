/// 全国地方公共団体コード: prefecture (2), municipality (3; 000 is the prefecture itself), check digit (1).
/// All 1,916 real codes keep the check digit, so a wrong one is refused.
package struct LocalGovernmentCode: Hashable, Comparable, Sendable {
    package let digits: String
    package let prefecture: PrefectureCode

    package init(_ text: String, item: String = "municipality") throws(Refusal) {
        guard let digits = Digits.values(text.utf8), digits.count == 6,
            let prefecture = PrefectureCode(leading: digits),
            Self.checkDigit(digits.prefix(5)) == digits[5]
        else { throw .malformed(item) }
        self.digits = text
        self.prefecture = prefecture
    }

    init(prefecture: PrefectureCode, municipality: Int) {
        let number = prefecture.number * 1000 + municipality
        let body = "\(prefecture.text)\(String(1000 + municipality).dropFirst())"
        let values = [10_000, 1000, 100, 10, 1].map { number / $0 % 10 }
        self.digits = "\(body)\(Self.checkDigit(values[...]))"
        self.prefecture = prefecture
    }

    package var isPrefecture: Bool { digits.utf8.dropFirst(2).prefix(3).elementsEqual("000".utf8) }

    package static func < (left: LocalGovernmentCode, right: LocalGovernmentCode) -> Bool {
        left.digits < right.digits
    }

    /// Weights 6, 5, 4, 3, 2; modulus 11; remainders 0 and 1 become 1 and 0.
    private static func checkDigit(_ digits: ArraySlice<Int>) -> Int {
        let sum = zip(digits, [6, 5, 4, 3, 2]).reduce(0) { $0 + $1.0 * $1.1 }
        return (11 - sum % 11) % 10
    }
}
