/// 記録がそのまま請求: what one valid record is to the municipality of residence: a line of its ledger (予防接種台帳) and
/// a line of the claim. Nothing is typed again, and nothing is claimed that the record does not say.
package struct VaccinationClaim: Hashable, Sendable {
    /// 台帳の一行 (予防接種法施行令6条の2).
    package struct LedgerLine: Hashable, Sendable {
        package let person: PersonKey
        package let municipality: String
        package let recordID: String
        package let recordVersion: Int
        package let institution: Party
        /// Our codes of schedule and vaccine.
        package let programme: String
        package let vaccine: String
        /// 何回目 as the record says it.
        package let doseNumber: Int?
        package let day: CalendarDay
        package let lotNumber: String
        package let quantity: Vaccination.DoseQuantity
        /// 里帰り: the institution lies outside the municipality's prefecture.
        package let isOutOfArea: Bool
        /// Cautions and stops that stood at the time, as codes; lifted or not; and what could not be judged
        /// of whom the Act pays for.
        package let remarks: [String]
    }

    /// 請求の一行, in yen.
    package struct ChargeLine: Hashable, Sendable {
        package let unitYen: Int
        package let copaymentYen: Int
        package let source: RuleSource
        package var claimedYen: Int { unitYen - copaymentYen }
    }

    package let ledger: LedgerLine
    /// `nil`: the municipality has agreed on no price for this dose, so the line waits for one.
    package let charge: ChargeLine?
}

/// What is known of the resident and of other claims when a record becomes one.
package struct VaccinationClaimFacts: Hashable, Sendable {
    package let person: PersonKey
    /// 接種日の住所地; `nil` when nobody told.
    package let municipality: String?
    /// `nil` when nobody told: no price of an age is theirs.
    package let birth: CalendarDay?
    /// What the check says of this dose, with what came before it.
    package let answer: NeedleAnswer
    /// Claims that stand for the same dose (`ImmunizationRules.duplicates`).
    package let duplicates: [CountedVaccination]
    /// 登録された委託単価: the newest versions, of the dose's schedules at least.
    package let prices: [RegisteredPrice]

    package init(
        person: PersonKey, municipality: String?, birth: CalendarDay? = nil, answer: NeedleAnswer,
        duplicates: [CountedVaccination] = [], prices: [RegisteredPrice] = []
    ) {
        self.person = person
        self.municipality = municipality
        self.birth = birth
        self.answer = answer
        self.duplicates = duplicates
        self.prices = prices
    }
}

/// Throws why the record cannot be a claim; the record stands either way.
package func claimVaccination(
    _ record: VaccinationVersion, _ facts: VaccinationClaimFacts, _ rules: ImmunizationRules
) throws(VaccinationClaimRefusal) -> VaccinationClaim {
    let given = record.vaccination
    switch given.status {
    case .completed: break
    case .notDone: throw .notGiven
    case .enteredInError: throw .withdrawn
    }
    guard given.isPrimarySource else { throw .copied }
    let isSubsidised = facts.maySubsidise(given, rules)
    guard given.basis == .routine || isSubsidised else { throw .notRoutine }
    guard let day = given.occurrence.day else { throw .dayUnknown }
    guard let vaccine = rules.vaccine(named: given.vaccine) else { throw .vaccineUnknown }
    guard let lot = given.vial.lotNumber, let quantity = given.quantity else { throw .incomplete }
    guard facts.duplicates.isEmpty else { throw .duplicate }
    guard let programme = facts.answer.programme.map({ rules.programmes[$0] }),
        isSubsidised || programme.category != .voluntary, !facts.answer.isOutsideTheAct
    else { throw .notOfTheAct }
    guard facts.answer.unreasoned(given.overrides, rules).isEmpty else { throw .reasonMissing }
    guard let municipality = facts.municipality else { throw .residenceUnknown }
    let code = rules.vaccine(vaccine.vaccine).code
    return VaccinationClaim(
        ledger: VaccinationClaim.LedgerLine(
            person: facts.person, municipality: municipality, recordID: record.id,
            recordVersion: record.version, institution: record.institution,
            programme: programme.code, vaccine: code,
            doseNumber: given.doseNumber ?? vaccine.number, day: day, lotNumber: lot,
            quantity: quantity,
            isOutOfArea: record.institution.code.prefix(2) != municipality.prefix(2),
            remarks: facts.answer.findings.filter(\.isRemarked).map(rules.code(of:))),
        charge: .pricing(
            programme.code, code, in: municipality, on: day,
            of: PricePayer(birth: facts.birth, on: day, eligibility: given.programEligibility),
            registered: facts.prices, rules))
}

