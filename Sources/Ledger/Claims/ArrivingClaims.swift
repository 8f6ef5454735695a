import Crypto
package import Exchange

/// 届きつつある請求: a file of claims as its bytes come: a receipt file (UKE, CP932), of which one receipt at a
/// time is read and the names in it are never kept, a payment body's list, or claims in our own JSON, one at
/// a time too.
package struct ArrivingClaims {
    package enum Kind: String, Sendable {
        case receipts, claims, payments
    }

    /// Of one file, which is held until it is kept: about 20 MB. A month that has more comes in several
    /// files, or in numbered parts of a set (`SentPart`).
    package static let countMax = 100_000

    /// Of a month: a designated city has up to a million receipts of its schemes a month, and what comes back
    /// is claimed once more. It is judged slice by slice (`MonthPlan`); what grows with it is the key of
    /// everybody in it, 16 bytes each and as much again for the set of them: 60 MB for two million.
    package static let monthCountMax = 2_000_000

    /// Of one institution in a month of one body, because its claims are judged together, 100 MB. A receipt
    /// is of a patient and month: 5,000 outpatients on each of 25 days, who come three times, are 42,000 of
    /// them, of all bodies together.
    package static let institutionCountMax = 50_000

    let kind: Kind
    private(set) var batch = ClaimBatch()
    private(set) var recipients = RecipientTexts()
    private(set) var byteCount = 0
    private var hash = SHA256()
    private var reader: UkeReader
    private var list: PaymentListReader
    private var claims = ClaimListReader()

    /// Throws `.rulesUnknown` where the rules in use do not hold what such files are read by.
    package init(_ kind: Kind, _ rules: RuleBook, on day: CalendarDay) throws(Refusal) {
        guard let claimRules = rules.claims,
            let layout = rules.layouts.layout(PaymentListReader.layout, on: day)
        else { throw .rulesUnknown }
        self.kind = kind
        reader = UkeReader(rules: claimRules, decode: Self.decode)
        list = PaymentListReader(layout, table: .cp932)
    }

    /// The one place of the gateway where the character set of receipt files is decided.
    private static let characters = Characters(.cp932, table: .cp932)
    private static func decode(_ bytes: ArraySlice<UInt8>) -> String? {
        characters.text(of: bytes)
    }

    /// Throws `.tooMany("claims")`, and what is wrong with claims in JSON.
    package mutating func take(_ block: [UInt8]) throws(Refusal) {
        hash.update(data: block)
        byteCount += block.count
        switch kind {
        case .claims: try claims.read(block[...], into: &batch, &recipients)
        case .payments: try list.read(block[...], into: &batch, &recipients)
        case .receipts:
            var read: [UkeReceipt] = []
            reader.read(block[...]) { read.append($0) }
            keep(read)
        }
        guard batch.claims.count <= Self.countMax else { throw .tooMany("claims") }
    }

    private mutating func keep(_ receipts: [UkeReceipt]) {
        for receipt in receipts {
            _ = batch.append(receipt, file: 0, recipients: &recipients)
        }
    }

    /// The file is here to its last byte. Throws for JSON that is not; of a receipt file every receipt that
    /// can be read is taken, and the rest is told as findings. A file without any is refused.
    package mutating func finish() throws(Refusal) -> ArrivedClaims {
        switch kind {
        case .claims: try claims.finish()
        case .payments: try list.finish(into: &batch, &recipients)
        case .receipts:
            var read: [UkeReceipt] = []
            reader.finish { read.append($0) }
            keep(read)
        }
        guard !batch.claims.isEmpty else { throw .malformed("body") }
        return ArrivedClaims(
            kind: kind, batch: batch, recipients: recipients, byteCount: byteCount,
            digest: Array(hash.finalize()), findingsText: findingsText,
            findingsLeftOut: reader.findingsLeftOut + list.findingsLeftOut)
    }

    /// Of the one reader that was used.
    private var findingsText: String {
        var writer = JSONWriter()
        writer.beginArray()
        for finding in reader.findings { finding.write(into: &writer) }
        for finding in list.findings { finding.write(into: &writer) }
        writer.endArray()
        return writer.text
    }
}

/// 届いた請求: what a file has, ready to be kept.
package struct ArrivedClaims: Sendable {
    let kind: ArrivingClaims.Kind
    let batch: ClaimBatch
    let recipients: RecipientTexts
    let byteCount: Int
    let digest: [UInt8]
    /// As JSON, each with line, code and texts.
    let findingsText: String
    let findingsLeftOut: Int
}
