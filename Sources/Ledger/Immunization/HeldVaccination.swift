package import Exchange
import Postgres

/// 保存された接種記録: the newest version of a record, with whose it is and the visit it was sent in.
package struct HeldVaccination: Sendable {
    package let id: RecordID
    package let person: PersonKey
    package let visit: RecordID
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
        "select \(columns) from exchange.vaccination where party = $1 and vaccination = $2 \(newest)"
    )

    static let selectByIdentifier = Statement(
        """
        select \(columns) from exchange.vaccination
        where party = $1 and identifier_system = $2 and identifier = $3 \(newest)
        """)

    static let selectByPerson = Statement(
        """
        select * from (
            select distinct on (vaccination) \(columns) from exchange.vaccination
            where person = $1 order by vaccination, version desc) held
        order by recorded_at, vaccination
        """)

    private static let columns =
        "vaccination, person, visit, version, recorded_at, party, face"
    private static let newest = "order by version desc limit 1"

    init(_ row: Row) throws {
        id = try row.uuid(0).record
        person = try row.uuid(1).person
        visit = try row.uuid(2).record
        newest = VaccinationVersion(
            id: id.text, version: try row.int(3),
            recordedAt: Instant(microseconds: try row.instant(4)),
            institution: try Party(key: try row.text(5)),
            vaccination: try Vaccination(face: try row.text(6)))
    }
}
