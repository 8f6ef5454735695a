/// Numbers that are formed as the law asks, so that every check passes, and that read as invented
/// at sight.
enum SyntheticNumbers {
    /// 個人番号: `9999`, the resident's index in seven digits, check digit.
    ///
    /// The law sets no block aside for tests, so a number like these can be somebody's. It is why a
    /// demo is never connected to real offices, and why the numbers begin so that nobody takes them
    /// for copied ones.
    static func individualNumber(_ index: Int) -> String {
        let digits = [9, 9, 9, 9] + self.digits(of: index, count: 7)
        let weights = [6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]
        let rest = zip(digits, weights).reduce(0) { $0 + $1.0 * $1.1 } % 11
        return text(digits + [rest <= 1 ? 0 : 11 - rest])
    }

    /// 公費負担者番号: law number, prefecture, `9` and the body's place in the demo's list, check digit.
    static func payerNumber(law: String, prefecture: String, place: Int) -> String {
        let digits =
            (law + prefecture).utf8.map { Int($0) - 0x30 } + [9] + digits(of: place, count: 2)
        return text(digits + [luhn(digits)])
    }

    /// 受給者番号 of a national scheme: six digits and a check digit.
    static func nationalRecipientNumber(_ index: Int) -> String {
        let digits = digits(of: index % 1_000_000, count: 6)
        return text(digits + [luhn(digits)])
    }

    /// 受給者番号 of a local scheme: longer, and no number, as many are.
    static func localRecipientNumber(_ index: Int, prefix: String) -> String {
        "\(prefix)-\(text(digits(of: index, count: 7)))"
    }

    /// Serial number of an invented certificate: hexadecimal, eight bytes, beginning `5e` for 生成.
    static func cardSerial(_ index: Int, card: Int) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let number = UInt64(index) << 8 | UInt64(card) | 0x5E << 56
        let nibbles = stride(from: 60, through: 0, by: -4).map {
            digits[Int(number >> UInt64($0) & 15)]
        }
        return String(decoding: nibbles, as: UTF8.self)
    }

    private static func luhn(_ digits: [Int]) -> Int {
        var sum = 0
        for (place, digit) in digits.reversed().enumerated() {
            let product = place.isMultiple(of: 2) ? digit * 2 : digit
            sum += product / 10 + product % 10
        }
        return (10 - sum % 10) % 10
    }

    private static func digits(of number: Int, count: Int) -> [Int] {
        var digits = [Int](repeating: 0, count: count)
        var rest = number
        for place in digits.indices.reversed() {
            digits[place] = rest % 10
            rest /= 10
        }
        return digits
    }

    private static func text(_ digits: [Int]) -> String {
        String(decoding: digits.map { UInt8(0x30 + $0) }, as: UTF8.self)
    }
}
