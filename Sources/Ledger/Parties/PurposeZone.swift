import Exchange

/// 区域: which purposes may use the office role, and so see hashes of individual numbers.
extension Purpose {
    /// Work that needs the office role: registrations and the card feed may see hashes of
    /// individual numbers, nothing else may.
    var isOfficeZone: Bool {
        switch self {
        case .registerEntitlements, .registerCheckupTargets, .readRegistration, .feedCards: true
        default: false
        }
    }
}