extension VaccinationClaimFacts {
    /// 任意接種の助成: the municipality of residence pays for this voluntary dose by a price that it agreed on;
    /// without one the dose is nobody's line. Whose residence nobody told of yet waits for it: they may live
    /// where it is paid.
    fileprivate func maySubsidise(_ given: Vaccination, _ rules: ImmunizationRules) -> Bool {
        guard given.basis == .voluntary, let day = given.occurrence.day,
            let vaccine = rules.vaccine(named: given.vaccine),
            let programme = answer.programme.map({ rules.programmes[$0] }),
            programme.category == .voluntary, !answer.isOutsideTheAct
        else { return false }
        guard let municipality else { return true }
        return VaccinationClaim.ChargeLine.pricing(
            programme.code, rules.vaccine(vaccine.vaccine).code, in: municipality, on: day,
            of: PricePayer(birth: birth, on: day, eligibility: given.programEligibility),
            registered: prices, rules) != nil
    }
}

extension NeedleFinding {
    /// 台帳の備考: that nobody judged the age or the sex is no reason to doubt a dose, and a reason to look at the
    /// register before it is paid for; nor is it that the time was given again (長期療養特例), of which the one
    /// who pays may not have been told.
    var isRemarked: Bool {
        switch rule {
        case .birthUnknown, .sexUnknown, .longIllness: true
        default: verdict != .fine
        }
    }
}

extension NeedleAnswer {
    /// 理由のない stop: the rules that stop the dose and that none of these reasons speaks of. The dose is
    /// in the body, so a reason for it is heard whatever rule it is. A record of the same day may be a copy
    /// of this one, and asks for none: what is claimed twice is found beside the record.
    package func unreasoned(_ given: [NeedleOverride], _ rules: ImmunizationRules) -> [String] {
        var codes: [String] = []
        for finding in findings where finding.verdict == .stop && finding.rule != .duplicate {
            let code = rules.code(of: finding)
            if !codes.contains(code), !given.contains(where: { $0.rule == code }) {
                codes.append(code)
            }
        }
        return codes
    }

    /// 定期接種の対象外: who or when is not what the Act pays for. A wrong interval is still a dose of the Act.
    var isOutsideTheAct: Bool {
        findings.contains {
            $0.verdict == .stop && ($0.rule.concernsRoutineOnly || $0.rule == .needless)
        }
    }
}

extension ImmunizationRules {
    package func price(
        _ programme: String, _ vaccine: String, in municipality: String, on day: CalendarDay
    ) -> VaccinationPrice? {
        prices.first { $0.municipality == municipality && $0.covers(programme, vaccine, on: day) }
    }
}

/// 請求にならない理由: the raw value is the code on the wire.
package enum VaccinationClaimRefusal: String, Error, CaseIterable, Hashable, Sendable {
    case notGiven = "not-given"
    case withdrawn
    case copied
    case notRoutine = "not-routine"
    case dayUnknown = "day-unknown"
    case vaccineUnknown = "vaccine-unknown"
    case incomplete
    case duplicate
    case notOfTheAct = "not-of-the-act"
    case reasonMissing = "reason-missing"
    case residenceUnknown = "residence-unknown"
}
