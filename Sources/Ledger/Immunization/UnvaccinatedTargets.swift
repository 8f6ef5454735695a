package import Exchange
import Postgres

/// 未接種者の条件: of which schedule, and who of those invited to it.
package struct UnvaccinatedQuery: Sendable {
    let programme: Programme
    let rules: ImmunizationRules
    let maternal: MaternalRules?
    let cohort: BirthCohort?
    /// 期間終了: whose invitation is over, or is not; `nil`: both.
    let isOver: Bool?

    package init(
        programme: Programme, _ rules: ImmunizationRules, _ maternal: MaternalRules?,
        cohort: BirthCohort? = nil, isOver: Bool? = nil
    ) {
        self.programme = programme
        self.rules = rules
        self.maternal = maternal
        self.cohort = cohort
        self.isOver = isOver
    }
}

/// 未接種者への再勧奨: whom the municipality invited and still waits for, and its reminders.
extension Records {
    /// Those whose invitation has begun and who live there, as far as anybody knows, in the order in which
    /// they were registered; as many as `limit`, or those of as many invitations as one request looks at.
    /// `next`: where to go on, if there may be more. Each of them is entered.
    package mutating func unvaccinated(
        _ query: UnvaccinatedQuery, after place: Int, limit: Int
    ) throws -> (targets: [UnvaccinatedTarget], next: Int?) {
        let today = now.dayInJapan
        var targets: [UnvaccinatedTarget] = []
        var next: Int? = place
        var looked = 0
        // Who asks for few is not made to wait for many.
        let size = min(max(limit, 100), Self.pageInvitations)
        while let after = next, looked < Self.invitationsMax, targets.count < limit {
            let page = try invited(query, keys: nil, after: after, limit: size)
            looked += page.count
            next = page.count == size ? page.last?.target.place : nil
            for invited in page
            where query.rules.isUnvaccinated(
                of: query.programme, invited.person,
                invited: invited.target.validFrom...invited.target.validTo, today: today)
            {
                targets.append(invited.target)
                guard targets.count == limit else { continue }
                next = invited.target.place
                break
            }
        }
        for person in Set(targets.map(\.person)) { enter(person) }
        if targets.isEmpty { enter(nil) }
        let undone = try undone(of: targets.map(\.person), query.programme)
        return (targets.map { $0.told(undone[$0.person]) }, next)
    }

    /// 接種しなかった記録: the newest of each resident that the municipality was told of.
    private mutating func undone(of persons: [PersonKey], _ programme: Programme) throws
        -> [PersonKey: UnvaccinatedTarget.NotDone]
    {
        guard !persons.isEmpty else { return [:] }
        let rows = try transaction.query(
            Self.selectUndone,
            [
                .uuids(persons.map { UUIDBytes($0) }), .text(caller.party.code),
                .text(programme.code),
            ])
        var undone: [PersonKey: UnvaccinatedTarget.NotDone] = [:]
        for index in 0..<rows.count {
            let row = rows[index]
            undone[try row.uuid(0).person] = UnvaccinatedTarget.NotDone(
                on: CalendarDay(daysSince1970: try row.day(1)),
                try Vaccination(face: try row.text(2)))
        }
        return undone
    }

