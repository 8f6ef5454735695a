/// 医療費助成制度: one row of a body's scheme master (制度マスタ), as data in `profiles/subsidy/programs/`.
/// A class, so that the answers of a busy minute share one row instead of copying its names.
package final class SubsidyProgram: Sendable, Hashable {
    /// 実施機関: 6 digits, or a pattern in which `?` stands for any digit.
    package let body: String
    /// 機関別受給者証種別ID, as the body registers it.
    package let certificateTypeID: String
    package let name: BilingualText
    package let consentKind: ConsentKind
    /// 法別番号; `nil` for a local scheme (地方単独).
    package let lawNumber: String?
    /// Settles the order among schemes whose law number says nothing; smaller first.
    package let priority: Int
    package let effective: EffectivePeriod
    /// 指定医療機関に限る.
    package let requiresDesignation: Bool
    /// 所得区分: code to name.
    package let incomeSegments: [CodedText]
    /// 追加条件: `item-code` to name.
    package let additionalConditions: [CodedText]
    package let source: RuleSource

    package struct CodedText: Sendable, Hashable {
        package let code: String
        package let name: BilingualText
    }

    init(
        _ row: Row, body: String, effective: EffectivePeriod,
        names: (segments: [CodedText], conditions: [CodedText]), source: RuleSource
    ) {
        self.body = body
        certificateTypeID = row.certificateTypeID
        name = row.name
        consentKind = row.consentKind
        lawNumber = row.lawNumber
        priority = row.priority
        requiresDesignation = row.requiresDesignation
        self.effective = effective
        incomeSegments = names.segments
        additionalConditions = names.conditions
        self.source = source
    }

    /// What a row says of the scheme itself.
    struct Row {
        let certificateTypeID: String
        let name: BilingualText
        let consentKind: ConsentKind
        let lawNumber: String?
        let priority: Int
        let requiresDesignation: Bool
    }

    package static func == (left: SubsidyProgram, right: SubsidyProgram) -> Bool {
        left === right
            || left.key == right.key && left.name == right.name
                && left.consentKind == right.consentKind && left.lawNumber == right.lawNumber
                && left.priority == right.priority && left.effective == right.effective
                && left.requiresDesignation == right.requiresDesignation
                && left.incomeSegments == right.incomeSegments
                && left.additionalConditions == right.additionalConditions
                && left.source == right.source
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(key) }

    /// Rows of one body and type do not overlap, so this names one.
    private var key: [String] { [body, certificateTypeID, effective.from.text] }

    /// 指定の名: what a designation for the scheme is named by: its law number, or the body's own type. A check at
    /// the counter and a claim of the month ask for the same.
    package var designatedAs: [String] { [lawNumber, certificateTypeID].compactMap { $0 } }

    package func isEffective(on day: CalendarDay) -> Bool { effective.contains(day) }

    package func isOf(_ code: String) -> Bool { Self.pattern(body, names: code) }

    /// `?` stands for any digit.
    static func pattern(_ body: String, names code: String) -> Bool {
        guard body != code else { return true }
        return body.utf8.contains(UInt8(ascii: "?")) && body.utf8.count == code.utf8.count
            && zip(body.utf8, code.utf8).allSatisfy { $0 == UInt8(ascii: "?") || $0 == $1 }
    }
}
