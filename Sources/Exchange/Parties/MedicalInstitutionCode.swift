/// 医療機関コード: prefecture (2), score table (1), body (6), check digit (1). Only the form is asked for:
/// the check digit differs by prefecture and is a warning, never a refusal.
package struct MedicalInstitutionCode: Hashable, Comparable, Sendable {
    /// 点数表: which table of fees the institution claims by.
    package enum ScoreTable: Int, Sendable {
        case medical = 1
        case dental = 3
        case pharmacy = 4
        case visitingNurse = 6
    }

    package enum CheckDigitStanding: Sendable {
        case valid
        /// No known rule explains the check digit: worth asking about, not worth refusing.
        case odd
    }

    package let digits: String

    package init(_ text: String, item: String = "institution") throws(Refusal) {
        guard text.utf8.count == 10, Digits.values(text.utf8) != nil else { throw .malformed(item) }
        digits = text
    }

    package var prefecture: PrefectureCode? { PrefectureCode(leading: values) }
    package var scoreTable: ScoreTable? { ScoreTable(rawValue: values[2]) }

    /// Measured over 97,024 real codes (2025-08): prefectures 11 to 14 take the digit over the six
    /// body digits alone, all others over nine. Combined dental practices keep the digit of their
    /// dental code.
    package var checkDigitStanding: CheckDigitStanding {
        let values = values
        guard let prefecture else { return .odd }
        let check = values[9]
        if (11...14).contains(prefecture.number) {
            return Digits.luhn(values[3..<9]) == check ? .valid : .odd
        }
        let tables = [1, 3].contains(values[2]) ? [1, 3] : [values[2]]
        let isExplained = tables.contains { table in
            Digits.luhn(values[0..<2] + [table] + values[3..<9]) == check
        }
        return isExplained ? .valid : .odd
    }

    package static func < (left: MedicalInstitutionCode, right: MedicalInstitutionCode) -> Bool {
        left.digits < right.digits
    }

    private var values: [Int] { digits.utf8.map { Int($0) - 0x30 } }
}
