/// 副反応疑いの報告の書き出しの様式: the columns of the nation's export in their order, from
/// `profiles/immunization/reaction-export.json`. A column that the gateway does not hold, or keeps back, is
/// there and empty, so that the form is whole; the layout says which it is.
package struct ReactionLayout: Sendable {
    /// What a column is filled from.
    enum Content: Hashable, Sendable {
        /// An item of the reporter's own form.
        case form(ReactionForm.Source)
        case own(Own)
        /// 持っていない: only the reporter knows it.
        case notHeld
        /// 出さない: held, and not for this export.
        case keptBack
    }

    enum Own: String, CaseIterable, Hashable, Sendable {
        case place, report, version, reportNumber, recordedAt, standing, patient
        case sex, ageAtDose, municipality, daysToOnset
    }

    struct Column: Hashable, Sendable {
        let code: String
        let name: BilingualText
        let content: Content

        /// ワクチン①〜④.
        var isOfEachDose: Bool {
            guard case .form(let source) = content else { return false }
            return source.isOfEachDose
        }
    }

    package let code: String
    package let version: String
    /// 様式の断り: whose layout it is, at the head of every file.
    package let head: BilingualText
    let columns: [Column]
    let source: RuleSource

    /// The names of the columns, those of each dose four times.
    var names: [String] {
        columns.flatMap { column in
            column.isOfEachDose
                ? ReactionForm.doses.map { column.name.ja + $0 } : [column.name.ja]
        }
    }
}

extension RuleFolder {
    func reactionLayout() throws(RuleFault) -> ReactionLayout {
        let file = try file("immunization/reaction-export.json")
        try file.requireOnly([
            "source", "verified", "note", "layout", "version", "head", "columns",
        ])
        let columns = try file.rows("columns", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name", "from"])
            return ReactionLayout.Column(
                code: try row.string("code"), name: try row.text("name"),
                content: try row.reactionContent())
        }
        // Without the place nobody could go on, and without the rest no report could be told from another.
        for own in [ReactionLayout.Own.place, .report, .version]
        where !columns.contains(where: { $0.content == .own(own) }) {
            throw file.fault("columns", "leave out \(own.rawValue)")
        }
        return ReactionLayout(
            code: try file.string("layout"), version: try file.string("version"),
            head: try file.text("head"), columns: columns, source: try file.source())
    }
}

extension RuleReader {
    fileprivate func reactionContent() throws(RuleFault) -> ReactionLayout.Content {
        let name = try string("from")
        switch name {
        case "not-held": return .notHeld
        case "kept-back": return .keptBack
        default: break
        }
        if let source = ReactionForm.Source(rawValue: name) { return .form(source) }
        guard let own = ReactionLayout.Own(rawValue: name) else {
            throw fault("from", "is nothing that is held: \(name)")
        }
        return .own(own)
    }
}
