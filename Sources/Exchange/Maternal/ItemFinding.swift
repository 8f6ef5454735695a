/// What is wrong, or worth a look, with one item of a checkup result: a closed code, and in both
/// languages what to do. It never holds the value.
package struct ItemFinding: Hashable, Sendable {
    package enum Severity: String, Sendable { case error, warning }

    /// 点検の結果コード. The raw value is stored and stays.
    package enum Code: String, CaseIterable, Hashable, Sendable {
        case unknownCheckup = "unknown-checkup"
        case unknownItem = "unknown-item"
        case duplicateItem = "duplicate-item"
        case required
        case wrongKind = "wrong-kind"
        case wrongUnit = "wrong-unit"
        case notANumber = "not-a-number"
        case tooPrecise = "too-precise"
        case belowRange = "below-range"
        case aboveRange = "above-range"
        case unknownChoice = "unknown-choice"
        case notADay = "not-a-day"
        case tooLong = "too-long"
        case unknownReason = "unknown-reason"
        case beforeBirth = "before-birth"
        case beforePregnancy = "before-pregnancy"
        case sensitiveItem = "sensitive-item"
        case openItem = "open-item"

        case outsideWindow = "outside-window"
        case notOfCheckup = "not-of-checkup"
        case originUnknown = "origin-unknown"
        case followUpUnsent = "follow-up-unsent"

        package var severity: Severity {
            switch self {
            case .outsideWindow, .notOfCheckup, .originUnknown, .followUpUnsent: .warning
            default: .error
            }
        }
    }

    /// Code of the item, or of the checkup where the day or the whole is meant.
    package let item: String
    package let code: Code
    private let name: BilingualText
    /// What may be written, in words of the rule: `0.2～60 kg`.
    private let rule: BilingualText

    package init(item: String, code: Code, named: CheckupItem? = nil) {
        // A code nobody knows might be a value in the wrong place: it shows as `*`, as a JSON name does.
        let shown = JSONPath.member(item, of: "")
        self.item = shown
        self.code = code
        name = named?.name ?? BilingualText(ja: shown, en: shown)
        rule = named?.ruleText ?? BilingualText(ja: "", en: "")
    }

    package var severity: Severity { code.severity }

    package var ja: String {
        let what = name.ja
        switch code {
        case .unknownCheckup: return "健診の種類「\(what)」は、この日に有効な決まりにありません。種類と健診日を確かめてください。"
        case .unknownItem: return "項目「\(what)」は決まりにありません。項目のコードを確かめて、送り直してください。"
        case .duplicateItem: return "\(what)が2回あります。正しいほうだけを残して、送り直してください。"
        case .required: return "\(what)がありません。測定値か、未実施の理由を入れて、送り直してください。"
        case .wrongKind: return "\(what)の書き方が違います。\(rule.ja)で書いて、送り直してください。"
        case .wrongUnit: return "\(what)の単位が違います。\(rule.ja)で書いて、送り直してください。"
        case .notANumber: return "\(what)が数ではありません。\(rule.ja)で書いて、送り直してください。"
        case .tooPrecise: return "\(what)の小数の桁が多すぎます。\(rule.ja)で書いて、送り直してください。"
        case .belowRange: return "\(what)が小さすぎます。単位と桁を確かめ、\(rule.ja)で書いて、送り直してください。"
        case .aboveRange: return "\(what)が大きすぎます。単位と桁を確かめ、\(rule.ja)で書いて、送り直してください。"
        case .unknownChoice: return "\(what)のコードが選択肢にありません。\(rule.ja)から選んで、送り直してください。"
        case .notADay: return "\(what)は実在する年月日ではありません。年-月-日で書いて、送り直してください。"
        case .tooLong: return "\(what)が長すぎます。\(rule.ja)にして、送り直してください。"
        case .unknownReason: return "\(what)の未実施の理由が決まりにありません。理由のコードを選んで、送り直してください。"
        case .beforeBirth: return "健診日が出生日・分娩日より前です。健診日と、どなたの結果かを確かめてください。"
        case .beforePregnancy: return "健診日が妊娠0週0日より前です。健診日と分娩予定日を確かめてください。"
        case .outsideWindow: return "健診日が対象の期間の外です。結果は受け付けました。健診日に誤りがないか確かめてください。"
        case .sensitiveItem:
            return "\(what)は、特に慎重に扱う項目です。この結果から外して送り直してください。医療機関は、同意を得て "
                + "/fhir/sensitive/DiagnosticReport に送れます。"
        case .openItem:
            return "\(what)は、特に慎重に扱う項目ではありません。/fhir/DiagnosticReportに送ってください。"
        case .notOfCheckup: return "\(what)はこの健診の項目ではありません。値は受け付けました。健診の種類を確かめてください。"
        case .originUnknown:
            return "出生日・分娩日・分娩予定日が届いていません。結果は受け付けました。対象の期間かどうかを確かめてください。"
        case .followUpUnsent:
            return "住所地が分からず、市区町村に事後措置を知らせていません。急ぐときは、市区町村に電話で伝えてください。"
        }
    }

    package var en: String {
        let what = name.en
        let again = "and send the result again."
        switch code {
        case .unknownCheckup:
            return "No rule in force on that day knows the checkup \(what). Check its code and day."
        case .unknownItem: return "No rule knows the item \(what). Check its code \(again)"
        case .duplicateItem: return "\(what) is given twice. Keep the right one \(again)"
        case .required:
            return "\(what) is missing. Give its value, or why it was not examined, \(again)"
        case .wrongKind: return "\(what) is written in the wrong way. Write \(rule.en) \(again)"
        case .wrongUnit: return "\(what) has another unit. Write \(rule.en) \(again)"
        case .notANumber: return "\(what) is no number. Write \(rule.en) \(again)"
        case .tooPrecise: return "\(what) has too many decimals. Write \(rule.en) \(again)"
        case .belowRange:
            return "\(what) is too small. Check unit and digits, write \(rule.en) \(again)"
        case .aboveRange:
            return "\(what) is too large. Check unit and digits, write \(rule.en) \(again)"
        case .unknownChoice: return "\(what) has an unknown code. Choose \(rule.en) \(again)"
        case .notADay: return "\(what) is no day that exists. Write it as year-month-day \(again)"
        case .tooLong: return "\(what) is too long. Keep to \(rule.en) \(again)"
        case .unknownReason:
            return "\(what) was not examined for an unknown reason. Choose a known code \(again)"
        case .beforeBirth:
            return "The checkup lies before the birth. Check its day, and whose result it is."
        case .beforePregnancy:
            return "The checkup lies before 0 weeks 0 days. Check its day and the expected date."
        case .outsideWindow:
            return "The checkup lies outside its window. The result was taken; check its day."
        case .sensitiveItem:
            return
                "\(what) is sensitive. Leave it out \(again) An institution may send it, with the "
                + "person's consent, to /fhir/sensitive/DiagnosticReport."
        case .openItem:
            return "\(what) is not sensitive. Send it to /fhir/DiagnosticReport."
        case .notOfCheckup:
            return "\(what) is no item of this checkup. It was taken; check the kind of checkup."
        case .originUnknown:
            return "Nobody told the day of birth or delivery, or the expected date. The result was "
                + "taken; check that it lies in its window."
        case .followUpUnsent:
            return "The municipality of residence is not known, so no follow-up was sent. If it is "
                + "urgent, telephone the municipality."
        }
    }
}

extension CheckupItem {
    fileprivate var ruleText: BilingualText {
        switch kind {
        case .quantity(let rule):
            let (range, unit) = (rule.range, rule.unit)
            return BilingualText(
                ja: "\(range.min.text)～\(range.max.text) \(unit)（小数\(range.decimals)桁まで）",
                en: "\(range.min.text) to \(range.max.text) \(unit) with at most "
                    + "\(range.decimals) decimals")
        case .choice(let choices):
            let codes = choices.map(\.code)
            return BilingualText(
                ja: codes.joined(separator: "・"),
                en: "one of " + codes.joined(separator: ", "))
        case .day: return BilingualText(ja: "年-月-日", en: "year-month-day")
        case .text(let length):
            return BilingualText(ja: "\(length)文字以内", en: "\(length) characters")
        }
    }
}
