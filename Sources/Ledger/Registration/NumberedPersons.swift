import Exchange
import Postgres

/// 番号から人物へ: the one place where the hash of an individual number becomes a person.
extension Records {
    /// The person of each hash of an individual number, made where there was none. Office zone
    /// only: no other role can read the table.
    mutating func persons(of hashes: [[UInt8]]) throws -> [[UInt8]: PersonKey] {
        let wanted = Set(hashes)
        var known = try selectPersons(Array(wanted))
        // In one order for everybody: two offices that register the same new people do not wait for
        // each other in a circle.
        let missing = wanted.filter { known[$0] == nil }.sorted { $0.lexicographicallyPrecedes($1) }
        guard !missing.isEmpty else { return known }
        let fresh = missing.map { _ in PersonKey.random() }
        _ = try transaction.run(
            Self.insertPersons,
            [.bytesArray(missing), .uuids(fresh.map { UUIDBytes($0) })])
        // Another municipality may have made the same person at this moment: what stands in the
        // table counts.
        known.merge(try selectPersons(missing)) { $1 }
        return known
    }

    private mutating func selectPersons(_ hashes: [[UInt8]]) throws -> [[UInt8]: PersonKey] {
        let rows = try transaction.query(Self.selectNumbers, [.bytesArray(hashes)])
        var persons: [[UInt8]: PersonKey] = [:]
        for index in 0..<rows.count {
            persons[try rows[index].bytes(0)] = try rows[index].uuid(1).person
        }
        return persons
    }

    private static let selectNumbers = Statement(
        "select number_hash, person from office.number_key where number_hash = any ($1::bytea[])")

    private static let insertPersons = Statement(
        """
        with given as (select * from unnest($1::bytea[], $2::uuid[]) as g(number_hash, person)),
        made as (insert into exchange.person (person) select person from given returning person)
        insert into office.number_key (number_hash, person)
        select given.number_hash, given.person from given join made using (person) order by given.number_hash
        on conflict (number_hash) do nothing
        """)
}
