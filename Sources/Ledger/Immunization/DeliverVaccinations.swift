package import Exchange
import Postgres

/// 台帳への連携: what a municipality is to receive of its residents' records. At least once and in an order
/// that never changes: it asks for what comes after the place it has received.
package struct DeliveredVaccination: Sendable {
    package let id: RecordID
    package let person: PersonKey
    /// Nothing in an answer about one resident to what was not yet received.
    package let place: Int?
    /// 宛名番号: the municipality's own key of the resident, where it ever registered one.
    package let identityKey: String?
    package let line: MunicipalLine
}

extension Records {
    /// The lines after `place`, in the order of their places; the municipality has received all up to it.
    /// Without one, those after the last that it acknowledged.
    ///
    /// Places are given here, under a lock of the municipality's own: whatever commits later comes after.
    /// Throws `.malformed("_cursor")` for a place that was never given.
    package mutating func receiveVaccinations(after place: Int?, limit: Int) throws
        -> [DeliveredVaccination]
    {
        let municipality = Value.text(caller.party.code)
        try transaction.run(Self.lockDeliveries, [municipality])
        try transaction.run(Self.givePlaces, [municipality, .int(limit)])
        let rows = try transaction.query(Self.selectPlaces, [municipality])
        let (last, received) = (try rows[0].int(0), try rows[0].int(1))
        if let place {
            guard place <= last else { throw Refusal.malformed("_cursor") }
            write([(Self.acknowledge, [municipality, .int(place), .time(now)])])
        }
        let lines = try delivered(
            Self.selectAfter, [municipality, .int(place ?? received), .int(limit)])
        if lines.isEmpty { enter(nil) }
        return lines
    }

    /// The lines that the municipality now holds of the resident it knows by this key; nothing where it
    /// knows nobody.
    package mutating func vaccinationLines(ofKey identityKey: String) throws
        -> [DeliveredVaccination]
    {
        let found = try keyedPersons([identityKey], of: caller.party.code)
        guard let person = found[identityKey] else {
            enter(nil)
            return []
        }
        let lines = try delivered(
            Self.selectOfPerson, [.text(caller.party.code), .person(person)])
        if lines.isEmpty { enter(person) }
        return lines
    }

    private mutating func delivered(_ statement: Statement, _ values: [Value]) throws
        -> [DeliveredVaccination]
    {
        let lines = try transaction.query(statement, values).map(DeliveredVaccination.init)
        var versions: [PersonKey: [String]] = [:]
        for line in lines {
            versions[line.person, default: []].append(
                "\(line.id.text)/\(line.line.version.version)")
        }
        for (person, versions) in versions {
            enter(person, basis: versions.joined(separator: " "))
        }
        return lines
    }
}

/// 配り先: the municipalities that are to receive new versions.
struct VaccinationDeliveries {
    private struct Row {
        let record: HeldVaccination
        let municipality: String
        let isWithdrawn: Bool
    }

    private var rows: [Row] = []

    /// For each record one row for whoever holds the line now, and one for each that held it until now.
    init(
        _ transaction: inout Transaction,
        of records: [(held: HeldVaccination, municipality: String?)]
    ) throws {
        let corrected = records.map(\.held).filter { $0.newest.version > 1 }
        let holders = corrected.isEmpty ? [:] : try Self.holders(&transaction, of: corrected)
        for (record, municipality) in records {
            if let municipality {
                rows.append(Row(record: record, municipality: municipality, isWithdrawn: false))
            }
            for holder in holders[record.id] ?? [] where holder != municipality {
                rows.append(Row(record: record, municipality: holder, isWithdrawn: true))
            }
        }
    }

    private static func holders(
        _ transaction: inout Transaction, of records: [HeldVaccination]
    ) throws -> [RecordID: [String]] {
        var holders: [RecordID: [String]] = [:]
        let rows = try transaction.query(
            selectHolders,
            [
                .uuids(records.map { UUIDBytes($0.person) }),
                .uuids(records.map { UUIDBytes($0.id) }),
            ])
        for index in 0..<rows.count {
            try holders[rows[index].uuid(0).record, default: []].append(rows[index].text(1))
        }
        return holders
    }

    var steps: [(Statement, [Value])] {
        guard !rows.isEmpty else { return [] }
        return [
            (
                Self.deliver,
                [
                    .uuids(rows.map { UUIDBytes($0.record.person) }),
                    .uuids(rows.map { UUIDBytes($0.record.id) }),
                    .ints(rows.map(\.record.newest.version)), .texts(rows.map(\.municipality)),
                    .bools(rows.map(\.isWithdrawn)),
                    .instants(rows.map(\.record.newest.recordedAt.microseconds)),
                ]
            )
        ]
    }

