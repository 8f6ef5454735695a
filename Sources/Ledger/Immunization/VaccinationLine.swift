import Exchange
import Postgres

/// 台帳と請求の一行: what one version of a record is to the municipality: a claim, or why it is none; of a dose that
/// was not given, that it was due.
struct VaccinationLine: Sendable {
    /// What stands in the ledger of either, as columns.
    private struct Place {
        let municipality: String
        let programme: String
        let vaccine: String
        let doseNumber: Int?
        let day: CalendarDay
        let isOutOfArea: Bool
        let remarks: [String]
    }

    private let outcome: Result<VaccinationClaim, VaccinationClaimRefusal>
    private let undone: UndoneDose?
    /// 理由のない stop: the rules for which it waits for a reason; none of what is no claim for another cause.
    let stops: [String]

    /// `facts`: of everything the record is held against; its own former versions do not count. `prices` as
    /// municipalities registered them. `dueDay`: 出産予定日 as the questionnaire has it; without it the dose is of
    /// the pregnancy that was notified and that its day falls in, whatever else the visit opened: the line
    /// is the municipality's, and nobody is shown the day.
    init(
        of version: VaccinationVersion, _ person: PersonKey, _ facts: VaccinationFacts,
        dueDay: CalendarDay?, _ rules: ImmunizationRules, prices: [RegisteredPrice]
    ) {
        let counted = version.vaccination.counted
        // 台帳の写し: that a municipality told of this very dose before says nothing against it.
        let others = facts.held.filter { other in
            other.id.text != version.id
                && (!other.isPastDose
                    || rules.duplicates(of: counted, among: [other.counted]).isEmpty)
        }
        // 一回の接種に請求は一つ: what is claimed stands, whoever corrects or copies; what is not is in nobody's way.
        let claims = others.filter(\.isLine).map(\.counted)
        let day = version.vaccination.occurrence.day ?? version.recordedAt.dayInJapan
        let home = facts.municipality(on: day, knownBy: version.recordedAt)
        let claimed = VaccinationClaimFacts(
            person: person, municipality: home, birth: facts.birth,
            answer: Self.answer(
                to: version.vaccination, others, facts,
                dueDay: dueDay ?? facts.pregnancies.map(\.known).dueDay(on: day), rules, in: home),
            duplicates: rules.duplicates(of: counted, among: claims),
            prices: prices)
        undone = UndoneDose(version, claimed, rules)
        do throws(VaccinationClaimRefusal) {
            outcome = .success(try claimVaccination(version, claimed, rules))
            stops = []
        } catch {
            outcome = .failure(error)
            stops =
                error == .reasonMissing
                ? claimed.answer.unreasoned(version.vaccination.overrides, rules) : []
        }
    }

    /// Whether it is a line of a municipality's ledger, and not why it is none.
    var isLine: Bool { claim != nil }

    var status: VaccinationClaimStatus {
        switch outcome {
        case .success(let claim): claim.charge == nil ? .awaitingPrice : .claimed
        case .failure(let refusal): .none(refusal)
        }
    }

    var municipality: String? { place?.municipality }

    /// Whether it says of a waiting claim what its line does not say yet. What is in a municipality's ledger
    /// leaves it for another's, and otherwise by a correction alone.
    func replaces(_ held: HeldVaccination) -> Bool {
        guard isLine || held.claim != .awaitingPrice else { return false }
        return status != held.claim || municipality != held.municipality
    }

    private static func answer(
        to vaccination: Vaccination, _ others: [CountedRecord], _ facts: VaccinationFacts,
        dueDay: CalendarDay?, _ rules: ImmunizationRules, in home: String?
    ) -> NeedleAnswer {
        let named = rules.vaccine(named: vaccination.vaccine)
        let dose = GivenDose(
            named?.vaccine, on: vaccination.occurrence.day,
            number: vaccination.doseNumber ?? named?.number)
        // Whose days it is to be held against is not known yet: the claim waits for that.
        let seasons = home.map { rules.seasons(in: $0) } ?? .ofTheLaw
        return judgeDose(
            dose, expiry: vaccination.vial.expiry?.lastDay, birth: facts.birth, sex: facts.sex,
            dueDay: dueDay, basis: vaccination.basis ?? .routine,
            history: others.compactMap { $0.counted.dose(rules) }, seasons: seasons,
            longIllnesses: facts.longIllnesses, rules)
    }

