/// 健康診査: one checkup as `profiles/maternal/` describes it: whom it is for and when, what is
/// examined, and by which law or notice.
package struct CheckupRule: Hashable, Sendable {
    package enum Basis: String, CaseIterable, Sendable {
        /// 母子保健法12条: the municipality must offer it.
        case statutory
        /// 同13条: it may, and the State recommends it.
        case recommended
        /// Only after an earlier test asked for it.
        case whenReferred = "when-referred"
    }

    package struct Item: Hashable, Sendable {
        package let code: String
        /// Without a value the result must say why it was not examined.
        package let isRequired: Bool
    }

    /// 紹介元: the earlier test, and what its result asks for where this one follows.
    package struct Referral: Hashable, Sendable {
        package let checkup: String
        /// Code of a `FollowUpRule`.
        package let followUp: String
    }

    package let code: String
    package let name: BilingualText
    package let basis: Basis
    /// Of what only an earlier test asks for; `nil` in rules from before it was told.
    package let referral: Referral?
    /// Counted from birth, or from delivery for a postpartum checkup.
    package let window: LifeWindow
    /// 標準日: the day it is meant for, where the window alone does not say.
    package let standard: LifeMark?
    /// The window in the words of the law or notice.
    package let law: BilingualText
    /// 最低限電子化すべき情報: attendance and judgement are handed over when the family moves.
    package let isInMinimumDataSet: Bool
    package let items: [Item]
    /// Codes of questionnaires to be answered before it.
    package let questionnaires: [String]
    package let effective: EffectivePeriod
    package let source: RuleSource
}

extension CheckupRule {
    init(reading row: RuleReader) throws(RuleFault) {
        try row.requireOnly([
            "code", "name", "basis", "referredBy", "from", "to", "standard", "law",
            "minimumDataSet", "items", "questionnaires", "effectiveFrom", "effectiveTo", "source",
            "verified",
        ])
        code = try row.string("code")
        name = try row.text("name")
        let basis: Basis = try row.choice("basis")
        let referral = try row.optional("referredBy", row.referral)
        if referral != nil, basis != .whenReferred {
            throw row.fault("referredBy", "is of a checkup that is due by age")
        }
        self.basis = basis
        self.referral = referral
        window = try row.lifeWindow()
        standard = try row.optional("standard", row.lifeMark)
        law = try row.text("law")
        isInMinimumDataSet = try row.bool("minimumDataSet")
        items = try row.checkupItems("items")
        questionnaires = try row.optionalStrings("questionnaires")
        effective = try row.effectivePeriod()
        source = try row.source()
    }
}

extension RuleReader {
    /// `{"checkup": …, "followUp": …}`.
    func referral(_ name: String) throws(RuleFault) -> CheckupRule.Referral {
        let row = try child(name)
        try row.requireOnly(["checkup", "followUp"])
        return CheckupRule.Referral(
            checkup: try row.string("checkup"), followUp: try row.string("followUp"))
    }

    func checkupItems(_ name: String) throws(RuleFault) -> [CheckupRule.Item] {
        try rows(name, uniqueBy: "item") { row throws(RuleFault) in
            try row.requireOnly(["item", "required"])
            return CheckupRule.Item(
                code: try row.string("item"), isRequired: try row.bool("required"))
        }
    }
}
