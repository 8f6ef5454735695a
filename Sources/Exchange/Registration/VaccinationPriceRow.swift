/// 予防接種の委託単価の登録の一行: what a municipality pays for a dose and what the resident keeps, from a day on,
/// or no longer. No standard gives it a form, so ours follows that of the targets; it says nothing of anyone.
package struct VaccinationPriceRow: Hashable, Sendable {
    /// Place in the body, from 0.
    package let index: Int
    package let key: RegisteredPrice.Key
    /// `nil`: the price is taken back.
    package let terms: RegisteredPrice.Terms?
    package let warnings: [RowFinding]
}

/// By schedule that a municipality pays for: the vaccines that it gives, as codes.
package typealias PricedVaccines = [String: Set<String>]

extension ImmunizationRules {
    package var pricedVaccines: PricedVaccines {
        Dictionary(
            uniqueKeysWithValues: programmes.filter { $0.category != .voluntary }.map {
                ($0.code, Set(vaccines(of: $0)))
            })
    }
}

package func readVaccinationPriceRows(
    _ body: [UInt8], _ rules: ImmunizationRules
) throws(Refusal) -> [Result<VaccinationPriceRow, RowRefusal>] {
    let priced = rules.pricedVaccines
    return try readRows(body) { object, index in
        readVaccinationPriceRow(object, index: index, priced)
    }
}

extension CheckedRow {
    /// 委託単価のファイル: by the same rules as a row of the API.
    package func vaccinationPriceRow(_ priced: PricedVaccines)
        -> Result<VaccinationPriceRow, RowRefusal>
    {
        readVaccinationPriceRow(object, index: line - 1, priced)
    }
}

private func readVaccinationPriceRow(
    _ object: JSONObject, index: Int, _ priced: PricedVaccines
) -> Result<VaccinationPriceRow, RowRefusal> {
    var reader = RowReader(object, index: index)
    let modification = reader.parsed("modificationSeg") { text throws(Refusal) in
        guard ["1", "2"].contains(text) else { throw .malformed("modificationSeg") }
        return text
    }
    let programme = reader.parsed("programme", code: .unknownCode) { text throws(Refusal) in
        guard priced[text] != nil else { throw .malformed("programme") }
        return text
    }
    let vaccine = reader.parsed("vaccine", isRequired: false, code: .unknownCode) {
        text throws(Refusal) in
        guard let programme, priced[programme]?.contains(text) == true else {
            throw .malformed("vaccine")
        }
        return text
    }
    let isRegistered = modification == "1"
    let from = reader.day("priceFrom")
    let to = reader.day("priceTo", isRequired: false)
    if let from, let to, to < from { reader.add(.dateOrder, "priceTo") }
    let unit = reader.int("unitYen", in: 1...VaccinationPrice.yenMax, isRequired: isRegistered)
    let copayment = reader.int(
        "copaymentYen", in: 0...(unit ?? VaccinationPrice.yenMax), isRequired: isRegistered)
    let subsidy = reader.int("subsidyYen", in: 0...VaccinationPrice.yenMax, isRequired: false)
    if let subsidy, let unit, let copayment, subsidy != unit - copayment {
        reader.add(.format, "subsidyYen")
    }
    reader.warnOfUnknown([
        "modificationSeg", "programme", "vaccine", "priceFrom", "priceTo", "unitYen",
        "copaymentYen", "subsidyYen",
    ])
    reader.refuseIndividualNumbers(own: nil, keyItems: [])
    guard !reader.hasErrors, let programme, let from else {
        return .failure(RowRefusal(reader.findings))
    }
    var terms: RegisteredPrice.Terms?
    if isRegistered, let unit, let copayment {
        terms = .init(unitYen: unit, copaymentYen: copayment, to: to)
    }
    return .success(
        VaccinationPriceRow(
            index: index, key: .init(programme: programme, vaccine: vaccine, from: from),
            terms: terms, warnings: reader.findings))
}
