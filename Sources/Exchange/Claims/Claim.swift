/// 請求(レセプト1件): what one receipt claims, in numbers only, because a month's run holds a million of them.
/// It has no name and no individual number; −1 stands for "not said".
package struct Claim: Sendable {
    /// Which file of the run, from 0, and where in it.
    package var file: UInt16 = 0
    package var number: UInt32 = 0
    package var line: UInt32 = 0
    /// 医療機関コード; 0 not said.
    package var institution: UInt64 = 0
    /// 処方元の医療機関コード, of a pharmacy's claim; 0 not said.
    package var prescriber: UInt64 = 0
    package var month: ServiceMonth
    /// レセプト種別.
    package var type: UInt16 = 0
    /// 男女区分: 0 not said.
    package var sex: UInt8 = 0
    /// 職務上の事由: 0 none.
    package var dutyReason: UInt8 = 0
    /// 受診日: bit n for day n; 0 when the claim names no days.
    package var days: UInt32 = 0
    /// 生年月日 as days since 1970.
    package var birth: Int32 = Claim.unsaidDay
    /// 支払日 as days since 1970; `unsaidDay` while it is unpaid.
    package var paidOn: Int32 = Claim.unsaidDay
    /// 保険者番号: six or eight digits; 0 without insurance, `unsaidInsurer` where only that there is one
    /// is said.
    package var insurer: UInt32 = 0
    /// 合計点数.
    package var points: Int32 = 0
    /// 特記事項: bit n for code n.
    package var specialNotes: UInt64 = 0
    package var marks: Marks = []
    package fileprivate(set) var partCount: UInt8 = 0
    package fileprivate(set) var firstPart: UInt32 = 0

    package struct Marks: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Takes the place of one that came back.
        package static let resubmission = Marks(rawValue: 1)
        /// Came back or was withdrawn: it stays in its thread and claims nothing.
        package static let withdrawn = Marks(rawValue: 2)
        /// Its file has errors at this receipt.
        package static let damaged = Marks(rawValue: 4)
        /// 前月までの請求: of another run. It counts beside those of this one, for duplicates and
        /// caps, and is told and summed where it came.
        package static let earlier = Marks(rawValue: 8)
        /// 返戻済み: a closing of this very month sent it back. It stays in the month as it was closed; where
        /// it would not be rejected any more it is withdrawn as well, because only what takes its place
        /// is paid.
        package static let sentBack = Marks(rawValue: 16)
    }

    /// A day nobody said; as the first of a period, one without beginning.
    package static let unsaidDay = Int32.min
    /// 期限なし: as the last of a period, one without end.
    package static let endlessDay = Int32.max
    package static let unsaidInsurer = UInt32.max

    package init(month: ServiceMonth) { self.month = month }

    package var parts: Range<Int> { Int(firstPart)..<Int(firstPart) + Int(partCount) }
    package var isPaid: Bool { paidOn != Claim.unsaidDay }
    /// 返戻の理由がなくなった請求: it is to be claimed again, and claims nothing here.
    package var isToBeSentAgain: Bool { marks.isSuperset(of: [.sentBack, .withdrawn]) }

    /// Ten digits; `nil` where no institution is said.
    var institutionText: String? { Self.text(ofInstitution: institution) }

    package static func text(ofInstitution code: UInt64) -> String? {
        code == 0 ? nil : Digits.padded(Int(code), to: 10)
    }

    /// 入院, by レセプト種別; `nil` where it does not say.
    package var isInpatient: Bool? { ReceiptType(number: Int(type))?.isInpatient }

    /// レセプト種別 says that insurance pays alone: then no public payer is missing.
    var isOfInsuranceAlone: Bool {
        ReceiptType(number: Int(type)).map { $0.hasInsurance && $0.publicCount == 0 } ?? false
    }
}

/// 公費: one public payer of a claim, in the order of the receipt. Yen; −1 is "not said".
package struct ClaimPart: Hashable, Sendable {
    package var certificate: CertificateNumber
    package var points: Int32 = -1
    /// 患者負担額 under this scheme, as claimed and as somebody computed it again.
    package var copayment: Int32 = -1
    package var copaymentRecomputed: Int32 = -1
    /// 公費の請求額, as claimed and as somebody computed it again.
    package var amount: Int32 = -1
    package var amountRecomputed: Int32 = -1
    /// 実日数 under this payer; 0 where nobody says.
    package var dayCount: UInt8 = 0

    package init(_ certificate: CertificateNumber) { self.certificate = certificate }
}

/// 受給者証: payer number and recipient number.
package struct CertificateNumber: Hashable, Comparable, Sendable {
    /// 公費負担者番号 of eight digits; 1 to 99: a law number alone, whoever pays under it; 0: none is named.
    package let payer: UInt32
    package let recipient: RecipientKey

    package init(payer: UInt32, recipient: RecipientKey) {
        self.payer = payer
        self.recipient = recipient
    }

    package static func < (left: CertificateNumber, right: CertificateNumber) -> Bool {
        left.payer != right.payer
            ? left.payer < right.payer : left.recipient.bits < right.recipient.bits
    }

    package var payerText: String { Self.text(ofPayer: payer) }
    package var law: Int { Int(namesPayer ? payer / 1_000_000 : payer) }
    var namesPayer: Bool { payer >= 100 }
    /// Both numbers are there: it can be somebody's.
    package var namesHolder: Bool { namesPayer && recipient != .none }

    /// As it was named: eight digits, or the two of a law number.
    static func text(ofPayer payer: UInt32) -> String {
        Digits.padded(Int(payer), to: payer >= 100 ? 8 : 2)
    }
}

