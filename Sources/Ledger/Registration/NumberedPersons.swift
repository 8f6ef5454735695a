import Exchange
import Postgres

/// 番号から人物へ: the one place where the hash of an individual number becomes a person.
extension Records {
    /// The person of each individual number, made where there was none. Office zone
    /// only: no other role can read the table.
    mutating func persons(of numbers: [HashChain]) throws -> [HashChain: PersonKey] {
        let wanted = Set(numbers)
        let key = try storedVersion(of: .number, for: Array(wanted))
        var known = try selectPersons(wanted, key)
        // In one order for everybody: two offices that register the same new people do not wait for
        // each other in a circle.
        let missing = wanted.filter { known[$0] == nil }
            .sorted { $0.stored(key).lexicographicallyPrecedes($1.stored(key)) }
        guard !missing.isEmpty else { return known }
        let fresh = missing.map { _ in PersonKey.random() }
        _ = try transaction.run(
            Self.insertPersons,
            [
                .bytesArray(missing.map { $0.stored(key) }), .uuids(fresh.map { UUIDBytes($0) }),
                .int(key.version),
            ])
        // Another municipality may have made the same person at this moment: what stands in the
        // table counts.
        known.merge(try selectPersons(Set(missing), key)) { $1 }
        return known
    }

    private mutating func selectPersons(_ numbers: Set<HashChain>, _ key: KeyVersion) throws
        -> [HashChain: PersonKey]
    {
        var numbersByHash: [[UInt8]: HashChain] = [:]
        for number in numbers {
            for hash in number.anyStored(key) { numbersByHash[hash] = number }
        }
        let rows = try transaction.query(
            Self.selectNumbers, [.bytesArray(Array(numbersByHash.keys))])
        var persons: [HashChain: PersonKey] = [:]
        for index in 0..<rows.count {
            guard let number = numbersByHash[try rows[index].bytes(0)] else { continue }
            persons[number] = try rows[index].uuid(1).person
        }
        return persons
    }

    private static let selectNumbers = Statement(
        "select number_hash, person from office.number_key where number_hash = any ($1::bytea[])")

    private static let insertPersons = Statement(
        """
        with given as (select * from unnest($1::bytea[], $2::uuid[]) as g(number_hash, person)),
        made as (insert into exchange.person (person) select person from given returning person)
        insert into office.number_key (number_hash, person, key_version)
        select given.number_hash, given.person, $3 from given join made using (person)
        order by given.number_hash
        on conflict (number_hash) do nothing
        """)
}
