/// One line after another: which record it is, whether it may stand there, and what it says.
extension UkeReader {
    mutating func record(_ line: ArraySlice<UInt8>, _ give: (UkeReceipt) -> Void) {
        let fields = UkeFields(line)
        guard let kind = UkeKind(fields.field(1)) else {
            return lose(.unknownRecord, "file", give)
        }
        if isLost {
            guard kind == .receipt || kind == .total || layouts.isHeader(kind) else { return }
            isLost = false
        }
        let isMisread = line.contains { $0 >= 0x80 } && decode(line) == nil
        // A receipt's own line speaks of it, not of the one before.
        if isMisread, kind != .receipt { add(.encoding, kind.text) }
        if layouts.isHeader(kind) { return header(kind, fields, give) }
        guard let form = layout.records[kind] else {
            guard layouts.kept.contains(kind) else {
                return lose(.unknownRecord, kind.text, give)
            }
            receipt?.keep(kind, line: self.line, line)
            return
        }
        if kind == .receipt {
            begin(fields, form, give)
            if isMisread { add(.encoding, kind.text) }
        }
        if total != nil, kind != .total { add(.afterTotal, kind.text) }
        if !form.fields.contains(fields.count) { add(.fieldCount, kind.text) }
        if kind == .total {
            close(give)
            return totalRecord(fields, form)
        }
        guard receipt != nil else {
            if total == nil { add(.outsideReceipt, kind.text) }
            return
        }
        if form.rank < rank { add(.order, kind.text) }
        rank = max(rank, form.rank)
        receipt?.keep(kind, line: self.line, line)
        switch kind {
        case .insurer: insurance(fields, form)
        case .publicPayer: publicPayer(fields, form)
        case .days: days(fields, form)
        default: break
        }
    }

    /// Hands on the receipt that is open, after what can only be said of it as a whole.
    mutating func close(_ give: (UkeReceipt) -> Void) {
        guard let open = receipt else { return }
        let expected = ReceiptType(number: open.type)
        if let expected {
            if expected.hasInsurance, open.insurance == nil {
                add(.insurerMissing, "RE.type", atLine: open.line)
            }
            let missing = expected.publicCount - open.publics.count
            if missing > 0 { add(.payerMissing, "RE.type", atLine: open.line) }
            if missing < 0 { add(.tooManyPublics, "RE.type", atLine: open.line) }
        }
        handOn(give)
    }

    /// A line that cannot be told may have begun another person's receipt. The open one ends here, marked,
    /// and what follows is nobody's until the next RE or GO.
    mutating func lose(_ code: UkeCode, _ item: String, _ give: (UkeReceipt) -> Void) {
        add(code, item)
        handOn(give)
        isLost = true
    }

    private mutating func handOn(_ give: (UkeReceipt) -> Void) {
        guard let open = receipt else { return }
        sum.add(open)
        give(open)
        receipt = nil
        rank = 0
    }

    private mutating func header(
        _ kind: UkeKind, _ fields: UkeFields, _ give: (UkeReceipt) -> Void
    ) {
        close(give)
        guard header == nil else {
            // Whose receipts follow is in doubt from here on.
            institution = nil
            add(.headerTwice, kind.text)
            return
        }
        guard let found = layouts.layout(header: kind, fields: fields),
            let form = found.records[kind]
        else {
            add(.unknownTable, "\(kind.text).scoreTable")
            header = Header(institution: nil, scoreTable: 0, claimMonth: nil, name: nil)
            return
        }
        layout = found
        if !form.fields.contains(fields.count) { add(.fieldCount, kind.text) }
        if receiptCount > 0 { add(.order, kind.text) }
        let prefecture = fields.number(form[.prefecture])
        let body = fields.field(form[.institution])
        if let prefecture, PrefectureCode(prefecture) != nil, body.count == 7,
            let number = Digits.number(body)
        {
            institution =
                UInt64(prefecture) * 100_000_000 + UInt64(found.scoreTable) * 10_000_000
                + UInt64(number)
        } else {
            add(.format, "\(kind.text).institution")
        }
        let month = ServiceMonth(receiptDigits: fields.field(form[.claimMonth]))
        if month == nil { add(.format, "\(kind.text).claimMonth") }
        header = Header(
            institution: institution, scoreTable: found.scoreTable, claimMonth: month,
            name: decode(fields.field(form[.institutionName])))
    }

