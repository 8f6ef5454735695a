/// Every refusal as its reader meets it: one stable code, one HTTP status, one FHIR issue type and
/// two texts that say what happened and what to do next. Closed: a new case does not compile
/// without its row.
extension Refusal {
    package struct Row: Hashable, Sendable {
        /// Stable for ever; vendors branch on it.
        package let code: String
        package let status: Int
        /// Code of `http://hl7.org/fhir/issue-type`.
        package let issueType: String
        /// Whether it tells of something a party did or asked for, so that it is entered before it
        /// is sent.
        package let isEntered: Bool
        /// Where trying again alone can help: for `Retry-After`.
        package let retryAfterSeconds: Int?
        let ja: String
        let en: String

        init(
            _ code: String, _ status: Int, _ issueType: String, isEntered: Bool,
            retryAfterSeconds: Int? = nil, ja: String, en: String
        ) {
            self.code = code
            self.status = status
            self.issueType = issueType
            self.isEntered = isEntered
            self.retryAfterSeconds = retryAfterSeconds
            self.ja = ja
            self.en = en
        }
    }

    package var code: String { row.code }
    package var status: Int { row.status }
    package var issueType: String { row.issueType }
    package var isEntered: Bool { row.isEntered }
    package var retryAfterSeconds: Int? { row.retryAfterSeconds }
    package var ja: String { finding?.ja ?? filled(row.ja, shownItem?.ja) }
    package var en: String { finding?.en ?? filled(row.en, shownItem?.en) }

    /// A few words that do not change from one occurrence to the next: `Card expired`.
    package var title: String {
        let words = row.code.split(separator: "-").joined(separator: " ")
        return words.prefix(1).uppercased() + words.dropFirst()
    }

    /// The item it speaks of, in the caller's words.
    package var item: String? {
        switch self {
        case .malformed(let item), .missing(let item), .unknownItem(let item),
            .duplicateItem(let item), .tooMany(let item), .individualNumberNotAllowed(let item),
            .dayAhead(let item), .zoneMissing(let item), .vaccineUnknown(let item),
            .patientDiffers(let item), .localSchemeNotPriced(let item), .claimStep(let item),
            .claimPart(let item),
            .monthIncomplete(let item):
            item
        case .idDiffers: "id"
        case .resultRefused(let findings): findings.first?.item
        default: nil
        }
    }

    /// 個々の誤り: each with the item it names, so that a clerk corrects all of them at once.
    var issues: [Issue] {
        guard case .resultRefused(let findings) = self, !findings.isEmpty else {
            return [Issue(item: item, finding: nil, ja: ja, en: en)]
        }
        return findings.map {
            Issue(item: $0.item, finding: $0.code.rawValue, ja: $0.ja, en: $0.en)
        }
    }

    struct Issue {
        let item: String?
        /// Code of the finding, where a refusal has several.
        let finding: String?
        let ja: String
        let en: String
    }

    /// Where the reader knows the item by another name than ours.
    private var shownItem: BilingualText? {
        guard case .localSchemeNotPriced(let item) = self else { return nil }
        return LocalSchemeItem.name(item)
    }

    private var finding: ItemFinding? {
        guard case .resultRefused(let findings) = self else { return nil }
        return findings.first
    }

