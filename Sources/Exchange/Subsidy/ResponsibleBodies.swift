/// 実施機関: who may hold a resident's subsidies on one day: the municipality of residence and its
/// prefecture.
package struct ResponsibleBodies: Sendable, Hashable {
    package let municipality: String
    package let prefecture: String

    /// `nil` for a code that names no municipality.
    package init?(municipality: String) {
        guard municipality != Residence.nowhere,
            let prefecture = Self.prefecture(of: municipality)
        else { return nil }
        self.municipality = municipality
        self.prefecture = prefecture
    }

    package func contains(_ body: String) -> Bool { body == municipality || body == prefecture }

    /// The code of the prefecture: its two digits, `000` and the check digit (総務省 全国地方公共団体コード:
    /// weights 6 5 4 3 2, eleven minus the remainder, last digit of that).
    package static func prefecture(of code: String) -> String? {
        let digits = code.utf8.compactMap { (0x30...0x39).contains($0) ? Int($0) - 0x30 : nil }
        guard digits.count == 6, code.utf8.count == 6 else { return nil }
        let check = (11 - (digits[0] * 6 + digits[1] * 5) % 11) % 10
        return "\(digits[0])\(digits[1])000\(check)"
    }

    package static func isPrefecture(_ code: String) -> Bool {
        prefecture(of: code) == code
    }
}
