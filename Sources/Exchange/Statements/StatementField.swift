/// 突合の分野: what a body registered and both sides should hold alike. The raw value is the word in paths, SQL
/// and statements.
package enum StatementField: String, CaseIterable, Hashable, Sendable {
    /// 受給資格.
    case subsidy
    /// 検診対象者.
    case checkupTargets = "checkup-targets"
    /// 予防接種対象者.
    case vaccinationTargets = "vaccination-targets"
    /// 受診券, whose faces the municipality told by file.
    case checkupTickets = "checkup-tickets"
    /// 集団健診の結果, as the municipality recorded them.
    case checkupResults = "checkup-results"
    /// 集団健診の慎重に扱う項目, as the municipality recorded them.
    case sensitiveCheckupResults = "sensitive-checkup-results"
    /// 保護者・後見, by the municipality's own keys of the two.
    case guardianships
    /// 住民異動: every event that was told of.
    case residenceMoves = "residence-moves"
    /// 制度マスタ: the municipality's own certificate types and their codes. They are about nobody.
    case schemeMasters = "scheme-masters"

    /// 登録の種類: the field whose rows come by this registration, if any has them.
    package init?(registration: String) {
        switch registration {
        case "medical-subsidy", "medical-subsidy-history": self = .subsidy
        case "municipal-checkup": self = .checkupTargets
        case "immunization": self = .vaccinationTargets
        case "checkup-tickets": self = .checkupTickets
        case "mass-checkups": self = .checkupResults
        case "sensitive-mass-checkups": self = .sensitiveCheckupResults
        case "guardianship": self = .guardianships
        case "life-event": self = .residenceMoves
        case "schemes": self = .schemeMasters
        default: return nil
        }
    }

    /// 都道府県 register entitlements alone.
    package var isOfPrefectures: Bool { self == .subsidy }

    /// Layouts by which a body's own file of the field is read.
    package var layouts: [String] {
        switch self {
        case .subsidy: ["entitlements", "entitlements-full"]
        case .checkupTargets, .vaccinationTargets, .checkupTickets, .checkupResults,
            .sensitiveCheckupResults, .guardianships, .residenceMoves, .schemeMasters:
            [rawValue]
        }
    }

    /// 内密: its rows say so little that a hash of one would be the answer. Each statement has a salt of its
    /// own, which its reader alone is told, and it is read for the purpose of what is sensitive.
    package var isConfidential: Bool { self == .sensitiveCheckupResults }

    /// 集団健診の結果, of either compartment.
    package var isOfCheckupResults: Bool {
        self == .checkupResults || self == .sensitiveCheckupResults
    }
}