    /// One sample of every case, in the order of the catalogue at `/errors`.
    package static let table: [Refusal] =
        [
            .malformed("validFrom"),
            .missing("validFrom"),
            .unknownItem("validFrom"),
            .duplicateItem("validFrom"),
            .tooMany("parameter(candidate)"),
            .dayAhead("occurrenceDateTime"),
            .zoneMissing("occurrenceDateTime"),
            .vaccineUnknown("vaccineCode.coding[0].code"),
            .patientDiffers("patient.reference"),
            .idDiffers,
            .individualNumberNotAllowed("validFrom"),
            .bodyTooLarge,
            .headerTooLarge,
            .unsupportedMediaType,
            .routeUnknown,
            .methodNotAllowed,
            .certificateNotTrusted,
            .certificateExpired,
            .certificateRevoked,
            .revocationUnknown,
            .partyUnknown,
            .partySuspended,
            .partyNotOptedIn,
            .notYourPurpose,
            .operatorDiffers,
            .clientDiffers,
            .nonceUnknown,
            .nonceExpired,
            .nonceUsed,
            .cardNotTrusted,
            .cardSignatureInvalid,
            .cardExpired,
            .cardRevoked,
            .cardRevocationUnknown,
            .cardSuperseded,
            .cardUnbound,
            .cardLocked,
            .residentDeceased,
            .consentUnknown,
            .visitKindUnknown,
            .visitUnknown,
            .visitEnded,
            .visitForCheckAlone,
            .paperNotConfirmed,
            .paperTooMany,
            .tokenMissing,
            .tokenInvalid,
            .tokenExpired,
            .tokenRevoked,
            .tokenOfAnotherParty,
            .relationUnknown,
            .notYoursToShare,
            .delegationUnknown,
            .institutionUnknown,
            .nothingToCertify,
            .serviceDateOutOfRange,
            .recordUnknown,
            .taskUnknown,
            .idempotencyKeyReused,
            .replayDiffers,
            .answerFormUnknown,
            .rulesUnknown,
            .fileRefused,
            .delivery(.placeTaken),
            .delivery(.beforeFirst),
            .delivery(.otherOrder),
            .delivery(.unclear),
            .delivery(.asOfAhead),
            .delivery(.asOfBehind),
            .fileNotWaiting,
            .effectChanged,
            .secondPersonNeeded,
            .exportsTooMany,
            .consentNotGiven,
            .identifierReused,
            .identifierChanged,
            .versionPassed,
            .recordWithdrawn,
            .certificateNotHeld,
            .copaymentRulesUnknown,
            .localSchemeNotPriced("bearsUpTo"),
            .collectedTooMuch,
            .billChanged,
            .billVoided,
            .refundNotHeld,
            .refundAsked,
            .refundAnswered,
            .claimStep("events[0].step"),
            .claimPart("part"),
            .monthIncomplete("kokuho/3"),
            .monthChanged,
            .monthUnverified,
            .responseSubmitted,
            .questionnaireOver,
            .paperFormUnknown,
            .paperFormUsed,
            .paperFormOver,
            .termTooLong,
            .alreadySettled,
            .areaNotYours,
            .noDisaster,
            .emergencyNotConfirmed,
            .emergencyTooMany,
            .resultRefused([ItemFinding(item: "weight", code: .unknownItem)]),
        ] + MaternalRefusal.ofTickets.map { .ticketRefused($0) } + [
            .tooManyRequests,
            .overloaded,
            .notReady,
        ]

    /// Every refusal is written on the way out: no pattern is compiled for one place in one text.
    private func filled(_ text: String, _ shown: String?) -> String {
        guard let item = shown ?? item, let start = text.utf8.firstIndex(of: UInt8(ascii: "{"))
        else { return text }
        let end = text.utf8.index(start, offsetBy: "{item}".utf8.count)
        return text[..<start] + item + text[end...]
    }
}