    private var refusal: VaccinationClaimRefusal? {
        guard case .failure(let refusal) = outcome else { return nil }
        return refusal
    }

    private var claim: VaccinationClaim? { try? outcome.get() }

    private var place: Place? {
        if let ledger = claim?.ledger {
            return Place(
                municipality: ledger.municipality, programme: ledger.programme,
                vaccine: ledger.vaccine, doseNumber: ledger.doseNumber, day: ledger.day,
                isOutOfArea: ledger.isOutOfArea, remarks: ledger.remarks)
        }
        return undone.map {
            Place(
                municipality: $0.municipality, programme: $0.programme, vaccine: $0.vaccine,
                doseNumber: $0.doseNumber, day: $0.day, isOutOfArea: $0.isOutOfArea, remarks: [])
        }
    }

    /// 台帳の備考, or what a reason is missing for.
    private var remarks: [String]? { place?.remarks ?? (stops.isEmpty ? nil : stops) }

    /// The lines of new versions, each by the rules it was decided by.
    static func insertion(_ lines: [(line: VaccinationLine, of: HeldVaccination, rules: String)])
        -> (
            Statement, [Value]
        )
    {
        let versions = lines.map(\.of)
        let places = lines.map(\.line.place)
        let ledger = lines.map(\.line.claim?.ledger)
        let charges = lines.map(\.line.claim?.charge)
        return (
            insert,
            [
                .uuids(versions.map { UUIDBytes($0.record) }),
                .uuids(versions.map { UUIDBytes($0.id) }), .ints(versions.map(\.newest.version)),
                .texts(lines.map(\.rules)),
                .instants(versions.map(\.newest.recordedAt.microseconds)),
                .texts(lines.map(\.line.refusal?.rawValue)),
                .texts(places.map { $0?.municipality }),
                .texts(places.map { $0?.programme }), .texts(places.map { $0?.vaccine }),
                .ints(places.map { $0?.doseNumber }), .days(places.map { $0?.day.daysSince1970 }),
                .texts(ledger.map { $0?.lotNumber }), .texts(ledger.map { $0?.quantity.value }),
                .texts(ledger.map { $0?.quantity.code }), .bools(places.map { $0?.isOutOfArea }),
                .texts(lines.map { $0.line.remarks?.joined(separator: " ") }),
                .ints(charges.map { $0?.unitYen }), .ints(charges.map { $0?.copaymentYen }),
                .texts(charges.map { $0?.source.text }),
            ]
        )
    }

    /// A code has no space: remarks travel as one text, because arrays of arrays must be rectangles.
    private static let insert = Statement(
        """
        insert into exchange.vaccination_claim
            (person, vaccination, version, rules, made_at, refusal, municipality, programme, vaccine,
            dose_number, day, lot_number, quantity, quantity_code, is_out_of_area, remarks, unit_yen,
            copayment_yen, price_source)
        select person, vaccination, version, rules, made_at, refusal, municipality, programme, vaccine,
            dose_number, day, lot_number, quantity, quantity_code, is_out_of_area,
            string_to_array(remarks, ' '), unit_yen, copayment_yen, price_source
        from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::timestamptz[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::bigint[], $11::date[], $12::text[], $13::text[],
            $14::text[], $15::bool[], $16::text[], $17::bigint[], $18::bigint[], $19::text[])
            as q(person, vaccination, version, rules, made_at, refusal, municipality, programme, vaccine,
            dose_number, day, lot_number, quantity, quantity_code, is_out_of_area, remarks, unit_yen,
            copayment_yen, price_source)
        """)
}
