package import Exchange
import Postgres

/// 未受診者の把握 (母子保健法12条・13条): whom the municipality still waits for, from notifications and reports that came
/// anyway. What was found in confidence alone takes nobody off the list: its being there would show.
extension Records {
    /// Children, or mothers, of whom the municipality's word is the newest and who live there, as far as
    /// anybody knows, in the order of their words; one that was notified under two records once. A child who
    /// came to live there is waited for by another municipality's word, until there is one of its own. Each
    /// of them is entered.
    package mutating func unseenResidents(
        _ checkup: AwaitedCheckup, after place: Int, limit: Int
    ) throws -> [UnseenResident] {
        let found = try unseen(checkup, keys: nil, after: place, limit: limit)
        if found.isEmpty { enter(nil) }
        return found.map { $0.resident }
    }

    /// 受診勧奨: a notice to each of those keys that still waits; once a day, however often it is sent. Any of
    /// the municipality's keys is the resident's. A mother who does not yet decide alone finds none: her card
    /// may be in others' hands.
    package mutating func remind(
        _ reminding: Reminding, of checkup: AwaitedCheckup, rules: RuleBook
    ) throws -> Reminded {
        let today = now.dayInJapan
        let found = try unseen(
            checkup, keys: reminding.keys, after: 0, limit: Reminding.keysMax)
        let persons = found.map { $0.resident.person }
        let minors: Set<PersonKey> =
            try checkup.origin == .birth ? [] : closed(.sensitive, among: persons, rules)
        let waiting = found.filter { !minors.contains($0.resident.person) }
        // One who waits after two deliveries is one.
        let news = Set(
            waiting.filter { $0.resident.remindedOn != today }.map { $0.resident.person })
        if found.isEmpty { enter(nil) }
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
            reminded: news.count,
            unchanged: Set(waiting.map { $0.resident.person }).subtracting(news).count,
            notWaiting: Set(reminding.keys).count - waiting.map { $0.keys }.reduce(0, +))
    }

    /// `keys`: how many of those that were asked about are theirs.
    private mutating func unseen(
        _ checkup: AwaitedCheckup, keys: [String]?, after place: Int, limit: Int
    ) throws -> [(resident: UnseenResident, keys: Int)] {
        let spans = checkup.missing
        let rows = try transaction.query(
            checkup.origin.selectUnseen,
            [
                .text(caller.party.code), .text(checkup.code),
                .texts(spans.map(\.origins.first.text)), .texts(spans.map(\.origins.last.text)),
                .int(place), .day(now.dayInJapan), keys.map { .texts($0) } ?? .null,
                .int(limit), .ints(spans.map(\.seenFromDay)),
            ])
        let found = try rows.map { row in
            let resident = UnseenResident(
                place: try row.int(0), person: try row.uuid(1).person,
                notificationKey: try row.optionalText(2), identityKey: try row.optionalText(6),
                origin: try CalendarDay(row.text(3)),
                remindedOn: try row.optionalDay(4).map(CalendarDay.init(daysSince1970:)))
            return (resident: resident, keys: try row.int(5))
        }
        for person in Set(found.map { $0.resident.person }) { enter(person) }
        return found
    }

    private static let insertReminders = Statement(
        """
        insert into exchange.checkup_reminder (person, checkup, municipality, day)
        select distinct person, $2, $3, $4::date from unnest($1::uuid[]) as q(person)
        """)
}

/// 起算日の読み方: which words are of those waited for, and where the day stands in a word `n`.
extension AwaitedCheckup.Origin {
    var kind: MaternalNotification.Kind { self == .birth ? .child : .pregnancy }

    /// As the indexes of the table have it.
    func day(in row: String) -> String {
        switch self {
        case .birth: "\(row).face::jsonb ->> 'dateOfBirth'"
        case .delivery: "\(row).face::jsonb #>> '{delivery,on}'"
        case .expectedDate: "\(row).face::jsonb ->> 'expectedDate'"
        }
    }

    /// 流産・死産のあと nobody is waited for or reminded: a mother is, after the delivery of a child that lives. Of
    /// a pregnancy the numbers are the same however it went.
    func isCounted(_ row: String) -> String {
        self == .delivery ? "(\(row).face::jsonb #>> '{delivery,live}')::int > 0" : "true"
    }

    fileprivate var selectUnseen: Statement {
        switch self {
        case .birth: Self.selectUnseenChildren
        case .delivery: Self.selectUnseenMothers
        case .expectedDate: Self.selectUnseenPregnant
        }
    }

    private static let selectUnseenChildren = Statement(select(.birth))
    private static let selectUnseenMothers = Statement(select(.delivery))
    private static let selectUnseenPregnant = Statement(select(.expectedDate))

