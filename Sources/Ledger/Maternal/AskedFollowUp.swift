import Exchange
import Postgres

/// 求められた事後措置: what a report, or the answers to a questionnaire, ask of the municipality of residence. A task
/// is made once for each, however many versions ask for it and whatever became of it, and once for those of
/// one checkup that ask for the same: while one of them waits, the other becomes a source of it. A new task
/// is the resident's, under whichever record its source is kept.
struct AskedFollowUp {
    let rule: FollowUpRule
    let person: PersonKey
    /// The report or the answers, or the pregnancy that a municipality spoke of.
    let source: RecordID
    let compartment: CheckupCompartment
    let checkup: String
    /// 妊婦健診: of the next time it is asked anew.
    let comesAgain: Bool
    let municipality: String
    let day: CalendarDay
    let madeAt: Instant
    /// By which the same was asked for before, of what is known to be the same: what was made for it has this
    /// as a source as well, whatever became of it.
    var sameAs: RecordID?

    private var isSensitive: Bool { compartment == .sensitive || rule.isSensitive }

    static func insertion(_ tasks: [AskedFollowUp]) -> [(Statement, [Value])] {
        guard !tasks.isEmpty else { return [] }
        return [
            (
                insert,
                [
                    .uuids(tasks.map { UUIDBytes($0.person) }),
                    .uuids(tasks.map { _ in UUIDBytes(RecordID.random()) }),
                    .uuids(tasks.map { UUIDBytes($0.source) }), .texts(tasks.map(\.rule.code)),
                    .texts(tasks.map(\.municipality)),
                    .days(tasks.map { $0.rule.dueDay(after: $0.day).daysSince1970 }),
                    .bools(tasks.map(\.isSensitive)),
                    .instants(tasks.map(\.madeAt.microseconds)), .texts(tasks.map(\.checkup)),
                    .days(tasks.map(\.day.daysSince1970)),
                    .ints(tasks.map { $0.comesAgain ? 0 : Self.sameCheckupDays }),
                    .uuids(tasks.map { $0.sameAs.map { UUIDBytes($0) } }),
                ]
            )
        ]
    }

    /// Answers are given, and results sent, within four months around a checkup; the same checkup of the next
    /// pregnancy is further away.
    private static let sameCheckupDays = 120

    private static let each = Survivors.eachRecord(of: "q.person")

    private static let insert = Statement(
        """
        with asked as (
            select q.*, coalesce(told.follow_up, waiting.follow_up) as task,
                coalesce(told.person, waiting.person) as holder
            from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[],
                $7::bool[], $8::timestamptz[], $9::text[], $10::date[], $11::bigint[], $12::uuid[])
                as q(person, follow_up, result, code, municipality, due_day, is_sensitive, made_at,
                checkup, asked_day, around, same)
            left join lateral (
                select f.person, f.follow_up from \(each) one
                join exchange.follow_up f on f.person = one.record
                where f.code = q.code and f.is_sensitive = q.is_sensitive
                    and (f.result = q.same or exists (
                        select 1 from exchange.follow_up_source s
                        where s.person = f.person and s.follow_up = f.follow_up
                            and s.result = q.same))
                order by f.made_at, f.follow_up limit 1) told on true
            left join lateral (
                select f.person, f.follow_up from \(each) one
                join exchange.follow_up f on f.person = one.record
                where f.code = q.code and f.checkup = q.checkup
                    and abs(f.asked_day - q.asked_day) <= q.around
                    and coalesce((
                        select h.municipality from exchange.follow_up_handover h
                        where h.person = f.person and h.follow_up = f.follow_up
                        order by h.sequence desc limit 1), f.municipality) = q.municipality
                    and f.is_sensitive = q.is_sensitive
                    and f.result <> q.result
                    and coalesce((
                        select a.status from exchange.follow_up_answer a
                        where a.person = f.person and a.follow_up = f.follow_up
                        order by a.version desc limit 1), 'requested') in ('requested', 'in-progress')
                order by f.made_at, f.follow_up limit 1) waiting on true
            where not exists (
                    select 1 from \(each) one
                    join exchange.follow_up own on own.person = one.record
                    where own.result = q.result and own.code = q.code)
                and not exists (
                    select 1 from \(each) one
                    join exchange.follow_up_source s on s.person = one.record
                    join exchange.follow_up f on f.person = s.person and f.follow_up = s.follow_up
                    where s.result = q.result and f.code = q.code)),
        joined as (
            insert into exchange.follow_up_source (person, follow_up, result)
            select holder, task, result from asked where task is not null
            on conflict (person, follow_up, result) do nothing)
        insert into exchange.follow_up (person, follow_up, result, code, municipality, due_day,
            is_sensitive, made_at, checkup, asked_day)
        select person, follow_up, result, code, municipality, due_day, is_sensitive, made_at, checkup,
            asked_day
        from asked where task is null
        on conflict (person, result, code) do nothing
        """)
}
