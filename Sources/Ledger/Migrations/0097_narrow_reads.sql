-- 見る範囲: each role reads of a person what its own statements read. Addresses (住所) are the office zone's, with what
-- families and deaths are told by; the gateway reads them through views that say no more than an answer needs
-- (`exchange.relation`, `exchange.withheld`, `exchange.custody_lost`, `exchange.deceased`). An owner's views and functions are
-- not narrowed by this.
revoke select on exchange.identity from tsunagi_gateway;
grant select (person, version, body, name, name_kana, birth_date, sex, is_under_review, by_merge)
    on exchange.identity to tsunagi_gateway;

-- 住民異動の券面 holds addresses and names as written; the gateway finds a person by the municipality's own key alone.
revoke select on exchange.life_event from tsunagi_gateway;
grant select (person, version, municipality, identity_key, known_at) on exchange.life_event to tsunagi_gateway;

revoke select on exchange.guardianship, exchange.death from tsunagi_gateway;

-- 受付: the zone that sees hashes of individual numbers does not read where a resident goes. It ends the visits that
-- came in under a merge (統合), and needs the days for that.
revoke select on exchange.visit from tsunagi_office;
grant select (person, opened_at, ends_at) on exchange.visit to tsunagi_office;

-- 記録: that zone writes entries and reads none; who looked at whom, beside whose number it is, is nobody's to join.
revoke select on log.access_entry, log.position from tsunagi_office;

-- 受付の証拠 is kept for whoever is asked for it by law, as the owner; no listener reads it back.
revoke select on exchange.visit_evidence from tsunagi_gateway;
