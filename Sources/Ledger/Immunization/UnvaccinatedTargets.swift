package import Exchange
import Postgres

/// 未接種者の条件: of which schedule, and who of those invited to it.
package struct UnvaccinatedQuery: Sendable {
    let programme: String
    /// Codes of the vaccines that the schedule gives.
    let vaccines: [String]
    let cohort: BirthCohort?
    /// 期間終了: whose invitation is over, or is not; `nil`: both.
    let isOver: Bool?

    package init(
        programme: String, vaccines: [String], cohort: BirthCohort? = nil, isOver: Bool? = nil
    ) {
        self.programme = programme
        self.vaccines = vaccines
        self.cohort = cohort
        self.isOver = isOver
    }
}

/// 未接種者への再勧奨: whom the municipality invited and still waits for, and its reminders.
extension Records {
    /// Those whose invitation has begun and who live there, as far as anybody knows, in the order in which
    /// they were registered. Each of them is entered.
    package mutating func unvaccinated(
        _ query: UnvaccinatedQuery, after place: Int, limit: Int
    ) throws -> [UnvaccinatedTarget] {
        let targets = try waiting(query, keys: nil, after: place, limit: limit)
        if targets.isEmpty { enter(nil) }
        return targets
    }

    /// 再勧奨: a notice, of `subject`, to each of those keys that still waits; once a day, however often it is
    /// sent.
    package mutating func remind(
        _ reminding: Reminding, _ query: UnvaccinatedQuery, of subject: String
    ) throws -> Reminded {
        let today = now.dayInJapan
        // One who was invited twice is one.
        let waiting = Dictionary(
            try waiting(query, keys: reminding.keys, after: 0, limit: Reminding.keysMax).map {
                ($0.person, $0)
            }, uniquingKeysWith: { first, _ in first }
        ).values
        let news = waiting.filter { $0.remindedOn != today }.map(\.person)
        if waiting.isEmpty { enter(nil) }
        if !news.isEmpty {
            write([
                (
                    Self.insertVaccinationReminders,
                    [
                        .uuids(news.map { UUIDBytes($0) }), .text(query.programme),
                        .text(caller.party.code), .day(today),
                    ]
                ),
                NewNotice.insertion(
                    of: news.map {
                        NewNotice(person: $0, kind: Notice.vaccinationDue, subject: subject)
                    }, from: caller.party),
            ])
        }
        return Reminded(
            reminded: news.count, unchanged: waiting.count - news.count,
            notWaiting: Set(reminding.keys).subtracting(waiting.map(\.identityKey)).count)
    }

    private mutating func waiting(
        _ query: UnvaccinatedQuery, keys: [String]?, after place: Int, limit: Int
    ) throws -> [UnvaccinatedTarget] {
        let births = query.cohort.map { $0.written ?? ("", "") }
        let targets = try transaction.query(
            Self.selectUnvaccinated,
            [
                .text(caller.party.code), .text(query.programme), .texts(query.vaccines),
                .int(place), .day(now.dayInJapan), .int(limit),
                .text(optional: births?.first), .text(optional: births?.last),
                .orNull(query.isOver), keys.map { .texts($0) } ?? .null,
            ]
        ).map { row in
            UnvaccinatedTarget(
                place: try row.int(0), person: try row.uuid(1).person,
                identityKey: try row.text(2),
                validFrom: CalendarDay(daysSince1970: try row.day(3)),
                validTo: CalendarDay(daysSince1970: try row.day(4)),
                remindedOn: try row.optionalDay(5).map(CalendarDay.init(daysSince1970:)))
        }
        for person in Set(targets.map(\.person)) { enter(person) }
        return targets
    }

    /// The birth date is the municipality's own word: what another body registered says nothing here, not
    /// even that it registered anybody.
    private static let birth = """
        coalesce((
            select i.birth_date from exchange.identity i
            where i.person = t.person and i.body = $1 and \(SaidIdentity.stands("i"))
            order by i.version desc limit 1), (
            select n.face::jsonb ->> 'dateOfBirth' from \(Survivors.eachRecord(of: "t.person")) one
            join exchange.maternal_notification n on n.person = one.record
            where n.municipality = $1 and n.kind = 'child'
            order by n.version desc limit 1))
        """

    private static let selectUnvaccinated = Statement(
        """
        select t.version, t.person, t.identity_key, t.valid_from, t.valid_to, (
            select max(r.day) from \(Survivors.eachRecord(of: "t.person")) one
            join exchange.vaccination_reminder r on r.person = one.record
            where r.programme = $2 and r.municipality = $1)
        from exchange.vaccination_target t
        where t.municipality = $1 and t.programme = $2 and t.version > $4 and not t.is_removed
            and t.valid_from <= $5 and ($9::boolean is null or (t.valid_to < $5) = $9)
            and ($10::text[] is null or t.identity_key = any ($10)) and not exists (
                select 1 from exchange.vaccination_target n
                where n.person = t.person and n.municipality = t.municipality
                    and n.identity_key = t.identity_key and n.programme = t.programme
                    and n.valid_from = t.valid_from and n.version > t.version)
            and coalesce((
                select r.municipality from exchange.residence r
                where r.person = t.person and r.from_day <= $5
                order by r.from_day desc, r.version desc limit 1), $1) = $1
            and not exists (
                select 1 from \(Survivors.eachRecord(of: "t.person")) one
                join exchange.vaccination v on v.person = one.record
                where v.status = 'completed' and v.vaccine = any ($3) and v.day >= t.valid_from
                    and not exists (
                        select 1 from exchange.vaccination n
                        where n.person = v.person and n.vaccination = v.vaccination
                            and n.version > v.version))
            and case when $7::text is null then true when $7 = '' then \(birth) is null
                else coalesce(\(birth) between $7 and $8::text, false) end
        order by t.version limit $6
        """)

    private static let insertVaccinationReminders = Statement(
        """
        insert into exchange.vaccination_reminder (person, programme, municipality, day)
        select person, $2, $3, $4::date from unnest($1::uuid[]) as q(person)
        """)
}
