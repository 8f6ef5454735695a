-- 確認待ちの行: few among many, found without reading the many.
create index entitlement_review on exchange.entitlement (person) where is_under_review;
