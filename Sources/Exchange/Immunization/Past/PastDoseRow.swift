/// 過去の接種歴の一行: a dose, or one that was not given, as a municipality's own ledger (予防接種台帳) held it before
/// clinics recorded here. No standard gives the file a form; its items are those that a ledger holds
/// (予防接種法施行令6条の2) under our own names.
package struct PastDoseRow: Sendable {
    /// Place in the file, from 0.
    package let index: Int
    package let number: GivenNumber
    /// 記録番号: one record for each, however often it is sent.
    package let identifier: RecordIdentifier
    /// `nil`: what came under the number was wrong, and is withdrawn.
    package let told: Told?

    /// What the ledger holds.
    package struct Told: Sendable {
        /// A copy, whatever the ledger was filled from: the word of who gave the dose stands above it.
        package let vaccination: Vaccination
        /// 接種日; of old ledgers a month or a year alone.
        package let days: ClosedRange<CalendarDay>
        package let birth: BirthDate
        package let sex: ResidentSex?
        /// 里帰り等: whether the institution lies outside the municipality's area, where the row says so.
        package let isOutOfArea: Bool?
    }

    package func finding(_ item: String, _ code: RowCode) -> RowFinding {
        RowFinding(index: index, item: item, code: code)
    }

    /// What deserves a look in a dose that is taken, by the rules of any day.
    package func warnings(_ rules: ImmunizationRules) -> [RowFinding] {
        (told?.vaccination.warnings(rules) ?? []).compactMap { warning -> RowFinding? in
            switch warning {
            case .vaccineUnknown: finding("vaccine", .vaccineUnknown)
            case .productUnspecified: finding("product", .productUnspecified)
            // A row has no last valid day of the vial, and its layout tells of a month alone.
            case .expired, .expiryUnsaid, .dayUnknown: nil
            }
        }
    }
}

extension CheckedRow {
    /// Its layout has judged every value; what is known of the person is held against it when the row is
    /// compared or applied.
    package func pastDoseRow(_ rules: ImmunizationRules?, number: NumberPlace)
        -> Result<PastDoseRow, RowRefusal>
    {
        var reader = RowReader(object, index: line - 1, number: number)
        return reader.pastDose(rules)
    }
}

extension RowReader {
    fileprivate mutating func pastDose(_ rules: ImmunizationRules?) -> Result<
        PastDoseRow, RowRefusal
    > {
        let isWithdrawn = text("modificationSeg", charactersMax: 1) == "2"
        let person = individualNumber()
        let record = text("recordNumber", charactersMax: 100)
        refuseIndividualNumbers(own: person, keyItems: ["recordNumber"])
        let identifier = record.map {
            RecordIdentifier(system: FHIR.System.pastDose, value: $0)
        }
        var told: PastDoseRow.Told?
        if let identifier, !isWithdrawn { told = toldDose(identifier, rules) }
        guard !hasErrors, let person, let identifier, isWithdrawn || told != nil else {
            return .failure(RowRefusal(findings))
        }
        return .success(
            PastDoseRow(index: index, number: person, identifier: identifier, told: told))
    }

    private mutating func toldDose(
        _ identifier: RecordIdentifier, _ rules: ImmunizationRules?
    ) -> PastDoseRow.Told? {
        let birth = parsed("dateOfBirth") { text throws(Refusal) in try BirthDate(text) }
        let sex = text("sex", charactersMax: 1, isRequired: false)
        let isGiven = text("status", charactersMax: 1) == "1"
        let basis = text("basis", charactersMax: 1)
        let given = parsed("givenOn") { text throws(Refusal) in try GivenTime(text) }
        let reason = text("notDoneReason", charactersMax: 200, isRequired: !isGiven)
        let isOutOfArea = bool("isOutOfArea", isRequired: false)
        let vaccine = vaccine(rules)
        // 2期1回: many ledgers count anew in each period, and the period stands in the name of the vaccine.
        let number = [int("doseNumber", in: 1...99, isRequired: false), vaccine?.number]
            .compactMap(\.self).max()
        guard !hasErrors, let birth, let given, let vaccine,
            let days = given.day.map({ $0...$0 }) ?? given.days
        else { return nil }
        var vaccination = Vaccination(
            identifier: identifier, status: isGiven ? .completed : .notDone,
            vaccine: vaccine.said, occurrence: .time(given))
        vaccination.isPrimarySource = false
        vaccination.reportOrigin = Concept(text: "市区町村の予防接種台帳")
        vaccination.basis = basis == "1" ? .routine : .voluntary
        if !isGiven { vaccination.statusReason = reason.map { Concept(text: $0) } }
        if let number {
            vaccination.protocols = [
                Vaccination.AppliedProtocol(
                    series: nil, targetDiseases: [], doseNumber: .number(number),
                    seriesDoses: nil)
            ]
        }
        tellHow(&vaccination)
        guard !hasErrors else { return nil }
        return PastDoseRow.Told(
            vaccination: vaccination, days: days, birth: birth,
            sex: sex.map { ResidentSex(registered: $0) }, isOutOfArea: isOutOfArea)
    }

    /// The brand says more than the vaccine's name, where anybody knows it: which product a dose was. A brand
    /// of another vaccine is a slip of the pen in one of the two, and then the dose is of neither: it is kept
    /// in the ledger's words.
    private mutating func vaccine(_ rules: ImmunizationRules?) -> (said: Concept, number: Int?)? {
        let name = text("vaccine", charactersMax: 100)
        let product = text("product", charactersMax: 100, isRequired: false)
        guard let name else { return nil }
        let words = Concept(text: product.map { "\(name) \($0)" } ?? name)
        guard let rules else { return (words, nil) }
        let named = rules.vaccine(named: name)
        let brand = product.flatMap { rules.vaccine(named: $0) }
        if let named, let brand, !rules.mayBe(brand.vaccine, of: named.vaccine) {
            return (words, nil)
        }
        guard let vaccine = brand?.vaccine ?? named?.vaccine else { return (words, nil) }
        let code = Concept.Code(
            system: FHIR.System.vaccine, code: rules.vaccine(vaccine).code)
        return (Concept(codes: [code], text: words.text), named?.number)
    }

    private mutating func tellHow(_ vaccination: inout Vaccination) {
        vaccination.vial.lotNumber = text("lotNumber", charactersMax: 50, isRequired: false)
        vaccination.vial.manufacturer = text(
            "manufacturer", charactersMax: 100, isRequired: false)
        // As JSON writes a number: without the zeros that a ledger may have before it.
        let amount = text("quantity", charactersMax: 10, isRequired: false)
        if let amount = amount.flatMap({ MeasuredAmount($0) }) {
            vaccination.quantity = Vaccination.DoseQuantity(
                value: amount.text, unit: "mL", system: FHIR.System.ucum, code: "mL")
        }
        let code = text("institution", charactersMax: 10, isRequired: false)
        let name = text("institutionName", charactersMax: 100, isRequired: false)
        if code != nil || name != nil {
            vaccination.performers = [
                Vaccination.Performer(
                    function: nil,
                    identifier: code.map {
                        RecordIdentifier(system: FHIR.System.institution, value: $0)
                    }, name: name)
            ]
        }
    }
}

extension ImmunizationRules {
    /// Whether a product is one of what the ledger's column calls the vaccine: ロタ may be either of two.
    fileprivate func mayBe(_ product: Vaccine.ID, of said: Vaccine.ID) -> Bool {
        said == product || vaccine(said).isGeneric && countTogether(said, product)
    }
}