/// 受給者番号 in eight bytes: up to 17 digits with their count, or the place of any other text.
package struct RecipientKey: Hashable, Sendable {
    static let none = RecipientKey(bits: 0)
    private static let isText: UInt64 = 1 << 63

    let bits: UInt64

    private init(bits: UInt64) { self.bits = bits }

    fileprivate init?(digits: String) {
        let bytes = digits.utf8
        guard (1...17).contains(bytes.count), let number = Digits.number(bytes) else { return nil }
        bits = UInt64(bytes.count) << 58 | UInt64(number)
    }

    fileprivate init(place: Int) { bits = Self.isText | UInt64(place) }

    fileprivate var place: Int? {
        bits & Self.isText == 0 ? nil : Int(bits & ~Self.isText)
    }

    fileprivate var digits: String {
        bits == 0 ? "" : Digits.padded(Int(bits & (1 << 58 - 1)), to: Int(bits >> 58))
    }

    /// Seven digits are of the national form, which has a check digit; of any other nothing can be said.
    var hasValidCheckDigit: Bool? {
        guard place == nil, bits >> 58 == 7 else { return nil }
        let number = Int(bits & (1 << 58 - 1))
        return Digits.luhnDigit(ofBody: number / 10) == number % 10
    }
}

/// Recipient numbers that are no plain digits, each kept once for claims and facts alike.
package struct RecipientTexts: Sendable {
    private var texts: [String] = []
    private var places: [String: Int] = [:]

    package init() {}

    package mutating func key(_ recipient: String) -> RecipientKey {
        if recipient.isEmpty { return .none }
        if let key = RecipientKey(digits: recipient) { return key }
        if let place = places[recipient] { return RecipientKey(place: place) }
        places[recipient] = texts.count
        texts.append(recipient)
        return RecipientKey(place: texts.count - 1)
    }

    package func text(_ key: RecipientKey) -> String {
        key.place.map { texts[$0] } ?? key.digits
    }

    /// Plain digits first, then texts by themselves: the place of a text depends on what was read before.
    func precedes(_ left: RecipientKey, _ right: RecipientKey) -> Bool {
        guard left.place != nil, right.place != nil else { return left.bits < right.bits }
        return text(left) < text(right)
    }
}

/// 請求の束: the claims of a run, and their public payers side by side.
package struct ClaimBatch: Sendable {
    package private(set) var claims: [Claim] = []
    package private(set) var parts: [ClaimPart] = []

    package init(reserving count: Int = 0) {
        claims.reserveCapacity(count)
        parts.reserveCapacity(count + count / 4)
    }

    package mutating func append(_ claim: Claim, _ publics: some Collection<ClaimPart>) {
        var claim = claim
        claim.firstPart = UInt32(parts.count)
        claim.partCount = UInt8(clamping: publics.count)
        parts += publics
        claims.append(claim)
    }

    package func parts(of index: Int) -> ArraySlice<ClaimPart> { parts[claims[index].parts] }

    /// For whoever recomputes amounts: of a claim's parts, in their order, what each should have been. What
    /// somebody computed before stands.
    package mutating func recompute(
        _ body: (Claim, ArraySlice<ClaimPart>) -> [ClaimReckoning.Expected?]
    ) {
        for claim in claims where claim.partCount > 0 {
            for (place, said) in zip(claim.parts, body(claim, parts[claim.parts])) {
                if let yen = said?.copayment, parts[place].copaymentRecomputed < 0 {
                    parts[place].copaymentRecomputed = Int32(clamping: yen)
                }
                if let yen = said?.amount, parts[place].amountRecomputed < 0 {
                    parts[place].amountRecomputed = Int32(clamping: yen)
                }
            }
        }
    }

    /// Marks what facts say of claims already in the batch.
    package mutating func mark(_ index: Int, _ body: (inout Claim) -> Void) { body(&claims[index]) }
}

extension ClaimBatch {
    /// A receipt without a month cannot be placed in one and is left out; its file says why.
    package mutating func append(
        _ receipt: UkeReceipt, file: Int, recipients: inout RecipientTexts
    ) -> Bool {
        guard let month = receipt.month else { return false }
        var claim = Claim(month: month)
        claim.file = UInt16(clamping: file)
        claim.number = UInt32(clamping: receipt.number)
        claim.line = UInt32(clamping: receipt.line)
        claim.institution = receipt.institution
        claim.prescriber = receipt.prescriber
        claim.type = UInt16(clamping: receipt.type)
        claim.sex = UInt8(clamping: receipt.sex)
        claim.dutyReason = UInt8(clamping: receipt.insurance?.dutyReason ?? 0)
        claim.days = receipt.days
        claim.birth = receipt.birth.map { Int32($0.daysSince1970) } ?? Claim.unsaidDay
        claim.insurer = receipt.insurance?.number.flatMap { UInt32($0.digits) } ?? 0
        claim.points = Int32(
            clamping: receipt.insurance?.points ?? receipt.publics.first?.points ?? 0)
        claim.specialNotes = receipt.specialNotes
        if receipt.isResubmission { claim.marks.insert(.resubmission) }
        if receipt.hasErrors { claim.marks.insert(.damaged) }
        let publics = receipt.publics.map { pays in
            var part = ClaimPart(
                CertificateNumber(
                    payer: pays.payer.flatMap { UInt32($0.digits) } ?? 0,
                    recipient: recipients.key(pays.recipient?.text ?? "")))
            part.points = Int32(clamping: pays.points ?? -1)
            part.copayment = Int32(clamping: pays.copayment ?? -1)
            part.dayCount = UInt8(clamping: min(31, pays.days ?? receipt.insurance?.days ?? 0))
            return part
        }
        append(claim, publics)
        return true
    }
}
