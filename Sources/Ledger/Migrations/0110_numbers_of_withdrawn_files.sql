-- 通番: a file that was withdrawn while it waited for the one before it never had a place, and gives its number back: the
-- sender sends what is right under it. One that was withdrawn from its place keeps it, and its number.
drop index office.file_sequence_given_once;
create unique index file_sequence_given_once on office.file (party, field, sequence)
    where sequence is not null and not is_dry_run and (place is not null or state = 'held');
