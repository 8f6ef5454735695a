import Exchange
import Postgres

/// 過去の接種歴の帳面: what is held of the residents of one part of a ledger's file, each under its lock until the
/// commit, and what the part adds. The office's role reads whole what municipalities told themselves, and of
/// others' records what a history is judged by.
struct PastDoseDesk {
    /// Over one record: the version that stands, and what the ledger said beside it.
    private struct Held {
        let vaccination: HeldVaccination
        let isOutOfArea: Bool?
    }

    /// What a row makes of its record.
    private struct Word {
        let vaccination: Vaccination
        let line: PastDoseLine?
        let status: VaccinationClaimStatus
        let isSame: Bool
        let warnings: [RowFinding]
    }

    private struct Filing {
        let held: HeldVaccination
        let line: PastDoseLine?
        var isCorrection: Bool { held.newest.version > 1 }
    }

    private let caller: Caller
    private let book: RuleBook
    private let rules: ImmunizationRules
    private let now: Instant
    private let facts: [PersonKey: VaccinationFacts]
    private var others: [PersonKey: [(record: RecordID, counted: CountedVaccination)]]
    private var held: [RecordIdentifier: Held] = [:]
    private let newer: Set<String>
    private var filings: [Filing] = []
    /// Of which records this part has spoken.
    private var spoken: Set<RecordIdentifier> = []

    /// One round trip. Of the `newer` record numbers no row says otherwise. Throws `.rulesUnknown`.
    init(
        _ records: inout Records, _ identifiers: [RecordIdentifier], newer: Set<String>,
        of persons: [PersonKey], _ book: RuleBook
    ) throws {
        guard let rules = book.immunization else { throw Refusal.rulesUnknown }
        self.newer = newer
        caller = records.caller
        now = records.now
        self.book = book
        self.rules = rules
        let known = VaccinationFacts.steps(of: persons, isOffice: true, rules: book)
        let rows = try records.transaction.pipeline(
            known + [
                (
                    Self.selectHeld,
                    [
                        .text(caller.party.key), .texts(identifiers.map(\.system)),
                        .texts(identifiers.map(\.value)),
                    ]
                )
            ])
        facts = try VaccinationFacts.read(Array(rows[..<known.count]), book)
        others = facts.mapValues { $0.held.map { (record: $0.id, counted: $0.counted) } }
        for row in try rows[known.count].map({ $0 }) {
            let found = try HeldVaccination(row)
            held[found.newest.vaccination.identifier] = Held(
                vaccination: found, isOutOfArea: try row.optionalBool(14))
        }
    }

    var isEmpty: Bool { filings.isEmpty }

    func basis(of person: PersonKey) -> String {
        (facts[person] ?? .nothing).basis(rulesVersion: book.version)
    }

    /// 一行の記録: what it does, or why nothing.
    mutating func outcome(of row: PastDoseRow, about person: PersonKey) throws -> RowOutcome {
        let held = self.held[row.identifier]
        guard held?.vaccination.isOf(person) ?? true else {
            return row.refused(row.finding("recordNumber", .pastDoseOfAnother))
        }
        // A layout remembers the numbers of a million rows; here two of one part would be one version.
        guard spoken.insert(row.identifier).inserted else {
            return row.refused(row.finding("recordNumber", .duplicateKey))
        }
        guard let told = row.told else { return withdrawal(row, about: person, over: held) }
        if let finding = finding(of: row, told, person) { return row.refused(finding) }
        let others = (self.others[person] ?? [])
            .filter { $0.record != held?.vaccination.id }.map(\.counted)
        var line: PastDoseLine?
        var status = VaccinationClaimStatus.none(.copied)
        do throws(VaccinationClaimRefusal) {
            line = try told.line(
                PastDoseFacts(
                    birth: facts[person]?.birth, sex: facts[person]?.sex, others: others,
                    municipality: caller.party.code,
                    longIllnesses: facts[person]?.longIllnesses ?? []), rules)
        } catch {
            status = .none(error)
        }
        var warnings = row.warnings(rules)
        if status == .none(.notOfTheAct) {
            warnings.append(row.finding("givenOn", .doseOutsideAct))
        }
        if !rules.duplicates(of: told.vaccination.counted, among: others).isEmpty {
            warnings.append(row.finding("givenOn", .doseKnown))
        }
        // Whether it was given in the area stands with the line alone.
        let isSame =
            told.vaccination == held?.vaccination.newest.vaccination
            && (line == nil || line?.isOutOfArea == held?.isOutOfArea)
        let word = Word(
            vaccination: told.vaccination, line: line, status: status, isSame: isSame,
            warnings: warnings)
        return file(word, of: row, about: person, over: held)
    }

    private mutating func withdrawal(
        _ row: PastDoseRow, about person: PersonKey, over held: Held?
    ) -> RowOutcome {
        guard let held else {
            return row.refused(row.finding("recordNumber", .pastDoseUnknown))
        }
        var vaccination = held.vaccination.newest.vaccination
        let isSame = vaccination.status == .enteredInError
        vaccination.status = .enteredInError
        let word = Word(
            vaccination: vaccination, line: nil, status: .none(.withdrawn), isSame: isSame,
            warnings: [])
        return file(word, of: row, about: person, over: held)
    }