    private static let selectHolders = Statement(
        """
        select vaccination, municipality from (
            select distinct on (d.vaccination, d.municipality) d.vaccination, d.municipality, d.is_withdrawn
            from unnest($1::uuid[], $2::uuid[]) as q(person, vaccination)
            join exchange.vaccination_delivery d using (person, vaccination)
            order by d.vaccination, d.municipality, d.version desc) d
        where not is_withdrawn
        """)

    private static let deliver = Statement(
        """
        insert into exchange.vaccination_delivery
            (person, vaccination, version, municipality, is_withdrawn, made_at)
        select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::text[], $5::bool[],
            $6::timestamptz[])
        """)
}

extension DeliveredVaccination {
    /// The columns of `Records.lines`.
    fileprivate init(_ row: Row) throws {
        id = try row.uuid(0).record
        person = try row.uuid(1).person
        place = try row.optionalInt(2)
        identityKey = try row.optionalText(15)
        line = MunicipalLine(
            version: VaccinationVersion(
                id: id.text, version: try row.int(3),
                recordedAt: Instant(microseconds: try row.instant(4)),
                institution: try Party(key: try row.text(5)),
                vaccination: try Vaccination(face: try row.text(6))),
            isWithdrawn: try row.bool(7),
            entry: .init(
                programme: try row.text(8), doseNumber: try row.optionalInt(9),
                isOutOfArea: try row.bool(10), remarks: try row.texts(11),
                charge: MunicipalLine.Entry.Charge(
                    unitYen: try row.optionalInt(12), copaymentYen: try row.optionalInt(13),
                    source: try row.optionalText(14))))
    }
}

extension Records {
    private static let lockDeliveries = Statement(
        "select pg_advisory_xact_lock(hashtextextended('tsunagi delivery ' || $1, 0))::text")

    private static let givePlaces = Statement(
        """
        with fresh as (
            select person, vaccination, version, 
                row_number() over (order by made_at, version, vaccination) as next
            from exchange.vaccination_delivery where municipality = $1 and place is null
            order by made_at, version, vaccination limit $2)
        update exchange.vaccination_delivery d set place = fresh.next + (
            select coalesce(max(place), 0) from exchange.vaccination_delivery
            where municipality = $1 and place is not null)
        from fresh where d.municipality = $1 and d.person = fresh.person
            and d.vaccination = fresh.vaccination and d.version = fresh.version
        """)

    private static let selectPlaces = Statement(
        """
        select (select coalesce(max(place), 0) from exchange.vaccination_delivery
                where municipality = $1 and place is not null),
            (select coalesce(max(place), 0) from exchange.vaccination_receipt where municipality = $1)
        """)

    private static let acknowledge = Statement(
        """
        insert into exchange.vaccination_receipt as r (municipality, place, received_at) values ($1, $2, $3)
        on conflict (municipality) do update set place = excluded.place, received_at = excluded.received_at
        where r.place < excluded.place
        """)

    /// Of what was withdrawn, the version that the municipality held.
    private static let lines = """
        select d.vaccination, d.person, d.place, d.version, d.made_at, v.party, v.face, d.is_withdrawn,
            c.programme, c.dose_number, c.is_out_of_area, c.remarks, c.unit_yen, c.copayment_yen,
            c.price_source, t.identity_key
        from exchange.vaccination_delivery d
        cross join lateral (
            select * from exchange.vaccination_claim c
            where c.person = d.person and c.vaccination = d.vaccination and c.version <= d.version
                and c.municipality = d.municipality
            order by c.version desc limit 1) c
        join exchange.vaccination v
            on v.person = c.person and v.vaccination = c.vaccination and v.version = c.version
        left join lateral (
            select identity_key from exchange.vaccination_target t
            where t.person = d.person and t.municipality = d.municipality
            order by t.version desc limit 1) t on true
        """

    private static let selectAfter = Statement(
        "\(lines) where d.municipality = $1 and d.place > $2 order by d.place limit $3")

    private static let selectOfPerson = Statement(
        """
        \(lines) where d.municipality = $1 and d.person = $2 and not d.is_withdrawn and not exists (
            select 1 from exchange.vaccination_delivery n
            where n.person = d.person and n.vaccination = d.vaccination
                and n.municipality = d.municipality and n.version > d.version)
        order by d.made_at, d.vaccination
        """)
}
