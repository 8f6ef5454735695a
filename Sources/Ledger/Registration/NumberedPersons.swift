import Exchange
import Postgres

/// 番号から人物へ: the one place where the hash of an individual number becomes a person.
struct NumberedPersons {
    /// One for each hash that was asked about, in that order.
    let ofRows: [PersonKey]
    /// Those who were known before: about nobody else can anything be held.
    let known: [PersonKey]
    /// Makes the others; to be written before anything that speaks of them.
    let steps: [(Statement, [Value])]
}

extension Records {
    /// The person of each hash of an individual number, with a new key where there was none. Office
    /// zone only: no other role can read the table.
    ///
    /// Nothing is written yet. Should another office make the same person meanwhile, this access
    /// meets it at its own insert, runs again and finds the person.
    mutating func persons(of hashes: [[UInt8]]) throws -> NumberedPersons {
        let rows = try transaction.query(
            Self.selectNumbers, [.bytesArray(Array(Set(hashes)))])
        var persons: [[UInt8]: PersonKey] = [:]
        for (hash, person) in try rows.map({ (try $0.bytes(0), try $0.uuid(1).person) }) {
            persons[hash] = person
        }
        let known = Array(persons.values)
        var fresh: [(hash: [UInt8], person: PersonKey)] = []
        let ofRows = hashes.map { hash in
            if let person = persons[hash] { return person }
            let person = PersonKey.random()
            persons[hash] = person
            fresh.append((hash, person))
            return person
        }
        guard !fresh.isEmpty else {
            return NumberedPersons(ofRows: ofRows, known: known, steps: [])
        }
        // In one order for everybody: two offices that register the same new people do not wait for
        // each other in a circle.
        fresh.sort { $0.hash.lexicographicallyPrecedes($1.hash) }
        let values: [Value] = [
            .bytesArray(fresh.map(\.hash)), .uuids(fresh.map { UUIDBytes($0.person) }),
        ]
        return NumberedPersons(
            ofRows: ofRows, known: known, steps: [(Self.insertPersons, values)])
    }

    private static let selectNumbers = Statement(
        "select number_hash, person from office.number_key where number_hash = any ($1::bytea[])")

    private static let insertPersons = Statement(
        """
        with given as (
            select * from unnest($1::bytea[], $2::uuid[]) with ordinality as g(number_hash, person, ord)),
        made as (insert into exchange.person (person) select person from given returning person)
        insert into office.number_key (number_hash, person)
        select given.number_hash, given.person from given join made using (person) order by given.ord
        """)
}
