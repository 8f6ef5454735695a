/// 判定の言葉: code, source and sentences of a finding, made only when somebody reads them.
extension ImmunizationRules {
    package enum Reader: Sendable { case nurse, parent }

    /// `too-early`, or the code of the row that was broken (`interval-live-injectable`).
    package func code(of finding: NeedleFinding) -> String {
        switch (finding.rule, finding.row) {
        case (.intervalBetweenVaccines, let row?): spacings[row].code
        case (.answer, let row?): contraindications[row].code
        default: finding.rule.rawValue
        }
    }

    /// The law or notice of the row, of the schedule's version, or else of the rule.
    package func source(of finding: NeedleFinding) -> RuleSource {
        if let row = finding.row {
            switch finding.rule {
            case .intervalBetweenVaccines: return spacings[row].source
            case .answer: return contraindications[row].source
            case .longIllness, .tooLate: return longIllness[row].source
            default: break
            }
        }
        guard let place = finding.place else { return words(finding.rule).source }
        let version = programmes[place.programme].versions[place.version]
        if finding.rule == .product, let row = finding.row { return version.mixing[row].source }
        return version.source
    }

    package func text(of finding: NeedleFinding, for reader: Reader) -> BilingualText {
        let words = words(finding.endsFirst ? .windowEndsFirst : finding.rule)
        let text = reader == .nurse ? words.nurse : words.parent
        return BilingualText(
            ja: fill(text.ja, with: values(finding, \.ja)),
            en: fill(text.en, with: values(finding, \.en)))
    }

    private func values(
        _ finding: NeedleFinding, _ language: KeyPath<BilingualText, String>
    ) -> [String: String] {
        var values: [String: String] = [:]
        values["earliest"] = finding.earliest.map { CalendarDay(daysSince1970: $0).text }
        values["latest"] = finding.latestDay?.text
        values["interval"] = finding.interval?.text[keyPath: language]
        values["otherDay"] = finding.otherDay.map { CalendarDay(daysSince1970: $0).text }
        values["other"] = finding.otherVaccine.map { vaccine($0).name[keyPath: language] }
        // 前の接種 was of another vaccine.
        if finding.endsFirst, let other = values["other"], let day = values["otherDay"] {
            values["otherDay"] = "\(other) \(day)"
        }
        if finding.rule == .answer, let row = finding.row {
            values["question"] = contraindications[row].question[keyPath: language]
        }
        if finding.rule == .concern, let row = finding.row {
            let concern = concerns[row]
            values["question"] = concern.question[keyPath: language]
            values["answer"] = (concern.answer ? Self.yes : Self.no)[keyPath: language]
            values["advice"] = concern.advice.map { " " + $0[keyPath: language] } ?? ""
        }
        guard let place = finding.place else { return values }
        let programme = programmes[place.programme]
        let version = programme.versions[place.version]
        values["programme"] = programme.name[keyPath: language]
        values["condition"] = version.eligibility.condition?[keyPath: language]
        values["dose"] = place.dose.map {
            version.courses[place.course].doses[$0].name[keyPath: language]
        }
        return values
    }

    private static let yes = BilingualText(ja: "はい", en: "yes")
    private static let no = BilingualText(ja: "いいえ", en: "no")

    /// A name in braces without a value shows as a dash.
    private func fill(_ text: String, with values: [String: String]) -> String {
        var filled = ""
        var rest = Substring(text)
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            filled += values[String(rest[rest.index(after: open)..<close])] ?? "—"
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }
}
