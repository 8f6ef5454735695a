import Exchange

/// 区域: which purposes may use the office role, and so see hashes of individual numbers.
extension Purpose {
    /// Work that needs the office role: registrations and the card feed, which see hashes of
    /// individual numbers, what is decided of registered rows afterwards, and figures of everybody, which
    /// take longer than a counter waits.
    var isOfficeZone: Bool {
        switch self {
        case .registerEntitlements, .registerCheckupTargets, .registerGuardianships,
            .registerLifeEvents, .registerVaccinationTargets, .registerVaccinationPrices,
            .registerCheckupPrices, .registerSchemes, .registerSeasons, .registerPastDoses,
            .readCoverage,
            .readRegistration, .readSensitiveRegistration, .readStatement, .feedCards,
            .settleReview,
            .registerNotifications, .recordMassCheckup, .recordSensitiveMassCheckup, .readFollowUps,
            .readSensitiveFollowUps,
            .answerFollowUp, .answerSensitiveFollowUp:
            true
        default: false
        }
    }
}
