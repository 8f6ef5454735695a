import Exchange
import Postgres

/// 台帳と請求の一行: what one version of a record is to the municipality: a claim, or why it is none.
struct VaccinationLine: Sendable {
    private let outcome: Result<VaccinationClaim, VaccinationClaimRefusal>

    /// `facts`: of everything the record is held against; its own former versions do not count.
    init(
        of version: VaccinationVersion, _ person: PersonKey, _ facts: VaccinationFacts,
        _ rules: ImmunizationRules
    ) {
        let others = facts.held.filter { $0.id != version.id }
        // 一回の接種に請求は一つ: what is claimed stands, whoever corrects or copies; what is not is in nobody's way.
        let claims = others.filter { facts.claimed.contains($0.id) }
        let day = version.vaccination.occurrence.day ?? version.recordedAt.dayInJapan
        let home = facts.residences.residence(on: day, knownBy: version.recordedAt)
        let claimed = VaccinationClaimFacts(
            person: person,
            municipality: home.flatMap {
                $0.municipality == Residence.nowhere ? nil : $0.municipality
            },
            answer: Self.answer(to: version.vaccination, others, facts, rules),
            duplicates: rules.duplicates(of: version.vaccination, among: claims))
        do throws(VaccinationClaimRefusal) {
            outcome = .success(try claimVaccination(version, claimed, rules))
        } catch {
            outcome = .failure(error)
        }
    }

    var status: VaccinationClaimStatus {
        switch outcome {
        case .success(let claim): claim.charge == nil ? .awaitingPrice : .claimed
        case .failure(let refusal): .none(refusal)
        }
    }

    /// The municipality whose ledger it is a line of.
    var municipality: String? {
        guard case .success(let claim) = outcome else { return nil }
        return claim.ledger.municipality
    }

    private static func answer(
        to vaccination: Vaccination, _ others: [VaccinationVersion], _ facts: VaccinationFacts,
        _ rules: ImmunizationRules
    ) -> NeedleAnswer {
        let named = rules.vaccine(named: vaccination.vaccine)
        let dose = GivenDose(
            named?.vaccine, on: vaccination.occurrence.day,
            number: vaccination.doseNumber ?? named?.number)
        return judgeDose(
            dose, birth: facts.birth, sex: facts.sex,
            history: others.compactMap { $0.vaccination.dose(rules) }, rules)
    }

    func insertion(of record: HeldVaccination, rulesVersion: String) -> (Statement, [Value]) {
        let version = record.newest
        let whose: [Value] = [
            .person(record.person), .id(record.id), .int(version.version), .text(rulesVersion),
            .time(version.recordedAt),
        ]
        switch outcome {
        case .failure(let refusal):
            return (Self.insertRefusal, whose + [.text(refusal.rawValue)])
        case .success(let claim):
            let line = claim.ledger
            return (
                Self.insertClaim,
                whose + [
                    .text(line.municipality), .text(line.programme), .text(line.vaccine),
                    .orNull(line.doseNumber), .day(line.day), .text(line.lotNumber),
                    .text(line.quantity.value), .text(line.quantity.code),
                    .bool(line.isOutOfArea), .texts(line.remarks),
                    .orNull(claim.charge?.unitYen), .orNull(claim.charge?.copaymentYen),
                    .text(optional: claim.charge?.source.text),
                ]
            )
        }
    }

    private static let insertRefusal = Statement(
        """
        insert into exchange.vaccination_claim (person, vaccination, version, rules, made_at, refusal)
        values ($1, $2, $3, $4, $5, $6)
        """)

    private static let insertClaim = Statement(
        """
        insert into exchange.vaccination_claim
            (person, vaccination, version, rules, made_at, municipality, programme, vaccine, dose_number,
            day, lot_number, quantity, quantity_code, is_out_of_area, remarks, unit_yen, copayment_yen,
            price_source)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
        """)
}
