-- 代理の引き継ぎの禁止: who took a delegation (委任) is not exchanged for somebody else, whom the resident never met; and a
-- block (受付の停止) that was lifted does not stand again unseen: it is set anew.
create trigger delegation_stays_with_its_proxy before update of proxy, accepted_at on exchange.delegation for each row
    when (old.proxy is not null
        and (new.proxy is distinct from old.proxy or new.accepted_at is distinct from old.accepted_at))
    execute function exchange.refuse_undoing();

create trigger block_stays_lifted before update of lifted_at on exchange.block for each row
    when (old.lifted_at is not null and new.lifted_at is distinct from old.lifted_at)
    execute function exchange.refuse_undoing();
