/// 健診結果の記録: what one checkup found, as the institution wrote it. It names no person: whose it is stands
/// beside it, so that the same report can be shown under any pairwise id.
package struct CheckupReport: Hashable, Sendable {
    package enum Status: String, CaseIterable, Hashable, Sendable {
        case final
        case amended
        case corrected
        case enteredInError = "entered-in-error"
    }

    /// 健診をした人: by identifier or by name, since references of the clinic lead nowhere here.
    package struct Performer: Hashable, Sendable {
        package let identifier: RecordIdentifier?
        package let name: String?
    }

    /// The clinic's own number of the report: one report for each, however often it is sent.
    package let identifier: RecordIdentifier
    package var status: Status
    /// With its day, which is that of the result.
    package var effective: GivenTime
    package var issued: GivenTime?
    package var performers: [Performer] = []
    /// 受診券 that the sender names; without one, the card is the ticket.
    package var ticket: CheckupTicket.Number?
    package var result: CheckupResult

    init(
        identifier: RecordIdentifier, status: Status, effective: GivenTime, result: CheckupResult
    ) {
        self.identifier = identifier
        self.status = status
        self.effective = effective
        self.result = result
    }
}

extension CheckupReport {
    /// What of it may be told of in a compartment.
    package func shown(in compartment: CheckupCompartment, _ items: CheckupItems) -> CheckupReport {
        guard !result.entries.allSatisfy({ compartment.shows($0.item, items) }) else { return self }
        var report = self
        report.result = CheckupResult(
            checkup: result.checkup, day: result.day,
            entries: result.entries.filter { compartment.shows($0.item, items) })
        return report
    }
}

/// 区画: what the consent kind of maternal health opens, and what only the sensitive one does. A report is of
/// one of them, never of both, so that a reader of the open ones can tell from no version, number or time
/// that there are others.
package enum CheckupCompartment: String, CaseIterable, Hashable, Sendable {
    case open
    case sensitive

    /// 慎重に扱う項目は別の根: HAPI's clients know this as a partition of the server.
    package var basePath: String { self == .open ? "/fhir" : "/fhir/sensitive" }

    /// Whether an item, or a checkup as a whole, may be told of here, by the rules at hand: what was taken as
    /// open before they called it sensitive is shown in the open no more.
    package func shows(_ code: String, _ items: CheckupItems) -> Bool {
        self == .sensitive || items[code]?.isSensitive != true
    }

    /// The kinds of consent, any of which opens it to a visit.
    package func consentKinds(_ rules: RuleBook) -> Set<ConsentKind> {
        switch self {
        case .open: rules.consentKinds(of: "maternal").intersection(rules.openConsentKinds)
        case .sensitive: Set([rules.maternal?.items.sensitiveConsentKind].compactMap(\.self))
        }
    }
}

/// 健診結果の版: what was reported, by whom and when. A correction is a new version; none is overwritten.
package struct CheckupVersion: Hashable, Sendable {
    /// Opaque, pairwise where it is shown to others than who recorded it.
    package let id: String
    /// From 1.
    package let version: Int
    package let recordedAt: Instant
    package let institution: Party
    package let report: CheckupReport

    package init(
        id: String, version: Int, recordedAt: Instant, institution: Party, report: CheckupReport
    ) {
        self.id = id
        self.version = version
        self.recordedAt = recordedAt
        self.institution = institution
        self.report = report
    }

    package func named(_ id: String) -> CheckupVersion {
        CheckupVersion(
            id: id, version: version, recordedAt: recordedAt, institution: institution,
            report: report)
    }

    /// As `HeldRecord.amended`. `isSameBeside`: nothing that is kept beside the report changes either.
    package func amended(
        by report: CheckupReport, isSameBeside: Bool = true, from institution: Party,
        seen expected: Int?
    ) throws(Refusal) -> RecordAmendment {
        try HeldRecord(
            institution: self.institution, identifier: self.report.identifier, version: version,
            isWithdrawn: self.report.status == .enteredInError
        ).amended(
            by: report.identifier, isSame: report == self.report && isSameBeside,
            from: institution, seen: expected)
    }
}
