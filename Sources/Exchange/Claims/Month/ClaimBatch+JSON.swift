/// Claims in our own JSON, for records that never were a receipt file: `{"claims": […]}` or the list itself.
/// Each has `institution`, `month`, `publics` (`payer`, `recipient`, `copayment`, `amount`,
/// `recomputedCopayment`, `recomputedAmount`, `dayCount`, and `points` where they are not all of them), and
/// where they are known `number`, `type`, `days`, `birthDate`, `sex`, `insurer`, `points`, `specialNotes`,
/// `dutyReason`, `paidOn`, `isReturned`, `isResubmission`, and of a pharmacy's `prescriber`.
/// Whatever else is in one refuses the file. Claims are read one by one as the bytes come, and no more than
/// one is held as JSON.
package struct ClaimListReader: Sendable {
    /// With 31 days and four payers a claim has 2 kB.
    static let claimBytesMax = 65_536

    private let file: Int
    private var list = JSONListReader(
        "claims", beside: ["note"],
        limits: JSONLimits(bytesMax: ClaimListReader.claimBytesMax, depthMax: 16, valuesMax: 5_000))

    /// `file`: by which a run tells its files apart.
    package init(file: Int = 0) { self.file = file }

    /// Throws what is wrong with a claim, by its path.
    package mutating func read(
        _ block: ArraySlice<UInt8>, into batch: inout ClaimBatch, _ recipients: inout RecipientTexts
    ) throws(Refusal) {
        let file = file
        try list.read(block) { value, path, number throws(Refusal) in
            let row = FactReader(object: try value.requiredObject(at: path), path: path)
            try batch.append(row, file: file, number: number, recipients: &recipients)
        }
    }

    /// Throws for a list that has not come to its last byte.
    package func finish() throws(Refusal) { try list.finish() }
}

extension ClaimBatch {
    package mutating func append(
        reading bytes: [UInt8], file: Int, recipients: inout RecipientTexts
    ) throws(Refusal) {
        var reader = ClaimListReader(file: file)
        try reader.read(bytes[...], into: &self, &recipients)
        try reader.finish()
    }

    mutating func append(
        _ row: FactReader, file: Int, number: Int, recipients: inout RecipientTexts
    ) throws(Refusal) {
        try row.requireOnly(FactItems.claim)
        var claim = Claim(month: try row.month())
        claim.file = UInt16(clamping: file)
        claim.number = UInt32(try row.optionalCount("number") ?? Int32(clamping: number))
        claim.institution = try row.institution()
        claim.prescriber = row.has("prescriber") ? try row.institution("prescriber") : 0
        claim.type = try row.receiptType()
        claim.days = try row.serviceDays(of: claim.month)
        claim.birth = try row.birth("birthDate")?.earliest ?? Claim.unsaidDay
        claim.sex = try row.sex()
        claim.insurer = row.has("insurer") ? try row.insurer() : 0
        claim.points = try row.optionalCount("points") ?? 0
        claim.specialNotes = try row.specialNotes()
        claim.dutyReason = try row.dutyReason()
        claim.paidOn = try row.optionalDay("paidOn") ?? Claim.unsaidDay
        if try row.flag("isReturned") { claim.marks.insert(.withdrawn) }
        if try row.flag("isResubmission") { claim.marks.insert(.resubmission) }
        try row.checkOrder(of: claim)
        var publics: [ClaimPart] = []
        let children = try row.children("publics")
        guard children.count <= BillPlace.most else { throw .tooMany(row.item("publics")) }
        for child in children {
            try child.requireOnly(FactItems.publicPayer)
            var part = ClaimPart(try child.certificate(&recipients))
            // One certificate stands on a receipt once.
            let isTwice = publics.contains { $0.certificate == part.certificate }
            if isTwice, child.has("recipient") {
                throw .duplicateItem(child.item("recipient"))
            }
            part.points = try child.optionalCount("points") ?? claim.points
            guard !row.has("points") || part.points <= claim.points else {
                throw .malformed(child.item("points"))
            }
            part.copayment = try child.optionalCount("copayment") ?? -1
            part.amount = try child.optionalCount("amount") ?? -1
            part.copaymentRecomputed = try child.optionalCount("recomputedCopayment") ?? -1
            part.amountRecomputed = try child.optionalCount("recomputedAmount") ?? -1
            part.dayCount = try child.dayCount(of: claim.month)
            publics.append(part)
        }
        append(claim, publics)
    }
}

extension FactReader {
    fileprivate func receiptType() throws(Refusal) -> UInt16 {
        guard let text = try optionalText("type") else { return 0 }
        guard text.utf8.count == 4, let type = Digits.number(text.utf8) else {
            throw .malformed(item("type"))
        }
        return UInt16(type)
    }

    /// 実日数: 0 when none is said.
    fileprivate func dayCount(of month: ServiceMonth) throws(Refusal) -> UInt8 {
        let count = Int(try optionalCount("dayCount") ?? 0)
        guard count <= month.dayCount else { throw .malformed(item("dayCount")) }
        return UInt8(count)
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
}
