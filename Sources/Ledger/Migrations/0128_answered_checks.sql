-- 自機関への回答の検索: what an institution was told on some days. By resident and by visit it is found along
-- `log.position (person, sequence)`, as a resident's list is. Entries of other purposes pay nothing for it.
create index access_entry_check on log.access_entry (party, at)
    where purpose = 'check-eligibility' and outcome = 'ok';
