/// 照合の事実: what is known of certificates, institutions and the cap ledger, indexed for a month's run. What was
/// never given is not held against a claim: an empty register and an absent one are told apart.
package struct ClaimFacts: Sendable {
    /// 受給資格 under one certificate. Days since 1970; `validTo` is the last day.
    package struct Entitlement: Hashable, Sendable {
        package var validFrom: Int32
        package var validTo: Int32
        package var isRefundOnly = false
        package var ended: Ended?

        /// 取消し・短縮.
        package struct Ended: Hashable, Sendable {
            /// The day it was registered (登録時点); `nil` where nobody says.
            package let knownOn: Int32?
            /// Last day of what was left; `nil`: nothing was.
            package let endsOn: Int32?

            package init(knownOn: Int32?, endsOn: Int32?) {
                self.knownOn = knownOn
                self.endsOn = endsOn
            }
        }

        package init(validFrom: Int32, validTo: Int32) {
            self.validFrom = validFrom
            self.validTo = validTo
        }

        /// The days on which it holds, as known now; `nil` when nothing is left.
        var days: ClosedRange<Int32>? {
            var last = validTo
            if let ended {
                guard let endsOn = ended.endsOn else { return nil }
                last = min(last, endsOn)
            }
            return validFrom <= last ? validFrom...last : nil
        }

        func covers(_ day: Int32) -> Bool { days?.contains(day) ?? false }
        func onceCovered(_ day: Int32) -> Bool { validFrom <= day && day <= validTo }
    }

    /// 保険の資格期間.
    package struct InsurerPeriod: Hashable, Sendable {
        package var insurer: UInt32
        package var from: Int32
        package var to: Int32

        package init(insurer: UInt32, from: Int32, to: Int32) {
            self.insurer = insurer
            self.from = from
            self.to = to
        }
    }

    /// Everything known under one certificate.
    package struct Holder: Hashable, Sendable {
        package var entitlements: [Entitlement] = []
        package var insurers: [InsurerPeriod] = []
        /// First and last day the birth can be; `unsaidDay` when unknown.
        package var bornEarliest = Claim.unsaidDay
        package var bornLatest = Claim.unsaidDay
        /// 1, 2, or 0 when it says neither.
        package var sex: UInt8 = 0
        /// 自己負担上限月額; −1 without one.
        package var cap: Int32 = -1
        /// Institution codes named on the certificate; empty: any designated one.
        package var institutions: [UInt64] = []

        package init() {}
    }

    /// 上限額管理: one confirmed amount. Order is that of the array.
    package struct LedgerEntry: Hashable, Sendable {
        package let institution: UInt64
        package let yen: Int32

        package init(institution: UInt64, yen: Int32) {
            self.institution = institution
            self.yen = yen
        }
    }

    package struct MonthKey: Hashable, Sendable {
        let certificate: CertificateNumber
        let month: ServiceMonth

        package init(_ certificate: CertificateNumber, _ month: ServiceMonth) {
            self.certificate = certificate
            self.month = month
        }
    }

    /// A certificate at an institution in a month: 償還払い, 支払, 返戻.
    package struct PlaceKey: Hashable, Sendable {
        let certificate: CertificateNumber
        let month: ServiceMonth
        let institution: UInt64

        package init(
            _ certificate: CertificateNumber, _ month: ServiceMonth, at institution: UInt64
        ) {
            self.certificate = certificate
            self.month = month
            self.institution = institution
        }
    }

    /// 指定: of an institution, for every payer of a law number, for one payer number, or for the scheme
    /// that one certificate is of.
    package struct Designation: Hashable, Sendable {
        package enum Of: Hashable, Sendable {
            case law(Int)
            case payer(UInt32)
            case certificate(CertificateNumber)
        }

        package var of: Of
        package var institution: UInt64

        package init(of: Of, institution: UInt64) {
            self.of = of
            self.institution = institution
        }
    }

    /// 償還払い済み: one receipt of care that was paid back.
    package struct Refunded: Hashable, Comparable, Sendable {
        /// Of the care; `unsaidDay` where nobody says.
        package let day: Int32
        /// 総医療費, yen; −1 where nobody says.
        package let cost: Int32

        package init(day: Int32 = Claim.unsaidDay, cost: Int32 = -1) {
            self.day = day
            self.cost = cost
        }

        package static func < (left: Refunded, right: Refunded) -> Bool {
            (left.day, left.cost) < (right.day, right.cost)
        }
    }

    /// 適用区分の食い違い: a receipt's note that names another class than the counter was told.
    package struct OtherClass: Hashable, Sendable {
        package let note: UInt8
        package let told: String
        /// As the receipt's type says it: a stay has a receipt of its own.
        package let isInpatient: Bool?

        package init(note: UInt8, told: String, isInpatient: Bool?) {
            self.note = note
            self.told = told
            self.isInpatient = isInpatient
        }
    }

    /// A check that was not answered as usable at the counter.
    package struct OtherAnswer: Hashable, Sendable {
        package let day: Int32
        package let outcome: EligibilityOutcome

        package init(day: Int32, outcome: EligibilityOutcome) {
            self.day = day
            self.outcome = outcome
        }
    }

    /// A register was given: who is not in it is unknown, and what it does not cover is not covered.
    package var hasRegister = false
    package var holders: [CertificateNumber: Holder] = [:]
    /// Payers whose register is kept by another body: their recipients are never unknown.
    package var elsewhere: Set<UInt32> = []
    /// Caps of one month, before the certificate's own.
    package var caps: [MonthKey: Int32] = [:]
    package var ledger: [MonthKey: [LedgerEntry]] = [:]
    /// `nil`: designations were not given.
    package var designations: [Designation: [ClosedRange<Int32>]]?
    /// 登録の日: first days of periods that begin when somebody was told of the designation, because nobody said
    /// since when it holds.
    package var toldDesignations: [Designation: [Int32]] = [:]
    package var refunds: [PlaceKey: Set<Refunded>] = [:]
    package var otherAnswers: [PlaceKey: [OtherAnswer]] = [:]
    package var otherClasses: [PlaceKey: Set<OtherClass>] = [:]
    /// 地方単独の制度の条件, by payer number; they come before those of the law number.
    package var schemes: [UInt32: SchemeCondition] = [:]
    /// Of the scheme that a certificate is of in a month, because one payer number may be of several; they
    /// come before those of the payer.
    package var schemesOf: [MonthKey: SchemeCondition] = [:]
    /// Some copayment was held against nothing: no law's share, no cap, no row of a local scheme.
    package var hasUnexaminedCopayments = false

    package init() {}

    package func cap(of key: CertificateNumber, in month: ServiceMonth) -> Int32? {
        if let cap = caps[MonthKey(key, month)] { return cap }
        guard let cap = holders[key]?.cap, cap >= 0 else { return nil }
        return cap
    }

    /// 調べていない理由: those for which nobody gave a fact, so that no claim of the month was told of them; of
    /// amounts, one claim is enough.
    var notExamined: [ClaimReason] {
        var reasons: [ClaimReason] = []
        if !hasRegister { reasons.append(.recipientUnknown) }
        if holders.values.allSatisfy({ $0.insurers.isEmpty }) { reasons.append(.insurerLapsed) }
        if designations == nil { reasons.append(.notDesignated) }
        if hasUnexaminedCopayments { reasons.append(.amountMismatch) }
        return reasons
    }

    package mutating func change(_ key: CertificateNumber, _ body: (inout Holder) -> Void) {
        body(&holders[key, default: Holder()])
    }
}
