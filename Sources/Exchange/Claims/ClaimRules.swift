/// 請求照合の決まり: everything a month is reconciled by beside facts, from `profiles/claims/` and the order of
/// law numbers; read whole or refused whole.
package struct ClaimRules: Sendable {
    package let layouts: UkeLayouts
    package let codes: ClaimCodeLists
    package let reasons: ClaimReasonTexts
    package let conditions: SchemeConditions
    let eraOverruns: EraOverruns
    /// 窓口での端数処理: what a ledger of caps holds is rounded so.
    let counter: Rounding
    /// Place of a law number in the national order; smaller first.
    private let rankOfLaw: [UInt8]

    /// `files` is keyed by the path inside `profiles/`.
    package init(reading files: [String: [UInt8]]) throws(RuleFault) {
        let folder = RuleFolder(files: files)
        layouts = try UkeLayouts(reading: folder.file("claims/uke-layouts.json"))
        codes = try ClaimCodeLists(reading: folder.file("claims/uke-codes.json"))
        reasons = try ClaimReasonTexts(reading: folder.file("claims/reasons.json"))
        conditions = try SchemeConditions(reading: folder.file("claims/scheme-conditions.json"))
        eraOverruns = try EraOverruns(reading: folder.file(EraOverruns.path))
        var citations = CitationList()
        counter = try folder.file(CopaymentRules.path).roundings(&citations).counter
        let laws = try folder.file("subsidy/law-numbers.json")
        var ranks = [UInt8](repeating: UInt8.max, count: 100)
        for (rank, row) in try laws.children("order").enumerated() {
            guard let law = Digits.lawNumber(try row.string("code")), rank < 100 else {
                throw row.fault("code", "is not two digits")
            }
            ranks[law] = UInt8(rank)
        }
        rankOfLaw = ranks
    }

    /// 優先順位 of a law number; a local scheme comes after every national one.
    func rank(ofLaw law: Int) -> UInt8 { rankOfLaw[law] }

    /// A law number of the national order; every other one is a local scheme's.
    func isNational(law: Int) -> Bool { rank(ofLaw: law) != UInt8.max }

    package func isNational(payer: UInt32) -> Bool {
        isNational(law: CertificateNumber(payer: payer, recipient: .none).law)
    }
}

/// 別表: the code lists of receipt files.
package struct ClaimCodeLists: Sendable {
    package struct List: Sendable {
        package let id: String
        package let name: BilingualText
        /// In the order of the file.
        package let codes: [(code: String, name: String)]
    }

    /// The lists the reader itself asks.
    enum Asked: String, CaseIterable {
        case type = "receipt-type"
        case specialNote = "special-note"
    }

    package let lists: [List]
    package let source: RuleSource
    private let known: [Asked: Set<String>]

    init(reading file: RuleReader) throws(RuleFault) {
        source = try file.source()
        try file.requireOnly(["source", "verified", "note", "lists"])
        var lists: [List] = []
        for row in try file.children("lists") {
            try row.requireOnly(["id", "name", "codes"])
            let id = try row.string("id")
            guard !lists.contains(where: { $0.id == id }) else {
                throw row.fault("id", "is given twice")
            }
            var codes: [(code: String, name: String)] = []
            var seen: Set<String> = []
            for entry in try row.children("codes") {
                try entry.requireOnly(["code", "name"])
                let code = try entry.string("code")
                guard seen.insert(code).inserted else {
                    throw entry.fault("code", "is given twice")
                }
                codes.append((code, try entry.string("name")))
            }
            lists.append(List(id: id, name: try row.text("name"), codes: codes))
        }
        self.lists = lists
        var known: [Asked: Set<String>] = [:]
        for asked in Asked.allCases {
            guard let list = lists.first(where: { $0.id == asked.rawValue }) else {
                throw file.fault("lists", "leaves out \(asked.rawValue)")
            }
            known[asked] = Set(list.codes.map(\.code))
        }
        self.known = known
    }

    package func name(of code: String, in list: String) -> String? {
        lists.first { $0.id == list }?.codes.first { $0.code == code }?.name
    }

    func contains(_ code: String, in list: Asked) -> Bool { known[list]?.contains(code) ?? false }
}

/// 不一致の理由の言葉: what each reason says, what to do next, and whether the claim goes back.
package struct ClaimReasonTexts: Sendable {
    struct Text: Sendable {
        let standing: ClaimStanding
        let text: BilingualText
        let next: BilingualText
        let rank: UInt8
    }

    package let source: RuleSource
    private let texts: [Text]

    init(reading file: RuleReader) throws(RuleFault) {
        source = try file.source()
        try file.requireOnly(["source", "verified", "note", "reasons"])
        var texts: [ClaimReason: Text] = [:]
        for (rank, row) in try file.children("reasons").enumerated() {
            try row.requireOnly(["code", "outcome", "text", "next"])
            guard let reason = ClaimReason(code: try row.string("code")) else {
                throw row.fault("code", "is unknown")
            }
            guard let standing = ClaimStanding(rawValue: try row.string("outcome")),
                standing != .accepted
            else { throw row.fault("outcome", "is neither rejected nor questioned") }
            let text = Text(
                standing: standing, text: try row.text("text"), next: try row.text("next"),
                rank: UInt8(clamping: rank))
            guard texts.updateValue(text, forKey: reason) == nil else {
                throw row.fault("code", "is given twice")
            }
        }
        var inOrder: [Text] = []
        for reason in ClaimReason.allCases {
            guard let text = texts[reason] else {
                throw file.fault("reasons", "leaves out \(reason.code)")
            }
            inOrder.append(text)
        }
        self.texts = inOrder
    }

    subscript(reason: ClaimReason) -> Text { texts[Int(reason.rawValue)] }
}
