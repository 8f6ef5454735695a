package import Exchange
import Postgres

/// 未受診者の把握 (母子保健法12条・13条): whom the municipality still waits for, from notifications and reports that came
/// anyway.
extension Records {
    /// Children of whom the municipality's word is the newest and who live there, as far as anybody knows, in
    /// the order of their words; one that was notified under two records once. Each of them is entered.
    package mutating func unseenChildren(
        _ checkup: CheckupRule, births: DayRange, after place: Int, limit: Int
    ) throws -> [UnseenChild] {
        let children = try unseen(checkup, births, keys: nil, after: place, limit: limit).children
        if children.isEmpty { enter(nil) }
        return children
    }

    /// 受診勧奨: a notice to each child of those keys that still waits; once a day, however often it is sent.
    /// Any of the municipality's keys is the child's.
    package mutating func remind(
        _ reminding: Reminding, of checkup: CheckupRule, births: DayRange
    ) throws -> Reminded {
        let today = now.dayInJapan
        let (waiting, keys) = try unseen(
            checkup, births, keys: reminding.keys, after: 0, limit: Reminding.keysMax)
        let news = waiting.filter { $0.remindedOn != today }.map(\.person)
        if waiting.isEmpty { enter(nil) }
        if !news.isEmpty {
            write([
                (
                    Self.insertReminders,
                    [
                        .uuids(news.map { UUIDBytes($0) }), .text(checkup.code),
                        .text(caller.party.code), .day(today),
                    ]
                ),
                NewNotice.insertion(
                    of: news.map {
                        NewNotice(person: $0, kind: Notice.checkupDue, subject: checkup.code)
                    }, from: caller.party),
            ])
        }
        return Reminded(
            reminded: news.count, unchanged: waiting.count - news.count,
            notWaiting: Set(reminding.keys).count - keys)
    }

    /// `keys`: how many of those that were asked about are theirs.
    private mutating func unseen(
        _ checkup: CheckupRule, _ births: DayRange, keys: [String]?, after place: Int, limit: Int
    ) throws -> (children: [UnseenChild], keys: Int) {
        let rows = try transaction.query(
            Self.selectUnseen,
            [
                .text(caller.party.code), .text(checkup.code), .text(births.first.text),
                .text(births.last.text), .int(place), .day(now.dayInJapan),
                keys.map { .texts($0) } ?? .null, .int(limit),
            ])
        let children = try rows.map { row in
            UnseenChild(
                place: try row.int(0), person: try row.uuid(1).person,
                notificationKey: try row.text(2), birth: try CalendarDay(row.text(3)),
                remindedOn: try row.optionalDay(4).map(CalendarDay.init(daysSince1970:)))
        }
        for person in Set(children.map(\.person)) { enter(person) }
        return (children, try rows.map { try $0.int(5) }.reduce(0, +))
    }

    /// 受診者数: of the children of these municipalities, by month of birth.
    package mutating func attendance(
        _ checkup: CheckupRule, births: DayRange, of municipalities: String, least: Int
    ) throws -> CheckupAttendance {
        let rows = try transaction.query(
            Self.countAttendance,
            [
                .text(municipalities), .text(checkup.code), .text(births.first.text),
                .text(births.last.text),
            ])
        enter(nil)
        return CheckupAttendance(
            checkup: checkup.code,
            cohorts: try rows.map { row in
                CheckupAttendance.Cohort(
                    municipality: try row.text(0), month: try row.text(1),
                    registered: try row.int(2), seen: try row.int(3))
            }, least: least)
    }

    /// 本人: whoever the record of a word `n` is of now.
    private static let whom = """
        cross join lateral (select \(Survivors.sql(of: "n.person")) as survivor) whom
        """

    private static let each = Survivors.eachRecord(of: "whom.survivor")

    /// The newest word on a child, that stands, under whichever record of the child.
    private static let standingWord =
        "n.kind = 'child' and \(StandingWord.isNewest("n", of: "whom.survivor"))"

    /// 受診: a report that stands, of one who was examined.
    private static let seen = """
        exists (
            select 1 from \(each) one
            join exchange.checkup_result c on c.person = one.record
            where c.checkup = $2 and c.status <> 'entered-in-error'
                and not exists (
                    select 1 from exchange.checkup_result later
                    where later.person = c.person and later.result = c.result
                        and later.version > c.version)
                and not exists (
                    select 1 from exchange.checkup_line l
                    where l.person = c.person and l.result = c.result and l.version = c.version
                        and l.refusal = '\(CheckupClaimRefusal.notExamined.rawValue)'))
        """

    private static let selectUnseen = Statement(
        """
        select n.version, whom.survivor, n.notification_key, n.face::jsonb ->> 'dateOfBirth', (
                select max(r.day) from \(each) one
                join exchange.checkup_reminder r on r.person = one.record
                where r.checkup = $2 and r.municipality = $1),
            case when $7::text[] is null then 0 else (select count(*) from (\(asked)) asked) end
        from exchange.maternal_notification n \(whom)
        where n.municipality = $1 and (n.face::jsonb ->> 'dateOfBirth') between $3 and $4
            and n.version > $5 and \(standingWord)
            and coalesce((
                select r.municipality from exchange.residence r
                where r.person = whom.survivor and r.from_day <= $6
                order by r.from_day desc, r.version desc limit 1), $1) = $1
            and ($7::text[] is null or exists (\(asked))) and not \(seen)
        order by n.version limit $8
        """)

    /// The keys that were asked about, of those by which the municipality's word on the child stands.
    private static let asked = """
        select distinct k.notification_key from \(each) one
        join exchange.maternal_notification k on k.person = one.record
        where k.municipality = $1 and k.kind = 'child' and k.notification_key = any ($7)
            and \(StandingWord.stands("k", of: "whom.survivor"))
        """

    private static let insertReminders = Statement(
        """
        insert into exchange.checkup_reminder (person, checkup, municipality, day)
        select distinct person, $2, $3, $4::date from unnest($1::uuid[]) as q(person)
        """)

    private static let countAttendance = Statement(
        """
        select n.municipality, substr(n.face::jsonb ->> 'dateOfBirth', 1, 7), count(*),
            count(*) filter (where \(seen))
        from exchange.maternal_notification n \(whom)
        where n.municipality like $1 and (n.face::jsonb ->> 'dateOfBirth') between $3 and $4
            and \(standingWord)
        group by 1, 2 order by 1, 2
        """)
}
