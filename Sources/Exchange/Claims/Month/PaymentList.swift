/// 支払明細: a payment body's list of what it paid (審査支払機関), as the layout `payment-lists` says it is
/// written, read into claims as its bytes come. A row is a public payer of a receipt; rows of one
/// institution, month and number that follow one another are one receipt, however each writes them, of as
/// many public payers as a receipt has room for; a further row, and one that says otherwise of the receipt,
/// is not taken. A row of a certificate that the receipt has already begins the receipt once more.
///
/// Every row that can be read is taken; what is wrong with another is told with its line and column,
/// and keeps `UkeReader.findingsMax`. A finding never holds a value of the file, and no more than one
/// receipt is held back, however long the file is.
package struct PaymentListReader: Sendable {
    package static let layout = "payment-lists"

    package private(set) var findings: [RowFinding] = []
    package private(set) var findingsLeftOut = 0
    private var check: FileCheck
    /// 読みかけの明細: its rows have not all come yet.
    private var open: Receipt?

    private struct Receipt: Sendable {
        let line: Int
        let key: Key
        var claim: JSONObject
        var publics: [JSON]

        /// One certificate stands on a receipt once.
        func names(_ publicPayer: JSON) -> Bool {
            guard let other = publicPayer.object, let recipient = other["recipient"] else {
                return false
            }
            return publics.contains {
                $0.object?["payer"] == other["payer"] && $0.object?["recipient"] == recipient
            }
        }
    }

    /// 明細の鍵: what makes rows one receipt, as it is meant: `202605` and `令和8年5月` are one month, `7` and `007`
    /// one number.
    private struct Key: Equatable, Sendable {
        let institution: String?
        let month: String?
        let number: Int?

        init(_ row: CheckedRow) {
            institution = row.text("institution")
            month = row.text("month").map(PaymentListReader.month)
            number = row.integer("number")
        }
    }

    package init(_ layout: Layout, table: CharacterTable) {
        check = FileCheck(layout: layout, table: table)
    }

    /// Throws `.malformed` with what is wrong with the file as a whole (`file-missing-column`).
    package mutating func read(
        _ block: ArraySlice<UInt8>, into batch: inout ClaimBatch, _ recipients: inout RecipientTexts
    ) throws(Refusal) {
        try take({ check throws(FileRefusal) in try check.read(block) }, &batch, &recipients)
    }

    package mutating func finish(
        into batch: inout ClaimBatch, _ recipients: inout RecipientTexts
    ) throws(Refusal) {
        try take({ check throws(FileRefusal) in try check.finish() }, &batch, &recipients)
        close(&batch, &recipients)
    }

    private mutating func take(
        _ rows: (inout FileCheck) throws(FileRefusal) -> [CheckedRow],
        _ batch: inout ClaimBatch, _ recipients: inout RecipientTexts
    ) throws(Refusal) {
        let checked: [CheckedRow]
        do throws(FileRefusal) { checked = try rows(&check) } catch {
            throw .malformed(error.faults.first?.code ?? "file")
        }
        for row in checked { take(row, &batch, &recipients) }
    }

    private mutating func take(
        _ row: CheckedRow, _ batch: inout ClaimBatch, _ recipients: inout RecipientTexts
    ) {
        for finding in row.findings { tell(finding) }
        guard !row.isRefused else { return }
        let key = Key(row)
        if key != open?.key || key.number == nil { close(&batch, &recipients) }
        let (claim, publicPayer) = row.object.asClaim
        guard let receipt = open else {
            open = Receipt(line: row.line, key: key, claim: claim, publics: [publicPayer])
            return
        }
        if let item = receipt.claim.contradiction(by: claim) {
            tell(RowFinding(index: row.line - 1, item: item, code: .receiptDiffers))
        } else if receipt.names(publicPayer) {
            // 二重の支払: a receipt of its own, which the month finds to be the first one again.
            close(&batch, &recipients)
            open = Receipt(
                line: row.line, key: key, claim: claim.filled(from: receipt.claim),
                publics: [publicPayer])
        } else if receipt.publics.count == BillPlace.most {
            tell(RowFinding(index: row.line - 1, item: "payer", code: .tooManyPublics))
        } else {
            open?.claim = receipt.claim.filled(from: claim)
            open?.publics.append(publicPayer)
        }
    }

    /// The receipt has all its rows.
    private mutating func close(
        _ batch: inout ClaimBatch, _ recipients: inout RecipientTexts
    ) {
        guard let receipt = open else { return }
        open = nil
        let claim = receipt.claim.members + [.init(name: "publics", value: .array(receipt.publics))]
        do throws(Refusal) {
            try batch.append(
                FactReader(object: JSONObject(claim), path: ""), file: 0,
                number: batch.claims.count + 1, recipients: &recipients)
        } catch {
            let item = error.item?.split(separator: ".").last.map(String.init) ?? "publics"
            tell(RowFinding(index: receipt.line - 1, item: item, code: .format))
        }
    }

    /// `YYYY-MM`; what is no month stays as it was written, and is told of as one.
    fileprivate static func month(_ written: String) -> String {
        ServiceMonth(written: written)?.text ?? written
    }

    private mutating func tell(_ finding: RowFinding) {
        guard findings.count < UkeReader.findingsMax else {
            findingsLeftOut += 1
            return
        }
        findings.append(finding)
    }
}

extension JSONObject {
    /// The first item that another row of the receipt gives otherwise; one that either leaves out it does
    /// not speak of, but 返戻 is "no" where nobody says it.
    fileprivate func contradiction(by other: JSONObject) -> String? {
        other.members.first { member in
            self[member.name].map { $0 != member.value } ?? (member.value == .bool(true))
        }?.name
    }

    /// With what only another row says of the receipt.
    fileprivate func filled(from other: JSONObject) -> JSONObject {
        JSONObject(members + other.members.filter { self[$0.name] == nil })
    }

    /// The row as claims are written in JSON: what is the receipt's, and what is its public payer's.
    fileprivate var asClaim: (claim: JSONObject, publicPayer: JSON) {
        var claim: [JSONObject.Member] = []
        var publicPayer: [JSONObject.Member] = []
        for member in members {
            // The points of a row are those of the whole receipt.
            if FactItems.publicPayer.contains(member.name), member.name != "points" {
                publicPayer.append(member)
            } else if member.name == "month", let text = member.value.string {
                claim.append(
                    .init(name: "month", value: .string(PaymentListReader.month(text))))
            } else {
                claim.append(member)
            }
        }
        return (JSONObject(claim), .object(JSONObject(publicPayer)))
    }
}
