import Exchange
import Postgres

/// 統合の書き込み: what bodies and the resident said of the absorbed record, said again of the survivor; and its
/// undoing. What the survivor's own rows say already stays as it is. A crash leaves all of it or
/// nothing: it is one
/// commit with the event.
extension PlannedMerge {
    func steps(_ body: String, task: RecordID, at now: Instant) -> [(Statement, [Value])] {
        if isJoin {
            let row: [Value] = [
                .id(id), .person(absorbed), .person(survivor), .text(body), .text(sequence),
                .id(task), .time(now), .bool(isUndone),
            ]
            let two: [Value] = [.id(id), .person(absorbed), .person(survivor)]
            let joined: [(Statement, [Value])] = [
                (Self.joinIdentities, two + [.id(task), .text(body)]),
                (Self.joinCheckupTargets, two + [.id(task)]),
                (Self.joinVaccinationTargets, two + [.id(task)]),
                (Self.joinBlocks, [.id(id)]), (Self.followCaps, [.id(id)]),
            ]
            return [(Self.insertMerge, row)] + (isUndone ? [] : joined)
        }
        let two: [Value] = [.id(id), .person(absorbed), .person(survivor), .id(task)]
        // What it said of identities counts no more by this alone: `SaidIdentity.stands`.
        return [
            (Self.partMerge, [.id(id), .text(sequence), .time(now)]),
            (Self.partCheckupTargets, two), (Self.partVaccinationTargets, two),
            (Self.partBlocks, [.id(id)]), (Self.followCaps, [.id(id)]),
            // Whoever came in as the one person may be the other.
            (Records.endTokens, [.uuids([absorbed, survivor].map { UUIDBytes($0) }), .time(now)]),
            (Self.endVisits, [.id(id), .person(survivor), .time(now)]),
        ]
    }

    private static let insertMerge = Statement(
        """
        insert into exchange.record_merge (merge, person, survivor, municipality, sequence, task, joined_at,
            parted_by, parted_at)
        values ($1, $2, $3, $4, $5, $6, $7::timestamptz, case when $8::boolean then $5 end,
            case when $8 then $7::timestamptz end)
        """)

    private static let partMerge = Statement(
        """
        update exchange.record_merge set parted_by = $2, parted_at = $3
        where merge = $1 and parted_at is null
        """)

    /// 他の団体の基本情報: the caller's own follows from its events too.
    private static let joinIdentities = Statement(
        """
        with said as (
            select distinct on (i.person, i.body) i.* from exchange.identity i
            where i.person in ($2, $3) and i.body <> $5 and \(SaidIdentity.stands("i"))
            order by i.person, i.body, i.version desc)
        insert into exchange.identity (person, body, name, name_kana, address, birth_date, sex,
            is_not_disclosed, is_under_review, task, by_merge)
        select $3, a.body, coalesce(s.name, a.name), case when s.body is null then a.name_kana else
            s.name_kana end,
            case when s.body is null then a.address else s.address end, coalesce(s.birth_date, a.birth_date),
            coalesce(s.sex, a.sex), a.is_not_disclosed or coalesce(s.is_not_disclosed, false), false, $4, $1
        from said a left join said s on s.person = $3 and s.body = a.body
        where a.person = $2 and (s.body is null or a.is_not_disclosed and not s.is_not_disclosed)
        """)

    private static let joinCheckupTargets = Statement(
        """
        with said as (
            select distinct on (t.person, t.municipality, t.identity_key) t.* from exchange.checkup_target t
            where t.person in ($2, $3)
            order by t.person, t.municipality, t.identity_key, t.version desc)
        insert into exchange.checkup_target (person, municipality, identity_key, face, is_removed, removed_on,
            task, by_merge)
        select case when w.is_removed then a.person else $3 end, a.municipality, a.identity_key, a.face,
            w.is_removed, a.removed_on, $4, $1
        from said a cross join (values (true), (false)) w(is_removed)
        where a.person = $2 and not a.is_removed and (w.is_removed or not exists (
            select 1 from said s
            where s.person = $3 and s.municipality = a.municipality and s.identity_key = a.identity_key
                and not s.is_removed))
        """)

