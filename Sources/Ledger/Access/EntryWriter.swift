import Exchange
import Postgres

/// The one insert of entries: as many as there are, in one statement.
enum EntryWriter {
    static let insert = Statement(
        """
        insert into log.access_entry
            (entry, format, party, operator, purpose, visit, person, outcome, basis, digest, salt)
        select entry, 1, party, operator, purpose, visit, person, outcome, basis, digest, salt
        from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::uuid[],
            $7::text[], $8::text[], $9::bytea[], $10::bytea[])
            as e(entry, party, operator, purpose, visit, person, outcome, basis, digest, salt)
        """)

    static func values(_ entries: [Entry]) -> [Value] {
        [
            .uuids(entries.map { UUIDBytes($0.id) }),
            .texts(entries.map(\.caller.party.key)),
            .texts(entries.map(\.caller.operatorID)),
            .texts(entries.map(\.purpose.rawValue)),
            .uuids(entries.map { $0.visit.map { UUIDBytes($0) } }),
            .uuids(entries.map { $0.person.map { UUIDBytes($0) } }),
            .texts(entries.map(\.outcome)),
            .texts(entries.map(\.basis)),
            .bytesArray(entries.map(\.digest)),
            .bytesArray(entries.map { $0.salt.bytes }),
        ]
    }

    /// The statement for these, or none where there are none.
    static func steps(_ entries: [Entry]) -> [(Statement, [Value])] {
        entries.isEmpty ? [] : [(insert, values(entries))]
    }

    /// One batch of the entry lane: what arrived while the last batch was being flushed.
    static func write(_ transaction: inout Transaction, _ jobs: [[Entry]]) throws
        -> [Result<Void, any Error>]
    {
        _ = try transaction.pipelineAndCommit([(insert, values(jobs.flatMap { $0 }))])
        return jobs.map { _ in .success(()) }
    }
}
