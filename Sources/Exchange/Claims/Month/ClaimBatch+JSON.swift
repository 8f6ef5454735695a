/// Claims in our own JSON, for records that never were a receipt file: `{"claims": […]}` or the list itself.
/// Each has `institution`, `month`, `publics` (`payer`, `recipient`, `copayment`, `amount`,
/// `recomputedCopayment`, `recomputedAmount`), and where they are known `number`, `type`, `days`,
/// `birthDate`, `sex`, `insurer`, `points`, `specialNotes`, `dutyReason`, `paidOn`, `isReturned`,
/// `isResubmission`.
extension ClaimBatch {
    mutating func append(
        reading bytes: [UInt8], file: Int, recipients: inout RecipientTexts
    ) throws(Refusal) {
        let document = try JSON(reading: bytes, limits: FactReader.limits)
        for (place, row) in try FactReader.rows(document, "claims").enumerated() {
            try append(row, file: file, number: place + 1, recipients: &recipients)
        }
    }

    mutating func append(
        _ row: FactReader, file: Int, number: Int, recipients: inout RecipientTexts
    ) throws(Refusal) {
        var claim = Claim(month: try row.month())
        claim.file = UInt16(clamping: file)
        claim.number = UInt32(try row.optionalCount("number") ?? Int32(clamping: number))
        claim.institution = try row.institution()
        claim.type = try row.receiptType()
        claim.days = try row.serviceDays(of: claim.month)
        claim.birth = try row.birth("birthDate")?.earliest ?? Claim.unsaidDay
        claim.sex = try row.sex()
        claim.insurer = row.has("insurer") ? try row.insurer() : 0
        claim.points = try row.optionalCount("points") ?? 0
        claim.specialNotes = try row.specialNotes()
        claim.dutyReason = try row.optionalText("dutyReason").flatMap(UInt8.init) ?? 0
        claim.paidOn = try row.optionalDay("paidOn") ?? Claim.unsaidDay
        if try row.flag("isReturned") { claim.marks.insert(.withdrawn) }
        if try row.flag("isResubmission") { claim.marks.insert(.resubmission) }
        var publics: [ClaimPart] = []
        for child in try row.children("publics") {
            var part = ClaimPart(try child.certificate(&recipients))
            part.points = claim.points
            part.copayment = try child.optionalCount("copayment") ?? -1
            part.amount = try child.optionalCount("amount") ?? -1
            part.copaymentRecomputed = try child.optionalCount("recomputedCopayment") ?? -1
            part.amountRecomputed = try child.optionalCount("recomputedAmount") ?? -1
            publics.append(part)
        }
        append(claim, publics)
    }
}

extension FactReader {
    fileprivate func receiptType() throws(Refusal) -> UInt16 {
        guard let text = try optionalText("type") else { return 0 }
        guard text.utf8.count == 4, let type = UInt16(text) else { throw .malformed(item("type")) }
        return type
    }

    fileprivate func serviceDays(of month: ServiceMonth) throws(Refusal) -> UInt32 {
        var days: UInt32 = 0
        for value in try object.optionalArray("days", at: path) ?? [] {
            guard let day = value.int, (1...month.dayCount).contains(day) else {
                throw .malformed(item("days"))
            }
            days |= 1 << UInt32(day)
        }
        return days
    }

    func specialNotes() throws(Refusal) -> UInt64 {
        var notes: UInt64 = 0
        for value in try object.optionalArray("specialNotes", at: path) ?? [] {
            guard let code = value.string.flatMap(UInt64.init), code < 64 else {
                throw .malformed(item("specialNotes"))
            }
            notes |= 1 << code
        }
        return notes
    }
}