    private static let partCheckupTargets = Statement(
        """
        with came as (
            select t.*, not exists (
                select 1 from exchange.checkup_target later
                where later.person = t.person and later.municipality is not distinct from t.municipality
                    and later.identity_key = t.identity_key and later.version > t.version) as is_newest
            from exchange.checkup_target t
            where t.by_merge = $1 and t.person = $3 and not t.is_removed)
        insert into exchange.checkup_target (person, municipality, identity_key, face, is_removed, removed_on,
            task, by_merge)
        select person, municipality, identity_key, face, true, removed_on, $4::uuid, $1::uuid from came
            where is_newest
        union all
        select g.person, g.municipality, g.identity_key, g.face, false, g.removed_on, $4::uuid, $1::uuid
        from exchange.checkup_target g
        where g.by_merge = $1 and g.person = $2 and g.is_removed and not exists (
            select 1 from came c
            where c.municipality = g.municipality and c.identity_key = g.identity_key and not c.is_newest)
        """)

    private static let joinVaccinationTargets = Statement(
        """
        with said as (
            select distinct on (t.person, t.municipality, t.identity_key, t.programme, t.valid_from) t.*
            from exchange.vaccination_target t where t.person in ($2, $3)
            order by t.person, t.municipality, t.identity_key, t.programme, t.valid_from, t.version desc)
        insert into exchange.vaccination_target (person, municipality, identity_key, programme, valid_from,
            valid_to, is_removed, task, by_merge, illness_ended)
        select case when w.is_removed then a.person else $3 end, a.municipality, a.identity_key, a.programme,
            a.valid_from, a.valid_to, w.is_removed, $4, $1, a.illness_ended
        from said a cross join (values (true), (false)) w(is_removed)
        where a.person = $2 and not a.is_removed and (w.is_removed or not exists (
            select 1 from said s
            where s.person = $3 and s.municipality = a.municipality and s.identity_key = a.identity_key
                and s.programme = a.programme and s.valid_from = a.valid_from and not s.is_removed))
        """)

    private static let partVaccinationTargets = Statement(
        """
        with came as (
            select t.*, not exists (
                select 1 from exchange.vaccination_target later
                where later.person = t.person and later.municipality is not distinct from t.municipality
                    and later.identity_key = t.identity_key and later.programme = t.programme
                    and later.valid_from = t.valid_from and later.version > t.version) as is_newest
            from exchange.vaccination_target t
            where t.by_merge = $1 and t.person = $3 and not t.is_removed)
        insert into exchange.vaccination_target (person, municipality, identity_key, programme, valid_from,
            valid_to, is_removed, task, by_merge, illness_ended)
        select person, municipality, identity_key, programme, valid_from, valid_to, true, $4::uuid, $1::uuid,
            illness_ended
        from came where is_newest
        union all
        select g.person, g.municipality, g.identity_key, g.programme, g.valid_from, g.valid_to, false,
            $4::uuid, $1::uuid, g.illness_ended
        from exchange.vaccination_target g
        where g.by_merge = $1 and g.person = $2 and g.is_removed and not exists (
            select 1 from came c
            where c.municipality = g.municipality and c.identity_key = g.identity_key
                and c.programme = g.programme and c.valid_from = g.valid_from and not c.is_newest)
        """)

    /// 医療機関の停止: one that the resident set under either record holds for both; which they are the office never
    /// reads.
    private static let joinBlocks = Statement("select exchange.join_blocks($1)")

    private static let partBlocks = Statement("select exchange.part_blocks($1)")

    /// 償還払い: what the two together put over a cap, and what neither does any more; amounts the office never
    /// reads.
    private static let followCaps = Statement("select exchange.follow_caps($1)")

    private static let endVisits = Statement(
        """
        update exchange.visit v set ends_at = greatest(v.opened_at, $3) from exchange.record_merge m
        where m.merge = $1 and v.person = $2 and v.opened_at >= m.joined_at and v.ends_at > $3
        """)
}
