package import Exchange
import Postgres

/// 住民一人の接種記録, as the municipality where they live holds and sees them.
package struct TownVaccinations: Sendable {
    /// 宛名番号 that it asked by.
    package let identityKey: String
    package let lines: [Delivery]
    /// 転入前の接種歴: lines of other municipalities and what their ledgers hold; shown, and claimed of nobody
    /// here.
    package let history: [HeldVaccination]
}

/// 受領した行: what a body is sent in one answer.
package struct ReceivedLines: Sendable {
    package let lines: [Delivery]
    /// The place to go on from; lines that the body is not shown any more have places, too.
    package let last: Int?
}

/// 連携の受領: at least once and in an order that never changes: a body asks for what comes after the place it
/// has received.
extension Records {
    /// The lines of a field after `place`, in the order of their places; the body has received all up to
    /// it. Without one, those after the last that it acknowledged. Past doses that the body may not be shown
    /// any more are passed over.
    ///
    /// Places are given here, under a lock of the body's own for the field: whatever commits later comes
    /// after, however long its transaction has been running. Throws `.malformed("_cursor")` for a place
    /// that was never given, `.notYourPurpose` for a field that the body is not entitled to,
    /// `.rulesUnknown`.
    package mutating func receive(
        _ field: DeliveryField, after place: Int?, limit: Int, rules: RuleBook
    ) throws -> ReceivedLines {
        if let scheme = field.designation {
            let own = Designation(body: caller.party.code, scheme: scheme)
            guard standing.designations(on: now.dayInJapan).contains(own) else {
                throw Refusal.notYourPurpose
            }
        }
        let line: [Value] = [.text(caller.party.code), .text(field.rawValue)]
        try transaction.run(Self.lockDeliveries, line)
        try transaction.run(Self.givePlaces, line + [.int(limit)])
        let rows = try transaction.query(Self.selectPlaces, line)
        let (last, received) = (try rows[0].int(0), try rows[0].int(1))
        if let place {
            guard place <= last else { throw Refusal.malformed("_cursor") }
            write([(Self.acknowledge, line + [.int(place), .time(now)])])
        }
        let deliveries = try transaction.query(
            field.selectAfter,
            [.text(caller.party.code), .int(place ?? received), .int(limit)]
        ).map { try field.delivery($0, rules) }
        let shown = try self.shown(deliveries, asOf: nil, rules)
        disclose(shown)
        return ReceivedLines(lines: shown, last: deliveries.last?.place)
    }

    /// The lines of the ledger of vaccinations that the municipality now holds of the resident it knows
    /// by this key, and, while they live there, those of other municipalities
    /// (定期接種の転入前の記録); nothing where it knows nobody.
    package mutating func vaccinationLines(ofKey identityKey: String, rules: RuleBook) throws
        -> TownVaccinations
    {
        let found = try keyedPersons([identityKey], of: caller.party.code)
        guard let person = found[identityKey] else {
            enter(nil)
            return TownVaccinations(identityKey: identityKey, lines: [], history: [])
        }
        let lines = try transaction.query(
            DeliveryField.selectVaccinationsOfPerson, [.text(caller.party.code), .person(person)]
        ).map { try DeliveryField.immunization.delivery($0, rules) }
        let own = Set(lines.map(\.id))
        let history =
            try home(of: person, on: now.dayInJapan) == caller.party.code
            ? toldByOthers(of: person, rules).filter { !own.contains($0.id) } : []
        let shown =
            lines.map(\.basis) + history.map { "\($0.id.text)/\($0.newest.version)" }
        enter(person, basis: shown.isEmpty ? nil : shown.joined(separator: " "))
        return TownVaccinations(identityKey: identityKey, lines: lines, history: history)
    }

    /// Its own ledger tells a municipality nothing new.
    private mutating func toldByOthers(of person: PersonKey, _ rules: RuleBook) throws
        -> [HeldVaccination]
    {
        let all = try vaccinations(of: person)
        let held = rules.immunization.map { all.withoutCopies($0) } ?? all
        let town = caller.party
        return held.filter { held in
            guard held.isPastDose else { return held.claim.isLine }
            return held.newest.vaccination.status == .completed
                && held.newest.institution != town
        }
    }

    /// 住所地 on a day; nothing where nobody told, or abroad.
    mutating func home(of person: PersonKey, on day: CalendarDay) throws -> String? {
        let rows = try transaction.query(Self.selectHomes, [.uuids([UUIDBytes(person)])])
        let home = try rows.map { try Residence($0, from: 0) }.residence(on: day, knownBy: now)
        return home.flatMap { $0.municipality == Residence.nowhere ? nil : $0.municipality }
    }

    /// One entry for each resident, naming the versions that are shown; one about nobody for nothing.
    mutating func disclose(_ deliveries: [Delivery]) {
        var versions: [PersonKey: [String]] = [:]
        for delivery in deliveries { versions[delivery.person, default: []].append(delivery.basis) }
        for (person, versions) in versions {
            enter(person, basis: versions.joined(separator: " "))
        }
        if deliveries.isEmpty { enter(nil) }
    }

    static let lockDeliveries = Statement(
        """
        select pg_advisory_xact_lock(hashtextextended('tsunagi delivery ' || $1 || ' ' || $2, 0))::text
        """)

    static let givePlaces = Statement(
        """
        with fresh as (
            select person, record, version,
                row_number() over (order by made_at, version, record) as next
            from exchange.delivery where body = $1 and field = $2 and place is null
            order by made_at, version, record limit $3)
        update exchange.delivery d set place = fresh.next + (
            select coalesce(max(place), 0) from exchange.delivery
            where body = $1 and field = $2 and place is not null)
        from fresh where d.person = fresh.person and d.field = $2 and d.record = fresh.record
            and d.version = fresh.version and d.body = $1
        """)

    private static let selectPlaces = Statement(
        """
        select (select coalesce(max(place), 0) from exchange.delivery
                where body = $1 and field = $2 and place is not null),
            (select coalesce(max(place), 0) from exchange.delivery_receipt
                where body = $1 and field = $2)
        """)

    private static let acknowledge = Statement(
        """
        insert into exchange.delivery_receipt as r (body, field, place, received_at)
        values ($1, $2, $3, $4)
        on conflict (body, field) do update
            set place = excluded.place, received_at = excluded.received_at
        where r.place < excluded.place
        """)
}
