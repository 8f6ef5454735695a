/// Claim (https://hl7.org/fhir/R4/claim.html, `$submit`) as an institution sends it:
/// `predetermination` asks for the amount, `preauthorization` reserves it, `claim` confirms it, and
/// a cancelled one takes back what was sent under its identifier. What would change the meaning is
/// refused, what else a Claim has is tolerated, and the institution is the certificate's, never the
/// body's.
package struct SubmittedBill: Hashable, Sendable {
    /// How the institution names a certificate that its check showed.
    package enum CertificateName: Hashable, Sendable {
        /// 公費受給者番号
        case recipient(String)
        /// 機関別受給者証種別ID of a body.
        case type(String, of: String)
    }

    package let use: BillUse
    package let visitID: String
    package let patientID: String
    /// A quote needs none.
    package let identifier: RecordIdentifier?
    /// In the order they were written; the order of law is found from what is held.
    package let certificates: [CertificateName]
    package let day: CalendarDay
    /// The same day, but for a stay in hospital.
    package let lastDay: CalendarDay
    package let cost: Int
    package let percent: Int
    package let collected: Int?
    package let meals: MealsTaken?
    /// 適用区分 as it was written.
    package let limitClass: String?
    /// 特定疾病 (長): the limit on the face of the certificate.
    package let longTerm: Int?
    /// 処方元の医療機関コード
    package let prescriber: String?

    /// Throws the path of what is wrong.
    package init(reading body: [UInt8], institution: Party) throws(Refusal) {
        let claim = try JSONObject(resource: body)
        try claim.requireResource("Claim")
        try JSON.object(claim).refuseIndividualNumbers()
        try claim.refuseModifiers()
        use = try Self.use(of: claim)
        visitID = try claim.visitID()
        patientID = try claim.patientID()
        identifier = try Self.identifier(of: claim, isNeeded: use != .quote)
        try Self.refuseOther(than: institution, claim)
        certificates = try Self.certificates(of: claim)
        (day, lastDay) = try Self.days(of: claim)
        cost = try claim.requiredYen("total")
        percent = try Self.percent(of: claim)
        collected = try Self.collected(of: claim)
        meals = try Self.meals(of: claim)
        limitClass = try claim.extensionItem(
            FHIR.Extension.limitClass, as: Self.limitClassItem
        )?.requiredFilled("valueString", at: Self.limitClassItem)
        longTerm = try Self.longTerm(of: claim)
        prescriber = try Self.prescriber(of: claim, by: institution)
        guard collected == nil || use != .reserve && use != .quote else {
            throw .unknownItem("extension(collected)")
        }
    }

    /// The bill on the certificates that were meant, in the order of law; without a number for a
    /// quote, which has none.
    package func contents(on certificates: [HeldCertificate], _ care: BillCare) -> [BillContent] {
        certificates.enumerated().map { place, certificate in
            BillContent(
                identifier: identifier ?? RecordIdentifier(system: "", value: ""),
                certificate: certificate,
                place: BillPlace(number: place + 1, isLast: place == certificates.count - 1),
                day: day, cost: cost, percent: percent, collected: collected, care: care)
        }
    }

    private static func use(of claim: JSONObject) throws(Refusal) -> BillUse {
        let use = try claim.requiredString("use")
        switch (try claim.requiredString("status"), use) {
        case ("active", "predetermination"): return .quote
        case ("active", "preauthorization"): return .reserve
        case ("active", "claim"): return .confirm
        case ("cancelled", "preauthorization"), ("cancelled", "claim"): return .void
        case ("active", _), ("cancelled", _): throw .malformed("use")
        default: throw .malformed("status")
        }
    }

    private static func identifier(
        of claim: JSONObject, isNeeded: Bool
    ) throws(Refusal) -> RecordIdentifier? {
        let rows = try claim.objects("identifier")
        guard let (row, path) = rows.first else {
            guard isNeeded else { return nil }
            throw .missing("identifier")
        }
        guard rows.count == 1 else { throw .duplicateItem(rows[1].1) }
        return try RecordIdentifier(reading: row, at: path)
    }

    private static func refuseOther(
        than institution: Party, _ claim: JSONObject
    ) throws(Refusal) {
        let identifier = try claim.optionalObject("provider")?
            .optionalObject("identifier", at: "provider")
        guard let identifier, identifier["system"]?.string == FHIR.System.institution else {
            return
        }
        guard identifier["value"]?.string == institution.code else {
            throw .malformed("provider.identifier.value")
        }
    }

    private static func certificates(of claim: JSONObject) throws(Refusal) -> [CertificateName] {
        let rows = try claim.objects("insurance")
        guard !rows.isEmpty else { throw .missing("insurance") }
        guard rows.count <= BillPlace.most else { throw .tooMany("insurance") }
        var names: [CertificateName] = []
        for (row, path) in rows {
            let name = try certificate(row, at: path)
            guard !names.contains(name) else { throw .duplicateItem(path) }
            names.append(name)
        }
        return names
    }

    private static func certificate(
        _ row: JSONObject, at path: String
    ) throws(Refusal) -> CertificateName {
        let place = path + ".coverage"
        let identifier = try row.requiredObject("coverage", at: path)
            .requiredObject("identifier", at: place)
        let system = try identifier.requiredString("system", at: place + ".identifier")
        let value = try identifier.requiredFilled("value", at: place + ".identifier")
        if system == FHIR.System.recipientNumber { return .recipient(value) }
        guard system.hasPrefix(FHIR.System.certificateType) else {
            throw .malformed(place + ".identifier.system")
        }
        return .type(value, of: String(system.dropFirst(FHIR.System.certificateType.count)))
    }

    private static func days(
        of claim: JSONObject
    ) throws(Refusal) -> (CalendarDay, CalendarDay) {
        let period = try claim.requiredObject("billablePeriod")
        guard let first = try period.time("start", at: "billablePeriod") else {
            throw .missing("billablePeriod.start")
        }
        guard let last = try period.time("end", at: "billablePeriod") else {
            throw .missing("billablePeriod.end")
        }
        // Days of two months cannot share one bill: each month has its own cap.
        guard let first = first.day, let last = last.day, first <= last,
            ServiceMonth(of: first) == ServiceMonth(of: last)
        else { throw .malformed("billablePeriod") }
        return (first, last)
    }

    /// 一部負担割合: no law asks for one to nine percent, so that is somebody's 割, and is never guessed
    /// at.
    private static func percent(of claim: JSONObject) throws(Refusal) -> Int {
        let item = "extension(insurance-share)"
        guard let entry = try claim.extensionItem(FHIR.Extension.insuranceShare, as: item) else {
            throw .missing(item)
        }
        let percent = try entry.requiredInt("valueInteger", at: item)
        guard percent == 0 || (10...100).contains(percent) else { throw .malformed(item) }
        return percent
    }

    private static func meals(of claim: JSONObject) throws(Refusal) -> MealsTaken? {
        guard let entry = try claim.extensionItem(FHIR.Extension.meals, as: mealsItem) else {
            return nil
        }
        let (count, kind) = (mealsItem + ".count", mealsItem + ".class")
        guard let number = try entry.extensionItem("count", as: count) else {
            throw .missing(count)
        }
        guard let code = try entry.extensionItem("class", as: kind) else { throw .missing(kind) }
        let meals = MealsTaken(
            count: try number.requiredInt("valueInteger", at: count),
            code: try code.requiredFilled("valueString", at: kind))
        guard meals.count > 0 else { throw .malformed(count) }
        return meals
    }

    private static func longTerm(of claim: JSONObject) throws(Refusal) -> Int? {
        let entry = try claim.extensionItem(FHIR.Extension.longTerm, as: longTermItem)
        let yen = try entry?.requiredYen("valueMoney", at: longTermItem)
        guard yen != 0 else { throw .malformed(longTermItem + ".valueMoney.value") }
        return yen
    }

    /// Only a pharmacy dispenses what another institution prescribed.
    private static func prescriber(
        of claim: JSONObject, by institution: Party
    ) throws(Refusal) -> String? {
        guard
            let entry = try claim.extensionItem(FHIR.Extension.prescriber, as: prescriberItem)
        else { return nil }
        let own = try? MedicalInstitutionCode(institution.code)
        guard own?.scoreTable == .pharmacy else { throw .unknownItem(prescriberItem) }
        let item = prescriberItem + ".valueString"
        let code = try MedicalInstitutionCode(
            entry.requiredFilled("valueString", at: prescriberItem), item: item)
        switch code.scoreTable {
        case .medical, .dental: return code.digits
        case .pharmacy, .visitingNurse, nil: throw .malformed(item)
        }
    }

    private static func collected(of claim: JSONObject) throws(Refusal) -> Int? {
        let item = "extension(collected)"
        return try claim.extensionItem(FHIR.Extension.collected, as: item)?
            .requiredYen("valueMoney", at: item)
    }
}

extension JSONObject {
    /// Money in whole yen.
    fileprivate func requiredYen(_ name: String, at path: String = "") throws(Refusal) -> Int {
        let place = JSONPath.member(name, of: path)
        let money = try requiredObject(name, at: path)
        guard try money.optionalString("currency", at: place) ?? "JPY" == "JPY" else {
            throw .malformed(place + ".currency")
        }
        let yen = try money.requiredInt("value", at: place)
        guard (0...Self.yenMax).contains(yen) else { throw .malformed(place + ".value") }
        return yen
    }

    /// 明細書 of ten million points are unheard of; what is longer is a slip of the finger.
    private static var yenMax: Int { 100_000_000 }
}

extension SubmittedBill.CertificateName {
    package func names(_ row: EntitlementVersion) -> Bool {
        switch self {
        case .recipient(let number): row.recipientNumber == number
        case .type(let type, of: let body): row.certificateTypeID == type && row.body == body
        }
    }
}