    private static func select(_ origin: Self) -> String {
        let day = origin.day(in: "n")
        return """
            select n.version, whom.survivor, \(ownKey), \(day), (
                    select max(r.day) from \(each) one
                    join exchange.checkup_reminder r on r.person = one.record
                    where r.checkup = $2 and r.municipality = $1
                        and (span.since is null or r.day >= (\(day))::date + span.since::int)),
                case when $7::text[] is null then 0
                    else (select count(*) from (\(asked(origin))) asked) end,
                case when n.municipality <> $1 then (\(identityKey)) end
            from unnest($3::text[], $4::text[], $9::bigint[]) as span(first, last, since)
            cross join lateral (\(origin.words)) n
            cross join lateral (select \(Survivors.sql(of: "n.person")) as survivor) whom
            where n.version > $5 and \(StandingWord.isNewest("n", of: "whom.survivor"))
                and \(origin.isAwaited)
                and coalesce((
                    select r.municipality from exchange.residence r
                    where r.person = whom.survivor and r.from_day <= $6
                    order by r.from_day desc, r.version desc limit 1), n.municipality) = $1
                and not exists (select 1 from exchange.deceased d where d.person = whom.survivor)
                and ($7::text[] is null or exists (\(asked(origin))))
                and not \(seen(since: day))
            order by n.version limit $8
            """
    }

    private static let each = Survivors.eachRecord(of: "whom.survivor")

    /// 候補の届出: the municipality's own words of a span and, of children, those of others on whoever came to
    /// live there since the first of them was born; who moved on is told apart by where they live.
    private var words: String {
        let spanned = """
            n.kind = '\(kind.rawValue)' and (\(day(in: "n"))) between span.first and span.last
            """
        let own = """
            select n.* from exchange.maternal_notification n where n.municipality = $1 and \(spanned)
            """
        guard self == .birth else { return own }
        return """
            \(own)
                union
                select n.* from exchange.residence home
                cross join lateral \(Survivors.eachRecord(of: "home.person")) moved
                join exchange.maternal_notification n on n.person = moved.record
                where home.municipality = $1 and home.from_day >= span.first::date
                    and n.municipality <> $1 and \(spanned)
            """
    }

    /// 届出番号 of the municipality's own: of another's word, that of its own older one, if there is any.
    private static let ownKey = """
        case when n.municipality = $1 then n.notification_key else (
                    select k.notification_key from \(each) one
                    join exchange.maternal_notification k on k.person = one.record
                    where k.municipality = $1 and k.kind = n.kind
                        and \(StandingWord.stands("k", of: "whom.survivor"))
                    order by k.version desc limit 1) end
        """

    /// 自治体別本人キー, by which the municipality told of them last.
    private static let identityKey = """
        select t.identity_key from \(each) one
                cross join lateral (
                    select identity_key, known_at from exchange.checkup_target
                    where person = one.record and municipality = $1 and by_merge is null
                    union all
                    select identity_key, known_at from exchange.life_event
                    where person = one.record and municipality = $1) t
                order by t.known_at desc limit 1
        """

    private var isAwaited: String {
        switch self {
        case .birth: "true"
        case .delivery: "\(isCounted("n")) and not \(Self.isOfTheDeadAlone)"
        case .expectedDate:
            """
            n.face::jsonb -> 'delivery' is null and coalesce((
                    select sum((lost ->> 'fetuses')::int)
                    from jsonb_array_elements(n.face::jsonb -> 'losses') lost), 0)
                < coalesce((n.face::jsonb ->> 'fetuses')::int, 1)
            """
        }
    }

    /// 子の死亡: every child that lived at birth has died since, of those that were told to be of this pregnancy.
    private static let isOfTheDeadAlone = """
        (
            select count(distinct child.survivor) from exchange.maternal_notification c
            cross join lateral (select \(Survivors.sql(of: "c.person")) as survivor) child
            join exchange.deceased d on d.person = child.survivor
            where c.municipality = n.municipality and c.kind = 'child'
                and c.face::jsonb ->> 'pregnancyKey' = n.notification_key
                and \(StandingWord.stands("c", of: "child.survivor")))
            >= (n.face::jsonb #>> '{delivery,live}')::int
        """

    /// 受診: a report that stands, of one who was examined.
    private static func seen(since day: String) -> String {
        """
        exists (
            select 1 from \(each) one
            join exchange.checkup_result c on c.person = one.record
            where c.checkup = $2 and \(ExaminedReport.isExamined("c"))
                and (span.since is null or c.day >= (\(day))::date + span.since::int))
        """
    }

    /// The keys that were asked about, of those by which the municipality's word on them stands; none of
    /// another pregnancy of hers.
    private static func asked(_ origin: Self) -> String {
        """
        select distinct k.notification_key from \(each) one
        join exchange.maternal_notification k on k.person = one.record
        where k.municipality = $1 and k.kind = '\(origin.kind.rawValue)'
            and (k.episode = n.episode or k.person <> n.person)
            and k.notification_key = any ($7) and \(StandingWord.stands("k", of: "whom.survivor"))
        """
    }
}

/// 受診した健診: which rows of `exchange.checkup_result` say that somebody was examined.
enum ExaminedReport {
    /// The newest version of a report that was not taken back, and not of one of whom nothing was examined.
    static func isExamined(_ row: String) -> String {
        """
        \(row).status <> 'entered-in-error'
                and not exists (
                    select 1 from exchange.checkup_result later
                    where later.person = \(row).person and later.result = \(row).result
                        and later.version > \(row).version)
                and not exists (
                    select 1 from exchange.checkup_line l
                    where l.person = \(row).person and l.result = \(row).result
                        and l.version = \(row).version
                        and l.refusal = '\(CheckupClaimRefusal.notExamined.rawValue)')
        """
    }
}
