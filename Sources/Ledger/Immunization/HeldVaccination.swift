package import Exchange
import Postgres

/// 保存された接種記録: the newest version of a record, with whose it is and the visit it was sent in.
package struct HeldVaccination: Sendable {
    package let id: RecordID
    package let person: PersonKey
    package let visit: RecordID
    /// The id that this visit gave the resident: the institution goes on being answered by it, whatever
    /// key makes new ones.
    package let patientID: String
    /// 予診票: the answers that the doctor decided from.
    package let response: RecordID?
    package let claim: VaccinationClaimStatus
    package let newest: VaccinationVersion
}

extension Records {
    /// A record of the caller's own. Throws `.recordUnknown` for another's in the same words as for none.
    package mutating func ownVaccination(_ id: RecordID) throws -> HeldVaccination {
        let rows = try transaction.query(
            HeldVaccination.selectByID, [.text(caller.party.key), .id(id)])
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
    static let selectByID = Statement(
        "select \(columns) from \(tables) where v.party = $1 and v.vaccination = $2 \(newest)")

    static let selectByIdentifier = Statement(
        """
        select \(columns) from \(tables)
        where v.party = $1 and v.identifier_system = $2 and v.identifier = $3 \(newest)
        """)

    static let selectByPerson = Statement(
        """
        select * from (
            select distinct on (v.vaccination) \(columns) from \(tables)
            where v.person = $1 order by v.vaccination, v.version desc) held
        order by recorded_at, vaccination
        """)

    private static let columns = """
        v.vaccination, v.person, v.visit, r.patient, v.response, c.refusal, c.unit_yen is not null, v.version,
        v.recorded_at, v.party, v.face
        """
    private static let tables = """
        exchange.vaccination v join exchange.vaccination_claim c
            on c.person = v.person and c.vaccination = v.vaccination and c.version = v.version
        join exchange.visit r on r.person = v.person and r.visit = v.visit
        """
    private static let newest = "order by v.version desc limit 1"

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        person = try row.uuid(1).person
        visit = try row.uuid(2).record
        patientID = try row.text(3)
        response = try row.optionalUUID(4)?.record
        claim = try VaccinationClaimStatus(
            refusal: row.optionalText(5), isPriced: row.bool(6))
        newest = VaccinationVersion(
            id: id.text, version: try row.int(7),
            recordedAt: Instant(microseconds: try row.instant(8)),
            institution: try Party(key: try row.text(9)),
            vaccination: try Vaccination(face: try row.text(10)))
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
