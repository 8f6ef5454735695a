/// Reads one object of a file of facts or claims; every complaint names the item by its path.
struct FactReader {
    /// Files of a month may be large; they come from the operator's own disk.
    static let limits = JSONLimits(bytesMax: 1 << 30, depthMax: 16, valuesMax: 100_000_000)

    let object: JSONObject
    let path: String

    /// The objects of a list under `name`, or of the document itself when it is a list. Beside the list
    /// only a `note` is taken.
    static func rows(_ document: JSON, _ name: String) throws(Refusal) -> [FactReader] {
        if let list = document.array { return try rows(list, at: "") }
        guard let object = document.object else { throw .malformed("file") }
        try object.requireOnly([name, "note"])
        return try rows(object.requiredArray(name), at: name)
    }

    static func rows(_ list: [JSON], at path: String) throws(Refusal) -> [FactReader] {
        var rows: [FactReader] = []
        rows.reserveCapacity(list.count)
        for (place, value) in list.enumerated() {
            let here = JSONPath.element(place, of: path)
            rows.append(FactReader(object: try value.requiredObject(at: here), path: here))
        }
        return rows
    }

    func requireOnly(_ names: Set<String>) throws(Refusal) {
        try object.requireOnly(names, at: path)
    }

    func item(_ name: String) -> String { JSONPath.member(name, of: path) }
    func has(_ name: String) -> Bool { object[name] != nil && object[name] != .null }

    func children(_ name: String) throws(Refusal) -> [FactReader] {
        guard let list = try object.optionalArray(name, at: path) else { return [] }
        return try Self.rows(list, at: item(name))
    }

    func text(_ name: String) throws(Refusal) -> String {
        try object.requiredString(name, at: path)
    }

    func optionalText(_ name: String) throws(Refusal) -> String? {
        try object.optionalString(name, at: path)
    }

    func flag(_ name: String) throws(Refusal) -> Bool {
        try object.optionalBool(name, at: path) ?? false
    }

    func day(_ name: String) throws(Refusal) -> Int32 {
        Int32(try CalendarDay(text(name), item: item(name)).daysSince1970)
    }

    func optionalDay(_ name: String) throws(Refusal) -> Int32? {
        has(name) ? try day(name) : nil
    }

    func month(_ name: String = "month") throws(Refusal) -> ServiceMonth {
        try ServiceMonth(text(name), item: item(name))
    }

    /// Yen or points: not negative.
    func optionalCount(_ name: String) throws(Refusal) -> Int32? {
        guard let number = try object.optionalInt(name, at: path) else { return nil }
        guard let small = Int32(exactly: number), small >= 0 else { throw .malformed(item(name)) }
        return small
    }

    func count(_ name: String) throws(Refusal) -> Int32 {
        guard let number = try optionalCount(name) else { throw .missing(item(name)) }
        return number
    }

    func institution(_ name: String = "institution") throws(Refusal) -> UInt64 {
        let code = try MedicalInstitutionCode(text(name), item: item(name))
        return UInt64(code.digits) ?? 0
    }

    func payer(_ name: String = "payer") throws(Refusal) -> UInt32 {
        let payer = try PublicPayerNumber(text(name), item: item(name))
        return UInt32(payer.digits) ?? 0
    }

    func insurer(_ name: String = "insurer") throws(Refusal) -> UInt32 {
        let insurer = try InsurerNumber(text(name), item: item(name))
        return UInt32(insurer.digits) ?? 0
    }

    func certificate(_ recipients: inout RecipientTexts) throws(Refusal) -> CertificateNumber {
        let recipient = try recipient()
        return CertificateNumber(
            payer: try payer(), recipient: recipients.key(recipient?.text ?? ""))
    }

    func recipient(_ name: String = "recipient") throws(Refusal) -> RecipientNumber? {
        guard let text = try optionalText(name) else { return nil }
        return try RecipientNumber(onReceipt: text, item: item(name))
    }

    func place(_ recipients: inout RecipientTexts) throws(Refusal) -> ClaimFacts.PlaceKey {
        ClaimFacts.PlaceKey(
            try certificate(&recipients), try month(), at: try institution())
    }

    /// `"1"` or `"2"`; 0 when nothing is said, or `"3"` (未設定).
    func sex(_ name: String = "sex") throws(Refusal) -> UInt8 {
        switch try optionalText(name) {
        case "1": 1
        case "2": 2
        case "3", nil: 0
        default: throw .malformed(item(name))
        }
    }

    /// 職務上の事由: 0 when none is said.
    func dutyReason() throws(Refusal) -> UInt8 {
        guard let code = try optionalText("dutyReason") else { return 0 }
        guard let duty = Digits.dutyReason(code) else { throw .malformed(item("dutyReason")) }
        return duty
    }

    func specialNotes() throws(Refusal) -> UInt64 {
        var notes: UInt64 = 0
        for value in try object.optionalArray("specialNotes", at: path) ?? [] {
            guard let code = value.string.flatMap(Digits.specialNote) else {
                throw .malformed(item("specialNotes"))
            }
            notes |= 1 << code
        }
        return notes
    }

    /// 生年月日 of a claim: nobody is treated before being born, or paid for before being treated.
    func checkOrder(of claim: Claim) throws(Refusal) {
        if claim.birth != Claim.unsaidDay, claim.birth > claim.serviceDays.last {
            throw .malformed(item("birthDate"))
        }
        if claim.isPaid, claim.paidOn < claim.serviceDays.first {
            throw .malformed(item("paidOn"))
        }
    }

    /// First and last day the birth can be, or `nil` when nothing is said.
    func birth(_ name: String) throws(Refusal) -> (earliest: Int32, latest: Int32)? {
        guard let text = try optionalText(name) else { return nil }
        let born = try BirthDate(text, item: item(name))
        guard let earliest = born.earliest, let latest = born.latest else { return nil }
        return (Int32(earliest.daysSince1970), Int32(latest.daysSince1970))
    }
}
