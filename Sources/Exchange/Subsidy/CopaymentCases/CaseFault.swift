/// 計算できない理由: why one case of a file was not computed, where in it, and what to do. It stands in
/// the place of that case's answer; the others are computed all the same.
package struct CaseFault: Error, Hashable, Sendable {
    package enum Code: String, CaseIterable, Sendable {
        case missing
        case malformed
        case outOfRange = "out-of-range"
        case unknownClass = "unknown-class"
        case unknownScheme = "unknown-scheme"
        case unknownIncome = "unknown-income"
        case outsideScheme = "outside-scheme"
        case noTable = "no-table"
        case noShare = "no-share"
        case contradiction
        case notEffective = "not-effective"
        case unknownItem = "unknown-item"
    }

    package let code: Code
    /// In the caller's words: `input.publics[0].amt`.
    package let path: String
    /// What would have been taken, where that is a short list.
    package let known: [String]

    init(_ code: Code, _ path: String, known: [String] = []) {
        self.code = code
        self.path = path
        self.known = known
    }

    package var text: BilingualText {
        let words = words
        guard !known.isEmpty else {
            return BilingualText(ja: "\(path): \(words.ja)", en: "\(path): \(words.en)")
        }
        let list = known.joined(separator: ", ")
        return BilingualText(
            ja: "\(path): \(words.ja) 使えるもの: \(list)", en: "\(path): \(words.en) Known: \(list)")
    }

    private var words: BilingualText {
        switch code {
        case .missing: .init(ja: "項目がありません。入れてください。", en: "is missing. Please give it.")
        case .malformed:
            .init(
                ja: "形式が違います。書き方を確かめてください。",
                en: "has the wrong form. Please check how it is written.")
        case .outOfRange:
            .init(
                ja: "入力できる範囲の外です。値を確かめてください。", en: "is outside of what it can be. Please check it.")
        case .unknownClass:
            .init(
                ja: "この所得区分はその月の表にありません。区分と年齢を確かめてください。",
                en: "is no class of the tables of that month. Please check class and age.")
        case .unknownScheme:
            .init(
                ja: "この制度は登録されていません。番号を確かめるか、割合と上限額を入れてください。",
                en: "is a scheme not on file. Please check it, or give percentage and cap.")
        case .unknownIncome:
            .init(
                ja: "この区分は制度の表にありません。受給者証を確かめてください。",
                en: "is no class of the scheme. Please check the certificate.")
        case .outsideScheme:
            .init(
                ja: "この区分は、この列では制度の対象外です。受給者証の区分と列を確かめてください。",
                en: "is a class that the scheme does not take in this column. Please check the "
                    + "certificate.")
        case .noTable:
            .init(
                ja: "その月の限度額の表がありません。日付を確かめてください。",
                en: "has no table of limits for its month. Please check the day.")
        case .noShare:
            .init(
                ja: "負担割合が分かりません。割合か、生年月日を入れてください。",
                en: "says neither percentage nor birth date. Please give one of them.")
        case .contradiction:
            .init(
                ja: "ほかの項目と合いません。両方を確かめてください。", en: "contradicts another item. Please check both.")
        case .notEffective:
            .init(
                ja: "その日には有効ではありません。日付を確かめてください。",
                en: "is not in force on that day. Please check the day.")
        case .unknownItem:
            .init(
                ja: "この名前の項目はありません。項目名を確かめてください。",
                en: "is no item here. Please check its name.")
        }
    }
}

