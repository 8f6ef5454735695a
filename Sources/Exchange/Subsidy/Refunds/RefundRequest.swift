/// 償還払いの申請: receipts of one month that a resident paid without the scheme, because the certificate could not
/// be used at the counter or was not there yet. Yen; nothing on it names anybody.
package struct RefundRequest: Hashable, Sendable {
    package struct Receipt: Hashable, Sendable {
        /// 医療機関コード, ten digits.
        package let institution: String
        package let day: CalendarDay
        /// 医療費総額.
        package let cost: Int
        /// 一部負担割合 in percent.
        package let percent: Int
        /// 領収額.
        package let paid: Int
        /// 入院: outside hospital where nothing is said.
        package let isInpatient: Bool
        /// 入院日数 from `day` on; one outside hospital.
        package let days: Int
        /// 食事療養標準負担額 of a stay.
        package let meals: Meals?

        /// What was eaten in a stay, and what was paid for it beside the care.
        package struct Meals: Hashable, Sendable {
            package let taken: MealsTaken
            /// 領収額.
            package let paid: Int
        }

        package var lastDay: CalendarDay { day.adding(days: days - 1) }

        var care: BillCare {
            BillCare(isInpatient: isInpatient, days: days, meals: meals?.taken)
        }

        /// 同じ領収書: institution, day and cost, whatever else was typed of it.
        package var name: String { "\(institution) \(day.text) \(cost)" }

        /// As the ledger keeps it: one line, which says of a stay that it is one, and of its meals.
        package var line: String {
            "\(name) \(percent) \(paid)" + (isInpatient ? " inpatient \(days)" : "")
                + (meals.map { " meals \($0.taken.count) \($0.taken.code) \($0.paid)" } ?? "")
        }
    }

    package static let receiptsMax = 50

    package let certificate: HeldCertificate
    package let month: ServiceMonth
    /// By day, then institution.
    package let receipts: [Receipt]

    package var paid: Int { receipts.reduce(0) { $0 + $1.paid + ($1.meals?.paid ?? 0) } }

    /// Throws what is wrong where the charge of a class of meals is not on file for their day.
    package func requireMeals(_ rules: CopaymentRules) throws(Refusal) {
        for receipt in receipts {
            guard let meals = receipt.meals else { continue }
            guard rules.meals.row(meals.taken.code, on: receipt.day) != nil else {
                throw .malformed("receipts.meals.class")
            }
        }
    }

    package var capMonth: CapMonth { CapMonth(certificate: certificate, month: month) }

    /// Throws what is wrong with an item; a day after `today` is `.serviceDateOutOfRange`.
    package init(reading body: JSONObject, today: CalendarDay) throws(Refusal) {
        try body.requireOnly(["certificate", "month", "receipts"])
        let held = try body.requiredObject("certificate")
        try held.requireOnly(["body", "type", "subKey"], at: "certificate")
        let code = try held.requiredString("body", at: "certificate")
        guard (try? LocalGovernmentCode(code)) != nil else { throw .malformed("certificate.body") }
        certificate = HeldCertificate(
            body: code, typeID: try held.requiredFilled("type", at: "certificate"),
            subKey: try held.optionalString("subKey", at: "certificate") ?? "")
        month = try ServiceMonth(body.requiredString("month"))
        let rows = try body.requiredArray("receipts")
        guard !rows.isEmpty else { throw .missing("receipts") }
        guard rows.count <= Self.receiptsMax else { throw .tooMany("receipts") }
        var receipts: [Receipt] = []
        for (place, value) in rows.enumerated() {
            let path = JSONPath.element(place, of: "receipts")
            let receipt = try Receipt(value.requiredObject(at: path), at: path)
            guard ServiceMonth(of: receipt.day) == month else {
                throw .malformed("\(path).day")
            }
            // What a stay costs in the next month stands on the next month's receipt.
            guard ServiceMonth(of: receipt.lastDay) == month else {
                throw .malformed("\(path).days")
            }
            guard receipt.lastDay <= today else { throw .serviceDateOutOfRange }
            // Typed twice, with other sums beside it, it is still one receipt, and is paid back once.
            guard !receipts.contains(where: { $0.name == receipt.name }) else {
                throw .duplicateItem(path)
            }
            receipts.append(receipt)
        }
        self.receipts = receipts.sorted { ($0.day, $0.institution) < ($1.day, $1.institution) }
    }
}

