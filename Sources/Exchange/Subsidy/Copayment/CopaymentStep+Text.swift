/// 窓口で読み上げる言葉: one step in Japanese and English, made only when somebody asks for it.
extension CopaymentStep {
    package var text: BilingualText {
        switch kind {
        case .insuranceShare, .reducedShare, .highCost, .longTerm, .consideration, .limitRest:
            insuranceText
        case .schemeShare, .schemeCap, .takesOver, .monthRest, .publicPays: schemeText
        case .sum, .together, .annual, .yearRest: wholeText
        case .localShare, .localCap, .beyond, .counter, .paidOver, .notBorne, .paidBack: counterText
        case .meals, .mealsLeft, .withMeals: mealsText
        }
    }

    private var insuranceText: BilingualText {
        switch kind {
        case .insuranceShare:
            told(
                "医療費\(ja(base))の\(factor)％で\(ja(amount))です。",
                "\(factor)% of the cost of \(en(base)) is \(en(amount)).")
        case .reducedShare:
            told(
                "軽減特例により\(factor)％の\(ja(amount))です。",
                "By the special reduction \(factor)% is asked: \(en(amount)).")
        case .longTerm:
            told(
                "特定疾病の受療証があるため\(ja(amount))までです。",
                "With the certificate for specific diseases it is at most \(en(amount)).")
        case .consideration:
            told(
                "配慮措置により\(ja(amount))までです。",
                "By the consideration measure it is at most \(en(amount)).")
        case .limitRest:
            told(
                "この医療機関の今月の医療費\(ja(factor))で高額療養費の限度額は\(ja(base))、残りは\(ja(amount))です。",
                "For this month's cost of \(en(factor)) at this institution the high-cost limit is "
                    + "\(en(base)), of which \(en(amount)) is left.")
        default:
            told(
                "高額療養費の限度額は\(ja(amount))です（医療費\(ja(factor))）。",
                "The high-cost limit for a cost of \(en(factor)) is \(en(amount)).")
        }
    }

    private var schemeText: BilingualText {
        switch kind {
        case .schemeShare:
            told(
                "公費の患者負担は医療費\(ja(base))の\(factor)％で\(ja(amount))です。",
                "The scheme asks \(factor)% of \(en(base)): \(en(amount)).")
        case .schemeCap:
            told("公費の自己負担上限額は\(ja(amount))です。", "The scheme's monthly cap leaves \(en(amount)).")
        case .takesOver:
            told(
                "第\(factor + 1)公費の患者負担\(ja(amount))を引き受けます。",
                "It takes over \(en(amount)) left by public expense \(factor + 1).")
        case .monthRest:
            told(
                "今月の上限額\(ja(base))まで、ほかの医療機関の分と合わせてあと\(ja(amount))です。",
                "Of this month's cap of \(en(base)), \(en(amount)) is left, all institutions together."
            )
        default:
            told(
                "公費が\(ja(base))のうち\(ja(amount))を支払います。",
                "The scheme pays \(en(amount)) of \(en(base)).")
        }
    }

    private var wholeText: BilingualText {
        switch kind {
        case .together:
            told(
                "合算すると高額療養費により\(ja(base))から\(ja(amount))になります（医療費\(ja(factor))）。",
                "Added up, the limit for \(en(factor)) brings \(en(base)) to \(en(amount)).")
        case .annual:
            told("年間上限により\(ja(amount))までです。", "The yearly cap leaves \(en(amount)).")
        case .yearRest:
            told(
                "高額療養費の年間上限\(ja(base))まで、ほかの医療機関の分と合わせてあと\(ja(amount))です。",
                "Of the yearly limit of \(en(base)), \(en(amount)) is left, all institutions together."
            )
        default: told("患者さんの負担は合計\(ja(amount))です。", "The patient bears \(en(amount)) in all.")
        }
    }

    private var counterText: BilingualText {
        switch kind {
        case .localShare:
            told(
                "市区町村の助成により\(ja(base))のうち\(ja(amount))を負担していただきます。",
                "Of \(en(base)) the local scheme leaves \(en(amount)).")
        case .localCap:
            told("助成制度の上限により\(ja(amount))までです。", "The local scheme's cap leaves \(en(amount)).")
        case .beyond:
            told(
                "限度額を超える\(ja(amount))は、いったんお支払いいただき、保険者から払い戻されます。",
                "\(en(amount)) above the limit is paid now and refunded by the insurer.")
        case .paidOver:
            told(
                "上限を超えて支払われた\(ja(amount))は、この受給者証の発行元に払い戻しを申請できます。",
                "\(en(amount)) was paid above the cap: the body that issued this certificate pays it back."
            )
        case .notBorne:
            told(
                "ほかの公費の患者負担\(ja(amount))は、この助成の対象ではありません。",
                "\(en(amount)) left by other public expenses is not borne by the local scheme.")
        case .paidBack:
            told(
                "このうち\(ja(amount))は、市区町村に申請すると払い戻されます。",
                "Of this, the municipality pays back \(en(amount)) when it is asked to.")
        default:
            told("窓口では10円単位で\(ja(amount))をいただきます。", "At the counter, to 10 yen: \(en(amount)).")
        }
    }

    private var mealsText: BilingualText {
        switch kind {
        case .mealsLeft:
            told(
                "食事代\(ja(base))のうち\(ja(amount))を負担していただきます。",
                "Of \(en(base)) for meals the schemes leave \(en(amount)).")
        case .withMeals:
            told(
                "食事代と合わせて\(ja(amount))をいただきます。", "With the meals: \(en(amount)).")
        default:
            told(
                "食事は1食\(ja(base))の\(factor)食分で\(ja(amount))です。",
                "\(factor) meals at \(en(base)) are \(en(amount)).")
        }
    }

    private func told(_ ja: String, _ en: String) -> BilingualText {
        guard let part else { return BilingualText(ja: ja, en: en) }
        return BilingualText(
            ja: "第\(part + 1)公費分: " + ja, en: "Public expense \(part + 1): " + en)
    }

    private func ja(_ yen: Int) -> String { Yen.grouped(yen) + "円" }
    private func en(_ yen: Int) -> String { Yen.grouped(yen) + " yen" }
}

/// `80,430`
enum Yen {
    static func grouped(_ yen: Int) -> String {
        let digits = Array(String(yen))
        var text = ""
        for (index, digit) in digits.enumerated() {
            let isThousand = (digits.count - index) % 3 == 0
            if isThousand, index > 0, digits[index - 1] != "-" { text += "," }
            text.append(digit)
        }
        return text
    }
}
