/// 拒否: every reason for which a caller is told no. Closed: the edge maps each to one status, one
/// code and two texts (`Refusal+Text.swift`), and the catalogue at `/errors` lists them all.
///
/// An associated value names the item in the caller's own words (`serviceDate`, `myNumber`): never
/// a value.
package enum Refusal: Error, Hashable, Sendable {
    // The request itself.
    case malformed(_ item: String)
    case missing(_ item: String)
    case unknownItem(_ item: String)
    case duplicateItem(_ item: String)
    case tooMany(_ item: String)
    /// 未来の日: of what can only have happened already.
    case dayAhead(_ item: String)
    /// 時差のない時刻: it names no instant.
    case zoneMissing(_ item: String)
    case vaccineUnknown(_ item: String)
    /// 別の受付の患者: a body of one visit, or of one login, and somebody else's id in it.
    case patientDiffers(_ item: String)
    /// 別の記録の番号: the body of a correction names another record than its address.
    case idDiffers
    case individualNumberNotAllowed(_ item: String)
    case bodyTooLarge
    case headerTooLarge
    case unsupportedMediaType
    case routeUnknown
    case methodNotAllowed

    // The connection and its party.
    case certificateNotTrusted
    case certificateExpired
    case certificateRevoked
    case revocationUnknown
    case partyUnknown
    case partySuspended
    case partyNotOptedIn
    case notYourPurpose
    case operatorDiffers
    case clientDiffers

    // The card and the visit.
    case nonceUnknown
    case nonceExpired
    case nonceUsed
    case cardNotTrusted
    case cardSignatureInvalid
    case cardExpired
    case cardRevoked
    case cardRevocationUnknown
    case cardSuperseded
    case cardUnbound
    case cardLocked
    case residentDeceased
    case consentUnknown
    case visitKindUnknown
    case visitUnknown
    case visitEnded
    case visitForCheckAlone
    case paperNotConfirmed
    case paperTooMany

    // Tokens of residents and offices.
    case tokenMissing
    case tokenInvalid
    case tokenExpired
    case tokenRevoked
    case tokenOfAnotherParty

    // Whoever acts for another, and what a resident decides.
    case relationUnknown
    case notYoursToShare
    case delegationUnknown
    case institutionUnknown
    /// 空の接種証明.
    case nothingToCertify

    // Registration and records.
    case serviceDateOutOfRange
    case recordUnknown
    case taskUnknown
    case idempotencyKeyReused
    case replayDiffers
    case answerFormUnknown
    case rulesUnknown

    // Files of municipalities.
    case fileRefused
    case delivery(DeliveryFault)
    case fileNotWaiting
    case effectChanged
    case secondPersonNeeded
    case exportsTooMany

    // Vaccinations.
    case consentNotGiven
    case identifierReused
    case identifierChanged
    case versionPassed
    case recordWithdrawn
    case responseSubmitted

    // Questionnaires and the sheets they are filled in on.
    case questionnaireOver
    case paperFormUnknown
    case paperFormUsed
    case paperFormOver

    // Bills at the counter.
    case certificateNotHeld
    case copaymentRulesUnknown
    case localSchemeNotPriced(_ item: String)
    case collectedTooMuch
    case billChanged
    case billVoided

    // Refunds.
    case refundNotHeld
    case refundAsked
    case refundAnswered

    // The month of claims.
    case claimStep(_ items: String)
    case claimPart(_ item: String)
    case monthIncomplete(_ parts: String)
    case monthChanged
    case monthUnverified

    // Withheld entries, disasters and the visits opened in them.
    case termTooLong
    case alreadySettled
    case areaNotYours
    case noDisaster
    case emergencyNotConfirmed
    case emergencyTooMany

    // Checkups: every finding of one report, or what is wrong with its ticket.
    case resultRefused(_ findings: [ItemFinding])
    case ticketRefused(_ reason: MaternalRefusal)

    // The gateway itself: counted, never entered.
    case tooManyRequests
    case overloaded
    case notReady
}
