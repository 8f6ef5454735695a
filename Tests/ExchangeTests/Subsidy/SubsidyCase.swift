import Exchange
import Testing

/// One resident, one question: everything a table row needs, made from the real files of `profiles/`.
struct SubsidyCase {
    static let koganei = "132101"
    static let tokyo = "130001"
    static let hirakata = "272108"
    static let osaka = "270008"
    static let institution = "1319999996"

    var day = "2026-06-15"
    var consents: Set<String> = ["subsidy"]
    var kind = VisitFacts.Kind.card
    var cardValidTo: String?
    var residences: [Residence] = [Self.lives(in: koganei, from: "2020-04-01")]
    var entitlements: [EntitlementVersion] = []
    var bodies = [
        Self.standing(koganei), Self.standing(tokyo), Self.standing(hirakata), Self.standing(osaka),
    ]
    var designations: Set<Designation> = []
    var reached: Set<CapMonth> = []
    var decidedAt = Self.instant("2026-06-15T10:00:00+09:00")
    var purposes: [EligibilityQuestion.Purpose] = [.validation]

    func question() throws -> EligibilityQuestion {
        EligibilityQuestion(
            institution: try Party(role: .institution, code: Self.institution),
            serviceDate: Self.day(day), visitID: "visit-1", patientID: "patient-1",
            purposes: purposes)
    }

    func facts() throws -> EligibilityFacts {
        EligibilityFacts(
            visit: VisitFacts(
                kind: kind, consents: Set(try consents.map { try ConsentKind($0) }),
                opened: Self.instant("2026-06-15T09:00:00+09:00"),
                cardValidTo: cardValidTo.map(Self.day)),
            residences: residences, entitlements: entitlements, bodies: bodies,
            designations: designations, reached: reached, decidedAt: decidedAt)
    }

    func answer() throws -> EligibilityAnswer {
        answerEligibility(try question(), try facts(), Profiles.book.subsidy)
    }

    func bytes() throws -> [UInt8] {
        try answer().render(
            id: "response-1", requestID: "request-1", question: try question(), created: decidedAt,
            rules: Profiles.book.subsidy)
    }

    /// `132101/kodomo entitled 2026-03-31 #1`, one line an item.
    func lines() throws -> [String] { try answer().items.map(Self.line) }

    static func line(_ item: EligibilityAnswer.Item) -> String {
        var line = item.body ?? "-"
        if let program = item.program { line += "/" + program.certificateTypeID }
        line += " " + item.outcome.rawValue
        if let date = item.date { line += " " + date.text }
        if let order = item.order { line += " #\(order)" }
        return line
    }
}

extension SubsidyCase {
    static func day(_ text: String) -> CalendarDay {
        guard let day = try? CalendarDay(text) else { fatalError("test day \(text)") }
        return day
    }

    static func instant(_ text: String) -> Instant {
        guard let instant = try? Instant(text) else { fatalError("test instant \(text)") }
        return instant
    }

    static func lives(
        in municipality: String, from: String, version: Int = 1,
        known: String = "2020-04-01T00:00:00Z"
    ) -> Residence {
        Residence(
            version: version, municipality: municipality, from: day(from), knownAt: instant(known))
    }

    /// Of the children's certificate.
    static func capMonth(_ text: String, subKey: String = "") -> CapMonth {
        guard let month = try? ServiceMonth(text) else { fatalError("test month \(text)") }
        let certificate = HeldCertificate(body: koganei, typeID: "kodomo", subKey: subKey)
        return CapMonth(certificate: certificate, month: month)
    }

    static func standing(
        _ body: String, since: String? = "2025-04-01", asOf: String? = "2026-06-15T03:00:00+09:00"
    ) -> BodyStanding {
        BodyStanding(
            body: body, connectedSince: since.map(day), asOf: asOf.map(instant))
    }

    /// A children's certificate of the municipality of residence, valid in fiscal 2026.
    static func row(
        _ version: Int, _ body: String = koganei, _ type: String = "kodomo", key: String? = nil,
        subKey: String? = nil, from: String = "2026-04-01", to: String = "2027-03-31",
        known: String = "2026-03-01T00:00:00Z", isDeleted: Bool = false,
        isUnderReview: Bool = false, isRefundOnly: Bool = false, designated: String? = nil
    ) -> EntitlementVersion {
        EntitlementVersion(
            version: version, body: body, certificateTypeID: type, historyKey: key ?? type,
            subKey: subKey, validFrom: day(from), validTo: day(to), knownAt: instant(known),
            isDeleted: isDeleted, isUnderReview: isUnderReview,
            isAlwaysReimbursement: isRefundOnly, payerNumber: "88139990",
            recipientNumber: "9999991", certificationName: "見本受給者証",
            designatedMedicalInstitutions: designated,
            face: #"{"certificationName":"見本受給者証","incomeSegment":"1","#
                + #""isAlwaysReimbursement":"\#(isRefundOnly ? 1 : 0)"}"#)
    }
}
