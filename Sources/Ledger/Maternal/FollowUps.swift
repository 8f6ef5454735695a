package import Exchange
import Postgres

/// 保存された事後措置: a task of the caller's, with whose it is.
package struct HeldFollowUp: Sendable {
    /// 本人: whoever the task is of now.
    package let person: PersonKey
    /// 記録された側: under whom it is kept, with its answers.
    let record: PersonKey
    /// Under the id of the person that `patientID` was made for.
    package let task: @Sendable (_ patientID: String) -> FollowUpTask
}

extension Records {
    /// 事後措置の一覧: what waits for the caller's municipality, or how it answered, by how each stands, the most
    /// urgent first, and how many there are in all. A task stands while the newest version of its report
    /// asks for it.
    package mutating func followUps(
        _ statuses: [FollowUpTask.Status], isSensitive: Bool, offset: Int, limit: Int
    ) throws -> (tasks: [HeldFollowUp], total: Int) {
        let rows = try transaction.query(
            HeldFollowUp.selectByStatus,
            [
                .text(caller.party.code), .bool(isSensitive), .int(offset), .int(limit),
                .texts(statuses.map(\.rawValue)),
            ])
        let tasks = try rows.map(HeldFollowUp.init)
        for person in Set(tasks.map(\.person)) { enter(person) }
        if tasks.isEmpty { enter(nil) }
        return (tasks, try rows.first.map { try $0.int(14) } ?? 0)
    }

    /// 回答: how a task stands now. The same answer again changes nothing. Throws `.recordUnknown` for another
    /// municipality's task, and for one of the other compartment, in the same words as for none, and
    /// `.versionPassed`.
    package mutating func answerFollowUp(
        _ correction: RecordCorrection, isSensitive: Bool, _ answer: FollowUpAnswer
    ) throws -> HeldFollowUp {
        let key: [Value] = [.text(caller.party.code), .bool(isSensitive), .id(correction.id)]
        let rows = try transaction.query(HeldFollowUp.selectOne, key)
        guard let held = try rows.first.map(HeldFollowUp.init) else {
            throw Refusal.recordUnknown
        }
        subject.person = held.person
        enter(held.person)
        let task = held.task("")
        if task.status == answer.status, task.note == answer.note { return held }
        guard task.version == correction.seen else { throw Refusal.versionPassed }
        try transaction.run(
            Self.insertAnswer,
            [
                .person(held.record), .id(correction.id), .int(task.version),
                .text(answer.status.rawValue), .text(optional: answer.note),
                .text(caller.party.key), .time(now),
            ])
        guard let answered = try transaction.query(HeldFollowUp.selectOne, key).first else {
            throw Refusal.recordUnknown
        }
        return try HeldFollowUp(answered)
    }

    private static let insertAnswer = Statement(
        """
        insert into exchange.follow_up_answer (person, follow_up, version, status, note, party,
            answered_at)
        values ($1, $2, $3, $4, $5, $6, $7)
        """)
}

extension HeldFollowUp {
    fileprivate init(_ row: Row) throws {
        let id = try row.uuid(0).record
        record = try row.uuid(1).person
        person = try row.uuid(13).person
        let (code, checkup) = (try row.text(2), try row.text(4))
        let day = CalendarDay(daysSince1970: try row.day(5))
        let due = CalendarDay(daysSince1970: try row.day(3))
        let madeAt = Instant(microseconds: try row.instant(6))
        let version = try row.optionalInt(7) ?? 0
        let status = try row.optionalText(8).flatMap(FollowUpTask.Status.init(rawValue:))
        let note = try row.optionalText(9)
        let whom: FollowUpTask.Whom =
            if let key = try row.optionalText(11) {
                .identityKey(key)
            } else if let key = try row.optionalText(12) {
                .notificationKey(key)
            } else {
                .unknown
            }
        task = { patientID in
            FollowUpTask(
                id: id.text, version: version + 1, patientID: patientID, whom: whom, code: code,
                checkup: checkup, day: day, due: due, madeAt: madeAt,
                status: status ?? .requested, note: note)
        }
    }

    static let selectByStatus = Statement(
        """
        select \(columns), count(*) over () from \(tables)
        where f.is_sensitive = $2 and coalesce(a.status, 'requested') = any ($5::text[])
        order by f.due_day, f.follow_up offset $3 limit $4
        """)

    static let selectOne = Statement(
        """
        select \(columns) from \(tables)
        where f.is_sensitive = $2 and f.follow_up = $3
        """)

    private static let columns = """
        f.follow_up, f.person, f.code, f.due_day, r.checkup, r.day, f.made_at, a.version, a.status,
            a.note, $1::text, k.identity_key, n.notification_key, whom.survivor
        """

    private static let savedDay = "(saved_at at time zone 'Asia/Tokyo')::date"

    /// A task that the municipality was given, or took over and did not hand on, with the newest version of
    /// the first report, answers or word on a pregnancy that still ask for it, under whichever record of the
    /// resident they are, the newest answer, and the keys by which the municipality knows the resident. Of
    /// words, that of whom the family came to last asks: the one it left corrects its own alone.
    private static let tables = """
        (
            select person, follow_up from exchange.follow_up where municipality = $1
            union
            select person, follow_up from exchange.follow_up_handover where municipality = $1) mine
        join exchange.follow_up f using (person, follow_up)
        cross join lateral (select \(Survivors.sql(of: "f.person")) as survivor) whom
        join lateral (
            select coalesce((
                select municipality from exchange.follow_up_handover h
                where h.person = f.person and h.follow_up = f.follow_up
                order by h.sequence desc limit 1), f.municipality) as municipality) held
            on held.municipality = $1
        join lateral (
            select asking.checkup, asking.day
            from (
                select f.result as source, f.made_at as asked_at
                union all
                select result, asked_at from exchange.follow_up_source
                where person = f.person and follow_up = f.follow_up) sources
            cross join lateral (
                select checkup, day, follow_ups
                from \(Survivors.eachRecord(of: "whom.survivor")) one
                cross join lateral (
                    select version, checkup, day, follow_ups from exchange.checkup_result
                    where person = one.record and result = sources.source
                    union all
                    select version, checkup, day, follow_ups
                    from exchange.sensitive_checkup_result
                    where person = one.record and result = sources.source
                    union all
                    select version, topic, \(savedDay), follow_ups
                    from exchange.screening_response
                    where person = one.record and response = sources.source
                    union all
                    select version, topic, \(savedDay), follow_ups
                    from exchange.sensitive_screening_response
                    where person = one.record and response = sources.source
                    union all
                    select coalesce(\(StandingWord.heldFrom("said", of: "whom.survivor")), 0),
                        f.checkup, f.asked_day, said.follow_ups
                    from exchange.maternal_notification said
                    where said.person = one.record and said.episode = sources.source
                        and \(StandingWord.stands("said", of: "whom.survivor"))) versions
                order by version desc limit 1) asking
            where f.code = any (asking.follow_ups)
            order by sources.asked_at limit 1) r on true
        left join lateral (
            select version, status, note from exchange.follow_up_answer
            where person = f.person and follow_up = f.follow_up order by version desc limit 1) a on true
        left join lateral (
            select identity_key from exchange.checkup_target
            where person in (f.person, whom.survivor) and municipality = $1
            order by person = f.person desc, version desc limit 1) k on true
        left join lateral (
            select notification_key from \(Survivors.eachRecord(of: "whom.survivor")) one
            join exchange.maternal_notification on person = one.record
            where municipality = $1
            order by person = f.person desc, version desc limit 1) n on true
        """
}
