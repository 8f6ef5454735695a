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

    /// The number ASCII digits write, or `nil` for none, anything else, or more than fit in 18 digits.
    static func number(_ text: some Collection<UInt8>) -> Int? {
        var number = 0
        var count = 0
        for byte in text {
            guard (0x30...0x39).contains(byte), count < 18 else { return nil }
            number = number * 10 + Int(byte - 0x30)
            count += 1
        }
        return count == 0 ? nil : number
    }

    /// 法別番号: exactly two digits.
    static func lawNumber(_ text: String) -> Int? {
        text.utf8.count == 2 ? number(text.utf8) : nil
    }

    /// 特記事項: two digits, of which a receipt holds those below 64.
    static func specialNote(_ code: String) -> UInt64? {
        guard code.utf8.count == 2, let number = number(code.utf8), number < 64 else { return nil }
        return UInt64(number)
    }

    /// 職務上の事由: one digit; 0 is none.
    static func dutyReason(_ code: String) -> UInt8? {
        guard code.utf8.count == 1, let number = number(code.utf8), number > 0 else { return nil }
        return UInt8(number)
    }

    /// The number with zeros before it; longer ones as they are.
    static func padded(_ number: Int, to width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
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

    /// The same for a body given as a number: no array, for a million of them.
    static func luhnDigit(ofBody body: Int) -> Int {
        var rest = body
        var sum = 0
        var isDoubled = true
        while rest > 0 {
            let product = isDoubled ? rest % 10 * 2 : rest % 10
            sum += product / 10 + product % 10
            rest /= 10
            isDoubled.toggle()
        }
        return (10 - sum % 10) % 10
    }

    static func endsInLuhn(_ digits: [Int]) -> Bool {
        digits.last == luhn(digits.dropLast())
    }
}
