/// 接種記録の注意: what was taken as given but deserves a look. A dose that was given is recorded, however
/// odd, because it is in the body.
package enum VaccinationWarning: String, CaseIterable, Hashable, Sendable {
    /// None of the codes and names is known here: kept as given, and no rule can judge it.
    case vaccineUnknown = "vaccine-unknown"
    /// ロタ or HPV without saying which product.
    case productUnspecified = "product-unspecified"
    case expired
    case expiryUnsaid = "expiry-unsaid"
    case dayUnknown = "day-unknown"

    package var text: BilingualText {
        switch self {
        case .vaccineUnknown:
            BilingualText(
                ja: "ワクチンのコードも名称も登録されていません。記録は届いたまま受け付けました。コードを確かめ、誤りなら訂正してください。",
                en: "Neither code nor name of the vaccine is known. The record was taken as given; "
                    + "check the code, and correct it if it is wrong.")
        case .productUnspecified:
            BilingualText(
                ja: "どの製品か分かりません。次回の判定のため、製品を確かめて訂正してください。",
                en:
                    "The product is not named. Find out which it was and correct the record, for the "
                    + "next dose depends on it.")
        case .expired:
            BilingualText(
                ja: "最終有効年月日を過ぎた製品です。記録は受け付けました。間違い接種として報告が要るか、市区町村に相談してください。",
                en: "The product was past its last valid day. The record was taken; ask the "
                    + "municipality whether the error must be reported.")
        case .expiryUnsaid:
            BilingualText(
                ja: "最終有効年月日がありません。ラベルを確かめ、訂正で補ってください。",
                en:
                    "The last valid day is missing. Take it from the label and add it by a correction."
            )
        case .dayUnknown:
            BilingualText(
                ja: "接種日が分かりません。間隔を判定できないため、母子健康手帳などで確かめてください。",
                en:
                    "The day is not known, so no interval can be judged. Look it up in the handbook."
            )
        }
    }
}

extension Vaccination {
    /// In the order of the cases, by the rules of any day.
    package func warnings(_ rules: ImmunizationRules) -> [VaccinationWarning] {
        guard status == .completed else { return [] }
        let known = rules.vaccine(named: vaccine).map { rules.vaccine($0.vaccine) }
        var warnings: [VaccinationWarning] = []
        if known == nil { warnings.append(.vaccineUnknown) }
        if known?.isGeneric == true { warnings.append(.productUnspecified) }
        if let last = vial.expiry?.lastDay, let day = occurrence.day, last < day {
            warnings.append(.expired)
        }
        if isPrimarySource, vial.expiry == nil { warnings.append(.expiryUnsaid) }
        if occurrence.day == nil { warnings.append(.dayUnknown) }
        return warnings
    }
}