    private mutating func file(
        _ word: Word, of row: PastDoseRow, about person: PersonKey, over held: Held?
    ) -> RowOutcome {
        let newest = held?.vaccination.newest
        let isEnd = row.told == nil
        if word.isSame {
            return RowOutcome(
                line: row.index + 1, kind: .unchanged, findings: word.warnings,
                standing: newest?.version, isEnd: isEnd)
        }
        if let newest, newer.contains(row.identifier.value) {
            let finding = row.finding("recordNumber", .newerStands)
            return RowOutcome(
                line: row.index + 1, kind: .unchanged, findings: word.warnings + [finding],
                standing: newest.version)
        }
        guard newest?.vaccination.status != .enteredInError else {
            return row.refused(row.finding("recordNumber", .pastDoseWithdrawn))
        }
        let id = held?.vaccination.id ?? RecordID.timeOrdered()
        let filed = HeldVaccination(
            id: id, person: person, record: held?.vaccination.record ?? person, visit: nil,
            patientID: nil, response: nil, claim: word.status, municipality: nil, stops: [],
            newest: VaccinationVersion(
                id: id.text, version: (newest?.version ?? 0) + 1, recordedAt: now,
                institution: caller.party, vaccination: word.vaccination))
        filings.append(Filing(held: filed, line: word.line))
        others[person, default: []].removeAll { $0.record == id }
        others[person, default: []].append((record: id, counted: word.vaccination.counted))
        return RowOutcome(
            line: row.index + 1, kind: .applied, findings: word.warnings,
            standing: newest?.version, isEnd: isEnd)
    }

    /// What is known of the person against the row. Where nobody told of a home on the day, who kept the
    /// ledger is believed; and a ledger holds what its residents were given before they moved in.
    private func finding(
        of row: PastDoseRow, _ told: PastDoseRow.Told, _ person: PersonKey
    ) -> RowFinding? {
        let known = facts[person] ?? .nothing
        let today = now.dayInJapan
        guard told.days.lowerBound <= today else { return row.finding("givenOn", .dayAhead) }
        if let birth = known.birth, let written = told.birth.day, birth != written {
            return row.finding("dateOfBirth", .anotherPerson)
        }
        if let birth = told.birth.earliest, told.days.upperBound < birth {
            return row.finding("givenOn", .beforeBirth)
        }
        let home = known.residences.residence(
            on: min(told.days.upperBound, today), knownBy: now)
        let isOwn = known.residences.contains { $0.municipality == caller.party.code }
        return home == nil || isOwn ? nil : row.finding("myNumber", .notOwnResident)
    }

    var steps: [(Statement, [Value])] {
        guard !filings.isEmpty else { return [] }
        let corrected = filings.filter(\.isCorrection).map(\.held)
        return [
            HeldVaccination.insertion(filings.map { ($0.held, false, book) }), lines,
        ] + (corrected.isEmpty ? [] : [HealthCards.revocation(of: corrected)])
    }

    private var lines: (Statement, [Value]) {
        let versions = filings.map(\.held)
        let lines = filings.map(\.line)
        return (
            Self.insertLines,
            [
                .uuids(versions.map { UUIDBytes($0.record) }),
                .uuids(versions.map { UUIDBytes($0.id) }), .ints(versions.map(\.newest.version)),
                .texts(versions.map { $0.claim.code }),
                .texts(lines.map { $0 == nil ? nil : caller.party.code }),
                .texts(lines.map { $0?.programme }), .texts(lines.map { $0?.vaccine }),
                .ints(lines.map { $0?.doseNumber }),
                .days(
                    zip(versions, lines).map { version, line in
                        line == nil
                            ? nil : version.newest.vaccination.occurrence.day?.daysSince1970
                    }), .bools(lines.map { $0?.isOutOfArea }),
                .texts(lines.map { $0?.remarks.joined(separator: " ") }), .text(book.version),
                .time(now),
            ]
        )
    }

    /// A code has no space, as in `VaccinationLine`.
    private static let insertLines = Statement(
        """
        insert into exchange.vaccination_claim
            (person, vaccination, version, refusal, municipality, programme, vaccine, dose_number, day,
            is_out_of_area, remarks, rules, made_at)
        select person, vaccination, version, refusal, municipality, programme, vaccine, dose_number, day,
            is_out_of_area, string_to_array(remarks, ' '), $12, $13
        from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::bigint[], $9::date[], $10::bool[], $11::text[])
            as q(person, vaccination, version, refusal, municipality, programme, vaccine, dose_number, day,
            is_out_of_area, remarks)
        """)

    /// The columns of `HeldVaccination`, and whether the dose was given in the area.
    private static let selectHeld = Statement(
        """
        select held.* from unnest($2::text[], $3::text[]) as q(system, value)
        cross join lateral (
            select \(VaccinationVersion.columns), v.person, null::uuid, null::text, null::uuid, v.refusal,
                false, \(Survivors.sql(of: "v.person")), null::text[], null::text,
                v.is_out_of_area
            from exchange.past_dose v
            where v.party = $1 and v.identifier_system = q.system and v.identifier = q.value
            order by v.version desc limit 1) held
        """)
}

extension PastDoseRow {
    fileprivate func refused(_ finding: RowFinding) -> RowOutcome {
        RowOutcome(line: index + 1, kind: .refused, findings: [finding])
    }
}
