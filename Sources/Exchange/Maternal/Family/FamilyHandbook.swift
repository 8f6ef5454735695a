/// 家庭の母子健康手帳: what a family sees of its own checkups, all of the open compartment.
package struct FamilyHandbook: Sendable {
    package let name: String?
    package let birth: CalendarDay?
    package let sex: ResidentSex?
    package let plans: [CheckupPlan]
    /// The newest version of each that stands, by the day of the checkup.
    package let reports: [CheckupReport]

    package init(
        name: String?, birth: CalendarDay?, sex: ResidentSex?, plans: [CheckupPlan],
        reports: [CheckupReport]
    ) {
        self.name = name
        self.birth = birth
        self.sex = sex
        self.plans = plans
        self.reports = reports
    }

    /// 印刷: one page that is whole by itself: what is due, what was found, and how the child grows.
    package func page(on today: CalendarDay, _ rules: MaternalRules) -> [UInt8] {
        var html = """
            <!doctype html><html lang="ja"><head><meta charset="utf-8">\
            <title>健診の記録 Checkups</title><style>body{font-family:sans-serif;margin:2em}\
            table{border-collapse:collapse}td,th{border:1px solid;padding:.3em .6em;text-align:left}\
            svg{width:16cm;font-size:12px}figure{margin:1em 0;break-inside:avoid}\
            .curve{fill:none;stroke:#888}.age{stroke:#ddd}</style></head>\
            <body><h1>健診の記録 <span lang="en">Checkups</span></h1>\
            <p>\(String(markup: name ?? ""))　\(birth?.text ?? "")　(\(today.text))</p>
            """
        for plan in plans { html += plan.section }
        html += "<h2>結果 Results</h2>" + results(rules) + charts(on: today, rules) + "</body></html>"
        return Array(html.utf8)
    }

    private func results(_ rules: MaternalRules) -> String {
        guard !reports.isEmpty else { return "<p>まだありません。 None yet.</p>" }
        return "<table><tr><th>健診日 Date</th><th>健診 Checkup</th><th>所見 Findings</th></tr>"
            + reports.map { row($0, rules) }.joined() + "</table>"
    }

    private func row(_ report: CheckupReport, _ rules: MaternalRules) -> String {
        let name = rules.name(of: report.result)
        let findings = report.result.entries.map { entry in
            let item = rules.items[entry.item]
            let words = item?.name.both ?? entry.item
            return String(markup: "\(words) \(rules.words(entry.value, of: item))")
        }
        let cells = [
            report.result.day.text, String(markup: name?.both ?? report.result.checkup),
            findings.joined(separator: "<br>"),
        ]
        return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }

    /// Nothing where the survey cannot be asked: sex or birth unknown, or somebody grown.
    private func charts(on today: CalendarDay, _ rules: MaternalRules) -> String {
        guard let birth, let sex = sex.flatMap({ GrowthTable.Sex(rawValue: $0.rawValue) }),
            let table = rules.growthTable(on: today)
        else { return "" }
        let drawn = table.measures.compactMap { measure -> String? in
            guard let item = rules.items[measure.item] else { return nil }
            let points = reports.compactMap { report -> GrowthChart.Point? in
                let entry = report.result.entries.first { $0.item == measure.item }
                guard case .quantity(let digits, _)? = entry?.value,
                    let amount = MeasuredAmount(digits)
                else { return nil }
                let age = report.result.day.daysSince1970 - birth.daysSince1970
                return age < 0 ? nil : GrowthChart.Point(ageDays: age, amount: amount)
            }
            return GrowthChart(of: item, points, on: table, sex)?.svg
        }
        guard !drawn.isEmpty else { return "" }
        let head = table.percentiles.map(String.init).joined(separator: ", ")
        return "<h2>発育曲線 Growth</h2><p>月齢と、\(head)パーセンタイル Months, and percentiles. "
            + "\(String(markup: table.source.text))</p>" + drawn.joined()
    }
}

extension CheckupPlan {
    fileprivate var section: String {
        var html = "<h2>\(String(markup: title.ja)) <span lang=\"en\">\(title.en)</span></h2>"
        let numbers = handbooks.joined(separator: "、")
        if !numbers.isEmpty { html += "<p>母子健康手帳番号 Handbook \(String(markup: numbers))</p>" }
        if let words { html += "<p>\(words.ja) \(words.en)</p>" }
        html += "<table><tr><th>健診 Checkup</th><th>期間 Days</th><th>状態 State</th></tr>"
        for checkup in checkups {
            let cells = [
                "\(checkup.name.ja) \(checkup.name.en)",
                "\(checkup.days.first.text) – \(checkup.days.last.text)", checkup.state.words,
            ]
            html += "<tr>" + cells.map { "<td>\(String(markup: $0))</td>" }.joined() + "</tr>"
        }
        return html + "</table>"
    }
}

extension CheckupPlan.State {
    fileprivate var words: String {
        switch self {
        case .done: "済 Done"
        case .due: "受けられます Due"
        case .upcoming: "これから To come"
        case .missed: "期間を過ぎました Over"
        }
    }
}

extension MaternalRules {
    /// A finding in both languages; what somebody wrote, as they wrote it.
    fileprivate func words(_ value: CheckupResult.Value, of item: CheckupItem?) -> String {
        switch value {
        case .quantity(let digits, let unit): "\(digits) \(unit)"
        case .choice(let code): item?.choiceName(code)?.both ?? code
        case .day(let day): day
        case .text(let text): text
        case .notExamined(let reason): "（\(items.notExaminedReasons[reason]?.both ?? reason)）"
        }
    }
}

extension BilingualText {
    fileprivate var both: String { "\(ja) \(en)" }
}

extension CheckupItem {
    /// 選択肢の言葉.
    func choiceName(_ code: String) -> BilingualText? {
        guard case .choice(let choices) = kind else { return nil }
        return choices.first { $0.code == code }?.name
    }
}
