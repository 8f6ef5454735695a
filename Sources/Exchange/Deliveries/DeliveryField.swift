/// 連携の分野: what a municipality or prefecture receives, each with a line of its own that it acknowledges by
/// itself. The raw value is the word in paths, SQL and logs.
package enum DeliveryField: String, CaseIterable, Hashable, Sendable {
    /// 受給資格: what became of its entitlements that no row of its own said.
    case subsidy
    /// 予防接種台帳と請求.
    case immunization
    /// 健診結果と請求.
    case maternal
    /// 慎重に扱う健診項目: for a body that is entitled to it, by itself, never among the others.
    case maternalSensitive = "maternal-sensitive"
    /// 資格の訂正: to an institution, checks whose answers are no longer so.
    case checks
    /// 予約の失効: to an institution, reservations of its own that keep nothing any more.
    case lapses
    /// 会計: what was confirmed, or taken back, on its certificates.
    case claims

    package var purpose: Purpose {
        switch self {
        case .subsidy: .receiveEntitlements
        case .immunization: .receiveVaccinations
        case .maternal: .receiveCheckups
        case .maternalSensitive: .receiveSensitiveCheckups
        case .checks: .receiveCheckNotices
        case .lapses: .receiveLapseNotices
        case .claims: .receiveBills
        }
    }

    /// 接続口: where it is received.
    package var listener: Listener { self == .checks || self == .lapses ? .institution : .office }

    /// 指定: what the registry must say of a body (`<its own code>:<scheme>`) before it receives the field.
    package var designation: String? { self == .maternalSensitive ? "sensitive-checkups" : nil }
}
