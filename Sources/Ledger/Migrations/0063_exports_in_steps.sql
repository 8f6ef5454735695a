-- 一括の受領の支度: one file after the other, in short transactions.
alter table exchange.bulk_export
    -- Virtual transactions that could still write a line of the moment it was asked for, once somebody looked.
    add column waits_for text[],
    -- One whose steps fail stands behind the others.
    add column tried_at timestamptz,
    -- The type that is being walked, and the last place of it that was looked at.
    add column walked_type text,
    add column walked_to bigint not null default 0;

-- Whoever is in the files so far, until the files of residents are made of them.
create table exchange.bulk_resident (
    export uuid not null references exchange.bulk_export on delete cascade,
    person uuid not null,
    primary key (export, person)
);
alter table exchange.bulk_file
    drop constraint bulk_file_export_fkey,
    add constraint bulk_file_export_fkey foreign key (export) references exchange.bulk_export on delete cascade;

-- One that was being prepared is begun anew.
delete from exchange.bulk_file f using exchange.bulk_export e
where e.export = f.export and e.ready_at is null;

grant update (waits_for, tried_at, walked_type, walked_to), delete on exchange.bulk_export to tsunagi_gateway;
grant select, insert, delete on exchange.bulk_resident to tsunagi_gateway;