extension Refusal {
    package var row: Row {
        switch self {
        case .malformed: .malformed
        case .missing: .missing
        case .unknownItem: .unknownItem
        case .duplicateItem: .duplicateItem
        case .tooMany: .tooMany
        case .dayAhead: .dayAhead
        case .zoneMissing: .zoneMissing
        case .vaccineUnknown: .vaccineUnknown
        case .patientDiffers: .patientDiffers
        case .idDiffers: .idDiffers
        case .individualNumberNotAllowed: .individualNumberNotAllowed
        case .bodyTooLarge: .bodyTooLarge
        case .headerTooLarge: .headerTooLarge
        case .unsupportedMediaType: .unsupportedMediaType
        case .routeUnknown: .routeUnknown
        case .methodNotAllowed: .methodNotAllowed
        case .certificateNotTrusted: .certificateNotTrusted
        case .certificateExpired: .certificateExpired
        case .certificateRevoked: .certificateRevoked
        case .revocationUnknown: .revocationUnknown
        case .partyUnknown: .partyUnknown
        case .partySuspended: .partySuspended
        case .partyNotOptedIn: .partyNotOptedIn
        case .notYourPurpose: .notYourPurpose
        case .operatorDiffers: .operatorDiffers
        case .clientDiffers: .clientDiffers
        case .nonceUnknown: .nonceUnknown
        case .nonceExpired: .nonceExpired
        case .nonceUsed: .nonceUsed
        case .cardNotTrusted: .cardNotTrusted
        case .cardSignatureInvalid: .cardSignatureInvalid
        case .cardExpired: .cardExpired
        case .cardRevoked: .cardRevoked
        case .cardRevocationUnknown: .cardRevocationUnknown
        case .cardSuperseded: .cardSuperseded
        case .cardUnbound: .cardUnbound
        case .cardLocked: .cardLocked
        case .residentDeceased: .residentDeceased
        case .consentUnknown: .consentUnknown
        case .visitKindUnknown: .visitKindUnknown
        case .visitUnknown: .visitUnknown
        case .visitEnded: .visitEnded
        case .visitForCheckAlone: .visitForCheckAlone
        case .paperNotConfirmed: .paperNotConfirmed
        case .paperTooMany: .paperTooMany
        case .tokenMissing: .tokenMissing
        case .tokenInvalid: .tokenInvalid
        case .tokenExpired: .tokenExpired
        case .tokenRevoked: .tokenRevoked
        case .tokenOfAnotherParty: .tokenOfAnotherParty
        case .relationUnknown: .relationUnknown
        case .notYoursToShare: .notYoursToShare
        case .delegationUnknown: .delegationUnknown
        case .institutionUnknown: .institutionUnknown
        case .nothingToCertify: .nothingToCertify
        case .serviceDateOutOfRange: .serviceDateOutOfRange
        case .recordUnknown: .recordUnknown
        case .taskUnknown: .taskUnknown
        case .idempotencyKeyReused: .idempotencyKeyReused
        case .replayDiffers: .replayDiffers
        case .answerFormUnknown: .answerFormUnknown
        case .rulesUnknown: .rulesUnknown
        case .fileRefused: .fileRefused
        case .delivery(let fault): .delivery(fault)
        case .fileNotWaiting: .fileNotWaiting
        case .effectChanged: .effectChanged
        case .secondPersonNeeded: .secondPersonNeeded
        case .exportsTooMany: .exportsTooMany
        case .consentNotGiven: .consentNotGiven
        case .identifierReused: .identifierReused
        case .identifierChanged: .identifierChanged
        case .versionPassed: .versionPassed
        case .recordWithdrawn: .recordWithdrawn
        case .certificateNotHeld: .certificateNotHeld
        case .copaymentRulesUnknown: .copaymentRulesUnknown
        case .localSchemeNotPriced: .localSchemeNotPriced
        case .collectedTooMuch: .collectedTooMuch
        case .billChanged: .billChanged
        case .billVoided: .billVoided
        case .refundNotHeld: .refundNotHeld
        case .refundAsked: .refundAsked
        case .refundAnswered: .refundAnswered
        case .claimStep: .claimStep
        case .claimPart: .claimPart
        case .monthIncomplete: .monthIncomplete
        case .monthChanged: .monthChanged
        case .monthUnverified: .monthUnverified
        case .responseSubmitted: .responseSubmitted
        case .questionnaireOver: .questionnaireOver
        case .paperFormUnknown: .paperFormUnknown
        case .paperFormUsed: .paperFormUsed
        case .paperFormOver: .paperFormOver
        case .termTooLong: .termTooLong
        case .alreadySettled: .alreadySettled
        case .areaNotYours: .areaNotYours
        case .noDisaster: .noDisaster
        case .emergencyNotConfirmed: .emergencyNotConfirmed
        case .emergencyTooMany: .emergencyTooMany
        case .resultRefused: .resultRefused
        case .ticketRefused(let reason): .ticketRefused(reason)
        case .tooManyRequests: .tooManyRequests
        case .overloaded: .overloaded
        case .notReady: .notReady
        }
    }
}
