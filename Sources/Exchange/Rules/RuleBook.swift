/// 決まりの一式: the files of one version of `profiles/`, read whole or refused whole. The ledger
/// computes the version (a digest of the same bytes), keeps it, and every decision cites it.
/// One object for everybody who reads it: a copy of its fields for each request would cost more than most
/// questions asked of it.
package final class RuleBook: Sendable {
    package let version: String
    package let subsidy: SubsidyRules
    /// Absent only in a kept version that does not hold what this release reads.
    package let maternal: MaternalRules?
    /// 予防接種の決まり; absent as above.
    package let immunization: ImmunizationRules?
    /// 予診票・問診票 of every field.
    package let screenings: ScreeningForms
    package let consentKinds: [ConsentKindRule]
    /// Kinds whose leaving out shows nowhere, so that what else is known may be told.
    package let openConsentKinds: Set<ConsentKind>
    /// What a visit records when the resident chose nothing: never a sensitive kind.
    package let consentsByDefault: Set<ConsentKind>
    package let visitKinds: [VisitKindRule]
    /// The kinds of visit that open more than the check of eligibility.
    package let readingVisitKinds: Set<String>
    /// None in a version kept from before residents were told anything.
    package let noticeKinds: [NoticeKindRule]
    /// 代理の決まり: none in a version kept from before anybody acted for another.
    package let acting: ActingRules?
    package let purposes: [Purpose: BilingualText]
    /// 権限表: none in a version kept from before it was data; then nobody may do anything.
    package let permissions: Permissions?
    package let mismatch: MismatchRule
    /// お金の決まり; `nil` in a version that was loaded before there was a calculator.
    package let copayment: CopaymentRules?
    /// 高額な月の決まり; none in a version that was kept from before months were counted.
    package let costMonths: [CostMonthRule]
    /// 請求照合の決まり; absent as above.
    package let claims: ClaimRules?
    package let layouts: Layouts
    /// 保存期間; `nil` in a version that was loaded before any month could be archived.
    package let retention: RetentionRule?
    /// 記録の決まりと災害の決まり; absent as above.
    package let log: LogRules?
    package let emergency: EmergencyRules?

    /// `files` is keyed by the path inside `profiles/` (`subsidy/law-numbers.json`). Files this
    /// module does not know, examples and README are not its business.
    ///
    /// A version that was kept from an earlier release was complete then: what this release added
    /// since (a purpose nobody could have) may be missing, and old answers can still be decided
    /// again.
    package init(reading files: [String: [UInt8]], version: String, isKept: Bool = false)
        throws(RuleFault)
    {
        let folder = RuleFolder(files: files)
        self.version = version
        consentKinds = try folder.consentKinds()
        let openKinds = consentKinds.filter { !$0.isSensitive }
        openConsentKinds = Set(openKinds.map(\.kind))
        consentsByDefault = Set(openKinds.filter(\.isOnByDefault).map(\.kind))
        visitKinds = try folder.visitKinds()
        readingVisitKinds = Set(visitKinds.filter { !$0.isEligibilityOnly }.map(\.code))
        noticeKinds = try folder.noticeKinds(isKept: isKept)
        purposes = try folder.purposes(isKept: isKept)
        permissions = try Self.field(isKept) { () throws(RuleFault) in
            try Permissions(reading: folder, isKept: isKept)
        }
        acting = try Self.field(isKept) { [consentKinds, permissions] () throws(RuleFault) in
            try ActingRules(reading: folder, consentKinds, permissions)
        }
        mismatch = try MismatchRule(reading: folder.file("registration/mismatch.json"))
        layouts = try Layouts(of: folder, isKept: isKept)
        subsidy = try folder.subsidyRules(
            version: version, consentKinds: consentKinds, isKept: isKept)
        maternal = try Self.field(isKept) { () throws(RuleFault) in
            try MaternalRules(reading: folder, isKept: isKept)
        }
        retention = try Self.field(isKept) { () throws(RuleFault) in try folder.retention() }
        immunization = try Self.field(isKept) { () throws(RuleFault) in
            try ImmunizationRules(reading: files, isKept: isKept)
        }
        screenings = ScreeningForms(
            (immunization?.screenings.all ?? []) + (maternal?.screenings.all ?? []))
        log = try Self.field(isKept) { () throws(RuleFault) in
            try LogRules(reading: folder.file("access/log.json"))
        }
        emergency = try Self.field(isKept) { [consentKinds] () throws(RuleFault) in
            try EmergencyRules(
                reading: folder.file("access/emergency.json"), consentKinds: consentKinds)
        }
        claims = try Self.field(isKept) { () throws(RuleFault) in
            try ClaimRules(reading: files)
        }
        costMonths =
            try Self.field(isKept) { () throws(RuleFault) in
                try folder.costMonthRules()
            } ?? []
        copayment =
            try Self.field(isKept) { () throws(RuleFault) in
                try folder.copaymentRules()
            } ?? nil
    }

    /// A kept version whose files are those of `other` but for what `subsidy/programs/` holds: it costs no
    /// more memory, and takes no longer to read, than the schemes. The caller MUST have compared the rest.
    package init(
        reading files: [String: [UInt8]], version: String, beside other: RuleBook
    ) throws(RuleFault) {
        self.version = version
        subsidy = try RuleFolder(files: files).subsidyRules(
            version: version, consentKinds: other.consentKinds, isKept: true)
        maternal = other.maternal
        immunization = other.immunization
        screenings = other.screenings
        consentKinds = other.consentKinds
        openConsentKinds = other.openConsentKinds
        consentsByDefault = other.consentsByDefault
        visitKinds = other.visitKinds
        readingVisitKinds = other.readingVisitKinds
        noticeKinds = other.noticeKinds
        acting = other.acting
        purposes = other.purposes
        permissions = other.permissions
        mismatch = other.mismatch
        copayment = other.copayment
        costMonths = other.costMonths
        claims = other.claims
        layouts = other.layouts
        retention = other.retention
        log = other.log
        emergency = other.emergency
    }

    /// A field that decides no answer again: where a kept version does not hold what this release reads,
    /// the field has no rules until the files of this release are loaded.
    private static func field<Rules>(
        _ isKept: Bool, _ read: () throws(RuleFault) -> Rules
    ) throws(RuleFault) -> Rules? {
        do throws(RuleFault) {
            return try read()
        } catch {
            guard isKept else { throw error }
            return nil
        }
    }

    package func consentKind(_ kind: ConsentKind) -> ConsentKindRule? {
        consentKinds.first { $0.kind == kind }
    }

    /// The kinds of consent, any of which opens a field of exchange to a visit.
    package func consentKinds(of field: String) -> Set<ConsentKind> {
        Set(consentKinds.filter { $0.field == field }.map(\.kind))
    }

    package func visitKind(_ code: String) -> VisitKindRule? {
        visitKinds.first { $0.code == code }
    }

    package func noticeKind(_ code: String) -> NoticeKindRule? {
        noticeKinds.first { $0.code == code }
    }
}

