/// 数の書き方: a JSON number as it was written, digits and a power of ten: `30`, `30.0`, `3e1`, `0.3`. It is never
/// rounded, and no binary fraction is made of it.
struct ExactNumber {
    private let isNegative: Bool
    /// From 0 to 9 each, without zeros at either end: none of zero.
    private let digits: [UInt8]
    private let exponent: Int

    /// `nil` for a value that is no number, and for one whose power of ten no amount comes near.
    init?(_ value: JSON) {
        guard case .number(let text) = value else { return nil }
        let isNegative = text.hasPrefix("-")
        let parts = text.utf8.dropFirst(isNegative ? 1 : 0).split(whereSeparator: {
            $0 == UInt8(ascii: "e") || $0 == UInt8(ascii: "E")
        })
        guard let written = parts.first else { return nil }
        var exponent = 0
        if parts.count == 2 {
            guard let power = Int(String(decoding: parts[1], as: UTF8.self)),
                (-100...100).contains(power)
            else { return nil }
            exponent = power
        }
        var digits: [UInt8] = []
        var isFraction = false
        for byte in written {
            guard byte != UInt8(ascii: ".") else {
                isFraction = true
                continue
            }
            if isFraction { exponent -= 1 }
            if byte != 0x30 || !digits.isEmpty { digits.append(byte - 0x30) }
        }
        while digits.last == 0 {
            digits.removeLast()
            exponent += 1
        }
        self.isNegative = isNegative
        self.digits = digits
        self.exponent = exponent
    }

    /// The number, or so many powers of ten more; `nil` for a fraction, `-0` and what is beyond 18 digits.
    func whole(timesTenTo places: Int = 0) -> Int? {
        guard !digits.isEmpty else { return isNegative ? nil : 0 }
        let power = exponent + places
        guard power >= 0, digits.count + power <= 18 else { return nil }
        var number = digits.reduce(0) { $0 * 10 + Int($1) }
        for _ in 0..<power { number *= 10 }
        return isNegative ? -number : number
    }

    /// Whole percent, or a ratio below one in whole percent: 30, 30.0 and 0.3.
    var percent: Int? {
        if let whole = whole() { return whole }
        return whole(timesTenTo: 2).flatMap { (1...99).contains($0) ? $0 : nil }
    }
}
