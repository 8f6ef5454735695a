/// 医療費助成の決まり: everything the check is decided by beside facts, from one version of `profiles/`.
package struct SubsidyRules: Sendable {
    /// Digest of the files, cited in every decision.
    package let version: String
    package let programs: [SubsidyProgram]
    /// Kinds of consent that open subsidies at all.
    package let consentKinds: Set<ConsentKind>
    /// 法別番号 in order of application; local schemes come after the last.
    package let lawNumberOrder: [String]
    package let lawNumberNames: [String: String]
    package let staleHoursDefault: Int
    package let staleHoursByBody: [String: Int]
    /// Of fields in which not every night has something to say; the others are as entitlements are.
    package let staleHoursByField: [StatementField: Int]
    package let cardExpiresSoonDays: Int
    package let bodyNames: [String: BilingualText]
    package let texts: EligibilityTexts
    /// 異動の決まり.
    package let moves: MoveRules
    let phrases: EligibilityPhrases

    private let programsByBody: [String: [SubsidyProgram]]
    private let programsByPattern: [SubsidyProgram]
    private let rankOfLaw: [String: Int]

    init(
        version: String, programs: [SubsidyProgram], consentKinds: Set<ConsentKind>,
        lawNumbers: LawNumbers, limits: (answers: EligibilityLimits, moves: MoveRules),
        bodyNames: [String: BilingualText],
        texts: EligibilityTexts
    ) {
        self.version = version
        self.programs = programs
        self.consentKinds = consentKinds
        lawNumberOrder = lawNumbers.order
        lawNumberNames = lawNumbers.names
        staleHoursDefault = limits.answers.staleHoursDefault
        staleHoursByBody = limits.answers.staleHoursByBody
        staleHoursByField = limits.answers.staleHoursByField
        cardExpiresSoonDays = limits.answers.cardExpiresSoonDays
        moves = limits.moves
        self.bodyNames = bodyNames
        self.texts = texts
        phrases = EligibilityPhrases(programs: programs, bodyNames: bodyNames, texts: texts)
        let isPattern = { (program: SubsidyProgram) in program.body.utf8.contains(0x3F) }
        programsByBody = Dictionary(grouping: programs.filter { !isPattern($0) }, by: \.body)
        programsByPattern = programs.filter(isPattern)
        rankOfLaw = Dictionary(
            lawNumbers.order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The body's schemes on a day, in the order of the files. Its own row wins over a pattern's.
    package func programs(of body: String, on day: CalendarDay) -> [SubsidyProgram] {
        var found = (programsByBody[body] ?? []).filter { $0.isEffective(on: day) }
        for program in programsByPattern where program.isOf(body) && program.isEffective(on: day) {
            if !found.contains(where: { $0.certificateTypeID == program.certificateTypeID }) {
                found.append(program)
            }
        }
        return found
    }

    /// The scheme a body registers under a certificate type, on any day; for registration.
    package func knows(_ certificateTypeID: String, of body: String) -> Bool {
        programs.contains { $0.certificateTypeID == certificateTypeID && $0.isOf(body) }
    }

    /// 鮮度切れ: what the body last registered is older than the rules allow, or was never.
    package func isStale(_ body: String, asOf: Instant?, at now: Instant) -> Bool {
        isOlder(asOf, than: staleHoursByBody[body] ?? staleHoursDefault, at: now)
    }

    /// The same of what a body says in one field.
    package func isStale(
        _ body: String, in field: StatementField, asOf: Instant?, at now: Instant
    ) -> Bool {
        guard let hours = staleHoursByField[field] else {
            return isStale(body, asOf: asOf, at: now)
        }
        return isOlder(asOf, than: hours, at: now)
    }

    private func isOlder(_ asOf: Instant?, than hours: Int, at now: Instant) -> Bool {
        guard let asOf else { return true }
        return now > asOf.adding(seconds: Int64(hours) * 3600)
    }

    package func bodyName(_ body: String) -> BilingualText {
        bodyNames[body] ?? BilingualText(ja: body, en: body)
    }

    /// Usable at the counter, then refund only, then the rest; within each by law number,
    /// prefecture before municipality, the scheme's own priority, and codes, so that no two facts
    /// can swap places.
    func inPriorityOrder(_ items: [EligibilityAnswer.Item]) -> [EligibilityAnswer.Item] {
        items.map { (key: key(of: $0), item: $0) }
            .sorted { $0.key.isBefore($1.key) }
            .map(\.item)
    }

    private struct Key {
        let numbers: [Int]
        let codes: [String]

        func isBefore(_ other: Key) -> Bool {
            numbers != other.numbers
                ? numbers.lexicographicallyPrecedes(other.numbers)
                : codes.lexicographicallyPrecedes(other.codes)
        }
    }

    private func key(of item: EligibilityAnswer.Item) -> Key {
        let use =
            switch item.outcome {
            case .entitled, .capReached: 0
            case .entitledRefundOnly: 1
            default: 2
            }
        let law = item.program?.lawNumber.flatMap { rankOfLaw[$0] } ?? rankOfLaw.count
        let local = item.body.map(ResponsibleBodies.isPrefecture) == true ? 0 : 1
        return Key(
            numbers: [
                use, law, local, item.program?.priority ?? 0, item.certificate?.version ?? 0,
            ],
            codes: [item.body ?? "", item.program?.certificateTypeID ?? ""])
    }
}

/// 法別番号: the national order of application and the names.
package struct LawNumbers: Sendable, Hashable {
    package let order: [String]
    package let names: [String: String]
}

/// The numbers of `profiles/subsidy/eligibility.json`.
package struct EligibilityLimits: Sendable, Hashable {
    package let staleHoursDefault: Int
    package let staleHoursByBody: [String: Int]
    package let staleHoursByField: [StatementField: Int]
    package let cardExpiresSoonDays: Int
}

/// 窓口の言葉: what the receptionist reads for each outcome and warning.
package struct EligibilityTexts: Sendable, Hashable {
    package struct Text: Sendable, Hashable {
        package let display: BilingualText
        package let definition: BilingualText
        package let nextAction: BilingualText
    }

    let outcomes: [EligibilityOutcome: Text]
    let warnings: [EligibilityWarning.Code: Text]

    /// Total: the rule book refuses files in which one is missing.
    package subscript(outcome outcome: EligibilityOutcome) -> Text {
        outcomes[outcome] ?? Self.untold(outcome.rawValue)
    }

    package subscript(warning warning: EligibilityWarning.Code) -> Text {
        warnings[warning] ?? Self.untold(warning.rawValue)
    }

    private static func untold(_ code: String) -> Text {
        let text = BilingualText(ja: code, en: code)
        return Text(display: text, definition: text, nextAction: text)
    }
}
