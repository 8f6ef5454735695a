package import Exchange
import Postgres

/// 保存された接種記録: the newest version of a record, with whose it is and the visit it was sent in, if a
/// municipality did not tell of it from its own ledger.
package struct HeldVaccination: Sendable {
    package let id: RecordID
    /// 本人: whoever the record is of now.
    package let person: PersonKey
    /// 記録された側: under whom it is kept, and with it every version of it.
    let record: PersonKey
    package let visit: RecordID?
    /// The id that this visit gave the resident: the institution goes on being answered by it, whatever
    /// key makes new ones.
    package let patientID: String?
    /// 予診票: the answers that the doctor decided from.
    package let response: RecordID?
    package let claim: VaccinationClaimStatus
    /// 台帳の市区町村: in whose ledger its newest version is a line.
    let municipality: String?
    /// 理由のない stop: the rules for which the claim waits for a reason.
    package let stops: [String]
    package let newest: VaccinationVersion

    /// A visit that was read just before a merge names the record: whatever is then written is found by the
    /// table and made again.
    func isOf(_ person: PersonKey) -> Bool { person == self.person || person == record }

    /// 台帳の写し.
    package var isPastDose: Bool { newest.institution.role == .municipality }
}

extension [HeldVaccination] {
    /// Without what municipalities told of doses that an institution, or an earlier ledger, recorded too: who
    /// gave the dose is believed, and nobody is shown it twice.
    package func withoutCopies(_ rules: ImmunizationRules) -> [HeldVaccination] {
        let kept = rules.withoutCopies(
            map { (counted: $0.newest.vaccination.counted, isPastDose: $0.isPastDose) })
        return zip(self, kept).filter { $0.1 }.map { $0.0 }
    }
}

extension Records {
    /// A record of the caller's own. Throws `.recordUnknown` for another's in the same words as for none.
    package mutating func ownVaccination(_ id: RecordID) throws -> HeldVaccination {
        let rows = try transaction.query(
            HeldVaccination.selectByID, HeldVaccination.values([(caller.party, id)]))
        guard let held = try rows.first.map(HeldVaccination.init) else {
            throw Refusal.recordUnknown
        }
        subject.person = held.person
        subject.visit = held.visit
        return held
    }

    /// Every record of a resident, whichever institution sent it, in the order in which they came.
    package mutating func vaccinations(of person: PersonKey) throws -> [HeldVaccination] {
        try transaction.query(HeldVaccination.selectByPerson, [.person(person)])
            .map(HeldVaccination.init)
    }
}

extension HeldVaccination {
    /// The newest version of each record, if it is the institution's own; the last column says of which.
    static let selectByID = Statement(
        """
        select held.*, q.ord
        from unnest($1::text[], $2::uuid[]) with ordinality as q(party, vaccination, ord)
        cross join lateral (
            select \(columns) from \(tables)
            where v.party = q.party and v.vaccination = q.vaccination \(newest)) held
        """)

    /// The same, by the institution's own numbers.
    static let selectByIdentifier = Statement(
        """
        select held.*, q.ord
        from unnest($1::text[], $2::text[], $3::text[]) with ordinality as q(party, system, value, ord)
        cross join lateral (
            select \(columns) from \(tables)
            where v.party = q.party and v.identifier_system = q.system and v.identifier = q.value
            \(newest)) held
        """)

    static func values(_ keys: [(party: Party, id: RecordID)]) -> [Value] {
        [.texts(keys.map(\.party.key)), .uuids(keys.map { UUIDBytes($0.id) })]
    }

    static func values(_ keys: [(party: Party, identifier: RecordIdentifier)]) -> [Value] {
        [
            .texts(keys.map(\.party.key)), .texts(keys.map(\.identifier.system)),
            .texts(keys.map(\.identifier.value)),
        ]
    }

    static let selectByPerson = Statement(
        """
        select * from (
            select distinct on (v.vaccination) \(columns) from \(tables)
            where v.person = any (\(Survivors.records(of: "$1")))
            order by v.vaccination, v.version desc) held
        order by recorded_at, vaccination
        """)

    private static let columns = """
        \(VaccinationVersion.columns), v.person, coalesce(former.visit, v.visit) as visit,
        coalesce(former.patient, r.patient) as patient, \(response) as response, c.refusal,
        c.unit_yen is not null as is_priced, \(Survivors.sql(of: "v.person")) as whom, c.remarks,
        c.municipality
        """
    /// Answers of the former other record are nothing of this one's any more.
    private static let response = """
        case when former.visit is null or exists (
            select 1 from exchange.screening_response s
            where s.person = v.person and s.response = v.response) then v.response end
        """
    private static let tables = """
        exchange.vaccination v join exchange.vaccination_claim c
            on c.person = v.person and c.vaccination = v.vaccination and c.version = v.version
        left join exchange.visit r on r.visit = v.visit
        \(Survivors.formerVisit(of: "v", in: "vaccination", by: "vaccination"))
        """
    private static let newest = "order by v.version desc limit 1"

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        newest = try VaccinationVersion(row, from: 0)
        record = try row.uuid(5).person
        person = try row.uuid(11).person
        visit = try row.optionalUUID(6)?.record
        patientID = try row.optionalText(7)
        response = try row.optionalUUID(8)?.record
        claim = try VaccinationClaimStatus(
            refusal: row.optionalText(9), isPriced: row.bool(10))
        stops = claim == .none(.reasonMissing) ? try row.optionalTexts(12) ?? [] : []
        municipality = try row.optionalText(13)
    }
}

extension VaccinationVersion {
    /// Of `exchange.vaccination v`.
    static let columns = "v.vaccination, v.version, v.recorded_at, v.party, v.face"

    init(_ row: Row, from column: Int) throws {
        self.init(
            id: try row.uuid(column).record.text, version: try row.int(column + 1),
            recordedAt: Instant(microseconds: try row.instant(column + 2)),
            institution: try Party(key: try row.text(column + 3)),
            vaccination: try Vaccination(face: try row.text(column + 4)))
    }
}

extension VaccinationClaimStatus {
    init(refusal: String?, isPriced: Bool) throws(Refusal) {
        guard let refusal else {
            self = isPriced ? .claimed : .awaitingPrice
            return
        }
        // A later release wrote it: this one cannot say what it means.
        guard let reason = VaccinationClaimRefusal(rawValue: refusal) else {
            throw .rulesUnknown
        }
        self = .none(reason)
    }
}
