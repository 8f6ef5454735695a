-- 過徴収額の内訳と年間上限: what of an overpayment fills no month, and which limit a case of the year is above. A version
-- that stands is not changed: what older rows do not say is what they meant.
alter table exchange.bill
    -- Of a certificate before the last: what of `paid_over` is above caps that count visits or days. It is due back and
    -- fills nothing, as all of `paid_over` of the last one does.
    add column paid_over_counts bigint not null default 0,
    add constraint bill_paid_over_counts check (paid_over_counts between 0 and paid_over);

alter table exchange.refund_case
    -- 年間上限 that it is above. Nothing of a month's case; of an older one, the limit that its year was last decided by.
    add column limit_yen bigint check (limit_yen >= 0),
    add column is_outpatient_only boolean not null default false;
