/// Who pays: the insurer, the public payers in their order, the days, and the total of the file.
extension UkeReader {
    mutating func insurance(_ fields: UkeFields, _ form: UkeRecordForm) {
        guard receipt?.insurance == nil else {
            add(.repeated, "HO")
            return
        }
        let number = try? InsurerNumber(fields.ascii(form[.insurer]))
        if number == nil { missing(fields, form, .insurer, "HO.insurer") }
        let insurance = UkeReceipt.Insurance(
            number: number, days: count(fields, form, .days, "HO"),
            points: points(fields, form, "HO"), copayment: count(fields, form, .copayment, "HO"),
            meals: meals(fields, form, "HO"),
            dutyReason: count(fields, form, .dutyReason, "HO") ?? 0)
        receipt?.insurance = insurance
    }

    mutating func publicPayer(_ fields: UkeFields, _ form: UkeRecordForm) {
        guard let open = receipt, open.publics.count < layouts.publicsMax else {
            add(.tooManyPublics, "KO")
            return
        }
        let payer = try? PublicPayerNumber(fields.ascii(form[.payer]))
        if payer == nil { missing(fields, form, .payer, "KO.payer") }
        // 医療観察法 and others give no recipient number; an empty one is not wrong by itself.
        let written = fields.field(form[.recipient])
        let recipient = decode(written).flatMap {
            try? RecipientNumber(onReceipt: $0, item: "KO.recipient")
        }
        if recipient == nil, !written.isEmpty { add(.format, "KO.recipient") }
        let pays = UkeReceipt.Public(
            payer: payer, recipient: recipient, days: count(fields, form, .days, "KO"),
            points: points(fields, form, "KO"), copayment: count(fields, form, .copayment, "KO"),
            meals: meals(fields, form, "KO"))
        if let points = pays.points, let whole = open.insurance?.points, points > whole {
            add(.publicPoints, "KO.points")
        }
        // One certificate stands on a receipt once.
        let isTwice = open.publics.contains {
            pays.recipient != nil && $0.payer == pays.payer && $0.recipient == pays.recipient
        }
        if isTwice { add(.repeated, "KO.recipient") }
        receipt?.publics.append(pays)
    }

    /// 受診日等レコード: one field for each day of the month; any mark makes it a day of service.
    mutating func days(_ fields: UkeFields, _ form: UkeRecordForm) {
        guard let first = form[.firstDay], let month = receipt?.month else { return }
        for day in 1...31 {
            let mark = fields.field(first + day - 1)
            guard !mark.isEmpty else { continue }
            guard day <= month.dayCount, let kind = Digits.number(mark), kind > 0 else {
                add(.format, "JD.day\(day)")
                continue
            }
            // 2 is a visit that belongs to another and is not counted, on the same day all the same.
            receipt?.days |= 1 << UInt32(day)
        }
    }

    mutating func totalRecord(_ fields: UkeFields, _ form: UkeRecordForm) {
        guard total == nil else {
            add(.totalTwice, "GO")
            return
        }
        let count = fields.number(form[.count])
        let points = Digits.number(fields.field(form[.points]))
        if count == nil { missing(fields, form, .count, "GO.count") }
        if points == nil { missing(fields, form, .points, "GO.points") }
        total = UkeSum.Total(line: line, count: count, points: points)
    }

    /// 総件数 and 総合計点数 against the receipts. Both ways to count are met: receipts, or the insurances
    /// and public payers on them; the second is a warning.
    mutating func compareTotal() {
        guard let total else {
            if line > 0 { add(.totalMissing, "GO") }
            return
        }
        if let count = total.count, count != receiptCount {
            let isByPayer = count == sum.payers
            add(isByPayer ? .countByPayer : .totalCount, "GO.count", atLine: total.line)
        }
        if let points = total.points, points != sum.points {
            add(.totalPoints, "GO.points", atLine: total.line)
        }
    }

    mutating func missing(
        _ fields: UkeFields, _ form: UkeRecordForm, _ item: UkeItem, _ name: String
    ) {
        add(fields.isEmpty(form[item]) ? .required : .format, name)
    }

    private mutating func points(
        _ fields: UkeFields, _ form: UkeRecordForm, _ record: String
    ) -> Int? {
        let points = fields.number(form[.points])
        if points == nil { missing(fields, form, .points, "\(record).points") }
        return points
    }

    /// A number that may be absent; `nil` then, and when it is none.
    private mutating func count(
        _ fields: UkeFields, _ form: UkeRecordForm, _ item: UkeItem, _ record: String
    ) -> Int? {
        guard !fields.isEmpty(form[item]) else { return nil }
        if let number = fields.number(form[item]) { return number }
        add(.format, "\(record).\(item.text)")
        return nil
    }

    private mutating func meals(
        _ fields: UkeFields, _ form: UkeRecordForm, _ record: String
    ) -> UkeReceipt.Meals? {
        // Both are read before either is missed, so that what is no number is told of each.
        let times = count(fields, form, .mealTimes, record)
        let yen = count(fields, form, .mealYen, record)
        guard let times, let yen else { return nil }
        return .init(times: times, yen: yen)
    }

    /// `YYYYMMDD`, or `GYYMMDD` in files of older form.
    func day(_ field: ArraySlice<UInt8>) -> (day: CalendarDay, isPastEraEnd: Bool)? {
        switch field.count {
        case 8:
            guard let digits = Digits.number(field) else { return nil }
            let day = try? CalendarDay(
                year: digits / 10_000, month: digits / 100 % 100, day: digits % 100)
            return day.map { ($0, false) }
        case 7:
            let text = String(decoding: field, as: UTF8.self)
            let read = try? Wareki.reading(text, past: eraOverruns)
            return read.map { ($0.date.day, $0.warning == .pastEraEnd) }
        default: return nil
        }
    }
}

/// What the receipts of a file add up to, and what its total says.
struct UkeSum {
    struct Total {
        let line: Int
        let count: Int?
        let points: Int?
    }

    private(set) var points = 0
    /// 医保 and each 公費 counted one by one.
    private(set) var payers = 0

    /// The points of a receipt are its insurance's; without one, those of its first public payer.
    mutating func add(_ receipt: UkeReceipt) {
        points += receipt.insurance?.points ?? receipt.publics.first?.points ?? 0
        payers += (receipt.insurance == nil ? 0 : 1) + receipt.publics.count
    }
}

/// レセプト種別: score table, kind of insurance, number of payers, who (別表5).
package struct ReceiptType: Hashable, Sendable {
    package let hasInsurance: Bool
    package let publicCount: Int
    /// 入院: the last digit tells stays (odd) from other care, for each age and relation.
    package let isInpatient: Bool

    /// `nil` for a type of another build.
    package init?(number: Int) {
        let insurance = number / 100 % 10
        let payers = number / 10 % 10
        guard (1000...9999).contains(number), (1...4).contains(insurance), (1...5).contains(payers)
        else { return nil }
        hasInsurance = insurance != 2
        publicCount = hasInsurance ? payers - 1 : payers
        isInpatient = !number.isMultiple(of: 2)
    }
}
