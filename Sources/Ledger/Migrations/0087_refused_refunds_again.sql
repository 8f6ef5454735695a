-- 償還払いの再申請: what was refused may be asked for again, with the very same receipts. That an application which
-- stands is one case, also where it comes twice in the same moment, the lock of its month's row sees to.
drop index exchange.refund_request_once;