/// 計算に添える注意: what a reader of an amount should know.
package enum CaseWarning: String, CaseIterable, Hashable, Sendable {
    case unverifiedRule = "unverified-rule"
    case undated
    case settingUnsaid = "setting-unsaid"
    case noLimit = "no-limit"
    case tableAnnounced = "table-announced"
    case classUnsaid = "class-unsaid"
    case incomeUnsaid = "income-unsaid"
    case mealsClassUnsaid = "meals-class-unsaid"
    case unknownItem = "unknown-item"
    case overLimit = "over-limit"
    case capUncounted = "cap-uncounted"
    case daysUnsaid = "days-unsaid"
    case eraEnded = "era-ended"

    package var text: BilingualText {
        switch self {
        case .unverifiedRule:
            .init(
                ja: "出典と照合していない決まりを使いました。請求の前に確かめてください。",
                en:
                    "A rule was used that nobody has checked against its source. Check before claiming."
            )
        case .undated:
            .init(
                ja: "診療日がないため、公表された計算事例の時期の表で計算しました。",
                en: "No day of service was given: the tables of the published examples were used.")
        case .settingUnsaid:
            .init(
                ja: "入院か外来かが分からないため、世帯の限度額で計算しました。",
                en: "Neither inpatient nor outpatient was said: the household's limit was used.")
        case .tableAnnounced:
            .init(
                ja: "この月には限度額の改定が予告されていますが、新しい表が登録されていません。"
                    + "前の表で計算しました。改定を確かめてください。",
                en: "Other limits are announced for this month and are not on file: those before "
                    + "them were used. Check the new ones.")
        case .noLimit:
            .init(
                ja: "所得区分（適用区分）がないため、高額療養費の月の限度額を適用していません。"
                    + "保険者に区分を確かめると、金額が下がることがあります。",
                en:
                    "No income class was given: no high-cost limit of the month was applied, and the "
                    + "amount may come down once the insurer tells the class.")
        case .classUnsaid:
            .init(
                ja: "適用区分がないため、高額療養費の年間上限を適用していません。保険者に区分を確かめると、金額が下がることがあります。",
                en: "No class of the insurer's limit was given: the yearly high-cost limit was not "
                    + "applied, and the amount may come down once the insurer tells the class.")
        case .incomeUnsaid:
            .init(
                ja: "公費の所得区分も上限額もないため、上限額を適用していません。"
                    + "受給者証を確かめると、金額が下がることがあります。",
                en: "Neither income class nor cap of a public expense was given: no cap was "
                    + "applied, and the amount may come down once the certificate is read.")
        case .mealsClassUnsaid:
            .init(
                ja: "食事の区分も適用区分もないため、軽減の区分を適用していません。"
                    + "区分を確かめると、食事代が下がることがあります。",
                en: "Neither a class of meals nor of the limit was given: no lighter class was "
                    + "looked at, and the charge for meals may come down once it is known.")
        case .unknownItem:
            .init(
                ja: "仕様にない項目があり、使いませんでした。項目名（items）を確かめてください。",
                en: "There are items we do not know; they were not used. Please check their names "
                    + "(items).")
        case .overLimit:
            .init(
                ja: "受け取った額が高額療養費の月の限度額を超えています。"
                    + "超えた分の支給を加入している保険者に申請するよう、患者に伝えてください。",
                en: "What was collected is above the high-cost limit of the month. Please tell the "
                    + "patient to ask their insurer for the rest.")
        case .capUncounted:
            .init(
                ja: "この受給者証には、ここで数えられない上限額が登録されています。"
                    + "券面の上限額を確かめ、超える分は徴収しないでください。",
                en:
                    "This certificate has a cap that cannot be counted here. Please read the caps on "
                    + "its face, and collect nothing above them.")
        case .daysUnsaid:
            .init(
                ja: "入院日数（days）がないため、1日分の上限額で計算しました。"
                    + "日数を入れると、金額が上がることがあります。",
                en: "The days of the stay (days) are not given: the cap of one day was used, and "
                    + "the amount may go up once they are.")
        case .eraEnded:
            .init(
                ja: "元号の終わった後の日付です。次の元号の日として読みました。"
                    + "日付を確かめてください。",
                en: "A day is past the end of its era and was read as one of the next. Please "
                    + "check it.")
        }
    }
}