/// The bytes of one version, by path.
struct RuleFolder {
    let files: [String: [UInt8]]

    func file(_ path: String) throws(RuleFault) -> RuleReader {
        guard let bytes = files[path] else {
            throw RuleFault(file: path, path: "", reason: "is missing")
        }
        return try RuleReader(file: path, bytes: bytes)
    }

    func readers(in folder: String) throws(RuleFault) -> [RuleReader] {
        let paths = files.keys.filter {
            $0.hasPrefix(folder) && $0.hasSuffix(".json")
                && !$0.dropFirst(folder.count).contains("/")
        }
        var readers: [RuleReader] = []
        for path in paths.sorted() { readers.append(try file(path)) }
        return readers
    }
}

extension RuleFolder {
    func consentKinds() throws(RuleFault) -> [ConsentKindRule] {
        let file = try file("access/consent-kinds.json")
        let source = try file.source()
        return try file.rows("kinds", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "field", "name", "explanation", "sensitive", "onByDefault",
                "childDecidesFromAge", "childMayShare",
            ])
            let rule = ConsentKindRule(
                kind: try row.consentKind("code"), field: try row.string("field"),
                name: try row.text("name"), explanation: try row.text("explanation"),
                isSensitive: try row.bool("sensitive"),
                isOnByDefault: try row.bool("onByDefault"),
                childDecidesFromAge: try row.int("childDecidesFromAge", in: 0...20),
                childMayShare: try row.bool("childMayShare", default: false), source: source)
            guard !(rule.isSensitive && rule.isOnByDefault) else {
                throw row.fault("onByDefault", "is true for a sensitive kind")
            }
            return rule
        }
    }

    func visitKinds() throws(RuleFault) -> [VisitKindRule] {
        let file = try file("access/visit-kinds.json")
        let source = try file.source()
        return try file.rows("kinds", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly([
                "code", "name", "ends", "longestDays", "eligibilityOnly", "openedByCard",
                "inpatient",
            ])
            return VisitKindRule(
                code: try row.string("code"), name: try row.text("name"), term: try row.term(),
                isEligibilityOnly: try row.bool("eligibilityOnly"),
                isOpenedByCard: try row.bool("openedByCard", default: true),
                isInpatient: try row.bool("inpatient", default: false), source: source)
        }
    }

    func noticeKinds(isKept: Bool) throws(RuleFault) -> [NoticeKindRule] {
        let path = "access/notice-kinds.json"
        if isKept, files[path] == nil { return [] }
        let file = try file(path)
        let source = try file.source()
        var kinds: [NoticeKindRule] = []
        for row in try file.children("kinds") {
            try row.requireOnly(["code", "name", "text"])
            let code = try row.string("code")
            guard !kinds.contains(where: { $0.code == code }) else {
                throw row.fault("code", "is given twice")
            }
            kinds.append(
                NoticeKindRule(
                    code: code, name: try row.text("name"), text: try row.text("text"),
                    source: source))
        }
        return kinds
    }

    func purposes(isKept: Bool) throws(RuleFault) -> [Purpose: BilingualText] {
        let file = try file("access/purposes.json")
        _ = try file.source()
        var names: [Purpose: BilingualText] = [:]
        _ = try file.rows("purposes", uniqueBy: "code") { row throws(RuleFault) in
            try row.requireOnly(["code", "name"])
            guard let purpose = Purpose(rawValue: try row.string("code")) else {
                throw row.fault("code", "is unknown")
            }
            names[purpose] = try row.text("name")
        }
        for purpose in Purpose.allCases where names[purpose] == nil && !isKept {
            throw file.fault("purposes", "leaves out \(purpose.rawValue)")
        }
        return names
    }
}

extension RuleReader {
    func consentKind(_ name: String) throws(RuleFault) -> ConsentKind {
        let code = try string(name)
        do throws(Refusal) {
            return try ConsentKind(code)
        } catch {
            throw fault(name, "is not of [a-z0-9-]")
        }
    }

    fileprivate func term() throws(RuleFault) -> VisitKindRule.Term {
        switch try string("ends") {
        case "end-of-day": return .endOfDay
        case "end-of-month": return .endOfMonth
        case "when-ended": return .days(try int("longestDays", in: 1...3660))
        default: throw fault("ends", "is none of end-of-day, end-of-month, when-ended")
        }
    }
}
