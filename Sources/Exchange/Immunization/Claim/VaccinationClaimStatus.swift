/// 請求の状態: what became of one version of a record as a claim, as its institution is told.
package enum VaccinationClaimStatus: Hashable, Sendable {
    case claimed
    /// 単価待ち: a line of the ledger, for which the municipality has agreed on no price.
    case awaitingPrice
    case none(VaccinationClaimRefusal)

    package static let all: [VaccinationClaimStatus] =
        [.claimed, .awaitingPrice] + VaccinationClaimRefusal.allCases.map { .none($0) }

    package var code: String {
        switch self {
        case .claimed: "claimed"
        case .awaitingPrice: "awaiting-price"
        case .none(let refusal): refusal.rawValue
        }
    }

    /// 台帳の一行: no other record of the dose is claimed beside it.
    package var isLine: Bool { self == .claimed || self == .awaitingPrice }

    /// 待ち: what it lacks may yet be known, and it is then a claim: by itself, or when it is sent again.
    package var isWaiting: Bool { self == .awaitingPrice || self == .none(.residenceUnknown) }

    package var text: BilingualText {
        switch self {
        case .claimed:
            BilingualText(
                ja: "請求として、市区町村の予防接種台帳に入りました。別に請求書を送る必要はありません。",
                en:
                    "The record is in the municipality's ledger as a claim. Nothing else need be sent."
            )
        case .awaitingPrice:
            BilingualText(
                ja: "予防接種台帳に入りましたが、この接種の委託単価が登録されていません。市区町村に確かめてください。登録されると自動で請求になります。",
                en:
                    "The record is in the municipality's ledger, but no price was agreed for this dose. "
                    + "Ask the municipality; once it is registered, the claim is made by itself.")
        case .none(let refusal): refusal.text
        }
    }
}
