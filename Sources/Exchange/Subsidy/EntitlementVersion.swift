/// 受給資格の一版: one registered row as it was known from one instant on. Never changed; a correction, a
/// deletion and the end of a review are new versions.
package struct EntitlementVersion: Sendable, Hashable {
    package let version: Int
    /// 実施機関: the 6-digit code of the municipality or prefecture that registered it.
    package let body: String
    package let certificateTypeID: String
    package let historyKey: String
    package let subKey: String?
    package let validFrom: CalendarDay
    /// The last day on which it is valid.
    package let validTo: CalendarDay
    package let knownAt: Instant
    package let flags: Flags
    package let payerNumber: String?
    package let recipientNumber: String?
    package let certificationName: String
    package let designatedMedicalInstitutions: String?
    /// JSON text of all items exactly as registered, without the individual number and
    /// `basicFiveInfo`.
    package let face: String

    package struct Flags: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let deleted = Flags(rawValue: 1)
        package static let underReview = Flags(rawValue: 2)
        package static let alwaysReimbursement = Flags(rawValue: 4)
    }

    package var isDeleted: Bool { flags.contains(.deleted) }
    package var isUnderReview: Bool { flags.contains(.underReview) }
    package var isAlwaysReimbursement: Bool { flags.contains(.alwaysReimbursement) }

    /// One row of the table, in the order of its columns.
    package init(
        version: Int, body: String, certificateTypeID: String, historyKey: String, subKey: String?,
        validFrom: CalendarDay, validTo: CalendarDay, knownAt: Instant, isDeleted: Bool = false,
        isUnderReview: Bool = false, isAlwaysReimbursement: Bool = false, payerNumber: String?,
        recipientNumber: String?, certificationName: String,
        designatedMedicalInstitutions: String? = nil, face: String
    ) {
        self.version = version
        self.body = body
        self.certificateTypeID = certificateTypeID
        self.historyKey = historyKey
        self.subKey = subKey
        self.validFrom = validFrom
        self.validTo = validTo
        self.knownAt = knownAt
        var flags: Flags = []
        if isDeleted { flags.insert(.deleted) }
        if isUnderReview { flags.insert(.underReview) }
        if isAlwaysReimbursement { flags.insert(.alwaysReimbursement) }
        self.flags = flags
        self.payerNumber = payerNumber
        self.recipientNumber = recipientNumber
        self.certificationName = certificationName
        self.designatedMedicalInstitutions = designatedMedicalInstitutions
        self.face = face
    }

    package func covers(_ day: CalendarDay) -> Bool { validFrom <= day && day <= validTo }

    /// The later registration of two; the row version settles what one transaction registered
    /// twice.
    func isNewer(than other: EntitlementVersion) -> Bool {
        (knownAt, version) > (other.knownAt, other.version)
    }

    /// Versions of one registered row replace each other.
    func isSameRow(as other: EntitlementVersion) -> Bool {
        historyKey == other.historyKey && subKey == other.subKey
            && certificateTypeID == other.certificateTypeID && body == other.body
    }

    /// The 10-digit institution codes in `designatedMedicalInstitutions`, which is free text: any
    /// run of exactly ten digits, half or full width, whatever stands between them.
    package var designatedCodes: Set<String> {
        designatedMedicalInstitutions.map(Self.institutionCodes) ?? []
    }

    static func institutionCodes(in text: String) -> Set<String> {
        var codes: Set<String> = []
        var run: [UInt8] = []
        for scalar in text.unicodeScalars {
            if let digit = Self.digit(scalar) {
                run.append(digit)
            } else {
                if run.count == 10 { codes.insert(String(decoding: run, as: UTF8.self)) }
                run.removeAll(keepingCapacity: true)
            }
        }
        if run.count == 10 { codes.insert(String(decoding: run, as: UTF8.self)) }
        return codes
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt8? {
        switch scalar.value {
        case 0x30...0x39: UInt8(scalar.value)
        case 0xFF10...0xFF19: UInt8(scalar.value - 0xFF10 + 0x30)
        default: nil
        }
    }
}