extension RefundRequest.Receipt {
    fileprivate init(_ object: JSONObject, at path: String) throws(Refusal) {
        try object.requireOnly(
            ["institution", "day", "cost", "percent", "paid", "setting", "days", "meals"], at: path)
        let code = try object.requiredString("institution", at: path)
        institution = try MedicalInstitutionCode(code, item: "\(path).institution").digits
        day = try CalendarDay(object.requiredString("day", at: path), item: "\(path).day")
        cost = try object.requiredInt("cost", at: path)
        guard (1...100_000_000).contains(cost) else { throw .malformed("\(path).cost") }
        percent = try object.requiredInt("percent", at: path)
        guard [0, 10, 20, 30, 100].contains(percent) else { throw .malformed("\(path).percent") }
        paid = try object.requiredInt("paid", at: path)
        guard (1...cost).contains(paid) else { throw .malformed("\(path).paid") }
        var setting = HighCostClass.Setting.outpatient
        if let written = try object.optionalString("setting", at: path) {
            guard let known = HighCostClass.Setting(rawValue: written) else {
                throw .malformed("\(path).setting")
            }
            setting = known
        }
        isInpatient = setting == .inpatient
        let days = try object.optionalInt("days", at: path)
        // A stay of which nobody says how long it was has no price.
        guard days != nil || !isInpatient else { throw .missing("\(path).days") }
        self.days = days ?? 1
        guard (1...(isInpatient ? 31 : 1)).contains(self.days) else {
            throw .malformed("\(path).days")
        }
        guard let eaten = try object.optionalObject("meals", at: path) else {
            meals = nil
            return
        }
        guard isInpatient else { throw .unknownItem("\(path).meals") }
        meals = try Meals(eaten, at: "\(path).meals", days: self.days)
    }
}

extension RefundRequest.Receipt.Meals {
    fileprivate init(_ object: JSONObject, at path: String, days: Int) throws(Refusal) {
        try object.requireOnly(["count", "class", "paid"], at: path)
        let count = try object.requiredInt("count", at: path)
        guard (1...days * MealsTaken.perDay).contains(count) else {
            throw .malformed("\(path).count")
        }
        let code = try object.requiredFilled("class", at: path)
        // It is one word of the line that is kept.
        guard code.utf8.count <= 64, !code.contains(where: \.isWhitespace) else {
            throw .malformed("\(path).class")
        }
        paid = try object.requiredInt("paid", at: path)
        guard (1...1_000_000).contains(paid) else { throw .malformed("\(path).paid") }
        taken = MealsTaken(count: count, code: code)
    }
}

extension RefundRequest.Receipt {
    /// Reads what `line` wrote; `nil` for anything else.
    package init?(line: Substring) {
        let words = line.split(separator: " ")
        let hasMeals = words.count == 11 && words[7] == "meals"
        guard words.count == 5 || (words.count == 7 || hasMeals) && words[5] == "inpatient",
            let day = try? CalendarDay(String(words[1])), let cost = Int(words[2]),
            let percent = Int(words[3]), let paid = Int(words[4])
        else { return nil }
        institution = String(words[0])
        self.day = day
        self.cost = cost
        self.percent = percent
        self.paid = paid
        isInpatient = words.count > 5
        guard words.count > 5 else {
            self.days = 1
            meals = nil
            return
        }
        guard let days = Int(words[6]) else { return nil }
        self.days = days
        guard hasMeals else {
            meals = nil
            return
        }
        guard let count = Int(words[8]), let paid = Int(words[10]) else { return nil }
        meals = Meals(taken: MealsTaken(count: count, code: String(words[9])), paid: paid)
    }
}
