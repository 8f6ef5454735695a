/// 公費負担者番号: law number (2), prefecture (2), body (3), check digit (1). Local schemes do not all
/// keep the check digit, so a wrong one is a warning (`hasValidCheckDigit`), never a refusal.
package struct PublicPayerNumber: Hashable, Sendable {
    package let digits: String

    package init(_ text: String, item: String = "medicalSubsidyInsurerNumber") throws(Refusal) {
        guard text.utf8.count == 8, Digits.values(text.utf8) != nil else { throw .malformed(item) }
        digits = text
    }

    package var hasValidCheckDigit: Bool { Digits.endsInLuhn(values) }
    /// 法別番号: names a national scheme; 41–49 and 60s–90s mean another scheme in each prefecture.
    package var lawNumber: String { String(digits.prefix(2)) }
    package var prefecture: PrefectureCode? { PrefectureCode(leading: Array(values[2...])) }

    private var values: [Int] { digits.utf8.map { Int($0) - 0x30 } }
}

/// 受給者番号: text of 1 to 30 characters. National schemes use seven digits with a check digit; local
/// ones use what they like, so only a seven-digit number with a wrong check digit is worth a
/// warning.
package struct RecipientNumber: Hashable, Sendable {
    package static let charactersMax = 30

    package let text: String

    package init(_ text: String, item: String = "medicalSubsidyRecipientNumber") throws(Refusal) {
        guard (1...Self.charactersMax).contains(text.unicodeScalars.count),
            text.unicodeScalars.allSatisfy({ !$0.isControl })
        else { throw .malformed(item) }
        self.text = text
    }

    /// `nil` when the number is not of the national form and nothing can be said.
    package var hasValidCheckDigit: Bool? {
        guard let values = Digits.values(text.utf8), values.count == 7 else { return nil }
        return Digits.endsInLuhn(values)
    }
}

extension RecipientNumber {
    /// As a receipt, or a file beside it, writes it. No recipient's number there is as long as an individual
    /// number: whoever sends such a one sent another number. Throws `.individualNumberNotAllowed(item)`.
    init(onReceipt text: String, item: String) throws(Refusal) {
        // Seven digits, as nearly every one of a million is written, hold no twelve.
        if Digits.values(text.utf8)?.count != 7,
            IndividualNumber.looksLikeOne(in: text) || IndividualNumber.isHidden(in: text)
        {
            throw .individualNumberNotAllowed(item)
        }
        try self.init(text, item: item)
    }
}

/// 保険者番号: eight digits (社保) or six (国保). オンライン資格確認 pads six to eight with spaces, JP Core with
/// zeros; both name the same insurer, so the padding is taken off.
package struct InsurerNumber: Hashable, Sendable {
    package let digits: String

    package init(_ text: String, item: String = "insurerNumber") throws(Refusal) {
        let padded = text.utf8.count == 8 && (text.hasPrefix("  ") || text.hasPrefix("00"))
        let digits = padded ? String(text.dropFirst(2)) : text
        guard [6, 8].contains(digits.utf8.count), Digits.values(digits.utf8) != nil else {
            throw .malformed(item)
        }
        self.digits = digits
    }

    package var hasValidCheckDigit: Bool {
        Digits.endsInLuhn(digits.utf8.map { Int($0) - 0x30 })
    }

    /// 国民健康保険 (six digits).
    package var isNationalHealthInsurance: Bool { digits.utf8.count == 6 }
}

extension Unicode.Scalar {
    /// Control characters and line or paragraph separators: no code and no name has one.
    var isControl: Bool {
        value < 0x20 || (0x7F...0x9F).contains(value) || value == 0x2028 || value == 0x2029
    }
}
