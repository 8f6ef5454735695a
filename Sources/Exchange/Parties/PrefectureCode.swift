/// 都道府県番号: 01 to 47, the first two digits of almost every code in Japanese health care.
package struct PrefectureCode: Hashable, Comparable, Sendable {
    package let number: Int

    package init?(_ number: Int) {
        guard (1...47).contains(number) else { return nil }
        self.number = number
    }

    /// The first two digits of a code, or `nil` when they name no prefecture.
    init?(leading digits: [Int]) {
        guard digits.count >= 2 else { return nil }
        self.init(digits[0] * 10 + digits[1])
    }

    /// Two digits.
    package var text: String { number < 10 ? "0\(number)" : "\(number)" }

    /// The six digits of the prefecture as a local government: `13` is `130001`.
    package var localGovernment: LocalGovernmentCode {
        LocalGovernmentCode(prefecture: self, municipality: 0)
    }

    package static func < (left: PrefectureCode, right: PrefectureCode) -> Bool {
        left.number < right.number
    }
}
