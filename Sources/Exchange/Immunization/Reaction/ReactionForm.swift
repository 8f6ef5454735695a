/// 副反応疑い報告書 (予防接種法12条, 施行規則5条の報告): the items of the report to PMDA, as far as the gateway holds them,
/// for the reporter's own system or hand to complete and send. What is not held is there and empty.
package struct ReactionForm: Hashable, Sendable {
    /// What an item is filled from; the order and the names are those of `reactions.json`.
    enum Source: String, CaseIterable, Hashable, Sendable {
        case stage, basis, reporter, institution, symptom, words, onset, seriousness, outcome
        case vaccine, lotNumber, manufacturer, doseNumber, given
        /// Of these nothing is held: whether who reports gave the dose, and what only the doctor knows.
        case reporterKind, temperature, birthWeight, familyHistory, causality

        /// ワクチン①〜④.
        var isOfEachDose: Bool {
            switch self {
            case .basis, .vaccine, .lotNumber, .manufacturer, .doseNumber, .given: true
            default: false
            }
        }
    }

    package struct Item: Hashable, Sendable {
        let source: Source
        let name: BilingualText
    }

    /// 報告書の様式: four vaccines at once.
    static let doses = ["①", "②", "③", "④"]

    private let version: ReactionVersion
    /// The reporter's own records, by their ids.
    private let records: [String: Vaccination]

    package init(_ version: ReactionVersion, records: [String: Vaccination]) {
        self.version = version
        self.records = records
    }

    package func json(_ rules: ImmunizationRules) -> [UInt8] {
        var writer = JSONWriter(reservingBytes: 4096)
        writer.object { form in
            form.member("report", version.id)
            form.member("version", version.version)
            form.member("standing", version.standing.rawValue)
            form.array("items") { items in
                for item in rules.reactions.form {
                    items.object {
                        $0.member("code", item.source.rawValue)
                        $0.member("name", item.name.ja)
                        $0.array("values") { values in
                            for value in self.values(of: item.source, rules) {
                                value.map { values.string($0) } ?? values.null()
                            }
                        }
                    }
                }
            }
        }
        return writer.bytes
    }

    /// One row.
    package func csv(_ rules: ImmunizationRules, _ characters: Characters) -> [UInt8] {
        var columns: [String] = []
        var row: [String] = []
        for item in rules.reactions.form {
            let names = item.source.isOfEachDose ? Self.doses : [""]
            let values = values(of: item.source, rules)
            for (place, dose) in names.enumerated() {
                columns.append(item.name.ja + dose)
                row.append((place < values.count ? values[place] : nil) ?? "")
            }
        }
        var table = TextTable(columns, characters)
        table.add(row)
        return table.bytes
    }

    func values(of source: Source, _ rules: ImmunizationRules) -> [String?] {
        let reaction = version.reaction
        switch source {
        case .stage: return [reaction.stage.name]
        case .reporter: return [reaction.reporter]
        case .institution: return [version.institution.code]
        case .symptom: return [rules.reactions.symptom(reaction.symptom)?.name.ja]
        case .words: return [reaction.words]
        case .onset: return [reaction.onset.text]
        case .seriousness: return [reaction.isSerious.map { $0 ? "重い" : "重くない" }]
        case .outcome: return [reaction.outcome?.name]
        case .basis, .vaccine, .lotNumber, .manufacturer, .doseNumber, .given:
            return reaction.suspects.map { value(of: source, $0, rules) }
        case .reporterKind, .temperature, .birthWeight, .familyHistory, .causality: return [nil]
        }
    }

    private func value(
        of source: Source, _ suspect: VaccineReaction.Suspect, _ rules: ImmunizationRules
    ) -> String? {
        let record = suspect.recordID.flatMap { records[$0] }
        switch source {
        case .basis: return record?.basis.map { $0 == .routine ? "定期" : "任意" }
        case .vaccine:
            let named = suspect.dose.flatMap { rules.vaccine(named: $0.vaccine) }
            return named.map { rules.vaccine($0.vaccine).name.ja } ?? suspect.dose?.vaccine.text
        case .lotNumber: return suspect.dose?.lotNumber
        case .manufacturer: return record?.vial.manufacturer
        case .doseNumber: return record?.doseNumber.map(String.init)
        case .given: return suspect.dose?.given.text
        default: return nil
        }
    }
}

extension VaccineReaction.Stage {
    fileprivate var name: String {
        switch self {
        case .initial: "第一報"
        case .followUp: "追加報"
        case .withdrawn: "取下げ"
        }
    }
}

extension VaccineReaction.Outcome {
    fileprivate var name: String {
        switch self {
        case .resolved: "回復"
        case .recovering: "軽快"
        case .ongoing: "未回復"
        case .resolvedWithSequelae: "後遺症"
        case .fatal: "死亡"
        case .unknown: "不明"
        }
    }
}

extension RuleReader {
    /// 報告書の項目: every source once, in the order of the form.
    func reactionForm() throws(RuleFault) -> [ReactionForm.Item] {
        let items = try rows("form", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name"])
            guard let source = ReactionForm.Source(rawValue: try row.string("code")) else {
                throw row.fault("code", "is no item that can be filled")
            }
            return ReactionForm.Item(source: source, name: try row.text("name"))
        }
        guard items.count == ReactionForm.Source.allCases.count else {
            throw fault("form", "does not have every item")
        }
        return items
    }
}
