/// Check digits and digit texts as the Japanese registers use them: ASCII digits only, no sign, no
/// space.
enum Digits {
    /// The digits of `text` as numbers, or `nil` when anything else than ASCII digits is in it.
    static func values(_ text: some Collection<UInt8>) -> [Int]? {
        var digits: [Int] = []
        digits.reserveCapacity(text.count)
        for byte in text {
            guard (0x30...0x39).contains(byte) else { return nil }
            digits.append(Int(byte - 0x30))
        }
        return digits
    }

    /// 検証番号: from the right 2, 1, 2, 1 …; the digits of each product are added; ten minus the last
    /// digit.
    static func luhn(_ digits: some BidirectionalCollection<Int>) -> Int {
        var sum = 0
        var isDoubled = true
        for digit in digits.reversed() {
            let product = isDoubled ? digit * 2 : digit
            sum += product / 10 + product % 10
            isDoubled.toggle()
        }
        return (10 - sum % 10) % 10
    }

    static func endsInLuhn(_ digits: [Int]) -> Bool {
        digits.last == luhn(digits.dropLast())
    }
}
