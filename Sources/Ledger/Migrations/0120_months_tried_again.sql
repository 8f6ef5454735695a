-- 閉じた月を裁き直せなかったとき: a month that could not be judged again (its body is suspended, or the run failed) stays
-- open and is tried again later; what waits behind it comes first.
alter table exchange.loss add column tried_at timestamptz;
alter table exchange.month_change add column tried_at timestamptz;
create or replace function exchange.keep_loss() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - array['seen_at', 'told_at', 'settled_at', 'tried_at'])
        <> (to_jsonb(old) - array['seen_at', 'told_at', 'settled_at', 'tried_at'])
        or old.seen_at <> new.seen_at or old.told_at <> new.told_at or old.settled_at is not null then
        raise exception 'a loss is looked into once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create or replace function exchange.keep_month_change() returns trigger language plpgsql as $$
begin
    if (to_jsonb(new) - array['settled_at', 'tried_at']) <> (to_jsonb(old) - array['settled_at', 'tried_at'])
        or old.settled_at is not null then
        raise exception 'a change of a closed month is looked into once' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
grant update (tried_at) on exchange.loss to tsunagi_gateway;
grant update (tried_at) on exchange.month_change to tsunagi_gateway;