    /// 再勧奨: a notice, of `subject`, to each of those keys who may be given a dose today; once a day, however
    /// often it is sent.
    package mutating func remind(
        _ reminding: Reminding, _ query: UnvaccinatedQuery, of subject: String
    ) throws -> Reminded {
        let today = now.dayInJapan
        // One who was invited twice is one.
        let waiting = Dictionary(
            try mayCome(query, keys: reminding.keys).map { ($0.person, $0) },
            uniquingKeysWith: { first, _ in first }
        ).values
        let news = waiting.filter { $0.remindedOn != today }.map(\.person)
        if waiting.isEmpty { enter(nil) }
        if !news.isEmpty {
            write([
                (
                    Self.insertVaccinationReminders,
                    [
                        .uuids(news.map { UUIDBytes($0) }), .text(query.programme.code),
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

    private mutating func mayCome(_ query: UnvaccinatedQuery, keys: [String]) throws
        -> [UnvaccinatedTarget]
    {
        let today = now.dayInJapan
        var targets: [UnvaccinatedTarget] = []
        var next: Int? = 0
        while let after = next {
            let page = try invited(
                query, keys: keys, after: after, limit: Self.pageInvitations)
            next = page.count == Self.pageInvitations ? page.last?.target.place : nil
            targets += page.filter {
                query.rules.mayCome(
                    to: query.programme, $0.person, invitedFrom: $0.target.validFrom,
                    today: today)
            }.map(\.target)
        }
        for person in Set(targets.map(\.person)) { enter(person) }
        return targets
    }

    /// Records are held of so many residents at once, and one request looks at so many invitations: a town
    /// in which everybody came is read in several.
    private static let pageInvitations = 1_000
    private static let invitationsMax = 10_000

    /// One page of invitations, with what the schedule is judged by.
    private mutating func invited(
        _ query: UnvaccinatedQuery, keys: [String]?, after place: Int, limit: Int
    ) throws -> [(target: UnvaccinatedTarget, person: NeedlePerson)] {
        let births = query.cohort.map { $0.written ?? ("", "") }
        let rows = try transaction.query(
            Self.selectInvited,
            [
                .text(caller.party.code), .text(query.programme.code), .int(place),
                .day(now.dayInJapan), .int(limit),
                .text(optional: births?.first), .text(optional: births?.last),
                .orNull(query.isOver), keys.map { .texts($0) } ?? .null,
            ])
        let persons = try Array(Set(rows.map { try $0.uuid(1).person }))
        guard !persons.isEmpty else { return [] }
        let maternal = query.programme.isOfPregnancy ? query.maternal : nil
        let read = try transaction.pipeline(
            [VaccinationFacts.dosesStep(of: persons)]
                + (maternal == nil ? [] : [NotifiedPregnancy.step(of: persons)]))
        var held: [PersonKey: [CountedRecord]] = [:]
        for row in try read[0].map({ $0 }) {
            held[try row.uuid(4).person, default: []].append(try CountedRecord(row))
        }
        let doses = held.mapValues {
            $0.withoutCopies(query.rules).compactMap { $0.counted.dose(query.rules) }
        }
        let pregnancies = try maternal.map { try NotifiedPregnancy.read(read[1], $0) } ?? [:]
        let seasons = query.rules.seasons(in: caller.party.code)
        return try rows.map { row in
            let target = try UnvaccinatedTarget(row)
            return (
                target,
                NeedlePerson(
                    birth: try row.optionalText(6).flatMap { try? BirthDate($0).day },
                    sex: try row.optionalText(7).map { ResidentSex(registered: $0) },
                    held: doses[target.person] ?? [], seasons: seasons,
                    pregnancies: (pregnancies[target.person] ?? []).map(\.known),
                    longIllnesses: try row.optionalDay(8).map { ended in
                        [
                            LongIllness(
                                ended: CalendarDay(daysSince1970: ended),
                                programmes: [query.programme.code], lastDay: target.validTo)
                        ]
                    } ?? [])
            )
        }
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

    /// An invitation, its last reminder, and birth and sex of the person.
    private static let selectInvited = Statement(
        """
        select t.version, t.person, t.identity_key, t.valid_from, t.valid_to, (
            select max(r.day) from \(Survivors.eachRecord(of: "t.person")) one
            join exchange.vaccination_reminder r on r.person = one.record
            where r.programme = $2 and r.municipality = $1), \(birth), (
            select i.sex from exchange.identity i
            where i.person = t.person and i.body = $1 and \(SaidIdentity.stands("i"))
            order by i.version desc limit 1), t.illness_ended
        from exchange.vaccination_target t
        where t.municipality = $1 and t.programme = $2 and t.version > $3 and not t.is_removed
            and t.valid_from <= $4 and ($8::boolean is null or (t.valid_to < $4) = $8)
            and ($9::text[] is null or t.identity_key = any ($9)) and not exists (
                select 1 from exchange.vaccination_target n
                where n.person = t.person and n.municipality = t.municipality
                    and n.identity_key = t.identity_key and n.programme = t.programme
                    and n.valid_from = t.valid_from and n.version > t.version)
            and coalesce((
                select r.municipality from exchange.residence r
                where r.person = t.person and r.from_day <= $4
                order by r.from_day desc, r.version desc limit 1), $1) = $1
            and case when $6::text is null then true when $6 = '' then \(birth) is null
                else coalesce(\(birth) between $6 and $7::text, false) end
        order by t.version limit $5
        """)

    private static let selectUndone = Statement(
        """
        select distinct on (q.person) q.person, c.day, v.face
        from unnest($1::uuid[]) as q(person)
        cross join lateral \(Survivors.eachRecord(of: "q.person")) one
        join exchange.vaccination_claim c on c.person = one.record
        join exchange.vaccination v
            on v.person = c.person and v.vaccination = c.vaccination and v.version = c.version
        where c.refusal = 'not-given' and c.municipality = $2 and c.programme = $3 and not exists (
            select 1 from exchange.vaccination_claim n
            where n.person = c.person and n.vaccination = c.vaccination and n.version > c.version)
        order by q.person, c.day desc, v.recorded_at desc
        """)

    private static let insertVaccinationReminders = Statement(
        """
        insert into exchange.vaccination_reminder (person, programme, municipality, day)
        select person, $2, $3, $4::date from unnest($1::uuid[]) as q(person)
        """)
}

extension UnvaccinatedTarget {
    fileprivate init(_ row: Row) throws {
        self.init(
            place: try row.int(0), person: try row.uuid(1).person,
            identityKey: try row.text(2),
            validFrom: CalendarDay(daysSince1970: try row.day(3)),
            validTo: CalendarDay(daysSince1970: try row.day(4)),
            remindedOn: try row.optionalDay(5).map(CalendarDay.init(daysSince1970:)))
    }
}
