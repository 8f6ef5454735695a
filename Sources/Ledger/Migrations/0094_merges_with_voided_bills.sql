-- 取り消された会計のある記録の統合: what amounts to nothing is in no month's sum, so that it keeps no two records apart:
-- bills that are all voided, the months that they, or bills that were refused, have left without an amount, and cases
-- that were withdrawn before anybody answered them. They stay under the record where they came, are shown with the
-- survivor's, and are the record's own again when the merge is undone.

create or replace function exchange.in_the_way_of_merge(absorbed uuid, survivor uuid) returns text[]
language sql stable security definer set search_path = pg_catalog as $$
    select coalesce(array_agg(found.kind order by found.kind), '{}') from (
        select 'bills' as kind where exists (
            select 1 from exchange.cap_month c
            where c.person = absorbed and greatest(c.share, c.collected, c.cost, c.passed_on, c.inpatient,
                c.meals, c.paid_over, c.borne_share, c.borne_collected) > 0
            union all
            select 1 from exchange.bill b
            where b.person = absorbed and b.status <> 'voided' and not exists (
                select 1 from exchange.bill later
                where later.person = b.person and later.bill = b.bill and later.version > b.version)
            union all
            select 1 from exchange.refund_request where person = absorbed
            union all
            select 1 from exchange.refund_case c
            where c.person = absorbed and (exists (
                    select 1 from exchange.refund_answer a
                    where a.person = c.person and a.refund = c.refund)
                or c.yen > 0 and not exists (
                    select 1 from exchange.refund_case later
                    where later.person = c.person and later.refund = c.refund
                        and later.version > c.version)))
        union all
        select 'relations' where exists (
            select 1 from exchange.guardianship g
            where absorbed in (g.person, g.guardian)
                and coalesce(g.valid_to, 'infinity') >= (now() at time zone 'Asia/Tokyo')::date
                and not exists (
                    select 1 from exchange.guardianship later
                    where later.person = g.person and later.guardian = g.guardian
                        and later.municipality = g.municipality and later.kind = g.kind
                        and later.valid_from = g.valid_from and later.version > g.version)
            union all
            select 1 from exchange.custody_lost l where absorbed in (l.person, l.guardian)
            union all
            select 1 from exchange.delegation d
            where absorbed in (d.person, d.proxy) and d.ended_at is null
                and d.valid_to >= (now() at time zone 'Asia/Tokyo')::date)
        union all
        select 'emergency' where exists (
            select 1 from exchange.emergency_review where person = absorbed and answered_at is null)
        union all
        select 'under-review' where exists (
            select 1 from exchange.entitlement held
            where held.person in (absorbed, survivor) and held.is_under_review and not exists (
                select 1 from exchange.entitlement later
                where later.person = held.person and later.body = held.body
                    and later.certificate_type = held.certificate_type and later.sub_key = held.sub_key
                    and later.history_key = held.history_key and later.version > held.version))
    ) found
$$;