    private mutating func begin(
        _ fields: UkeFields, _ form: UkeRecordForm, _ give: (UkeReceipt) -> Void
    ) {
        close(give)
        receiptCount += 1
        var next = UkeReceipt()
        next.line = line
        next.institution = institution ?? 0
        next.hasErrors = institution == nil
        next.scoreTable = layout.scoreTable
        next.number = fields.number(form[.number]) ?? 0
        receipt = next
        if next.number == 0 {
            add(.format, "RE.number")
        } else if next.number != receiptCount {
            add(.receiptNumber, "RE.number")
        }
        let type = type(fields.field(form[.type]))
        receipt?.type = type
        receipt?.month = ServiceMonth(receiptDigits: fields.field(form[.month]))
        if receipt?.month == nil { missing(fields, form, .month, "RE.month") }
        receipt?.sex = fields.number(form[.sex]) ?? 0
        if ![1, 2].contains(receipt?.sex ?? 0) { missing(fields, form, .sex, "RE.sex") }
        birth(fields, form)
        receipt?.isResubmission = !fields.isEmpty(form[.searchNumber])
        specialNotes(fields.field(form[.specialNotes]))
        receipt?.prescriber = Self.prescriber(fields, form) ?? 0
    }

    /// 処方元: what is no institution's code names nobody. The receipt is as good without it.
    private static func prescriber(_ fields: UkeFields, _ form: UkeRecordForm) -> UInt64? {
        guard let prefecture = fields.number(form[.prescriberPrefecture]),
            PrefectureCode(prefecture) != nil,
            let table = fields.number(form[.prescriberTable]), (1...9).contains(table)
        else { return nil }
        let body = fields.field(form[.prescriber])
        guard body.count == 7, let number = Digits.number(body) else { return nil }
        return UInt64(prefecture) * 100_000_000 + UInt64(table) * 10_000_000 + UInt64(number)
    }

    private mutating func birth(_ fields: UkeFields, _ form: UkeRecordForm) {
        guard let (day, isPastEraEnd) = day(fields.field(form[.birth])) else {
            return missing(fields, form, .birth, "RE.birth")
        }
        receipt?.birth = day
        if isPastEraEnd { add(.eraEnded, "RE.birth") }
        if let month = receipt?.month, day.daysSince1970 > month.lastDay {
            add(.bornAfterService, "RE.birth")
        }
    }

    private mutating func type(_ field: ArraySlice<UInt8>) -> Int {
        guard field.count == 4, let number = Digits.number(field) else {
            add(field.isEmpty ? .required : .format, "RE.type")
            return 0
        }
        let isKnown = codes.contains(String(decoding: field.dropFirst(), as: UTF8.self), in: .type)
        if number / 1000 != layout.scoreTable || !isKnown { add(.unknownCode, "RE.type") }
        return number
    }

    /// 特記事項: two digits each, at most five.
    private mutating func specialNotes(_ field: ArraySlice<UInt8>) {
        guard !field.isEmpty else { return }
        guard field.count % 2 == 0, field.count <= 10, Digits.number(field) != nil else {
            add(.format, "RE.specialNotes")
            return
        }
        var rest = field
        while rest.count >= 2 {
            let code = rest.prefix(2)
            rest = rest.dropFirst(2)
            let isKnown = codes.contains(String(decoding: code, as: UTF8.self), in: .specialNote)
            if !isKnown { add(.unknownCode, "RE.specialNotes") }
            if let number = Digits.number(code), number < 64 {
                receipt?.specialNotes |= 1 << UInt64(number)
            }
        }
    }
}
