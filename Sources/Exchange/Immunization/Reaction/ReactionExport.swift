/// 国への書き出し (予防接種法12条・14条の報告): one report of a suspected reaction, and what followed it, as the ministry
/// or PMDA on its behalf reads it. Without name, address and birth date, which whoever looks into it asks
/// the reporter for; never with an individual number.
package struct ReactionExport: Sendable {
    /// 被接種者: what the form asks of the person and the gateway tells.
    package struct Person: Hashable, Sendable {
        /// As this reader alone knows them.
        package let id: String
        package let sex: ResidentSex?
        package let birth: CalendarDay?
        /// 住所地; nothing of whom it must not be known (支援措置).
        package let municipality: String?

        package init(
            id: String, sex: ResidentSex?, birth: CalendarDay?, municipality: String?
        ) {
            self.id = id
            self.sex = sex
            self.birth = birth
            self.municipality = municipality
        }
    }

    /// 位置: where it stands among all reports.
    package let place: Int
    private let person: Person
    private let version: ReactionVersion
    private let form: ReactionForm

    /// `version` under the ids that the reader knows report and records by; `records` by the same.
    package init(
        place: Int, of person: Person, _ version: ReactionVersion, records: [String: Vaccination]
    ) {
        self.place = place
        self.person = person
        self.version = version
        form = ReactionForm(version, records: records)
    }

    /// 表: what the layout is stands before the names of the columns.
    package static func csv(
        _ reports: [ReactionExport], _ rules: ImmunizationRules, _ characters: Characters
    ) -> [UInt8] {
        let layout = rules.reactionLayout
        var table = TextTable(
            layout.names, characters,
            head: "\(layout.code) \(layout.version): \(layout.head.ja) \(layout.head.en)")
        for report in reports { table.add(report.row(rules)) }
        return table.bytes
    }

    package static func searchset(
        _ reports: [ReactionExport], _ rules: ImmunizationRules, page: SearchPage
    ) -> [UInt8] {
        let layout = rules.reactionLayout
        return renderSearchset(reports.map { $0.entry(rules) }, page: page) { meta in
            meta.array("tag") { tags in
                tags.object {
                    $0.member("system", FHIR.System.layout)
                    $0.member("version", layout.version)
                    $0.member("code", layout.code)
                    $0.member("display", layout.head.ja + " " + layout.head.en)
                }
            }
        }
    }

    package func entry(_ rules: ImmunizationRules) -> SearchEntry {
        SearchEntry(
            reference: "AdverseEvent/" + version.id,
            resource: version.render(
                of: ShownPatient(id: person.id), place: place, items: items(rules), rules))
    }

    private func row(_ rules: ImmunizationRules) -> [String] {
        rules.reactionLayout.columns.flatMap { column in
            let values = values(of: column, rules)
            let count = column.isOfEachDose ? ReactionForm.doses.count : 1
            return (0..<count).map { ($0 < values.count ? values[$0] : nil) ?? "" }
        }
    }

    /// 様式の項目: those that are filled.
    private func items(_ rules: ImmunizationRules) -> [ReactionItem] {
        rules.reactionLayout.columns.flatMap { column in
            values(of: column, rules).enumerated().compactMap { place, value in
                value.map {
                    ReactionItem(
                        code: column.code,
                        name: column.name.ja
                            + (column.isOfEachDose ? ReactionForm.doses[place] : ""), value: $0)
                }
            }
        }
    }

    private func values(
        of column: ReactionLayout.Column, _ rules: ImmunizationRules
    ) -> [String?] {
        switch column.content {
        case .form(let source): Array(form.values(of: source, rules).prefix(4))
        case .own(let own): [value(of: own)]
        case .notHeld, .keptBack: [nil]
        }
    }

    private func value(of own: ReactionLayout.Own) -> String? {
        switch own {
        case .place: String(place)
        case .report: version.id
        case .version: String(version.version)
        case .reportNumber: version.version < 3 ? "第\(version.version)報" : "第3報以後"
        case .recordedAt: version.recordedAt.text
        case .standing: version.standing.rawValue
        case .patient: person.id
        case .sex:
            switch person.sex {
            case .male: "男"
            case .female: "女"
            case .other, .unknown, nil: nil
            }
        case .ageAtDose: ageAtDose
        case .municipality: person.municipality
        case .daysToOnset: daysToOnset
        }
    }

    private var firstDose: CalendarDay? { version.reaction.doses.first?.given.day }

    /// 接種時年齢: 歳・月, as the form asks.
    private var ageAtDose: String? {
        guard let birth = person.birth, let day = firstDose else { return nil }
        let months = birth.monthsCompleted(on: day)
        return months < 0 ? nil : "\(months / 12)歳\(months % 12)月"
    }

    private var daysToOnset: String? {
        guard let given = firstDose, let begun = version.reaction.onset.day else { return nil }
        return String(begun.daysSince1970 - given.daysSince1970)
    }
}

/// 様式の一項目, as an extension of the report.
package struct ReactionItem: Hashable, Sendable {
    let code: String
    let name: String
    let value: String

    func write(to list: inout JSONWriter) {
        list.object { entry in
            entry.member("url", FHIR.Extension.reactionItem)
            entry.array("extension") {
                $0.extensionItem("code", "valueCode", code)
                $0.extensionItem("name", "valueString", name)
                $0.extensionItem("value", "valueString", value)
            }
        }
    }
}
