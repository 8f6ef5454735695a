-- A resident's list is read along `log.position (person, sequence)`; what is not sealed yet is found by its
-- transaction. No insert of an entry pays for a second index on residents.
drop index log.access_entry_person;
