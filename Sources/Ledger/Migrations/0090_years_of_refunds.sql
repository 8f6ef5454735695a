-- 年間上限と償還払い: what refunds left borne is paid by the patient as what was paid at counters is, and counts in the
-- year; what of it was for stays in hospital, a limit of care outside hospital does not count.
alter table exchange.cap_month
    add column borne_inpatient bigint not null default 0 check (borne_inpatient >= 0);
update exchange.cap_month m set borne_inpatient = b.yen
from (
    select person, body, certificate_type, sub_key, month, sum(collected)::bigint as yen
    from exchange.refund_borne where is_inpatient
    group by person, body, certificate_type, sub_key, month) b
where m.person = b.person and m.body = b.body and m.certificate_type = b.certificate_type
    and m.sub_key = b.sub_key and m.month = b.month;
grant update (borne_inpatient) on exchange.cap_month to tsunagi_gateway;
