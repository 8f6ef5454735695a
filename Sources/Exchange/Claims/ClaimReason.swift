/// 照合の結果: what becomes of a claim.
package enum ClaimStanding: String, CaseIterable, Comparable, Sendable {
    case accepted
    /// 照会: it waits for an answer.
    case questioned
    /// 返戻: it goes back.
    case rejected

    private var weight: Int {
        switch self {
        case .accepted: 0
        case .questioned: 1
        case .rejected: 2
        }
    }

    package static func < (left: ClaimStanding, right: ClaimStanding) -> Bool {
        left.weight < right.weight
    }
}

/// 不一致の理由: the closed set. Texts, order and standing are data (`profiles/claims/reasons.json`).
package enum ClaimReason: UInt8, CaseIterable, Sendable {
    case badPayerCheckDigit, recipientUnknown, personMismatch, clawback, notEligibleOnDate
    case insurerLapsed, otherPayer, notDesignated, ageOutOfRange, duplicateReceipt
    case alreadyRefunded, refundOnly, publicOrderWrong, amountMismatch, overMonthlyCap
    case ledgerMismatch, checkAnsweredOtherwise, partOfMonth, badRecipientCheckDigit, monthAhead
    case recordDamaged, noPublicPayer, repeatedReceipt, incomeClassDiffers

    init?(code: String) {
        guard let reason = Self.allCases.first(where: { $0.code == code }) else { return nil }
        self = reason
    }

    /// As the published checklist of reconciliation reasons spells them.
    package var code: String {
        switch self {
        case .badPayerCheckDigit: "BAD_PAYER_CHECK_DIGIT"
        case .recipientUnknown: "RECIPIENT_UNKNOWN"
        case .personMismatch: "PERSON_MISMATCH"
        case .clawback: "CLAWBACK (過誤)"
        case .notEligibleOnDate: "NOT_ELIGIBLE_ON_DATE"
        case .insurerLapsed: "INSURER_LAPSED"
        case .otherPayer: "OTHER_PAYER"
        case .notDesignated: "NOT_DESIGNATED"
        case .ageOutOfRange: "AGE_OUT_OF_RANGE"
        case .duplicateReceipt: "DUPLICATE_RECEIPT"
        case .alreadyRefunded: "ALREADY_REFUNDED"
        case .refundOnly: "REFUND_ONLY"
        case .publicOrderWrong: "PUBLIC_ORDER_WRONG"
        case .amountMismatch: "AMOUNT_MISMATCH"
        case .overMonthlyCap: "OVER_MONTHLY_CAP"
        case .ledgerMismatch: "LEDGER_MISMATCH"
        case .checkAnsweredOtherwise: "CHECK_ANSWERED_OTHERWISE"
        case .partOfMonth: "PART_OF_MONTH"
        case .badRecipientCheckDigit: "BAD_RECIPIENT_CHECK_DIGIT"
        case .monthAhead: "MONTH_AHEAD"
        case .recordDamaged: "RECORD_DAMAGED"
        case .noPublicPayer: "NO_PUBLIC_PAYER"
        case .repeatedReceipt: "REPEATED_RECEIPT"
        case .incomeClassDiffers: "INCOME_CLASS_DIFFERS"
        }
    }
}
