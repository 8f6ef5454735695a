import Exchange

/// 拒否のまとまり: which refusals belong to one part of a request, so that each operation names its parts.
enum Refusals {
    /// Decided from the header, the certificate, its party, the load and the permissions, before the
    /// route reads anything.
    static let ofAnyRequest: [Refusal] = [
        .headerTooLarge,
        .certificateNotTrusted, .certificateExpired, .certificateRevoked, .revocationUnknown,
        .partySuspended, .notYourPurpose, .rulesUnknown, .tooManyRequests, .overloaded,
    ]

    /// Whatever touches a record: the party's standing, the operator it names, the database.
    static let ofAccess: [Refusal] = [
        .malformed("Tsunagi-Operator"), .operatorDiffers, .partyUnknown, .partyNotOptedIn,
        .notReady,
    ]

    static let ofBody: [Refusal] = [
        .malformed("body"), .duplicateItem("body"), .bodyTooLarge, .unsupportedMediaType,
    ]

    /// A body whose items are a closed list.
    static let ofItems: [Refusal] = ofBody + [.missing("item"), .unknownItem("item")]

    static let ofID: [Refusal] = [.malformed("id")]

    /// A body that names itself is the record of its address.
    static let ofCorrection: [Refusal] = ofID + [.idDiffers]

    static let ofCard: [Refusal] = [
        .nonceUnknown, .nonceExpired, .nonceUsed, .cardNotTrusted, .cardSignatureInvalid,
        .cardExpired,
        .cardRevoked, .cardRevocationUnknown, .cardSuperseded, .cardUnbound,
        .residentDeceased,
    ]

    /// A list of several people that no query narrows to one of them.
    static let ofSeveralPeople: [Refusal] = [.unknownItem("patient")]

    static let ofOfficeToken: [Refusal] = [.tokenInvalid, .tokenExpired, .tokenOfAnotherParty]

    static let ofResidentToken: [Refusal] = [
        .tokenMissing, .tokenInvalid, .tokenExpired, .tokenRevoked, .tokenOfAnotherParty,
        .relationUnknown,
    ]
}
