/// 健診項目: one thing a checkup examines: how it is written, in which unit and range, whether it
/// belongs to the national record, and whether it is sensitive.
package struct CheckupItem: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case quantity(Quantity)
        case choice([Choice])
        case day
        case text(lengthMax: Int)
    }

    package struct Quantity: Hashable, Sendable {
        /// UCUM.
        package let unit: String
        package let range: MeasuredRange
    }

    package struct Choice: Hashable, Sendable {
        package let code: String
        package let name: BilingualText
        /// What this answer asks of the municipality.
        package let followUp: String?
    }

    /// 電子化の区分.
    package enum DataSet: String, CaseIterable, Sendable {
        /// 最低限電子化すべき情報.
        case minimum
        /// 標準的な電子的記録様式.
        case standard
        case local
    }

    /// A code of JP Core's tables.
    package struct JPCoreCode: Hashable, Sendable {
        package let set: String
        package let code: String
    }

    package let code: String
    package let name: BilingualText
    package let kind: Kind
    package let dataSet: DataSet
    /// 特に慎重に扱う項目: read only under the sensitive consent kind, never by guardian or partner.
    package let isSensitive: Bool
    package let jpCore: JPCoreCode?
}

/// The items by code, with what stands for a value that was not taken.
package struct CheckupItems: Hashable, Sendable {
    package let byCode: [String: CheckupItem]
    /// 未実施の理由.
    package let notExaminedReasons: [String: BilingualText]
    package let sensitiveConsentKind: ConsentKind
    package let source: RuleSource

    package subscript(code: String) -> CheckupItem? { byCode[code] }

    package func isSensitive(_ code: String) -> Bool { byCode[code]?.isSensitive ?? true }
}

extension RuleFolder {
    /// `isKept`: an older release loaded them, and took for open what tells of a sensitive follow-up.
    func checkupItems(
        followUps: [String: FollowUpRule], isKept: Bool
    ) throws(RuleFault) -> CheckupItems {
        let file = try file("maternal/items.json")
        try file.requireOnly([
            "source", "verified", "note", "sensitiveConsentKind", "notExaminedReasons", "items",
        ])
        var reasons: [String: BilingualText] = [:]
        _ = try file.rows("notExaminedReasons", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name"])
            reasons[try row.string("code")] = try row.text("name")
        }
        var items: [String: CheckupItem] = [:]
        _ = try file.rows("items", uniqueBy: "code") { row throws(RuleFault) in
            let item = try CheckupItem(reading: row, followUps: followUps, isKept: isKept)
            items[item.code] = item
        }
        let kind = try file.consentKind("sensitiveConsentKind")
        let isKnown = try consentKinds().contains {
            $0.kind == kind && $0.field == "maternal" && $0.isSensitive
        }
        guard isKnown else {
            throw file.fault(
                "sensitiveConsentKind", "is no sensitive consent kind of the field maternal")
        }
        return CheckupItems(
            byCode: items, notExaminedReasons: reasons, sensitiveConsentKind: kind,
            source: try file.source())
    }
}

extension CheckupItem.Kind {
    fileprivate var followUps: [String] {
        guard case .choice(let choices) = self else { return [] }
        return choices.compactMap(\.followUp)
    }
}

extension CheckupItem {
    fileprivate init(
        reading row: RuleReader, followUps: [String: FollowUpRule], isKept: Bool
    ) throws(RuleFault) {
        let common: Set = ["code", "name", "kind", "dataSet", "sensitive", "jpCore"]
        code = try row.string("code")
        name = try row.text("name")
        switch try row.string("kind") {
        case "quantity":
            try row.requireOnly(common.union(["unit", "min", "max", "decimals"]))
            kind = .quantity(try row.quantity())
        case "choice":
            try row.requireOnly(common.union(["choices"]))
            kind = .choice(try row.choices(followUps: followUps))
        case "day":
            try row.requireOnly(common)
            kind = .day
        case "text":
            try row.requireOnly(common.union(["lengthMax"]))
            kind = .text(lengthMax: try row.int("lengthMax", in: 1...4000))
        default: throw row.fault("kind", "is none of quantity, choice, day, text")
        }
        dataSet = try row.choice("dataSet")
        // Whoever reads the answer reads what it asks for.
        let tells = kind.followUps.contains { followUps.isSensitive($0) }
        let isMarked = try row.bool("sensitive")
        guard isMarked || !tells || isKept else {
            throw row.fault("sensitive", "is false for an item that asks for a sensitive follow-up")
        }
        isSensitive = isMarked || tells
        // What is handed over to the next municipality without asking must not be sensitive.
        guard !(isSensitive && dataSet == .minimum) else {
            throw row.fault("sensitive", "is true for an item of the minimum data set")
        }
        jpCore = try row.optional("jpCore", row.jpCoreCode)
    }
}

extension RuleReader {
    fileprivate func quantity() throws(RuleFault) -> CheckupItem.Quantity {
        CheckupItem.Quantity(unit: try string("unit"), range: try measuredRange())
    }

    fileprivate func choices(
        followUps: [String: FollowUpRule]
    ) throws(RuleFault) -> [CheckupItem.Choice] {
        let choices = try rows("choices", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name", "followUp"])
            return CheckupItem.Choice(
                code: try row.string("code"), name: try row.text("name"),
                followUp: try row.followUp(of: followUps))
        }
        guard choices.count > 1 else { throw fault("choices", "are fewer than two") }
        return choices
    }

    private func jpCoreCodeSet(_ row: RuleReader) throws(RuleFault) -> String {
        let set = try row.string("set")
        guard ["body-measurement", "nursing-observation"].contains(set) else {
            throw row.fault("set", "is neither body-measurement nor nursing-observation")
        }
        return set
    }

    fileprivate func jpCoreCode(_ name: String) throws(RuleFault) -> CheckupItem.JPCoreCode {
        let row = try child(name)
        try row.requireOnly(["set", "code"])
        return CheckupItem.JPCoreCode(set: try jpCoreCodeSet(row), code: try row.string("code"))
    }
}
